/* perfloop status: where the loop stands. */

#include "cli/commands.h"
#include "cli/loop_args.h"
#include "runners/loop/loop_text.h"

static const char DOC[] =
    "Where the loop stands: baseline, target, the open iteration and what to do next.";

static error_t parse(int key, char *arg UNUSED, struct argp_state *state)
{
    if (key != ARGP_KEY_INIT)
        return ARGP_ERR_UNKNOWN;
    state->child_inputs[0] = state->input;
    return 0;
}

static const struct argp ARGP = {NULL, parse, "[WORKLOAD]", DOC, loop_args_view, NULL, NULL};

typedef struct Shown {
    Arena *arena;
    const LoopView *view;
    const Bottleneck *hot;
} Shown;

static void put_fields(JsonOut *out, const void *context)
{
    const Shown *shown = context;
    loop_status_json(out, shown->arena, shown->view, shown->hot);
}

static bool run(Arena *arena, const LoopArgs *args, Report *report, Err *err)
{
    Places places;
    LoopView view;
    if (!args_begin(arena, &args->common, report, &places, err) ||
        !loop_view_load(arena, &places, &view, err) ||
        !loop_view_keep(arena, &view, args->workload, err))
        return false;
    Bottleneck *hot = NEW_ARRAY(arena, Bottleneck, view.workloads.len + 1);
    array_each (LoopWorkload, loop, &view.workloads) {
        Err problem = {0}; /* a profile that cannot be read hides nothing else */
        if (!bottleneck_load(arena, &places, loop, &hot[loop - view.workloads.items], &problem))
            report_note(report, "the profile cannot be read: %s", problem.msg);
    }
    report_result(report, S("ok"), loop_status_text(arena, &view, hot), put_fields,
                  &(Shown){arena, &view, hot});
    return true;
}

int cmd_status(int argc, char **argv)
{
    LoopArgs args = {0};
    args_parse("perfloop status", &ARGP, argc, argv, &args);
    CLEANUP(arena_cleanup) Arena *arena = arena_new("status");
    Report report = report_new(args.common.mode);
    Err err = {0};
    return run(arena, &args, &report, &err) ? EXIT_OK : report_failure(&report, &err);
}
