#include "runners/profiling/export.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "analysis/profile/format.h"
#include "analysis/profile/nvidia/nsys_db.h"
#include "analysis/profile/nvidia/nsys_timeline.h"
#include "analysis/profile/write_stacks.h"
#include "base/file.h"
#include "base/log.h"
#include "base/path.h"
#include "base/strbuf.h"
#include "runners/process.h"
#include "runners/profiling/convert.h"
#include "runners/profiling/sandbox.h"
#include "runners/profiling/symbols.h"

enum {
    SAID_BYTES = 64 * 1024,
};

/* ------------------------------------------------------------------ the child */

static bool to_output(void *context, Str bytes, Err *err)
{
    const int *fd = context;
    return fd_write(*fd, bytes) || err_set(err, ERR_IO, "standard output: %s", strerror(errno));
}

Str export_format_name(ExportFormat format)
{
    static const Str NAMES[EXPORT_FORMATS] = {
        [EXPORT_CHROME_TRACE] = STR_CONST("chrome-trace"),
        [EXPORT_SPEEDSCOPE] = STR_CONST("speedscope"),
        [EXPORT_FOLDED] = STR_CONST("folded"),
    };
    return NAMES[format];
}

static bool write_trace(Arena *arena, Str file, Str bytes, int *output, Err *err)
{
    NsysTimeline told;
    if (!is_sqlite(bytes))
        return err_set(err, ERR_UNSUPPORTED,
                       STR_FMT ": not an export of Nsight Systems: make one with `nsys export -t "
                               "sqlite FILE.nsys-rep`",
                       STR_ARG(path_base(file)));
    if (!nsys_timeline_write_file(arena, file, to_output, output, &told, err))
        return err_wrap(err, STR_FMT, STR_ARG(path_base(file)));
    if (told.damage)
        fprintf(stderr, "note: the file is damaged: %s\n", told.damage);
    return true;
}

static bool find_metric(Arena *arena, const Profile *profile, Str name, size_t *metric, Err *err)
{
    StrBuf known = strbuf_new(arena);
    *metric = name.len ? profile_metric(profile, name) : 0;
    if (*metric != SIZE_MAX)
        return true;
    for (size_t i = 0; i < profile->metrics_len; i++)
        strbuf_fmt(&known, "%s" STR_FMT, i ? ", " : "",
                   STR_ARG(profile_text(profile, profile->metrics[i].name)));
    return err_set(err, ERR_INPUT, "no metric " STR_FMT ": it has " STR_FMT, STR_ARG(name),
                   STR_ARG(strbuf_str(&known)));
}

static bool write_stacks(Arena *arena, const ExportOptions *options, Str bytes, int *output,
                         Err *err)
{
    Profile profile;
    size_t metric;
    if (!profile_read_file(arena, options->file, bytes, &profile, err))
        return false;
    profile = symbols_of(arena, &profile);
    bool ok = find_metric(arena, &profile, options->metric, &metric, err) &&
              (options->format == EXPORT_FOLDED
                   ? write_folded(arena, &profile, metric, to_output, output, err)
                   : write_speedscope(arena, &profile, metric, to_output, output, err));
    return ok || err_wrap(err, STR_FMT, STR_ARG(path_base(options->file)));
}

bool export_here(const ExportOptions *options, Err *err)
{
    CLEANUP(arena_cleanup) Arena *arena = arena_new("export");
    CLEANUP(file_unmap) FileMap map = {0};
    int output = STDOUT_FILENO;
    if (!file_map(options->file, &map, err))
        return false;
    SandboxOptions sandbox = {.keep_fd = STDERR_FILENO, .file_bytes = UINT64_MAX};
    if (CONVERT_SANDBOX && !sandbox_enter(sandbox))
        log_debug("export: this kernel does not filter system calls");
    return options->format == EXPORT_CHROME_TRACE
               ? write_trace(arena, options->file, map.bytes, &output, err)
               : write_stacks(arena, options, map.bytes, &output, err);
}

/* ------------------------------------------------------------------ the parent */

typedef struct Output {
    int fd;
    int problem; /* errno; 0 while all is well */
} Output;

static void take(void *context, int stream, Str bytes)
{
    Output *output = context;
    if (stream == 1 && !output->problem && !fd_write(output->fd, bytes))
        output->problem = errno ? errno : EIO;
}

static bool run_child(Arena *arena, const ExportOptions *options, Output *output, Str *notes,
                      Err *err)
{
    uint64_t bytes = 0;
    const Str argv[] = {process_self(arena),
                        S("export"),
                        S("--here"),
                        S("--format"),
                        export_format_name(options->format),
                        S("--metric"),
                        options->metric,
                        S("--"),
                        options->file};
    if (!file_stat(options->file, NULL, &bytes))
        return err_set(err, ERR_NOT_FOUND, STR_FMT ": no such file", STR_ARG(options->file));
    ProcessOptions child = convert_limits(bytes);
    child.argv = argv;
    child.argc = sizeof(argv) / sizeof(argv[0]);
    child.capture_bytes = SAID_BYTES;
    child.cancel = options->cancel;
    child.on_output = take;
    child.context = output;
    ProcessResult result;
    if (!process_run(arena, &child, &result, err))
        return false;
    if (output->problem)
        return err_set(err, ERR_IO, STR_FMT ": %s",
                       STR_ARG(options->to.len ? options->to : S("standard output")),
                       strerror(output->problem));
    *notes = result.errors;
    return result.status == 0 || convert_child_failed(options->file, &result, err);
}

static bool export_to(Arena *arena, const ExportOptions *options, Str *notes, Err *err)
{
    Str temp = str_fmt(arena, STR_FMT ".%d.part", STR_ARG(options->to), (int)getpid());
    const char *path = str_cstr(arena, temp);
    Output output = {.fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644)};
    if (output.fd < 0)
        return err_set(err, ERR_IO, STR_FMT ": %s", STR_ARG(options->to), strerror(errno));
    bool ok = run_child(arena, options, &output, notes, err);
    if (close(output.fd) && ok)
        ok = err_set(err, ERR_IO, STR_FMT ": %s", STR_ARG(options->to), strerror(errno));
    if (ok && rename(path, str_cstr(arena, options->to)))
        ok = err_set(err, ERR_IO, STR_FMT ": %s", STR_ARG(options->to), strerror(errno));
    if (!ok)
        unlink(path);
    return ok;
}

bool export_file(Arena *arena, const ExportOptions *options, Str *notes, Err *err)
{
    if (options->to.len)
        return export_to(arena, options, notes, err);
    Output output = {.fd = STDOUT_FILENO};
    return run_child(arena, options, &output, notes, err);
}
