/* The hover: everything known about one line, in markdown or in plain text. */

#include "analysis/hints/view.h"

#include <string.h>

#include "analysis/hints/hints_gpu.h"
#include "analysis/hints/view_parts.h"
#include "analysis/hints/words.h"
#include "analysis/symbols/short_name.h"
#include "base/path.h"
#include "base/strbuf.h"

enum {
    STACKS_SHOWN = 5,
    EDGES_SHOWN = 5,
    BENCHES_SHOWN = 20,
    NOTES_SHOWN = 8,
    GPUS_SHOWN = 4,
    RULES_SHOWN = 5,
    GIST_BYTES = 320,
};

/* Of the whole: from which on a line that only calls others has something to tell. */
static const double CALL_WORTH = 0.01;

typedef struct Page {
    Arena *arena;
    StrBuf text;
    bool markdown;
    const ViewInput *in;
    const HeatMetric *metric;
    const WorkloadFacts *workload;
} Page;

static void paragraph(Page *page, Str text)
{
    if (page->text.len)
        strbuf_add(&page->text, page->markdown ? S("\n\n") : S("\n"));
    strbuf_add(&page->text, text);
}

static void heading(Page *page, const char *title)
{
    paragraph(page, page->markdown ? str_fmt(page->arena, "**%s**", title)
                                   : str_fmt(page->arena, "%s:", title));
    if (page->markdown)
        strbuf_char(&page->text, '\n');
}

static void item(Page *page, Str text)
{
    strbuf_fmt(&page->text, "\n%s" STR_FMT, page->markdown ? "- " : "  ", STR_ARG(text));
}

static Str code(const Page *page, Str text)
{
    return page->markdown ? str_fmt(page->arena, "`" STR_FMT "`", STR_ARG(text)) : text;
}

/* "31 % ±3 (812 ms)" */
static Str cost_text(const Page *page, const HeatMetric *metric, double value, double error)
{
    Str share =
        words_share_error(page->arena, metric->total > 0 ? value / metric->total : 0, error);
    Str cost = words_cost(page->arena, metric, value);
    return str_fmt(page->arena, STR_FMT " (" STR_FMT ")", STR_ARG(share), STR_ARG(cost));
}

/* `calls`: " with its calls" where the share is of what is called from here. */
static void title(Page *page, AnchorState state, LineNo was, double share, Str function,
                  const char *calls)
{
    Arena *arena = page->arena;
    Str percent = words_share(arena, share);
    Str metric = words_metric(arena, page->metric);
    metric = str_fmt(arena, STR_FMT "%s", STR_ARG(metric), calls);
    Str subject = state == ANCHOR_CHANGED
                      ? str_fmt(arena, "was " STR_FMT " of " STR_FMT " before this line changed",
                                STR_ARG(percent), STR_ARG(metric))
                      : str_fmt(arena, STR_FMT " of " STR_FMT, STR_ARG(percent), STR_ARG(metric));
    if (page->markdown)
        subject = str_fmt(arena, "**" STR_FMT "**", STR_ARG(subject));
    Str name = code(page, function);
    Str where = state == ANCHOR_EXACT   ? S("as profiled")
                : state == ANCHOR_MOVED ? str_fmt(arena, "moved, profiled as line %u", was.n)
                                        : str_fmt(arena, "changed, profiled as line %u", was.n);
    paragraph(page, function.len ? str_fmt(arena, STR_FMT " in " STR_FMT " (" STR_FMT ")",
                                           STR_ARG(subject), STR_ARG(name), STR_ARG(where))
                                 : str_fmt(arena, STR_FMT " (" STR_FMT ")", STR_ARG(subject),
                                           STR_ARG(where)));
}

static void metric_item(Page *page, const HeatMetric *metric, const HeatValue *value)
{
    double error = heat_share_error(metric, value);
    Str self = cost_text(page, metric, value->self, value->callee > 0 ? 0 : error);
    Str total = cost_text(page, metric, value->total, 0);
    Str name = words_metric(page->arena, metric);
    StrBuf line = strbuf_new(page->arena);
    strbuf_fmt(&line, STR_FMT ": " STR_FMT " self, ", STR_ARG(name), STR_ARG(self));
    if (value->callee > 0) {
        Str callee = cost_text(page, metric, value->callee, 0);
        strbuf_fmt(&line, STR_FMT " in callees, ", STR_ARG(callee));
    }
    strbuf_fmt(&line, STR_FMT " with calls", STR_ARG(total));
    bool is_number = metric->unit == UNIT_COUNT && (double)value->samples == heat_cost(value);
    if (metric->samples && !is_number) {
        Str count = units_text(page->arena, (double)value->samples, UNIT_COUNT);
        Str all = units_text(page->arena, (double)metric->samples, UNIT_COUNT);
        strbuf_fmt(&line, ", " STR_FMT " of " STR_FMT " samples", STR_ARG(count), STR_ARG(all));
    }
    item(page, strbuf_str(&line));
}

/* Stall reasons have a line of their own; of a long list only what there is any of. */
static bool is_left_out(const HeatMetric *metric, const HeatValue *value)
{
    return str_starts(metric->name, S("stall_")) || (value->self <= 0 && value->total <= 0);
}

/* Several metrics side by side, where the client draws tables. */
static void metric_table(Page *page, const HeatValue *values)
{
    const HotFile *heat = page->in->heat;
    bool with_callees = false;
    for (size_t i = 0; i < heat->n_metrics; i++)
        with_callees = with_callees || values[i].callee > 0;
    strbuf_add(&page->text, with_callees ? S("\n| | self | in callees | with calls |"
                                             "\n|---|---|---|---|")
                                         : S("\n| | self | with calls |\n|---|---|---|"));
    for (size_t i = 0; i < heat->n_metrics; i++) {
        const HeatMetric *metric = &heat->metrics[i];
        if (is_left_out(metric, &values[i]))
            continue;
        Str name = words_metric(page->arena, metric);
        Str self = cost_text(page, metric, values[i].self, 0);
        Str callee = cost_text(page, metric, values[i].callee, 0);
        Str total = cost_text(page, metric, values[i].total, 0);
        strbuf_fmt(&page->text, "\n| " STR_FMT " | " STR_FMT " | ", STR_ARG(name), STR_ARG(self));
        if (with_callees)
            strbuf_fmt(&page->text, STR_FMT " | ", STR_ARG(callee));
        strbuf_fmt(&page->text, STR_FMT " |", STR_ARG(total));
    }
    strbuf_char(&page->text, '\n');
}

/* `what` is what would cost nothing; empty where its cost is no longer known. */
static void metrics(Page *page, const HeatValue *values, const HotSince *since, Str what)
{
    const HotFile *heat = page->in->heat;
    bool as_table = page->markdown && !page->in->lists_only && heat->n_metrics > 1;
    heading(page, "Cost");
    if (as_table)
        metric_table(page, values);
    for (size_t i = 0; i < heat->n_metrics && !as_table; i++)
        if (i == 0 || !is_left_out(&heat->metrics[i], &values[i]))
            metric_item(page, &heat->metrics[i], &values[i]);
    Str stalls = gpu_stalls(page->arena, heat, values);
    if (stalls.len)
        item(page, str_fmt(page->arena, "stalls: " STR_FMT, STR_ARG(stalls)));
    double share = heat_share(page->metric, &values[0]);
    Str was = words_since(page->arena, since, share);
    if (was.len)
        item(page, was);
    Str ceiling = words_ceiling(page->arena, share);
    if (what.len && heat_cost(&values[0]) > 0)
        item(page, str_fmt(page->arena, "if this " STR_FMT " cost nothing: " STR_FMT, STR_ARG(what),
                           STR_ARG(ceiling)));
}

static bool is_plain_path(Str path)
{
    for (size_t i = 0; i < path.len; i++) {
        char c = path.ptr[i];
        if (!((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
              strchr("/._+-", c)))
            return false;
    }
    return path_is_absolute(path);
}

/* The place in the library: a link where that can be followed, else the path to type. */
static void add_place(const Page *page, StrBuf *text, const HeatCallee *callee)
{
    if (page->markdown && is_plain_path(callee->source))
        strbuf_fmt(text, ", most of it at [" STR_FMT ":%u](file://" STR_FMT "#L%u)",
                   STR_ARG(callee->file), callee->line, STR_ARG(callee->source), callee->line);
    else
        strbuf_fmt(text, ", most of it at " STR_FMT ":%u%s",
                   STR_ARG(callee->source.len ? callee->source : callee->file), callee->line,
                   str_eq(callee->library, S("std")) && !callee->source.len
                       ? " (not on this machine: rustup component add rust-src)"
                       : "");
}

/* "52 % `json.loads` (stdlib json), most of it at json/decoder.py:353" */
static void callees(Page *page, const HeatCallee *list, size_t n)
{
    if (n == 0)
        return;
    heading(page, "In callees");
    for (size_t i = 0; i < n; i++) {
        Str share = words_share(page->arena,
                                page->metric->total > 0 ? list[i].cost / page->metric->total : 0);
        StrBuf line = strbuf_new(page->arena);
        Str name = code(page, short_name(page->arena, list[i].name, SHORT_NAME_ROW));
        strbuf_fmt(&line, STR_FMT " " STR_FMT, STR_ARG(share), STR_ARG(name));
        if (list[i].library.len)
            strbuf_fmt(&line, " (" STR_FMT ")", STR_ARG(list[i].library));
        if (list[i].file.len && list[i].line)
            add_place(page, &line, &list[i]);
        item(page, strbuf_str(&line));
    }
}

static void benchmark(Page *page)
{
    const WorkloadFacts *workload = page->workload;
    if (!workload)
        return;
    Arena *arena = page->arena;
    heading(page, "Benchmark");
    Str now = words_benchmark(arena, workload);
    Str name = code(page, workload->name);
    item(page, str_fmt(arena, STR_FMT ": " STR_FMT, STR_ARG(name), STR_ARG(now)));
    if (workload->has_baseline) {
        Str baseline = units_text(arena, workload->baseline, workload->unit);
        item(page, str_fmt(arena, "baseline: " STR_FMT " " STR_FMT, STR_ARG(workload->metric),
                           STR_ARG(baseline)));
    }
    if (workload->has_target)
        item(page, str_fmt(arena, "target: " STR_FMT ", %s", STR_ARG(workload->target),
                           workload->target_met ? "met" : "not met"));
    if (workload->last.sentence.len)
        item(page, str_fmt(arena, "iteration %lld: " STR_FMT, (long long)workload->last.id,
                           STR_ARG(workload->last.sentence)));
    if (workload->n_history < 2)
        return;
    Str spark = words_sparkline(arena, workload->history, workload->n_history);
    Str first = units_text(arena, workload->history[0], workload->unit);
    Str last = units_text(arena, workload->history[workload->n_history - 1], workload->unit);
    item(page, str_fmt(arena, "history: " STR_FMT " " STR_FMT " → " STR_FMT " in %zu checkpoint%s",
                       STR_ARG(spark), STR_ARG(first), STR_ARG(last), workload->n_history - 1,
                       workload->n_history == 2 ? "" : "s"));
}

static void advice(Page *page, const HotLine *line)
{
    if (!line->n_hints)
        return;
    heading(page, "Advice");
    for (size_t i = 0; i < line->n_hints; i++) {
        const Hint *hint = &line->hints[i];
        Str class = hint_class_name(hint->class);
        item(page, str_fmt(page->arena, STR_FMT ": " STR_FMT "; " STR_FMT, STR_ARG(class),
                           STR_ARG(hint->title), STR_ARG(hint->why)));
    }
}

/* What the tool says of a kernel as a whole: what follows from its numbers, then these. */
static void kernel(Page *page, const HotFunction *function)
{
    if (!function->n_facts)
        return;
    heading(page, "Kernel");
    GpuSentences sentences = gpu_kernel_sentences(page->arena, function);
    array_each (Str, sentence, &sentences)
        item(page, *sentence);
    GpuSentences facts = gpu_kernel_facts(page->arena, function);
    array_each (Str, fact, &facts)
        item(page, *fact);
}

/* Of the notes about a kernel the one of this rank. */
static const HotNote *note_about(const HotFile *heat, LineNo line, uint32_t rank)
{
    for (size_t i = 0; i < heat->n_notes; i++) {
        const HotNote *note = &heat->notes[i];
        if (note->now.n == line.n && note->state != ANCHOR_GONE && note->is_function &&
            note->rank == rank)
            return note;
    }
    return NULL;
}

/* What nvidia-smi saw while kernels ran. */
static void gpus(Page *page, const HotFunction *function, const ViewDetail *detail)
{
    if (!function->on_gpu || !detail || !detail->n_gpus)
        return;
    heading(page, "GPUs");
    for (size_t i = 0; i < detail->n_gpus && i < GPUS_SHOWN; i++)
        item(page, detail->gpus[i]);
    if (detail->n_gpus > GPUS_SHOWN)
        item(page,
             str_fmt(page->arena, "and %zu more (perfloop hot)", detail->n_gpus - GPUS_SHOWN));
}

/* The tool's own rules and waits at this line, then those about this function. */
static void notes_at(Page *page, LineNo line)
{
    const HotFile *heat = page->in->heat;
    size_t shown = 0, more = 0;
    for (size_t i = 0; i < heat->n_notes && shown < NOTES_SHOWN; i++) {
        const HotNote *note = &heat->notes[i];
        if (note->now.n != line.n || note->state == ANCHOR_GONE || note->is_function || note->rank)
            continue;
        if (!shown++)
            heading(page, "Findings");
        item(page, words_note(page->arena, note, GIST_BYTES));
    }
    const HotNote *note;
    for (uint32_t rank = 0; (note = note_about(heat, line, rank)); rank++) {
        if (!shown++)
            heading(page, "Findings");
        if (rank < RULES_SHOWN)
            item(page, words_note(page->arena, note, GIST_BYTES));
        else
            more++;
    }
    if (more)
        item(page, str_fmt(page->arena, "and %zu more", more));
}

static void edges(Page *page, const char *name, const ViewEdge *list, size_t n, size_t limit)
{
    if (n == 0)
        return;
    heading(page, name);
    for (size_t i = 0; i < n && i < limit; i++) {
        Str share = words_share(page->arena,
                                page->metric->total > 0 ? list[i].cost / page->metric->total : 0);
        Str text = code(page, list[i].text);
        item(page, str_fmt(page->arena, STR_FMT " " STR_FMT, STR_ARG(share), STR_ARG(text)));
    }
    if (n > limit)
        item(page, str_fmt(page->arena, "and %zu more", n - limit));
}

/* Of a line that only calls, its stacks tell whom; callers and callees are its function's. */
static void detail_lists(Page *page, const ViewDetail *detail, bool calls_only)
{
    if (!detail)
        return;
    edges(page, "Top stacks", detail->stacks, detail->n_stacks, STACKS_SHOWN);
    if (calls_only)
        return;
    edges(page, "Callers", detail->callers, detail->n_callers, EDGES_SHOWN);
    edges(page, "Callees", detail->callees, detail->n_callees, EDGES_SHOWN);
}

static void source_of(Page *page)
{
    const HotFile *heat = page->in->heat;
    Str when =
        heat->recorded.len ? str_fmt(page->arena, ", " STR_FMT, STR_ARG(heat->recorded)) : S("");
    Str samples = units_text(page->arena, (double)page->metric->samples, UNIT_COUNT);
    Str amount = page->metric->samples
                     ? str_fmt(page->arena, ", " STR_FMT " samples", STR_ARG(samples))
                     : S("");
    Str number =
        page->in->profile ? str_fmt(page->arena, " %lld", (long long)page->in->profile) : S("");
    paragraph(page, str_fmt(page->arena, "profile" STR_FMT ": " STR_FMT STR_FMT STR_FMT,
                            STR_ARG(number), STR_ARG(heat->tool), STR_ARG(amount), STR_ARG(when)));
}

static const HotLine *line_at(const HotFile *heat, LineNo line)
{
    for (size_t i = 0; i < heat->n_lines && !heat->lines_are_functions; i++)
        if (heat->lines[i].now.n == line.n && heat->lines[i].state != ANCHOR_GONE)
            return &heat->lines[i];
    return NULL;
}

static const HotFunction *function_at(const HotFile *heat, LineNo line)
{
    for (size_t i = 0; i < heat->n_functions; i++)
        if (heat->functions[i].now.n == line.n && heat->functions[i].state != ANCHOR_GONE)
            return &heat->functions[i];
    return NULL;
}

static Str function_name(const HotFile *heat, const HotLine *line)
{
    return line->function == HEAT_NO_FUNCTION ? S("") : heat->functions[line->function].name;
}

/* Of the benchmark that begins here: each number, by name, and where it is from. */
static void bench_numbers(Page *page, LineNo line)
{
    const BenchPlace *place = view_bench_at(page->in, line);
    if (!place || place->n_numbers == 0)
        return;
    Str id = code(page, place->id);
    paragraph(page, str_fmt(page->arena, "benchmark " STR_FMT, STR_ARG(id)));
    if (page->markdown)
        strbuf_char(&page->text, '\n');
    for (size_t i = 0; i < place->n_numbers && i < BENCHES_SHOWN; i++) {
        const BenchNumber *number = place->numbers[i];
        item(page,
             str_fmt(page->arena, STR_FMT ": " STR_FMT " (" STR_FMT ")", STR_ARG(number->name),
                     STR_ARG(bench_number_words(page->arena, number)), STR_ARG(number->origin)));
    }
    if (place->n_numbers > BENCHES_SHOWN)
        item(page, str_fmt(page->arena, "and %zu more", place->n_numbers - BENCHES_SHOWN));
}

Str view_hover(Arena *arena, const ViewInput *input, LineNo line, const ViewDetail *detail,
               bool markdown)
{
    const HotFile *heat = input->heat;
    Page page = {.arena = arena, .text = strbuf_new(arena), .markdown = markdown, .in = input};
    bench_numbers(&page, line);
    if (!heat || heat->n_metrics == 0 || line.n == 0)
        return strbuf_str(&page.text);
    page.metric = &heat->metrics[0];
    page.workload = facts_workload(input->loop, input->workload);
    const HotLine *hot = line_at(heat, line);
    const HotFunction *function = function_at(heat, line);
    /* A kernel's first line has a few samples of its own; what is asked about is the kernel. */
    bool is_kernel = function && (function->n_facts || function->on_gpu), calls_only = false;
    if (hot && !is_kernel && heat_is_resolved(page.metric, &hot->values[0])) {
        title(&page, hot->state, hot->was, heat_share(page.metric, &hot->values[0]),
              function_name(heat, hot), "");
        advice(&page, hot);
        notes_at(&page, line);
        metrics(&page, hot->values, &hot->since, hot->state == ANCHOR_CHANGED ? S("") : S("line"));
        callees(&page, hot->callees, hot->n_callees);
    } else if (function) {
        bool of_calls = heat_cost(&function->values[0]) <= 0;
        title(&page, function->state, function->was,
              of_calls ? heat_total_share(page.metric, &function->values[0])
                       : heat_share(page.metric, &function->values[0]),
              function->name, of_calls ? " with its calls" : "");
        kernel(&page, function);
        gpus(&page, function, detail);
        notes_at(&page, line);
        metrics(&page, function->values, &function->since,
                function->state == ANCHOR_CHANGED ? S("") : S("function"));
        callees(&page, function->callees, function->n_callees);
    } else if (hot && heat_total_share(page.metric, &hot->values[0]) >= CALL_WORTH) {
        title(&page, hot->state, hot->was, heat_total_share(page.metric, &hot->values[0]),
              function_name(heat, hot), " with its calls");
        notes_at(&page, line);
        calls_only = true;
    } else { /* launches a kernel, or waits for one: nothing of its own was measured */
        size_t before = strbuf_str(&page.text).len;
        notes_at(&page, line);
        if (strbuf_str(&page.text).len > before)
            source_of(&page);
        return strbuf_str(&page.text);
    }
    benchmark(&page);
    detail_lists(&page, detail, calls_only);
    source_of(&page);
    return strbuf_str(&page.text);
}
