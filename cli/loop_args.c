#include "cli/loop_args.h"

enum {
    KEY_OVERLAY = 0x1100,
};

/* Those that act take all of them, those that measure from the second on, the others the last. */
static const struct argp_option OPTIONS[] = {
    {"iteration", 'i', "N", 0, "which iteration (perfloop log shows them)", 0},
    {"overlay", KEY_OVERLAY, "FILE", 0, "texts of the files open in an editor (JSON)", 0},
    {"workload", 'w', "NAME", 0, "which workload, where there are several", 0},
    {0},
};

static bool take_iteration(LoopArgs *args, Str text)
{
    return str_to_i64(text, &args->iteration) && args->iteration > 0;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
    LoopArgs *args = state->input;
    Str text = str_from_c(arg);
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &args->common;
        return 0;
    case 'w':
        args->workload = text;
        return 0;
    case 'i':
        if (!take_iteration(args, text))
            argp_error(state, "'%s' is no iteration: a number from perfloop log is needed", arg);
        return 0;
    case KEY_OVERLAY:
        args->overlay_file = text;
        return 0;
    case ARGP_KEY_ARG:
        if (args->takes_iteration ? args->iteration != 0 : args->workload.len != 0)
            return ARGP_ERR_UNKNOWN;
        if (!args->takes_iteration)
            args->workload = text;
        else if (!take_iteration(args, text))
            argp_error(state, "'%s' is no iteration: a number from perfloop log is needed", arg);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp VIEW_ARGP = {&OPTIONS[2], parse, NULL, NULL, args_children, NULL, NULL};
static const struct argp FILES_ARGP = {&OPTIONS[1], parse, NULL, NULL, args_children, NULL, NULL};
static const struct argp ACT_ARGP = {&OPTIONS[0], parse, NULL, NULL, args_children, NULL, NULL};

const struct argp_child loop_args_view[] = {{&VIEW_ARGP, 0, NULL, 0}, {0}};
const struct argp_child loop_args_files[] = {{&FILES_ARGP, 0, NULL, 0}, {0}};
const struct argp_child loop_args_act[] = {{&ACT_ARGP, 0, NULL, 0}, {0}};

bool loop_args_begin(Arena *arena, const LoopArgs *args, LoopLock lock, Report *report, Loop *loop,
                     Overlay *overlay, Err *err)
{
    Places places;
    *overlay = (Overlay){0};
    return args_begin(arena, &args->common, report, &places, err) &&
           (!args->overlay_file.len || overlay_read(arena, args->overlay_file, overlay, err)) &&
           loop_open(arena, report, &places, lock, loop, err);
}
