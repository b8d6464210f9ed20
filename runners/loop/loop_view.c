#include "runners/loop/loop_view.h"

#include <math.h>

static bool meets(double value, const LedgerWorkload *workload)
{
    if (isnan(workload->target_value) || isnan(value))
        return false;
    return workload->higher_is_better ? value >= workload->target_value
                                      : value <= workload->target_value;
}

/* What a verdict says about the metric's value: 0.9 became a tenth less. */
static double measured_ratio(const LoopWorkload *loop, const LedgerIteration *iteration)
{
    double ln = iteration->verdict.estimate;
    return exp(loop->workload.higher_is_better ? -ln : ln);
}

/*
 * Values of different sessions cannot be compared on a noisy machine, ratios of pairs can. So the
 * way from the baseline to now is the product of the ratios that were measured in pairs.
 */
static void find_history(Arena *arena, LoopWorkload *loop)
{
    double *values = NEW_ARRAY(arena, double, loop->iterations.len + 1);
    size_t count = 0;
    double ratio = 1;
    loop->now = loop->total_change = loop->open_change = NAN;
    if (loop->baseline.id)
        loop->now = values[count++] = loop->baseline.value;
    for (size_t i = loop->iterations.len; i-- > 0;) {
        const LedgerIteration *iteration = &loop->iterations.items[i];
        if (!str_eq(iteration->state, S("kept")) || iteration->baseline != loop->baseline.id ||
            isnan(iteration->verdict.after) || isnan(iteration->verdict.estimate))
            continue;
        ratio *= measured_ratio(loop, iteration);
        values[count++] = loop->baseline.value * ratio;
        loop->now = iteration->verdict.after;
        loop->total_change = ratio - 1;
    }
    loop->history = values;
    loop->history_len = count;
    if (loop->open && loop->baseline.id && !isnan(loop->open->verdict.estimate))
        loop->open_change = ratio * measured_ratio(loop, loop->open) - 1;
}

static bool load_workload(Arena *arena, Ledger *ledger, LoopWorkload *loop, Err *err)
{
    if (!ledger_baseline(arena, ledger, loop->workload.id, &loop->baseline, err) ||
        !ledger_iterations(arena, ledger, loop->workload.id, LOOP_VIEW_ITERATIONS,
                           &loop->iterations, err))
        return false;
    if (loop->iterations.len && str_eq(loop->iterations.items[0].state, S("measured")))
        loop->open = &loop->iterations.items[0];
    find_history(arena, loop);
    loop->target_met = meets(loop->now, &loop->workload);
    loop->open_meets = loop->open && meets(loop->open->verdict.after, &loop->workload);
    if (loop->open_meets && str_eq(loop->open->verdict.status, S("faster")))
        loop->target_met = true;
    return true;
}

bool loop_view_load(Arena *arena, const Places *places, LoopView *out, Err *err)
{
    LoopView view = {.stamp = ledger_stamp(places)};
    Err problem = {0};
    CLEANUP(ledger_cleanup) Ledger *ledger = ledger_open(places, LEDGER_READ, &problem);
    if (!ledger && problem.kind != ERR_NOT_FOUND) {
        *err = problem;
        return false;
    }
    LedgerWorkloads workloads = {0};
    if (ledger && !ledger_workloads(arena, ledger, &workloads, err))
        return false;
    array_each (LedgerWorkload, workload, &workloads) {
        LoopWorkload loop = {.workload = *workload};
        if (!load_workload(arena, ledger, &loop, err))
            return false;
        *array_push(arena, &view.workloads) = loop;
    }
    *out = view;
    return true;
}

static int64_t last_touched(const LoopWorkload *loop)
{
    int64_t time = loop->baseline.time_s;
    if (loop->iterations.len && loop->iterations.items[0].verdict.time_s > time)
        time = loop->iterations.items[0].verdict.time_s;
    return time;
}

const LoopWorkload *loop_view_find(const LoopView *view, Str name)
{
    const LoopWorkload *best = NULL;
    array_each (LoopWorkload, loop, &view->workloads) {
        if (name.len && str_eq(loop->workload.name, name))
            return loop;
        if (!name.len && (!best || last_touched(loop) > last_touched(best)))
            best = loop;
    }
    return best;
}

bool loop_view_keep(Arena *arena, LoopView *view, Str name, Err *err)
{
    LoopWorkloads kept = {0};
    if (!name.len || !view->workloads.len)
        return true;
    const LoopWorkload *found = loop_view_find(view, name);
    if (!found)
        return err_set(err, ERR_NOT_FOUND, "nothing was measured of a workload '" STR_FMT "'",
                       STR_ARG(name));
    *array_push(arena, &kept) = *found;
    view->workloads = kept;
    return true;
}

Str loop_summary(Arena *arena, const LoopWorkload *workload)
{
    const LedgerBaseline *baseline = &workload->baseline;
    if (!baseline->id)
        return (Str){0};
    Str value = units_text(arena, workload->now, baseline->unit);
    if (isnan(workload->total_change))
        return str_fmt(arena, STR_FMT " " STR_FMT, STR_ARG(baseline->metric), STR_ARG(value));
    return str_fmt(arena, STR_FMT " " STR_FMT ", " STR_FMT " vs baseline",
                   STR_ARG(baseline->metric), STR_ARG(value),
                   STR_ARG(units_delta(arena, workload->total_change)));
}
