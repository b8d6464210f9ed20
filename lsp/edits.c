#include "lsp/edits.h"

#include "base/json_out.h"
#include "base/strbuf.h"
#include "lsp/calls.h"
#include "lsp/documents.h"
#include "lsp/feature.h"
#include "lsp/uri.h"

static bool splits_character(Str text, size_t at)
{
    return at < text.len && ((unsigned char)text.ptr[at] & 0xC0) == 0x80;
}

/* A \r\n is not split either: positions cannot point between the two. */
static bool splits_line_end(Str text, size_t at)
{
    return at > 0 && at < text.len && text.ptr[at - 1] == '\r' && text.ptr[at] == '\n';
}

static bool splits(Str text, size_t at)
{
    return splits_character(text, at) || splits_line_end(text, at);
}

/* The part in which two texts differ, not splitting a character: of `old`, and its replacement. */
static ByteRange difference(Str old, Str now, Str *replacement)
{
    size_t shorter = old.len < now.len ? old.len : now.len;
    size_t head = 0, tail = 0;
    while (head < shorter && old.ptr[head] == now.ptr[head])
        head++;
    while (head && (splits(old, head) || splits(now, head)))
        head--;
    while (tail < shorter - head && old.ptr[old.len - 1 - tail] == now.ptr[now.len - 1 - tail])
        tail++;
    while (tail && (splits(old, old.len - tail) || splits(now, now.len - tail)))
        tail--;
    *replacement = (Str){now.ptr + head, now.len - tail - head};
    return (ByteRange){{(uint32_t)head}, {(uint32_t)(old.len - tail)}};
}

static void write_edit(JsonOut *out, const Server *server, const DocVersion *doc, Str text)
{
    Str replacement;
    ByteRange range = difference(text_bytes(doc->text), text, &replacement);
    json_open(out, '[');
    json_open(out, '{');
    write_range(out, "range", text_lsp_from_range(doc->text, range, server->client.encoding));
    json_key_str(out, "newText", replacement);
    json_close(out, '}');
    json_close(out, ']');
}

static void write_versioned(JsonOut *out, const Server *server, const DocVersion *doc, Str text)
{
    json_open(out, '{');
    json_key_open(out, "textDocument", '{');
    json_key_str(out, "uri", doc->uri);
    json_key_i64(out, "version", doc->version);
    json_close(out, '}');
    json_key(out, "edits");
    write_edit(out, server, doc, text);
    json_close(out, '}');
}

/* The document the command saw, if it is still the newest; tells the user when it is not. */
static const DocVersion *find_doc(Server *server, const Snapshot *seen, Str path)
{
    CLEANUP(arena_cleanup) Arena *scratch = arena_new("edit");
    const OpenDoc *open = snapshot_find_path(seen, path);
    if (open && documents_current(server, open->newest->uri) == open->newest)
        return open->newest;
    server_show(server, NOTICE_ERROR,
                str_fmt(scratch,
                        "perfloop: " STR_FMT " changed meanwhile and was left as it is; "
                        "run the command again",
                        STR_ARG(path)));
    return NULL;
}

static void on_applied(Server *server, const Message *answer, void *context UNUSED)
{
    if (!answer || (!answer->failed && json_opt_bool(answer->result, "applied", false)))
        return;
    Str reason = answer->failed ? answer->error_text
                                : json_opt_str(answer->result, "failureReason", S("no reason"));
    server_show(server, NOTICE_ERROR,
                str_fmt(answer->arena, "perfloop: the editor did not apply the edit: " STR_FMT,
                        STR_ARG(reason)));
}

void edits_apply(Server *server, const Snapshot *seen, Str label, JsonIn edits)
{
    CLEANUP(arena_cleanup) Arena *scratch = arena_new("edits");
    bool versioned = server->client.document_changes;
    size_t count = 0;
    StrBuf buf = strbuf_new(scratch);
    JsonOut out = json_out(&buf);
    json_open(&out, '{');
    json_key_str(&out, "label", str_fmt(scratch, "perfloop: " STR_FMT, STR_ARG(label)));
    json_key_open(&out, "edit", '{');
    json_key_open(&out, versioned ? "documentChanges" : "changes", versioned ? '[' : '{');
    for (size_t i = 0; i < json_len(edits); i++) {
        JsonIn edit = json_item(edits, i);
        const DocVersion *doc = find_doc(server, seen, json_opt_str(edit, "path", S("")));
        if (!doc)
            continue;
        Str text = json_opt_str(edit, "text", S(""));
        if (!versioned)
            json_key_text(&out, doc->uri);
        if (versioned)
            write_versioned(&out, server, doc, text);
        else
            write_edit(&out, server, doc, text);
        count++;
    }
    json_close(&out, versioned ? ']' : '}');
    json_close(&out, '}');
    json_close(&out, '}');
    if (count)
        server_request(server, "workspace/applyEdit", strbuf_str(&buf), on_applied, NULL);
}
