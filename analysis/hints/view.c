#include "analysis/hints/view.h"

#include <stdlib.h>

#include "analysis/hints/view_parts.h"
#include "analysis/hints/words.h"

const WorkloadFacts *facts_workload(const LoopFacts *facts, Str name)
{
    if (!facts || facts->n_workloads == 0)
        return NULL;
    for (size_t i = 0; i < facts->n_workloads; i++)
        if (str_eq(facts->workloads[i].name, name))
            return &facts->workloads[i];
    return &facts->workloads[0];
}

const ChangedPlace *view_place(const ViewMaker *maker)
{
    if (!maker->workload)
        return NULL;
    const IterationFacts *last = &maker->workload->last;
    for (size_t i = 0; i < last->n_places; i++)
        if (str_eq(last->places[i].path, maker->in->path))
            return &last->places[i];
    return NULL;
}

bool view_job_runs(const ViewMaker *maker)
{
    return maker->in->loop && maker->in->loop->job.id.len > 0;
}

/*
 * A function is as its first line is, unless one of its measured lines was edited: then its
 * numbers are those of another text.
 */
static AnchorState *function_states(Arena *arena, const HotFile *heat)
{
    AnchorState *states = NEW_ARRAY(arena, AnchorState, heat->n_functions + 1);
    for (size_t i = 0; i < heat->n_functions; i++)
        states[i] = heat->functions[i].state;
    for (size_t i = 0; i < heat->n_lines; i++) {
        const HotLine *line = &heat->lines[i];
        bool edited = line->state == ANCHOR_CHANGED || line->state == ANCHOR_GONE;
        if (edited && line->function != HEAT_NO_FUNCTION && states[line->function] != ANCHOR_GONE)
            states[line->function] = ANCHOR_CHANGED;
    }
    return states;
}

static int by_diagnostic_line(const void *a, const void *b)
{
    const ViewDiagnostic *x = a, *y = b;
    if (x->line.n != y->line.n)
        return x->line.n < y->line.n ? -1 : 1;
    if (x->severity != y->severity)
        return x->severity < y->severity ? -1 : 1;
    int codes = str_cmp(x->code, y->code);
    return codes ? codes : (x->order > y->order) - (x->order < y->order);
}

static int by_hint_line(const void *a, const void *b)
{
    const ViewHint *x = a, *y = b;
    return (x->line.n > y->line.n) - (x->line.n < y->line.n);
}

FileView view_of(Arena *arena, const ViewInput *input)
{
    FileView out = {0};
    ViewMaker maker = {.arena = arena, .in = input};
    maker.workload = facts_workload(input->loop, input->workload);
    maker.benchmark = words_benchmark(arena, maker.workload);
    if (input->heat && input->heat->n_metrics && input->settings.mode != HEAT_OFF) {
        maker.heat = input->heat;
        maker.metric = &input->heat->metrics[0];
        maker.functions = function_states(arena, input->heat);
        maker.has_line = NEW_ARRAY(arena, bool, input->heat->n_functions + 1);
    }
    view_diagnostics(&maker, &out);
    view_lenses(&maker, &out);
    view_hints(&maker, &out);
    view_note_hints(&maker, &out);
    view_actions(&maker, &out);
    if (out.diagnostics.len)
        qsort(out.diagnostics.items, out.diagnostics.len, sizeof(ViewDiagnostic),
              by_diagnostic_line);
    if (out.hints.len)
        qsort(out.hints.items, out.hints.len, sizeof(ViewHint), by_hint_line);
    return out;
}
