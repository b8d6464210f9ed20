#include "analysis/source/outline_scan.h"

#include <string.h>

#include <tree_sitter/api.h>

#include "analysis/source/syntax_tree.h"
#include "grammars/query.h"

enum {
    CAPTURE_NAME = -1,
    CAPTURE_BODY = -2,
    CAPTURE_OTHER = -3,
};

typedef struct Scan {
    const TSQuery *query;
    const Text *text;
    int *captures;    /* per capture id: an OutlineKind or one of the above */
    Str *fixed_names; /* per pattern: what #set! name says */
} Scan;

/* ------------------------------------------------------------------ what a query means */

static int capture_meaning(Str name)
{
    if (str_eq(name, S("name")))
        return CAPTURE_NAME;
    if (str_eq(name, S("body")))
        return CAPTURE_BODY;
    for (OutlineKind kind = OUTLINE_FUNCTION; kind <= OUTLINE_LAUNCH; kind++)
        if (str_eq(name, outline_kind_name(kind)))
            return (int)kind;
    return CAPTURE_OTHER;
}

static Str query_string(const TSQuery *query, uint32_t id)
{
    uint32_t len;
    const char *text = ts_query_string_value_for_id(query, id, &len);
    return (Str){text, len};
}

/* (#set! name "...") arrives as the steps: string, string, string, done. */
static Str fixed_name(const TSQuery *query, uint32_t pattern)
{
    uint32_t count;
    const TSQueryPredicateStep *steps = ts_query_predicates_for_pattern(query, pattern, &count);
    for (uint32_t i = 0; i + 2 < count; i++)
        if (steps[i].type == TSQueryPredicateStepTypeString &&
            str_eq(query_string(query, steps[i].value_id), S("set!")) &&
            str_eq(query_string(query, steps[i + 1].value_id), S("name")))
            return query_string(query, steps[i + 2].value_id);
    return S("");
}

static Scan scan_init(Arena *arena, const Syntax *syntax, const Text *text)
{
    Scan scan = {.query = query_of(syntax->lang), .text = text};
    if (!scan.query)
        return scan;
    uint32_t captures = ts_query_capture_count(scan.query);
    scan.captures = NEW_ARRAY(arena, int, captures);
    for (uint32_t i = 0; i < captures; i++) {
        uint32_t len;
        const char *name = ts_query_capture_name_for_id(scan.query, i, &len);
        scan.captures[i] = capture_meaning((Str){name, len});
    }
    uint32_t patterns = ts_query_pattern_count(scan.query);
    scan.fixed_names = NEW_ARRAY(arena, Str, patterns);
    for (uint32_t i = 0; i < patterns; i++)
        scan.fixed_names[i] = fixed_name(scan.query, i);
    return scan;
}

/* ------------------------------------------------------------------ matches */

static ByteRange range_of(TSNode node)
{
    return (ByteRange){{ts_node_start_byte(node)}, {ts_node_end_byte(node)}};
}

/* A node that ends at the start of a line ends on the line before it. */
static LineNo last_line(const Text *text, ByteRange range)
{
    uint32_t end = range.end.n > range.start.n ? range.end.n - 1 : range.end.n;
    return text_line_at(text, (ByteOffset){end});
}

static bool read_match(const Scan *scan, const TSQueryMatch *match, OutlineItem *item)
{
    bool found = false;
    ByteRange name = {0};
    uint32_t body_start = UINT32_MAX;
    for (uint16_t i = 0; i < match->capture_count; i++) {
        int meaning = scan->captures[match->captures[i].index];
        ByteRange range = range_of(match->captures[i].node);
        if (meaning == CAPTURE_NAME) {
            name = range;
        } else if (meaning == CAPTURE_BODY) {
            body_start = range.start.n;
        } else if (meaning >= 0) {
            found = true;
            item->kind = (OutlineKind)meaning;
            item->range = range;
        }
    }
    item->name_range = name;
    item->body_start.n = body_start < item->range.end.n ? body_start : item->range.end.n;
    item->name = name.end.n > name.start.n ? text_slice(scan->text, name)
                                           : scan->fixed_names[match->pattern_index];
    return found;
}

static void delete_cursor(TSQueryCursor **cursor)
{
    ts_query_cursor_delete(*cursor);
}

void outline_scan(Arena *arena, const Syntax *syntax, const Text *text, ByteRange range,
                  OutlineItems *items)
{
    Scan scan = scan_init(arena, syntax, text);
    if (!scan.query)
        return;
    CLEANUP(delete_cursor) TSQueryCursor *cursor = ts_query_cursor_new();
    ts_query_cursor_set_byte_range(cursor, range.start.n, range.end.n);
    ts_query_cursor_exec(cursor, scan.query, ts_tree_root_node(syntax->tree));
    for (TSQueryMatch match; ts_query_cursor_next_match(cursor, &match);) {
        OutlineItem item = {.parent = OUTLINE_NONE};
        if (!read_match(&scan, &match, &item))
            continue;
        item.first = text_line_at(text, item.range.start);
        item.last = last_line(text, item.range);
        *array_push(arena, items) = item;
    }
}
