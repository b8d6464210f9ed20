#include "lsp/edit_lines.h"

#include <string.h>

#include "base/array.h"
#include "base/strbuf.h"

typedef Array(Str) Lines; /* each with its line end; the last one has none */

struct EditLines {
    Arena *arena;
    Lines lines;
};

/* The length of the first line of a text, its end included; a "\r" at the very end is a line end. */
static size_t line_length(Str text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] == '\n')
            return i + 1;
        if (text.ptr[i] == '\r')
            return i + 1 < text.len && text.ptr[i + 1] == '\n' ? i + 2 : i + 1;
    }
    return text.len;
}

static bool ends_line(Str line)
{
    return line.len && (line.ptr[line.len - 1] == '\n' || line.ptr[line.len - 1] == '\r');
}

static void split(Arena *arena, Str text, Lines *out)
{
    do {
        Str line = str_head(text, line_length(text));
        *array_push(arena, out) = line;
        text = str_from(text, line.len);
    } while (text.len);
}

EditLines *edit_lines_new(Arena *arena, const Text *text)
{
    EditLines *lines = NEW(arena, EditLines);
    lines->arena = arena;
    split(arena, text_bytes(text), &lines->lines);
    if (ends_line(lines->lines.items[lines->lines.len - 1]))
        *array_push(arena, &lines->lines) = S("");
    return lines;
}

typedef struct Spot {
    size_t line;
    size_t byte;
} Spot;

static Spot find(const EditLines *lines, LspPosition at, PositionEncoding encoding)
{
    size_t last = lines->lines.len - 1;
    if (at.line > last)
        return (Spot){last, lines->lines.items[last].len};
    Arena *scratch = arena_new("line");
    const Text *line = text_new(scratch, lines->lines.items[at.line]);
    ByteOffset byte = text_offset_from_lsp(line, (LspPosition){0, at.character}, encoding);
    arena_free(scratch);
    return (Spot){at.line, byte.n};
}

/* Lines first … last become those in `now`. */
static void splice(EditLines *lines, size_t first, size_t last, const Lines *now)
{
    Lines *all = &lines->lines;
    size_t old = last - first + 1, tail = all->len - last - 1;
    for (size_t i = old; i < now->len; i++)
        *array_push(lines->arena, all) = S("");
    memmove(all->items + first + now->len, all->items + last + 1, tail * sizeof(Str));
    memcpy(all->items + first, now->items, now->len * sizeof(Str));
    all->len = first + now->len + tail;
}

void edit_lines_apply(EditLines *lines, LspRange range, Str replacement, PositionEncoding encoding)
{
    Spot start = find(lines, range.start, encoding), end = find(lines, range.end, encoding);
    if (start.line > end.line || (start.line == end.line && start.byte > end.byte)) {
        Spot swap = start;
        start = end;
        end = swap;
    }
    Lines *all = &lines->lines;
    StrBuf joined = strbuf_new(lines->arena);
    strbuf_add(&joined, str_head(all->items[start.line], start.byte));
    strbuf_add(&joined, replacement);
    strbuf_add(&joined, str_from(all->items[end.line], end.byte));
    Str text = strbuf_str(&joined);
    /* A "\n" that now follows the "\r" of the line before makes one line end with it. */
    if (start.line && text.len && text.ptr[0] == '\n' &&
        str_ends(all->items[start.line - 1], S("\r"))) {
        start.line--;
        text =
            str_fmt(lines->arena, STR_FMT STR_FMT, STR_ARG(all->items[start.line]), STR_ARG(text));
    }
    Lines now = {0};
    split(lines->arena, text, &now);
    bool is_last = end.line == all->len - 1;
    if (is_last && ends_line(now.items[now.len - 1]))
        *array_push(lines->arena, &now) = S("");
    splice(lines, start.line, end.line, &now);
}

Str edit_lines_text(const EditLines *lines)
{
    StrBuf out = strbuf_new(lines->arena);
    array_each (Str, line, &lines->lines)
        strbuf_add(&out, *line);
    return strbuf_str(&out);
}
