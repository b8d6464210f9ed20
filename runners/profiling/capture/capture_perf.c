/*
 * perf, and flamegraph: folded stacks of the same recording.
 *
 * The recording is perf.data. Stacks by frame pointers are in it; of those copied from the stack
 * (--call-graph dwarf) only perf knows the callers, and whoever reads the file asks it (unwind.h).
 */

#include "base/file.h"
#include "base/path.h"
#include "runners/process.h"
#include "runners/profiling/capture/capture_native.h"
#include "runners/tools_native.h"

enum {
    RATE_FRAME_POINTERS_HZ = 997, /* not 1000: so as not to beat with what runs every ms */
    RATE_COPIED_HZ = 297,         /* each sample copies 16 kB */
};

static uint32_t rate(CaptureJob *job)
{
    uint32_t wanted = job->options->rate_hz       ? job->options->rate_hz
                      : job->options->copy_stacks ? RATE_COPIED_HZ
                                                  : RATE_FRAME_POINTERS_HZ;
    Str text;
    Err err = {0};
    uint64_t most;
    if (!file_read(job->arena, S("/proc/sys/kernel/perf_event_max_sample_rate"), 64, &text, &err) ||
        !str_to_u64(str_trim(text), &most) || most >= wanted || !most)
        return wanted;
    report_note(job->report, "this kernel allows perf only %llu samples a second",
                (unsigned long long)most);
    return (uint32_t)most;
}

/* Not quiet (-q): then it does not say why it cannot record, either. */
bool perf_command(CaptureJob *job, Err *err)
{
    job->own_words = S("[ perf record:");
    Str perf = native_quote(job->arena, job->tool.path);
    Str stacks = job->options->copy_stacks ? S("--call-graph dwarf,16384") : S("-g");
    Str line = str_fmt(job->arena, STR_FMT " record -N -F %u " STR_FMT " -o \"$part\" -- \"$@\"",
                       STR_ARG(perf), rate(job), STR_ARG(stacks));
    return native_command(job, line, false, err);
}

/* perf takes its own clock when the processor's counters cannot be had, and does not say so. */
static void note_event(CaptureJob *job, Str part)
{
    const Str argv[] = {job->tool.path, S("evlist"), S("-i"), part};
    ProcessOptions process = {.argv = argv, .argc = 4, .cwd = job->capture->folder};
    ProcessResult result;
    Err err = {0};
    if (process_run(job->arena, &process, &result, &err) && result.status == 0 &&
        str_starts(result.out, S("cpu-clock")))
        report_note(job->report, "the processor's counters cannot be had here (a virtual "
                                 "machine?), so perf samples by its clock (cpu-clock)");
}

bool perf_collect(CaptureJob *job, Err *err)
{
    if (!native_collect(job, err))
        return false;
    note_event(job, job->capture->file);
    return true;
}

bool perf_is_ours(const ProcessResult *result)
{
    return tool_perf_refused(result->errors);
}

bool perf_explain(CaptureJob *job, const ProcessResult *result, Err *err)
{
    Str problem, mend;
    if (!perf_is_ours(result))
        return process_check(result, S("perf"), err) &&
               err_set(err, ERR_TOOL, "perf wrote no recording");
    tool_explain_perf(job->arena, result->errors, &problem, &mend);
    return err_set(err, ERR_TOOL, STR_FMT "%s" STR_FMT, STR_ARG(problem), mend.len ? ": " : "",
                   STR_ARG(mend));
}

/* ---------------------------------------------------------------- flamegraph */

/*
 * Folded by inferno, or by the script it was made after; both read perf's text, and both lose the
 * frames of a module with a blank in its path (seen with inferno 0.11), so blanks there become _.
 */
bool flamegraph_collect(CaptureJob *job, Err *err)
{
    static const char FOLD[] = "\"$1\" script -i \"$2\" 2>/dev/null | "
                               "sed -e :a -e 's|^\\([[:space:]].* (/[^()]*\\) |\\1_|' -e ta | "
                               "\"$3\" >\"$4\"";
    Str part;
    StrList words = {0};
    if (!native_part(job, &part, err))
        return false;
    note_event(job, part);
    const Str all[] = {tool_perf(job->arena, job->options->places->root), part, job->tool.path,
                       job->capture->file};
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
        *array_push(job->arena, &words) = all[i];
    return native_shell(job, str_from_c(FOLD), &words, S("folding the stacks"), err);
}

bool flamegraph_command(CaptureJob *job, Err *err)
{
    Tool folder = job->tool;
    job->tool.path = tool_perf(job->arena, job->options->places->root);
    bool ok = perf_command(job, err);
    job->tool = folder;
    return ok;
}
