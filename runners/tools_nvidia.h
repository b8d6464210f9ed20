/*
 * ToolsNvidia: NVIDIA's profilers as rows of tools.c, and what their failures mean.
 *
 * They are often not in PATH: /usr/local/cuda/bin and the newest folder below /opt/nvidia are looked
 * into, too.
 */
#ifndef RUNNERS_TOOLS_NVIDIA_H
#define RUNNERS_TOOLS_NVIDIA_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/str.h"
#include "runners/tools_look.h"

ToolLook tool_look_ncu, tool_look_nsys;

/* What one of them said, as one sentence, and the one command or address that mends it. */
typedef struct NvidiaProblem {
    Str problem;           /* empty: it said nothing that we know */
    Str mend;              /* may be empty */
    bool nothing_launched; /* the tool works; whether the benchmark does is another question */
} NvidiaProblem;

/*
 * `said`: all that the tool wrote, and perhaps the benchmark. `tool` has its name and version.
 * Whether counters are forbidden for want of root or inside a container is looked up here.
 */
NvidiaProblem tool_explain_nvidia(Arena *arena, const Tool *tool, Str said);

/* The command or address that installs the driver. */
Str tool_driver_mend(Arena *arena);

/* Whether year.number in "2023.1.0.0" is that or later; also when there is no version in it. */
bool tool_version_at_least(Str version, uint64_t year, uint64_t number);

#endif
