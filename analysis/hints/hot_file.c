#include "analysis/hints/hot_file.h"

#include <math.h>
#include <string.h>

#include "analysis/hints/hints_gpu.h"
#include "base/map.h"

/* A line or function of this file while the metrics are put together. */
typedef struct Joiner {
    Arena *arena;
    const HotSource *source;
    HotFile *out;
    uint32_t *line_index; /* line number → index in out->lines + 1 */
    uint32_t line_limit;
    uint32_t *function_index; /* index in spots[0].functions → index in out->functions + 1 */
} Joiner;

static bool is_here(const Joiner *join, const HotSpot *spot)
{
    return spot->mapped != join->source->library && str_eq(spot->file, join->source->path);
}

static HeatMetric metric_of(Arena *arena, const HotSpots *spots)
{
    HeatMetric metric = {.name = str_copy(arena, spots->metric), .total = (double)spots->total};
    metric.samples = spots->sampled ? spots->samples : 0;
    heat_metric_unit(spots->unit, &metric.unit, &metric.scale);
    return metric;
}

static HeatValue value_of(const HotSpot *spot)
{
    return (HeatValue){
        .self = (double)spot->self,
        .callee = (double)spot->callee,
        .total = (double)spot->total,
        .samples = hot_spot_samples(spot),
    };
}

static const HeatCallee *callees_of(const Joiner *join, const HotSpot *spot)
{
    const HotSpots *spots = &join->source->spots[0];
    HeatCallee *out = NEW_ARRAY(join->arena, HeatCallee, spot->callees_len + 1);
    for (size_t i = 0; i < spot->callees_len; i++) {
        const HotCallee *callee = &spots->callees[spot->callees_first + i];
        const HotSpot *function = &spots->functions[callee->function];
        Str file = callee->below.len ? callee->below : callee->file;
        out[i] = (HeatCallee){
            .name = str_eq(function->function, spot->function)
                        ? S("inlined code")
                        : str_copy(join->arena, function->function),
            .library = str_copy(join->arena, function->library),
            .file = str_copy(join->arena, file),
            .line = callee->line,
            .source = str_copy(join->arena, callee->source),
            .cost = (double)callee->cost,
        };
    }
    return out;
}

/* The first line of a function in the profiled text: as recorded, else by its name. */
static LineNo definition_of(const HotSource *source, const HotSpot *spot)
{
    if (spot->is_definition)
        return (LineNo){spot->line};
    if (!source->profiled.outline)
        return (LineNo){0};
    const OutlineItem *item =
        outline_find_function(source->profiled.outline, spot->function, (LineNo){spot->line});
    return item ? item->first : (LineNo){0};
}

static void add_functions(Joiner *join)
{
    const HotSpots *spots = &join->source->spots[0];
    size_t n = 0;
    uint32_t rank = 0;
    for (size_t i = 0; i < spots->functions_len; i++)
        n += is_here(join, &spots->functions[i]);
    join->out->functions = NEW_ARRAY(join->arena, HotFunction, n + 1);
    for (size_t i = 0; i < spots->functions_len; i++) {
        const HotSpot *spot = &spots->functions[i];
        rank += spot->own;
        if (!is_here(join, spot))
            continue;
        HeatValue *values = NEW_ARRAY(join->arena, HeatValue, join->source->n_spots);
        values[0] = value_of(spot);
        join->out->functions[join->out->n_functions++] = (HotFunction){
            .name = str_copy(join->arena, spot->function),
            .was = definition_of(join->source, spot),
            .rank = spot->own ? rank - 1 : HEAT_NO_RANK,
            .spot = (uint32_t)i,
            .since = {.share = (double)NAN},
            .values = values,
            .callees = callees_of(join, spot),
            .n_callees = spot->callees_len,
            .on_gpu = spot->kind == FRAME_GPU,
        };
        join->function_index[i] = (uint32_t)join->out->n_functions;
    }
}

static HotLine *line_slot(Joiner *join, uint32_t line)
{
    if (line == 0 || line > join->line_limit)
        return NULL;
    if (join->line_index[line])
        return &join->out->lines[join->line_index[line] - 1];
    HotLine *slot = &join->out->lines[join->out->n_lines++];
    join->line_index[line] = (uint32_t)join->out->n_lines;
    *slot = (HotLine){
        .was = {line},
        .rank = HEAT_NO_RANK,
        .function = HEAT_NO_FUNCTION,
        .since = {.share = (double)NAN},
        .values = NEW_ARRAY(join->arena, HeatValue, join->source->n_spots),
    };
    return slot;
}

/*
 * Lines of the first metric come hottest first, and keep that order; a line that only another
 * metric knows follows behind. Two functions on one line (a lambda, say) are added up.
 */
static void add_lines(Joiner *join, size_t metric)
{
    const HotSpots *spots = &join->source->spots[metric];
    uint32_t rank = 0;
    for (size_t i = 0; i < spots->lines_len; i++) {
        const HotSpot *spot = &spots->lines[i];
        rank += spot->own;
        if (!is_here(join, spot))
            continue;
        HotLine *line = line_slot(join, spot->line);
        if (!line)
            continue;
        HeatValue *value = &line->values[metric];
        HeatValue more = value_of(spot);
        value->self += more.self;
        value->callee += more.callee;
        value->total = fmax(value->total, more.total);
        value->samples += more.samples;
        if (metric > 0)
            continue;
        if (line->rank == HEAT_NO_RANK && spot->own)
            line->rank = rank - 1;
        if (!line->n_callees) {
            line->callees = callees_of(join, spot);
            line->n_callees = spot->callees_len;
        }
        if (line->function == HEAT_NO_FUNCTION && spot->owner < spots->functions_len &&
            join->function_index[spot->owner])
            line->function = join->function_index[spot->owner] - 1;
    }
}

static void add_function_metric(Joiner *join, size_t metric)
{
    const HotSpots *spots = &join->source->spots[metric];
    Map *by_name = map_new(join->arena);
    for (size_t i = 0; i < spots->functions_len; i++)
        if (is_here(join, &spots->functions[i]))
            map_put(by_name, spots->functions[i].function, &spots->functions[i]);
    for (size_t i = 0; i < join->out->n_functions; i++) {
        const HotSpot *spot = map_get(by_name, join->out->functions[i].name);
        if (spot)
            join->out->functions[i].values[metric] = value_of(spot);
    }
}

static HotSince since_of(const Comparison *compared, const CompareRow *row)
{
    const CompareValue *value = &row->here;
    HotSince since = {
        .share = (double)value->then_cost / (double)compared->then->total,
        .then = (double)NAN,
        .now = (double)NAN,
        .word = value->word,
        .apart = value->word != COMPARE_WITHIN || value->low > 0 || value->high < 0,
        .is_new = row->place == COMPARE_NEW,
    };
    if (compared->per == COMPARE_BENCHMARK) {
        since.then = value->then;
        since.now = value->now;
    }
    return since;
}

/* Lines whose texts are not known were paired by number: nothing is said of them. */
static void add_compared(Joiner *join)
{
    const Comparison *compared = join->source->compared;
    for (size_t i = 0; i < compared->lines_len; i++) {
        const CompareRow *row = &compared->lines[i];
        if (!row->now || !is_here(join, row->now) || row->place == COMPARE_RECORDED ||
            row->now_line > join->line_limit || !join->line_index[row->now_line])
            continue;
        join->out->lines[join->line_index[row->now_line] - 1].since = since_of(compared, row);
    }
    for (size_t i = 0; i < compared->functions_len; i++) {
        const CompareRow *row = &compared->functions[i];
        size_t at = row->now ? (size_t)(row->now - compared->now->functions) : SIZE_MAX;
        if (row->now && is_here(join, row->now) && join->function_index[at])
            join->out->functions[join->function_index[at] - 1].since = since_of(compared, row);
    }
}

/* ------------------------------------------------------------------ what the tool says */

static HeatFact fact_of(Arena *arena, const SaidFact *fact)
{
    HeatFact out = {.name = str_copy(arena, fact->name), .value = (double)NAN};
    Unit unit;
    double scale;
    if (fact->text.len) {
        out.text = str_copy(arena, fact->text);
        return out;
    }
    out.value = fact->value;
    heat_metric_unit(fact->unit, &unit, &scale);
    if (str_eq(fact->unit, S("%")))
        out.text = str_fmt(arena, "%.3g %%", fact->value);
    else if (str_eq(fact->unit, S("Hz")) || str_eq(fact->unit, S("bytes/s")))
        out.text = str_fmt(arena, "%.3g G" STR_FMT, fact->value * 1e-9,
                           STR_ARG(str_eq(fact->unit, S("Hz")) ? S("Hz") : S("B/s")));
    else
        out.text = units_text(arena, fact->value * scale, unit);
    return out;
}

static void add_facts(Joiner *join)
{
    const Said *said = join->source->said;
    for (size_t i = 0; i < join->out->n_functions; i++) {
        HotFunction *function = &join->out->functions[i];
        HeatFact *facts = NEW_ARRAY(join->arena, HeatFact, said->facts_len + 1);
        for (size_t k = 0; k < said->facts_len; k++)
            if (str_eq(said->facts[k].file, join->source->path) &&
                str_eq(said->facts[k].function, function->name))
                facts[function->n_facts++] = fact_of(join->arena, &said->facts[k]);
        function->facts = facts;
    }
}

static LineNo function_line(const HotSource *source, Str name)
{
    const OutlineItem *item =
        source->profiled.outline
            ? outline_find_function(source->profiled.outline, name, (LineNo){0})
            : NULL;
    return item ? item->first : (LineNo){0};
}

/* Of two rules about a kernel the one that promises more comes first, else the tool's order. */
static void rank_notes(HotFile *file)
{
    for (size_t i = 0; i < file->n_notes; i++) {
        HotNote *note = &file->notes[i];
        for (size_t k = 0; k < file->n_notes; k++) {
            const HotNote *other = &file->notes[k];
            if (k == i || other->was.n != note->was.n || other->is_function != note->is_function ||
                !str_eq(other->function, note->function))
                continue;
            if (note->is_function)
                note->rank +=
                    other->speedup > note->speedup || (k < i && !(other->speedup < note->speedup));
            else
                note->rank += k < i && other->kind == note->kind && str_eq(other->rule, note->rule);
        }
    }
}

static void add_notes(Joiner *join)
{
    const Said *said = join->source->said;
    Map *functions = map_new(join->arena);
    for (size_t i = 0; i < join->out->n_functions; i++)
        map_put(functions, join->out->functions[i].name, &join->out->functions[i]);
    join->out->notes = NEW_ARRAY(join->arena, HotNote, said->findings_len + 1);
    for (size_t i = 0; i < said->findings_len; i++) {
        const SaidFinding *finding = &said->findings[i];
        if (!str_eq(finding->file, join->source->path))
            continue;
        LineNo was = finding->line ? (LineNo){finding->line}
                                   : function_line(join->source, finding->function);
        if (was.n == 0 || was.n > join->line_limit)
            continue;
        const HotFunction *kernel = map_get(functions, finding->function);
        join->out->notes[join->out->n_notes++] = (HotNote){
            .was = was,
            .kernel = kernel ? (uint32_t)(kernel - join->out->functions) : HEAT_NO_FUNCTION,
            .function = str_copy(join->arena, finding->function),
            .rule = str_copy(join->arena, finding->rule),
            .message = str_copy(join->arena, finding->message),
            .kind = finding->kind,
            .speedup = finding->speedup,
            .local = finding->local,
            .is_function = finding->line == 0,
        };
    }
    rank_notes(join->out);
}

static void find_places(Joiner *join)
{
    HotFile *out = join->out;
    LineNo *wanted =
        NEW_ARRAY(join->arena, LineNo, out->n_lines + out->n_functions + out->n_notes + 1);
    size_t n = 0;
    for (size_t i = 0; i < out->n_lines; i++)
        wanted[n++] = out->lines[i].was;
    for (size_t i = 0; i < out->n_functions; i++)
        if (out->functions[i].was.n)
            wanted[n++] = out->functions[i].was;
    for (size_t i = 0; i < out->n_notes; i++)
        wanted[n++] = out->notes[i].was;
    out->anchors =
        anchors_find(join->arena, &join->source->profiled, &join->source->now, wanted, n);
    for (size_t i = 0; i < out->n_lines; i++) {
        const Anchor *anchor = anchors_at(&out->anchors, out->lines[i].was);
        out->lines[i].anchor = anchor ? (uint32_t)(anchor - out->anchors.items) : HEAT_NO_ANCHOR;
    }
    for (size_t i = 0; i < out->n_functions; i++) {
        const Anchor *anchor = anchors_at(&out->anchors, out->functions[i].was);
        out->functions[i].anchor =
            anchor ? (uint32_t)(anchor - out->anchors.items) : HEAT_NO_ANCHOR;
    }
    for (size_t i = 0; i < out->n_notes; i++) {
        const Anchor *anchor = anchors_at(&out->anchors, out->notes[i].was);
        out->notes[i].anchor = anchor ? (uint32_t)(anchor - out->anchors.items) : HEAT_NO_ANCHOR;
    }
}

/* Takes over what the anchors say. */
static void set_places(HotFile *file)
{
    static const Anchor NOWHERE = {.state = ANCHOR_GONE};
    for (size_t i = 0; i < file->n_lines; i++) {
        HotLine *line = &file->lines[i];
        const Anchor *anchor =
            line->anchor == HEAT_NO_ANCHOR ? &NOWHERE : &file->anchors.items[line->anchor];
        line->now = anchor->now;
        line->state = anchor->state;
    }
    for (size_t i = 0; i < file->n_functions; i++) {
        HotFunction *function = &file->functions[i];
        const Anchor *anchor =
            function->anchor == HEAT_NO_ANCHOR ? &NOWHERE : &file->anchors.items[function->anchor];
        function->now = anchor->now;
        function->state = anchor->state;
    }
    for (size_t i = 0; i < file->n_notes; i++) {
        HotNote *note = &file->notes[i];
        const Anchor *anchor =
            note->anchor == HEAT_NO_ANCHOR ? &NOWHERE : &file->anchors.items[note->anchor];
        note->now = anchor->now;
        note->state = anchor->state;
    }
}

HotFile hot_file_join(Arena *arena, const HotSource *source)
{
    HotFile out = {
        .path = str_copy(arena, source->path),
        .tool = str_copy(arena, source->tool),
        .recorded = str_copy(arena, source->recorded),
        .lines_are_functions = source->lines_are_functions,
        .snapshot = str_copy(arena, source->snapshot),
    };
    if (source->n_spots == 0 || !source->profiled.text)
        return out;
    Joiner join = {.arena = arena, .source = source, .out = &out};
    HeatMetric *metrics = NEW_ARRAY(arena, HeatMetric, source->n_spots);
    for (size_t i = 0; i < source->n_spots; i++)
        metrics[i] = metric_of(arena, &source->spots[i]);
    out.metrics = metrics;
    out.n_metrics = source->n_spots;
    join.line_limit = text_lines(source->profiled.text);
    join.line_index = NEW_ARRAY(arena, uint32_t, join.line_limit + 1);
    join.function_index = NEW_ARRAY(arena, uint32_t, source->spots[0].functions_len + 1);
    out.lines = NEW_ARRAY(arena, HotLine, join.line_limit + 1);
    add_functions(&join);
    for (size_t i = 0; i < source->n_spots; i++)
        add_lines(&join, i);
    for (size_t i = 1; i < source->n_spots; i++)
        add_function_metric(&join, i);
    if (source->compared)
        add_compared(&join);
    if (source->said) {
        add_facts(&join);
        add_notes(&join);
    }
    find_places(&join);
    set_places(&out);
    return out;
}

/* Advice of a version that was carried may live in that version's arena. */
static void keep_hints(Arena *arena, HotLine *line)
{
    Hint *hints = NEW_ARRAY(arena, Hint, line->n_hints);
    for (size_t i = 0; i < line->n_hints; i++) {
        hints[i] = line->hints[i];
        hints[i].title = str_copy(arena, hints[i].title);
        hints[i].why = str_copy(arena, hints[i].why);
    }
    line->hints = hints;
}

/* The same lines and functions in a place of their own, with new anchors. */
static HotFile with_anchors(Arena *arena, const HotFile *old, Anchors anchors)
{
    HotFile out = *old;
    out.anchors = anchors;
    out.lines = NEW_ARRAY(arena, HotLine, old->n_lines + 1);
    out.functions = NEW_ARRAY(arena, HotFunction, old->n_functions + 1);
    out.notes = NEW_ARRAY(arena, HotNote, old->n_notes + 1);
    if (old->n_notes)
        memcpy(out.notes, old->notes, old->n_notes * sizeof(HotNote));
    if (old->n_lines)
        memcpy(out.lines, old->lines, old->n_lines * sizeof(HotLine));
    if (old->n_functions)
        memcpy(out.functions, old->functions, old->n_functions * sizeof(HotFunction));
    for (size_t i = 0; i < out.n_lines; i++)
        if (out.lines[i].n_hints)
            keep_hints(arena, &out.lines[i]);
    set_places(&out);
    return out;
}

HotFile hot_file_carry(Arena *arena, const HotFile *old, const TextChange *change, const Text *now)
{
    return with_anchors(arena, old, anchors_carry(arena, &old->anchors, change, now));
}

HotFile hot_file_find(Arena *arena, const HotFile *old, const AnchorSide *profiled,
                      const AnchorSide *now)
{
    LineNo *wanted = NEW_ARRAY(arena, LineNo, old->anchors.len + 1);
    for (size_t i = 0; i < old->anchors.len; i++)
        wanted[i] = old->anchors.items[i].was;
    return with_anchors(arena, old, anchors_find(arena, profiled, now, wanted, old->anchors.len));
}

void hot_file_advise(Arena *arena, HotFile *file, LangId lang, const AnchorSide *now,
                     const OutlineItem *only)
{
    static const HeatSettings WORTH_A_LOOK = {.mode = HEAT_ALL, .threshold = 0.005};
    HintSource source = {.text = now->text, .outline = now->outline};
    if (file->n_metrics == 0 || !now->outline)
        return;
    for (size_t i = 0; i < file->n_lines; i++) {
        HotLine *line = &file->lines[i];
        bool known = line->state == ANCHOR_EXACT || line->state == ANCHOR_MOVED;
        if (known && only && (line->now.n < only->first.n || line->now.n > only->last.n))
            continue;
        line->hints = NULL;
        line->n_hints = 0;
        if (!known || !heat_is_shown(&WORTH_A_LOOK, &file->metrics[0], &line->values[0]))
            continue;
        Hints hints = hints_for_line(arena, lang, &source, line->now);
        hints_gpu(arena, file, line->values, &hints);
        line->hints = hints.items;
        line->n_hints = hints.len;
    }
}
