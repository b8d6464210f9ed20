/*
 * NsysTimeline: what an Nsight Systems export holds, event by event, as Chrome's trace JSON, for
 * Perfetto and chrome://tracing:
 *
 *     NsysTimeline told;
 *     if (!nsys_timeline_write(arena, bytes, sink, file, &told, err))
 *         ...
 *
 * A track per device and stream with its kernels and copies, and one with the waits for it; a track
 * per host thread with the CUDA calls and the ranges the program named (NVTX). An arrow leads from
 * a launch to what it launched. Names of events are those PyTorch uses, so read_chrome_trace reads
 * it back.
 *
 * Rows become text as they are read, and the text leaves through the sink: memory is what the
 * tables of names take.
 */
#ifndef ANALYSIS_PROFILE_NVIDIA_NSYS_TIMELINE_H
#define ANALYSIS_PROFILE_NVIDIA_NSYS_TIMELINE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/err.h"
#include "base/str.h"

typedef struct NsysTimeline {
    uint64_t kernels, copies, calls, ranges, waits;
    const char *damage; /* what was found wrong while reading; NULL: nothing */
} NsysTimeline;

/* Gets the text piece by piece; false: stop, the sink has set err. */
typedef bool NsysSink(void *to, Str bytes, Err *err);

bool nsys_timeline_write(Arena *arena, Str bytes, NsysSink *sink, void *to, NsysTimeline *told,
                         Err *err) MUST_CHECK;
/* The same of a file, of which only a few pages are in memory at a time. */
bool nsys_timeline_write_file(Arena *arena, Str path, NsysSink *sink, void *to, NsysTimeline *told,
                              Err *err) MUST_CHECK;

#endif
