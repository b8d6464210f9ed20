/* Inlay hints: the share of each hot line, at the end of the line, at most 25 characters. */

#include "analysis/hints/view_parts.h"

#include <math.h>

#include "analysis/hints/hints_gpu.h"
#include "analysis/hints/words.h"

/* "52 % in json.loads", as far as there is room for the name; "83 %, 52 % in callee" of both. */
static Str callee_label(const ViewMaker *maker, const HotLine *line, Str now)
{
    Arena *arena = maker->arena;
    const HeatValue *value = &line->values[0];
    if (words_has_self(maker->metric, value)) {
        Str part = words_share(arena, heat_callee_share(maker->metric, value));
        Str label = str_fmt(arena, STR_FMT ", " STR_FMT " in callee", STR_ARG(now), STR_ARG(part));
        if (words_width(label) > VIEW_HINT_LABEL_MAX) {
            now = words_share(arena, heat_share(maker->metric, value));
            label = str_fmt(arena, STR_FMT ", " STR_FMT " in callee", STR_ARG(now), STR_ARG(part));
        }
        return label;
    }
    if (line->n_callees) {
        Str label = str_fmt(arena, STR_FMT " in callee " STR_FMT, STR_ARG(now),
                            STR_ARG(line->callees[0].name));
        if (words_width(label) <= VIEW_HINT_LABEL_MAX)
            return label;
    }
    return str_fmt(arena, STR_FMT " in callee", STR_ARG(now));
}

static Str label_of(const ViewMaker *maker, const HotLine *line)
{
    Arena *arena = maker->arena;
    double share = heat_share(maker->metric, &line->values[0]);
    Str now = words_share(arena, share);
    if (maker->metric->unit == UNIT_BYTES && isnan(line->since.share)) {
        Str cost = words_cost(arena, maker->metric, heat_cost(&line->values[0]));
        now = str_fmt(arena, STR_FMT ", " STR_FMT, STR_ARG(cost), STR_ARG(now));
    }
    if (line->state == ANCHOR_CHANGED)
        return str_fmt(arena, "was " STR_FMT, STR_ARG(now));
    if (isnan(line->since.share)) {
        if (words_has_callee(maker->metric, &line->values[0]))
            return callee_label(maker, line, now);
        Str stall = gpu_top_stall(maker->heat, line->values);
        return stall.len ? str_fmt(arena, STR_FMT ", " STR_FMT, STR_ARG(now), STR_ARG(stall)) : now;
    }
    if (line->since.is_new)
        return str_fmt(arena, STR_FMT ", new", STR_ARG(now));
    Str base = words_share(arena, line->since.share);
    Str change = words_share_change(arena, line->since.share, share);
    Str label = str_fmt(arena, STR_FMT ", base " STR_FMT ", " STR_FMT, STR_ARG(now), STR_ARG(base),
                        STR_ARG(change));
    if (line->since.apart && words_width(label) <= VIEW_HINT_LABEL_MAX)
        return label;
    return str_fmt(arena, STR_FMT ", base " STR_FMT, STR_ARG(now), STR_ARG(base));
}

static Str tooltip_of(const ViewMaker *maker, const HotLine *line)
{
    Arena *arena = maker->arena;
    Str metric = words_metric(arena, maker->metric);
    const HeatValue *value = &line->values[0];
    Str cost = words_cost(arena, maker->metric, heat_cost(value));
    const char *of = maker->metric->unit == UNIT_COUNT ? "" : "of ";
    if (line->state == ANCHOR_CHANGED)
        return str_fmt(arena, STR_FMT " %s" STR_FMT " before this line changed", STR_ARG(cost), of,
                       STR_ARG(metric));
    Str text = str_fmt(arena, STR_FMT " %s" STR_FMT " %s", STR_ARG(cost), of, STR_ARG(metric),
                       view_is_whole_kernel(maker->heat, line) ? "in this kernel" : "on this line");
    if (words_has_callee(maker->metric, value)) {
        Str callee = words_cost(arena, maker->metric, value->callee);
        Str names = words_callees(arena, line->callees, line->n_callees);
        text = str_fmt(arena, STR_FMT ", " STR_FMT " in callee " STR_FMT, STR_ARG(text),
                       STR_ARG(callee), STR_ARG(names));
    }
    Str stalls = gpu_stalls(arena, maker->heat, value);
    if (stalls.len)
        text = str_fmt(arena, STR_FMT "; stalls: " STR_FMT, STR_ARG(text), STR_ARG(stalls));
    if (line->state == ANCHOR_MOVED)
        text = str_fmt(arena, STR_FMT ", profiled as line %u", STR_ARG(text), line->was.n);
    if (maker->benchmark.len)
        text = str_fmt(arena, STR_FMT "; " STR_FMT, STR_ARG(text), STR_ARG(maker->benchmark));
    return text;
}

void view_hints(ViewMaker *maker, FileView *out)
{
    if (!maker->heat || maker->heat->lines_are_functions)
        return;
    for (size_t i = 0; i < maker->heat->n_lines; i++) {
        const HotLine *line = &maker->heat->lines[i];
        if (line->state == ANCHOR_GONE || line->now.n == 0 ||
            !heat_is_shown(&maker->in->settings, maker->metric, &line->values[0]))
            continue;
        *array_push(maker->arena, &out->hints) = (ViewHint){
            .line = line->now, .label = label_of(maker, line), .tooltip = tooltip_of(maker, line)};
    }
}
