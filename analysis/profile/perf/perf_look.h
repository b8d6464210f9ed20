/*
 * PerfLook: what a perf.data says about its samples, from its first bytes only; for whoever has to
 * choose how to read it (runners/profiling/unwind.h).
 */
#ifndef ANALYSIS_PROFILE_PERF_PERF_LOOK_H
#define ANALYSIS_PROFILE_PERF_PERF_LOOK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

typedef struct PerfLook {
    bool copied_stacks;   /* samples of an event hold a copy of the stack: --call-graph dwarf */
    uint64_t sample_type; /* PERF_HAS_... that the samples of every event have */
} PerfLook;

/* False when it is no perf.data that we read, or describes no event. */
bool perf_look(Str bytes, PerfLook *out);

#endif
