/*
 * Process: run a command, with limits, and say what it used.
 *
 *     ProcessOptions options = {.argv = argv, .argc = 3, .cwd = dir, .timeout_s = 60, .cancel = cancel};
 *     ProcessResult result;
 *     if (!process_run(arena, &options, &result, err) || !process_check(&result, S("pytest"), err))
 *         return false;
 *
 * The command runs in a process group of its own, below a tiny helper (spawn/protocol.h) that is
 * the reaper of everything it starts. On a time-out or a cancel, when the command itself ends, and
 * when perfloop dies, all that is left of it is ended: SIGTERM, a grace time, SIGKILL; also
 * processes that left the group. Nothing stays behind.
 *
 * There is no shell: give {"/bin/sh", "-c", text} where the user asked for one. argv[0] without a
 * slash is looked up in the PATH the command gets. Standard input is empty unless given.
 *
 * process_together starts two commands at the same time, on the same processor if asked;
 * process_beside one that only lasts as long as the other.
 */
#ifndef RUNNERS_PROCESS_H
#define RUNNERS_PROCESS_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/err.h"
#include "base/str.h"

enum {
    PROCESS_CAPTURE_DEFAULT = 1024 * 1024,
    PROCESS_TOGETHER_MAX = 2,
};

typedef struct ProcessOptions {
    const Str *argv;
    size_t argc;
    Str cwd;        /* empty: ours */
    const Str *env; /* "NAME=value" changes our environment for it, "NAME" alone removes one */
    size_t env_count;
    Str input;             /* its standard input */
    size_t capture_bytes;  /* kept of stdout and of stderr each; 0: PROCESS_CAPTURE_DEFAULT */
    double timeout_s;      /* 0: none */
    uint64_t memory_bytes; /* limit of its address space; 0: none */
    uint64_t cpu_seconds;  /* limit of its processor time; 0: none */
    uint32_t grace_ms;     /* from SIGTERM to SIGKILL; 0: 300 ms */
    uint32_t repeat;       /* run it so often in a row and sum; 0 counts as 1 */
    bool on_cpu;           /* run on the processor `cpu` only */
    int cpu;               /* see process_cpus */
    uint32_t watch_ms;     /* look so often how many threads and processes it has; 0: never */
    const volatile sig_atomic_t *cancel; /* looked at 20 times a second; report_cancelled */
    /* Called with each piece of output as it comes (stream 1 or 2); may be NULL. */
    void (*on_output)(void *context, int stream, Str bytes);
    void (*on_tick)(void *context); /* called about 20 times a second; may be NULL */
    void *context;
} ProcessOptions;

typedef struct ProcessResult {
    int status;         /* exit status, or -1 when a signal ended it */
    int signal;         /* that signal, or 0 */
    bool timed_out;     /* we ended it */
    double wall_s;      /* this and the next two are sums over `runs` */
    double cpu_s;       /* user + system, with the children it waited for */
    double run_delay_s; /* its first thread, or our timing of it, had no processor */
    uint32_t runs;
    uint64_t peak_rss_bytes;
    uint64_t major_faults;
    uint64_t voluntary_switches;
    uint64_t involuntary_switches;
    uint32_t threads;   /* most seen at once in one process; 0 when not watched */
    uint32_t processes; /* most seen at once; 0 when not watched */
    uint32_t left;      /* processes that outlived it and were ended */
    Str out;            /* the first capture_bytes of its output */
    Str errors;         /* the same of stderr */
    uint64_t out_bytes; /* all it wrote */
    uint64_t errors_bytes;
} ProcessResult;

/*
 * False when the command could not be started (ERR_NOT_FOUND: no such program), was cancelled
 * (ERR_CANCELLED), or the system failed. A command that fails or is timed out is a result.
 */
bool process_run(Arena *arena, const ProcessOptions *options, ProcessResult *result,
                 Err *err) MUST_CHECK;

/*
 * Both at once, the first one first, without a pause between; the timeout, cancel, grace, watch,
 * and cpu of the first count for both. Returns when both have ended.
 */
bool process_together(Arena *arena, const ProcessOptions *const options[PROCESS_TOGETHER_MAX],
                      ProcessResult results[PROCESS_TOGETHER_MAX], Err *err) MUST_CHECK;

/*
 * The first one, and the second one beside it as long as the first runs: then it is ended (SIGTERM, the
 * grace time, SIGKILL). How it ends, or that it did not start (status -1), is no error.
 */
bool process_beside(Arena *arena, const ProcessOptions *const options[PROCESS_TOGETHER_MAX],
                    ProcessResult results[PROCESS_TOGETHER_MAX], Err *err) MUST_CHECK;

/* ERR_TOOL with status and the line that says why (said.h) unless it exited with 0. */
bool process_check(const ProcessResult *result, Str what, Err *err) MUST_CHECK;

/* The processors we may run on, at most `max`; of a hybrid machine only those of one kind. */
size_t process_cpus(int *cpus, size_t max);

/* A path that starts this very program again, even if its file was replaced meanwhile. */
Str process_self(Arena *arena);

/* Where the program is, as PATH (empty: ours) and cwd say; false when there is none. */
bool process_find(Arena *arena, Str program, Str path_variable, Str cwd, Str *out);

#endif
