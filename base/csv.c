#include "base/csv.h"

#include <string.h>

#include "base/strbuf.h"

Csv csv_rows(Arena *scratch, Str text)
{
    return (Csv){.scratch = scratch, .start = arena_mark(scratch), .rest = text};
}

/* The end of the line that begins (or goes on) at `from`: its newline, or the end of the text. */
static size_t line_end(Str text, size_t from)
{
    const char *end = from < text.len ? memchr(text.ptr + from, '\n', text.len - from) : NULL;
    return end ? (size_t)(end - text.ptr) : text.len;
}

/* The quote that closes the one before `from`; SIZE_MAX: none up to `end`. */
static size_t closing(Str text, size_t from, size_t end, bool *doubled)
{
    while (from < end) {
        const char *quote = memchr(text.ptr + from, '"', end - from);
        if (!quote)
            return SIZE_MAX;
        size_t at = (size_t)(quote - text.ptr);
        if (at + 1 >= end || text.ptr[at + 1] != '"')
            return at;
        *doubled = true;
        from = at + 2;
    }
    return SIZE_MAX;
}

/* Behind a closing quote: where the field ends, or SIZE_MAX when it goes on. */
static size_t field_end(Str text, size_t at)
{
    if (at < text.len && text.ptr[at] == '\r')
        at++;
    return at >= text.len || text.ptr[at] == ',' || text.ptr[at] == '\n' ? at : SIZE_MAX;
}

static Str undouble(Arena *scratch, Str text)
{
    StrBuf out = strbuf_new(scratch);
    for (size_t i = 0; i < text.len; i++) {
        strbuf_char(&out, text.ptr[i]);
        i += text.ptr[i] == '"';
    }
    return strbuf_str(&out);
}

/* Takes the field at `at`; gives where it ends: its comma, its newline, or the end of the text. */
static size_t take_field(Csv *csv, size_t at, Str *field)
{
    Str text = csv->rest;
    if (at < text.len && text.ptr[at] == '"') {
        bool doubled = false;
        size_t end = csv->unclosed ? line_end(text, at) : text.len;
        size_t close = closing(text, at + 1, end, &doubled);
        size_t next = close == SIZE_MAX ? SIZE_MAX : field_end(text, close + 1);
        if (next != SIZE_MAX) {
            *field = (Str){text.ptr + at + 1, close - at - 1};
            if (doubled)
                *field = undouble(csv->scratch, *field);
            return next;
        }
        csv->unclosed |= close == SIZE_MAX;
    }
    size_t next = at;
    while (next < text.len && text.ptr[next] != ',' && text.ptr[next] != '\n')
        next++;
    *field = (Str){text.ptr + at, next - at};
    if ((next == text.len || text.ptr[next] == '\n') && str_ends(*field, S("\r")))
        field->len--;
    return next;
}

bool csv_next(Csv *csv, CsvRow *row)
{
    if (!csv->rest.len)
        return false;
    arena_rollback(csv->scratch, csv->start);
    csv->fields.items = NULL;
    csv->fields.len = csv->fields.cap = 0;
    Str text = csv->rest;
    size_t at = 0;
    *row = (CsvRow){.quoted = text.ptr[0] == '"'};
    bool is_empty = text.ptr[0] == '\n' || str_starts(text, S("\r\n"));
    if (is_empty)
        at = line_end(text, 0);
    for (bool more = !is_empty; more;) {
        Str field;
        at = take_field(csv, at, &field);
        *array_push(csv->scratch, &csv->fields) = field;
        more = at < text.len && text.ptr[at] == ',';
        at += more;
    }
    at += at < text.len;
    row->fields = csv->fields.items;
    row->len = csv->fields.len;
    row->bytes = str_head(text, at);
    csv->rest = str_from(text, at);
    return true;
}
