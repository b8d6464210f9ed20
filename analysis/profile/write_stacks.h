/*
 * WriteStacks: a profile's stacks in the notation of other tools, piece by piece:
 *
 *     if (!write_folded(arena, &profile, metric, sink, file, err))       main (t.py:3);run 12
 *     if (!write_speedscope(arena, &profile, metric, sink, file, err))   speedscope.app, a profile
 *         ...                                                            per thread
 *
 * One metric of it; stacks that cost nothing in it are left out. Our readers (read_collapsed,
 * read_speedscope) give the same stacks and costs again. A profile of functions and their callers
 * only (cProfile, callgrind) has no stacks and is refused.
 */
#ifndef ANALYSIS_PROFILE_WRITE_STACKS_H
#define ANALYSIS_PROFILE_WRITE_STACKS_H

#include <stdbool.h>

#include "analysis/profile/profile.h"
#include "base/arena.h"
#include "base/attr.h"
#include "base/err.h"
#include "base/str.h"

/* Gets the text; false: stop, the sink has set err. */
typedef bool StacksSink(void *to, Str bytes, Err *err);

bool write_folded(Arena *arena, const Profile *profile, size_t metric, StacksSink *sink, void *to,
                  Err *err) MUST_CHECK;
bool write_speedscope(Arena *arena, const Profile *profile, size_t metric, StacksSink *sink,
                      void *to, Err *err) MUST_CHECK;

#endif
