#include "runners/loop/experiment.h"

#include <math.h>

#include "base/clock.h"
#include "base/path.h"
#include "base/strbuf.h"
#include "runners/loop/build.h"
#include "runners/loop/guard.h"
#include "runners/loop/trial.h"
#include "runners/loop/undo.h"

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
    if (trial_baseline(trial, tree, origin, err))
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
        (!trial_put_workload(trial, trial->out->baseline.value, err) ||
         !ledger_iterations(loop->arena, loop->ledger, trial->workload_id, 0, &all, err)))
        return false;
    Str base = trial->out->baseline.snapshot;
    trial->base_head = trial->out->baseline.head;
    array_each (LedgerIteration, iteration, &all) {
        if (iteration == all.items && str_eq(iteration->state, S("measured")))
            *open = *iteration;
        if (str_eq(iteration->state, S("kept")) && iteration->baseline == trial->out->baseline.id) {
            base = iteration->candidate;
            trial->base_head = iteration->checkpoint;
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
    if (result &&
        !trial_put_conditions(loop, &result->conditions, &iteration->verdict.conditions, err))
        return false;
    if (open->id)
        iteration->id = open->id;
    bool ok =
        ledger_begin(loop->ledger, err) &&
        (open->id || ledger_add_iteration(loop->ledger, iteration, &iteration->id, err)) &&
        ledger_add_verdict(loop->ledger, iteration->id, &iteration->verdict, err) &&
        ledger_put_pairs(loop->ledger, iteration->id, pairs.items, pairs.len, err) &&
        (!result || trial_put_parts(trial, &result->parts[1], S("measured"), iteration->id, err)) &&
        ledger_commit(loop->ledger, err);
    if (!ok)
        ledger_rollback(loop->ledger);
    ObjectId undo;
    return ok && loop_tree(iteration->undo, &undo, err) &&
           trial_keep_tree(loop, "iterations", iteration->id, "/undo", undo, err) &&
           trial_keep_tree(loop, "iterations", iteration->id, "/base", trial->base, err) &&
           trial_keep_tree(loop, "iterations", iteration->id, "/candidate", trial->candidate, err);
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

static bool find_undo(Trial *trial, Err *err)
{
    Loop *loop = trial->loop;
    ObjectId tree;
    if (!undo_tree(loop->arena, loop->repo, &loop->places,
                   &(Undo){trial->base, trial->candidate, trial->base_head}, &tree, err))
        return false;
    trial->out->iteration.undo = object_id_hex(loop->arena, tree);
    return true;
}

/* The baseline's number was taken under other conditions: told, for it is not what is compared. */
static bool compare_with_baseline(Trial *trial, const Conditions *now, Err *err)
{
    Loop *loop = trial->loop;
    Str json;
    Conditions was;
    Err ignored = {0};
    if (!ledger_conditions(loop->arena, loop->ledger, trial->out->baseline.conditions, &json, err))
        return false;
    if (!json.len || !conditions_from_json(loop->arena, json, &was, &ignored))
        return true;
    ConditionDifferences differences =
        conditions_compare(loop->arena, &was, now, CONDITIONS_STORED);
    array_each (ConditionDifference, difference, &differences) {
        if (difference->action < CONDITION_REMEASURE ||
            str_eq(difference->was.group, S("benchmark")))
            continue;
        report_note(loop->report,
                    "conditions changed since the baseline (" STR_FMT
                    "): its number stands for then, both sides were measured now",
                    STR_ARG(conditions_difference_text(loop->arena, difference)));
        break;
    }
    return true;
}

static bool run_pairs(Trial *trial, const LedgerIteration *open, Err *err)
{
    Loop *loop = trial->loop;
    BenchResult result;
    Earlier earlier = {0};
    if (!build_side(loop, trial->base, trial->workload, 0, &trial->dirs[0], err) ||
        !build_side(loop, trial->candidate, trial->workload, 1, &trial->dirs[1], err))
        return false;
    if (build_is_identical(loop->arena, trial->workload, trial->dirs[0], trial->dirs[1])) {
        LedgerVerdict verdict = verdict_identical(trial, S("both build the identical program"));
        return store(trial, open, &verdict, NULL, err);
    }
    BenchOptions bench = trial_bench(trial);
    if ((open->id && !continue_from(trial, open, &bench, &earlier, err)) ||
        !bench_pairs(loop->arena, &bench, &result, err))
        return false;
    array_each (Str, note, &result.notes)
        report_note(loop->report, STR_FMT, STR_ARG(*note));
    for (size_t side = 0; side < 2; side++)
        array_each (Str, note, &result.parts[side].notes)
            report_note(loop->report, "%s: " STR_FMT, side ? "candidate" : "baseline",
                        STR_ARG(*note));
    if (!compare_with_baseline(trial, &result.conditions, err))
        return false;
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
        trial_judge_target(trial, verdict->after, verdict->unit);
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
                                STR_ARG(trial_baseline_sentence(trial)), STR_ARG(out->sentence));
    return true;
}

static bool measure(Trial *trial, Err *err)
{
    Loop *loop = trial->loop;
    LedgerIteration open;
    if (!trial_allow(trial, err) || !trial_look(trial, err) || !find_workload(trial, err) ||
        !find_base(trial, &open, err))
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
    if (!find_undo(trial, err))
        return false;
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
