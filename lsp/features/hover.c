/* Hover: everything known about the line, or in a workload file about the key. */

#include "analysis/symbols/short_name.h"
#include "analysis/workload/complete.h"
#include "base/path.h"
#include "lsp/features/view_write.h"

enum {
    STACKS = 5,
    EDGES = 20,
};

static void write_hover(const Request *request, JsonOut *out, Str text, bool markdown,
                        ByteRange range)
{
    json_open(out, '{');
    json_key_open(out, "contents", '{');
    json_key_str(out, "kind", markdown ? S("markdown") : S("plaintext"));
    json_key_str(out, "value", text);
    json_close(out, '}');
    write_bytes(out, "range", request, range);
    json_close(out, '}');
}

static const HotSpot *spot_of(const Heat *heat, const FileHeat *file, LineNo line, uint32_t *owner)
{
    const HotSpots *spots = heat->now.spots;
    for (size_t i = 0; i < file->hot.n_functions; i++) /* a kernel's first line stands for it */
        if (file->hot.functions[i].now.n == line.n && file->hot.functions[i].n_facts) {
            *owner = file->hot.functions[i].spot;
            return &spots->functions[*owner];
        }
    for (size_t i = 0; i < file->hot.n_lines && !file->hot.lines_are_functions; i++) {
        const HotLine *hot = &file->hot.lines[i];
        if (hot->now.n != line.n)
            continue;
        for (size_t k = 0; k < spots->lines_len; k++)
            if (spots->lines[k].line == hot->was.n &&
                spots->lines[k].mapped == (file->path.len > 0) &&
                str_eq(spots->lines[k].file, file->hot.path)) {
                *owner = spots->lines[k].owner;
                return &spots->lines[k];
            }
    }
    for (size_t i = 0; i < file->hot.n_functions; i++)
        if (file->hot.functions[i].now.n == line.n) {
            *owner = file->hot.functions[i].spot;
            return &spots->functions[*owner];
        }
    return NULL;
}

static void add_edges(const Request *request, const HotSpots *spots, uint32_t function,
                      ViewDetail *detail)
{
    ViewEdge *callers = NEW_ARRAY(request->arena, ViewEdge, EDGES);
    ViewEdge *callees = NEW_ARRAY(request->arena, ViewEdge, EDGES);
    for (size_t i = 0; i < spots->edges_len; i++) {
        const HotEdge *edge = &spots->edges[i];
        double cost = (double)edge->cost;
        if (edge->callee == function && detail->n_callers < EDGES)
            callers[detail->n_callers++] = (ViewEdge){
                .text = short_name(request->arena, spots->functions[edge->caller].function,
                                   SHORT_NAME_ROW),
                .cost = cost};
        if (edge->caller == function && detail->n_callees < EDGES)
            callees[detail->n_callees++] = (ViewEdge){
                .text = short_name(request->arena, spots->functions[edge->callee].function,
                                   SHORT_NAME_ROW),
                .cost = cost};
    }
    detail->callers = callers;
    detail->callees = callees;
}

static ViewDetail detail_of(const Request *request, const Heat *heat, const FileHeat *file,
                            LineNo line)
{
    ViewDetail detail = {0};
    uint32_t owner = 0;
    const HotSpot *spot = heat->now.present ? spot_of(heat, file, line, &owner) : NULL;
    if (!spot)
        return detail;
    HotOptions options = {
        .metric = heat->now.metric,
        .map = heat_path_map(request->arena, heat, &heat->now),
    };
    HotStacks stacks = hot_stacks(request->arena, &heat->now.open.profile, options, spot, STACKS);
    ViewEdge *texts = NEW_ARRAY(request->arena, ViewEdge, stacks.len + 1);
    for (size_t i = 0; i < stacks.len; i++)
        texts[i] = (ViewEdge){.text = stacks.items[i].text, .cost = (double)stacks.items[i].cost};
    detail.stacks = texts;
    detail.n_stacks = stacks.len;
    add_edges(request, heat->now.spots, owner, &detail);
    detail.gpus = heat->now.gpus.items;
    detail.n_gpus = heat->now.gpus.len;
    return detail;
}

Str line_details(const Request *request, LineNo line, bool markdown)
{
    const FileHeat *file = request_heat(request);
    const Heat *heat = file ? file->heat : NULL;
    if (!heat)
        return S("");
    ViewDetail detail = detail_of(request, heat, file, line);
    return view_hover(request->arena, &file->input, line, &detail, markdown);
}

static bool workload_word(const Request *request, JsonOut *out, ByteOffset at)
{
    Str path = request->doc->doc->path;
    WorkloadHover hover;
    if (!path.len || !workload_is_file(path) ||
        !workload_hover(request->arena, path_base(path), text_bytes(request->doc->doc->text), at.n,
                        &hover))
        return false;
    ByteRange range = {{(uint32_t)hover.span.start}, {(uint32_t)hover.span.end}};
    write_hover(request, out, hover.markdown, request->snapshot->client->hover_markdown, range);
    return true;
}

bool feature_hover(const Request *request, JsonOut *out, Err *err)
{
    ByteOffset at;
    if (!request->doc) {
        json_put_null(out);
        return true;
    }
    if (!request_offset(request, "position", &at, err))
        return false;
    if (workload_word(request, out, at))
        return true;
    LineNo line = request_line(request, at);
    bool markdown = request->snapshot->client->hover_markdown;
    Str text = line_details(request, line, markdown);
    if (text.len)
        write_hover(request, out, text, markdown, text_line_range(request->doc->doc->text, line));
    else
        json_put_null(out);
    return true;
}
