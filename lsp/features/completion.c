/* Completion in a workload file: keys that are missing, values that are possible. */

#include "analysis/workload/complete.h"
#include "analysis/workload/workload.h"
#include "base/path.h"
#include "lsp/feature.h"

enum { /* the numbers of CompletionItemKind */
    ITEM_MODULE = 9,
    ITEM_PROPERTY = 10,
    ITEM_VALUE = 12,
};

static int kind_of(WorkloadItemKind kind)
{
    return kind == WORKLOAD_ITEM_KEY     ? ITEM_PROPERTY
           : kind == WORKLOAD_ITEM_TABLE ? ITEM_MODULE
                                         : ITEM_VALUE;
}

static void write_item(const Request *request, JsonOut *out, const WorkloadItem *item, size_t order)
{
    ByteRange replace = {{(uint32_t)item->replace.start}, {(uint32_t)item->replace.end}};
    json_open(out, '{');
    json_key_str(out, "label", item->label);
    json_key_i64(out, "kind", kind_of(item->kind));
    json_key_str(out, "detail", item->detail);
    /* A client that names no formats reads a plain string only. */
    if (request->snapshot->client->completion_markdown) {
        json_key_open(out, "documentation", '{');
        json_key_str(out, "kind", S("markdown"));
        json_key_str(out, "value", item->help);
        json_close(out, '}');
    } else {
        json_key_str(out, "documentation", item->help);
    }
    json_key_str(out, "sortText", str_fmt(request->arena, "%04zu", order));
    json_key_str(out, "filterText",
                 text_slice(request->doc->doc->text, replace).len ? item->insert : item->label);
    json_key_open(out, "textEdit", '{');
    write_bytes(out, "range", request, replace);
    json_key_str(out, "newText", item->insert);
    json_close(out, '}');
    json_close(out, '}');
}

bool feature_completion(const Request *request, JsonOut *out, Err *err)
{
    ByteOffset at;
    if (!request->doc || !request->doc->doc->path.len ||
        !workload_is_file(request->doc->doc->path)) {
        json_put_null(out);
        return true;
    }
    if (!request_offset(request, "position", &at, err))
        return false;
    Str text = text_bytes(request->doc->doc->text);
    WorkloadItems items =
        workload_complete(request->arena, path_base(request->doc->doc->path), text, at.n);
    json_open(out, '[');
    for (size_t i = 0; i < items.len; i++)
        write_item(request, out, &items.items[i], i);
    json_close(out, ']');
    return true;
}
