/* perfloop revert and perfloop restore: take an iteration's change out of the files, and back. */

#include "base/json_out.h"
#include "cli/commands.h"
#include "cli/loop_args.h"
#include "runners/loop/takeback.h"

static const char REVERT_DOC[] =
    "Puts the files of an iteration (the one last measured, unless one is named) back to what they "
    "were before it. Later edits stay; where they overlap, nothing is done and the lines are "
    "named. "
    "perfloop restore brings the change again.";

static const char RESTORE_DOC[] =
    "Brings the change of a reverted iteration (the one last reverted, unless one is named) again, "
    "around later edits.";

typedef bool TakebackFn(Loop *loop, const LedgerIteration *iteration, const Overlay *overlay,
                        Takeback *out, Err *err);

/* What the two differ in. */
typedef struct Direction {
    const char *name;
    const char *doc;
    Str state; /* of the iterations that it takes */
    Str or_state;
    TakebackFn *act;
} Direction;

static error_t parse(int key, char *arg UNUSED, struct argp_state *state)
{
    if (key != ARGP_KEY_INIT)
        return ARGP_ERR_UNKNOWN;
    state->child_inputs[0] = state->input;
    return 0;
}

typedef struct Shown {
    const Loop *loop;
    const Takeback *takeback;
} Shown;

static void put_fields(JsonOut *out, const void *context)
{
    const Shown *shown = context;
    takeback_write(out, shown->loop, shown->takeback);
}

static bool run(Arena *arena, const Direction *direction, const LoopArgs *args, Report *report,
                Err *err)
{
    CLEANUP(loop_close) Loop loop = {.lock = -1};
    Overlay overlay;
    LedgerIteration iteration;
    Takeback takeback;
    if (!loop_args_begin(arena, args, LOOP_FILES, report, &loop, &overlay, err) ||
        !loop_pick(&loop, args->iteration, args->workload, direction->state, direction->or_state,
                   &iteration, err) ||
        !direction->act(&loop, &iteration, &overlay, &takeback, err))
        return false;
    report_result(report, S("ok"), takeback.sentence, put_fields, &(Shown){&loop, &takeback});
    return true;
}

static int command(const Direction *direction, int argc, char **argv)
{
    LoopArgs args = {.takes_iteration = true};
    const struct argp argp = {NULL,          parse, "[ITERATION]", direction->doc,
                              loop_args_act, NULL,  NULL};
    args_parse(direction->name, &argp, argc, argv, &args);
    CLEANUP(arena_cleanup) Arena *arena = arena_new("takeback");
    Report report = report_new(args.common.mode);
    Err err = {0};
    return run(arena, direction, &args, &report, &err) ? EXIT_OK : report_failure(&report, &err);
}

int cmd_revert(int argc, char **argv)
{
    static const Direction REVERT = {"perfloop revert", REVERT_DOC, STR_CONST("measured"),
                                     STR_CONST("superseded"), takeback_revert};
    return command(&REVERT, argc, argv);
}

int cmd_restore(int argc, char **argv)
{
    static const Direction RESTORE = {"perfloop restore", RESTORE_DOC, STR_CONST("reverted"),
                                      STR_CONST(""), takeback_restore};
    return command(&RESTORE, argc, argv);
}
