/*
 * Unwind: the stacks of a recording that only holds copies of them (perf record --call-graph
 * dwarf), walked by the user's own perf: `perf script`, without names of lines and of inlined code,
 * which we look up ourselves and much faster (symbols/symbolize.h).
 *
 *     if (unwind_wanted(map.bytes, &look) && !unwind_perf(arena, &options, &look, text, err))
 *         only the innermost frames are known, and err says why
 */
#ifndef RUNNERS_PROFILING_UNWIND_H
#define RUNNERS_PROFILING_UNWIND_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

#include "analysis/profile/perf/perf_look.h"
#include "base/arena.h"
#include "base/attr.h"
#include "base/err.h"
#include "base/str.h"
#include "runners/report.h"

typedef struct UnwindOptions {
    Str file; /* perf.data */
    uint64_t bytes;
    Str to;         /* where the text is wanted */
    Report *report; /* told that it takes long, or why it cannot be done; may be NULL */
    const volatile sig_atomic_t *cancel;
} UnwindOptions;

/* Whether it is such a recording. */
bool unwind_wanted(Str bytes, PerfLook *look);
/* Whether there is a perf to ask. */
bool unwind_possible(Arena *arena);
/* ERR_TOOL with the mending command, or ERR_CANCELLED; on failure `to` is not there. */
bool unwind_perf(Arena *arena, const UnwindOptions *options, const PerfLook *look,
                 Err *err) MUST_CHECK;

#endif
