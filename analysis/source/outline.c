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

static int compare_places(const OutlineItem *x, const OutlineItem *y)
{
    if (x->range.start.n != y->range.start.n)
        return x->range.start.n < y->range.start.n ? -1 : 1;
    if (x->range.end.n != y->range.end.n)
        return x->range.end.n > y->range.end.n ? -1 : 1;
    return (int)x->kind - (int)y->kind;
}

/* Two patterns may name one thing by two of its words: the first word comes first, and stays. */
static int compare_items(const void *a, const void *b)
{
    const OutlineItem *x = a, *y = b;
    int order = compare_places(x, y);
    if (order != 0)
        return order;
    return (x->name_range.start.n > y->name_range.start.n) -
           (x->name_range.start.n < y->name_range.start.n);
}

static void drop_doubles(Outline *outline)
{
    size_t kept = 0;
    for (size_t i = 0; i < outline->len; i++)
        if (kept == 0 || compare_places(&outline->items[kept - 1], &outline->items[i]) != 0)
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

static Str joined(Arena *arena, Str a, Str separator, Str b)
{
    char *out = NEW_ARRAY(arena, char, a.len + separator.len + b.len);
    memcpy(out, a.ptr, a.len);
    memcpy(out + a.len, separator.ptr, separator.len);
    memcpy(out + a.len + separator.len, b.ptr, b.len);
    return (Str){out, a.len + separator.len + b.len};
}

/*
 * C++ has no function in a function: one that seems so stands behind a brace that is missing while
 * somebody types, and keeps its name.
 */
static const OutlineItem *qualifier_of_name(const Outline *outline, const OutlineItem *item)
{
    const OutlineItem *around = qualifies(item) ? qualifier_of(outline, item) : NULL;
    while (outline->lang == LANG_CUDA && item->kind == OUTLINE_FUNCTION && around &&
           around->kind == OUTLINE_FUNCTION)
        around = qualifier_of(outline, around);
    return around;
}

static void set_name(Arena *arena, const Outline *outline, const Text *text, OutlineItem *item)
{
    if (item->name_range.end.n == item->name_range.start.n)
        return;
    item->name = text_slice(text, item->name_range);
    const OutlineItem *around = qualifier_of_name(outline, item);
    if (around && around->name.len + item->name.len <= NAME_BYTES_MAX)
        item->name = joined(arena, around->name, outline->lang == LANG_PYTHON ? S(".") : S("::"),
                            item->name);
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

static bool is_too_deep(const Outline *outline, const OutlineItem *item)
{
    int depth = 0;
    while ((item = qualifier_of(outline, item)))
        if (++depth > DIGEST_DEPTH_MAX)
            return true;
    return false;
}

static void set_digest(Arena *arena, const Outline *outline, const Text *text, OutlineItem *item)
{
    if (is_too_deep(outline, item)) {
        item->body = (Digest){0};
        return;
    }
    if (!digest_is_zero(item->body))
        return;
    Str body = text_slice(text, (ByteRange){item->body_start, item->range.end});
    ArenaMark mark = arena_mark(arena);
    if (body.len && memchr(body.ptr, '\r', body.len))
        body = without_carriage_returns(arena, body);
    item->body = digest_of(body);
    arena_rollback(arena, mark);
}

static void sort_items(OutlineItems *items)
{
    if (items->len)
        qsort(items->items, items->len, sizeof(*items->items), compare_items);
}

/* What the parser lost in broken CUDA source. */
static void add_guessed(Arena *arena, const Syntax *syntax, const Text *text, OutlineItems *items)
{
    if (syntax_lang(syntax) != LANG_CUDA || !syntax_is_broken(syntax))
        return;
    size_t len = items->len;
    outline_guess(arena, text, items);
    if (items->len > len)
        sort_items(items);
}

/* Parents and names depend on what stands around, so they are made anew even for kept items. */
static Outline finish(Arena *arena, LangId lang, const Text *text, OutlineItems items)
{
    Outline outline = {
        .lang = lang,
        .items = items.items,
        .len = items.len,
        .text = text_id(text),
    };
    drop_doubles(&outline);
    link_parents(&outline);
    array_each (OutlineItem, item, &outline) {
        set_name(arena, &outline, text, item);
        if (item->kind == OUTLINE_FUNCTION)
            set_digest(arena, &outline, text, item);
    }
    return outline;
}

/* ------------------------------------------------------------------ from scratch */

Outline outline_of(Arena *arena, const Syntax *syntax, const Text *text)
{
    OutlineItems items = {0};
    if (syntax)
        outline_scan(arena, syntax, text, (ByteRange){{0}, {UINT32_MAX}}, &items);
    sort_items(&items);
    add_guessed(arena, syntax, text, &items);
    return finish(arena, syntax_lang(syntax), text, items);
}

/* ------------------------------------------------------------------ after edits */

/*
 * Dirty are the bytes that were edited and those where the parser says the structure differs, one
 * more byte on each side. An item that touches none of them is what it was, somewhere else; those
 * that do are looked for again, and so are all that stand around them, which touch them as well.
 */
typedef Array(ByteRange) ByteRanges;

static bool touches(ByteRange a, ByteRange b)
{
    return a.end.n >= b.start.n && a.start.n <= b.end.n;
}

static uint32_t shifted(uint32_t at, const SyntaxEdit *edit, uint32_t inside)
{
    if (at < edit->start)
        return at;
    return at > edit->old_end ? at - edit->old_end + edit->new_end : inside;
}

static int compare_ranges(const void *a, const void *b)
{
    const ByteRange *x = a, *y = b;
    return (x->start.n > y->start.n) - (x->start.n < y->start.n);
}

static void merge_ranges(ByteRanges *ranges)
{
    qsort(ranges->items, ranges->len, sizeof(ByteRange), compare_ranges);
    size_t kept = 0;
    array_each (ByteRange, range, ranges) {
        ByteRange *last = kept ? &ranges->items[kept - 1] : NULL;
        if (!last || range->start.n > last->end.n)
            ranges->items[kept++] = *range;
        else if (range->end.n > last->end.n)
            last->end = range->end;
    }
    ranges->len = kept;
}

static ByteRanges dirty_ranges(Arena *arena, const Syntax *syntax)
{
    ByteRanges dirty = {0};
    for (size_t i = 0; i < syntax->edit_count; i++) {
        ByteRange range = {{syntax->edits[i].start}, {syntax->edits[i].new_end}};
        for (size_t k = i + 1; k < syntax->edit_count; k++) {
            const SyntaxEdit *edit = &syntax->edits[k];
            range.start.n = shifted(range.start.n, edit, edit->start);
            range.end.n = shifted(range.end.n, edit, edit->new_end);
        }
        *array_push(arena, &dirty) = range;
    }
    for (size_t i = 0; i < syntax->changed_count; i++)
        *array_push(arena, &dirty) = syntax->changed[i];
    array_each (ByteRange, range, &dirty) {
        range->start.n -= range->start.n > 0;
        range->end.n++;
    }
    merge_ranges(&dirty);
    return dirty;
}

/* Where an item's range is after the recent edits; false when one of them touched it. */
static bool follow(const Syntax *syntax, ByteRange *range)
{
    for (size_t i = 0; i < syntax->edit_count; i++) {
        const SyntaxEdit *edit = &syntax->edits[i];
        if (touches(*range, (ByteRange){{edit->start}, {edit->old_end}}))
            return false;
        range->start.n = shifted(range->start.n, edit, edit->start);
        range->end.n = shifted(range->end.n, edit, edit->new_end);
    }
    return true;
}

static bool is_dirty(const ByteRanges *dirty, ByteRange range)
{
    size_t low = 0, high = dirty->len;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (dirty->items[middle].end.n < range.start.n)
            low = middle + 1;
        else
            high = middle;
    }
    return low < dirty->len && touches(range, dirty->items[low]);
}

static void move_item(OutlineItem *item, ByteRange to, const Text *text, LineNo *line)
{
    uint32_t shift = to.start.n - item->range.start.n;
    uint32_t height = item->last.n - item->first.n;
    while (line->n < text_lines(text) &&
           text_line_range(text, (LineNo){line->n + 1}).start.n <= to.start.n)
        line->n++;
    item->range = to;
    item->body_start.n += shift;
    if (item->name_range.end.n > item->name_range.start.n) {
        item->name_range.start.n += shift;
        item->name_range.end.n += shift;
    }
    item->first = *line;
    item->last.n = line->n + height;
}

static OutlineItems keep_clean(Arena *arena, const Outline *old, const Syntax *syntax,
                               const Text *text, const ByteRanges *dirty, size_t room)
{
    OutlineItems kept = {.items = NEW_ARRAY(arena, OutlineItem, old->len + room + 1)};
    kept.cap = old->len + room + 1;
    LineNo line = {1};
    array_each (const OutlineItem, item, old) {
        ByteRange range = item->range;
        if (item->guessed || !follow(syntax, &range) || is_dirty(dirty, range))
            continue; /* guesses are made anew */
        OutlineItem *copy = &kept.items[kept.len++];
        *copy = *item;
        move_item(copy, range, text, &line);
    }
    return kept;
}

/* From the back, as both are sorted and there is room in `kept`. */
static void merge_items(OutlineItems *kept, const OutlineItems *found)
{
    size_t from = kept->len, to = kept->len + found->len;
    kept->len = to;
    for (size_t left = found->len; left > 0;) {
        const OutlineItem *item = &found->items[left - 1];
        bool keep = from > 0 && compare_items(&kept->items[from - 1], item) > 0;
        kept->items[--to] = keep ? kept->items[--from] : *item;
        left -= !keep;
    }
}

/* Of a range that an edit touched: what is left of it, with what was written inside. */
static ByteRange stretched(const Syntax *syntax, ByteRange range)
{
    for (size_t i = 0; i < syntax->edit_count; i++) {
        const SyntaxEdit *edit = &syntax->edits[i];
        range.start.n = shifted(range.start.n, edit, edit->new_end);
        range.end.n = shifted(range.end.n, edit, edit->start);
        range.end.n = range.end.n > range.start.n ? range.end.n : range.start.n;
    }
    return range;
}

/* The outline of a tree that was only moved: the old one, moved. */
static Outline moved_outline(Arena *arena, const Outline *old, const Syntax *syntax,
                             const Text *text)
{
    OutlineItems items = {.items = NEW_ARRAY(arena, OutlineItem, old->len + 1)};
    LineNo line = {1};
    array_each (const OutlineItem, item, old) {
        ByteRange range = item->range;
        OutlineItem *copy = &items.items[items.len];
        *copy = *item;
        if (follow(syntax, &range)) {
            move_item(copy, range, text, &line);
            items.len++;
            continue;
        }
        copy->range = stretched(syntax, item->range);
        copy->name_range = stretched(syntax, item->name_range);
        copy->body_start = stretched(syntax, (ByteRange){item->body_start, item->range.end}).start;
        copy->first = text_line_at(text, copy->range.start);
        copy->last = text_line_at(text, (ByteOffset){copy->range.end.n - 1});
        copy->body = (Digest){0};
        items.len += copy->range.end.n > copy->range.start.n;
    }
    sort_items(&items);
    return finish(arena, syntax->lang, text, items);
}

Outline outline_update(Arena *arena, const Outline *old, const Syntax *syntax, const Text *text)
{
    if (!syntax || !syntax->edit_count || old->lang != syntax->lang ||
        !digest_eq(old->text, syntax->before))
        return outline_of(arena, syntax, text);
    if (syntax->stale)
        return moved_outline(arena, old, syntax, text);
    CLEANUP(arena_cleanup) Arena *scratch = arena_new("outline");
    ByteRanges dirty = dirty_ranges(scratch, syntax);
    OutlineItems found = {0};
    array_each (ByteRange, range, &dirty) {
        ByteRange wide = {{range->start.n - (range->start.n > 0)}, {range->end.n + 1}};
        outline_scan(scratch, syntax, text, wide, &found);
    }
    sort_items(&found);
    OutlineItems items = keep_clean(arena, old, syntax, text, &dirty, found.len);
    merge_items(&items, &found);
    add_guessed(arena, syntax, text, &items);
    return finish(arena, syntax->lang, text, items);
}
