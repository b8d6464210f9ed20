#include "analysis/source/text.h"

#include <string.h>

#include "base/utf8.h"

struct Text {
    Str bytes;
    uint32_t *starts; /* of every line; starts[0] is 0 */
    uint32_t lines;
    bool has_cr;  /* a "\r" somewhere */
    bool lone_cr; /* some line ends with "\r" alone, so rows are not lines */
    Digest id;
};

/* ------------------------------------------------------------------ line starts */

/* A line start is a place behind "\n", or behind "\r" when no "\n" follows. */
static bool is_line_start(Str bytes, size_t at)
{
    if (at == 0 || bytes.ptr[at - 1] == '\n')
        return true;
    return bytes.ptr[at - 1] == '\r' && (at == bytes.len || bytes.ptr[at] != '\n');
}

static bool is_lone_cr(Str bytes, size_t at)
{
    return bytes.ptr[at] == '\r' && (at + 1 == bytes.len || bytes.ptr[at + 1] != '\n');
}

/* Calls for every line start in (from, to]; returns how many there are. `out` may be NULL. */
static uint32_t scan_starts(Str bytes, size_t from, size_t to, uint32_t *out)
{
    uint32_t count = 0;
    bool has_cr = to > from && memchr(bytes.ptr + from, '\r', to - from);
    for (size_t at = from; at < to;) {
        const char *found = has_cr ? NULL : memchr(bytes.ptr + at, '\n', to - at);
        if (!has_cr && !found)
            break;
        at = found ? (size_t)(found - bytes.ptr) + 1 : at + 1;
        if (!is_line_start(bytes, at))
            continue;
        if (out)
            out[count] = (uint32_t)at;
        count++;
    }
    return count;
}

static void note_carriage_returns(Text *text)
{
    const char *at = text->bytes.ptr;
    const char *end = at + text->bytes.len;
    for (; !text->lone_cr && at < end && (at = memchr(at, '\r', (size_t)(end - at))); at++) {
        text->has_cr = true;
        text->lone_cr = is_lone_cr(text->bytes, (size_t)(at - text->bytes.ptr));
    }
}

const Text *text_new(Arena *arena, Str bytes)
{
    Text *text = NEW(arena, Text);
    text->bytes = str_copy(arena, str_head(bytes, TEXT_BYTES_MAX));
    if (!text->bytes.ptr)
        text->bytes = S("");
    text->lines = 1 + scan_starts(text->bytes, 0, text->bytes.len, NULL);
    text->starts = NEW_ARRAY(arena, uint32_t, text->lines);
    scan_starts(text->bytes, 0, text->bytes.len, text->starts + 1);
    note_carriage_returns(text);
    text->id = digest_of(text->bytes);
    return text;
}

/* ------------------------------------------------------------------ edits */

/* Index of the last line that starts at or before `at`. */
static uint32_t line_index(const Text *text, size_t at)
{
    uint32_t low = 0, high = text->lines;
    while (high - low > 1) {
        uint32_t middle = low + (high - low) / 2;
        if (text->starts[middle] <= at)
            low = middle;
        else
            high = middle;
    }
    return low;
}

static ByteRange mend_range(const Text *text, ByteRange range)
{
    uint32_t len = (uint32_t)text->bytes.len;
    if (range.start.n > range.end.n)
        range = (ByteRange){range.end, range.start};
    range.start.n = range.start.n < len ? range.start.n : len;
    range.end.n = range.end.n < len ? range.end.n : len;
    return range;
}

/*
 * The starts before the edited line stay. From there to the end of the replacement they are looked
 * for again, beginning one line earlier when the edit may have joined or split a "\r\n". A start
 * that lies behind the old end is behind a line end that lies in the kept rest, so it only shifts.
 */
static void edit_starts(Arena *arena, const Text *old, ByteRange range, Text *text, size_t new_end)
{
    uint32_t keep = line_index(old, range.start.n);
    if (keep > 0 && old->starts[keep] == range.start.n)
        keep--;
    uint32_t rest = line_index(old, range.end.n) + 1;
    size_t from = old->starts[keep];
    uint32_t found = scan_starts(text->bytes, from, new_end, NULL);
    text->lines = keep + 1 + found + (old->lines - rest);
    text->starts = NEW_ARRAY(arena, uint32_t, text->lines);
    memcpy(text->starts, old->starts, (keep + 1) * sizeof(uint32_t));
    scan_starts(text->bytes, from, new_end, text->starts + keep + 1);
    uint32_t shift = (uint32_t)new_end - range.end.n;
    uint32_t *out = text->starts + keep + 1 + found;
    for (uint32_t i = rest; i < old->lines; i++)
        *out++ = old->starts[i] + shift;
}

static void describe(const Text *old, ByteRange range, const Text *text, size_t new_end,
                     TextChange *change)
{
    ByteOffset end = {(uint32_t)new_end};
    uint32_t first = line_index(old, range.start.n);
    uint32_t first_now = line_index(text, range.start.n);
    first = first < first_now ? first : first_now;
    *change = (TextChange){
        .before = old,
        .start = range.start,
        .old_end = range.end,
        .new_end = end,
        .start_point = text_point_at(old, range.start),
        .old_end_point = text_point_at(old, range.end),
        .new_end_point = text_point_at(text, end),
        .first = {first + 1},
        .old_lines = line_index(old, range.end.n) - first + 1,
        .new_lines = line_index(text, new_end) - first + 1,
    };
}

/* memcpy, which may not be given the NULL of an empty Str. */
static void put(char *to, Str bytes)
{
    if (bytes.len)
        memcpy(to, bytes.ptr, bytes.len);
}

const Text *text_edit(Arena *arena, const Text *old, ByteRange range, Str replacement,
                      TextChange *change)
{
    range = mend_range(old, range);
    size_t kept = old->bytes.len - (range.end.n - range.start.n);
    replacement = str_head(replacement, TEXT_BYTES_MAX - kept);
    size_t new_end = range.start.n + replacement.len;
    Str rest = str_from(old->bytes, range.end.n);
    Text *text = NEW(arena, Text);
    char *bytes = NEW_ARRAY(arena, char, kept + replacement.len + 1);
    put(bytes, str_head(old->bytes, range.start.n));
    put(bytes + range.start.n, replacement);
    put(bytes + new_end, rest);
    text->bytes = (Str){bytes, kept + replacement.len};
    edit_starts(arena, old, range, text, new_end);
    if (old->has_cr || (replacement.len && memchr(replacement.ptr, '\r', replacement.len)))
        note_carriage_returns(text);
    text->id = digest_of(text->bytes);
    if (change)
        describe(old, range, text, new_end, change);
    return text;
}

/* ------------------------------------------------------------------ reading */

Str text_bytes(const Text *text)
{
    return text->bytes;
}

Digest text_id(const Text *text)
{
    return text->id;
}

uint32_t text_lines(const Text *text)
{
    return text->lines;
}

Str text_slice(const Text *text, ByteRange range)
{
    range = mend_range(text, range);
    return str_head(str_from(text->bytes, range.start.n), range.end.n - range.start.n);
}

ByteRange text_line_range(const Text *text, LineNo line)
{
    uint32_t len = (uint32_t)text->bytes.len;
    if (line.n == 0 || line.n > text->lines)
        return (ByteRange){{len}, {len}};
    uint32_t start = text->starts[line.n - 1];
    uint32_t end = line.n < text->lines ? text->starts[line.n] : len;
    if (line.n < text->lines) {
        end--;
        if (text->bytes.ptr[end] == '\n' && end > start && text->bytes.ptr[end - 1] == '\r')
            end--;
    }
    return (ByteRange){{start}, {end}};
}

Str text_line(const Text *text, LineNo line)
{
    return text_slice(text, text_line_range(text, line));
}

LineNo text_line_at(const Text *text, ByteOffset at)
{
    return (LineNo){line_index(text, at.n) + 1};
}

TextPoint text_point_at(const Text *text, ByteOffset at)
{
    uint32_t line = line_index(text, at.n);
    if (!text->lone_cr)
        return (TextPoint){line, at.n - text->starts[line]};
    TextPoint point = {0};
    const char *bytes = text->bytes.ptr, *end = bytes + at.n, *row = bytes;
    for (const char *next; row < end && (next = memchr(row, '\n', (size_t)(end - row)));) {
        point.row++;
        row = next + 1;
    }
    point.column = (uint32_t)(end - row);
    return point;
}

/* ------------------------------------------------------------------ positions */

/* Bytes and units of the character at the start of a non-empty text. */
static size_t character(Str text, PositionEncoding encoding, uint32_t *units)
{
    size_t bytes = utf8_sequence(text);
    if (bytes == 0)
        bytes = 1;
    *units = encoding == ENCODING_UTF8                  ? (uint32_t)bytes
             : encoding == ENCODING_UTF16 && bytes == 4 ? 2
                                                        : 1;
    return bytes;
}

ByteOffset text_offset_from_lsp(const Text *text, LspPosition at, PositionEncoding encoding)
{
    if (at.line >= text->lines)
        return (ByteOffset){(uint32_t)text->bytes.len};
    ByteRange range = text_line_range(text, (LineNo){at.line + 1});
    Str rest = text_slice(text, range);
    size_t offset = 0;
    for (uint32_t left = at.character, units; left > 0 && offset < rest.len; left -= units) {
        size_t bytes = character(str_from(rest, offset), encoding, &units);
        if (units > left)
            break;
        offset += bytes;
    }
    return (ByteOffset){range.start.n + (uint32_t)offset};
}

ByteRange text_range_from_lsp(const Text *text, LspRange range, PositionEncoding encoding)
{
    return mend_range(text, (ByteRange){text_offset_from_lsp(text, range.start, encoding),
                                        text_offset_from_lsp(text, range.end, encoding)});
}

LspPosition text_lsp_from_offset(const Text *text, ByteOffset at, PositionEncoding encoding)
{
    at = mend_range(text, (ByteRange){at, at}).start;
    LineNo line = text_line_at(text, at);
    ByteRange range = text_line_range(text, line);
    Str content = text_slice(text, range);
    LspPosition out = {.line = line.n - 1};
    for (size_t offset = 0; offset < content.len;) {
        uint32_t units;
        offset += character(str_from(content, offset), encoding, &units);
        if (range.start.n + offset > at.n)
            break;
        out.character += units;
    }
    return out;
}

LspRange text_lsp_from_range(const Text *text, ByteRange range, PositionEncoding encoding)
{
    return (LspRange){text_lsp_from_offset(text, range.start, encoding),
                      text_lsp_from_offset(text, range.end, encoding)};
}

LspRange text_lsp_from_line(const Text *text, LineNo line, PositionEncoding encoding)
{
    return text_lsp_from_range(text, text_line_range(text, line), encoding);
}
