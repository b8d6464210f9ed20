/*
 * PerfGenerated: code that was made at run time, by the names that its maker gave it in
 * /tmp/perf-PID.map. Python's trampolines (3.12, -X perf) are called "py::name:/path/file.py" and
 * become functions of that file; Java's agents join what was inlined, "outer->middle->inner".
 */
#ifndef ANALYSIS_PROFILE_PERF_PERF_GENERATED_H
#define ANALYSIS_PROFILE_PERF_PERF_GENERATED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "analysis/profile/profile.h"
#include "base/arena.h"
#include "base/str.h"

enum {
    PERF_GENERATED_MAX = 64, /* frames behind one name */
};

/* "/tmp/perf-1234.map", and what perf made of a jit dump. */
bool perf_is_map_file(Str module);
Str perf_map_file(Arena *arena, uint32_t pid);
/* Memory without a file of its own, where generated code may lie: "//anon". */
bool perf_is_anonymous(Str module);
/* The frames behind a name, innermost first; `frame` says what they have in common. */
size_t perf_generated_frames(ProfileBuilder *build, Str name, ProfileFrame frame,
                             uint32_t frames[PERF_GENERATED_MAX]);

#endif
