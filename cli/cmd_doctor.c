/* perfloop doctor: which profilers are here, may they run, and the one command that mends it. */

#include <argp.h>

#include "base/json_out.h"
#include "base/strbuf.h"
#include "cli/args.h"
#include "cli/commands.h"
#include "runners/allow.h"
#include "runners/tools.h"
#include "runners/workloads.h"

typedef Array(Tool) ToolList;

static error_t parse(int key, char *arg UNUSED, struct argp_state *state)
{
    Args *args = state->input;
    if (key != ARGP_KEY_INIT)
        return ARGP_ERR_UNKNOWN;
    state->child_inputs[0] = args;
    return 0;
}

static const char DOC[] =
    "Lists every profiler that perfloop runs: found where, which version, whether it may run here "
    "(it is tried out on something small), and the one command that mends what is missing.";

static const struct argp ARGP = {NULL, parse, NULL, DOC, args_children, NULL, NULL};

/* The benchmark of the first workload, when the user agreed to run it: its environment counts. */
static const WorkloadCommand *agreed_benchmark(Arena *arena, const Places *places)
{
    WorkloadFile file;
    Err err = {0};
    if (!workloads_load(arena, places->root, NULL, &file, &err) || file.workloads.len == 0)
        return NULL;
    const WorkloadCommand *benchmark = &file.workloads.items[0].benchmark;
    return benchmark->argc && allow_is_agreed(arena, places, benchmark) ? benchmark : NULL;
}

static void put_tools(JsonOut *out, const void *context)
{
    const ToolList *tools = context;
    json_key(out, "tools");
    json_open(out, '[');
    array_each (Tool, tool, tools) {
        json_open(out, '{');
        json_key_str(out, "name", tool->name);
        json_key_bool(out, "ready", tool->ready);
        json_key_str(out, "path", tool->path);
        json_key_str(out, "version", tool->version);
        json_key_str(out, "problem", tool->problem);
        json_key_str(out, "mend", tool->mend);
        json_close(out, '}');
    }
    json_close(out, ']');
}

static Str tools_text(Arena *arena, const ToolList *tools)
{
    StrBuf out = strbuf_new(arena);
    array_each (Tool, tool, tools) {
        if (tool->ready)
            strbuf_fmt(&out, "%s%-10.*s ready    %-8.*s " STR_FMT "   (" STR_FMT ")",
                       out.len ? "\n" : "", STR_ARG(tool->name), STR_ARG(tool->version),
                       STR_ARG(tool->path), STR_ARG(tool->what));
        else
            strbuf_fmt(
                &out, "%s%-10.*s missing  " STR_FMT "\n%-10s          mend: " STR_FMT,
                out.len ? "\n" : "", STR_ARG(tool->name), STR_ARG(tool->problem), "",
                STR_ARG(tool->mend.len ? tool->mend : S("(nothing that a command could do)")));
    }
    return strbuf_str(&out);
}

int cmd_doctor(int argc, char **argv)
{
    Args args = {0};
    args_parse("perfloop doctor", &ARGP, argc, argv, &args);
    CLEANUP(arena_cleanup) Arena *arena = arena_new("doctor");
    Report report = report_new(args.mode);
    Places places;
    Err err = {0};
    if (!args_begin(arena, &args, &report, &places, &err))
        return report_failure(&report, &err);
    ToolSearch search = {.cwd = places.root,
                         .benchmark = agreed_benchmark(arena, &places),
                         .cancel = &report_cancelled,
                         .try_out = true};
    ToolList tools = {0};
    for (size_t i = 0; i < tools_count(); i++) {
        report_progress(&report, -1, "looking for " STR_FMT, STR_ARG(tools_name(i)));
        *array_push(arena, &tools) = tool_look(arena, tools_name(i), &search);
    }
    report_result(&report, S("ok"), tools_text(arena, &tools), put_tools, &tools);
    return EXIT_OK;
}
