/* The message of a checkpoint and the note that holds its evidence. */

#include "runners/loop/keep.h"

#include <math.h>

#include "analysis/stats/verdict.h"
#include "base/strbuf.h"

static bool has_numbers(const LedgerVerdict *verdict)
{
    return !isnan(verdict->before) && !isnan(verdict->after);
}

/* "p50 8.1 ms → 5.5 ms, -32 %"; what there is of it. */
static Str numbers(Arena *arena, const LedgerVerdict *verdict, bool higher)
{
    if (!has_numbers(verdict))
        return str_copy(arena, verdict->metric);
    return str_fmt(arena, STR_FMT " " STR_FMT " → " STR_FMT ", " STR_FMT, STR_ARG(verdict->metric),
                   STR_ARG(units_text(arena, verdict->before, verdict->unit)),
                   STR_ARG(units_text(arena, verdict->after, verdict->unit)),
                   STR_ARG(units_delta(arena, verdict_change(verdict->estimate, higher))));
}

static Str functions_of(Arena *arena, const LedgerIteration *iteration)
{
    SnapshotPaths names = {0};
    array_each (const LedgerChange, change, &iteration->changes)
        if (change->function.len)
            *array_push(arena, &names) = change->function;
    return loop_list(arena, &names);
}

static Str value_or_dash(Arena *arena, double value, Unit unit)
{
    return isnan(value) ? S("-") : units_text(arena, value, unit);
}

static Str interval(Arena *arena, const LedgerVerdict *verdict, bool higher)
{
    if (!has_numbers(verdict))
        return S("-");
    Str delta = units_delta(arena, verdict_change(verdict->estimate, higher));
    if (!isfinite(verdict->low) || !isfinite(verdict->high))
        return delta;
    double low = verdict_change(higher ? verdict->high : verdict->low, higher) * 100;
    double high = verdict_change(higher ? verdict->low : verdict->high, higher) * 100;
    return str_fmt(arena, STR_FMT " [%+.1f, %+.1f] 99 %%", STR_ARG(delta), low, high);
}

Str keep_message(Arena *arena, const LedgerIteration *iteration, const LedgerWorkload *workload,
                 Str subject)
{
    const LedgerVerdict *verdict = &iteration->verdict;
    StrBuf text = strbuf_new(arena);
    if (subject.len)
        strbuf_add(&text, subject);
    else
        strbuf_fmt(&text, STR_FMT ": " STR_FMT, STR_ARG(workload->name),
                   STR_ARG(numbers(arena, verdict, workload->higher_is_better)));
    strbuf_fmt(&text, "\n\n" STR_FMT "\n", STR_ARG(verdict->sentence));
    Str functions = functions_of(arena, iteration);
    if (functions.len)
        strbuf_fmt(&text, "Changed: " STR_FMT "\n", STR_ARG(functions));
    strbuf_fmt(&text, "\nPerfloop-Metric: " STR_FMT " " STR_FMT "\n", STR_ARG(workload->name),
               STR_ARG(verdict->metric));
    strbuf_fmt(&text, "Perfloop-Before: " STR_FMT "\n",
               STR_ARG(value_or_dash(arena, verdict->before, verdict->unit)));
    strbuf_fmt(&text, "Perfloop-After: " STR_FMT "\n",
               STR_ARG(value_or_dash(arena, verdict->after, verdict->unit)));
    strbuf_fmt(&text, "Perfloop-Delta: " STR_FMT "\n",
               STR_ARG(interval(arena, verdict, workload->higher_is_better)));
    strbuf_fmt(&text, "Perfloop-Verdict: " STR_FMT " (" STR_FMT ", %zu pairs)\n",
               STR_ARG(verdict->status), STR_ARG(verdict->kind), verdict->pairs);
    return strbuf_str(&text);
}
