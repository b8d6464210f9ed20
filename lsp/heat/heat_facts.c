/* Where the loop stands, from the workload file and the ledger, in the presenter's words. */

#include <math.h>

#include "analysis/hints/words.h"
#include "base/path.h"
#include "lsp/heat/heat_data.h"
#include "runners/allow.h"

static LoopVerdict verdict_of(const LedgerVerdict *verdict)
{
    if (str_eq(verdict->status, S("faster")))
        return str_starts(verdict->flag, S("below")) ? LOOP_SMALL : LOOP_FASTER;
    if (str_eq(verdict->status, S("slower")))
        return LOOP_SLOWER;
    if (str_eq(verdict->status, S("same")))
        return LOOP_SAME;
    return verdict->id ? LOOP_UNCLEAR : LOOP_NO_VERDICT;
}

static LoopStep step_of(Str state)
{
    return str_eq(state, S("measured"))   ? LOOP_MEASURED
           : str_eq(state, S("kept"))     ? LOOP_KEPT
           : str_eq(state, S("reverted")) ? LOOP_REVERTED
                                          : LOOP_IDLE;
}

/* Paths of the ledger start at the top of the work tree; ours start at the workspace root. */
static Str below_root(Arena *arena, const Places *places, Str path)
{
    Str rest = {0};
    if (!places->git_top.len)
        return path;
    Str whole = path_join(arena, places->git_top, path);
    return path_inside(places->root, whole, &rest) ? rest : whole;
}

/* The change as the verdict has it, from pairs: two medians of two moments say something else. */
static double change_of(const LoopWorkload *loop, const LedgerVerdict *verdict)
{
    if (verdict->id == 0 || isnan(verdict->estimate))
        return 0;
    return exp(loop->workload.higher_is_better ? -verdict->estimate : verdict->estimate) - 1;
}

static IterationFacts iteration_facts(Arena *arena, const Places *places, const LoopWorkload *loop,
                                      const LedgerIteration *iteration)
{
    IterationFacts facts = {
        .id = iteration->id,
        .step = step_of(iteration->state),
        .verdict = verdict_of(&iteration->verdict),
        .sentence = iteration->verdict.sentence,
        .before = iteration->verdict.before,
        .after = iteration->verdict.after,
        .change = change_of(loop, &iteration->verdict),
        .candidate = iteration->candidate,
    };
    ChangedPlace *places_out = NEW_ARRAY(arena, ChangedPlace, iteration->changes.len + 1);
    array_each (LedgerChange, change, &iteration->changes)
        places_out[facts.n_places++] = (ChangedPlace){
            .path = below_root(arena, places, change->path),
            .function = change->function,
            .first = {change->first_line},
            .last = {change->last_line},
        };
    facts.places = places_out;
    return facts;
}

static void add_ledger(Arena *arena, const Places *places, const LoopWorkload *loop,
                       WorkloadFacts *facts)
{
    facts->has_baseline = loop->baseline.id != 0;
    facts->baseline = loop->baseline.value;
    facts->unit = loop->baseline.unit;
    facts->metric = loop->workload.metric;
    facts->target_met = loop->target_met;
    facts->history = loop->history;
    facts->n_history = loop->history_len;
    if (!isnan(loop->total_change)) {
        facts->has_current = loop->history_len > 1;
        facts->current = loop->now;
        facts->change = loop->total_change;
    }
    if (loop->iterations.len)
        facts->last = iteration_facts(arena, places, loop, &loop->iterations.items[0]);
    /* What is measured and not settled is shown where it stands, unless nobody knows. */
    if (loop->open && (facts->last.verdict == LOOP_FASTER || facts->last.verdict == LOOP_SMALL ||
                       facts->last.verdict == LOOP_SLOWER)) {
        facts->current = loop->open->verdict.after;
        facts->target_met = loop->open_meets;
        facts->change = loop->open_change;
        facts->has_current = true;
    }
}

/* Amdahl: when the hottest function of the user is small, no change to it can gain much. */
static Str stop_reason(Heat *heat, const WorkloadFacts *facts)
{
    enum {
        SMALL_PERCENT = 10
    };
    if (!heat->now.present)
        return S("");
    const HotSpots *spots = &heat->now.spots[heat->now.usual];
    if (spots->total <= 0 || !facts->has_baseline || !str_eq(heat->now.row.workload, facts->name))
        return S("");
    const HotSpot *hottest = NULL;
    double inside = 0;
    for (size_t i = 0; i < spots->functions_len; i++) {
        if (!spots->functions[i].own || !spots->functions[i].mapped)
            continue;
        if (!hottest)
            hottest = &spots->functions[i];
        inside += (double)spots->functions[i].self;
    }
    inside /= (double)spots->total;
    if (inside * 100 < SMALL_PERCENT) {
        Str outside = words_share(heat->arena, 1 - inside);
        return str_fmt(heat->arena, STR_FMT " of what is left is outside your code",
                       STR_ARG(outside));
    }
    double share = (double)hottest->total / (double)spots->total;
    double self = (double)hot_spot_cost(hottest) / (double)spots->total;
    if (self * 100 >= SMALL_PERCENT || share * 100 >= SMALL_PERCENT)
        return S("");
    Str percent = words_share(heat->arena, self);
    Str ceiling = words_ceiling(heat->arena, self);
    return str_fmt(heat->arena,
                   "the hottest function left, " STR_FMT ", is " STR_FMT " of the total: " STR_FMT,
                   STR_ARG(hottest->function), STR_ARG(percent), STR_ARG(ceiling));
}

static bool is_trusted(Arena *arena, const Places *places, const Settings *settings,
                       const Workload *workload)
{
    return settings->trusted && allow_is_agreed(arena, places, &workload->benchmark) &&
           (workload->tests.argc == 0 || allow_is_agreed(arena, places, &workload->tests)) &&
           (workload->build.argc == 0 || allow_is_agreed(arena, places, &workload->build));
}

void heat_load_facts(Heat *heat, const Places *places, const Settings *settings)
{
    size_t most = heat->workload_file.workloads.len + heat->loop.workloads.len;
    WorkloadFacts *all = NEW_ARRAY(heat->arena, WorkloadFacts, most + 1);
    heat->facts = (LoopFacts){.workload_file = heat->workload_path, .workloads = all};
    array_each (Workload, workload, &heat->workload_file.workloads) {
        WorkloadFacts *facts = &all[heat->facts.n_workloads++];
        *facts = (WorkloadFacts){
            .name = workload->name,
            .line = {(uint32_t)workload->line},
            .metric = workload->metric,
            .unit = workload->metric_unit,
            .trusted = is_trusted(heat->arena, places, settings, workload),
            .has_target = workload->target.given,
            .target = workload->target.text,
        };
        const LoopWorkload *loop = NULL;
        array_each (LoopWorkload, row, &heat->loop.workloads)
            if (str_eq(row->workload.name, workload->name))
                loop = row;
        if (loop)
            add_ledger(heat->arena, places, loop, facts);
        facts->stop = stop_reason(heat, facts);
    }
}
