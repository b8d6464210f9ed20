#include "analysis/source/toml.h"

#include <stdlib.h>
#include <string.h>

#include <tree_sitter/api.h>

#include "analysis/source/toml_repair.h"
#include "analysis/source/toml_scalar.h"
#include "base/map.h"
#include "base/utf8.h"
#include "grammars/lang.h"

enum {
    REPAIRS_MAX = 100,             /* broken lines that are named one by one */
    REPAIR_BYTES_MAX = 512 * 1024, /* parsed again for that, all in all: garbage parses slowly */
};

/* How a table came to be; TOML forbids to define one twice. */
typedef enum Origin {
    ORIGIN_PATH,   /* named on the way to another header: may still get its own */
    ORIGIN_DOTS,   /* made by a dotted key */
    ORIGIN_HEADER, /* has its header */
} Origin;

struct TomlState {
    Map *index; /* key → its place in entries, plus one, as a pointer */
    Origin origin;
    bool of_tables; /* an array made of [[headers]] */
};

typedef struct Key {
    Str text;
    TomlSpan span;
} Key;

typedef Array(Key) Keys;

typedef struct Reader {
    Arena *arena;
    Str text;
    TomlDoc *doc;
    TomlValue *table; /* where the next pair goes; NULL below a broken header */
} Reader;

static TomlValue *value_new(Reader *reader, TomlKind kind, TomlSpan span)
{
    TomlValue *value = NEW(reader->arena, TomlValue);
    value->kind = kind;
    value->span = span;
    value->state = NEW(reader->arena, struct TomlState);
    return value;
}

static void problem_at(Reader *reader, TomlSpan span, Str message)
{
    *array_push(reader->arena, &reader->doc->problems) =
        (TomlProblem){.span = span, .message = message};
}

static size_t entry_index(const TomlValue *table, Str key)
{
    if (!table || table->kind != TOML_TABLE || !table->state->index)
        return SIZE_MAX;
    return (size_t)(uintptr_t)map_get(table->state->index, key) - 1;
}

const TomlEntry *toml_entry(const TomlValue *table, Str key)
{
    size_t at = entry_index(table, key);
    return at == SIZE_MAX ? NULL : &table->entries.items[at];
}

const TomlValue *toml_get(const TomlValue *table, Str key)
{
    const TomlEntry *entry = toml_entry(table, key);
    return entry ? entry->value : NULL;
}

static TomlValue *find_value(TomlValue *table, Str key)
{
    size_t at = entry_index(table, key);
    return at == SIZE_MAX ? NULL : table->entries.items[at].value;
}

static void add_entry(Reader *reader, TomlValue *table, Key key, TomlValue *value)
{
    if (!table->state->index)
        table->state->index = map_new(reader->arena);
    *array_push(reader->arena, &table->entries) = (TomlEntry){key.text, key.span, value};
    map_put(table->state->index, key.text, (void *)(uintptr_t)table->entries.len);
}

static TomlSpan span_of(TSNode node)
{
    return (TomlSpan){ts_node_start_byte(node), ts_node_end_byte(node)};
}

static Str text_of(const Reader *reader, TSNode node)
{
    TomlSpan span = span_of(node);
    return (Str){reader->text.ptr + span.start, span.end - span.start};
}

static bool is(TSNode node, const char *type)
{
    return !strcmp(ts_node_type(node), type);
}

static bool key_of(Reader *reader, TSNode node, Key *key)
{
    Str why;
    key->span = span_of(node);
    key->text = text_of(reader, node);
    if (is(node, "bare_key") || toml_unquote(reader->arena, key->text, &key->text, &why))
        return true;
    problem_at(reader, key->span, why);
    return false;
}

static bool key_parts(Reader *reader, TSTreeCursor *cursor, Keys *keys)
{
    for (;;) {
        TSNode node = ts_tree_cursor_current_node(cursor);
        bool leaf = is(node, "bare_key") || is(node, "quoted_key");
        if (leaf && !key_of(reader, node, array_push(reader->arena, keys)))
            return false;
        if (!leaf && ts_tree_cursor_goto_first_child(cursor))
            continue;
        while (!ts_tree_cursor_goto_next_sibling(cursor))
            if (!ts_tree_cursor_goto_parent(cursor))
                return keys->len > 0;
    }
}

/* The parts of a key, one for each dot; false when it cannot be used. */
static bool read_keys(Reader *reader, TSNode node, Keys *keys)
{
    TSTreeCursor cursor = ts_tree_cursor_new(node);
    bool ok = key_parts(reader, &cursor, keys);
    ts_tree_cursor_delete(&cursor);
    if (!ok || keys->len <= TOML_DEPTH_MAX)
        return ok;
    problem_at(reader, span_of(node), S("this key has too many parts"));
    return false;
}

static bool already_there(Reader *reader, Key key, const TomlEntry *first)
{
    Str message = str_fmt(reader->arena, "'" STR_FMT "' is given twice; line %zu has the first",
                          STR_ARG(key.text), toml_line(reader->text, first->key_span.start));
    problem_at(reader, key.span, message);
    reader->doc->problems.items[reader->doc->problems.len - 1].duplicate = true;
    return false;
}

/* One step into the table that a part of a dotted key names; it is made when it is not there. */
static TomlValue *step_by_dots(Reader *reader, TomlValue *table, Key key)
{
    TomlValue *value = find_value(table, key.text);
    if (!value) {
        value = value_new(reader, TOML_TABLE, key.span);
        add_entry(reader, table, key, value);
    } else if (value->kind != TOML_TABLE || value->inside_line ||
               value->state->origin == ORIGIN_HEADER) {
        already_there(reader, key, toml_entry(table, key.text));
        return NULL;
    }
    value->state->origin = ORIGIN_DOTS;
    return value;
}

static TomlValue *read_value(Reader *reader, TSNode node, size_t depth);

static void read_pair(Reader *reader, TSNode pair, TomlValue *table, size_t depth)
{
    Keys keys = {0};
    uint32_t count = ts_node_child_count(pair);
    if (!table || count < 3 || !read_keys(reader, ts_node_child(pair, 0), &keys))
        return;
    TomlValue *value = read_value(reader, ts_node_child(pair, 2), depth);
    for (size_t i = 0; table && i + 1 < keys.len; i++)
        table = step_by_dots(reader, table, keys.items[i]);
    if (!table || !value)
        return;
    Key last = keys.items[keys.len - 1];
    if (toml_entry(table, last.text))
        already_there(reader, last, toml_entry(table, last.text));
    else
        add_entry(reader, table, last, value);
}

static TomlValue *read_list(Reader *reader, TSNode node, size_t depth)
{
    bool table = is(node, "inline_table");
    TomlValue *list = value_new(reader, table ? TOML_TABLE : TOML_ARRAY, span_of(node));
    TSTreeCursor cursor = ts_tree_cursor_new(node);
    for (bool more = ts_tree_cursor_goto_first_child(&cursor); more;
         more = ts_tree_cursor_goto_next_sibling(&cursor)) {
        TSNode child = ts_tree_cursor_current_node(&cursor);
        if (!ts_node_is_named(child) || ts_node_is_error(child) || is(child, "comment"))
            continue;
        TomlValue *item = NULL;
        if (table)
            read_pair(reader, child, list, depth + 1);
        else if ((item = read_value(reader, child, depth + 1)))
            *array_push(reader->arena, &list->items) = item;
    }
    ts_tree_cursor_delete(&cursor);
    list->inside_line = true;
    return list;
}

static TomlValue *read_value(Reader *reader, TSNode node, size_t depth)
{
    Str why = S("arrays and tables are nested too deep here");
    if (is(node, "array") || is(node, "inline_table")) {
        if (depth < TOML_DEPTH_MAX)
            return read_list(reader, node, depth);
    } else {
        TomlValue *value = value_new(reader, TOML_STRING, span_of(node));
        if (ts_node_is_error(node) || ts_node_is_missing(node) || ts_node_has_error(node))
            return NULL; /* the repair has named it */
        if (toml_scalar(reader->arena, ts_node_type(node), text_of(reader, node), value, &why))
            return value;
    }
    problem_at(reader, span_of(node), why);
    return NULL;
}

/* The table that a part of a header's path names, on the way to its last part. */
static TomlValue *step_by_header(Reader *reader, TomlValue *table, Key key)
{
    TomlValue *value = find_value(table, key.text);
    if (!value) {
        value = value_new(reader, TOML_TABLE, key.span);
        add_entry(reader, table, key, value);
    }
    if (value->kind == TOML_ARRAY && value->state->of_tables)
        value = value->items.items[value->items.len - 1];
    if (value->kind == TOML_TABLE && !value->inside_line)
        return value;
    already_there(reader, key, toml_entry(table, key.text));
    return NULL;
}

static TomlValue *open_table(Reader *reader, TomlValue *parent, Key key, TomlSpan span)
{
    TomlValue *value = find_value(parent, key.text);
    if (!value) {
        value = value_new(reader, TOML_TABLE, span);
        add_entry(reader, parent, key, value);
    } else if (value->kind != TOML_TABLE || value->inside_line ||
               value->state->origin != ORIGIN_PATH) {
        already_there(reader, key, toml_entry(parent, key.text));
        return NULL;
    }
    value->state->origin = ORIGIN_HEADER;
    value->span = span;
    return value;
}

static TomlValue *open_array_item(Reader *reader, TomlValue *parent, Key key, TomlSpan span)
{
    TomlValue *array = find_value(parent, key.text);
    if (!array) {
        array = value_new(reader, TOML_ARRAY, span);
        array->state->of_tables = true;
        add_entry(reader, parent, key, array);
    } else if (array->kind != TOML_ARRAY || !array->state->of_tables) {
        already_there(reader, key, toml_entry(parent, key.text));
        return NULL;
    }
    TomlValue *item = value_new(reader, TOML_TABLE, span);
    item->state->origin = ORIGIN_HEADER;
    *array_push(reader->arena, &array->items) = item;
    return item;
}

static void add_header(Reader *reader, TomlSpan span, const Keys *keys, bool is_array)
{
    TomlHeader *header = array_push(reader->arena, &reader->doc->headers);
    *header = (TomlHeader){.span = span, .is_array = is_array};
    array_each (Key, key, keys)
        *array_push(reader->arena, &header->keys) = key->text;
}

/* [a.b] or [[a.b]]: the pairs that follow go there. */
static void read_header(Reader *reader, TSNode node)
{
    Keys keys = {0};
    bool is_array = is(node, "table_array_element");
    reader->table = NULL;
    if (ts_node_child_count(node) < 3 || !read_keys(reader, ts_node_child(node, 1), &keys))
        return;
    TomlSpan span = {ts_node_start_byte(node), ts_node_end_byte(ts_node_child(node, 2))};
    TomlValue *table = reader->doc->root;
    for (size_t i = 0; table && i + 1 < keys.len; i++)
        table = step_by_header(reader, table, keys.items[i]);
    add_header(reader, span, &keys, is_array);
    if (table)
        reader->table = (is_array ? open_array_item : open_table)(reader, table,
                                                                  keys.items[keys.len - 1], span);
}

/* Pairs and tables below a node; an ERROR that is left over may hold some, too. */
static void read_statements(Reader *reader, TSNode node, size_t depth)
{
    TSTreeCursor cursor = ts_tree_cursor_new(node);
    for (bool more = depth < TOML_DEPTH_MAX && ts_tree_cursor_goto_first_child(&cursor); more;
         more = ts_tree_cursor_goto_next_sibling(&cursor)) {
        TSNode child = ts_tree_cursor_current_node(&cursor);
        bool header = is(child, "table") || is(child, "table_array_element");
        if (header)
            read_header(reader, child);
        if (is(child, "pair"))
            read_pair(reader, child, reader->table, 0);
        else if (header || ts_node_is_error(child))
            read_statements(reader, child, depth + 1);
    }
    ts_tree_cursor_delete(&cursor);
}

/*
 * The grammar knows a backslash at the end of a line, but not one with blanks behind it, which TOML
 * allows in """ strings. Move the backslash to the end of the line in the copy that is parsed: it
 * means the same, and values are read from the text itself. (tree-sitter-toml 0.7.0; this may go
 * when `a = """x\  <newline>"""` parses there.)
 */
static void move_continuations(TomlCopy copy)
{
    for (size_t i = 0; i + 1 < copy.len; i++) {
        size_t end = i + 1;
        if (copy.ptr[i] != '\\')
            continue;
        while (end < copy.len && (copy.ptr[end] == ' ' || copy.ptr[end] == '\t'))
            end++;
        size_t last = end - 1;
        if (end < copy.len && copy.ptr[end] == '\r')
            end++;
        if (end < copy.len && copy.ptr[end] == '\n' && last > i) {
            copy.ptr[i] = ' ';
            copy.ptr[last] = '\\';
        }
        i = last > i ? last : i + 1; /* the byte after a backslash is no backslash of its own */
    }
}

/* Parses, and parses again without the broken lines, until nothing is broken. */
static TSTree *parse_and_repair(Reader *reader, TSParser *parser, TomlCopy copy)
{
    size_t rounds = REPAIR_BYTES_MAX / (copy.len + 1);
    rounds = rounds < REPAIRS_MAX ? rounds : REPAIRS_MAX;
    TSTree *tree = ts_parser_parse_string(parser, NULL, copy.ptr, (uint32_t)copy.len);
    while (tree && ts_node_has_error(ts_tree_root_node(tree))) {
        TomlProblem problem;
        bool more = toml_repair(reader->arena, reader->text, copy, tree, parser, &problem);
        *array_push(reader->arena, &reader->doc->problems) = problem;
        if (!more || rounds-- == 0)
            break;
        TSTree *old = tree;
        tree = ts_parser_parse_string(parser, old, copy.ptr, (uint32_t)copy.len);
        ts_tree_delete(old);
    }
    return tree;
}

static int by_place(const void *a, const void *b)
{
    const TomlProblem *x = a, *y = b;
    return x->span.start < y->span.start ? -1 : x->span.start > y->span.start;
}

/* Bytes that are not UTF-8 are one problem; in the copy they become '?', so that the rest parses. */
static void mend_bytes(Reader *reader, TomlCopy copy)
{
    bool told = false;
    for (size_t at = 0, used; at < copy.len; at += used ? used : 1) {
        used = utf8_sequence(str_from(reader->text, at));
        if (used)
            continue;
        copy.ptr[at] = '?';
        if (!told)
            problem_at(reader, (TomlSpan){at, at + 1}, S("this byte is not UTF-8"));
        told = true;
    }
}

static void read_text(Reader *reader)
{
    TomlCopy copy = {NEW_ARRAY(reader->arena, char, reader->text.len + 1), reader->text.len};
    memcpy(copy.ptr, reader->text.ptr, copy.len);
    mend_bytes(reader, copy);
    move_continuations(copy);
    TSParser *parser = ts_parser_new();
    ts_parser_set_language(parser, lang_get(LANG_TOML)->grammar());
    TSTree *tree = parse_and_repair(reader, parser, copy);
    if (tree)
        read_statements(reader, ts_tree_root_node(tree), 0);
    ts_tree_delete(tree);
    ts_parser_delete(parser);
}

TomlDoc toml_read(Arena *arena, Str bytes)
{
    TomlDoc doc = {0};
    Reader reader = {.arena = arena, .text = bytes, .doc = &doc};
    doc.root = reader.table = value_new(&reader, TOML_TABLE, (TomlSpan){0, 0});
    if (bytes.len > TOML_BYTES_MAX) {
        problem_at(&reader, (TomlSpan){0, 0}, S("this file is larger than 1 MB"));
        return doc;
    }
    if (bytes.len)
        read_text(&reader);
    if (doc.problems.len)
        qsort(doc.problems.items, doc.problems.len, sizeof(TomlProblem), by_place);
    return doc;
}

Str toml_kind_name(TomlKind kind)
{
    static const Str NAMES[] = {
        [TOML_TABLE] = STR_CONST("a table"),         [TOML_ARRAY] = STR_CONST("an array"),
        [TOML_STRING] = STR_CONST("a string"),       [TOML_INTEGER] = STR_CONST("an integer"),
        [TOML_FLOAT] = STR_CONST("a float"),         [TOML_BOOL] = STR_CONST("true or false"),
        [TOML_TIME] = STR_CONST("a date or a time"),
    };
    return NAMES[kind];
}

size_t toml_line(Str bytes, size_t offset)
{
    size_t line = 1;
    for (size_t i = 0; i < offset && i < bytes.len; i++)
        line += bytes.ptr[i] == '\n';
    return line;
}
