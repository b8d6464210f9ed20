/*
 * Call hierarchy: who calls a measured function and whom it calls, with what each call costs.
 *
 * Neovim lists one row per fromRange with the item's name as its text, so the cost stands in the
 * name and every item has at least one fromRange. An item is found again by its index in the
 * profile's functions and the id of the profile in the ledger, both kept in `data`.
 */

#include "analysis/hints/words.h"
#include "analysis/hotspots/rank.h"
#include "lsp/features/view_write.h"

enum {
    SYMBOL_FUNCTION = 12,
    ITEMS_MAX = 200
};

/* "scan [31 %, 812 samples]", "scan [31 %, 12.3 MB]" */
static Str name_of(const Request *request, const Heat *heat, const HotSpot *function, int64_t cost,
                   uint64_t samples)
{
    const HotSpots *spots = heat->now.spots;
    Str share =
        words_share(request->arena, spots->total > 0 ? (double)cost / (double)spots->total : 0);
    if (str_eq(spots->unit, S("bytes")))
        return str_fmt(request->arena, STR_FMT " [" STR_FMT ", " STR_FMT "]",
                       STR_ARG(function->function), STR_ARG(share),
                       STR_ARG(rank_cost_text(request->arena, spots, cost)));
    return str_fmt(request->arena, STR_FMT " [" STR_FMT ", " STR_FMT " %s]",
                   STR_ARG(function->function), STR_ARG(share),
                   STR_ARG(units_text(request->arena, (double)samples, UNIT_COUNT)),
                   spots->sampled ? "samples" : "calls");
}

/* What PyTorch's profiler says of kernels: their time is none of the host's, and has a metric of its own. */
static const HotSpots *gpu_spots(const Heat *heat)
{
    for (size_t i = 1; i < heat->now.n_spots; i++)
        if (str_eq(heat->now.spots[i].metric, S("gpu_time")) && heat->now.spots[i].total > 0)
            return &heat->now.spots[i];
    return NULL;
}

static bool is_same(const HotSpot *a, const HotSpot *b)
{
    return str_eq(a->function, b->function) && str_eq(a->file, b->file);
}

/* The cost of a function, or of it while called from `caller`. */
static int64_t gpu_cost(const HotSpots *gpu, const HotSpot *caller, const HotSpot *callee)
{
    for (size_t i = 0; !caller && i < gpu->functions_len; i++)
        if (is_same(&gpu->functions[i], callee))
            return gpu->functions[i].total;
    for (size_t i = 0; caller && i < gpu->edges_len; i++)
        if (is_same(&gpu->functions[gpu->edges[i].callee], callee) &&
            is_same(&gpu->functions[gpu->edges[i].caller], caller))
            return gpu->edges[i].cost;
    return 0;
}

/* "reduce [81 % of GPU time]", where the metric that ranks says nothing. */
static Str gpu_name_of(const Request *request, const Heat *heat, const HotSpot *shown,
                       const HotSpot *caller, const HotSpot *callee)
{
    const HotSpots *gpu = gpu_spots(heat);
    int64_t cost = gpu ? gpu_cost(gpu, caller, callee) : 0;
    if (!cost)
        return (Str){0};
    Str share = words_share(request->arena, (double)cost / (double)gpu->total);
    return str_fmt(request->arena, STR_FMT " [" STR_FMT " of GPU time]", STR_ARG(shown->function),
                   STR_ARG(share));
}

/* Its share in the baseline's profile, and the benchmark: what clients show beside the name. */
static Str detail_of(const Request *request, const Heat *heat, const HotSpot *function)
{
    const WorkloadFacts *workload = facts_workload(&heat->facts, heat->now.row.workload);
    Str benchmark = words_benchmark(request->arena, workload);
    Str text = function->file;
    const HotSpot *old = function_in_base(heat, function);
    if (old) {
        Str share =
            words_share(request->arena, (double)old->total / (double)heat->base.spots->total);
        text = str_fmt(request->arena, STR_FMT " · baseline " STR_FMT " with calls", STR_ARG(text),
                       STR_ARG(share));
    }
    if (benchmark.len)
        text = str_fmt(request->arena, STR_FMT " · " STR_FMT, STR_ARG(text), STR_ARG(benchmark));
    return text;
}

static void write_item(const Request *request, JsonOut *out, const Heat *heat, uint32_t spot,
                       Str name)
{
    const HotSpot *function = &heat->now.spots->functions[spot];
    Str uri;
    LineNo line = function_place(request, heat, spot, &uri);
    json_key_str(out, "name", name);
    json_key_i64(out, "kind", SYMBOL_FUNCTION);
    json_key_str(out, "detail", detail_of(request, heat, function));
    json_key_str(out, "uri", uri);
    write_line_start(out, "range", line);
    write_line_start(out, "selectionRange", line);
    json_key_open(out, "data", '{');
    json_key_i64(out, "function", spot);
    json_key_i64(out, "profile", heat->now.row.id);
    json_close(out, '}');
}

static bool function_at(const FileHeat *file, const Outline *outline, LineNo line, uint32_t *spot)
{
    const OutlineItem *item = outline_function_at(outline, line);
    LineNo first = item ? item->first : line;
    for (size_t i = 0; i < file->hot.n_functions; i++)
        if (file->hot.functions[i].now.n == line.n || file->hot.functions[i].now.n == first.n) {
            *spot = file->hot.functions[i].spot;
            return true;
        }
    return false;
}

bool feature_prepare_calls(const Request *request, JsonOut *out, Err *err)
{
    const FileHeat *file = request_heat(request);
    const Heat *heat = file ? file->heat : NULL;
    ByteOffset at;
    uint32_t spot = 0;
    if (file && !request_offset(request, "position", &at, err))
        return false;
    if (!file || !heat || !heat->now.present ||
        !function_at(file, &request->doc->syntax->outline, request_line(request, at), &spot)) {
        json_put_null(out);
        return true;
    }
    const HotSpot *function = &heat->now.spots->functions[spot];
    json_open(out, '[');
    json_open(out, '{');
    Str name = function->total ? (Str){0} : gpu_name_of(request, heat, function, NULL, function);
    if (!name.len)
        name = name_of(request, heat, function, function->total, function->samples);
    write_item(request, out, heat, spot, name);
    json_close(out, '}');
    json_close(out, ']');
    return true;
}

/* The function an item stands for; ContentModified when a newer profile took its place. */
static bool item_of(const Request *request, const Heat **out, uint32_t *spot, Err *err)
{
    const Heat *world = request_world(request);
    JsonIn data = json_optional(json_at(request->params, "item"), "data");
    int64_t index = json_opt_i64(data, "function", -1);
    int64_t profile = json_opt_i64(data, "profile", -1);
    const Heat *heat = world ? heat_of_profile(world, profile) : NULL;
    if (!heat)
        return err_set(err, ERR_CONFLICT, "the profile is another one now: ask again");
    if (index < 0 || (size_t)index >= heat->now.spots->functions_len)
        return err_set(err, ERR_INPUT, "item.data.function: no such function");
    *spot = (uint32_t)index;
    *out = heat;
    return true;
}

static bool write_calls(const Request *request, JsonOut *out, bool incoming, Err *err)
{
    const Heat *heat = NULL;
    uint32_t spot = 0;
    if (!item_of(request, &heat, &spot, err))
        return false;
    const HotSpots *spots = heat->now.spots;
    size_t written = 0;
    json_open(out, '[');
    for (size_t i = 0; i < spots->edges_len && written < ITEMS_MAX; i++) {
        const HotEdge *edge = &spots->edges[i];
        uint32_t other = incoming ? edge->caller : edge->callee;
        if ((incoming ? edge->callee : edge->caller) != spot || !spots->functions[other].mapped)
            continue;
        LineNo line = call_place(request, heat, edge);
        json_open(out, '{');
        json_key_open(out, incoming ? "from" : "to", '{');
        const HotSpot *shown = &spots->functions[other];
        Str name = edge->cost ? (Str){0}
                              : gpu_name_of(request, heat, shown, &spots->functions[edge->caller],
                                            &spots->functions[edge->callee]);
        if (!name.len)
            name = name_of(request, heat, shown, edge->cost, edge->samples);
        write_item(request, out, heat, other, name);
        json_close(out, '}');
        json_key_open(out, "fromRanges", '[');
        write_line_start(out, NULL, line);
        json_close(out, ']');
        json_close(out, '}');
        written++;
    }
    json_close(out, ']');
    return true;
}

bool feature_incoming_calls(const Request *request, JsonOut *out, Err *err)
{
    return write_calls(request, out, true, err);
}

bool feature_outgoing_calls(const Request *request, JsonOut *out, Err *err)
{
    return write_calls(request, out, false, err);
}
