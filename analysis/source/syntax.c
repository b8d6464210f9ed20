#include "analysis/source/syntax.h"

#include <stdlib.h>
#include <string.h>

#include "analysis/source/syntax_tree.h"

static void delete_parser(TSParser **parser)
{
    ts_parser_delete(*parser);
}

static void delete_tree(TSTree **tree)
{
    ts_tree_delete(*tree);
}

static Syntax *syntax_new(LangId lang, TSTree *tree)
{
    Arena *arena = arena_new("syntax");
    Syntax *syntax = NEW(arena, Syntax);
    *syntax = (Syntax){.arena = arena, .lang = lang, .tree = tree};
    return syntax;
}

/* ------------------------------------------------------------------ parsing */

static const char *read_bytes(void *payload, uint32_t offset, TSPoint point UNUSED, uint32_t *len)
{
    Str bytes = text_bytes(payload);
    *len = offset < bytes.len ? (uint32_t)bytes.len - offset : 0;
    return *len ? bytes.ptr + offset : "";
}

static bool is_cancelled(TSParseState *state)
{
    const atomic_bool *cancelled = state->payload;
    return cancelled && atomic_load_explicit(cancelled, memory_order_relaxed);
}

static TSTree *parse(LangId lang, const Text *text, const TSTree *old, const atomic_bool *cancelled)
{
    CLEANUP(delete_parser) TSParser *parser = ts_parser_new();
    if (!ts_parser_set_language(parser, lang_get(lang)->grammar()))
        return NULL;
    TSInput input = {
        .payload = (void *)(uintptr_t)text,
        .read = read_bytes,
        .encoding = TSInputEncodingUTF8,
    };
    TSParseOptions options = {
        .payload = (void *)(uintptr_t)cancelled,
        .progress_callback = is_cancelled,
    };
    return ts_parser_parse_with_options(parser, old, input, options);
}

static TSPoint point_of(TextPoint point)
{
    return (TSPoint){.row = point.row, .column = point.column};
}

static void edit_tree(TSTree *tree, const TextChange *change)
{
    TSInputEdit edit = {
        .start_byte = change->start.n,
        .old_end_byte = change->old_end.n,
        .new_end_byte = change->new_end.n,
        .start_point = point_of(change->start_point),
        .old_end_point = point_of(change->old_end_point),
        .new_end_point = point_of(change->new_end_point),
    };
    ts_tree_edit(tree, &edit);
}

static void note_history(Syntax *syntax, const TSTree *edited, const TextChange *changes,
                         size_t count)
{
    syntax->before = text_id(changes[0].before);
    syntax->edits = NEW_ARRAY(syntax->arena, SyntaxEdit, count);
    for (size_t i = 0; i < count; i++)
        syntax->edits[syntax->edit_count++] =
            (SyntaxEdit){changes[i].start.n, changes[i].old_end.n, changes[i].new_end.n};
    uint32_t found;
    TSRange *ranges = ts_tree_get_changed_ranges(edited, syntax->tree, &found);
    syntax->changed = NEW_ARRAY(syntax->arena, ByteRange, found);
    for (uint32_t i = 0; i < found; i++)
        syntax->changed[syntax->changed_count++] =
            (ByteRange){{ranges[i].start_byte}, {ranges[i].end_byte}};
    free(ranges);
}

Syntax *syntax_parse(LangId lang, const Text *text, const Syntax *old, const TextChange *changes,
                     size_t count, const atomic_bool *cancelled)
{
    if (!lang_get(lang)->grammar)
        return NULL;
    if (!old || old->lang != lang || count == 0) {
        TSTree *tree = parse(lang, text, NULL, cancelled);
        return tree ? syntax_new(lang, tree) : NULL;
    }
    CLEANUP(delete_tree) TSTree *edited = ts_tree_copy(old->tree);
    for (size_t i = 0; i < count; i++)
        edit_tree(edited, &changes[i]);
    TSTree *tree = parse(lang, text, edited, cancelled);
    if (!tree)
        return NULL;
    Syntax *syntax = syntax_new(lang, tree);
    note_history(syntax, edited, changes, count);
    return syntax;
}

/* ------------------------------------------------------------------ life and questions */

static void *copy_items(Arena *arena, const void *items, size_t count, size_t size)
{
    void *copy = arena_alloc(arena, count, size);
    if (count)
        memcpy(copy, items, count * size);
    return copy;
}

Syntax *syntax_copy(const Syntax *syntax)
{
    if (!syntax)
        return NULL;
    Syntax *copy = syntax_new(syntax->lang, ts_tree_copy(syntax->tree));
    copy->before = syntax->before;
    copy->edits = copy_items(copy->arena, syntax->edits, syntax->edit_count, sizeof(SyntaxEdit));
    copy->edit_count = syntax->edit_count;
    copy->changed =
        copy_items(copy->arena, syntax->changed, syntax->changed_count, sizeof(ByteRange));
    copy->changed_count = syntax->changed_count;
    return copy;
}

void syntax_free(Syntax *syntax)
{
    if (!syntax)
        return;
    ts_tree_delete(syntax->tree);
    arena_free(syntax->arena);
}

LangId syntax_lang(const Syntax *syntax)
{
    return syntax ? syntax->lang : LANG_NONE;
}

bool syntax_is_broken(const Syntax *syntax)
{
    return syntax && ts_node_has_error(ts_tree_root_node(syntax->tree));
}

Str syntax_print(Arena *arena, const Syntax *syntax)
{
    if (!syntax)
        return S("");
    char *text = ts_node_string(ts_tree_root_node(syntax->tree));
    Str copy = str_copy(arena, str_from_c(text));
    free(text);
    return copy;
}
