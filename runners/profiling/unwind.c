#include "runners/profiling/unwind.h"

#include <unistd.h>

#include "analysis/profile/perf/perf_file.h"
#include "base/path.h"
#include "base/strbuf.h"
#include "runners/process.h"
#include "runners/profiling/convert.h"
#include "runners/tools.h"

enum {
    LEAST_TIME_S = 120,
    BYTES_PER_SECOND = 500 * 1000, /* sixty stacks of 8 kB; perf does thousands */
    MEMORY_FACTOR = 8,
};

static const uint64_t LEAST_MEMORY = 8ull * 1024 * 1024 * 1024;

bool unwind_wanted(Str bytes, PerfLook *look)
{
    return perf_look(bytes, look) && look->copied_stacks;
}

static Tool find_perf(Arena *arena)
{
    return tool_look(arena, S("perf"), &(ToolSearch){.cwd = S("/")});
}

bool unwind_possible(Arena *arena)
{
    return find_perf(arena).ready;
}

/* perf refuses to print what was not recorded. */
static Str fields(Arena *arena, const PerfLook *look)
{
    StrBuf out = strbuf_new(arena);
    strbuf_add(&out, S("comm,"));
    if (look->sample_type & PERF_HAS_TID)
        strbuf_add(&out, S("pid,tid,"));
    if (look->sample_type & PERF_HAS_TIME)
        strbuf_add(&out, S("time,"));
    if (look->sample_type & PERF_HAS_PERIOD)
        strbuf_add(&out, S("period,"));
    strbuf_add(&out, S("event,ip,sym,symoff,dso"));
    return strbuf_str(&out);
}

static bool run_perf(Arena *arena, const UnwindOptions *options, const PerfLook *look, Err *err)
{
    Tool perf = find_perf(arena);
    if (!perf.ready)
        return err_set(err, ERR_TOOL, STR_FMT "%s" STR_FMT, STR_ARG(perf.problem),
                       perf.mend.len ? ": " : "", STR_ARG(perf.mend));
    const Str argv[] = {S("/bin/sh"),
                        S("-c"),
                        S("exec \"$0\" script -f -i \"$1\" --no-inline -F \"$2\" >\"$3\""),
                        perf.path,
                        options->file,
                        fields(arena, look),
                        options->to};
    uint64_t memory = LEAST_MEMORY + options->bytes * MEMORY_FACTOR;
    ProcessOptions process = {
        .argv = argv,
        .argc = sizeof(argv) / sizeof(argv[0]),
        .cwd = path_dir(options->to),
        .timeout_s = LEAST_TIME_S + (double)options->bytes / BYTES_PER_SECOND,
        .memory_bytes = CONVERT_LIMITS_MEMORY ? memory : 0,
        .cancel = options->cancel,
    };
    ProcessResult result;
    if (!process_run(arena, &process, &result, err))
        return false;
    if (result.timed_out)
        return err_set(err, ERR_TOOL, "perf script took longer than %.0f s", process.timeout_s);
    return process_check(&result, S("perf script"), err);
}

bool unwind_perf(Arena *arena, const UnwindOptions *options, const PerfLook *look, Err *err)
{
    if (options->report)
        report_progress(options->report, -1, "perf script walks the stacks of " STR_FMT,
                        STR_ARG(path_base(options->file)));
    if (run_perf(arena, options, look, err))
        return true;
    unlink(str_cstr(arena, options->to));
    if (options->report && err->kind != ERR_CANCELLED)
        report_note(options->report,
                    STR_FMT ": the callers are in copies of the stack (--call-graph dwarf), which "
                            "perf could not walk: %s",
                    STR_ARG(path_base(options->file)), err->msg);
    return false;
}
