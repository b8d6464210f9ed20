/*
 * Sync: didOpen, didChange, didSave, didClose. Each change of a didChange applies to the result of
 * the one before; one without a range replaces the whole text, in incremental mode too.
 */

#include "base/array.h"
#include "base/log.h"
#include "base/path.h"
#include "lsp/documents.h"
#include "lsp/lifecycle.h"
#include "lsp/methods.h"
#include "lsp/world.h"

static bool is_valid(const Message *message)
{
    Err err = {0};
    if (json_kind(message->params) == JSON_TYPE_OBJECT && json_ok(message->params, &err))
        return true;
    log_warn("lsp: " STR_FMT ": %s", STR_ARG(message->method),
             err.kind ? err.msg : "params: expected object");
    return false;
}

void sync_did_open(Server *server, const Message *message)
{
    JsonIn document = json_at(message->params, "textDocument");
    Str uri = json_str(document, "uri");
    Str language = json_opt_str(document, "languageId", S(""));
    int64_t number = json_opt_i64(document, "version", 0);
    Str text = json_str(document, "text");
    if (!is_valid(message) || !uri.len)
        return;
    DocVersion *version = version_new(uri, language);
    version->version = number;
    version->text = text_new(version->arena, text);
    lifecycle_find_places(server, version->path.len ? path_dir(version->path) : S(""));
    documents_open(server, version);
}

static LspPosition read_position(JsonIn at)
{
    return (LspPosition){json_u32(at, "line"), json_u32(at, "character")};
}

typedef Array(DocEdit) DocEdits;

/* False when the change makes no sense; the text so far stays. */
static bool apply(DocVersion *version, DocEdits *edits, JsonIn in, PositionEncoding encoding)
{
    Err err = {0};
    JsonIn range_in = json_optional(in, "range");
    Str text = json_str(in, "text");
    if (!json_present(range_in)) {
        if (!json_ok(in, &err))
            return false;
        version->text = text_new(version->arena, text);
        version->replaced = true;
        return true;
    }
    LspRange range = {
        read_position(json_at(range_in, "start")),
        read_position(json_at(range_in, "end")),
    };
    if (!json_ok(in, &err))
        return false;
    DocEdit *edit = array_push(version->arena, edits);
    ByteRange where = text_range_from_lsp(version->text, range, encoding);
    version->text = text_edit(version->arena, version->text, where, text, &edit->change);
    edit->now = version->text;
    return true;
}

void sync_did_change(Server *server, const Message *message)
{
    JsonIn document = json_at(message->params, "textDocument");
    JsonIn changes = json_list(message->params, "contentChanges");
    Str uri = json_str(document, "uri");
    if (!is_valid(message))
        return;
    DocVersion *current = documents_current(server, uri);
    if (!current) {
        log_warn("lsp: changed, but not open: " STR_FMT, STR_ARG(uri));
        return;
    }
    DocVersion *version = version_after(current);
    version->version = json_opt_i64(document, "version", current->version + 1);
    version->text = current->text;
    DocEdits edits = {0};
    for (size_t i = 0; i < json_len(changes); i++)
        if (!apply(version, &edits, json_item(changes, i), server->client.encoding))
            break;
    (void)is_valid(message);            /* says what was wrong with a change */
    if (version->text == current->text) /* none: the text must live with its version */
        version->text = text_new(version->arena, text_bytes(current->text));
    version->edits = version->replaced ? NULL : edits.items;
    version->edit_count = version->replaced ? 0 : edits.len;
    documents_change(server, version);
}

void sync_did_save(Server *server, const Message *message)
{
    Str uri = json_opt_str(json_optional(message->params, "textDocument"), "uri", S(""));
    /* The workload file counts as it is on disk; sources are followed in the editor. */
    if (str_ends(uri, S(".toml")))
        world_renew(server);
}

void sync_did_close(Server *server, const Message *message)
{
    Str uri = json_str(json_at(message->params, "textDocument"), "uri");
    if (is_valid(message))
        documents_close(server, uri);
}
