/*
 * Actions: what can be done here, in the order to offer it. Whatever a lens or a hint offers in a
 * rich editor is here too, because code actions are all that the plainest client has.
 *
 * Titles are unique within a file: some clients find the chosen action by its title.
 */

#include "analysis/hints/view_parts.h"

#include "analysis/hints/hints_gpu.h"
#include "analysis/hints/words.h"

static ViewAction *push(ViewMaker *maker, FileView *out, Str command, Str title)
{
    ViewAction *action = array_push(maker->arena, &out->actions);
    *action = (ViewAction){.title = title, .command = command, .kind = S("source.perfloop")};
    if (maker->workload) {
        action->args.workload = maker->workload->name;
        action->args.iteration = maker->workload->last.id;
    }
    return action;
}

/* An action that answers the diagnostic of the last verdict: a quick fix at its place. */
static ViewAction *push_fix(ViewMaker *maker, FileView *out, Str command, Str title, Str fixes)
{
    ViewAction *action = push(maker, out, command, title);
    action->fixes = fixes;
    action->kind = S("quickfix");
    return action;
}

static void revert(ViewMaker *maker, FileView *out, bool preferred, Str fixes)
{
    const IterationFacts *last = &maker->workload->last;
    Str change = units_delta(maker->arena, last->change);
    Str title =
        str_fmt(maker->arena, "perfloop: revert iteration %lld of " STR_FMT " (" STR_FMT ")",
                (long long)last->id, STR_ARG(maker->workload->name), STR_ARG(change));
    push_fix(maker, out, S("perfloop.revert"), title, fixes)->preferred = preferred;
}

static void keep(ViewMaker *maker, FileView *out, bool preferred, Str fixes, const char *note)
{
    const IterationFacts *last = &maker->workload->last;
    Str change = units_delta(maker->arena, last->change);
    Str title = str_fmt(maker->arena,
                        "perfloop: keep and commit iteration %lld of " STR_FMT " (" STR_FMT "%s)",
                        (long long)last->id, STR_ARG(maker->workload->name), STR_ARG(change), note);
    push_fix(maker, out, S("perfloop.keep"), title, fixes)->preferred = preferred;
}

static void measure_longer(ViewMaker *maker, FileView *out, bool preferred, Str fixes)
{
    Str title = str_fmt(maker->arena, "perfloop: measure iteration %lld of " STR_FMT " longer",
                        (long long)maker->workload->last.id, STR_ARG(maker->workload->name));
    push_fix(maker, out, S("perfloop.measureMore"), title, fixes)->preferred = preferred;
}

static void after_verdict(ViewMaker *maker, FileView *out)
{
    switch (maker->workload->last.verdict) {
    case LOOP_SLOWER:
        revert(maker, out, true, S("regression"));
        measure_longer(maker, out, false, S("regression"));
        break;
    case LOOP_FASTER:
        keep(maker, out, true, S("improvement"), "");
        revert(maker, out, false, S("improvement"));
        break;
    case LOOP_SMALL: /* the user must choose: nothing is preferred */
        keep(maker, out, false, S("small-improvement"), ", under 5 %");
        revert(maker, out, false, S("small-improvement"));
        measure_longer(maker, out, false, S("small-improvement"));
        break;
    case LOOP_SAME:
        revert(maker, out, true, S("same"));
        keep(maker, out, false, S("same"), ", as a refactoring");
        break;
    case LOOP_UNCLEAR: /* never revert and never commit on this */
        measure_longer(maker, out, true, S("unclear"));
        break;
    case LOOP_NO_VERDICT:
        break;
    }
}

static void workload_actions(ViewMaker *maker, FileView *out)
{
    Arena *arena = maker->arena;
    const WorkloadFacts *workload = maker->workload;
    if (!workload->trusted)
        push(maker, out, S("perfloop.trust"),
             str_fmt(arena, "perfloop: trust the commands of " STR_FMT, STR_ARG(workload->name)));
    if (workload->has_baseline) {
        Str baseline = units_text(arena, workload->baseline, workload->unit);
        push(maker, out, S("perfloop.measure"),
             str_fmt(arena, "perfloop: measure " STR_FMT " (baseline " STR_FMT " " STR_FMT ")",
                     STR_ARG(workload->name), STR_ARG(workload->metric), STR_ARG(baseline)));
        push(
            maker, out, S("perfloop.baseline"),
            str_fmt(arena, "perfloop: record a new baseline of " STR_FMT, STR_ARG(workload->name)));
    } else {
        push(maker, out, S("perfloop.baseline"),
             str_fmt(arena, "perfloop: record the baseline of " STR_FMT, STR_ARG(workload->name)))
            ->fixes = S("baseline-missing");
        push(maker, out, S("perfloop.measure"),
             str_fmt(arena, "perfloop: measure " STR_FMT " (records a baseline first)",
                     STR_ARG(workload->name)));
    }
    push(maker, out, S("perfloop.profile"),
         str_fmt(arena, "perfloop: profile " STR_FMT, STR_ARG(workload->name)))
        ->fixes = S("stale-profile");
    if (workload->last.step == LOOP_REVERTED)
        push(maker, out, S("perfloop.restore"),
             str_fmt(arena, "perfloop: restore iteration %lld of " STR_FMT,
                     (long long)workload->last.id, STR_ARG(workload->name)));
}

static void details(ViewMaker *maker, FileView *out)
{
    for (size_t i = 0; maker->heat && i < maker->heat->n_lines; i++) {
        const HotLine *line = &maker->heat->lines[i];
        if (line->now.n == 0 || line->state == ANCHOR_GONE ||
            !heat_is_shown(&maker->in->settings, maker->metric, &line->values[0]))
            continue;
        Str title = str_fmt(maker->arena, "perfloop: show details of line %u", line->now.n);
        ViewAction *action = push(maker, out, S("perfloop.showDetails"), title);
        action->first = action->last = action->args.line = line->now;
        action->fixes = S("hot-line");
    }
}

/* Every metric but the one that is shown and what there is none of, with its total. */
static void other_metrics(ViewMaker *maker, FileView *out)
{
    for (size_t i = 1; maker->heat && i < maker->heat->n_metrics; i++) {
        const HeatMetric *metric = &maker->heat->metrics[i];
        if (!gpu_is_offered(maker->heat, metric))
            continue;
        Str words = words_metric(maker->arena, metric);
        Str total = words_cost(maker->arena, metric, metric->total);
        ViewAction *action = push(maker, out, S("perfloop.showMetric"),
                                  str_fmt(maker->arena, "perfloop: show " STR_FMT " (" STR_FMT ")",
                                          STR_ARG(words), STR_ARG(total)));
        action->args = (ViewArgs){.metric = metric->name};
    }
}

/* The newest profiles but the one that is shown, and back to the newest. */
static void other_profiles(ViewMaker *maker, FileView *out)
{
    enum {
        OFFERED = 4
    };
    const ViewInput *in = maker->in;
    size_t offered = 0;
    for (size_t i = 0; i < in->n_profiles && offered < OFFERED; i++) {
        if (in->profiles[i].number == in->profile)
            continue;
        ViewAction *action =
            push(maker, out, S("perfloop.showProfile"),
                 str_fmt(maker->arena, "perfloop: show " STR_FMT, STR_ARG(in->profiles[i].name)));
        action->args =
            (ViewArgs){.profile = str_fmt(maker->arena, "%lld", (long long)in->profiles[i].number)};
        offered++;
    }
    if (in->is_chosen)
        push(maker, out, S("perfloop.showProfile"),
             S("perfloop: show the newest profile of each file"))
            ->args = (ViewArgs){.profile = S("newest")};
}

void view_actions(ViewMaker *maker, FileView *out)
{
    const LoopFacts *loop = maker->in->loop;
    if (!loop)
        return;
    if (view_job_runs(maker)) {
        ViewAction *cancel =
            push(maker, out, S("perfloop.cancel"),
                 str_fmt(maker->arena, "perfloop: cancel " STR_FMT, STR_ARG(loop->job.title)));
        cancel->args.job = loop->job.id;
    }
    view_bench_actions(maker, out);
    if (!view_job_runs(maker) && maker->workload) {
        if (maker->workload->last.step == LOOP_MEASURED)
            after_verdict(maker, out);
        workload_actions(maker, out);
    }
    details(maker, out);
    other_metrics(maker, out);
    other_profiles(maker, out);
    if (loop->n_workloads == 0 && !loop->workload_file.len)
        push(maker, out, S("perfloop.init"), S("perfloop: set up the loop here"));
    else
        push(maker, out, S("perfloop.status"), S("perfloop: show where the loop stands"));
}
