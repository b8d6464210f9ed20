/* A baseline: one state measured alone. */

#include "runners/loop/trial.h"

#include <math.h>

#include "base/clock.h"
#include "runners/loop/build.h"

static double target_value(const Workload *workload, double baseline)
{
    if (!workload->target.given)
        return NAN;
    return workload->target.relative ? baseline * (1 + workload->target.value)
                                     : workload->target.value;
}

bool trial_put_workload(Trial *trial, double baseline, Err *err)
{
    const Workload *workload = trial->workload;
    LedgerWorkload row = {
        .name = workload->name,
        .metric = workload->metric,
        .higher_is_better = workload->higher_is_better,
        .target = workload->target.given ? workload->target.text : S(""),
        .target_value = target_value(workload, baseline),
    };
    return ledger_put_workload(trial->loop->ledger, &row, &trial->workload_id, err);
}

static bool store_baseline(Trial *trial, const BenchSingle *single, ObjectId tree, Str origin,
                           Err *err)
{
    Loop *loop = trial->loop;
    GitHead head = {.unborn = true};
    if (!repo_is_private(loop->repo) && !repo_head(loop->arena, loop->repo, &head, err))
        return false;
    LedgerBaseline baseline = {
        .time_s = clock_unix_s(),
        .snapshot = object_id_hex(loop->arena, tree),
        .origin = origin,
        .head = head.unborn ? S("") : object_id_hex(loop->arena, head.commit),
        .metric = single->metric.name,
        .unit = single->metric.unit,
        .value = single->value,
        .low = single->low,
        .high = single->high,
        .samples = single->samples,
        .runs = single->runs,
    };
    if (!trial_put_workload(trial, single->value, err) ||
        !trial_put_conditions(loop, &single->conditions, &baseline.conditions, err))
        return false;
    baseline.workload = trial->workload_id;
    if (!ledger_add_baseline(loop->ledger, &baseline, &baseline.id, err) ||
        !trial_keep_tree(loop, "baselines", baseline.id, "", tree, err))
        return false;
    trial->out->baseline = baseline;
    trial->out->baseline_is_new = true;
    return trial_put_parts(trial, &single->parts, S("baseline"), 0, err);
}

bool trial_baseline(Trial *trial, ObjectId tree, Str origin, Err *err)
{
    Loop *loop = trial->loop;
    BenchSingle single;
    if (!build_side(loop, tree, trial->workload, 0, &trial->dirs[0], err))
        return false;
    BenchOptions bench = trial_bench(trial);
    if (!bench_single(loop->arena, &bench, &single, err))
        return false;
    array_each (Str, note, &single.notes)
        report_note(loop->report, STR_FMT, STR_ARG(*note));
    array_each (Str, note, &single.parts.notes)
        report_note(loop->report, STR_FMT, STR_ARG(*note));
    return store_baseline(trial, &single, tree, origin, err);
}

Str trial_baseline_sentence(Trial *trial)
{
    Arena *arena = trial->loop->arena;
    const LedgerBaseline *baseline = &trial->out->baseline;
    return str_fmt(arena,
                   "baseline of " STR_FMT ": " STR_FMT " " STR_FMT " [" STR_FMT ", " STR_FMT
                   "], %zu runs of " STR_FMT,
                   STR_ARG(trial->workload->name), STR_ARG(baseline->metric),
                   STR_ARG(units_text(arena, baseline->value, baseline->unit)),
                   STR_ARG(units_text(arena, baseline->low, baseline->unit)),
                   STR_ARG(units_text(arena, baseline->high, baseline->unit)), baseline->runs,
                   STR_ARG(baseline->origin));
}

void trial_judge_target(Trial *trial, double value, Unit unit)
{
    const Workload *workload = trial->workload;
    Arena *arena = trial->loop->arena;
    double target = target_value(workload, trial->out->baseline.value);
    if (isnan(target) || isnan(value))
        return;
    trial->out->target_met = workload->higher_is_better ? value >= target : value <= target;
    trial->out->target =
        str_fmt(arena, "target %s: " STR_FMT ", " STR_FMT " wanted",
                trial->out->target_met ? "met" : "not met yet",
                STR_ARG(units_text(arena, value, unit)), STR_ARG(units_text(arena, target, unit)));
}

bool experiment_baseline(Loop *loop, const ExperimentOptions *options, Experiment *out, Err *err)
{
    Experiment experiment = {.workload = options->workload->name};
    Trial trial = {
        .loop = loop, .options = options, .workload = options->workload, .out = &experiment};
    if (!trial_allow(&trial, err) || !trial_look(&trial, err) ||
        !trial_baseline(&trial, trial.now.tree, S("the work tree"), err))
        return err_wrap(err, "baseline of " STR_FMT, STR_ARG(options->workload->name));
    trial_judge_target(&trial, experiment.baseline.value, experiment.baseline.unit);
    experiment.status = S("ok");
    experiment.sentence = trial_baseline_sentence(&trial);
    if (experiment.target.len)
        experiment.sentence = str_fmt(loop->arena, STR_FMT "; " STR_FMT,
                                      STR_ARG(experiment.sentence), STR_ARG(experiment.target));
    snapshot_thaw(&loop->places, S(""), S(""));
    *out = experiment;
    return true;
}
