/*
 * ToolsLook: what the files that look for one kind of profiler share. Behind tools.c only.
 *
 * A look fills in `path` and `version` and says `ready`, or `problem` and `mend`.
 */
#ifndef RUNNERS_TOOLS_LOOK_H
#define RUNNERS_TOOLS_LOOK_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/str.h"
#include "runners/process.h"
#include "runners/tools.h"

typedef void ToolLook(Arena *arena, const ToolSearch *search, Tool *tool);

/* Runs it in the workspace with a time limit; false unless it exits with 0. */
bool tool_run(Arena *arena, const ToolSearch *search, const Str *argv, size_t argc,
              ProcessResult *result);

ToolLook tool_look_cprofile, tool_look_line_profiler, tool_look_tracemalloc, tool_look_memray,
    tool_look_viztracer;

#endif
