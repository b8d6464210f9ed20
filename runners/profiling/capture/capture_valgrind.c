/*
 * DHAT and callgrind: the program runs in valgrind's simulator, some fifty times slower, and every
 * access and instruction is counted. Children are followed, so a benchmark may be a script.
 */

#include "runners/process.h"
#include "runners/profiling/capture/capture_native.h"

/* --fullpath-after= : else only the last part of each file's name is written. */
bool dhat_command(CaptureJob *job, Err *err)
{
    Str valgrind = native_quote(job->arena, job->tool.path);
    Str line = str_fmt(job->arena,
                       STR_FMT " -q --tool=dhat --trace-children=yes --vgdb=no --fullpath-after= "
                               "--num-callers=40 --dhat-out-file=\"${part%%/*}/%%p\" \"$@\"",
                       STR_ARG(valgrind));
    return native_command(job, line, true, err);
}

bool callgrind_command(CaptureJob *job, Err *err)
{
    Str valgrind = native_quote(job->arena, job->tool.path);
    Str line = str_fmt(job->arena,
                       STR_FMT " -q --tool=callgrind --trace-children=yes --vgdb=no "
                               "--callgrind-out-file=\"${part%%/*}/%%p\" \"$@\"",
                       STR_ARG(valgrind));
    return native_command(job, line, true, err);
}

/* Its own words begin with its name, or with the number of the process between equal signs. */
bool valgrind_is_ours(const ProcessResult *result)
{
    return str_starts(result->errors, S("valgrind: ")) ||
           str_has(result->errors, S("\nvalgrind: "));
}

static Str own_line(Str errors)
{
    Str line;
    while (str_next_line(&errors, &line))
        if (str_starts(line, S("valgrind: ")) && str_trim(line).len > 10)
            return str_trim(line);
    return S("valgrind ended without a profile");
}

bool valgrind_explain(CaptureJob *job, const ProcessResult *result, Err *err)
{
    if (str_has(result->errors, S("cannot be set up")))
        return err_set(err, ERR_TOOL,
                       "valgrind needs the debug symbols of the C library: sudo apt install "
                       "libc6-dbg");
    if (valgrind_is_ours(result))
        return err_set(err, ERR_TOOL, STR_FMT, STR_ARG(own_line(result->errors)));
    return process_check(result, job->tool.name, err) &&
           err_set(err, ERR_TOOL, STR_FMT " wrote no profile", STR_ARG(job->tool.name));
}
