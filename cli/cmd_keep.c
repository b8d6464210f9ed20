/*
 * perfloop keep: commit an iteration's files, with the numbers in the message; then profile again,
 * because the bottleneck moves.
 */

#include "base/json_out.h"
#include "cli/commands.h"
#include "cli/loop_args.h"
#include "runners/loop/bottleneck.h"
#include "runners/loop/keep.h"
#include "runners/loop/loop_view.h"
#include "runners/profiling/profiling.h"
#include "runners/workloads.h"

typedef struct KeepArgs {
    LoopArgs loop;
    Str subject;
    bool no_profile;
} KeepArgs;

enum {
    KEY_NO_PROFILE = 0x1200,
};

static const struct argp_option OPTIONS[] = {
    {"message", 'm', "TEXT", 0, "the subject of the commit, instead of the numbers", 0},
    {"no-profile", KEY_NO_PROFILE, NULL, 0, "do not profile again afterwards", 0},
    {0},
};

static const char DOC[] =
    "Runs the workload's tests on what was measured and, when they pass, lets git commit exactly "
    "the files of the iteration (the one last measured, unless one is named). Whatever else is "
    "changed or staged stays as it is. A workload that names profilers is profiled again then, "
    "because the bottleneck moves.";

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
    case KEY_NO_PROFILE:
        args->no_profile = true;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp ARGP = {OPTIONS, parse, "[ITERATION]", DOC, loop_args_act, NULL, NULL};

typedef struct Shown {
    const Loop *loop;
    const Keep *keep;
    const Bottleneck *hot;
} Shown;

static void put_fields(JsonOut *out, const void *context)
{
    const Shown *shown = context;
    keep_write(out, shown->loop, shown->keep);
    if (!shown->hot->known)
        return;
    json_key_str(out, "hottest", shown->hot->sentence);
    json_key_str(out, "stop", shown->hot->stop);
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

/* The new bottleneck, and whether to stop; a failure is a note, the commit stands. */
static Bottleneck profile_again(Loop *loop, const Workload *workload)
{
    Arena *arena = loop->arena;
    Bottleneck hot = {0};
    Profiled profiled;
    LoopView view;
    Err err = {0};
    report_progress(loop->report, -1, "profiling again: the bottleneck moves");
    bool ok = profile_workload(arena, loop->report, &loop->places, workload, &(CaptureOptions){0},
                               &profiled, &err) &&
              loop_view_load(arena, &loop->places, &view, &err);
    const LoopWorkload *row = ok ? loop_view_find(&view, workload->name) : NULL;
    if (!ok || (row && !bottleneck_load(arena, &loop->places, row, &hot, &err)))
        report_note(loop->report, "not profiled again: %s", err.msg);
    return hot;
}

static Str sentence(Arena *arena, const Keep *keep, const Bottleneck *hot)
{
    if (!hot->known)
        return keep->sentence;
    return str_fmt(arena, STR_FMT "; " STR_FMT "%s" STR_FMT, STR_ARG(keep->sentence),
                   STR_ARG(hot->sentence), hot->stop.len ? "; time to stop? " : "",
                   STR_ARG(hot->stop));
}

static bool commit(const KeepArgs *args, Report *report, Loop *loop, Workload *workload, Keep *keep,
                   Err *err)
{
    Overlay overlay;
    LedgerIteration iteration;
    if (!loop_args_begin(loop->arena, &args->loop, LOOP_FILES, report, loop, &overlay, err) ||
        !loop_pick(loop, args->loop.iteration, args->loop.workload, S("measured"), S(""),
                   &iteration, err) ||
        !find_workload(loop, &iteration, workload, err))
        return false;
    KeepOptions options = {.workload = workload, .overlay = &overlay, .subject = args->subject};
    return keep_iteration(loop, &iteration, &options, keep, err);
}

static bool run(Arena *arena, const KeepArgs *args, Report *report, Err *err)
{
    CLEANUP(loop_close) Loop loop = {.arena = arena, .lock = -1};
    Workload workload = {0};
    Keep keep;
    if (!commit(args, report, &loop, &workload, &keep, err))
        return false;
    loop_unlock(&loop.lock);
    Bottleneck hot = {0};
    if (!args->no_profile && workload.profilers.len)
        hot = profile_again(&loop, &workload);
    report_result(report, S("ok"), sentence(arena, &keep, &hot), put_fields,
                  &(Shown){&loop, &keep, &hot});
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
