/* Which of several definitions a kernel's full name means; for kernels.c only. */
#ifndef ANALYSIS_SYMBOLS_KERNEL_MATCH_H
#define ANALYSIS_SYMBOLS_KERNEL_MATCH_H

#include <stddef.h>

#include "analysis/symbols/kernels.h"

/*
 * The one definition that fits, or NULL; `name` is demangled. With `candidates` the number of those that
 * fit equally well: 2 and more when it cannot be told which.
 */
const KernelSite *kernel_match(Arena *arena, const KernelSiteList *definitions, Str name,
                               size_t *candidates);

#endif
