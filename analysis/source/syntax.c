#include "analysis/source/syntax.h"

#include <stdlib.h>

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

enum {
    STEPS_PER_CALL = 100,   /* tree-sitter asks whether to go on after that many */
    CALLS_AFTER_ERROR = 16, /* recovering is the slow part, and seldom worth it between two keys */
};

typedef struct Limit {
    const atomic_bool *cancelled;
    uint32_t calls; /* left; UINT32_MAX for no limit */
} Limit;

static bool must_stop(TSParseState *state)
{
    Limit *limit = state->payload;
    if (limit->cancelled && atomic_load_explicit(limit->cancelled, memory_order_relaxed))
        return true;
    if (limit->calls == UINT32_MAX)
        return false;
    if (state->has_error && limit->calls > CALLS_AFTER_ERROR)
        limit->calls = CALLS_AFTER_ERROR;
    return limit->calls == 0 || --limit->calls == 0;
}

static TSTree *parse(LangId lang, const Text *text, const TSTree *old, Limit *limit)
{
    CLEANUP(delete_parser) TSParser *parser = ts_parser_new();
    if (!ts_parser_set_language(parser, lang_get(lang)->grammar()))
        return NULL;
    TSInput input = {
        .payload = (void *)(uintptr_t)text,
        .read = read_bytes,
        .encoding = TSInputEncodingUTF8,
    };
    TSParseOptions options = {.payload = limit, .progress_callback = must_stop};
    return ts_parser_parse_with_options(parser, old, input, options);
}

/* ------------------------------------------------------------------ parsing again */

static TSPoint point_of(TextPoint point)
{
    return (TSPoint){.row = point.row, .column = point.column};
}

static TSTree *edited_tree(const Syntax *old, const TextChange *changes, size_t count)
{
    TSTree *tree = ts_tree_copy(old->tree);
    for (size_t i = 0; i < count; i++) {
        TSInputEdit edit = {
            .start_byte = changes[i].start.n,
            .old_end_byte = changes[i].old_end.n,
            .new_end_byte = changes[i].new_end.n,
            .start_point = point_of(changes[i].start_point),
            .old_end_point = point_of(changes[i].old_end_point),
            .new_end_point = point_of(changes[i].new_end_point),
        };
        ts_tree_edit(tree, &edit);
    }
    return tree;
}

static void note_edits(Syntax *syntax, const TextChange *changes, size_t count)
{
    syntax->before = text_id(changes[0].before);
    syntax->edits = NEW_ARRAY(syntax->arena, SyntaxEdit, count);
    for (size_t i = 0; i < count; i++)
        syntax->edits[syntax->edit_count++] =
            (SyntaxEdit){changes[i].start.n, changes[i].old_end.n, changes[i].new_end.n};
}

static void note_changed(Syntax *syntax, const TSTree *edited)
{
    uint32_t found;
    TSRange *ranges = ts_tree_get_changed_ranges(edited, syntax->tree, &found);
    syntax->changed = NEW_ARRAY(syntax->arena, ByteRange, found);
    for (uint32_t i = 0; i < found; i++)
        syntax->changed[syntax->changed_count++] =
            (ByteRange){{ranges[i].start_byte}, {ranges[i].end_byte}};
    free(ranges);
}

/* NULL when the limit was reached. */
static Syntax *reparse(const Text *text, const Syntax *old, const TextChange *changes, size_t count,
                       Limit *limit)
{
    CLEANUP(delete_tree) TSTree *edited = edited_tree(old, changes, count);
    TSTree *tree = parse(old->lang, text, edited, limit);
    if (!tree)
        return NULL;
    Syntax *syntax = syntax_new(old->lang, tree);
    note_edits(syntax, changes, count);
    note_changed(syntax, edited);
    return syntax;
}

Syntax *syntax_parse(LangId lang, const Text *text, const Syntax *old, const TextChange *changes,
                     size_t count, const atomic_bool *cancelled)
{
    Limit limit = {.cancelled = cancelled, .calls = UINT32_MAX};
    if (!lang_get(lang)->grammar)
        return NULL;
    if (old && old->lang == lang && count > 0 && !old->stale)
        return reparse(text, old, changes, count, &limit);
    TSTree *tree = parse(lang, text, NULL, &limit);
    return tree ? syntax_new(lang, tree) : NULL;
}

Syntax *syntax_follow(const Text *text, const Syntax *old, const TextChange *changes, size_t count,
                      const atomic_bool *cancelled)
{
    Limit limit = {.cancelled = cancelled, .calls = SYNTAX_FOLLOW_STEPS / STEPS_PER_CALL};
    if (!old || count == 0)
        return NULL;
    Syntax *syntax = old->stale ? NULL : reparse(text, old, changes, count, &limit);
    if (syntax || (!old->stale && limit.calls > 0))
        return syntax;
    syntax = syntax_new(old->lang, ts_tree_copy(old->tree));
    note_edits(syntax, changes, count);
    syntax->stale = true;
    return syntax;
}

/* ------------------------------------------------------------------ life and questions */

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

bool syntax_is_stale(const Syntax *syntax)
{
    return syntax && syntax->stale;
}

bool syntax_is_broken(const Syntax *syntax)
{
    return syntax && ts_node_has_error(ts_tree_root_node(syntax->tree));
}

bool syntax_is_provisional(const Syntax *syntax)
{
    return syntax_is_stale(syntax) || (syntax && syntax->edit_count && syntax_is_broken(syntax));
}
