/*
 * Sync: didOpen, didChange, didSave, didClose. Each change of a didChange applies to the result of
 * the one before; one without a range replaces the whole text, in incremental mode too.
 */

#include "base/array.h"
#include "base/log.h"
#include "base/path.h"
#include "lsp/documents.h"
#include "lsp/edit_lines.h"
#include "lsp/lifecycle.h"
#include "lsp/methods.h"
#include "lsp/world.h"

enum {
    /* With more changes than this, and more bytes copied for them, all are applied together. */
    TOGETHER_COUNT = 8,
    TOGETHER_BYTES = 8 * 1024 * 1024,
};

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

static LspRange read_range(JsonIn in)
{
    return (LspRange){
        .start = read_position(json_at(in, "start")),
        .end = read_position(json_at(in, "end")),
    };
}

typedef Array(DocEdit) DocEdits;

static void replace_all(DocVersion *version, Str text)
{
    version->text = text_new(version->arena, text);
    version->replaced = true;
}

static void apply_one_by_one(DocVersion *version, JsonIn changes, PositionEncoding encoding)
{
    DocEdits edits = {0};
    for (size_t i = 0; i < json_len(changes); i++) {
        Err err = {0};
        JsonIn in = json_item(changes, i), range_in = json_optional(in, "range");
        bool whole = !json_present(range_in);
        Str text = json_str(in, "text");
        LspRange range = whole ? (LspRange){0} : read_range(range_in);
        if (!json_ok(in, &err))
            break; /* the changes so far stay */
        if (whole) {
            replace_all(version, text);
            continue;
        }
        DocEdit *edit = array_push(version->arena, &edits);
        ByteRange where = text_range_from_lsp(version->text, range, encoding);
        version->text = text_edit(version->arena, version->text, where, text, &edit->change);
        edit->now = version->text;
    }
    if (version->replaced)
        return;
    version->edits = edits.items;
    version->edit_count = edits.len;
}

/* The same text, without one of it for each change; places in it are looked for afresh. */
static void apply_together(DocVersion *version, JsonIn changes, PositionEncoding encoding)
{
    CLEANUP(arena_cleanup) Arena *scratch = arena_new("changes");
    EditLines *lines = edit_lines_new(scratch, version->text);
    for (size_t i = 0; i < json_len(changes); i++) {
        Err err = {0};
        JsonIn in = json_item(changes, i), range_in = json_optional(in, "range");
        bool whole = !json_present(range_in);
        Str text = json_str(in, "text");
        LspRange range = whole ? (LspRange){0} : read_range(range_in);
        if (!json_ok(in, &err))
            break;
        if (whole)
            lines = edit_lines_new(scratch, text_new(scratch, text));
        else
            edit_lines_apply(lines, range, text, encoding);
    }
    replace_all(version, edit_lines_text(lines));
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
    size_t count = json_len(changes), copied = count * text_bytes(current->text).len;
    if (count > TOGETHER_COUNT && copied > TOGETHER_BYTES)
        apply_together(version, changes, server->client.encoding);
    else
        apply_one_by_one(version, changes, server->client.encoding);
    (void)is_valid(message);            /* says what was wrong with a change */
    if (version->text == current->text) /* none: the text must live with its version */
        version->text = text_new(version->arena, text_bytes(current->text));
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
