/*
 * Diagnostics: hot lines and functions, the verdict on the last change, the one-change guard, and
 * where the loop stands. Heat is information; only a regression warns.
 */

#include "analysis/hints/view_parts.h"

#include "analysis/hints/hints_gpu.h"
#include "analysis/hints/words.h"
#include "base/strbuf.h"

ViewDiagnostic *view_push(ViewMaker *maker, FileView *out, LineNo line, Str code)
{
    if (out->diagnostics.len >= VIEW_DIAGNOSTICS_MAX)
        return NULL;
    ViewDiagnostic *diagnostic = array_push(maker->arena, &out->diagnostics);
    diagnostic->line = line.n ? line : (LineNo){1};
    diagnostic->code = code;
    diagnostic->severity = VIEW_INFORMATION;
    diagnostic->order = out->diagnostics.len;
    return diagnostic;
}

/* "; fell from 45 % at the baseline, -14 pt" and "; p50 8.1 ms, -32 % vs baseline", as known. */
static void add_baseline(const ViewMaker *maker, StrBuf *text, const HotSince *since, double share)
{
    Str was = since ? words_since(maker->arena, since, share) : S("");
    if (was.len)
        strbuf_fmt(text, "; " STR_FMT, STR_ARG(was));
    if (maker->benchmark.len)
        strbuf_fmt(text, "; " STR_FMT, STR_ARG(maker->benchmark));
}

/* "31 % ±3 of cpu time" */
static void add_share(const ViewMaker *maker, StrBuf *text, const HeatValue *value)
{
    Str percent = words_share_error(maker->arena, heat_share(maker->metric, value),
                                    heat_share_error(maker->metric, value));
    Str metric = words_metric(maker->arena, maker->metric);
    if (maker->metric->unit == UNIT_BYTES) { /* "12.3 MB at peak, 64 %": the number matters more */
        Str cost = words_cost(maker->arena, maker->metric, heat_cost(value));
        if (str_starts(metric, S("bytes ")))
            metric = str_from(metric, sizeof("bytes ") - 1);
        strbuf_fmt(text, STR_FMT " " STR_FMT ", " STR_FMT, STR_ARG(cost), STR_ARG(metric),
                   STR_ARG(percent));
        return;
    }
    strbuf_fmt(text, STR_FMT " of " STR_FMT, STR_ARG(percent), STR_ARG(metric));
}

/*
 * " on this line", " in callee json.loads (stdlib json)" or, of both,
 * ": 31 % on this line, 52 % in callee json.loads (stdlib json)".
 */
static void add_where(const ViewMaker *maker, StrBuf *text, const HeatValue *value,
                      const char *here, const HeatCallee *callees, size_t n)
{
    Arena *arena = maker->arena;
    if (!words_has_callee(maker->metric, value)) {
        strbuf_fmt(text, "%s%s", here[0] ? " " : "", here);
        return;
    }
    Str names = words_callees(arena, callees, n);
    if (!words_has_self(maker->metric, value)) {
        strbuf_fmt(text, " in callee " STR_FMT, STR_ARG(names));
        return;
    }
    Str self = words_share(arena, heat_self_share(maker->metric, value));
    Str callee = words_share(arena, heat_callee_share(maker->metric, value));
    strbuf_fmt(text, ": " STR_FMT " %s, " STR_FMT " in callee " STR_FMT, STR_ARG(self),
               here[0] ? here : "self", STR_ARG(callee), STR_ARG(names));
}

/* " (812 ms, 812 samples)": what the share is a share of. */
static void add_evidence(const ViewMaker *maker, StrBuf *text, const HeatValue *value)
{
    const HeatMetric *metric = maker->metric;
    if (metric->unit == UNIT_BYTES)
        return;
    Str cost = words_cost(maker->arena, metric, heat_cost(value));
    strbuf_fmt(text, " (" STR_FMT, STR_ARG(cost));
    if (metric->unit == UNIT_COUNT) {
        Str total = words_cost(maker->arena, metric, metric->total);
        strbuf_fmt(text, " of " STR_FMT, STR_ARG(total));
    } else if (metric->samples) {
        strbuf_fmt(text, ", %llu sample%s", (unsigned long long)value->samples,
                   value->samples == 1 ? "" : "s");
    }
    strbuf_char(text, ')');
}

/* "; stalls: barrier 74 %, wait 24 %" */
static void add_stalls(const ViewMaker *maker, StrBuf *text, const HeatValue *value)
{
    Str stalls = gpu_stalls(maker->arena, maker->heat, value);
    if (stalls.len)
        strbuf_fmt(text, "; stalls: " STR_FMT, STR_ARG(stalls));
}

bool view_is_whole_kernel(const HotFile *heat, const HotLine *line)
{
    if (line->function == HEAT_NO_FUNCTION)
        return false;
    const HotFunction *function = &heat->functions[line->function];
    return function->n_facts && function->was.n == line->was.n &&
           function->values[0].self <= line->values[0].self;
}

static Str line_message(const ViewMaker *maker, const HotLine *line)
{
    Arena *arena = maker->arena;
    const HeatValue *value = &line->values[0];
    double share = heat_share(maker->metric, value);
    StrBuf text = strbuf_new(arena);
    if (line->state == ANCHOR_CHANGED) {
        strbuf_add(&text, S("was "));
        add_share(maker, &text, value);
        strbuf_add(&text, S(" before this line changed"));
        add_baseline(maker, &text, NULL, share);
        return strbuf_str(&text);
    }
    add_share(maker, &text, value);
    add_where(maker, &text, value,
              view_is_whole_kernel(maker->heat, line) ? "in this kernel" : "on this line",
              line->callees, line->n_callees);
    add_evidence(maker, &text, value);
    if (line->state == ANCHOR_MOVED)
        strbuf_fmt(&text, ", profiled as line %u", line->was.n);
    if (value->total > heat_cost(value) * 1.005) {
        Str total = words_share(arena, heat_total_share(maker->metric, value));
        strbuf_fmt(&text, "; " STR_FMT " with its calls", STR_ARG(total));
    }
    add_stalls(maker, &text, value);
    Str ceiling = words_ceiling(arena, share);
    strbuf_fmt(&text, "; if it cost nothing: " STR_FMT, STR_ARG(ceiling));
    add_baseline(maker, &text, &line->since, share);
    if (line->n_hints)
        strbuf_fmt(&text, "; try: " STR_FMT, STR_ARG(line->hints[0].title));
    return strbuf_str(&text);
}

static void hot_lines(ViewMaker *maker, FileView *out)
{
    const HotFile *heat = maker->heat;
    for (size_t i = 0; i < heat->n_lines && !heat->lines_are_functions; i++) {
        const HotLine *line = &heat->lines[i];
        if (line->state == ANCHOR_GONE || line->now.n == 0 ||
            !heat_is_ranked(&maker->in->settings, line->rank) ||
            !heat_is_shown(&maker->in->settings, maker->metric, &line->values[0]))
            continue;
        ViewDiagnostic *diagnostic = view_push(maker, out, line->now, S("hot-line"));
        if (!diagnostic)
            return;
        diagnostic->message = line_message(maker, line);
        diagnostic->faded = line->state == ANCHOR_CHANGED;
        if (diagnostic->faded)
            diagnostic->severity = VIEW_HINT;
        if (line->function != HEAT_NO_FUNCTION)
            maker->has_line[line->function] = true;
    }
}

/* A hot function none of whose lines stands out: its heat is spread, or the tool knows no lines. */
static void hot_functions(ViewMaker *maker, FileView *out)
{
    for (size_t i = 0; i < maker->heat->n_functions; i++) {
        const HotFunction *function = &maker->heat->functions[i];
        const HeatValue *value = &function->values[0];
        if (maker->functions[i] == ANCHOR_GONE || function->now.n == 0 || maker->has_line[i] ||
            !heat_is_ranked(&maker->in->settings, function->rank) ||
            !heat_is_shown(&maker->in->settings, maker->metric, value))
            continue;
        ViewDiagnostic *diagnostic = view_push(maker, out, function->now, S("hot-function"));
        if (!diagnostic)
            return;
        double share = heat_share(maker->metric, value);
        StrBuf text = strbuf_new(maker->arena);
        strbuf_add(&text, function->name);
        if (maker->functions[i] == ANCHOR_CHANGED) {
            strbuf_add(&text, S(" was "));
            add_share(maker, &text, value);
            strbuf_add(&text, S(" before it changed"));
            add_baseline(maker, &text, NULL, share);
            diagnostic->severity = VIEW_HINT;
            diagnostic->faded = true;
        } else {
            Str total = words_share(maker->arena, heat_total_share(maker->metric, value));
            Str ceiling = words_ceiling(maker->arena, share);
            strbuf_add(&text, S(": "));
            add_share(maker, &text, value);
            add_where(maker, &text, value, "", function->callees, function->n_callees);
            add_evidence(maker, &text, value);
            strbuf_fmt(&text, ", " STR_FMT " with its calls", STR_ARG(total));
            add_stalls(maker, &text, value);
            strbuf_fmt(&text, "; if it cost nothing: " STR_FMT, STR_ARG(ceiling));
            add_baseline(maker, &text, &function->since, share);
        }
        diagnostic->message = strbuf_str(&text);
    }
}

/*
 * When much of what was measured in this file has been edited since, the rest of the numbers
 * belongs to another program: say so once, at the top of the hottest function.
 */
static void stale_profile(ViewMaker *maker, FileView *out)
{
    double all = 0, lost = 0;
    uint32_t edited = 0;
    for (size_t i = 0; i < maker->heat->n_lines; i++) {
        const HotLine *line = &maker->heat->lines[i];
        all += heat_cost(&line->values[0]);
        if (line->state == ANCHOR_CHANGED || line->state == ANCHOR_GONE) {
            lost += heat_cost(&line->values[0]);
            edited++;
        }
    }
    if (all <= 0 || lost < 0.5 * all ||
        heat_self_share(maker->metric, &(HeatValue){.self = lost}) < 0.01)
        return;
    Str share = words_share(maker->arena, lost / all);
    ViewDiagnostic *diagnostic = view_push(maker, out, (LineNo){1}, S("stale-profile"));
    if (!diagnostic)
        return;
    diagnostic->severity = VIEW_HINT;
    diagnostic->message = str_fmt(
        maker->arena,
        STR_FMT " of the cost measured in this file was on %u line%s edited since; profile again",
        STR_ARG(share), edited, edited == 1 ? "" : "s");
}

static void verdict(ViewMaker *maker, FileView *out)
{
    static const struct {
        LoopVerdict verdict;
        Str code;
        ViewSeverity severity;
        const char *then; /* what to do, after the numbers */
    } ROWS[] = {
        {LOOP_SLOWER, STR_CONST("regression"), VIEW_WARNING, "; revert it"},
        {LOOP_FASTER, STR_CONST("improvement"), VIEW_INFORMATION, "; keep it"},
        {LOOP_SMALL, STR_CONST("small-improvement"), VIEW_INFORMATION,
         "; under 5 %: is it worth its complexity?"},
        {LOOP_SAME, STR_CONST("same"), VIEW_INFORMATION, "; revert it unless the code is better"},
        {LOOP_UNCLEAR, STR_CONST("unclear"), VIEW_INFORMATION, "; measure longer"},
    };
    const ChangedPlace *place = view_place(maker);
    if (!place || maker->workload->last.step != LOOP_MEASURED)
        return;
    for (size_t i = 0; i < sizeof(ROWS) / sizeof(ROWS[0]); i++) {
        if (ROWS[i].verdict != maker->workload->last.verdict)
            continue;
        ViewDiagnostic *diagnostic = view_push(maker, out, place->first, ROWS[i].code);
        if (!diagnostic)
            return;
        diagnostic->severity = ROWS[i].severity;
        diagnostic->message =
            str_fmt(maker->arena, STR_FMT ": " STR_FMT "%s", STR_ARG(maker->workload->name),
                    STR_ARG(maker->workload->last.sentence), ROWS[i].then);
    }
}

/* Where a change that was measured slower costs more: lines that rose in a profile of it. */
static void regressed_here(ViewMaker *maker, FileView *out)
{
    const HotFile *heat = maker->heat;
    const IterationFacts *last = maker->workload ? &maker->workload->last : NULL;
    if (!last || last->step != LOOP_MEASURED || last->verdict != LOOP_SLOWER ||
        !heat->snapshot.len || !str_eq(heat->snapshot, last->candidate))
        return;
    for (size_t i = 0; i < heat->n_lines && !heat->lines_are_functions; i++) {
        const HotLine *line = &heat->lines[i];
        if (line->since.word != COMPARE_ROSE || line->now.n == 0 ||
            (line->state != ANCHOR_EXACT && line->state != ANCHOR_MOVED))
            continue;
        ViewDiagnostic *diagnostic = view_push(maker, out, line->now, S("regressed-here"));
        if (!diagnostic)
            return;
        double share = heat_share(maker->metric, &line->values[0]);
        Str now = words_share(maker->arena, share);
        Str since = words_since(maker->arena, &line->since, share);
        Str change = units_delta(maker->arena, last->change);
        diagnostic->severity = VIEW_WARNING;
        diagnostic->message =
            str_fmt(maker->arena,
                    STR_FMT ": regressed here: " STR_FMT ", " STR_FMT "; " STR_FMT " " STR_FMT,
                    STR_ARG(maker->workload->name), STR_ARG(now), STR_ARG(since),
                    STR_ARG(maker->workload->metric), STR_ARG(change));
    }
}

/* Two changed functions at once: no verdict could tell which of them it is about. */
static void one_change(ViewMaker *maker, FileView *out)
{
    if (!maker->workload || maker->workload->last.step != LOOP_CHANGED)
        return;
    const IterationFacts *last = &maker->workload->last;
    StrBuf names = strbuf_new(maker->arena);
    size_t functions = 0;
    for (size_t i = 0; i < last->n_places; i++) {
        if (last->places[i].function.len == 0)
            continue;
        functions++;
        if (functions <= 4)
            strbuf_fmt(&names, "%s" STR_FMT, functions > 1 ? ", " : "",
                       STR_ARG(last->places[i].function));
    }
    if (functions < 2)
        return;
    for (size_t i = 0; i < last->n_places; i++) {
        if (!str_eq(last->places[i].path, maker->in->path) || !last->places[i].function.len)
            continue;
        ViewDiagnostic *diagnostic = view_push(maker, out, last->places[i].first, S("one-change"));
        if (!diagnostic)
            return;
        diagnostic->message =
            str_fmt(maker->arena,
                    "%zu functions changed since the last checkpoint (" STR_FMT
                    "%s): measure one change at a time",
                    functions, STR_ARG(strbuf_str(&names)), functions > 4 ? ", …" : "");
    }
}

/* Where the loop stands: at the workload's table, and beside the hottest line of the workspace. */
static void standing(ViewMaker *maker, FileView *out, const WorkloadFacts *workload, LineNo line)
{
    ViewDiagnostic *diagnostic = NULL;
    Str benchmark = words_benchmark(maker->arena, workload);
    if (!workload->has_baseline) {
        diagnostic = view_push(maker, out, line, S("baseline-missing"));
        if (diagnostic)
            diagnostic->message =
                str_fmt(maker->arena, STR_FMT ": no baseline yet; measuring records one first",
                        STR_ARG(workload->name));
    } else if (workload->target_met) {
        diagnostic = view_push(maker, out, line, S("target-met"));
        if (diagnostic)
            diagnostic->message =
                str_fmt(maker->arena, STR_FMT ": target " STR_FMT " met: " STR_FMT,
                        STR_ARG(workload->name), STR_ARG(workload->target), STR_ARG(benchmark));
    } else if (workload->stop.len) {
        diagnostic = view_push(maker, out, line, S("stop"));
        if (diagnostic)
            diagnostic->message =
                str_fmt(maker->arena, STR_FMT ": " STR_FMT "; " STR_FMT, STR_ARG(workload->name),
                        STR_ARG(workload->stop), STR_ARG(benchmark));
    }
}

static void standings(ViewMaker *maker, FileView *out)
{
    const LoopFacts *loop = maker->in->loop;
    if (!loop)
        return;
    if (loop->workload_file.len && str_eq(loop->workload_file, maker->in->path)) {
        for (size_t i = 0; i < loop->n_workloads; i++)
            standing(maker, out, &loop->workloads[i], loop->workloads[i].line);
        return;
    }
    if (!maker->heat || !maker->workload)
        return;
    for (size_t i = 0; i < maker->heat->n_lines; i++) {
        const HotLine *line = &maker->heat->lines[i];
        if (line->rank == 0 && line->now.n)
            standing(maker, out, maker->workload, line->now);
    }
}

void view_diagnostics(ViewMaker *maker, FileView *out)
{
    verdict(maker, out);
    one_change(maker, out);
    standings(maker, out);
    if (!maker->heat)
        return;
    regressed_here(maker, out);
    stale_profile(maker, out);
    hot_lines(maker, out);
    hot_functions(maker, out);
    view_notes(maker, out);
}
