#include "runners/experiment.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/path.h"
#include "base/strbuf.h"
#include "runners/allow.h"
#include "runners/bench.h"
#include "runners/build.h"
#include "runners/guard.h"

enum {
    MORE = 4, /* times the budget, for "measure longer" */
    BUDGET_S = 60,
};

/* What one command carries from step to step. */
typedef struct Trial {
    Loop *loop;
    const ExperimentOptions *options;
    const Workload *workload;
    int64_t workload_id;
    Snapshot now;
    ObjectId base, candidate;
    Str dirs[2]; /* frozen, ready to run */
    Experiment *out;
} Trial;

static bool allow_commands(Trial *trial, Err *err)
{
    Loop *loop = trial->loop;
    return allow_check(loop->arena, loop->report, &loop->places, &trial->workload->benchmark,
                       err) &&
           allow_check(loop->arena, loop->report, &loop->places, &trial->workload->build, err);
}

static bool look_at_work_tree(Trial *trial, Err *err)
{
    Loop *loop = trial->loop;
    report_progress(loop->report, -1, "looking at the work tree");
    if (!snapshot_take(loop->arena, loop->repo, &loop->places, trial->options->overlay, &trial->now,
                       err))
        return false;
    if (trial->now.skipped.len)
        report_note(loop->report, "not readable, so not part of it: " STR_FMT,
                    STR_ARG(loop_list(loop->arena, &trial->now.skipped)));
    if (trial->now.unsaved.len)
        report_note(loop->report, "with the unsaved text of " STR_FMT,
                    STR_ARG(loop_list(loop->arena, &trial->now.unsaved)));
    return true;
}

static bool keep_tree(Loop *loop, const char *kind, int64_t id, const char *side, ObjectId tree,
                      Err *err)
{
    Str ref = str_fmt(loop->arena, "refs/perfloop/%s/%lld%s", kind, (long long)id, side);
    return repo_keep(loop->repo, ref, tree,
                     str_fmt(loop->arena, "perfloop %s %lld", kind, (long long)id), err);
}

static bool put_conditions(Loop *loop, const Conditions *conditions, int64_t *id, Err *err)
{
    Str digest = digest_hex(loop->arena, conditions_digest(loop->arena, conditions));
    return ledger_put_conditions(loop->ledger, digest, conditions_json(loop->arena, conditions), id,
                                 err);
}

/* ---- running */

static void on_progress(void *context, int percent, Str message)
{
    Loop *loop = context;
    report_progress(loop->report, percent, STR_FMT, STR_ARG(message));
}

static void on_note(void *context, Str message)
{
    Loop *loop = context;
    report_note(loop->report, STR_FMT, STR_ARG(message));
}

static bool on_ask_longer(void *context, double needed_s)
{
    Loop *loop = context;
    static const Str CHOICES[] = {STR_CONST("Measure"), STR_CONST("No")};
    Question question = {
        .id = S("measure-longer"),
        .message = str_fmt(loop->arena,
                           "The first look at the numbers takes about %.0f s of "
                           "running. Measure so long?",
                           needed_s),
        .flag = S("--yes, or --budget SECONDS"),
        .choices = CHOICES,
        .choice_count = 2,
    };
    size_t choice = 1;
    Err ignored = {0};
    return report_ask(loop->report, &question, &choice, &ignored) && choice == 0;
}

static uint64_t new_seed(void)
{
    uint64_t bits = clock_now_ns() ^ ((uint64_t)clock_unix_s() << 32);
    return str_hash((Str){(const char *)&bits, sizeof bits}) >> 1; /* the ledger's integers */
}

static BenchOptions bench_options(Trial *trial)
{
    const Workload *workload = trial->workload;
    const ExperimentOptions *options = trial->options;
    BenchOptions bench = {
        .root = trial->loop->places.root,
        .harness = workload->harness,
        .metric = workload->metric_given ? workload->metric : S(""),
        .inputs = workload->inputs.items,
        .input_count = workload->inputs.len,
        .user_state = trial->loop->places.user_state,
        .budget_s = options->budget_s,
        .max_pairs = options->max_pairs,
        .seed = options->seed ? options->seed : new_seed(),
        .quick = options->quick,
        .benchmark_changed_ok = options->benchmark_changed_ok,
        .cancel = &report_cancelled,
        .progress = on_progress,
        .note = on_note,
        .ask_longer = on_ask_longer,
        .context = trial->loop,
    };
    if (options->more && bench.budget_s <= 0)
        bench.budget_s = BUDGET_S * MORE;
    for (size_t i = 0; i < 2; i++)
        bench.sides[i] = (BenchSide){.dir = trial->dirs[i],
                                     .argv = workload->benchmark.argv,
                                     .argc = workload->benchmark.argc};
    return bench;
}

/* ---- baseline */

static double target_value(const Workload *workload, double baseline)
{
    if (!workload->target.given)
        return NAN;
    return workload->target.relative ? baseline * (1 + workload->target.value)
                                     : workload->target.value;
}

static bool put_workload(Trial *trial, double baseline, Err *err)
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
    LedgerBaseline baseline = {
        .time_s = clock_unix_s(),
        .snapshot = object_id_hex(loop->arena, tree),
        .origin = origin,
        .metric = single->metric.name,
        .unit = single->metric.unit,
        .value = single->value,
        .low = single->low,
        .high = single->high,
        .samples = single->samples,
        .runs = single->runs,
    };
    if (!put_workload(trial, single->value, err) ||
        !put_conditions(loop, &single->conditions, &baseline.conditions, err))
        return false;
    baseline.workload = trial->workload_id;
    if (!ledger_add_baseline(loop->ledger, &baseline, &baseline.id, err) ||
        !keep_tree(loop, "baselines", baseline.id, "", tree, err))
        return false;
    trial->out->baseline = baseline;
    trial->out->baseline_is_new = true;
    return true;
}

static bool measure_baseline(Trial *trial, ObjectId tree, Str origin, Err *err)
{
    Loop *loop = trial->loop;
    BenchSingle single;
    if (!build_side(loop, tree, trial->workload, &trial->dirs[0], err))
        return false;
    BenchOptions bench = bench_options(trial);
    if (!bench_single(loop->arena, &bench, &single, err))
        return false;
    array_each (Str, note, &single.notes)
        report_note(loop->report, STR_FMT, STR_ARG(*note));
    return store_baseline(trial, &single, tree, origin, err);
}

static Str baseline_sentence(Trial *trial)
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

static void judge_target(Trial *trial, double value, Unit unit)
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
    if (!allow_commands(&trial, err) || !look_at_work_tree(&trial, err) ||
        !measure_baseline(&trial, trial.now.tree, S("the work tree"), err))
        return err_wrap(err, "baseline of " STR_FMT, STR_ARG(options->workload->name));
    judge_target(&trial, experiment.baseline.value, experiment.baseline.unit);
    experiment.status = S("ok");
    experiment.sentence = baseline_sentence(&trial);
    if (experiment.target.len)
        experiment.sentence = str_fmt(loop->arena, STR_FMT "; " STR_FMT,
                                      STR_ARG(experiment.sentence), STR_ARG(experiment.target));
    snapshot_thaw(&loop->places, S(""), S(""));
    *out = experiment;
    return true;
}

/* ---- what to compare with */

/* What the workload needs to run and nobody may have committed yet, below the work tree's top. */
static SnapshotPaths needed_paths(Trial *trial)
{
    Arena *arena = trial->loop->arena;
    SnapshotPaths paths = {0};
    const Workload *workload = trial->workload;
    Str folder = {0};
    if (!path_inside(repo_top(trial->loop->repo), trial->loop->places.root, &folder))
        folder = (Str){0};
    *array_push(arena, &paths) = path_join(arena, folder, S("perfloop.toml"));
    for (size_t i = 0; i < workload->benchmark.argc; i++) {
        Str word = workload->benchmark.argv[i];
        size_t selector = str_find(word, S("::"), 0); /* pytest: file.py::test */
        word = str_head(word, selector);
        if (word.len && !path_is_absolute(word) && word.ptr[0] != '-' &&
            !str_eq(path_normal(arena, word), S(".")))
            *array_push(arena, &paths) = path_normal(arena, path_join(arena, folder, word));
    }
    array_each (const Str, input, &workload->inputs)
        *array_push(arena, &paths) = path_normal(arena, path_join(arena, folder, *input));
    return paths;
}

static bool first_baseline(Trial *trial, Err *err)
{
    Loop *loop = trial->loop;
    GitHead head = {.unborn = true};
    ObjectId tree = trial->now.tree;
    Str origin = S("the work tree");
    SnapshotPaths needed = needed_paths(trial);
    if (!repo_is_private(loop->repo) && !repo_head(loop->arena, loop->repo, &head, err))
        return false;
    if (!head.unborn) {
        if (!snapshot_of_head(loop->arena, loop->repo, &loop->places, &trial->now, &needed, &tree,
                              err))
            return false;
        if (!object_id_eq(tree, trial->now.tree))
            origin = str_fmt(loop->arena, "the last commit " STR_FMT,
                             STR_ARG(str_head(object_id_hex(loop->arena, head.commit), 10)));
    }
    report_note(loop->report, "no baseline yet: recording one of " STR_FMT, STR_ARG(origin));
    if (measure_baseline(trial, tree, origin, err))
        return true;
    return err_wrap(err,
                    "there is no baseline, and " STR_FMT
                    " cannot be measured (commit the benchmark, or run perfloop baseline before "
                    "the change)",
                    STR_ARG(origin));
}

static bool find_workload(Trial *trial, Err *err)
{
    LedgerWorkloads rows;
    if (!ledger_workloads(trial->loop->arena, trial->loop->ledger, &rows, err))
        return false;
    array_each (LedgerWorkload, row, &rows)
        if (str_eq(row->name, trial->workload->name))
            trial->workload_id = row->id;
    return true;
}

/* The state last kept since the baseline, else the baseline. *open is the iteration to go on with. */
static bool find_base(Trial *trial, LedgerIteration *open, Err *err)
{
    Loop *loop = trial->loop;
    LedgerIterations all = {0};
    *open = (LedgerIteration){0};
    if (trial->workload_id &&
        !ledger_baseline(loop->arena, loop->ledger, trial->workload_id, &trial->out->baseline, err))
        return false;
    if (!trial->out->baseline.id && !first_baseline(trial, err))
        return false;
    if (!trial->out->baseline_is_new &&
        (!put_workload(trial, trial->out->baseline.value, err) ||
         !ledger_iterations(loop->arena, loop->ledger, trial->workload_id, 0, &all, err)))
        return false;
    Str base = trial->out->baseline.snapshot;
    array_each (LedgerIteration, iteration, &all) {
        if (iteration == all.items && str_eq(iteration->state, S("measured")))
            *open = *iteration;
        if (str_eq(iteration->state, S("kept")) && iteration->baseline == trial->out->baseline.id) {
            base = iteration->candidate;
            break;
        }
    }
    return loop_tree(base, &trial->base, err);
}

/* ---- measure */

typedef struct Earlier {
    LedgerPairs rows;
    BenchPairs pairs;
} Earlier;

/* The machine was restarted, another compiler, ...: old pairs say nothing about now. */
static bool same_conditions(Trial *trial, const LedgerIteration *open, bool *same, Err *err)
{
    Loop *loop = trial->loop;
    Str json;
    Conditions was;
    *same = false;
    if (!ledger_conditions(loop->arena, loop->ledger, open->verdict.conditions, &json, err))
        return false;
    Err ignored = {0};
    if (!json.len || !conditions_from_json(loop->arena, json, &was, &ignored))
        return true;
    ConditionsOptions options = {
        .argv = trial->workload->benchmark.argv,
        .argc = trial->workload->benchmark.argc,
        .dir = trial->dirs[0],
        .inputs = trial->workload->inputs.items,
        .input_count = trial->workload->inputs.len,
    };
    Conditions now = conditions_collect(loop->arena, &options);
    ConditionDifferences differences =
        conditions_compare(loop->arena, &was, &now, CONDITIONS_STORED);
    *same = true;
    array_each (ConditionDifference, difference, &differences) {
        /* What only a finished run can know is not known yet. */
        if (difference->action < CONDITION_REMEASURE || !difference->now.len)
            continue;
        report_note(loop->report, "measuring anew, conditions changed: " STR_FMT,
                    STR_ARG(conditions_difference_text(loop->arena, difference)));
        *same = false;
        break;
    }
    return true;
}

/* The same trees as the open iteration: its pairs are the beginning of this measurement. */
static bool continue_from(Trial *trial, const LedgerIteration *open, BenchOptions *bench,
                          Earlier *earlier, Err *err)
{
    Loop *loop = trial->loop;
    bool same;
    if (!same_conditions(trial, open, &same, err) ||
        !ledger_pairs(loop->arena, loop->ledger, open->id, &earlier->rows, err))
        return false;
    if (!same || !earlier->rows.len ||
        !design_from_word(open->verdict.design, &bench->earlier_design))
        return true;
    array_each (LedgerPair, row, &earlier->rows)
        *array_push(loop->arena, &earlier->pairs) =
            (BenchPair){row->base, row->candidate, row->candidate_first};
    bench->seed = open->verdict.seed;
    bench->earlier = earlier->pairs.items;
    bench->earlier_count = earlier->pairs.len;
    bench->earlier_attempts = open->verdict.attempts;
    bench->earlier_metric = open->verdict.metric;
    return true;
}

static LedgerVerdict verdict_from(Trial *trial, const BenchResult *result)
{
    return (LedgerVerdict){
        .time_s = clock_unix_s(),
        .kind = verdict_word(result->verdict.kind),
        .status = verdict_status(result->verdict.kind),
        .sentence = result->sentence,
        .metric = result->metric.name,
        .unit = result->metric.unit,
        .before = result->before,
        .after = result->after,
        .estimate = result->verdict.estimate,
        .low = result->verdict.low,
        .high = result->verdict.high,
        .pairs = result->verdict.n,
        .needed = result->verdict.needed,
        .design = design_word(result->design),
        .flag = verdict_flag_word(result->verdict.flag),
        .seed = result->seed,
        .attempts = result->attempts,
        .evidence = bench_evidence_json(trial->loop->arena, result),
    };
}

/* "No difference": the same program, nothing to run. */
static LedgerVerdict verdict_identical(Trial *trial, Str why)
{
    const LedgerBaseline *baseline = &trial->out->baseline;
    return (LedgerVerdict){
        .time_s = clock_unix_s(),
        .kind = S("same"),
        .status = S("same"),
        .sentence = str_fmt(trial->loop->arena, "same: " STR_FMT ", nothing was run", STR_ARG(why)),
        .metric = baseline->metric,
        .unit = baseline->unit,
        .before = NAN,
        .after = NAN,
    };
}

static bool store(Trial *trial, const LedgerIteration *open, const LedgerVerdict *verdict,
                  const BenchResult *result, Err *err)
{
    Loop *loop = trial->loop;
    LedgerIteration *iteration = &trial->out->iteration;
    iteration->verdict = *verdict;
    LedgerPairs pairs = {0};
    for (size_t i = 0; result && i < result->pairs.len; i++)
        *array_push(loop->arena, &pairs) =
            (LedgerPair){result->pairs.items[i].base, result->pairs.items[i].candidate,
                         result->pairs.items[i].candidate_first};
    if (result && !put_conditions(loop, &result->conditions, &iteration->verdict.conditions, err))
        return false;
    if (open->id)
        iteration->id = open->id;
    bool ok = ledger_begin(loop->ledger, err) &&
              (open->id || ledger_add_iteration(loop->ledger, iteration, &iteration->id, err)) &&
              ledger_add_verdict(loop->ledger, iteration->id, &iteration->verdict, err) &&
              ledger_put_pairs(loop->ledger, iteration->id, pairs.items, pairs.len, err) &&
              ledger_commit(loop->ledger, err);
    if (!ok)
        ledger_rollback(loop->ledger);
    return ok && keep_tree(loop, "iterations", iteration->id, "/base", trial->base, err) &&
           keep_tree(loop, "iterations", iteration->id, "/candidate", trial->candidate, err);
}

static bool same_trees(Trial *trial, const LedgerIteration *open)
{
    Arena *arena = trial->loop->arena;
    return open->id && str_eq(open->base, object_id_hex(arena, trial->base)) &&
           str_eq(open->candidate, object_id_hex(arena, trial->candidate));
}

static bool find_changes(Trial *trial, Err *err)
{
    Loop *loop = trial->loop;
    TreeChanges changes;
    LedgerIteration *iteration = &trial->out->iteration;
    if (!snapshot_compare(loop->arena, loop->repo, trial->base, trial->candidate, &changes, err) ||
        !guard_changes(loop->arena, loop->repo, &changes, &iteration->changes, err))
        return false;
    trial->out->one_change = guard_message(loop->arena, &iteration->changes);
    if (trial->out->one_change.len)
        report_note(loop->report, STR_FMT, STR_ARG(trial->out->one_change));
    return true;
}

static bool run_pairs(Trial *trial, const LedgerIteration *open, Err *err)
{
    Loop *loop = trial->loop;
    BenchResult result;
    Earlier earlier = {0};
    if (!build_side(loop, trial->base, trial->workload, &trial->dirs[0], err) ||
        !build_side(loop, trial->candidate, trial->workload, &trial->dirs[1], err))
        return false;
    if (build_is_identical(loop->arena, trial->workload, trial->dirs[0], trial->dirs[1])) {
        LedgerVerdict verdict = verdict_identical(trial, S("both build the identical program"));
        return store(trial, open, &verdict, NULL, err);
    }
    BenchOptions bench = bench_options(trial);
    if ((open->id && !continue_from(trial, open, &bench, &earlier, err)) ||
        !bench_pairs(loop->arena, &bench, &result, err))
        return false;
    array_each (Str, note, &result.notes)
        report_note(loop->report, STR_FMT, STR_ARG(*note));
    LedgerVerdict verdict = verdict_from(trial, &result);
    return store(trial, open, &verdict, &result, err);
}

static bool revert_regression(Trial *trial, Err *err)
{
    Loop *loop = trial->loop;
    int lock = -1;
    if (!loop_lock(loop, LOOP_FILES, &lock, err))
        return false;
    bool ok = takeback_revert(loop, &trial->out->iteration, trial->options->overlay,
                              &trial->out->takeback, err);
    loop_unlock(&lock);
    trial->out->reverted = ok;
    return ok;
}

static Str sentence_of(Trial *trial)
{
    Experiment *out = trial->out;
    StrBuf text = strbuf_new(trial->loop->arena);
    strbuf_add(&text, out->iteration.verdict.sentence);
    if (out->small)
        strbuf_add(&text, S("; small: keep it only if the code is no worse"));
    if (out->target_met)
        strbuf_fmt(&text, "; " STR_FMT, STR_ARG(out->target));
    if (out->one_change.len)
        strbuf_fmt(&text, "; " STR_FMT, STR_ARG(out->one_change));
    if (out->reverted)
        strbuf_fmt(&text, "; " STR_FMT, STR_ARG(out->takeback.sentence));
    return strbuf_str(&text);
}

/* What follows from the verdict. */
static bool conclude(Trial *trial, Err *err)
{
    Experiment *out = trial->out;
    const LedgerVerdict *verdict = &out->iteration.verdict;
    out->status = verdict->status;
    out->small = str_eq(verdict->status, S("faster")) && str_starts(verdict->flag, S("below"));
    if (str_eq(verdict->status, S("faster")))
        judge_target(trial, verdict->after, verdict->unit);
    bool act = str_eq(verdict->kind, S("regression")) && !trial->options->quick &&
               trial->workload->on_regression == ON_REGRESSION_REVERT &&
               !repo_is_private(trial->loop->repo);
    if (act && !revert_regression(trial, err))
        return false;
    out->sentence = sentence_of(trial);
    return true;
}

static bool nothing_changed(Trial *trial)
{
    Experiment *out = trial->out;
    out->iteration.verdict =
        verdict_identical(trial, S("the work tree is what it is compared with"));
    out->status = S("same");
    out->sentence = out->iteration.verdict.sentence;
    if (out->baseline_is_new)
        out->sentence = str_fmt(trial->loop->arena, STR_FMT "; " STR_FMT,
                                STR_ARG(baseline_sentence(trial)), STR_ARG(out->sentence));
    return true;
}

static bool measure(Trial *trial, Err *err)
{
    Loop *loop = trial->loop;
    LedgerIteration open;
    if (!allow_commands(trial, err) || !look_at_work_tree(trial, err) ||
        !find_workload(trial, err) || !find_base(trial, &open, err))
        return false;
    trial->candidate = trial->now.tree;
    if (object_id_eq(trial->base, trial->candidate))
        return nothing_changed(trial);
    trial->out->iteration = (LedgerIteration){
        .workload = trial->workload_id,
        .time_s = clock_unix_s(),
        .baseline = trial->out->baseline.id,
        .base = object_id_hex(loop->arena, trial->base),
        .candidate = object_id_hex(loop->arena, trial->candidate),
        .state = S("measured"),
    };
    if (!same_trees(trial, &open))
        open = (LedgerIteration){0};
    return find_changes(trial, err) && run_pairs(trial, &open, err) && conclude(trial, err);
}

bool experiment_measure(Loop *loop, const ExperimentOptions *options, Experiment *out, Err *err)
{
    Experiment experiment = {.workload = options->workload->name};
    Trial trial = {
        .loop = loop, .options = options, .workload = options->workload, .out = &experiment};
    bool ok = measure(&trial, err);
    snapshot_thaw(&loop->places, S(""), S(""));
    if (!ok)
        return err_wrap(err, "cannot measure " STR_FMT, STR_ARG(options->workload->name));
    *out = experiment;
    return true;
}
