#include "runners/loop/trial.h"

#include "base/clock.h"
#include "runners/allow.h"
#include "runners/profiling/benches/bench_numbers.h"

enum {
    MORE = 4, /* times the budget, for "measure longer" */
    BUDGET_S = 60,
};

bool trial_allow(Trial *trial, Err *err)
{
    Loop *loop = trial->loop;
    return allow_check(loop->arena, loop->report, &loop->places, &trial->workload->benchmark,
                       err) &&
           allow_check(loop->arena, loop->report, &loop->places, &trial->workload->build, err);
}

bool trial_look(Trial *trial, Err *err)
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

bool trial_keep_tree(Loop *loop, const char *kind, int64_t id, const char *side, ObjectId tree,
                     Err *err)
{
    Str ref = str_fmt(loop->arena, "refs/perfloop/%s/%lld%s", kind, (long long)id, side);
    return repo_keep(loop->repo, ref, tree,
                     str_fmt(loop->arena, "perfloop %s %lld", kind, (long long)id), err);
}

bool trial_put_conditions(Loop *loop, const Conditions *conditions, int64_t *id, Err *err)
{
    Str digest = digest_hex(loop->arena, conditions_digest(loop->arena, conditions));
    return ledger_put_conditions(loop->ledger, digest, conditions_json(loop->arena, conditions), id,
                                 err);
}

bool trial_put_parts(Trial *trial, const Tally *parts, Str origin, int64_t iteration, Err *err)
{
    LedgerReport report = {
        .workload = trial->workload->name,
        .iteration = iteration,
        .time_s = clock_unix_s(),
        .origin = origin,
        .source = trial->workload->benchmark.text,
    };
    return bench_numbers_record(trial->loop->arena, trial->loop->ledger, parts, &report, err);
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

BenchOptions trial_bench(Trial *trial)
{
    const Workload *workload = trial->workload;
    const ExperimentOptions *options = trial->options;
    BenchOptions bench = {
        .root = trial->loop->places.root,
        .harness = workload->harness,
        .metric = workload->metric_given ? workload->metric : S(""),
        .more_is_better = workload->higher_is_better,
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
