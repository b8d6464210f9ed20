/*
 * LoopView: what an editor and `perfloop status` show of the loop, read from the ledger in one go.
 *
 *     LoopView view = {0};
 *     if (!loop_view_load(arena, &places, &view, err))
 *         an unreadable ledger; a missing one gives an empty view and no error
 *
 * Immutable once loaded; it lives in the arena. `stamp` is ledger_stamp at the time of reading: read
 * again when that number changes.
 */
#ifndef RUNNERS_LOOP_LOOP_VIEW_H
#define RUNNERS_LOOP_LOOP_VIEW_H

#include "runners/ledger/ledger.h"

enum {
    LOOP_VIEW_ITERATIONS = 50, /* the newest, of each workload */
};

typedef struct LoopWorkload {
    LedgerWorkload workload;
    LedgerBaseline baseline;     /* id 0: none yet */
    LedgerIterations iterations; /* newest first */
    const LedgerIteration *open; /* measured, neither kept nor reverted; NULL: none */
    /* The last measured value of the metric: of the newest kept iteration, else the baseline. */
    double now;
    /*
     * Against the baseline, -0.32 is 32 % less; NaN: none. The product of the ratios measured in
     * pairs, so on a noisy machine it is not `now` divided by the baseline of another hour.
     */
    double total_change;
    double open_change; /* the same with the open iteration kept */
    bool target_met;    /* by `now`, or by the open iteration's candidate when it is faster */
    bool open_meets;    /* the target, by the open iteration's candidate, be it slower than `now` */
    /* The baseline, and what it became by the same ratios with each kept iteration, oldest first. */
    const double *history;
    size_t history_len;
} LoopWorkload;
typedef Array(LoopWorkload) LoopWorkloads;

typedef struct LoopView {
    uint64_t stamp;
    LoopWorkloads workloads;
} LoopView;

bool loop_view_load(Arena *arena, const Places *places, LoopView *out, Err *err) MUST_CHECK;
/* The one named; with an empty name the only one, or the one last worked on. NULL: none. */
const LoopWorkload *loop_view_find(const LoopView *view, Str name);
/* Leaves only the workload named; an empty name leaves all. Nothing measured at all is no error. */
bool loop_view_keep(Arena *arena, LoopView *view, Str name, Err *err) MUST_CHECK;

/* "p50 8.1 ms, -32 % vs baseline" for a lens; empty without a baseline. */
Str loop_summary(Arena *arena, const LoopWorkload *workload);

#endif
