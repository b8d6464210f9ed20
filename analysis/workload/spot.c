#include "analysis/workload/spot.h"

#include "analysis/workload/section.h"

enum {
    BRACKETS_MAX = 16, /* deeper nesting is nothing of ours */
};

typedef struct Scan {
    Arena *arena;
    StrList keys; /* open keys: of the statement, then one for each inline table */
    char brackets[BRACKETS_MAX];
    size_t marks[BRACKETS_MAX]; /* number of keys when the bracket was opened */
    size_t depth;
    bool after_equals;
    bool in_comment;
    size_t token; /* where the word or string that reaches to the cursor begins */
    char quote;   /* the open quote, or 0 */
} Scan;

static bool is_word(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-';
}

/* A line that begins a statement, whatever is still open above it. */
static bool starts_statement(Str line)
{
    size_t at = 0;
    line = str_trim(line);
    while (at < line.len && (is_word(line.ptr[at]) || line.ptr[at] == '.'))
        at++;
    Str rest = str_trim(str_from(line, at));
    return at > 0 && str_starts(rest, S("="));
}

static void new_statement(Scan *scan)
{
    *scan = (Scan){.arena = scan->arena};
}

/* The part of the text from `from` to the end of the word or string there; views. */
static Str take_token(Str text, size_t from, size_t end, char *quote)
{
    char first = text.ptr[from];
    size_t at = from + 1;
    *quote = 0;
    if (first != '"' && first != '\'') {
        while (at < end && is_word(text.ptr[at]))
            at++;
        return (Str){text.ptr + from, at - from};
    }
    while (at < end && text.ptr[at] != first && text.ptr[at] != '\n')
        at += first == '"' && text.ptr[at] == '\\' ? 2 : 1;
    if (at >= end || text.ptr[at] == '\n')
        *quote = first;
    else
        at++;
    return (Str){text.ptr + from, (at < end ? at : end) - from};
}

static Str without_quotes(Str token)
{
    if (token.len >= 2 && (token.ptr[0] == '"' || token.ptr[0] == '\''))
        return (Str){token.ptr + 1, token.len - 2};
    return token;
}

static void open_bracket(Scan *scan, char bracket)
{
    if (scan->depth < BRACKETS_MAX) {
        scan->brackets[scan->depth] = bracket;
        scan->marks[scan->depth] = scan->keys.len;
    }
    scan->depth++;
    scan->after_equals = bracket == '[';
}

static void close_bracket(Scan *scan)
{
    if (scan->depth == 0)
        return;
    scan->depth--;
    if (scan->depth < BRACKETS_MAX)
        scan->keys.len = scan->marks[scan->depth];
    scan->after_equals = true;
}

static void next_item(Scan *scan)
{
    if (scan->depth == 0 || scan->depth > BRACKETS_MAX || scan->brackets[scan->depth - 1] != '{')
        return;
    scan->keys.len = scan->marks[scan->depth - 1];
    scan->after_equals = false;
}

static void scan_mark(Scan *scan, char c)
{
    if (c == '=')
        scan->after_equals = true;
    else if (c == '[' || c == '{')
        open_bracket(scan, c);
    else if (c == ']' || c == '}')
        close_bracket(scan);
    else if (c == ',')
        next_item(scan);
}

/* Reads the statements from `from` to `end`; what is open at the end is left in *scan. */
static void scan_to(Scan *scan, Str text, size_t from, size_t end)
{
    scan->token = SIZE_MAX;
    for (size_t at = from; at < end;) {
        char c = text.ptr[at];
        if (c == '\n') {
            Str rest = str_from(text, at + 1), line = rest, after;
            str_cut(rest, '\n', &line, &after);
            if (scan->depth == 0 || starts_statement(line))
                new_statement(scan);
            scan->in_comment = false;
            scan->token = SIZE_MAX;
            at++;
        } else if (scan->in_comment || c == '#') {
            scan->in_comment = true;
            at++;
        } else if (is_word(c) || c == '"' || c == '\'') {
            Str token = take_token(text, at, end, &scan->quote);
            scan->token = at;
            at += token.len;
            if (at < end && !scan->after_equals)
                *array_push(scan->arena, &scan->keys) = without_quotes(token);
        } else {
            scan_mark(scan, c);
            scan->token = SIZE_MAX;
            at++;
        }
    }
}

/* From the token's begin to its end behind the cursor: a word's, or a closing quote on the line. */
static TomlSpan token_span(Str text, const Scan *scan, size_t offset)
{
    TomlSpan span = {scan->token == SIZE_MAX ? offset : scan->token, offset};
    if (scan->token != SIZE_MAX && !scan->quote && !is_word(text.ptr[scan->token]))
        return (TomlSpan){offset, offset}; /* behind a string that is complete */
    if (!scan->quote) {
        while (span.end < text.len && is_word(text.ptr[span.end]))
            span.end++;
        return span;
    }
    for (size_t at = offset; at < text.len && text.ptr[at] != '\n'; at++)
        if (text.ptr[at] == scan->quote)
            return (TomlSpan){span.start, at + 1};
    return span;
}

static const TomlHeader *header_above(const TomlDoc *doc, size_t offset)
{
    const TomlHeader *above = NULL;
    array_each (TomlHeader, header, &doc->headers)
        if (header->span.end <= offset)
            above = header;
    return above;
}

/* The keys of a header below our section; false when it is not ours. */
static bool below_section(Arena *arena, const TomlHeader *header, Str file_name, StrList *path)
{
    const Str *section;
    for (size_t which = 0; (section = section_path(file_name, which)); which++) {
        size_t i = 0, count = header ? header->keys.len : 0;
        while (section[i].len && i < count && str_eq(section[i], header->keys.items[i]))
            i++;
        if (section[i].len)
            continue;
        for (; i < count; i++)
            *array_push(arena, path) = header->keys.items[i];
        return true;
    }
    return false;
}

static size_t line_start(Str text, size_t offset)
{
    while (offset > 0 && text.ptr[offset - 1] != '\n')
        offset--;
    return offset;
}

static bool has_equals_after(Str text, size_t offset)
{
    while (offset < text.len && (text.ptr[offset] == ' ' || text.ptr[offset] == '\t'))
        offset++;
    return offset < text.len && text.ptr[offset] == '=';
}

Spot spot_at(Arena *arena, const TomlDoc *doc, Str file_name, Str text, size_t offset)
{
    Spot spot = {0};
    Scan scan = {.arena = arena};
    offset = offset < text.len ? offset : text.len;
    size_t line = line_start(text, offset);
    const TomlHeader *header = header_above(doc, line);
    scan_to(&scan, text, header ? header->span.end : 0, offset);
    bool first_in_line = str_starts(str_trim(str_from(text, line)), S("["));
    bool in_header = first_in_line && !scan.after_equals && !scan.keys.len;
    if (scan.in_comment || !below_section(arena, header, file_name, &spot.path))
        return (Spot){0};
    spot.token = token_span(text, &scan, offset);
    array_each (Str, key, &scan.keys)
        *array_push(arena, &spot.path) = *key;
    bool array_open =
        scan.depth && scan.depth <= BRACKETS_MAX && scan.brackets[scan.depth - 1] == '[';
    if (in_header || (first_in_line && scan.depth && !scan.keys.len)) {
        spot.kind = SPOT_HEADER;
    } else if (scan.after_equals) {
        spot.kind = SPOT_VALUE;
        spot.in_array = array_open;
    } else {
        spot.kind = SPOT_KEY;
        spot.has_equals = has_equals_after(text, spot.token.end);
    }
    return spot;
}
