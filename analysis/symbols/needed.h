/*
 * Needed: the libraries that a program or library asks for when it is loaded, and where it says they
 * may be, read from its dynamic section.
 *
 *     Needed needed;
 *     if (needed_read(arena, S("/w/build/app"), &needed))
 *         needed.names      libkernels.so, libcudart.so.13, libc.so.6
 *         needed.folders    /w/build/../lib     $ORIGIN is replaced
 *
 * Nothing is looked for here. What a program opens by name at run time (dlopen) is not in it.
 */
#ifndef ANALYSIS_SYMBOLS_NEEDED_H
#define ANALYSIS_SYMBOLS_NEEDED_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/array.h"
#include "base/str.h"

typedef struct Needed {
    Array(Str) names;
    Array(Str) folders;
} Needed;

/* False when the file is no ELF program or library. */
bool needed_read(Arena *arena, Str path, Needed *out);

#endif
