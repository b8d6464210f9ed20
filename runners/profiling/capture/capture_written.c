/*
 * Profiles that the benchmark writes itself: the crates dhat and tracing-chrome; and criterion, whose
 * benchmarks run under perf without its statistics in between.
 *
 * The crates write into the working directory, which is the user's. A script of ours (written_run.sh)
 * takes the file away from there, and puts an older one of that name back.
 */

#include <dirent.h>
#include <stdio.h>

#include "base/file.h"
#include "base/path.h"
#include "runners/process.h"
#include "runners/profiling/capture/capture_native.h"
#include "runners/profiling/capture/written_run_sh.h"

enum {
    PROFILE_SECONDS = 5, /* of each benchmark of criterion */
    KEPT_LIMIT = 4 * 1024 * 1024,
};

static Str path_in(CaptureJob *job, const char *name)
{
    return path_join(job->arena, job->capture->folder, str_from_c(name));
}

static bool written_command(CaptureJob *job, Str names, Err *err)
{
    Str script = path_in(job, "written_run.sh"), kept = path_in(job, "kept");
    if (!file_make_dirs(kept, err) || !file_write(script, str_from_c(WRITTEN_RUN_SH), err))
        return false;
    Str quoted_names = native_quote(job->arena, names);
    script = native_quote(job->arena, script);
    kept = native_quote(job->arena, kept);
    Str line =
        str_fmt(job->arena, "/bin/sh " STR_FMT " " STR_FMT " \"$part\" " STR_FMT "/$$ \"$@\"",
                STR_ARG(script), STR_ARG(quoted_names), STR_ARG(kept));
    return native_command(job, line, true, err);
}

bool dhat_crate_command(CaptureJob *job, Err *err)
{
    return written_command(job, S("dhat-heap.json dhat-ad-hoc.json"), err);
}

bool tracing_command(CaptureJob *job, Err *err)
{
    return written_command(job, S("trace-*.json trace.json"), err);
}

bool dhat_crate_explain(CaptureJob *job UNUSED, const ProcessResult *result, Err *err)
{
    return process_check(result, S("dhat-crate"), err) &&
           err_set(err, ERR_TOOL,
                   "the program wrote no dhat-heap.json: it needs dhat::Alloc as its global "
                   "allocator, and `let _profiler = dhat::Profiler::new_heap();` in main, which "
                   "writes when main returns (not after std::process::exit)");
}

bool tracing_explain(CaptureJob *job UNUSED, const ProcessResult *result, Err *err)
{
    return process_check(result, S("tracing-chrome"), err) &&
           err_set(err, ERR_TOOL,
                   "the program wrote no trace-*.json into its working directory: it needs a "
                   "ChromeLayerBuilder layer without a file of its own, and its guard kept until "
                   "main returns");
}

/* What stepped aside for a run that was killed. */
void written_forget(Arena *arena, Str folder)
{
    Str kept = path_join(arena, folder, S("kept")), text;
    DIR *dir = opendir(str_cstr(arena, kept));
    for (struct dirent *entry; dir && (entry = readdir(dir));) {
        Err err = {0};
        Str list = path_join(arena, kept, str_copy(arena, str_from_c(entry->d_name)));
        if (entry->d_name[0] == '.' || !file_read(arena, list, KEPT_LIMIT, &text, &err))
            continue;
        for (Str path; str_next_line(&text, &path);) {
            Str aside = str_fmt(arena, STR_FMT ".perfloop-kept", STR_ARG(path));
            if (path_is_absolute(path) && !file_exists(path) && file_exists(aside))
                (void)rename(str_cstr(arena, aside), str_cstr(arena, path));
        }
    }
    if (dir)
        closedir(dir);
}

/* ---------------------------------------------------------------- criterion */

static bool has_word(const WorkloadCommand *command, Str word)
{
    for (size_t i = 0; i < command->argc; i++)
        if (str_eq(command->argv[i], word))
            return true;
    return false;
}

/* criterion's --profile-time runs each benchmark for so long, without analysing what it measures. */
bool criterion_command(CaptureJob *job, Err *err)
{
    const WorkloadCommand *benchmark = &job->options->workload->benchmark;
    Str words[] = {S("--profile-time"), str_fmt(job->arena, "%d", PROFILE_SECONDS)};
    if (benchmark->shell)
        return err_set(err, ERR_UNSUPPORTED,
                       "criterion's options cannot be added to a shell's text: write the benchmark "
                       "without shell = true");
    if (!perf_command(job, err))
        return false;
    Str cargo = S("bench"), end = S("--");
    if (has_word(benchmark, cargo) && !has_word(benchmark, end))
        capture_add(job, &end, 1);
    if (!has_word(benchmark, words[0]))
        capture_add(job, words, 2);
    return true;
}

bool criterion_is_ours(const ProcessResult *result)
{
    return perf_is_ours(result) || str_has(result->errors, S("profile-time"));
}

bool criterion_explain(CaptureJob *job, const ProcessResult *result, Err *err)
{
    if (str_has(result->errors, S("profile-time")))
        return err_set(err, ERR_TOOL,
                       "not all that the benchmark command runs is criterion's (--profile-time is "
                       "refused): name the bench, cargo bench --bench NAME");
    return perf_explain(job, result, err);
}
