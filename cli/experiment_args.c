#include "cli/experiment_args.h"

#include "base/json_out.h"
#include "cli/commands.h"
#include "runners/workloads.h"

enum {
    KEY_MAX_PAIRS = 0x1200,
    KEY_SEED,
    KEY_QUICK,
    KEY_BENCHMARK_CHANGED,
};

static const struct argp_option OPTIONS[] = {
    {"budget", 'b', "SECONDS", 0, "benchmark time to spend at most (60; baseline: 10)", 0},
    {"max-pairs", KEY_MAX_PAIRS, "N", 0, "pairs to measure at most (1280)", 0},
    {"seed", KEY_SEED, "N", 0, "of the coins that decide which side runs first", 0},
    {"quick", KEY_QUICK, NULL, 0, "fewer pairs, an error rate of 5 %, nothing acts by itself", 0},
    {"benchmark-changed", KEY_BENCHMARK_CHANGED, NULL, 0,
     "measure although the change touches the benchmark itself", 0},
    {0},
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
    ExperimentArgs *args = state->input;
    uint64_t number = 0;
    if ((key == KEY_MAX_PAIRS || key == KEY_SEED) && !str_to_u64(str_from_c(arg), &number))
        argp_error(state, "'%s': a number is needed", arg);
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &args->loop;
        return 0;
    case 'b':
        if (!str_to_double(str_from_c(arg), &args->options.budget_s) || args->options.budget_s <= 0)
            argp_error(state, "'%s': a number of seconds is needed", arg);
        return 0;
    case KEY_MAX_PAIRS:
        args->options.max_pairs = (size_t)number;
        return 0;
    case KEY_SEED:
        args->options.seed = number >> 1; /* the ledger's integers have 63 bits to spare */
        return 0;
    case KEY_QUICK:
        args->options.quick = true;
        return 0;
    case KEY_BENCHMARK_CHANGED:
        args->options.benchmark_changed_ok = true;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp ARGP = {OPTIONS, parse, NULL, NULL, loop_args_files, NULL, NULL};

const struct argp_child experiment_args_children[] = {{&ARGP, 0, NULL, 0}, {0}};

typedef struct Shown {
    const Loop *loop;
    const Experiment *experiment;
} Shown;

static void put_fields(JsonOut *out, const void *context)
{
    const Shown *shown = context;
    experiment_write(out, shown->loop, shown->experiment);
}

static int exit_status(Str status)
{
    if (str_eq(status, S("slower")))
        return EXIT_SLOWER;
    return str_eq(status, S("unclear")) ? EXIT_UNCLEAR : EXIT_OK;
}

static bool run_it(Arena *arena, const ExperimentArgs *args, ExperimentFn *run, Report *report,
                   int *status, Err *err)
{
    CLEANUP(loop_close) Loop loop = {.lock = -1};
    Overlay overlay;
    Workload workload;
    Experiment experiment;
    if (!loop_args_begin(arena, &args->loop, LOOP_TREES, report, &loop, &overlay, err) ||
        !workloads_pick(arena, loop.places.root, args->loop.workload, &workload, err))
        return false;
    ExperimentOptions options = args->options;
    options.workload = &workload;
    options.overlay = &overlay;
    if (!run(&loop, &options, &experiment, err))
        return false;
    report_result(report, experiment.status, experiment.sentence, put_fields,
                  &(Shown){&loop, &experiment});
    *status = exit_status(experiment.status);
    return true;
}

int experiment_args_run(const ExperimentArgs *args, ExperimentFn *run)
{
    CLEANUP(arena_cleanup) Arena *arena = arena_new("experiment");
    Report report = report_new(args->loop.common.mode);
    Err err = {0};
    int status = EXIT_OK;
    return run_it(arena, args, run, &report, &status, &err) ? status
                                                            : report_failure(&report, &err);
}
