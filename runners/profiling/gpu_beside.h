/*
 * GpuBeside: what nvidia-smi saw of the GPUs, kept in the ledger beside a profile of the same workload, and
 * what is told of it there.
 *
 *     GpuBesides beside = gpu_besides(arena, &places, ledger, &row);
 *     array_each (Str, line, &beside.lines) ...       below the kernels, in `perfloop hot` and in hovers
 *
 * A recording belongs to a profile in one of four ways (`origin`):
 *
 *     profiler   nvidia-smi ran beside nsys or ncu in the very run that is profiled
 *     nsys       the same, of nsys in another profile of the same version: shown beside ncu's, too
 *     alone      `perfloop profile --with dmon`: a run of its own, of the same version of the code
 *     imported   `perfloop import FILE`: beside the newest profile of kernels, because the user says so
 *
 * Under ncu the GPU waits for the profiler most of the time, so its load there says nothing of the program and is
 * not told; clocks, power and throttling are what its counters were taken under.
 */
#ifndef RUNNERS_PROFILING_GPU_BESIDE_H
#define RUNNERS_PROFILING_GPU_BESIDE_H

#include "analysis/profile/nvidia/gpu_summary.h"
#include "analysis/workload/workload.h"
#include "base/json_out.h"
#include "runners/ledger/ledger.h"
#include "runners/places.h"

typedef struct GpuBeside {
    Str origin;
    Str source;
    bool load_is_ours; /* not ncu's */
    GpuSummaries gpus;
} GpuBeside;

typedef struct GpuBesides {
    Array(GpuBeside) recordings; /* in the order above */
    StrList lines;               /* one per GPU that was at work */
    StrList notes;               /* throttling during the recording of the profile, one per GPU */
} GpuBesides;

/* Adds one recording that is in no ledger: all of it but its GPUs is given. */
bool gpu_besides_of(Arena *arena, const GpuBeside *one, Str text, GpuBesides *out,
                    Err *err) MUST_CHECK;
/* Those of a profile in the ledger; what cannot be read is left out. */
GpuBesides gpu_besides(Arena *arena, const Places *places, Ledger *ledger,
                       const LedgerProfile *profile);
/* The text of nvidia-smi goes into the contents, and a row (its content is filled in here) into the ledger. */
bool gpu_beside_keep(const Places *places, LedgerGpus row, Str text, Err *err) MUST_CHECK;
/* The newest profile of the workload (empty: of any) with GPU kernels; false, with no error, without. */
bool gpu_beside_find(Arena *arena, const Places *places, Str workload, LedgerProfile *out);
/* An array under the key "gpus"; nothing when there is none. */
void gpu_besides_fields(JsonOut *out, const GpuBesides *besides);

#endif
