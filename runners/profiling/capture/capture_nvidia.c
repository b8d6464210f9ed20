/*
 * ncu and nsys: NVIDIA's profilers, of kernels and of the whole timeline.
 *
 * ncu runs every kernel again and again until it has all counters, so only the first launches are
 * taken unless more are asked for. Its words go into a log of its own, away from the benchmark's.
 * nsys writes its own file and beside it the SQLite export that we read.
 */

#include <dirent.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/path.h"
#include "base/strbuf.h"
#include "runners/machine.h"
#include "runners/process.h"
#include "runners/profiling/capture/capture_lineinfo.h"
#include "runners/profiling/capture/capture_native.h"
#include "runners/profiling/capture/nsys_options.h"
#include "runners/pylaunch.h"
#include "runners/tools_nvidia.h"

enum {
    LAUNCHES = 20,
    LOG_LIMIT = 4 * 1024 * 1024,
    HELP_TIMEOUT_S = 20,
};

/* Stands between what the benchmark wrote and what the profiler did. */
static const Str LOG_BEGINS = STR_CONST("\n[the profiler]\n");

/* ---------------------------------------------------------------- ncu */

static const char NCU_SECTIONS[] =
    "--section SourceCounters --section WarpStateStats --section SpeedOfLight --section Occupancy "
    "--section LaunchStats --section MemoryWorkloadAnalysis";

static uint32_t launches(const CaptureJob *job)
{
    return job->options->launches ? job->options->launches : LAUNCHES;
}

static Str logs_folder(CaptureJob *job)
{
    return path_join(job->arena, job->capture->folder, S("logs"));
}

bool ncu_command(CaptureJob *job, Err *err)
{
    const CaptureOptions *options = job->options;
    Str folder = logs_folder(job);
    if (!file_make_dirs(folder, err))
        return false;
    lineinfo_note(job);
    job->own_words = LOG_BEGINS;
    job->gpu_lines = true;
    Str ncu = native_quote(job->arena, job->tool.path);
    Str logs = native_quote(job->arena, folder);
    StrBuf line = strbuf_new(job->arena);
    strbuf_fmt(&line,
               STR_FMT " -f -o \"$part\" --log-file " STR_FMT
                       "/$$ %s --import-source yes --target-processes all -c %u",
               STR_ARG(ncu), STR_ARG(logs), NCU_SECTIONS, launches(job));
    if (options->launch_skip)
        strbuf_fmt(&line, " --launch-skip %u", options->launch_skip);
    if (options->kernel.len) {
        Str kernel = native_quote(job->arena,
                                  str_fmt(job->arena, "regex:" STR_FMT, STR_ARG(options->kernel)));
        strbuf_fmt(&line, " -k " STR_FMT, STR_ARG(kernel));
    }
    strbuf_add(&line, S(" \"$@\""));
    return native_command(job, strbuf_str(&line), true, err);
}

void ncu_gather(CaptureJob *job, ProcessResult *result)
{
    Str folder = logs_folder(job), text;
    StrBuf all = strbuf_new(job->arena);
    strbuf_add(&all, result->errors);
    strbuf_add(&all, LOG_BEGINS);
    DIR *dir = opendir(str_cstr(job->arena, folder));
    for (struct dirent *entry; dir && (entry = readdir(dir));) {
        Err err = {0};
        Str path = path_join(job->arena, folder, str_copy(job->arena, str_from_c(entry->d_name)));
        if (entry->d_name[0] != '.' && file_read(job->arena, path, LOG_LIMIT, &text, &err))
            strbuf_add(&all, text);
    }
    if (dir)
        closedir(dir);
    result->errors = strbuf_str(&all);
}

/* Its refusal, in either stream. */
static bool refused(Str name, const ProcessResult *result)
{
    const Tool tool = {.name = name};
    CLEANUP(arena_cleanup) Arena *scratch = arena_new("nvidia");
    Str said =
        str_fmt(scratch, STR_FMT "\n" STR_FMT, STR_ARG(result->out), STR_ARG(result->errors));
    NvidiaProblem why = tool_explain_nvidia(scratch, &tool, said);
    return why.problem.len > 0 && !why.nothing_launched;
}

bool ncu_is_ours(const ProcessResult *result)
{
    return refused(S("ncu"), result);
}

/* How many kernels it profiled: its lines `==PROF== Profiling "name" - 3: 0%....100% - 8 passes`. */
static size_t profiled(Str said)
{
    size_t count = 0;
    for (Str line; str_next_line(&said, &line);)
        count += str_starts(str_trim(line), S("==PROF== Profiling "));
    return count;
}

/* ---------------------------------------------------------------- nsys */

static Str help_of_nsys(CaptureJob *job)
{
    const Str argv[] = {job->tool.path, S("profile"), S("--help")};
    ProcessOptions process = {.argv = argv,
                              .argc = sizeof(argv) / sizeof(argv[0]),
                              .cwd = job->options->places->root,
                              .timeout_s = HELP_TIMEOUT_S,
                              .cancel = job->options->cancel};
    ProcessResult result;
    Err err = {0};
    return process_run(job->arena, &process, &result, &err) ? result.out : (Str){0};
}

/*
 * $1 is the part, the rest the benchmark. What nsys leaves beside it is not wanted. Its agent ends before
 * the benchmark begins in one run of ten on a busy machine (seen with 2022.4, 2023.4 and 2024.2), so
 * that is tried again.
 */
bool nsys_command(CaptureJob *job, Err *err)
{
    job->own_words = LOG_BEGINS;
    job->gpu_lines = true;
    Str nsys = native_quote(job->arena, job->tool.path);
    Str options = nsys_options(job->arena, help_of_nsys(job));
    Str script =
        str_fmt(job->arena,
                "part=$1; shift\n"
                "for try in 1 2 3; do\n" STR_FMT
                " profile -o \"$part.report\" -f true -t cuda,nvtx,osrt " STR_FMT
                " --export=sqlite --stats=false \"$@\" 2>\"$part.report.errors\"\n"
                "status=$?\n"
                "[ $status != 0 ] && grep -q 'to Agent lost' \"$part.report.errors\" || break\n"
                "done\n"
                "cat \"$part.report.errors\" >&2\n"
                "[ ! -s \"$part.report.sqlite\" ] || mv -f \"$part.report.sqlite\" \"$part\"\n"
                "rm -f \"$part.report\".*\nexit $status\n",
                STR_ARG(nsys), STR_ARG(options));
    script = native_quote(job->arena, script);
    return native_command(
        job,
        str_fmt(job->arena, "/bin/sh -c " STR_FMT " perfloop \"$part\" \"$@\"", STR_ARG(script)),
        false, err);
}

/*
 * nsys has no log of its own: it writes around the benchmark's output, up to a line "Collecting data..."
 * (not from 2022.4 to 2024.2) and from "Generating" on.
 */
void nsys_gather(CaptureJob *job, ProcessResult *result)
{
    static const Str BEGINS = STR_CONST("Collecting data...\n");
    size_t begin = str_find(result->out, BEGINS, 0),
           end = str_find(result->out, S("Generating '"), 0);
    begin = begin < result->out.len ? begin + BEGINS.len : 0;
    end = end < result->out.len && end >= begin ? end : result->out.len;
    Str head = str_head(result->out, begin), tail = str_from(result->out, end);
    result->errors = str_fmt(job->arena, STR_FMT STR_FMT STR_FMT STR_FMT, STR_ARG(result->errors),
                             STR_ARG(LOG_BEGINS), STR_ARG(head), STR_ARG(tail));
    result->out = str_from(str_head(result->out, end), begin);
}

bool nsys_is_ours(const ProcessResult *result)
{
    return refused(S("nsys"), result);
}

/* ---------------------------------------------------------------- behind the run */

/* Where the kernel refuses, nsys 2022.4 to 2024.2 go on without a word. */
static void note_samples(CaptureJob *job)
{
    PyLaunch launch;
    Err not_python = {0};
    Check check = machine_try(job->arena, S("sampling"));
    if (check.state == CHECK_BLOCKED || str_has(job->said, S("backtrace sampling not supported")))
        report_note(job->report, "nsys took no samples of the processor: " STR_FMT "%s" STR_FMT,
                    STR_ARG(check.sentence), check.mend.len ? ": " : "", STR_ARG(check.mend));
    if (pylaunch_find(job->arena, &job->options->workload->benchmark, job->options->places->root,
                      &launch, &not_python))
        report_note(job->report, "nsys samples the interpreter, not lines of Python: perfloop "
                                 "profile --with py-spy shows those");
}

bool nvidia_collect(CaptureJob *job, Err *err)
{
    if (!native_collect(job, err))
        return false;
    if (!job->options->launches && profiled(job->said) >= launches(job))
        report_note(job->report,
                    "these are the first %d kernel launches, ncu runs each many times: "
                    "--launches N takes more, --kernel REGEX only some, --launch-skip N later ones",
                    LAUNCHES);
    if (str_eq(job->tool.name, S("nsys")))
        note_samples(job);
    return true;
}

bool nvidia_explain(CaptureJob *job, const ProcessResult *result, Err *err)
{
    NvidiaProblem why = tool_explain_nvidia(job->arena, &job->tool, job->said);
    if (why.problem.len)
        return err_set(err, ERR_TOOL, STR_FMT "%s" STR_FMT, STR_ARG(why.problem),
                       why.mend.len ? ": " : "", STR_ARG(why.mend));
    return process_check(result, job->tool.name, err) &&
           err_set(err, ERR_TOOL, STR_FMT " wrote no profile", STR_ARG(job->tool.name));
}
