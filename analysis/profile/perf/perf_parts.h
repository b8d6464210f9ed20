/*
 * PerfParts: what the readers of perf's text and of perf.data share: the events of a recording as
 * metrics, and sums per stack, thread and event, kept until all events are known.
 *
 *     PerfTotals totals = perf_totals_new(arena, build);
 *     uint32_t event = perf_totals_event(&totals, S("cpu-clock:u"), true);
 *     perf_totals_add(&totals, (PerfSample){stack, thread, event, .weight = period});
 *     perf_totals_finish(&totals);             adds the metrics and samples to the builder
 */
#ifndef ANALYSIS_PROFILE_PERF_PERF_PARTS_H
#define ANALYSIS_PROFILE_PERF_PERF_PARTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "analysis/profile/profile.h"
#include "base/arena.h"
#include "base/array.h"
#include "base/attr.h"
#include "base/err.h"
#include "base/idmap.h"
#include "base/str.h"

typedef struct PerfEvent {
    Str recorded; /* "cycles:u" */
    Str name;     /* the metric's: "cycles" */
    bool weighted;
} PerfEvent;

typedef struct PerfRow {
    uint32_t stack;
    uint32_t thread;
    uint32_t event;
    uint64_t count;
    int64_t weight;
} PerfRow;

typedef struct PerfSample {
    uint32_t stack;
    uint32_t thread;
    uint32_t event;
    uint64_t weight; /* the period; ignored when the event has none */
} PerfSample;

typedef struct PerfTotals {
    Arena *arena;
    ProfileBuilder *build;
    Array(PerfEvent) events;
    Array(PerfRow) rows;
    IdMap row_of;     /* (stack, thread and event) to row + 1 */
    uint32_t *newest; /* by stack: the row that it was in last + 1 */
    size_t newest_room;
    uint64_t events_dropped;
    uint64_t overflows;
} PerfTotals;

PerfTotals perf_totals_new(Arena *arena, ProfileBuilder *build);
/* The event of this name, made when new; UINT32_MAX when there are too many. */
uint32_t perf_totals_event(PerfTotals *totals, Str recorded, bool weighted);
void perf_totals_add(PerfTotals *totals, PerfSample sample);
/* An event without a sample is no metric. */
void perf_totals_finish(PerfTotals *totals);

/* Reads the text of `perf script`; the profile is not built yet. */
bool perf_script_into(Arena *arena, Str bytes, ProfileBuilder *build, Err *err) MUST_CHECK;

/* Whether the address or the name of its module says that this is the kernel. */
bool perf_is_kernel(uint64_t address, Str module);
/* What stands behind code of this module, when it has a symbol. */
FrameKind perf_module_kind(Str module);
/* "[libc.so.6]" for code that is known by its module only; "[unknown]". */
Str perf_unknown_name(Arena *arena, Str module);

#endif
