/*
 * Profiling: one profile of a workload, from the question whether its commands may run to the row
 * in the ledger. `perfloop profile` is this; keeping an iteration ends with it, because the
 * bottleneck moves.
 */
#ifndef RUNNERS_PROFILING_PROFILING_H
#define RUNNERS_PROFILING_PROFILING_H

#include "analysis/workload/workload.h"
#include "runners/profiling/capture/capture.h"
#include "runners/profiling/gpu_beside.h"
#include "runners/profiling/import.h"

typedef struct Profiled {
    Imported imported; /* of a recording of the GPUs alone (dmon): nothing */
    Str version;       /* of the profiler */
    double wall_s;
    GpuBesides gpus; /* nvidia-smi's recording, where one was made */
    Str sentence;
} Profiled;

/* tool and rate_hz as in CaptureOptions. Errors are those of allow_check, capture and import. */
bool profile_workload(Arena *arena, Report *report, const Places *places, const Workload *workload,
                      const CaptureOptions *options, Profiled *out, Err *err) MUST_CHECK;

#endif
