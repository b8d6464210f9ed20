/*
 * Kernels: GPU kernels of a profile, found in the workspace's source by their names.
 *
 * nsys knows no lines at all, ncu none without -lineinfo, and neither knows the line that launched
 * a kernel when no host stack was recorded. The source says all three:
 *
 *     KernelSources here = {.root = S("/w")};
 *     kernels_look(arena, &here, &wanted, S("/w/src/a.cu"), &outline, &text);      for each file
 *     profile = kernels_place(arena, &profile, &here);
 *
 * A kernel without a file gets the place of its definition, when there is one that fits its name
 * (kernel_match.c: namespaces, template arguments, parameters); below a profile without a host stack
 * it gets the line that launches it, when there is one such line in the workspace (`<<<>>>`, a launch
 * function or macro, `kernel[grid](…)` of Numba and Triton). Where there are several, each gets a note:
 * their costs cannot be told apart. A library's kernel that runs a lambda of the user is placed at
 * the lambda. Where the profile knows only the function that launches or waits (PyTorch's), the one line in
 * it that does so is meant. Waiting lines (FINDING_WAIT) say where their kernel is, launching ones (FINDING_LAUNCH) what
 * they cost.
 */
#ifndef ANALYSIS_SYMBOLS_KERNELS_H
#define ANALYSIS_SYMBOLS_KERNELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "analysis/profile/profile.h"
#include "analysis/source/outline.h"
#include "analysis/source/text.h"
#include "base/arena.h"
#include "base/array.h"
#include "base/str.h"

/* How sure it is that a definition is one of a kernel; of several the surest count. */
typedef enum KernelMark {
    KERNEL_SAID,   /* __global__, @triton.jit, @cuda.jit, a macro that holds __global__ */
    KERNEL_LAMBDA, /* in a function of this name; `number` says which */
    KERNEL_NAMED,  /* any function, or a macro's argument at file level, of its name */
} KernelMark;

typedef struct KernelSite {
    Str kernel; /* its plain name: "reduce" */
    Str file;   /* as given */
    uint32_t line;
    KernelMark mark;
    uint32_t number; /* of a lambda in its function, from 1 */
    Str qualified;   /* definitions: as in the source, "a::reduce<64>" */
    Str parameters;  /* definitions: as in the source, or empty */
    Str function;    /* launches: the function around, and where it is defined */
    uint32_t def_line;
} KernelSite;

typedef Array(KernelSite) KernelSiteList;

typedef struct KernelSources {
    Str root; /* files below it are told relative to it */
    KernelSiteList definitions;
    KernelSiteList launches;
    KernelSiteList
        waits; /* Python: `kernel` is the method, "item"; KERNEL_SAID: nothing else is done */
} KernelSources;

/* Names of the kernels that kernels_place would look for; empty when it has nothing to do. */
typedef Array(Str) KernelNames;
KernelNames kernels_wanted(Arena *arena, const Profile *profile);

/* Files with functions that wait: PyTorch's profiler knows no lines inside of functions, the text does. */
KernelNames kernels_waiting_files(Arena *arena, const Profile *profile);

/* The text may be any; only those of `wanted` are taken. Texts of the outline are copied. */
void kernels_look(Arena *arena, KernelSources *here, const KernelNames *wanted, Str file,
                  const Outline *outline, const Text *text);
/* The profile itself when it has no kernels. */
Profile kernels_place(Arena *arena, const Profile *profile, const KernelSources *here);

#endif
