/*
 * GPU hints: what the numbers of a kernel's line, or of a kernel, say in the field's words.
 *
 * From the metrics that ncu's reader gives (profile/read_ncu.c): stall reasons as samples of the
 * program counter, memory sectors moved and needed, wavefronts of shared memory, divergence; and
 * from a kernel's facts: what limits occupancy, the tail, which side of the roofline. What each reason
 * means, and what to do about it, is from NVIDIA's Kernel Profiling Guide and CUDA Best Practices
 * Guide, in our words. Profiles of other tools have no such metrics and get no such advice.
 */
#ifndef ANALYSIS_HINTS_HINTS_GPU_H
#define ANALYSIS_HINTS_HINTS_GPU_H

#include "analysis/hints/heat.h"
#include "analysis/hints/hint.h"
#include "base/arena.h"
#include "base/array.h"

/* Adds to the hints of a line, worst first. */
void hints_gpu(Arena *arena, const HotFile *file, const HeatValue *values, Hints *out);
/* "barrier 58 %, long scoreboard 20 %": of the line's samples, three at most; empty without. */
Str gpu_stalls(Arena *arena, const HotFile *file, const HeatValue *values);
typedef struct GpuStall {
    Str reason;   /* "barrier" */
    double share; /* of the samples there */
} GpuStall;
/* The same as numbers, at most `max`; how many there are. */
size_t gpu_stall_shares(const HotFile *file, const HeatValue *values, GpuStall *out, size_t max);
/* "barrier" where one reason stands for a third of the samples or more, else empty. */
Str gpu_top_stall(const HotFile *file, const HeatValue *values);
/* "barrier" of the metric "stall_barrier"; empty where it is none. */
Str gpu_stall_words(Str metric);
/* What a warp waits for then: "other warps of the block at __syncthreads". */
Str gpu_stall_means(Str metric);
/* Is this one of the metrics worth offering: not a reason that the whole profile has little of? */
bool gpu_is_offered(const HotFile *file, const HeatMetric *metric);

/* Of the 32 threads of a warp: from which on too few do something (as ncu's rule Thread Divergence). */
static const double GPU_ACTIVE_THREADS = 24;

/* ------------------------------------------------------------------ a kernel (hints_kernel.c) */

typedef Array(Str) GpuSentences;
/* What the kernel's facts say about it as a whole, a sentence each. */
GpuSentences gpu_kernel_sentences(Arena *arena, const HotFunction *kernel);
/* Its facts as people read them, a few in each text: "duration 2.5 ms, grid 60 × 1 × 1, …". */
GpuSentences gpu_kernel_facts(Arena *arena, const HotFunction *kernel);
/* "17.4 ms", "418 ms in 24 launches"; empty where that is not known. */
Str gpu_kernel_time(Arena *arena, const HotFunction *kernel);

#endif
