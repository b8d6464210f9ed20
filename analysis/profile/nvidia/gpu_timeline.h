/*
 * GpuTimeline: how busy each stream of each device was, and why it was idle.
 *
 *     Str text = gpu_timeline_text(arena, &timeline);      `perfloop dump timeline`
 *
 * A stream is busy while a kernel, a copy or a fill of its own runs; what overlaps counts once. A
 * gap is the time between two of them. Until the call that launched what comes next, nothing was
 * queued: the host was late, and what it did meanwhile is the reason. After it, the work was queued
 * and waited: for other streams, for an event, or for the device to begin.
 */
#ifndef ANALYSIS_PROFILE_NVIDIA_GPU_TIMELINE_H
#define ANALYSIS_PROFILE_NVIDIA_GPU_TIMELINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

enum {
    GPU_GAPS = 5,      /* the longest are kept */
    GPU_GAP_CALLS = 3, /* of the host in one of them */
};

/* A call of the host, and for how long it ran in gaps; an empty name: no CUDA call at all. */
typedef struct GpuHostTime {
    Str call;
    int64_t ns;
} GpuHostTime;

typedef struct GpuGap {
    int64_t start, end;
    Str next; /* the kernel or copy that ended it */
    bool launch_known;
    int64_t launched; /* when its call began */
    Str range;        /* that the program had open then, the innermost; empty: none */
    GpuHostTime calls[GPU_GAP_CALLS]; /* longest first */
    size_t calls_len;
} GpuGap;

typedef struct GpuStream {
    Str process; /* its name; may be empty */
    uint64_t pid;
    int64_t device, stream;
    int64_t first, until; /* of its work */
    int64_t busy_ns, kernel_ns, copy_ns, fill_ns;
    uint64_t kernels, copies, fills;
    int64_t copied_bytes;
    /* between first and until */
    int64_t idle_ns;
    uint64_t gaps;
    int64_t others_ns;   /* of it: other streams of the device ran */
    int64_t unqueued_ns; /* until the call that launched what came next */
    int64_t starting_ns; /* from that call on */
    int64_t queued_ns;   /* of gaps whose next work had been called before */
    int64_t unknown_ns;  /* whose call is not known */
    bool calls_known;
    GpuHostTime *calls; /* of the host while this stream was idle, longest first */
    size_t calls_len;
    GpuGap longest[GPU_GAPS];
    size_t longest_len;
} GpuStream;

typedef struct GpuDevice {
    int64_t device;
    Str name; /* may be empty */
    size_t streams;
    int64_t first, until;
    int64_t busy_ns;            /* something ran, on however many streams */
    int64_t kernel_ns;          /* a kernel ran */
    int64_t kernels_sum_ns;     /* times of all kernels added up */
    int64_t copy_ns;            /* a copy or a fill ran */
    int64_t copies_beside_ns;   /* beside a kernel */
    int64_t streams_at_once_ns; /* two streams or more were busy */
} GpuDevice;

typedef struct GpuTimeline {
    GpuDevice *devices; /* by number */
    size_t devices_len;
    GpuStream *streams; /* by process and device, the busiest first */
    size_t streams_len;
} GpuTimeline;

/* "host-bound: nothing was queued, 66 % of the idle time outside of CUDA calls"; empty: not idle. */
Str gpu_stream_reason(Arena *arena, const GpuStream *stream);
/* The longest gap and what the host did in it; "no pause". */
Str gpu_stream_pause(Arena *arena, const GpuStream *stream);
Str gpu_timeline_text(Arena *arena, const GpuTimeline *timeline);
Str gpu_timeline_json(Arena *arena, const GpuTimeline *timeline);

/* Of an Nsight Systems export. */
bool nsys_gpu_timeline(Arena *arena, Str path, GpuTimeline *out, Err *err) MUST_CHECK;

#endif
