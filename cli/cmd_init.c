/* perfloop init: look at the project and write a commented draft of perfloop.toml. */

#include <argp.h>

#include "base/json_out.h"
#include "cli/args.h"
#include "cli/commands.h"
#include "runners/detect.h"

typedef struct Init {
    Args common;
    bool dry_run;
} Init;

static const struct argp_option OPTIONS[] = {
    {"dry-run", 'n', NULL, 0, "print the draft instead of writing it", 0},
    {0},
};

static const char DOC[] =
    "Writes perfloop.toml with what the project shows: the benchmark and its harness, the tests, "
    "the "
    "profiler. Metric and target are left for you. A file that is there is never changed.";

static error_t parse(int key, char *arg UNUSED, struct argp_state *state)
{
    Init *init = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &init->common;
        return 0;
    case 'n':
        init->dry_run = true;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp ARGP = {OPTIONS, parse, NULL, DOC, args_children, NULL, NULL};

typedef struct Written {
    Draft draft;
    Str path;
    Str text;
} Written;

static void put_draft(JsonOut *out, const void *context)
{
    const Written *written = context;
    json_key_str(out, "path", written->path);
    json_key_str(out, "open", written->path); /* an editor shows it */
    json_key_str(out, "workload", written->draft.name);
    json_key_str(out, "benchmark", written->draft.benchmark);
    json_key_str(out, "harness", written->draft.harness);
    json_key_str(out, "tests", written->draft.tests);
    json_key_str(out, "text", written->text);
}

static bool run(Arena *arena, const Init *init, Report *report, Err *err)
{
    Places places;
    if (!args_begin(arena, &init->common, report, &places, err))
        return false;
    Written written = {.draft = detect_project(arena, places.root)};
    written.text = detect_file_text(arena, &written.draft);
    if (init->dry_run) {
        report_result(report, S("ok"), str_trim(written.text), put_draft, &written);
        return true;
    }
    if (!detect_write(arena, places.root, &written.draft, &written.path, err))
        return false;
    const char *next = written.draft.benchmark.len ? "next: name metric and target there"
                                                   : "next: name the benchmark there";
    report_result(report, S("ok"),
                  str_fmt(arena, "wrote " STR_FMT " (saw " STR_FMT "); %s", STR_ARG(written.path),
                          STR_ARG(written.draft.because), next),
                  put_draft, &written);
    return true;
}

int cmd_init(int argc, char **argv)
{
    Init init = {0};
    args_parse("perfloop init", &ARGP, argc, argv, &init);
    CLEANUP(arena_cleanup) Arena *arena = arena_new("init");
    Report report = report_new(init.common.mode);
    Err err = {0};
    return run(arena, &init, &report, &err) ? EXIT_OK : report_failure(&report, &err);
}
