/* dump timeline FILE [--json]: how busy each stream of a GPU was, and why it was idle. */
#include "cli/dump.h"

#include <argp.h>
#include <stdio.h>

#include "analysis/profile/nvidia/gpu_timeline.h"
#include "analysis/profile/nvidia/nsys_db.h"
#include "base/file.h"
#include "base/path.h"
#include "cli/args.h"

typedef struct Arguments {
    Str file;
    bool json;
} Arguments;

static const struct argp_option OPTIONS[] = {
    {"json", 'j', NULL, 0, "one JSON object; times in nanoseconds", 0},
    {0},
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
    Arguments *arguments = state->input;
    switch (key) {
    case 'j':
        arguments->json = true;
        return 0;
    case ARGP_KEY_ARG:
        if (arguments->file.len)
            argp_usage(state);
        arguments->file = str_from_c(arg);
        return 0;
    case ARGP_KEY_NO_ARGS:
        argp_usage(state);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp ARGP = {
    OPTIONS,
    parse,
    "FILE",
    "Prints, for every stream of every GPU in an Nsight Systems export (`nsys export -t sqlite`), "
    "how "
    "much of the time it was busy with kernels, copies and fills, its longest gaps, and what the "
    "host did in them.",
    NULL,
    NULL,
    NULL,
};

static bool is_export(Str file, Err *err)
{
    CLEANUP(file_unmap) FileMap map = {0};
    return file_map(file, &map, err) &&
           (is_sqlite(map.bytes) ||
            err_set(err, ERR_UNSUPPORTED,
                    STR_FMT ": not an export of Nsight Systems: make one with `nsys export -t "
                            "sqlite FILE.nsys-rep`",
                    STR_ARG(path_base(file))));
}

int dump_timeline(int argc, char **argv)
{
    CLEANUP(arena_cleanup) Arena *arena = arena_new("dump");
    Arguments arguments = {0};
    GpuTimeline timeline;
    Err err = {0};
    args_parse("perfloop dump timeline", &ARGP, argc, argv, &arguments);
    if (!is_export(arguments.file, &err) ||
        !nsys_gpu_timeline(arena, arguments.file, &timeline, &err)) {
        fprintf(stderr, "perfloop: %s\n", err.msg);
        return EXIT_FAILED;
    }
    Str text =
        arguments.json ? gpu_timeline_json(arena, &timeline) : gpu_timeline_text(arena, &timeline);
    fwrite(text.ptr, 1, text.len, stdout);
    if (arguments.json)
        putchar('\n');
    return EXIT_OK;
}
