/* perfloop profile: run the benchmark of a workload under a profiler, and import what it wrote. */

#include <argp.h>
#include <stdlib.h>

#include "base/json_out.h"
#include "cli/args.h"
#include "cli/commands.h"
#include "runners/profiling/profiling.h"
#include "runners/workloads.h"

typedef struct ProfileArgs {
    Args common;
    Str workload;
    Str tool;
    uint64_t rate_hz;
    bool copy_stacks;
    bool native;
    bool python_allocators;
    Str kernel;
    uint64_t launches;
    uint64_t launch_skip;
} ProfileArgs;

enum {
    LAUNCHES_MAX = 1000000,
};

static const struct argp_option OPTIONS[] = {
    {"with", 'w', "TOOL", 0,
     "py-spy, cprofile, line_profiler, tracemalloc, memray, viztracer; perf, flamegraph, "
     "heaptrack, dhat, callgrind; criterion, dhat-crate, tracing-chrome; nsys, ncu, dmon; without "
     "it the workload's first that can run here",
     0},
    {"rate", 'r', "HZ", 0,
     "how often a sampler looks, in times per second (250; perf 997; dmon 10)", 0},
    {"call-graph", 'g', "HOW", 0,
     "how perf finds the callers: fp, by frame pointers (default), or dwarf, by copies of the "
     "stack",
     0},
    {"native", 'n', NULL, 0, "also frames of native code (py-spy, memray)", 0},
    {"python-allocators", 'p', NULL, 0,
     "also every object that Python's own allocators hand out (memray); slow", 0},
    {"kernel", 'k', "REGEX", 0, "only kernels whose name matches (ncu)", 0},
    {"launches", 'c', "N", 0,
     "profile so many kernel launches (ncu; 20): each is run again and again", 0},
    {"launch-skip", 's', "N", 0, "after this many launches (ncu)", 0},
    {0},
};

static const char DOC[] =
    "Runs the workload's benchmark in the work tree under a profiler and shows where its time "
    "or memory went. The command runs only after you agreed to it (perfloop trust). WORKLOAD may "
    "be left out when "
    "there is only one.";

static error_t parse(int key, char *arg, struct argp_state *state)
{
    ProfileArgs *args = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &args->common;
        return 0;
    case 'w':
        args->tool = str_from_c(arg);
        return 0;
    case 'r':
        if (!str_to_u64(str_from_c(arg), &args->rate_hz) || args->rate_hz < 1 ||
            args->rate_hz > 10000)
            argp_error(state, "--rate must be between 1 and 10000");
        return 0;
    case 'g':
        args->copy_stacks = str_eq(str_from_c(arg), S("dwarf"));
        if (!args->copy_stacks && !str_eq(str_from_c(arg), S("fp")))
            argp_error(state, "--call-graph is fp or dwarf");
        return 0;
    case 'n':
        args->native = true;
        return 0;
    case 'p':
        args->python_allocators = true;
        return 0;
    case 'k':
        args->kernel = str_from_c(arg);
        return 0;
    case 'c':
        if (!str_to_u64(str_from_c(arg), &args->launches) || args->launches < 1 ||
            args->launches > LAUNCHES_MAX)
            argp_error(state, "--launches must be between 1 and %d", LAUNCHES_MAX);
        return 0;
    case 's':
        if (!str_to_u64(str_from_c(arg), &args->launch_skip) || args->launch_skip > LAUNCHES_MAX)
            argp_error(state, "--launch-skip must be between 0 and %d", LAUNCHES_MAX);
        return 0;
    case ARGP_KEY_ARG:
        if (args->workload.len)
            argp_error(state, "one workload at a time");
        args->workload = str_from_c(arg);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp ARGP = {OPTIONS, parse, "[WORKLOAD]", DOC, args_children, NULL, NULL};

typedef struct Shown {
    const Workload *workload;
    const Profiled *profiled;
} Shown;

static void put_fields(JsonOut *out, const void *context)
{
    const Shown *shown = context;
    json_key_str(out, "workload", shown->workload->name);
    json_key_double(out, "seconds", shown->profiled->wall_s);
    json_key_str(out, "version", shown->profiled->version);
    if (shown->profiled->imported.id)
        import_fields(out, &shown->profiled->imported);
    gpu_besides_fields(out, &shown->profiled->gpus);
}

static bool run(Arena *arena, const ProfileArgs *args, Report *report, Err *err)
{
    Places places;
    Workload workload;
    Profiled profiled;
    CaptureOptions options = {.tool = args->tool,
                              .rate_hz = (uint32_t)args->rate_hz,
                              .copy_stacks = args->copy_stacks,
                              .native = args->native,
                              .python_allocators = args->python_allocators,
                              .kernel = args->kernel,
                              .launches = (uint32_t)args->launches,
                              .launch_skip = (uint32_t)args->launch_skip};
    if (!args_begin(arena, &args->common, report, &places, err) ||
        !workloads_pick(arena, places.root, args->workload, &workload, err) ||
        !profile_workload(arena, report, &places, &workload, &options, &profiled, err))
        return false;
    report_result(report, S("ok"), profiled.sentence, put_fields, &(Shown){&workload, &profiled});
    return true;
}

int cmd_profile(int argc, char **argv)
{
    ProfileArgs args = {0};
    args_parse("perfloop profile", &ARGP, argc, argv, &args);
    CLEANUP(arena_cleanup) Arena *arena = arena_new("profile");
    Report report = report_new(args.common.mode);
    Err err = {0};
    return run(arena, &args, &report, &err) ? EXIT_OK : report_failure(&report, &err);
}
