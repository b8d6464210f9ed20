/*
 * Symbols: a profile as a reader left it becomes one of functions and lines (symbols/symbolize.h),
 * with what this machine knows: perf's copies below the home folder, and the running kernel.
 *
 *     profile = symbols_of(arena, &profile);
 */
#ifndef RUNNERS_PROFILING_SYMBOLS_H
#define RUNNERS_PROFILING_SYMBOLS_H

#include "analysis/profile/profile.h"
#include "base/arena.h"

Profile symbols_of(Arena *arena, const Profile *profile);

#endif
