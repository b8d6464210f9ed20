/* The message of a checkpoint and the note that holds its evidence. */

#include "runners/keep.h"

#include <math.h>

#include "base/strbuf.h"

static double change_of(const LedgerVerdict *verdict)
{
    return verdict->before != 0 ? verdict->after / verdict->before - 1 : NAN;
}

/* "p50 8.1 ms → 5.5 ms, -32 %"; what there is of it. */
static Str numbers(Arena *arena, const LedgerVerdict *verdict)
{
    if (isnan(verdict->before) || isnan(verdict->after))
        return str_copy(arena, verdict->metric);
    return str_fmt(arena, STR_FMT " " STR_FMT " → " STR_FMT ", " STR_FMT, STR_ARG(verdict->metric),
                   STR_ARG(units_text(arena, verdict->before, verdict->unit)),
                   STR_ARG(units_text(arena, verdict->after, verdict->unit)),
                   STR_ARG(units_delta(arena, change_of(verdict))));
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

static Str interval(Arena *arena, const LedgerVerdict *verdict)
{
    if (isnan(verdict->before) || isnan(verdict->after))
        return S("-");
    Str delta = units_delta(arena, change_of(verdict));
    if (!isfinite(verdict->low) || !isfinite(verdict->high))
        return delta;
    /* Ends of ln(candidate/base) where less is better, else of its inverse. */
    bool inverted = (verdict->estimate < 0) != (verdict->after < verdict->before) &&
                    verdict->after != verdict->before;
    double low = expm1(inverted ? -verdict->high : verdict->low) * 100;
    double high = expm1(inverted ? -verdict->low : verdict->high) * 100;
    return str_fmt(arena, STR_FMT " [%+.1f, %+.1f] 99 %%", STR_ARG(delta), low, high);
}

Str keep_message(Arena *arena, const LedgerIteration *iteration, Str workload, Str subject)
{
    const LedgerVerdict *verdict = &iteration->verdict;
    StrBuf text = strbuf_new(arena);
    if (subject.len)
        strbuf_add(&text, subject);
    else
        strbuf_fmt(&text, STR_FMT ": " STR_FMT, STR_ARG(workload),
                   STR_ARG(numbers(arena, verdict)));
    strbuf_fmt(&text, "\n\n" STR_FMT "\n", STR_ARG(verdict->sentence));
    Str functions = functions_of(arena, iteration);
    if (functions.len)
        strbuf_fmt(&text, "Changed: " STR_FMT "\n", STR_ARG(functions));
    strbuf_fmt(&text, "\nPerfloop-Metric: " STR_FMT " " STR_FMT "\n", STR_ARG(workload),
               STR_ARG(verdict->metric));
    strbuf_fmt(&text, "Perfloop-Before: " STR_FMT "\n",
               STR_ARG(value_or_dash(arena, verdict->before, verdict->unit)));
    strbuf_fmt(&text, "Perfloop-After: " STR_FMT "\n",
               STR_ARG(value_or_dash(arena, verdict->after, verdict->unit)));
    strbuf_fmt(&text, "Perfloop-Delta: " STR_FMT "\n", STR_ARG(interval(arena, verdict)));
    strbuf_fmt(&text, "Perfloop-Verdict: " STR_FMT " (" STR_FMT ", %zu pairs)\n",
               STR_ARG(verdict->status), STR_ARG(verdict->kind), verdict->pairs);
    return strbuf_str(&text);
}
