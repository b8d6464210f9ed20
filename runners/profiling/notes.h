/*
 * Notes of a profile as people read them: what is said of many files or kernels in the same words is
 * said once.
 *
 *     a.so is not here: its functions and lines are not known; the same of 16 more
 */
#ifndef RUNNERS_PROFILING_NOTES_H
#define RUNNERS_PROFILING_NOTES_H

#include <stddef.h>

#include "base/arena.h"
#include "base/array.h"
#include "base/str.h"

typedef Array(Str) Notes;

/* In their order. */
Notes notes_fold(Arena *arena, const Str *notes, size_t len);

#endif
