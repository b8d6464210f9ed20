/*
 * Tools: the profilers on this machine: found where, which version, may it run, and the one command
 * that mends it.
 *
 * A tool is looked for beside the interpreter of the workload's benchmark when the user agreed to run
 * that command, then in PATH. A folder of the workspace that nobody agreed to is not looked into: a
 * repository must not bring its own "py-spy".
 */
#ifndef RUNNERS_TOOLS_H
#define RUNNERS_TOOLS_H

#include <signal.h>
#include <stdbool.h>

#include "analysis/workload/workload.h"
#include "base/arena.h"
#include "base/str.h"

typedef struct Tool {
    Str name;    /* as in perfloop.toml: "py-spy" */
    Str what;    /* "Python, CPU time" */
    bool ready;  /* it is there and may run */
    Str path;    /* empty: not found */
    Str version; /* "0.4.1" */
    Str problem; /* one sentence, when not ready */
    Str mend;    /* the one command that mends it */
} Tool;

typedef struct ToolSearch {
    Str cwd;                             /* the workspace's root */
    const WorkloadCommand *benchmark;    /* agreed to; may be NULL */
    const volatile sig_atomic_t *cancel; /* may be NULL */
    bool try_out; /* run it once on something small (doctor); takes a second */
} ToolSearch;

/* The tools we can run; names[count]. */
size_t tools_count(void);
Str tools_name(size_t index);

/* Looks for one of them; an unknown name gives a Tool that is not ready, with the names there are. */
Tool tool_look(Arena *arena, Str name, const ToolSearch *search);

/* "nvidia-smi" is the program of dmon; other names stay. */
Str tool_real_name(Str name);

/* The first word of its --version that begins with a digit and has a point: "1.15.0". */
Str tool_version_in(Str text);

/* What a failed py-spy said, as one sentence, and what to do; for capture and doctor. */
void tool_explain_pyspy(Arena *arena, Str output, Str *problem, Str *mend);

#endif
