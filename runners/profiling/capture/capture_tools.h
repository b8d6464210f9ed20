/*
 * CaptureTools: what each profiler needs of capture.c. Inside this folder only.
 *
 * A profiler is a row of the table in capture.c and these functions: `command` writes the command line
 * that runs the benchmark under it, `collect` makes the one profile file of what was written, `explain`
 * says what it means when there is none although the benchmark ran.
 */
#ifndef RUNNERS_PROFILING_CAPTURE_CAPTURE_TOOLS_H
#define RUNNERS_PROFILING_CAPTURE_CAPTURE_TOOLS_H

#include <stdbool.h>
#include <stdint.h>

#include "analysis/workload/workload.h"
#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "runners/process.h"
#include "runners/profiling/capture/capture.h"
#include "runners/report.h"
#include "runners/tools.h"
#include "runners/tools_nvidia_smi.h"

typedef struct CaptureJob {
    Arena *arena;
    Report *report;
    const CaptureOptions *options;
    Capture *capture; /* `file` is where the profile is wanted */
    Tool tool;
    StrList argv;
    Str status_file; /* where the benchmark's exit status is written, when the profiler hides it */
    Str pytest_options; /* added to PYTEST_ADDOPTS */
    Str own_words;      /* what the profiler adds to the benchmark's output begins so */
    Str said;           /* all that the profiler and the benchmark wrote, once it is known */
    bool gpu_lines; /* the profile is of kernels: whether the program has lines matters little */
    StrList env;    /* more of the build's and the benchmark's environment */
    SmiPlan watch;  /* nvidia-smi beside it; argc 0: it does not run */
    Str watch_said; /* its own words, where it wrote no samples */
    uint64_t started_ns;
    uint64_t told_s;
} CaptureJob;

typedef bool CaptureStep(CaptureJob *job, Err *err);
/* Always false, with the sentence in err. */
typedef bool CaptureExplain(CaptureJob *job, const ProcessResult *result, Err *err);

typedef struct CaptureTool {
    Str name;
    Str file_name;
    CaptureStep *command;
    CaptureStep *collect; /* NULL: the profiler writes the file itself */
    CaptureExplain *explain;
    /* The benchmark failed because of what we added to it; NULL: never. */
    bool (*is_ours)(const ProcessResult *result);
    bool native; /* of machine code: Rust is built for it (rust_env.h), and it comes first for it */
    /* Removes what a run may leave outside of its folder; NULL: nothing. */
    void (*forget)(Arena *arena, Str folder);
    bool sees_native;     /* knows CaptureOptions.native */
    bool sees_allocators; /* and .python_allocators */
    bool sees_kernels;    /* and .kernel, .launches, .launch_skip */
    bool watches_gpus;    /* nvidia-smi runs beside it, where there is one */
    bool only_asked;      /* shows no lines, so it is taken only when it is asked for by name */
    /* Puts what the profiler said itself behind the result's errors; NULL: it is told by own_words. */
    void (*gather)(CaptureJob *job, ProcessResult *result);
} CaptureTool;

bool capture_is_pytest_benchmark(const CaptureJob *job);
/* Words of the command line. */
void capture_add(CaptureJob *job, const Str *words, size_t count);

CaptureStep pyspy_command, pyspy_collect;
CaptureExplain pyspy_explain;

CaptureStep cprofile_command, cprofile_collect;
CaptureExplain cprofile_explain;
bool cprofile_is_ours(const ProcessResult *result);

CaptureStep perf_command, perf_collect;
CaptureStep flamegraph_command, flamegraph_collect;
CaptureExplain perf_explain;
bool perf_is_ours(const ProcessResult *result);

CaptureStep heaptrack_command, heaptrack_collect;
CaptureExplain heaptrack_explain;
bool heaptrack_is_ours(const ProcessResult *result);
void heaptrack_forget(Arena *arena, Str folder);

CaptureStep dhat_command, callgrind_command;
CaptureExplain valgrind_explain;
bool valgrind_is_ours(const ProcessResult *result);

CaptureStep criterion_command;
CaptureExplain criterion_explain;
bool criterion_is_ours(const ProcessResult *result);

CaptureStep dhat_crate_command, tracing_command;
CaptureExplain dhat_crate_explain, tracing_explain;
void written_forget(Arena *arena, Str folder);

CaptureStep ncu_command, nsys_command, nvidia_collect;
CaptureExplain nvidia_explain;
bool ncu_is_ours(const ProcessResult *result);
bool nsys_is_ours(const ProcessResult *result);
void ncu_gather(CaptureJob *job, ProcessResult *result);
void nsys_gather(CaptureJob *job, ProcessResult *result);

CaptureStep dmon_command, dmon_collect;
CaptureExplain dmon_explain;
/* What nvidia-smi is to do beside the benchmark, into job->watch; a GPU is needed for dmon alone. */
bool monitor_plan(CaptureJob *job, bool is_dmon, Err *err) MUST_CHECK;
/* process_run, with nvidia-smi beside it; its recording goes to capture->gpus. */
bool monitor_run(CaptureJob *job, const ProcessOptions *process, ProcessResult *result,
                 Err *err) MUST_CHECK;

CaptureStep line_profiler_command, tracemalloc_command, viztracer_command;
CaptureStep memray_command, memray_collect;
CaptureExplain inside_explain;

#endif
