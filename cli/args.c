#include "cli/args.h"

#include <signal.h>
#include <stdint.h>
#include <sys/prctl.h>

enum {
    KEY_EVENTS = 0x1000,
    KEY_JSON,
};

static const struct argp_option OPTIONS[] = {
    {"json", KEY_JSON, NULL, 0, "print only the result, as one JSON object", 1},
    {"events", KEY_EVENTS, NULL, 0, "print what happens as JSON lines and read answers (editors)",
     1},
    {"yes", 'y', NULL, 0, "answer every question with its first choice", 1},
    {"root", 'C', "DIR", 0, "the workspace, instead of the one around the current folder", 1},
    {0},
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
    Args *args = state->input;
    switch (key) {
    case KEY_JSON:
        args->mode = REPORT_JSON;
        return 0;
    case KEY_EVENTS:
        args->mode = REPORT_EVENTS;
        return 0;
    case 'y':
        args->yes = true;
        return 0;
    case 'C':
        args->start = str_from_c(arg);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp ARGP = {OPTIONS, parse, NULL, NULL, NULL, NULL, NULL};

const struct argp_child args_children[] = {{&ARGP, 0, NULL, 0}, {0}};

void args_parse(const char *program, const struct argp *argp, int argc, char **argv, void *input)
{
    /* argp takes the name for its messages from here, and from nowhere else. */
    argv[0] = (char *)(uintptr_t)program;
    argp_parse(argp, argc, argv, 0, NULL, input);
}

bool args_begin(Arena *arena, const Args *args, Report *report, Places *places, Err *err)
{
    *report = report_new(args->mode);
    report->assume_yes = args->yes;
    report_catch_signals();
    if (args->mode == REPORT_EVENTS) /* a server that is killed takes its commands along */
        prctl(PR_SET_PDEATHSIG, SIGTERM);
    return places_find(arena, args->start, places, err);
}
