/*
 * Args: the options that commands share: --json, --events, --yes and -C DIR.
 *
 *     typedef struct Trust { Args common; bool revoke; } Trust;
 *
 *     static error_t parse(int key, char *arg, struct argp_state *state)
 *     {
 *         Trust *trust = state->input;
 *         if (key == ARGP_KEY_INIT)
 *             state->child_inputs[0] = &trust->common;
 *         ...
 *     }
 *     static const struct argp ARGP = {OPTIONS, parse, "", DOC, args_children, NULL, NULL};
 *     args_parse("perfloop trust", &ARGP, argc, argv, &trust);
 */
#ifndef CLI_ARGS_H
#define CLI_ARGS_H

#include <argp.h>
#include <stdbool.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/err.h"
#include "base/str.h"
#include "runners/places.h"
#include "runners/report.h"

typedef struct Args {
    ReportMode mode;
    bool yes;
    Str start; /* -C DIR: where to look for the workspace; empty: the current folder */
} Args;

extern const struct argp_child args_children[];

/* Ends the process with a message and status 64 when the arguments make no sense. */
void args_parse(const char *program, const struct argp *argp, int argc, char **argv, void *input);

/* What every acting command begins with: a report, signals caught, and the workspace found. */
bool args_begin(Arena *arena, const Args *args, Report *report, Places *places,
                Err *err) MUST_CHECK;

#endif
