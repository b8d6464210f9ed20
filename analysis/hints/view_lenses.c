/*
 * Lenses: at most two per function, a summary and the one action that fits the moment; on a line
 * where a benchmark begins, those of the benchmark (view_benches.c).
 *
 * Neovim up to 0.11 ignores an empty list and keeps the old lenses on the screen, so a file that
 * ever had one gets one line at its top instead of none.
 */

#include "analysis/hints/view_parts.h"

#include "analysis/hints/hints_gpu.h"
#include "analysis/hints/words.h"
#include "base/strbuf.h"

/* From which share on it is told whose work the GPU does. */
static const double GPU_WORTH = 0.01;

static ViewArgs args_for(const ViewMaker *maker, LineNo line)
{
    ViewArgs args = {.line = line};
    if (maker->workload) {
        args.workload = maker->workload->name;
        args.iteration = maker->workload->last.id;
    }
    return args;
}

/* Of a function of the host: ", 92 % of GPU time", which it started; its own cost is another one. */
static void add_launched(const ViewMaker *maker, const HotFunction *function, StrBuf *text)
{
    const HotFile *heat = maker->heat;
    for (size_t i = 1; i < heat->n_metrics; i++) {
        double share = heat_total_share(&heat->metrics[i], &function->values[i]);
        if (str_eq(heat->metrics[i].name, S("gpu_time")) && share >= GPU_WORTH &&
            function->values[i].self <= 0)
            strbuf_fmt(text, ", " STR_FMT " of GPU time",
                       STR_ARG(words_share(maker->arena, share)));
    }
}

/* Of a kernel: ", 17.4 ms, stalls: barrier 46 %, wait 40 %"; of a device function its stalls. */
static void add_gpu(const ViewMaker *maker, const HotFunction *function, StrBuf *text)
{
    Str time = gpu_kernel_time(maker->arena, function);
    Str stalls = gpu_stalls(maker->arena, maker->heat, function->values);
    add_launched(maker, function, text);
    if (time.len)
        strbuf_fmt(text, ", " STR_FMT, STR_ARG(time));
    if (stalls.len)
        strbuf_fmt(text, ", stalls: " STR_FMT, STR_ARG(stalls));
}

/* "31 % self · p50 8.1 ms, -32 % vs baseline" */
static Str summary_of(const ViewMaker *maker, size_t index)
{
    const HotFunction *function = &maker->heat->functions[index];
    Arena *arena = maker->arena;
    double share = heat_self_share(maker->metric, &function->values[0]);
    Str percent = words_share(arena, share);
    StrBuf text = strbuf_new(arena);
    if (maker->functions[index] == ANCHOR_CHANGED) {
        strbuf_fmt(&text, "was " STR_FMT " self, changed since", STR_ARG(percent));
    } else {
        strbuf_fmt(&text, STR_FMT " self", STR_ARG(percent));
        if (words_has_callee(maker->metric, &function->values[0])) {
            double part = heat_callee_share(maker->metric, &function->values[0]);
            Str callee = words_share(arena, part);
            strbuf_fmt(&text, ", " STR_FMT " in callees", STR_ARG(callee));
        }
        add_gpu(maker, function, &text);
        if (maker->functions[index] == ANCHOR_MOVED)
            strbuf_add(&text, S(", moved"));
        if (function->since.is_new) {
            strbuf_add(&text, S(", new"));
        } else if (function->since.share >= 0) {
            Str base = words_share(arena, function->since.share);
            strbuf_fmt(&text, ", base " STR_FMT, STR_ARG(base));
        }
    }
    if (maker->benchmark.len)
        strbuf_fmt(&text, " · " STR_FMT, STR_ARG(maker->benchmark));
    return strbuf_str(&text);
}

ViewLens view_cancel_lens(const ViewMaker *maker, LineNo line)
{
    const JobFacts *job = &maker->in->loop->job;
    ViewLens lens = {.line = line, .command = S("perfloop.cancel"), .args = args_for(maker, line)};
    lens.title = job->percent >= 0 ? str_fmt(maker->arena, "Cancel: " STR_FMT ", %d %%",
                                             STR_ARG(job->title), job->percent)
                                   : str_fmt(maker->arena, "Cancel: " STR_FMT, STR_ARG(job->title));
    lens.args.job = job->id;
    return lens;
}

/* What the user most likely wants to do now. */
static ViewLens action_lens(const ViewMaker *maker, LineNo line)
{
    Arena *arena = maker->arena;
    ViewLens lens = {.line = line, .args = args_for(maker, line)};
    const WorkloadFacts *workload = maker->workload;
    if (view_job_runs(maker))
        return view_cancel_lens(maker, line);
    lens.command = S("perfloop.measure");
    lens.title = S("Measure");
    if (!workload || workload->last.step != LOOP_MEASURED)
        return lens;
    Str change = units_delta(arena, workload->last.change);
    if (workload->last.verdict == LOOP_SLOWER) {
        lens.title = str_fmt(arena, "Revert (" STR_FMT ")", STR_ARG(change));
        lens.command = S("perfloop.revert");
    } else if (workload->last.verdict == LOOP_FASTER) {
        lens.title = str_fmt(arena, "Keep (" STR_FMT ")", STR_ARG(change));
        lens.command = S("perfloop.keep");
    } else if (workload->last.verdict == LOOP_SMALL) {
        lens.title = str_fmt(arena, "Keep (" STR_FMT ", under 5 %%)", STR_ARG(change));
        lens.command = S("perfloop.keep");
    } else if (workload->last.verdict == LOOP_SAME) {
        lens.title = S("Revert (no difference)");
        lens.command = S("perfloop.revert");
    } else if (workload->last.verdict == LOOP_UNCLEAR) {
        lens.title = S("Measure longer");
        lens.command = S("perfloop.measureMore");
    }
    return lens;
}

static bool is_changed_by_iteration(const ViewMaker *maker, const HotFunction *function)
{
    if (!maker->workload)
        return false;
    const IterationFacts *last = &maker->workload->last;
    for (size_t i = 0; i < last->n_places; i++)
        if (last->step != LOOP_REVERTED && str_eq(last->places[i].path, maker->in->path) &&
            str_eq(last->places[i].function, function->name))
            return true;
    return false;
}

static bool is_shown(const ViewMaker *maker, size_t index)
{
    const HotFunction *function = &maker->heat->functions[index];
    if (function->now.n == 0 || maker->functions[index] == ANCHOR_GONE)
        return false;
    if (is_changed_by_iteration(maker, function))
        return true;
    return heat_is_ranked(&maker->in->settings, function->rank) &&
           heat_is_shown(&maker->in->settings, maker->metric, &function->values[0]);
}

static bool has_lens_at(const FileView *out, LineNo line)
{
    for (size_t i = 0; i < out->lenses.len; i++)
        if (out->lenses.items[i].line.n == line.n)
            return true;
    return false;
}

static void file_lens(ViewMaker *maker, FileView *out)
{
    LineNo top = {1};
    const LoopFacts *loop = maker->in->loop;
    if (!maker->in->had_lenses)
        return;
    ViewLens *lens = array_push(maker->arena, &out->lenses);
    *lens = (ViewLens){.line = top, .command = S("perfloop.status"), .args = args_for(maker, top)};
    lens->title = maker->in->settings.mode == HEAT_OFF ? S("perfloop: heat is off")
                  : loop && loop->job.id.len
                      ? str_fmt(maker->arena, "perfloop: " STR_FMT, STR_ARG(loop->job.title))
                      : S("perfloop: nothing hot in this revision");
}

/* Lists are short; those of one line stay in the order they were made. */
static void sort_lenses(FileView *out)
{
    for (size_t i = 1; i < out->lenses.len; i++) {
        ViewLens lens = out->lenses.items[i];
        size_t at = i;
        for (; at > 0 && out->lenses.items[at - 1].line.n > lens.line.n; at--)
            out->lenses.items[at] = out->lenses.items[at - 1];
        out->lenses.items[at] = lens;
    }
}

void view_lenses(ViewMaker *maker, FileView *out)
{
    view_bench_lenses(maker, out);
    for (size_t i = 0; maker->heat && i < maker->heat->n_functions; i++) {
        LineNo line = maker->heat->functions[i].now;
        if (!is_shown(maker, i) || has_lens_at(out, line))
            continue;
        *array_push(maker->arena, &out->lenses) = (ViewLens){
            .line = line,
            .title = summary_of(maker, i),
            .command = S("perfloop.showDetails"),
            .args = args_for(maker, line),
        };
        *array_push(maker->arena, &out->lenses) = action_lens(maker, line);
    }
    sort_lenses(out);
    if (out->lenses.len == 0)
        file_lens(maker, out);
}
