/*
 * What nvidia-smi saw of the GPUs (gpu_monitor.h), given to `perfloop import`: it has no lines, so it is
 * summed up and stands beside a profile of kernels (gpu_beside.h), the newest unless another is named.
 */
#ifndef RUNNERS_PROFILING_MONITOR_IMPORT_H
#define RUNNERS_PROFILING_MONITOR_IMPORT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/err.h"
#include "base/str.h"
#include "runners/places.h"
#include "runners/profiling/gpu_beside.h"
#include "runners/report.h"

typedef struct MonitorImport {
    Str file;
    Str workload;    /* empty: the newest profile of any */
    int64_t profile; /* number in the ledger; 0: the newest with kernels */
} MonitorImport;

typedef struct MonitorImported {
    Str sentence;
    int64_t profile; /* that it stands beside; 0: none */
    GpuBesides gpus;
} MonitorImported;

bool monitor_import_is(Arena *arena, Str file);
bool monitor_import(Arena *arena, Report *report, const Places *places,
                    const MonitorImport *options, MonitorImported *out, Err *err) MUST_CHECK;
/* The result's own fields, for report_result. */
ReportFields monitor_import_fields;

#endif
