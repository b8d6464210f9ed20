/*
 * nvidia-smi beside the benchmark: by itself (`--with dmon`), or while nsys or ncu profiles it.
 *
 * It is started with the benchmark and ended with it (process_beside). Alone it samples ten times in a
 * second; beside a profiler, which is not to be disturbed, five times. The driver renews its load some
 * six times a second at most, and means it over as long, so more often tells more of clocks and power only.
 */

#include <stdio.h>

#include "analysis/profile/nvidia/gpu_monitor.h"
#include "base/file.h"
#include "base/path.h"
#include "runners/process.h"
#include "runners/profiling/capture/capture_tools.h"
#include "runners/said.h"

enum {
    ALONE_HZ = 10,
    BESIDE_HZ = 5,
    OTHERS_PERCENT = 10,
    KEPT_BYTES_MAX = 16 << 20, /* of one GPU, eight hours at five times a second */
};

/* A load is a mean over up to this time. */
static const double LOAD_PERIOD_S = 1;

/* A GPU that is not the benchmark's alone: its load, memory and power are not, either. */
static void note_others(CaptureJob *job)
{
    GpuMonitor before = {0};
    Err none = {0};
    if (!gpu_monitor_read(job->arena, job->watch.before, &before, &none))
        return;
    array_each (const GpuSeries, gpu, &before.gpus) {
        double load = gpu->samples.items[0].values[GPU_SM_BUSY];
        if (load >= OTHERS_PERCENT)
            report_note(job->report,
                        "GPU " STR_FMT " was at work before the benchmark began (%.0f %%): another "
                        "program uses it, so what follows is not the benchmark's alone",
                        STR_ARG(gpu->gpu), load);
    }
}

bool monitor_plan(CaptureJob *job, bool is_dmon, Err *err)
{
    uint32_t rate = job->options->rate_hz ? job->options->rate_hz : ALONE_HZ;
    Str path;
    if (!smi_find(job->arena, job->options->places->root, &path))
        return !is_dmon || err_set(err, ERR_TOOL, "nvidia-smi is not installed");
    if (!smi_plan(job->arena, path, is_dmon ? rate : BESIDE_HZ, job->options->cancel, &job->watch,
                  err))
        return false;
    note_others(job);
    if (!is_dmon || job->watch.argc)
        return true;
    return err_set(err, ERR_TOOL, STR_FMT "%s" STR_FMT, STR_ARG(job->watch.why.problem),
                   job->watch.why.mend.len ? ": " : "", STR_ARG(job->watch.why.mend));
}

/*
 * Not every nvidia-smi writes each sample at once into a pipe, and what it holds back is lost when it is
 * ended; stdbuf (coreutils) makes the C library do so.
 */
static size_t command(CaptureJob *job, Str argv[SMI_ARGS_MAX + 2])
{
    size_t argc = 0;
    Str stdbuf;
    if (process_find(job->arena, S("stdbuf"), (Str){0}, job->capture->folder, &stdbuf)) {
        argv[argc++] = stdbuf;
        argv[argc++] = S("-oL");
    }
    for (size_t i = 0; i < job->watch.argc; i++)
        argv[argc++] = job->watch.argv[i];
    return argc;
}

bool monitor_run(CaptureJob *job, const ProcessOptions *process, ProcessResult *result, Err *err)
{
    static const Str ENV[] = {STR_CONST("LC_ALL=C")};
    Str argv[SMI_ARGS_MAX + 2];
    ProcessOptions watch = {.argv = argv,
                            .argc = command(job, argv),
                            .cwd = job->capture->folder,
                            .env = ENV,
                            .env_count = 1,
                            .capture_bytes = KEPT_BYTES_MAX};
    ProcessResult results[2];
    if (!process_beside(job->arena, (const ProcessOptions *[]){process, &watch}, results, err))
        return false;
    *result = results[0];
    job->watch_said = said_why(results[1].errors, results[1].out);
    Str path = path_join(job->arena, job->capture->folder, S("gpus.csv"));
    if (!results[1].out.len)
        return true;
    if (results[1].out_bytes > results[1].out.len)
        report_note(job->report,
                    "nvidia-smi wrote more than %d MB: what it saw of the GPUs ends before the "
                    "benchmark does; a smaller --rate holds longer",
                    KEPT_BYTES_MAX >> 20);
    if (!file_write(path, results[1].out, err))
        return false;
    job->capture->gpus = path;
    return true;
}

/* ---------------------------------------------------------------- by itself */

bool dmon_command(CaptureJob *job, Err *err UNUSED)
{
    const WorkloadCommand *benchmark = &job->options->workload->benchmark;
    capture_add(job, benchmark->argv, benchmark->argc);
    if (job->watch.is_dmon)
        report_note(job->report,
                    "this nvidia-smi answers no --query-gpu, so dmon samples once in a second, and "
                    "does not say all reasons for low clocks");
    return true;
}

bool dmon_collect(CaptureJob *job, Err *err)
{
    Str text;
    GpuMonitor monitor;
    Err none = {0};
    if (!job->capture->gpus.len ||
        !file_read(job->arena, job->capture->gpus, FILE_LIMIT_TEXT, &text, &none) ||
        !gpu_monitor_read(job->arena, text, &monitor, &none))
        return true; /* for the explanation */
    if (rename(str_cstr(job->arena, job->capture->gpus), str_cstr(job->arena, job->capture->file)) <
        0)
        return err_set(err, ERR_IO, STR_FMT ": cannot be moved", STR_ARG(job->capture->gpus));
    job->capture->gpus = job->capture->file;
    if (job->capture->wall_s < LOAD_PERIOD_S)
        report_note(
            job->report,
            "the benchmark ran %.2g s: the driver's load is a mean over up to %.0f s, so it "
            "holds what was before, too; let it run longer",
            job->capture->wall_s, LOAD_PERIOD_S);
    return true;
}

bool dmon_explain(CaptureJob *job, const ProcessResult *result UNUSED, Err *err)
{
    if (job->capture->wall_s < LOAD_PERIOD_S + job->watch.step_ms * 0.001)
        return err_set(err, ERR_TOOL,
                       "the benchmark ended after %.2g s, before nvidia-smi had taken a sample "
                       "(it takes one every %.2g s): let it run longer",
                       job->capture->wall_s, job->watch.step_ms * 0.001);
    return err_set(err, ERR_TOOL, "nvidia-smi took no sample%s" STR_FMT,
                   job->watch_said.len ? ": " : "", STR_ARG(job->watch_said));
}
