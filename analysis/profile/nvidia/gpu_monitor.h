/*
 * GpuMonitor: what nvidia-smi saw of the GPUs over time: load, memory, power, clocks, throttling.
 *
 *     GpuMonitor monitor;
 *     if (!gpu_monitor_read(arena, bytes, &monitor, err))
 *         return false;
 *     GpuSummaries all = gpu_summaries_of(arena, &monitor);     gpu_summary.h
 *
 * Reads the text of `nvidia-smi dmon` (any -s, with dates or without, the driver's own order of
 * columns) and `nvidia-smi --query-gpu=... --format=csv` (with nounits, too). Columns are found by
 * their names, so a header must be there. It knows nothing of lines: it stands beside a profile.
 */
#ifndef ANALYSIS_PROFILE_NVIDIA_GPU_MONITOR_H
#define ANALYSIS_PROFILE_NVIDIA_GPU_MONITOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/array.h"
#include "base/attr.h"
#include "base/err.h"
#include "base/str.h"

typedef enum GpuQuantity {
    GPU_SM_BUSY,     /* % of the time a kernel ran */
    GPU_MEMORY_BUSY, /* % of the time the memory controller was busy; not memory used */
    GPU_MEMORY_USED, /* MiB, whatever the header says */
    GPU_POWER,       /* W */
    GPU_TEMPERATURE, /* C */
    GPU_SM_CLOCK,    /* MHz */
    GPU_MEMORY_CLOCK,
    GPU_PCIE_IN,      /* MB/s, to the GPU */
    GPU_PCIE_OUT,     /* MB/s, from it */
    GPU_MEMORY_TOTAL, /* this and the next are what the GPU could do */
    GPU_POWER_LIMIT,
    GPU_SM_CLOCK_MAX,
    GPU_QUANTITIES,
} GpuQuantity;

/* Why clocks are lower than they could be, NVML's bits; those of a rule the user made do not count. */
enum {
    GPU_IDLE = 0x1,
    GPU_POWER_CAP = 0x4,
    GPU_HW_SLOWDOWN = 0x8,
    GPU_SW_THERMAL = 0x20,
    GPU_HW_THERMAL = 0x40,
    GPU_POWER_BRAKE = 0x80,
    GPU_THROTTLED =
        GPU_POWER_CAP | GPU_HW_SLOWDOWN | GPU_SW_THERMAL | GPU_HW_THERMAL | GPU_POWER_BRAKE,
};

typedef struct GpuSample {
    double at_s;                   /* of some clock of that machine; NaN: not told */
    double values[GPU_QUANTITIES]; /* NaN: not told */
    uint64_t reasons;
    /* Which part of the time up to this sample it was throttled; 1 where only that it is is told. */
    double throttled;
} GpuSample;

typedef struct GpuSeries {
    Str gpu;  /* "0", as nvidia-smi numbers it */
    Str name; /* "NVIDIA A10G"; may be empty */
    Array(GpuSample) samples;
} GpuSeries;

typedef struct GpuMonitor {
    Array(GpuSeries) gpus;
    size_t bad_rows;
} GpuMonitor;

bool is_gpu_monitor(Str bytes);
/* Texts of the result are copies. */
bool gpu_monitor_read(Arena *arena, Str bytes, GpuMonitor *out, Err *err) MUST_CHECK;

#endif
