/*
 * Document symbols: functions and classes of the outline, nested where the client can show that.
 * Costs are not in here; they are in lens, hints and workspace symbols.
 */

#include "lsp/feature.h"

enum { /* the numbers of SymbolKind */
    SYMBOL_CLASS = 5,
    SYMBOL_FUNCTION = 12,
};

static bool is_symbol(const OutlineItem *item)
{
    return (item->kind == OUTLINE_FUNCTION || item->kind == OUTLINE_CLASS) && item->name.len;
}

static void write_fields(JsonOut *out, const OutlineItem *item)
{
    json_key_str(out, "name", item->name);
    json_key_i64(out, "kind", item->kind == OUTLINE_CLASS ? SYMBOL_CLASS : SYMBOL_FUNCTION);
}

static bool is_inside(const OutlineItem *inner, const OutlineItem *outer)
{
    return inner->range.start.n < outer->range.end.n;
}

/* Writes the item at `at` with those inside it; returns the index behind them. */
static size_t write_nested(const Request *request, JsonOut *out, size_t at)
{
    const Outline *outline = &request->doc->syntax->outline;
    const OutlineItem *item = &outline->items[at++];
    json_open(out, '{');
    write_fields(out, item);
    write_bytes(out, "range", request, item->range);
    write_bytes(out, "selectionRange", request, item->name_range);
    json_key_open(out, "children", '[');
    while (at < outline->len && is_inside(&outline->items[at], item))
        at = is_symbol(&outline->items[at]) ? write_nested(request, out, at) : at + 1;
    json_close(out, ']');
    json_close(out, '}');
    return at;
}

static void write_flat(const Request *request, JsonOut *out, const OutlineItem *item)
{
    json_open(out, '{');
    write_fields(out, item);
    json_key_open(out, "location", '{');
    json_key_str(out, "uri", request->doc->doc->uri);
    write_bytes(out, "range", request, item->range);
    json_close(out, '}');
    json_close(out, '}');
}

bool feature_document_symbol(const Request *request, JsonOut *out, Err *err UNUSED)
{
    if (!request->doc) {
        json_put_null(out);
        return true;
    }
    const Outline *outline = &request->doc->syntax->outline;
    bool nested = request->snapshot->client->hierarchical_symbols;
    json_open(out, '[');
    for (size_t i = 0; i < outline->len && !atomic_load(request->cancelled);) {
        if (is_symbol(&outline->items[i]) && nested) {
            i = write_nested(request, out, i);
            continue;
        }
        if (is_symbol(&outline->items[i]))
            write_flat(request, out, &outline->items[i]);
        i++;
    }
    json_close(out, ']');
    return true;
}
