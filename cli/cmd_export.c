/* perfloop export: a profile for another tool (runners/profiling/export.h). */

#include <argp.h>
#include <stdio.h>

#include "cli/args.h"
#include "cli/commands.h"
#include "runners/profiling/export.h"
#include "runners/report.h"

typedef struct Export {
    ExportOptions options;
    bool here;
} Export;

enum {
    KEY_HERE = 0x1400,
};

static const struct argp_option OPTIONS[] = {
    {"format", 'f', "FORMAT", 0, "chrome-trace (the default), speedscope or folded", 0},
    {"metric", 'm', "NAME", 0, "whose costs the stacks have (default: the profile's first)", 0},
    {"output", 'o', "OUT", 0, "write to this file instead of standard output", 0},
    {"here", KEY_HERE, NULL, OPTION_HIDDEN, NULL, 0},
    {0},
};

static const char DOC[] =
    "Writes every kernel, copy, CUDA call, wait and named range (NVTX) of an Nsight Systems export "
    "(`nsys export -t sqlite`) as Chrome's trace JSON: ui.perfetto.dev and chrome://tracing show "
    "it, a track per stream and per host thread. With --format speedscope or folded it writes the "
    "stacks of any profile, for speedscope.app and for flame graph tools.";

static bool parse_format(const char *name, ExportFormat *format)
{
    for (ExportFormat i = 0; i < EXPORT_FORMATS; i++)
        if (str_eq(export_format_name(i), str_from_c(name))) {
            *format = i;
            return true;
        }
    return false;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
    Export *export = state->input;
    switch (key) {
    case 'f':
        if (!parse_format(arg, &export->options.format))
            argp_error(state, "no format '%s': chrome-trace, speedscope or folded", arg);
        return 0;
    case 'm':
        export->options.metric = str_from_c(arg);
        return 0;
    case 'o':
        export->options.to = str_from_c(arg);
        return 0;
    case KEY_HERE:
        export->here = true;
        return 0;
    case ARGP_KEY_ARG:
        if (export->options.file.len)
            return ARGP_ERR_UNKNOWN;
        export->options.file = str_from_c(arg);
        return 0;
    case ARGP_KEY_NO_ARGS:
        argp_usage(state);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp ARGP = {OPTIONS, parse, "FILE", DOC, NULL, NULL, NULL};

int cmd_export(int argc, char **argv)
{
    Export export = {.options.cancel = &report_cancelled};
    args_parse("perfloop export", &ARGP, argc, argv, &export);
    CLEANUP(arena_cleanup) Arena *arena = arena_new("export");
    Str notes = {0};
    Err err = {0};
    if (!export.here)
        report_catch_signals();
    if (export.here ? export_here(&export.options, &err)
                    : export_file(arena, &export.options, &notes, &err)) {
        if (notes.len)
            fwrite(notes.ptr, 1, notes.len, stderr);
        return EXIT_OK;
    }
    fprintf(stderr, "perfloop: %s\n", err.msg);
    return EXIT_FAILED;
}
