/* The plain name of a GPU kernel, whatever a tool calls it. */
#ifndef ANALYSIS_PROFILE_KERNEL_NAME_H
#define ANALYSIS_PROFILE_KERNEL_NAME_H

#include "base/str.h"

/*
 * "ns::reduce<128>(float*)", "void reduce<128>", "(anonymous namespace)::reduce(int)" and
 * "reduce[abi:v1](Array<int>)" are "reduce". A view of the name; empty when there is none in it.
 */
Str kernel_plain_name(Str name);

#endif
