/* perfloop keep: commit an iteration's files, with the numbers in the message. */

#include "base/json_out.h"
#include "cli/commands.h"
#include "cli/loop_args.h"
#include "runners/keep.h"
#include "runners/workloads.h"

typedef struct KeepArgs {
    LoopArgs loop;
    Str subject;
} KeepArgs;

static const struct argp_option OPTIONS[] = {
    {"message", 'm', "TEXT", 0, "the subject of the commit, instead of the numbers", 0},
    {0},
};

static const char DOC[] =
    "Runs the workload's tests on what was measured and, when they pass, lets git commit exactly "
    "the files of the iteration (the one last measured, unless one is named). Whatever else is "
    "changed or staged stays as it is.";

static error_t parse(int key, char *arg, struct argp_state *state)
{
    KeepArgs *args = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &args->loop;
        return 0;
    case 'm':
        args->subject = str_from_c(arg);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp ARGP = {OPTIONS, parse, "[ITERATION]", DOC, loop_args_children,
                                 NULL,    NULL};

typedef struct Shown {
    const Loop *loop;
    const Keep *keep;
} Shown;

static void put_fields(JsonOut *out, const void *context)
{
    const Shown *shown = context;
    keep_write(out, shown->loop, shown->keep);
}

/* The workload file's entry for the iteration; its tests are what decides. */
static bool find_workload(Loop *loop, const LedgerIteration *iteration, Workload *out, Err *err)
{
    LedgerWorkloads rows;
    Str name = {0};
    if (!ledger_workloads(loop->arena, loop->ledger, &rows, err))
        return false;
    array_each (LedgerWorkload, row, &rows)
        if (row->id == iteration->workload)
            name = row->name;
    return workloads_pick(loop->arena, loop->places.root, name, out, err);
}

static bool run(Arena *arena, const KeepArgs *args, Report *report, Err *err)
{
    CLEANUP(loop_close) Loop loop = {.lock = -1};
    Overlay overlay;
    LedgerIteration iteration;
    Workload workload;
    Keep keep;
    if (!loop_args_begin(arena, &args->loop, LOOP_FILES, report, &loop, &overlay, err) ||
        !loop_pick(&loop, args->loop.iteration, args->loop.workload, S("measured"), S(""),
                   &iteration, err) ||
        !find_workload(&loop, &iteration, &workload, err))
        return false;
    KeepOptions options = {.workload = &workload, .overlay = &overlay, .subject = args->subject};
    if (!keep_iteration(&loop, &iteration, &options, &keep, err))
        return false;
    report_result(report, S("ok"), keep.sentence, put_fields, &(Shown){&loop, &keep});
    return true;
}

int cmd_keep(int argc, char **argv)
{
    KeepArgs args = {.loop.takes_iteration = true};
    args_parse("perfloop keep", &ARGP, argc, argv, &args);
    CLEANUP(arena_cleanup) Arena *arena = arena_new("keep");
    Report report = report_new(args.loop.common.mode);
    Err err = {0};
    return run(arena, &args, &report, &err) ? EXIT_OK : report_failure(&report, &err);
}
