#include "analysis/source/outline_scan.h"

#include <ctype.h>
#include <string.h>

#include <tree_sitter/api.h>

#include "analysis/source/cuda_scan.h"
#include "analysis/source/syntax_tree.h"
#include "grammars/query.h"

enum {
    CAPTURE_NAME = -1,
    CAPTURE_BODY = -2,
    CAPTURE_OTHER = -3, /* for conditions only */
};

/* What a pattern says beside its nodes. */
typedef struct PatternNote {
    Str name;               /* (#set! name "...") */
    OutlineHarness harness; /* (#set! harness "...") */
    const TSQueryPredicateStep *steps;
    uint32_t step_count;
    bool has_conditions;
} PatternNote;

typedef struct Scan {
    const TSQuery *query;
    const Text *text;
    int *captures;      /* per capture id: an OutlineKind or one of the above */
    PatternNote *notes; /* per pattern */
} Scan;

/* ------------------------------------------------------------------ what a query means */

static int capture_meaning(Str name)
{
    if (str_eq(name, S("name")))
        return CAPTURE_NAME;
    if (str_eq(name, S("body")))
        return CAPTURE_BODY;
    for (OutlineKind kind = OUTLINE_FUNCTION; kind <= OUTLINE_GROUP; kind++)
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

static OutlineHarness harness_from(Str name)
{
    for (OutlineHarness harness = OUTLINE_PYTEST; harness <= OUTLINE_NVBENCH; harness++)
        if (str_eq(outline_harness_name(harness), name))
            return harness;
    return OUTLINE_NO_HARNESS;
}

/* A predicate arrives as steps: its name, its arguments, done. */
static PatternNote note_of(const TSQuery *query, uint32_t pattern)
{
    PatternNote note = {0};
    note.steps = ts_query_predicates_for_pattern(query, pattern, &note.step_count);
    bool at_start = true;
    for (uint32_t i = 0; i < note.step_count; i++) {
        const TSQueryPredicateStep *step = &note.steps[i];
        if (at_start && str_eq(query_string(query, step->value_id), S("set!"))) {
            if (i + 2 >= note.step_count || step[1].type != TSQueryPredicateStepTypeString ||
                step[2].type != TSQueryPredicateStepTypeString)
                continue;
            Str key = query_string(query, step[1].value_id);
            Str value = query_string(query, step[2].value_id);
            if (str_eq(key, S("name")))
                note.name = value;
            else if (str_eq(key, S("harness")))
                note.harness = harness_from(value);
        } else if (at_start) {
            note.has_conditions = true;
        }
        at_start = step->type == TSQueryPredicateStepTypeDone;
    }
    return note;
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
    scan.notes = NEW_ARRAY(arena, PatternNote, patterns);
    for (uint32_t i = 0; i < patterns; i++)
        scan.notes[i] = note_of(scan.query, i);
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

/* The text of a capture; empty when the match has none of it. */
static Str captured(const Scan *scan, const TSQueryMatch *match, uint32_t capture)
{
    for (uint16_t i = 0; i < match->capture_count; i++)
        if (match->captures[i].index == capture)
            return text_slice(scan->text, range_of(match->captures[i].node));
    return S("");
}

/* #any-of? @capture "a" "b" ..., #not-any-of? the other way round; returns the step behind it. */
static uint32_t check_condition(const Scan *scan, const TSQueryMatch *match, uint32_t at,
                                bool *holds)
{
    const PatternNote *note = &scan->notes[match->pattern_index];
    const TSQueryPredicateStep *steps = note->steps;
    Str name = query_string(scan->query, steps[at].value_id);
    bool is_any = str_eq(name, S("any-of?")), is_none = str_eq(name, S("not-any-of?"));
    Str text = is_any || is_none ? captured(scan, match, steps[at + 1].value_id) : S("");
    bool found = false;
    while (at < note->step_count && steps[at].type != TSQueryPredicateStepTypeDone) {
        if ((is_any || is_none) && steps[at].type == TSQueryPredicateStepTypeString)
            found = found || str_eq(query_string(scan->query, steps[at].value_id), text);
        at++;
    }
    *holds = *holds && (is_any ? found : is_none ? !found : true);
    return at + 1;
}

static bool conditions_hold(const Scan *scan, const TSQueryMatch *match)
{
    const PatternNote *note = &scan->notes[match->pattern_index];
    bool holds = true;
    for (uint32_t at = 0; note->has_conditions && holds && at < note->step_count;)
        at = check_condition(scan, match, at, &holds);
    return holds;
}

/* A pattern may capture a thing in several pieces: from the first one's start to the last's end. */
static ByteRange joined(ByteRange range, ByteRange more)
{
    if (range.end.n == range.start.n)
        return more;
    range.start.n = more.start.n < range.start.n ? more.start.n : range.start.n;
    range.end.n = more.end.n > range.end.n ? more.end.n : range.end.n;
    return range;
}

/*
 * In C++ a macro may make the head of a function: KERNEL(scale)(float *x) { }. That reads as a declarator
 * in a declarator, and the macro's last argument is the name.
 */
static ByteRange name_in(const Scan *scan, TSNode node)
{
    TSNode around = ts_node_parent(node);
    bool inner = !ts_node_is_null(around) &&
                 strcmp(ts_node_type(around), "function_declarator") == 0 &&
                 strcmp(ts_node_type(ts_node_parent(around)), "function_declarator") == 0;
    ByteRange range = range_of(inner ? around : node);
    Str text = text_slice(scan->text, range), before, last;
    if ((!inner && strcmp(ts_node_type(node), "function_declarator") != 0) ||
        !str_ends(text, S(")")))
        return range;
    text = str_head(text, text.len - 1);
    if (!str_cut_last(text, '(', &before, &last))
        return range;
    while (str_has(last, S(",")))
        (void)str_cut(last, ',', &before, &last);
    Str name = str_trim(last);
    for (size_t i = 0; i < name.len; i++)
        if (!isalnum((unsigned char)name.ptr[i]) && name.ptr[i] != '_')
            return range_of(node);
    if (!name.len)
        return range;
    size_t start = (size_t)(name.ptr - text.ptr);
    return (ByteRange){{range.start.n + (uint32_t)start},
                       {range.start.n + (uint32_t)(start + name.len)}};
}

/*
 * DEFINE_KERNEL(relu, float) { } reads as a function without a type whose parameters have no names.
 * It defines what its first word says.
 */
static ByteRange name_given_to_macro(const Scan *scan, ByteRange function, ByteRange name)
{
    if (function.start.n != name.start.n || !cuda_macro_names_kernel(text_slice(scan->text, name)))
        return name;
    Str rest = str_from(text_bytes(scan->text), name.end.n);
    size_t start = 0, end;
    while (start < rest.len && (rest.ptr[start] == '(' || isspace((unsigned char)rest.ptr[start])))
        start++;
    for (end = start;
         end < rest.len && (isalnum((unsigned char)rest.ptr[end]) || rest.ptr[end] == '_');)
        end++;
    Str after = str_trim(str_head(str_from(rest, end), 100));
    if (end == start || (!str_starts(after, S(",")) && !str_starts(after, S(")"))))
        return name;
    return (ByteRange){{name.end.n + (uint32_t)start}, {name.end.n + (uint32_t)end}};
}

static bool read_match(const Scan *scan, const TSQueryMatch *match, OutlineItem *item)
{
    bool found = false;
    ByteRange name = {0};
    TSNode named = {0};
    uint32_t body_start = UINT32_MAX;
    const PatternNote *note = &scan->notes[match->pattern_index];
    if (!conditions_hold(scan, match))
        return false;
    for (uint16_t i = 0; i < match->capture_count; i++) {
        int meaning = scan->captures[match->captures[i].index];
        ByteRange range = range_of(match->captures[i].node);
        if (meaning == CAPTURE_NAME) {
            name = joined(name, range);
            named = match->captures[i].node;
        } else if (meaning == CAPTURE_BODY) {
            body_start = range.start.n;
        } else if (meaning >= 0) {
            found = true;
            item->kind = (OutlineKind)meaning;
            item->range = joined(item->range, range);
        }
    }
    if (item->kind == OUTLINE_FUNCTION && named.id)
        name = name_given_to_macro(scan, item->range, name_in(scan, named));
    item->harness = note->harness;
    item->name_range = name;
    item->body_start.n = body_start < item->range.end.n ? body_start : item->range.end.n;
    item->name = name.end.n > name.start.n ? text_slice(scan->text, name) : note->name;
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
