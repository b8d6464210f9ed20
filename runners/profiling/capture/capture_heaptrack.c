/*
 * heaptrack: every allocation, by a library put before the C library's.
 *
 * It is asked for the raw recording: for the other one it opens its window on the user's screen
 * when it is done. What the raw one lacks, names and lines, its own interpreter adds here.
 */

#include <dirent.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/path.h"
#include "runners/process.h"
#include "runners/profiling/capture/capture_native.h"
#include "runners/tools_native.h"

bool heaptrack_command(CaptureJob *job, Err *err)
{
    if (job->options->workload->benchmark.shell)
        return err_set(err, ERR_UNSUPPORTED,
                       "heaptrack follows one program, not what a shell starts: write the "
                       "benchmark without shell = true");
    job->own_words = S("Heaptrack finished!");
    Str heaptrack = native_quote(job->arena, job->tool.path);
    Str line = str_fmt(job->arena, STR_FMT " --raw -o \"$part\" \"$@\"", STR_ARG(heaptrack));
    return native_command(job, line, true, err);
}

bool heaptrack_collect(CaptureJob *job, Err *err)
{
    static const char INTERPRET[] =
        "case $1 in *.zst) zstd -dc <\"$1\" ;; *) gzip -dc <\"$1\" ;; esac | \"$2\" >\"$3\"";
    Str part, interpreter = tool_heaptrack_interpret(job->arena, job->tool.path);
    StrList words = {0};
    if (!interpreter.len)
        return err_set(err, ERR_TOOL,
                       "heaptrack's interpreter is not beside " STR_FMT ": install heaptrack anew",
                       STR_ARG(job->tool.path));
    if (!native_part(job, &part, err))
        return false;
    *array_push(job->arena, &words) = part;
    *array_push(job->arena, &words) = interpreter;
    *array_push(job->arena, &words) = job->capture->file;
    return native_shell(job, str_from_c(INTERPRET), &words, S("looking up what allocated"), err);
}

bool heaptrack_is_ours(const ProcessResult *result)
{
    return str_has(result->out, S("Could not find heaptrack")) ||
           str_has(result->out, S("Debuggee \"--raw\""));
}

bool heaptrack_explain(CaptureJob *job, const ProcessResult *result, Err *err)
{
    if (heaptrack_is_ours(result))
        return err_set(err, ERR_TOOL,
                       "this heaptrack (" STR_FMT ") is too old or not whole: install 1.3 or later",
                       STR_ARG(job->tool.version));
    return process_check(result, S("heaptrack"), err) &&
           err_set(err, ERR_TOOL,
                   "heaptrack saw no allocation: a program that is linked statically, or that "
                   "brings its own allocator, hides them");
}

/* The pipe between program and recorder lies in /tmp, and stays there after a cancel. */
void heaptrack_forget(Arena *arena, Str folder)
{
    Str names = path_join(arena, folder, S("names"));
    DIR *dir = opendir(str_cstr(arena, names));
    for (struct dirent *entry; dir && (entry = readdir(dir));) {
        uint64_t pid;
        struct stat info;
        if (!str_to_u64(str_from_c(entry->d_name), &pid))
            continue;
        Str path = str_fmt(arena, "/tmp/heaptrack_fifo%llu", (unsigned long long)pid);
        if (lstat(str_cstr(arena, path), &info) == 0 && S_ISFIFO(info.st_mode) &&
            info.st_uid == geteuid())
            unlink(str_cstr(arena, path));
    }
    if (dir)
        closedir(dir);
}
