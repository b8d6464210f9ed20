/* perfloop revert: take an iteration's change out of the files again. */

#include "base/json_out.h"
#include "cli/commands.h"
#include "cli/loop_args.h"
#include "runners/loop/takeback.h"

static const char DOC[] =
    "Puts the files of an iteration (the one last measured, unless one is named) back to what they "
    "were before it. Later edits stay; where they overlap, nothing is done and the lines are "
    "named. "
    "perfloop restore brings the change again.";

static error_t parse(int key, char *arg UNUSED, struct argp_state *state)
{
    if (key != ARGP_KEY_INIT)
        return ARGP_ERR_UNKNOWN;
    state->child_inputs[0] = state->input;
    return 0;
}

static const struct argp ARGP = {NULL, parse, "[ITERATION]", DOC, loop_args_children, NULL, NULL};

typedef struct Shown {
    const Loop *loop;
    const Takeback *takeback;
} Shown;

static void put_fields(JsonOut *out, const void *context)
{
    const Shown *shown = context;
    takeback_write(out, shown->loop, shown->takeback);
}

static bool run(Arena *arena, const LoopArgs *args, Report *report, Err *err)
{
    CLEANUP(loop_close) Loop loop = {.lock = -1};
    Overlay overlay;
    LedgerIteration iteration;
    Takeback takeback;
    if (!loop_args_begin(arena, args, LOOP_FILES, report, &loop, &overlay, err) ||
        !loop_pick(&loop, args->iteration, args->workload, S("measured"), S("superseded"),
                   &iteration, err) ||
        !takeback_revert(&loop, &iteration, &overlay, &takeback, err))
        return false;
    report_result(report, S("ok"), takeback.sentence, put_fields, &(Shown){&loop, &takeback});
    return true;
}

int cmd_revert(int argc, char **argv)
{
    LoopArgs args = {.takes_iteration = true};
    args_parse("perfloop revert", &ARGP, argc, argv, &args);
    CLEANUP(arena_cleanup) Arena *arena = arena_new("revert");
    Report report = report_new(args.common.mode);
    Err err = {0};
    return run(arena, &args, &report, &err) ? EXIT_OK : report_failure(&report, &err);
}
