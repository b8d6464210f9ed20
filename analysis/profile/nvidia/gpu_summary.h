/*
 * GpuSummary: what a recording of nvidia-smi (gpu_monitor.h) comes to for one GPU, as numbers and as the
 * one line that stands beside kernels.
 *
 *     GpuSummaries all = gpu_summaries_of(arena, &monitor);
 *     array_each (GpuSummary, gpu, &all)
 *         puts(gpu_summary_line(arena, gpu, S(""), true))
 *
 * "GPU 0 NVIDIA A10G: kernels ran 63 % of the time (up to 98 %), up to 4.4 GB of 24 GB in use, ..."
 *
 * nvidia-smi's utilization is the part of the time in which a kernel ran, whatever part of the GPU it
 * used; copies are not in it. Clocks are those of samples in which the GPU was at work: an idle one is
 * slow on purpose.
 */
#ifndef ANALYSIS_PROFILE_NVIDIA_GPU_SUMMARY_H
#define ANALYSIS_PROFILE_NVIDIA_GPU_SUMMARY_H

#include "analysis/profile/nvidia/gpu_monitor.h"

typedef struct GpuRange {
    size_t count; /* 0: nothing was told */
    double mean, median, min, max;
} GpuRange;

typedef struct GpuSummary {
    Str gpu;  /* "0" */
    Str name; /* may be empty */
    size_t samples;
    double step_s;  /* between two samples, the usual; NaN: they have no times, or it is one */
    double lasts_s; /* all of it; NaN likewise */
    GpuRange values[GPU_QUANTITIES];
    GpuRange sm_clock, memory_clock; /* at work */
    GpuRange
        between; /* the load from the first sample with a kernel to the last: without start-up */
    uint64_t reasons; /* of those that throttle, all */
    size_t throttled_samples;
    double throttled_s; /* NaN where lasts_s is */
} GpuSummary;
typedef Array(GpuSummary) GpuSummaries;

GpuSummary gpu_summary_of(Arena *arena, const GpuSeries *series);
GpuSummaries gpu_summaries_of(Arena *arena, const GpuMonitor *monitor);

/* Its load is told, and no sample saw a kernel. */
bool gpu_summary_is_idle(const GpuSummary *gpu);
/* The SM clock at work differed by more than 5 %. */
bool gpu_summary_clock_changed(const GpuSummary *gpu);
/* Reasons in words: "power cap, heat". */
Str gpu_reasons_text(Arena *arena, uint64_t reasons);
/*
 * `when` stands behind the name, and may be empty. Without `load` nothing of what ran: the GPU was in
 * the hands of a profiler.
 */
Str gpu_summary_line(Arena *arena, const GpuSummary *gpu, Str when, bool load);
/* "GPU 0 was throttled for 3.1 of 10 s (power cap)"; empty when it was not. */
Str gpu_summary_throttled(Arena *arena, const GpuSummary *gpu);
/* A paragraph per GPU, with every quantity. */
Str gpu_monitor_text(Arena *arena, const GpuMonitor *monitor);

#endif
