#include "runners/overlay.h"

#include <stdlib.h>

#include "base/file.h"
#include "base/json_in.h"
#include "base/path.h"
#include "base/strbuf.h"
#include "base/utf8.h"

static const Str BYTE_ORDER_MARK = STR_CONST("\xef\xbb\xbf");

/* Symbolic links in the folder part are resolved; the file itself may not exist. */
static Str resolve(Arena *arena, Str path)
{
    char *real = realpath(str_cstr(arena, path_dir(path)), NULL);
    if (!real)
        return path_normal(arena, path);
    Str resolved = path_join(arena, str_from_c(real), path_base(path));
    free(real);
    return resolved;
}

bool overlay_read(Arena *arena, Str file, Overlay *out, Err *err)
{
    Overlay overlay = {0};
    Str text;
    CLEANUP(json_cleanup) JsonIn root = {0};
    if (!file_read(arena, file, FILE_LIMIT_TEXT, &text, err) ||
        !json_parse(arena, text, &root, err))
        return err_wrap(err, "overlay");
    JsonIn documents = json_list(root, "documents");
    for (size_t i = 0; i < json_len(documents); i++) {
        JsonIn in = json_item(documents, i);
        *array_push(arena, &overlay) = (OverlayDocument){
            .path = resolve(arena, json_str(in, "path")),
            .version = json_opt_i64(in, "version", 0),
            .dirty = json_opt_bool(in, "dirty", true),
            .text = json_str(in, "text"),
        };
    }
    if (!json_ok(root, err))
        return err_wrap(err, "overlay");
    *out = overlay;
    return true;
}

const OverlayDocument *overlay_find(const Overlay *overlay, Str path)
{
    for (size_t i = 0; overlay && i < overlay->len; i++)
        if (str_eq(overlay->items[i].path, path))
            return &overlay->items[i];
    return NULL;
}

/* Every line of it ends in \r\n, and there is one. */
static bool is_crlf(Str text)
{
    size_t found = 0;
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] != '\n')
            continue;
        if (i == 0 || text.ptr[i - 1] != '\r')
            return false;
        found++;
    }
    return found > 0;
}

static bool hides_crlf(const OverlayDocument *document, Str disk)
{
    return is_crlf(disk) && !str_has(document->text, S("\r"));
}

static bool hides_mark(const OverlayDocument *document, Str disk)
{
    return str_starts(disk, BYTE_ORDER_MARK) && !str_starts(document->text, BYTE_ORDER_MARK);
}

bool overlay_bytes(Arena *arena, const OverlayDocument *document, Str disk, Str *bytes, Err *err)
{
    if (!utf8_is_valid(disk))
        return err_set(err, ERR_UNSUPPORTED,
                       STR_FMT " is not UTF-8: its unsaved text cannot be used, save it first",
                       STR_ARG(document->path));
    StrBuf buf = strbuf_new(arena);
    if (hides_mark(document, disk))
        strbuf_add(&buf, BYTE_ORDER_MARK);
    bool add_returns = hides_crlf(document, disk);
    for (size_t i = 0; i < document->text.len; i++) {
        if (add_returns && document->text.ptr[i] == '\n')
            strbuf_char(&buf, '\r');
        strbuf_char(&buf, document->text.ptr[i]);
    }
    *bytes = strbuf_str(&buf);
    return true;
}

Str overlay_text(Arena *arena, const OverlayDocument *document, Str disk, Str bytes)
{
    if (hides_mark(document, disk) && str_starts(bytes, BYTE_ORDER_MARK))
        bytes = str_from(bytes, BYTE_ORDER_MARK.len);
    if (!hides_crlf(document, disk))
        return str_copy(arena, bytes);
    StrBuf buf = strbuf_new(arena);
    for (size_t i = 0; i < bytes.len; i++)
        if (bytes.ptr[i] != '\r' || i + 1 == bytes.len || bytes.ptr[i + 1] != '\n')
            strbuf_char(&buf, bytes.ptr[i]);
    return strbuf_str(&buf);
}
