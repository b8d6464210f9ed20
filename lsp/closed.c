#include "lsp/closed.h"

#include <stdlib.h>

#include "base/file.h"
#include "base/log.h"
#include "base/map.h"
#include "base/path.h"
#include "base/strbuf.h"
#include "lsp/feature.h"
#include "lsp/heat/heat.h"
#include "lsp/uri.h"

enum {
    CLOSED_BYTES_MAX = 1024 * 1024, /* a larger file waits until it is opened */
};

/* ---------------------------------------------------------------- on a worker */

static Str diagnostics_of(Arena *scratch, const Snapshot *snapshot, const World *world, Str path,
                          Str bytes)
{
    Outline *outline = NEW(scratch, Outline);
    DocVersion version = {
        .arena = scratch,
        .uri = uri_from_path(scratch, path),
        .path = path,
        .lang = lang_of_path(path),
        .text = text_new(scratch, bytes),
    };
    Syntax *parsed = syntax_parse(version.lang, version.text, NULL, NULL, 0, NULL);
    *outline = outline_of(scratch, parsed, version.text);
    syntax_free(parsed);
    DocSyntax syntax = {.arena = scratch, .outline = *outline};
    atomic_bool never = false;
    DocHeat heat = {.arena = scratch, .generation = world->generation};
    heat.file = file_heat_make(scratch, &(FileHeatInput){
                                            .heat = world->heat,
                                            .settings = snapshot_settings(snapshot),
                                            .client = snapshot->client,
                                            .places = snapshot->places,
                                            .doc = &version,
                                            .syntax = &syntax,
                                            .cancelled = &never,
                                        });
    OpenDoc doc = {.doc = &version, .newest = &version, .syntax = &syntax, .heat = &heat};
    Request request = {
        .arena = scratch,
        .snapshot = snapshot,
        .doc = &doc,
        .cancelled = &never,
    };
    StrBuf buf = strbuf_new(scratch);
    JsonOut out = json_out(&buf);
    Err err = {0};
    bool ok = feature_diagnostics(&request, &out, &err);
    file_heat_finish(heat.file);
    return ok ? strbuf_str(&buf) : S("[]");
}

struct ClosedFiles *closed_make(Arena *scratch, const Snapshot *snapshot, World *world)
{
    struct ClosedFiles *files = NEW(world->arena, struct ClosedFiles);
    Str paths[CLOSED_FILES_MAX];
    size_t count = 0;
    if (snapshot->places)
        count = heat_notable_files(scratch, world->heat, snapshot_settings(snapshot), paths,
                                   CLOSED_FILES_MAX);
    for (size_t i = 0; i < count; i++) {
        ArenaMark mark = arena_mark(scratch);
        Str path = path_join(scratch, snapshot->places->root, paths[i]), bytes;
        Err err = {0};
        if (!snapshot_find_path(snapshot, path) &&
            file_read(scratch, path, CLOSED_BYTES_MAX, &bytes, &err))
            files->items[files->len++] = (ClosedFile){
                .path = str_copy(world->arena, path),
                .diagnostics =
                    str_copy(world->arena, diagnostics_of(scratch, snapshot, world, path, bytes)),
            };
        else if (err.kind)
            log_info("lsp: " STR_FMT ": %s", STR_ARG(path), err.msg);
        arena_rollback(scratch, mark);
    }
    return files;
}

/* ---------------------------------------------------------------- on the loop */

struct Closed {
    Arena *arena; /* of `pushed` */
    Map *pushed;  /* path → ClosedFile: as the client has it */
};

Closed *closed_new(void)
{
    Closed *closed = calloc(1, sizeof(*closed));
    if (!closed)
        abort();
    closed->arena = arena_new("closed files");
    closed->pushed = map_new(closed->arena);
    return closed;
}

void closed_free(Closed *closed)
{
    arena_free(closed->arena);
    free(closed);
}

static void push(Server *server, Str path, Str diagnostics)
{
    CLEANUP(arena_cleanup) Arena *scratch = arena_new("closed file");
    Str uri = uri_from_path(scratch, path);
    StrBuf buf = strbuf_new(scratch);
    JsonOut out = json_out(&buf);
    json_open(&out, '{');
    json_key_str(&out, "uri", uri);
    json_key_raw(&out, "diagnostics", diagnostics);
    json_close(&out, '}');
    server_notify(server, LANE_DIAGNOSTICS, uri, "textDocument/publishDiagnostics",
                  strbuf_str(&buf));
}

static const ClosedFile *find(const struct ClosedFiles *files, Str path)
{
    for (size_t i = 0; files && i < files->len; i++)
        if (str_eq(files->items[i].path, path))
            return &files->items[i];
    return NULL;
}

/*
 * An open document's diagnostics are pushed under the URI the editor gave it. When that is spelled
 * as ours, they replace what we pushed; when not, ours are taken away.
 */
static bool is_replaced(const Snapshot *snapshot, Str path, bool *open)
{
    const OpenDoc *doc = snapshot_find_path(snapshot, path);
    CLEANUP(arena_cleanup) Arena *scratch = arena_new("closed file");
    *open = doc != NULL;
    return doc && str_eq(doc->doc->uri, uri_from_path(scratch, path));
}

void closed_publish(Server *server)
{
    Closed *closed = server->closed;
    const struct ClosedFiles *files = server->world ? server->world->closed : NULL;
    Snapshot *snapshot = server_snapshot(server);
    Arena *arena = arena_new("closed files");
    Map *pushed = map_new(arena);
    bool open;
    map_each (entry, closed->pushed) {
        const ClosedFile *now = find(files, entry->key);
        bool replaced = is_replaced(snapshot, entry->key, &open);
        if ((!now || open) && !replaced)
            push(server, entry->key, S("[]"));
    }
    for (size_t i = 0; files && i < files->len; i++) {
        const ClosedFile *file = &files->items[i], *before;
        is_replaced(snapshot, file->path, &open);
        if (open || file->diagnostics.len <= 2)
            continue;
        before = map_get(closed->pushed, file->path);
        if (!before || !str_eq(before->diagnostics, file->diagnostics))
            push(server, file->path, file->diagnostics);
        ClosedFile *kept = NEW(arena, ClosedFile);
        *kept = (ClosedFile){str_copy(arena, file->path), str_copy(arena, file->diagnostics)};
        map_put(pushed, kept->path, kept);
    }
    snapshot_unref(snapshot);
    arena_free(closed->arena);
    closed->arena = arena;
    closed->pushed = pushed;
}
