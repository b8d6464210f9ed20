/*
 * GpuMonitor: what nvidia-smi saw of the GPUs over time: load, memory, power, clocks, throttling.
 *
 *     GpuMonitor monitor;
 *     if (!gpu_monitor_read(arena, bytes, &monitor, err))
 *         return false;
 *     Str text = gpu_monitor_text(arena, &monitor);
 *
 * Reads the text of `nvidia-smi dmon` (any -s, with dates or without, the driver's own order of
 * columns) and `nvidia-smi --query-gpu=... --format=csv` (with nounits, too). Columns are found by
 * their names, so a header must be there. It knows nothing of lines: it stands beside a profile.
 */
#ifndef ANALYSIS_PROFILE_GPU_MONITOR_H
#define ANALYSIS_PROFILE_GPU_MONITOR_H

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
    GPU_MEMORY_USED, /* MB */
    GPU_POWER,       /* W */
    GPU_TEMPERATURE, /* C */
    GPU_SM_CLOCK,    /* MHz */
    GPU_MEMORY_CLOCK,
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
    double values[GPU_QUANTITIES]; /* NaN: not told */
    uint64_t reasons;
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

typedef struct GpuRange {
    size_t count; /* 0: nothing was told */
    double mean, min, max;
} GpuRange;

bool is_gpu_monitor(Str bytes);
/* Texts of the result are copies. */
bool gpu_monitor_read(Arena *arena, Str bytes, GpuMonitor *out, Err *err) MUST_CHECK;
GpuRange gpu_monitor_range(const GpuSeries *series, GpuQuantity quantity);
/* The clock differed by more than 5 % between samples in which the GPU was at work. */
bool gpu_monitor_clock_changed(const GpuSeries *series, GpuRange *range);
/* All reasons of all samples, of those that throttle; and in words: "power cap, heat". */
uint64_t gpu_monitor_throttled(const GpuSeries *series);
Str gpu_reasons_text(Arena *arena, uint64_t reasons);
/* A paragraph per GPU. */
Str gpu_monitor_text(Arena *arena, const GpuMonitor *monitor);

#endif
