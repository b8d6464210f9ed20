/* perfloop log: what was tried and what it said. */

#include "cli/commands.h"
#include "cli/loop_args.h"
#include "runners/loop/loop_text.h"

typedef struct Show {
    LoopArgs loop;
    size_t limit;
} Show;

static const struct argp_option OPTIONS[] = {
    {"limit", 'n', "N", 0, "iterations of each workload (20; 0: all there are)", 0},
    {0},
};

static const char DOC[] =
    "All iterations with their verdicts, newest first, and the history of the metric.";

static error_t parse(int key, char *arg, struct argp_state *state)
{
    Show *show = state->input;
    uint64_t limit;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &show->loop;
        return 0;
    case 'n':
        if (!str_to_u64(str_from_c(arg), &limit))
            argp_error(state, "'%s': a number is needed", arg);
        show->limit = (size_t)limit;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp ARGP = {OPTIONS, parse, "[WORKLOAD]", DOC, loop_args_view, NULL, NULL};

typedef struct Shown {
    const LoopView *view;
    size_t limit;
} Shown;

static void put_fields(JsonOut *out, const void *context)
{
    const Shown *shown = context;
    loop_log_json(out, shown->view, shown->limit);
}

static bool run(Arena *arena, const Show *show, Report *report, Err *err)
{
    Places places;
    LoopView view;
    if (!args_begin(arena, &show->loop.common, report, &places, err) ||
        !loop_view_load(arena, &places, &view, err) ||
        !loop_view_keep(arena, &view, show->loop.workload, err))
        return false;
    report_result(report, S("ok"), loop_log_text(arena, &view, show->limit), put_fields,
                  &(Shown){&view, show->limit});
    return true;
}

int cmd_log(int argc, char **argv)
{
    Show show = {.limit = 20};
    args_parse("perfloop log", &ARGP, argc, argv, &show);
    CLEANUP(arena_cleanup) Arena *arena = arena_new("log");
    Report report = report_new(show.loop.common.mode);
    Err err = {0};
    return run(arena, &show, &report, &err) ? EXIT_OK : report_failure(&report, &err);
}
