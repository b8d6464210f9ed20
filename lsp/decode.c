/* Reading requests and writing places: what lsp/feature.h promises to every feature. */

#include "lsp/feature.h"

static LspPosition read_position(JsonIn at)
{
    return (LspPosition){json_u32(at, "line"), json_u32(at, "character")};
}

static bool has_document(const Request *request, Err *err)
{
    return request->doc || err_set(err, ERR_INPUT, "textDocument.uri: not an open document");
}

bool request_offset(const Request *request, const char *key, ByteOffset *offset, Err *err)
{
    LspPosition at = read_position(json_at(request->params, key));
    if (!json_ok(request->params, err) || !has_document(request, err))
        return false;
    *offset =
        text_offset_from_lsp(request->doc->doc->text, at, request->snapshot->client->encoding);
    return true;
}

bool request_range(const Request *request, const char *key, ByteRange *range, Err *err)
{
    JsonIn in = json_at(request->params, key);
    LspRange at = {read_position(json_at(in, "start")), read_position(json_at(in, "end"))};
    if (!json_ok(request->params, err) || !has_document(request, err))
        return false;
    *range = text_range_from_lsp(request->doc->doc->text, at, request->snapshot->client->encoding);
    return true;
}

static void write_position(JsonOut *out, const char *key, LspPosition at)
{
    json_key_open(out, key, '{');
    json_key_u64(out, "line", at.line);
    json_key_u64(out, "character", at.character);
    json_close(out, '}');
}

void write_range(JsonOut *out, const char *key, LspRange range)
{
    if (key)
        json_key(out, key);
    json_open(out, '{');
    write_position(out, "start", range.start);
    write_position(out, "end", range.end);
    json_close(out, '}');
}

void write_bytes(JsonOut *out, const char *key, const Request *request, ByteRange range)
{
    write_range(
        out, key,
        text_lsp_from_range(request->doc->doc->text, range, request->snapshot->client->encoding));
}

void write_line(JsonOut *out, const char *key, const Request *request, LineNo line)
{
    write_range(
        out, key,
        text_lsp_from_line(request->doc->doc->text, line, request->snapshot->client->encoding));
}
