/* py-spy and cProfile. */

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/path.h"
#include "runners/measure/measured_py.h"
#include "runners/profiling/capture/capture_tools.h"
#include "runners/profiling/capture/cprofile_run_py.h"
#include "runners/pylaunch.h"

enum {
    RATE_DEFAULT_HZ = 250,
};

/* ---------------------------------------------------------------- py-spy */

/*
 * py-spy exits with 0 whatever the benchmark did, so a shell in between notes the status (a fixed
 * script; the benchmark's words are its arguments). The Python is then py-spy's grandchild, which
 * --subprocesses finds; it also follows benchmarks that start Python through a launcher.
 */
bool pyspy_command(CaptureJob *job, Err *err UNUSED)
{
    job->status_file = path_join(job->arena, job->capture->folder, S("status"));
    job->own_words = S("Error: No python processes found"); /* of a benchmark that failed at once */
    const WorkloadCommand *benchmark = &job->options->workload->benchmark;
    uint32_t rate = job->options->rate_hz ? job->options->rate_hz : RATE_DEFAULT_HZ;
    const Str words[] = {
        job->tool.path,        S("record"),         S("--format"), S("speedscope"),
        S("--full-filenames"), S("--subprocesses"), S("--rate"),   str_fmt(job->arena, "%u", rate),
        S("--output"),         job->capture->file,
    };
    const Str command[] = {
        S("--"),          S("/bin/sh"),
        S("-c"),          S("\"$@\"; status=$?; echo $status >\"$0\"; exit $status"),
        job->status_file,
    };
    capture_add(job, words, sizeof(words) / sizeof(words[0]));
    if (job->options->native)
        capture_add(job, (const Str[]){S("--native")}, 1);
    capture_add(job, command, sizeof(command) / sizeof(command[0]));
    capture_add(job, benchmark->argv, benchmark->argc);
    /* A benchmark made short for many pairs gives too few samples to rank lines by. */
    if (capture_is_pytest_benchmark(job) && !benchmark->shell)
        capture_add(job, (const Str[]){S("--benchmark-max-time=2")}, 1);
    return true;
}

bool pyspy_explain(CaptureJob *job, const ProcessResult *result, Err *err)
{
    Str problem, mend;
    tool_explain_pyspy(job->arena, result->errors, &problem, &mend);
    return err_set(err, ERR_TOOL, STR_FMT "%s" STR_FMT, STR_ARG(problem), mend.len ? ": " : "",
                   STR_ARG(mend));
}

/* Labels and what is not measured go (measured.py); without a Python to do it, all stays. */
bool pyspy_collect(CaptureJob *job, Err *err)
{
    const Workload *workload = job->options->workload;
    Str raw = path_join(job->arena, job->capture->folder, S("all.json")), kept, all;
    Str python = pylaunch_python(job->arena, &workload->benchmark, job->options->places->root);
    const Str argv[] = {python,           S("-c"), str_from_c(MEASURED_PY), raw, job->capture->file,
                        workload->harness};
    ProcessOptions process = {.argv = argv,
                              .argc = sizeof(argv) / sizeof(argv[0]),
                              .cwd = job->capture->folder,
                              .cancel = job->options->cancel};
    ProcessResult result;
    if (!file_exists(job->capture->file))
        return true;
    if (rename(str_cstr(job->arena, job->capture->file), str_cstr(job->arena, raw)) < 0)
        return err_set(err, ERR_IO, STR_FMT ": %s", STR_ARG(raw), strerror(errno));
    if (!python.len) {
        job->capture->file = raw;
        report_note(job->report, "there is no Python to tell apart what is measured");
        return true;
    }
    if (!process_run(job->arena, &process, &result, err) ||
        !process_check(&result, S("sorting out the samples"), err))
        return false;
    if (str_cut(str_trim(result.out), ' ', &all, &kept) && !str_eq(all, kept))
        report_note(job->report,
                    STR_FMT " of " STR_FMT " samples are of what " STR_FMT
                            " measures; the others (imports, set-up) are left out",
                    STR_ARG(kept), STR_ARG(all), STR_ARG(workload->harness));
    return true;
}

/* ---------------------------------------------------------------- cProfile */

/*
 * pytest-benchmark switches any profiler off while it measures, so that a cProfile around pytest
 * would see everything but the benchmark. It runs cProfile itself when asked to, on exactly the code
 * that is measured, and writes one file for each benchmark.
 */
static bool cprofile_inside_pytest(CaptureJob *job)
{
    const WorkloadCommand *benchmark = &job->options->workload->benchmark;
    Str prefix = path_join(job->arena, job->capture->folder, S("dumps/benchmark"));
    Str option = str_fmt(job->arena, "--benchmark-cprofile-dump=" STR_FMT, STR_ARG(prefix));
    job->pytest_options = str_fmt(job->arena, " --benchmark-cprofile=tottime " STR_FMT,
                                  STR_ARG(workload_join(job->arena, &option, 1)));
    capture_add(job, benchmark->argv, benchmark->argc);
    return true;
}

bool cprofile_command(CaptureJob *job, Err *err)
{
    PyLaunch launch;
    if (capture_is_pytest_benchmark(job))
        return cprofile_inside_pytest(job);
    if (!pylaunch_find(job->arena, &job->options->workload->benchmark, job->options->places->root,
                       &launch, err))
        return err_wrap(err, "cProfile runs only what Python starts (--with py-spy may do)");
    Str script = path_join(job->arena, job->capture->folder, S("cprofile_run.py"));
    if (!file_write(script, str_from_c(CPROFILE_RUN_PY), err))
        return false;
    capture_add(job, launch.before.items, launch.before.len);
    capture_add(job, &script, 1);
    capture_add(job, &job->capture->file, 1);
    capture_add(job, launch.after.items, launch.after.len);
    return true;
}

/* The profiles of all benchmarks become one; Python's own pstats adds them up. */
bool cprofile_collect(CaptureJob *job, Err *err)
{
    static const char MERGE[] = "import glob, pstats, sys\n"
                                "files = sorted(glob.glob(glob.escape(sys.argv[2]) + '/*.prof'))\n"
                                "files and pstats.Stats(*files).dump_stats(sys.argv[1])\n";
    Str dumps = path_join(job->arena, job->capture->folder, S("dumps"));
    const Str argv[] = {job->tool.path, S("-c"), str_from_c(MERGE), job->capture->file, dumps};
    ProcessOptions process = {.argv = argv,
                              .argc = sizeof(argv) / sizeof(argv[0]),
                              .cwd = job->capture->folder,
                              .cancel = job->options->cancel};
    ProcessResult result;
    if (!capture_is_pytest_benchmark(job))
        return true;
    return process_run(job->arena, &process, &result, err) &&
           process_check(&result, S("adding up the profiles"), err);
}

/* A pytest-benchmark that does not know the option: pytest refuses to start. */
bool cprofile_is_ours(const ProcessResult *result)
{
    return str_has(result->errors, S("--benchmark-cprofile-dump"));
}

bool cprofile_explain(CaptureJob *job, const ProcessResult *result, Err *err)
{
    if (cprofile_is_ours(result))
        return err_set(err, ERR_TOOL,
                       "this pytest-benchmark cannot write cProfile's files (5.0 can): " STR_FMT
                       " -m pip install -U pytest-benchmark",
                       STR_ARG(job->tool.path));
    if (result->status == 0 && capture_is_pytest_benchmark(job))
        return err_set(err, ERR_TOOL,
                       "the benchmark command ran no benchmark: no test there takes "
                       "pytest-benchmark's fixture");
    return process_check(result, S("cProfile"), err) &&
           err_set(err, ERR_TOOL, "cProfile wrote no profile");
}
