/*
 * line_profiler, tracemalloc, memray and viztracer: profilers that live inside the benchmark's own Python.
 * A script of ours starts them there and then runs the program (python_run.py says how).
 */

#include "base/file.h"
#include "base/path.h"
#include "base/strbuf.h"
#include "runners/profiling/capture/capture_tools.h"
#include "runners/profiling/capture/line_profiler_run_py.h"
#include "runners/profiling/capture/memory_stacks_py.h"
#include "runners/profiling/capture/memray_read_py.h"
#include "runners/profiling/capture/memray_run_py.h"
#include "runners/profiling/capture/python_run_py.h"
#include "runners/profiling/capture/tracemalloc_run_py.h"
#include "runners/profiling/capture/viztracer_run_py.h"
#include "runners/pylaunch.h"

static Str script_path(const CaptureJob *job)
{
    return path_join(job->arena, job->capture->folder, S("profiled.py"));
}

static bool write_script(const CaptureJob *job, Str path, Str first, Str then, Str last, Err *err)
{
    StrBuf text = strbuf_new(job->arena);
    strbuf_add(&text, first);
    strbuf_add(&text, then);
    strbuf_add(&text, last);
    return file_write(path, strbuf_str(&text), err);
}

/* Runs the benchmark below `script`, which writes to `out`. */
static bool run_inside(CaptureJob *job, Str out, Str script, Str more, Err *err)
{
    PyLaunch launch;
    const CaptureOptions *options = job->options;
    if (!pylaunch_find(job->arena, &options->workload->benchmark, options->places->root, &launch,
                       err))
        return err_wrap(err, STR_FMT " runs only what Python starts", STR_ARG(job->tool.name));
    if (!write_script(job, script_path(job), str_from_c(PYTHON_RUN_PY), more, script, err))
        return false;
    Str words = str_fmt(job->arena, "%s%s", options->native ? "native," : "",
                        options->python_allocators ? "python-allocators" : "");
    const Str ours[] = {script_path(job), out, options->places->root, options->workload->harness,
                        words};
    capture_add(job, launch.before.items, launch.before.len);
    capture_add(job, ours, sizeof(ours) / sizeof(ours[0]));
    capture_add(job, launch.after.items, launch.after.len);
    return true;
}

bool inside_explain(CaptureJob *job, const ProcessResult *result, Err *err)
{
    if (!process_check(result, job->tool.name, err))
        return false;
    if (capture_is_pytest_benchmark(job))
        return err_set(err, ERR_TOOL,
                       "the benchmark command ran no benchmark: no test there takes "
                       "pytest-benchmark's fixture");
    return err_set(err, ERR_TOOL,
                   STR_FMT " wrote no profile: the program replaced itself, or left Python by "
                           "os._exit (--with py-spy may do)",
                   STR_ARG(job->tool.name));
}

/* ---------------------------------------------------------------- line_profiler */

bool line_profiler_command(CaptureJob *job, Err *err)
{
    /* Tests come through pytest's own loader otherwise, which takes no decorators from us. */
    job->pytest_options = S(" --assert=plain");
    return run_inside(job, job->capture->file, str_from_c(LINE_PROFILER_RUN_PY), S(""), err);
}

/* ---------------------------------------------------------------- tracemalloc */

bool tracemalloc_command(CaptureJob *job, Err *err)
{
    return run_inside(job, job->capture->file, str_from_c(TRACEMALLOC_RUN_PY),
                      str_from_c(MEMORY_STACKS_PY), err);
}

/* ---------------------------------------------------------------- memray */

/* memray_run.py makes ".0" and so on of it. */
static Str recording(const CaptureJob *job)
{
    return path_join(job->arena, job->capture->folder, S("recording"));
}

bool memray_command(CaptureJob *job, Err *err)
{
    return run_inside(job, recording(job), str_from_c(MEMRAY_RUN_PY), S(""), err);
}

/* Recordings are private to the memray that wrote them, so that one is asked. */
bool memray_collect(CaptureJob *job, Err *err)
{
    Str reader = path_join(job->arena, job->capture->folder, S("memray_read.py"));
    const Str argv[] = {job->tool.path, reader, recording(job), job->capture->file,
                        script_path(job)};
    ProcessOptions process = {.argv = argv,
                              .argc = sizeof(argv) / sizeof(argv[0]),
                              .cwd = job->options->places->root,
                              .cancel = job->options->cancel};
    ProcessResult result;
    report_progress(job->report, -1, "memray: reading its recordings");
    return write_script(job, reader, str_from_c(MEMORY_STACKS_PY), str_from_c(MEMRAY_READ_PY),
                        S(""), err) &&
           process_run(job->arena, &process, &result, err) &&
           process_check(&result, S("reading memray's recordings"), err);
}

/* ---------------------------------------------------------------- viztracer */

bool viztracer_command(CaptureJob *job, Err *err)
{
    return run_inside(job, job->capture->file, str_from_c(VIZTRACER_RUN_PY), S(""), err);
}
