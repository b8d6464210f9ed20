/* perfloop trust: see, agree to and take back the commands that may run in this workspace. */

#include <argp.h>

#include "base/clock.h"
#include "base/json_out.h"
#include "base/strbuf.h"
#include "cli/args.h"
#include "cli/commands.h"
#include "runners/allow.h"
#include "runners/workloads.h"

typedef struct Trust {
    Args common;
    bool revoke;
    bool all;
} Trust;

static const struct argp_option OPTIONS[] = {
    {"revoke", 'r', NULL, 0, "take back every agreement of this workspace", 0},
    {"all", 'a', NULL, 0, "list the agreements of every workspace", 0},
    {0},
};

static const char DOC[] =
    "Lists the commands of the workload file and asks for each one that was not agreed to yet; "
    "with "
    "--yes agrees to all of them. A command of a workspace runs only after this, and any change of "
    "it asks again.";

static error_t parse(int key, char *arg UNUSED, struct argp_state *state)
{
    Trust *trust = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &trust->common;
        return 0;
    case 'r':
        trust->revoke = true;
        return 0;
    case 'a':
        trust->all = true;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp ARGP = {OPTIONS, parse, NULL, DOC, args_children, NULL, NULL};

/* ---------------------------------------------------------------- the agreements */

static void put_list(JsonOut *out, const void *context)
{
    const AllowedList *list = context;
    json_key_open(out, "agreed", '[');
    array_each (Allowed, allowed, list) {
        json_open(out, '{');
        json_key_str(out, "root", allowed->root);
        json_key_str(out, "command", allowed->command);
        json_key_bool(out, "shell", allowed->shell);
        json_key_i64(out, "since", allowed->since_s);
        json_close(out, '}');
    }
    json_close(out, ']');
}

static Str list_text(Arena *arena, const AllowedList *list, bool all)
{
    StrBuf out = strbuf_new(arena);
    if (list->len == 0)
        return S("nothing was agreed to");
    array_each (Allowed, allowed, list)
        strbuf_fmt(&out, "%s" STR_FMT "  " STR_FMT "%s" STR_FMT "%s", out.len ? "\n" : "",
                   STR_ARG(str_head(clock_iso(arena, allowed->since_s), 10)),
                   STR_ARG(all ? allowed->root : S("")), all ? "  " : "", STR_ARG(allowed->command),
                   allowed->shell ? "  (shell)" : "");
    return strbuf_str(&out);
}

static bool show_list(Arena *arena, Report *report, const Places *places, bool all, Err *err)
{
    AllowedList list;
    if (!allow_list(arena, places, all, &list, err))
        return false;
    report_result(report, S("ok"), list_text(arena, &list, all), put_list, &list);
    return true;
}

/* ---------------------------------------------------------------- agreeing */

static bool ask_for_all(Arena *arena, Report *report, const Places *places, Err *err)
{
    WorkloadFile file;
    if (!workloads_load(arena, places->root, NULL, &file, err))
        return false;
    array_each (WorkloadProblem, problem, &file.problems)
        if (problem->severity == WORKLOAD_ERROR)
            report_note(report, STR_FMT ":%zu: " STR_FMT, STR_ARG(file.name), problem->line,
                        STR_ARG(problem->message));
    array_each (Workload, workload, &file.workloads) {
        const WorkloadCommand *const commands[] = {&workload->benchmark, &workload->tests,
                                                   &workload->build};
        for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
            if (!allow_check(arena, report, places, commands[i], err))
                return false;
    }
    return true;
}

static bool run(Arena *arena, const Trust *trust, Report *report, Err *err)
{
    Places places;
    size_t removed;
    if (!args_begin(arena, &trust->common, report, &places, err))
        return false;
    if (trust->all)
        return show_list(arena, report, &places, true, err);
    if (!trust->revoke)
        return ask_for_all(arena, report, &places, err) &&
               show_list(arena, report, &places, false, err);
    if (!allow_revoke(arena, &places, &removed, err))
        return false;
    report_result(report, S("ok"),
                  str_fmt(arena, "%zu agreement%s of " STR_FMT " taken back", removed,
                          removed == 1 ? "" : "s", STR_ARG(places.root)),
                  NULL, NULL);
    return true;
}

int cmd_trust(int argc, char **argv)
{
    Trust trust = {0};
    args_parse("perfloop trust", &ARGP, argc, argv, &trust);
    CLEANUP(arena_cleanup) Arena *arena = arena_new("trust");
    Report report = report_new(trust.common.mode);
    Err err = {0};
    return run(arena, &trust, &report, &err) ? EXIT_OK : report_failure(&report, &err);
}
