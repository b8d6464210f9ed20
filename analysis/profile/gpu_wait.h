/*
 * GpuWaits: calls of the host that wait for the device, and the kernel each one waited for: the one
 * that ended last while the call lasted.
 *
 *     GpuWaits waits = gpu_waits_new(arena, build);
 *     if (gpu_call_waits(name))
 *         gpu_waits_add(&waits, (GpuWait){.process = ..., .start = ..., .stack = host, ...});
 *     gpu_waits_ready(&waits);                    all calls are known
 *     gpu_waits_kernel(&waits, process, end, number);
 *     gpu_waits_tell(&waits, names);              FINDING_WAIT at the hosts' lines
 *
 * Between two of the times at which a call begins or ends, only the kernel that ended last counts.
 * So the memory is in proportion to the calls, however many kernels there are.
 */
#ifndef ANALYSIS_PROFILE_GPU_WAIT_H
#define ANALYSIS_PROFILE_GPU_WAIT_H

#include <stdbool.h>
#include <stdint.h>

#include "analysis/profile/profile.h"
#include "base/array.h"

typedef struct GpuWait {
    uint64_t process; /* waits for kernels of this process only */
    int64_t start, end;
    uint32_t stack;  /* node of the host line that called; 0: not known */
    uint32_t call;   /* text: cudaDeviceSynchronize */
    uint32_t kernel; /* after gpu_waits_tell: its number + 1; 0: none */
} GpuWait;

/* A time at which a call begins or ends, and the kernel that ended last since the one before. */
typedef struct GpuWaitTime {
    uint64_t process;
    int64_t time;
    int64_t kernel_end;
    uint32_t kernel; /* number + 1 */
} GpuWaitTime;

typedef struct GpuWaits {
    Arena *arena;
    ProfileBuilder *build;
    Array(GpuWait) list;
    GpuWaitTime *times;
    size_t times_len;
} GpuWaits;

/* Waits of one host line for one kernel by one call, added up. */
typedef struct GpuWaitSum {
    uint32_t frame;  /* of the host line */
    uint32_t call;   /* text */
    uint32_t kernel; /* number, from 0 */
    int64_t ns;
    uint64_t count;
} GpuWaitSum;

bool gpu_call_waits(Str call);
GpuWaits gpu_waits_new(Arena *arena, ProfileBuilder *build);
void gpu_waits_add(GpuWaits *waits, GpuWait wait);
void gpu_waits_ready(GpuWaits *waits);
/* A kernel of this process ended; numbers count from 0. */
void gpu_waits_kernel(GpuWaits *waits, uint64_t process, int64_t end, uint32_t kernel);
/* Finds what each call waited for and adds the findings; names: text of each kernel. */
void gpu_waits_tell(GpuWaits *waits, const uint32_t *names);
/* The findings of sums that were made elsewhere; puts them into another order. */
void gpu_wait_sums_tell(Arena *arena, ProfileBuilder *build, GpuWaitSum *sums, size_t len,
                        const uint32_t *names);

#endif
