/*
 * NsysOptions: what this nsys is told, by what its own help says it knows.
 *
 *     Str help = ...what `nsys profile --help` prints
 *     nsys_options(arena, help)
 *         "--sample=process-tree --cudabacktrace=kernel:1,memory,sync"      2022 and later
 *         "--sample=cpu --cudabacktrace=true --cudabacktrace-threshold=..." 2020
 *
 * Option by option: an option that the help does not mention is taken to be as in the newest version.
 */
#ifndef RUNNERS_PROFILING_CAPTURE_NSYS_OPTIONS_H
#define RUNNERS_PROFILING_CAPTURE_NSYS_OPTIONS_H

#include "base/arena.h"
#include "base/str.h"

Str nsys_options(Arena *arena, Str help);

#endif
