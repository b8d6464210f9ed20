#include "analysis/source/outline.h"

#include <stdlib.h>
#include <string.h>

#include "analysis/source/outline_scan.h"
#include "analysis/source/syntax_tree.h"
#include "base/strbuf.h"

enum {
    NAME_BYTES_MAX = 1000, /* a longer qualified name stays short */
    DIGEST_DEPTH_MAX = 32, /* so that nested functions cost no more than that many readings */
};

/* ------------------------------------------------------------------ finishing */

static int compare_items(const void *a, const void *b)
{
    const OutlineItem *x = a, *y = b;
    if (x->range.start.n != y->range.start.n)
        return x->range.start.n < y->range.start.n ? -1 : 1;
    if (x->range.end.n != y->range.end.n)
        return x->range.end.n > y->range.end.n ? -1 : 1;
    return (int)x->kind - (int)y->kind;
}

static void drop_doubles(Outline *outline)
{
    size_t kept = 0;
    for (size_t i = 0; i < outline->len; i++)
        if (kept == 0 || compare_items(&outline->items[kept - 1], &outline->items[i]) != 0)
            outline->items[kept++] = outline->items[i];
    outline->len = kept;
}

/* Items in order: an item's parent is the last one before it that has not ended yet. */
static void link_parents(Outline *outline)
{
    OutlineItem *items = outline->items;
    uint32_t around = OUTLINE_NONE;
    for (uint32_t i = 0; i < outline->len; i++) {
        while (around != OUTLINE_NONE && items[around].range.end.n <= items[i].range.start.n)
            around = items[around].parent;
        items[i].parent = around;
        around = i;
    }
}

static bool qualifies(const OutlineItem *item)
{
    return item->kind == OUTLINE_FUNCTION || item->kind == OUTLINE_CLASS;
}

static const OutlineItem *qualifier_of(const Outline *outline, const OutlineItem *item)
{
    do {
        item = outline_parent(outline, item);
    } while (item && !qualifies(item));
    return item;
}

static void set_name(Arena *arena, const Outline *outline, const Text *text, OutlineItem *item)
{
    if (item->name_range.end.n == item->name_range.start.n)
        return;
    item->name = text_slice(text, item->name_range);
    const OutlineItem *around = qualifies(item) ? qualifier_of(outline, item) : NULL;
    if (!around || around->name.len + item->name.len > NAME_BYTES_MAX)
        return;
    Str separator = outline->lang == LANG_PYTHON ? S(".") : S("::");
    item->name = str_fmt(arena, STR_FMT STR_FMT STR_FMT, STR_ARG(around->name), STR_ARG(separator),
                         STR_ARG(item->name));
}

static Str without_carriage_returns(Arena *arena, Str text)
{
    char *out = NEW_ARRAY(arena, char, text.len + 1);
    size_t len = 0;
    for (size_t i = 0; i < text.len; i++)
        if (text.ptr[i] != '\r')
            out[len++] = text.ptr[i];
    return (Str){out, len};
}

static void set_digest(Arena *arena, const Outline *outline, const Text *text, OutlineItem *item)
{
    int depth = 0;
    for (const OutlineItem *at = item; (at = qualifier_of(outline, at));)
        if (++depth > DIGEST_DEPTH_MAX)
            return;
    Str body = text_slice(text, (ByteRange){item->body_start, item->range.end});
    ArenaMark mark = arena_mark(arena);
    if (body.len && memchr(body.ptr, '\r', body.len))
        body = without_carriage_returns(arena, body);
    item->body = digest_of(body);
    arena_rollback(arena, mark);
}

/* Parents and names depend on what stands around, so they are made anew even for kept items. */
static void finish(Arena *arena, Outline *outline, const Text *text)
{
    drop_doubles(outline);
    link_parents(outline);
    array_each (OutlineItem, item, outline) {
        set_name(arena, outline, text, item);
        if (item->kind == OUTLINE_FUNCTION && digest_is_zero(item->body))
            set_digest(arena, outline, text, item);
    }
}

/* ------------------------------------------------------------------ from scratch */

Outline outline_of(Arena *arena, const Syntax *syntax, const Text *text)
{
    Outline outline = {.lang = syntax_lang(syntax), .text = text_id(text)};
    if (!syntax)
        return outline;
    OutlineItems items = {0};
    outline_scan(arena, syntax, text, (ByteRange){{0}, {UINT32_MAX}}, &items);
    if (items.len)
        qsort(items.items, items.len, sizeof(*items.items), compare_items);
    outline.items = items.items;
    outline.len = items.len;
    finish(arena, &outline, text);
    return outline;
}

Outline outline_update(Arena *arena, const Outline *old, const Syntax *syntax, const Text *text)
{
    (void)old;
    return outline_of(arena, syntax, text);
}
