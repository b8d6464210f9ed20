#include "lsp/overlay.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/json_out.h"
#include "base/strbuf.h"

static bool is_dirty(Arena *arena, const DocVersion *doc)
{
    Str disk;
    Err err = {0};
    if (!file_read(arena, doc->path, FILE_LIMIT_TEXT, &disk, &err))
        return true;
    return !str_eq(disk, text_bytes(doc->text));
}

static void write_document(JsonOut *out, const DocVersion *doc)
{
    Arena *scratch = arena_new("overlay");
    json_open(out, '{');
    json_key_str(out, "path", doc->path);
    json_key_i64(out, "version", doc->version);
    json_key_bool(out, "dirty", is_dirty(scratch, doc));
    json_key_str(out, "text", text_bytes(doc->text));
    json_close(out, '}');
    arena_free(scratch);
}

bool overlay_write(Arena *arena, const Snapshot *snapshot, Str *path, Err *err)
{
    StrBuf buf = strbuf_new(arena);
    JsonOut out = json_out(&buf);
    json_open(&out, '{');
    json_key_open(&out, "documents", '[');
    for (size_t i = 0; i < snapshot->doc_count; i++)
        if (snapshot->docs[i].newest->path.len)
            write_document(&out, snapshot->docs[i].newest);
    json_close(&out, ']');
    json_close(&out, '}');
    const char *folder = getenv("TMPDIR");
    *path = str_fmt(arena, "%s/perfloop-overlay-XXXXXX", folder && *folder ? folder : "/tmp");
    char *name = str_cstr(arena, *path);
    int fd = mkstemp(name);
    if (fd < 0)
        return err_set(err, ERR_IO, "cannot write %s: %s", name, strerror(errno));
    *path = str_from_c(name);
    bool ok = fd_write(fd, strbuf_str(&buf));
    int why = errno;
    close(fd);
    return ok || err_set(err, ERR_IO, "cannot write %s: %s", name, strerror(why));
}
