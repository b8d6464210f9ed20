/*
 * KernelSites: where the source defines and launches kernels; the half of kernels.h that looks.
 *
 * A file is looked at once per language in it: CUDA by its outline and by its words (what macros make,
 * what is launched through a name of its own), Python by its outline, and CUDA in strings of Python as a
 * file of its own whose first line is the string's.
 */
#ifndef ANALYSIS_SYMBOLS_KERNEL_SITES_H
#define ANALYSIS_SYMBOLS_KERNEL_SITES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "analysis/source/outline.h"
#include "analysis/source/text.h"
#include "analysis/symbols/kernels.h"
#include "base/map.h"

typedef struct KernelLook {
    Arena *arena;   /* of what is found */
    Arena *scratch; /* of the file */
    KernelSources *here;
    const Map *wanted; /* plain names */
    Str file;
    uint32_t lines_before; /* of a string, in its file */
    const Outline *outline;
    const Text *text;
} KernelLook;

bool kernel_is_wanted(const KernelLook *in, Str name);
/* `qualified` as the outline has it; `parameters` as in the source, or empty. Texts are copied. */
void kernel_add_definition(KernelLook *in, Str kernel, Str qualified, Str parameters, LineNo line,
                           KernelMark mark);
void kernel_add_launch(KernelLook *in, Str kernel, LineNo line);
/* Functions of the outline, and device lambdas in them. */
void kernel_sites_definitions(KernelLook *in);
/* Files of CUDA C++, and of C++ that launches. */
void kernel_sites_cuda(KernelLook *in);
void kernel_sites_python(KernelLook *in);
/* What macros make and launch, and launches by other means than <<<>>>; part of kernel_sites_cuda. */
void kernel_sites_words(KernelLook *in);

#endif
