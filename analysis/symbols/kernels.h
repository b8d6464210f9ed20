/*
 * Kernels: GPU kernels of a profile, found in the workspace's source by their names.
 *
 * nsys knows no lines at all, ncu none without -lineinfo, and neither knows the line that launched
 * a kernel when no host stack was recorded. The source says all three:
 *
 *     KernelSources here = {0};
 *     kernels_look(arena, &here, S("/w/src/a.cu"), &outline, &text);      for each file
 *     profile = kernels_place(arena, &profile, &here);
 *
 * A kernel without a file gets the place of its definition, when there is one of its name; below a
 * profile without a host stack it gets the line that launches it, when there is one such line in the
 * workspace (`<<<>>>`, or `kernel[grid](…)` of Numba and Triton). Where there are several, each gets a
 * note: their costs cannot be told apart. Waiting lines (FINDING_WAIT) say where their kernel is.
 * CuPy's raw kernels stand in strings of a Python file; the line with their name is found.
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

typedef struct KernelSite {
    Str kernel; /* its plain name: "reduce" */
    Str file;   /* as given */
    uint32_t line;
    bool marked;  /* definitions: says __global__, @triton.jit, @cuda.jit; not any function */
    Str function; /* launches: the function around, and where it is defined */
    uint32_t def_line;
} KernelSite;

typedef struct KernelSources {
    Array(KernelSite) definitions;
    Array(KernelSite) launches;
} KernelSources;

/* Names of the kernels that kernels_place would look for; empty when it has nothing to do. */
typedef Array(Str) KernelNames;
KernelNames kernels_wanted(Arena *arena, const Profile *profile);

/* The text may be any; only those of `wanted` are taken. Texts of the outline are copied. */
void kernels_look(Arena *arena, KernelSources *here, const KernelNames *wanted, Str file,
                  const Outline *outline, const Text *text);
/* The profile itself when nothing was found. */
Profile kernels_place(Arena *arena, const Profile *profile, const KernelSources *here);

#endif
