/*
 * ToolsNative: the profilers of machine code, as rows of tools.c, and what their failures mean.
 */
#ifndef RUNNERS_TOOLS_NATIVE_H
#define RUNNERS_TOOLS_NATIVE_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/str.h"
#include "runners/tools_look.h"

ToolLook tool_look_criterion, tool_look_dhat_crate, tool_look_tracing_chrome;
ToolLook tool_look_perf, tool_look_flamegraph, tool_look_heaptrack, tool_look_valgrind;

/* Where perf is, found from this folder; "perf" when it is nowhere. */
Str tool_perf(Arena *arena, Str cwd);
/* Whether what it said on standard error is perf's own refusal, and not the benchmark's. */
bool tool_perf_refused(Str errors);
/* What that means, as one sentence, and the one command that mends it. */
void tool_explain_perf(Arena *arena, Str errors, Str *problem, Str *mend);

/* Beside the heaptrack at this path; empty when it is not there. */
Str tool_heaptrack_interpret(Arena *arena, Str heaptrack);

#endif
