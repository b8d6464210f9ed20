/*
 * Capture: run the benchmark of a workload under a profiler → a profile file.
 *
 *     CaptureOptions options = {.tool = S("py-spy"), .places = &places, .workload = &workload};
 *     CLEANUP(capture_finish) Capture capture = {0};
 *     if (!capture_run(arena, report, &options, &capture, err))
 *         return false;
 *     import(capture.file);                     removed, with its folder, by capture_finish
 *
 * The benchmark runs in the work tree, as the user agreed to it (allow.h; the caller has asked). Its
 * own output goes to nowhere; what it and the profiler write goes into a folder of ours in the cache,
 * and pytest is told not to leave anything in the work tree. On a cancel every process is ended and
 * the folder removed; a folder that a killed run left is removed by the next one.
 *
 * A profiler is a row in capture.c. Here is also which one to take when nobody said.
 */
#ifndef RUNNERS_PROFILING_CAPTURE_CAPTURE_H
#define RUNNERS_PROFILING_CAPTURE_CAPTURE_H

#include <signal.h>

#include "analysis/workload/workload.h"
#include "base/arena.h"
#include "base/attr.h"
#include "base/err.h"
#include "base/str.h"
#include "runners/places.h"
#include "runners/report.h"

typedef struct CaptureOptions {
    Str tool; /* "py-spy"; empty: the workload's first that can run here, else the best for it */
    const Places *places;
    const Workload *workload;
    uint32_t rate_hz;       /* of samplers; 0: 250, perf 997, dmon 10 */
    bool copy_stacks;       /* perf: --call-graph dwarf, for code without frame pointers */
    bool native;            /* also frames of native code: py-spy, memray */
    bool python_allocators; /* also what Python's own allocators hand out: memray; slow */
    Str kernel;             /* ncu: a regular expression, only kernels of such a name */
    uint32_t launches;      /* ncu: so many of them; 0: 20 */
    uint32_t launch_skip;   /* ncu: after so many */
    const volatile sig_atomic_t *cancel;
} CaptureOptions;

typedef struct Capture {
    Str tool; /* that ran */
    Str version;
    Str file;      /* the profile, in `folder` */
    Str folder;    /* removed by capture_finish */
    Str run_dir;   /* that relative paths in the profile belong to */
    double wall_s; /* of the run */
    Str gpus;      /* a recording of nvidia-smi that was made beside it, in `folder`; or empty */
    int lock;      /* holds `folder`; 0 when there is none */
} Capture;

/*
 * ERR_TOOL with one sentence and the mending command when the profiler is missing or may not run;
 * ERR_TOOL when the benchmark itself fails; ERR_UNSUPPORTED when the profiler cannot run such a
 * command; ERR_CANCELLED.
 */
bool capture_run(Arena *arena, Report *report, const CaptureOptions *options, Capture *out,
                 Err *err) MUST_CHECK;
void capture_finish(Capture *capture);

#endif
