/*
 * Workspace symbols: the measured functions of the workspace, hottest first. A picker that keeps the
 * order shows the profile; the share leads the container name for those that sort by name.
 */

#include <strings.h>

#include "analysis/hints/words.h"
#include "analysis/hotspots/rank.h"
#include "lsp/features/view_write.h"

enum {
    SYMBOL_FUNCTION = 12,
    SYMBOLS_MAX = 200,
};

/* The letters of the query in this order, whatever the case: as pickers match. */
static bool matches(Str name, Str query)
{
    size_t at = 0;
    for (size_t i = 0; i < name.len && at < query.len; i++)
        if (strncasecmp(&name.ptr[i], &query.ptr[at], 1) == 0)
            at++;
    return at == query.len;
}

/* "31 % self, 45 % with calls, baseline 40 % self" */
static Str cost_of(const Request *request, const Heat *heat, const HotSpot *function)
{
    const HotSpots *spots = heat->now.spots;
    Arena *arena = request->arena;
    Str self = words_share(arena, (double)function->self / (double)spots->total);
    Str total = words_share(arena, (double)function->total / (double)spots->total);
    Str text =
        str_fmt(arena, STR_FMT " self, " STR_FMT " with calls", STR_ARG(self), STR_ARG(total));
    if (function->callee > 0) {
        Str callee = words_share(arena, (double)function->callee / (double)spots->total);
        text = str_fmt(arena, STR_FMT " self, " STR_FMT " in callees, " STR_FMT " with calls",
                       STR_ARG(self), STR_ARG(callee), STR_ARG(total));
    }
    if (str_eq(spots->unit, S("bytes"))) {
        Str cost = rank_cost_text(arena, spots, hot_spot_cost(function));
        text = str_fmt(arena, STR_FMT ", " STR_FMT, STR_ARG(cost), STR_ARG(text));
    }
    const HotSpot *before = function_in_base(heat, function);
    if (!before)
        return text;
    double share = (double)before->self / (double)heat->base.spots->total;
    Str old = words_share(arena, share);
    Str change = words_share_change(arena, share, (double)function->self / (double)spots->total);
    return str_fmt(arena, STR_FMT ", baseline " STR_FMT " self, " STR_FMT, STR_ARG(text),
                   STR_ARG(old), STR_ARG(change));
}

static void write_symbol(const Request *request, JsonOut *out, const Heat *heat, uint32_t spot)
{
    const HotSpot *function = &heat->now.spots->functions[spot];
    Str uri;
    LineNo line = function_place(request, heat, spot, &uri);
    Str cost = cost_of(request, heat, function);
    json_open(out, '{');
    json_key_str(out, "name",
                 str_fmt(request->arena, STR_FMT " [" STR_FMT "]", STR_ARG(function->function),
                         STR_ARG(cost)));
    json_key_i64(out, "kind", SYMBOL_FUNCTION);
    json_key_str(out, "containerName", function->file);
    json_key_open(out, "location", '{');
    json_key_str(out, "uri", uri);
    write_line_start(out, "range", line);
    json_close(out, '}');
    json_close(out, '}');
}

/* How many of at most `max`: the functions in the files that this profile is shown for. */
static size_t write_functions(const Request *request, JsonOut *out, const Heat *world,
                              const Heat *heat, Str query, size_t max)
{
    size_t written = 0;
    if (!heat->now.present || heat->now.spots->total <= 0)
        return 0;
    for (size_t i = 0; i < heat->now.spots->functions_len && written < max; i++) {
        const HotSpot *function = &heat->now.spots->functions[i];
        if (!function->mapped || !matches(function->function, query) ||
            heat_for_file(world, function->file) != heat)
            continue;
        write_symbol(request, out, heat, (uint32_t)i);
        written++;
    }
    return written;
}

bool feature_workspace_symbol(const Request *request, JsonOut *out, Err *err UNUSED)
{
    const Heat *heat = request_world(request);
    Str query = json_opt_str(request->params, "query", S(""));
    size_t written = 0;
    json_open(out, '[');
    if (heat)
        written = write_functions(request, out, heat, heat, query, SYMBOLS_MAX);
    for (size_t i = 0; heat && i < heat->n_others; i++)
        written +=
            write_functions(request, out, heat, heat->others[i], query, SYMBOLS_MAX - written);
    json_close(out, ']');
    return true;
}
