/*
 * Report: how a command that acts talks while it works.
 *
 * The same code serves a person at a terminal, a script and the language server:
 *
 *     REPORT_TEXT     progress and questions on standard error, the result's sentence on standard
 *                     output
 *     REPORT_JSON     only the result, one JSON object on standard output
 *     REPORT_EVENTS   one JSON object per line on standard output as things happen; answers to
 *                     questions come back as lines {"answer": "..."} on standard input
 *
 * Events: {"event":"progress","message":...,"percent":0-100 or absent}, {"event":"note",...},
 * {"event":"ask","id":...,"message":...,"choices":[...]}, {"event":"result",...},
 * {"event":"error","kind":...,"message":...}.
 *
 * SIGTERM, SIGINT and SIGHUP set `report_cancelled`; whoever works looks at it between steps
 * (report_catch_signals is called once, by the command).
 */
#ifndef RUNNERS_REPORT_H
#define RUNNERS_REPORT_H

#include <signal.h>
#include <stdbool.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/json_out.h"
#include "base/str.h"

typedef enum ReportMode {
    REPORT_TEXT,
    REPORT_JSON,
    REPORT_EVENTS,
} ReportMode;

typedef struct Report {
    ReportMode mode;
    bool assume_yes;       /* --yes: every question is answered with its first choice */
    bool on_terminal;      /* standard error is one: progress rewrites its line */
    bool line_open;        /* a progress line waits to be rewritten or ended */
    int last_percent;      /* so that progress is not sent more often than it changes */
    bool told;             /* there was progress */
    unsigned long last_ms; /* time of the last progress, or of the beginning */
} Report;

extern volatile sig_atomic_t report_cancelled;
void report_catch_signals(void);

Report report_new(ReportMode mode);

/*
 * percent below 0: unknown. At most about ten a second get through; into a pipe or a file, where each
 * is a line, one in ten seconds.
 */
void report_progress(Report *report, int percent, const char *fmt, ...) PRINTF_LIKE(3, 4);
/* Something worth reading that is not the result. */
void report_note(Report *report, const char *fmt, ...) PRINTF_LIKE(2, 3);

typedef struct Question {
    Str id;      /* what it is about, for tests and scripts: "trust", "one-change" */
    Str message; /* one sentence, with what will happen */
    Str flag;    /* how to answer yes without being asked: "--yes" */
    const Str *choices;
    size_t choice_count;
} Question;
/*
 * Gives the index of the chosen answer. A dismissed question is ERR_CANCELLED; one that nobody can
 * answer (no terminal, no --yes) is ERR_UNTRUSTED with a message that names the flag.
 */
bool report_ask(Report *report, const Question *question, size_t *choice, Err *err) MUST_CHECK;

/*
 * The result: `sentence` for people, `status` one word, and fields of the command's own, written by
 * `more` (may be NULL) into an open object. Written once, last.
 */
typedef void ReportFields(JsonOut *out, const void *context);
void report_result(Report *report, Str status, Str sentence, ReportFields *more,
                   const void *context);
/*
 * The result of a command that only looks: lines as they are to be read. As JSON it is an object of
 * these fields and no others, which scripts rely on; as an event it has them beside the lines.
 */
void report_table(Report *report, Str text, ReportFields *fields, const void *context);
/* The failure instead of a result. Returns the exit status: 130 when cancelled, else 1. */
int report_failure(Report *report, const Err *err);

#endif
