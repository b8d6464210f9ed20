#include "analysis/source/toml_repair.h"

#include <string.h>

static bool is_statement(TSNode node)
{
    const char *type = ts_node_type(node);
    return !strcmp(type, "pair") || !strcmp(type, "table") ||
           !strcmp(type, "table_array_element") || !strcmp(type, "comment") || !strcmp(type, "\n");
}

typedef enum Step {
    STEP_FOUND,
    STEP_DOWN,
    STEP_END,
} Step;

/* Looks through the children of *node for the first broken thing. */
static Step next_broken(TSNode *node, uint32_t *at)
{
    bool in_error = ts_node_is_error(*node);
    TSTreeCursor cursor = ts_tree_cursor_new(*node);
    Step step = STEP_END;
    for (bool more = ts_tree_cursor_goto_first_child(&cursor); more && step == STEP_END;
         more = ts_tree_cursor_goto_next_sibling(&cursor)) {
        TSNode child = ts_tree_cursor_current_node(&cursor);
        *at = ts_node_start_byte(child);
        if (ts_node_is_missing(child))
            step = STEP_FOUND;
        else if (ts_node_has_error(child))
            step = ts_node_child_count(child) ? STEP_DOWN : STEP_FOUND;
        else if (in_error && !is_statement(child))
            step = STEP_FOUND;
        if (step == STEP_DOWN)
            *node = child;
    }
    ts_tree_cursor_delete(&cursor);
    return step;
}

static size_t broken_byte(TSNode root)
{
    uint32_t at = ts_node_start_byte(root);
    Step step;
    while ((step = next_broken(&root, &at)) == STEP_DOWN)
        ;
    return step == STEP_FOUND ? at : ts_node_start_byte(root);
}

static TomlSpan line_at(TomlCopy copy, size_t byte)
{
    TomlSpan line = {byte < copy.len ? byte : copy.len, byte < copy.len ? byte : copy.len};
    while (line.start > 0 && copy.ptr[line.start - 1] != '\n')
        line.start--;
    while (line.end < copy.len && copy.ptr[line.end] != '\n')
        line.end++;
    return line;
}

static Str span_text(TomlCopy copy, TomlSpan span)
{
    return (Str){copy.ptr + span.start, span.end - span.start};
}

/* The key of a line such as `key = ...`, the header of `[header]`; empty for any other line. */
static Str statement_name(Str line)
{
    Str name, rest;
    line = str_trim(line);
    if (str_starts(line, S("[")))
        return line;
    if (!str_cut(line, '=', &name, &rest) || str_starts(line, S("#")))
        return (Str){0};
    name = str_trim(name);
    for (size_t i = 0; i < name.len; i++)
        if (memchr(",[]{}#", name.ptr[i], 6))
            return (Str){0};
    return name;
}

static bool parses_alone(TSParser *parser, Str line)
{
    TSTree *tree = ts_parser_parse_string(parser, NULL, line.ptr, (uint32_t)line.len);
    bool ok = tree && !ts_node_has_error(ts_tree_root_node(tree));
    ts_tree_delete(tree);
    return ok;
}

/*
 * The lines to blame. A line that is right when it stands alone is broken only by something that was
 * opened above and not closed: then the statement above it goes, up to this line.
 */
static TomlSpan blamed_lines(TomlCopy copy, size_t byte, TSParser *parser)
{
    TomlSpan line = line_at(copy, byte);
    Str text = span_text(copy, line);
    bool empty = str_trim(text).len == 0;
    if (!empty && !(statement_name(text).len && parses_alone(parser, text)))
        return line;
    for (size_t end = line.start; end > 0;) {
        TomlSpan above = line_at(copy, end - 1);
        if (statement_name(span_text(copy, above)).len)
            return (TomlSpan){above.start, empty ? line.end : line.start - 1};
        end = above.start;
    }
    return line;
}

static Str value_problem(Arena *arena, Str key, Str value, TomlProblem *problem)
{
    char quote = value.len ? value.ptr[0] : 0;
    if (value.len == 0 || quote == '#')
        return str_fmt(arena, "'" STR_FMT "' has no value", STR_ARG(key));
    if (quote == '"' || quote == '\'') {
        bool closed = memchr(value.ptr + 1, quote, value.len - 1) != NULL;
        if (closed && memchr(value.ptr, '\\', value.len) && quote == '"')
            return S("an escape in this text does not exist; write \\\\ for a backslash, or use "
                     "'...' quotes");
        return closed ? S("something follows the value; one key and one value per line")
                      : S("this text is not closed: its quote is missing");
    }
    if (quote == '[' || quote == '{')
        return str_fmt(arena, "the value of '" STR_FMT "' is not closed, or lacks a comma",
                       STR_ARG(key));
    if (str_eq(value, S("True")) || str_eq(value, S("False"))) {
        problem->fix = quote == 'T' ? S("true") : S("false");
        return str_fmt(arena, "write " STR_FMT ", in lower case", STR_ARG(problem->fix));
    }
    if (memchr(value.ptr, '"', value.len) || memchr(value.ptr, '\\', value.len) ||
        memchr(value.ptr, '#', value.len))
        return S("this is no TOML value; text stands in \"...\" quotes");
    problem->fix = str_fmt(arena, "\"" STR_FMT "\"", STR_ARG(value));
    return str_fmt(arena, "text stands in quotes: " STR_FMT, STR_ARG(problem->fix));
}

static void describe(Arena *arena, Str text, TomlSpan lines, TomlProblem *problem)
{
    Str line = {text.ptr + lines.start, lines.end - lines.start}, rest = line, value;
    bool many = !str_next_line(&rest, &line) || str_trim(rest).len > 0;
    Str key = statement_name(line), trimmed = str_trim(line);
    problem->span.start = (size_t)(trimmed.ptr - text.ptr);
    problem->span.end = problem->span.start + trimmed.len;
    if (str_starts(trimmed, S("["))) {
        problem->message = many || !str_ends(trimmed, S("]"))
                               ? S("this is not closed: a ] is missing")
                               : S("this is no table header; write [workload.name]");
    } else if (!key.len || !str_cut(trimmed, '=', &rest, &value)) {
        problem->message = S("expected key = value");
    } else if (many) {
        problem->message = str_fmt(
            arena, "the value of '" STR_FMT "' is not closed: a ], a } or a quote is missing",
            STR_ARG(key));
    } else {
        value = str_trim(value);
        problem->message = value_problem(arena, key, value, problem);
        if (value.len)
            problem->span.start = (size_t)(value.ptr - text.ptr);
    }
}

static bool blank(TomlCopy copy, TomlSpan span)
{
    bool changed = false;
    for (size_t i = span.start; i < span.end; i++) {
        changed |= copy.ptr[i] != ' ' && copy.ptr[i] != '\n' && copy.ptr[i] != '\r';
        if (copy.ptr[i] != '\n' && copy.ptr[i] != '\r')
            copy.ptr[i] = ' ';
    }
    return changed;
}

static TSPoint point_at(TomlCopy copy, size_t byte)
{
    TSPoint point = {0};
    for (size_t i = 0; i < byte; i++) {
        point.column = copy.ptr[i] == '\n' ? 0 : point.column + 1;
        point.row += copy.ptr[i] == '\n';
    }
    return point;
}

bool toml_repair(Arena *arena, Str text, TomlCopy copy, TSTree *tree, TSParser *parser,
                 TomlProblem *problem)
{
    TomlSpan lines = blamed_lines(copy, broken_byte(ts_tree_root_node(tree)), parser);
    *problem = (TomlProblem){.span = lines};
    describe(arena, text, lines, problem);
    if (!blank(copy, lines))
        return false;
    TSPoint end = point_at(copy, lines.end);
    ts_tree_edit(tree, &(TSInputEdit){.start_byte = (uint32_t)lines.start,
                                      .old_end_byte = (uint32_t)lines.end,
                                      .new_end_byte = (uint32_t)lines.end,
                                      .start_point = point_at(copy, lines.start),
                                      .old_end_point = end,
                                      .new_end_point = end});
    return true;
}
