#include "runners/loop/bottleneck.h"

#include <math.h>

#include "runners/profiling/hot.h"

static const double SMALL_SHARE = 0.10;

static Str percent(Arena *arena, double share)
{
    return str_fmt(arena, "%.*f %%", share < 0.0995 ? 1 : 0, share * 100);
}

/* How much less the metric must become: 0.25 is a quarter. NaN: no target, or one of a rate. */
static double still_needed(const LoopWorkload *loop)
{
    double target = loop->workload.target_value;
    if (isnan(target) || isnan(loop->now) || loop->now <= 0)
        return NAN;
    return loop->workload.higher_is_better ? 1 - loop->now / target : 1 - target / loop->now;
}

static Str stop_reason(Arena *arena, const LoopWorkload *loop, const Bottleneck *hot)
{
    double needed = still_needed(loop);
    if (1 - hot->inside > 1 - SMALL_SHARE)
        return str_fmt(arena, STR_FMT " of what is left is outside your code",
                       STR_ARG(percent(arena, 1 - hot->inside)));
    if (hot->share < SMALL_SHARE)
        return str_fmt(arena,
                       "the hottest function left, " STR_FMT ", is " STR_FMT
                       " of the total: at most -" STR_FMT,
                       STR_ARG(hot->function), STR_ARG(percent(arena, hot->share)),
                       STR_ARG(percent(arena, hot->share)));
    if (needed > hot->inside)
        return str_fmt(arena,
                       "the target needs -" STR_FMT ", and all of your code is " STR_FMT
                       " of what is left",
                       STR_ARG(percent(arena, needed)), STR_ARG(percent(arena, hot->inside)));
    return (Str){0};
}

static void find_hottest(const HotTable *table, Bottleneck *hot)
{
    double total = (double)table->spots.total;
    for (size_t i = 0; i < table->rows_len; i++) {
        const HotSpot *spot = &table->rows[i].spot;
        if (!spot->mapped)
            continue;
        double share = (double)hot_spot_cost(spot) / total;
        hot->inside += spot->library.len ? 0 : (double)spot->self / total;
        if (spot->library.len || (hot->function.len && share <= hot->share))
            continue;
        hot->function = spot->function;
        hot->file = spot->file;
        hot->line = table->rows[i].line ? table->rows[i].line : spot->line;
        hot->share = share;
    }
}

static int64_t last_kept_s(const LoopWorkload *loop)
{
    array_each (const LedgerIteration, iteration, &loop->iterations)
        if (str_eq(iteration->state, S("kept")))
            return iteration->verdict.time_s;
    return 0;
}

static bool newest_profile(Arena *arena, const Places *places, Str workload, LedgerProfiles *found,
                           Err *err)
{
    CLEANUP(ledger_cleanup) Ledger *ledger = ledger_open(places, LEDGER_READ, err);
    return ledger && ledger_profiles(arena, ledger, workload, 1, found, err);
}

bool bottleneck_load(Arena *arena, const Places *places, const LoopWorkload *loop, Bottleneck *out,
                     Err *err)
{
    Bottleneck hot = {0};
    LedgerProfiles found;
    HotTable table = {0};
    if (!newest_profile(arena, places, loop->workload.name, &found, err))
        return false;
    HotRequest request = {.workload = loop->workload.name, .by = HOT_BY_FUNCTION};
    if (found.len && !hot_load(arena, places, &request, &table, err))
        return false;
    if (found.len && table.spots.total > 0)
        find_hottest(&table, &hot);
    hot.known = hot.function.len > 0;
    if (hot.known) {
        hot.old = found.items[0].time_s < last_kept_s(loop);
        hot.sentence = str_fmt(arena,
                               "hottest%s: " STR_FMT " (" STR_FMT ":%u), " STR_FMT
                               " of the total, at most -" STR_FMT " if it cost nothing",
                               hot.old ? " before the last change" : "", STR_ARG(hot.function),
                               STR_ARG(hot.file), hot.line, STR_ARG(percent(arena, hot.share)),
                               STR_ARG(percent(arena, hot.share)));
    }
    if (hot.known && !hot.old)
        hot.stop = stop_reason(arena, loop, &hot);
    *out = hot;
    return true;
}
