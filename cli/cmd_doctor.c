/* perfloop doctor: which profilers are here, may they run, and the one command that mends it. */

#include <argp.h>

#include "base/json_out.h"
#include "cli/args.h"
#include "cli/commands.h"
#include "runners/profiling/doctor/doctor.h"

typedef struct DoctorArgs {
    Args common;
    Str only;
} DoctorArgs;

static error_t parse(int key, char *arg, struct argp_state *state)
{
    DoctorArgs *args = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &args->common;
        return 0;
    case ARGP_KEY_ARG:
        if (args->only.len)
            return ARGP_ERR_UNKNOWN;
        args->only = str_from_c(arg);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const char DOC[] =
    "Lists every profiler: found where, which version, whether it may run here (it is tried out on "
    "something small), and the one command that mends what is missing; then what this machine "
    "allows, and how the workloads' programs are built. With TOOL: all about that one.\v"
    "Exit status: 0 when whatever perfloop.toml names (or TOOL) can run, else 1.";

static const struct argp ARGP = {NULL, parse, "[TOOL]", DOC, args_children, NULL, NULL};

static void put_fields(JsonOut *out, const void *context)
{
    doctor_write(out, context);
}

int cmd_doctor(int argc, char **argv)
{
    DoctorArgs args = {0};
    args_parse("perfloop doctor", &ARGP, argc, argv, &args);
    CLEANUP(arena_cleanup) Arena *arena = arena_new("doctor");
    Report report = report_new(args.common.mode);
    Places places;
    Doctor doctor;
    Err err = {0};
    DoctorOptions options = {.places = &places, .only = args.only, .cancel = &report_cancelled};
    if (!args_begin(arena, &args.common, &report, &places, &err) ||
        !doctor_look(arena, &report, &options, &doctor, &err))
        return report_failure(&report, &err);
    Str text = args.only.len ? doctor_tool_text(arena, &doctor) : doctor_text(arena, &doctor);
    if (args.common.mode != REPORT_TEXT)
        text = doctor.sentence;
    report_result(&report, doctor.usable ? S("ok") : S("unusable"), text, put_fields, &doctor);
    return doctor.usable ? EXIT_OK : EXIT_FAILED;
}
