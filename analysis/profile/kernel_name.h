/*
 * KernelName: what the name of a GPU kernel says, as a profiler prints it or a compiler mangled it.
 *
 *     KernelName name = kernel_name(S("void a::(anonymous namespace)::fill<float, 4>(float *, int)"));
 *     name.plain                                        "fill"
 *     kernel_qualified_name(arena, name.qualified)      "a::fill"
 *     name.templates, name.parameters                   "float, 4" and "float *, int"
 */
#ifndef ANALYSIS_PROFILE_KERNEL_NAME_H
#define ANALYSIS_PROFILE_KERNEL_NAME_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/str.h"

typedef struct KernelName {
    Str plain;      /* "reduce" of "void ns::reduce<128>(float *)" and of "reduce[grid]" */
    Str qualified;  /* "ns::reduce", with the template arguments of what stands around */
    Str templates;  /* of the kernel: "128" */
    Str parameters; /* "float *" */
    bool called;    /* it says parameters, be it none */
} KernelName;

/* A view into the name. */
KernelName kernel_name(Str name);
Str kernel_plain_name(Str name);

/* Whether what a user calls `wanted`, "reduce" or "a::reduce", is this kernel. */
bool kernel_name_is(Str kernel, Str wanted);

/* Without template arguments and namespaces that have no name in the source. */
Str kernel_qualified_name(Arena *arena, Str qualified);

enum {
    KERNEL_VARIANTS_MAX = 4,
};
/*
 * Names that the source may have for a plain name, the name itself first: what Triton, Numba and CuPy
 * put before or behind it ("add_0d1d2de", "__vectorized_add", "add__float64") taken off.
 */
size_t kernel_variants(Str plain, Str variants[KERNEL_VARIANTS_MAX]);

/*
 * A kernel of a library that runs a lambda of the user: __nv_dl_wrapper_t<__nv_dl_tag<…, &run, 1u>>.
 * The plain name of the function that the lambda stands in, and which of its device lambdas it is,
 * from 1. False for any other.
 */
bool kernel_lambda(Str name, Str *function, uint32_t *number);

#endif
