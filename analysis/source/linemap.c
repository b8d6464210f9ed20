#include "analysis/source/linemap.h"

#include "analysis/source/linemap_diff.h"
#include "base/array.h"
#include "base/digest.h"

static const uint32_t NONE = UINT32_MAX;

enum {
    DEPTH_MAX = 24,        /* levels of patience; a level is linear in the lines it looks at */
    CELLS_MAX = 256 * 256, /* largest table of the longest common subsequence */
};

/* ------------------------------------------------------------------ lines as numbers */

Str linemap_line(const Side *side, uint32_t i)
{
    return text_line(side->text, (LineNo){side->first + i});
}

static Str without_indent(Str line)
{
    while (line.len && (line.ptr[0] == ' ' || line.ptr[0] == '\t'))
        line = str_from(line, 1);
    return line;
}

typedef struct Numbering {
    struct Slot {
        Digest key;
        uint32_t id; /* plus 1; 0 is an empty slot */
    } * slots;
    size_t mask;
    uint32_t count;
} Numbering;

/* The empty line is always number 0. */
static uint32_t number_of(Numbering *numbering, Str content)
{
    if (content.len == 0)
        return 0;
    Digest key = digest_of(content);
    size_t at = key.low & numbering->mask;
    while (numbering->slots[at].id && !digest_eq(numbering->slots[at].key, key))
        at = (at + 1) & numbering->mask;
    if (!numbering->slots[at].id) {
        numbering->slots[at].key = key;
        numbering->slots[at].id = numbering->count++ + 1;
    }
    return numbering->slots[at].id - 1;
}

static void number_lines(Arena *scratch, Numbering *numbering, Side *side)
{
    side->ids = NEW_ARRAY(scratch, uint32_t, side->count + 1);
    side->used = NEW_ARRAY(scratch, bool, side->count + 1);
    for (uint32_t i = 0; i < side->count; i++)
        side->ids[i] = number_of(numbering, without_indent(linemap_line(side, i)));
}

static void number_both(Arena *scratch, Diff *diff)
{
    size_t size = 16;
    while (size < 2 * ((size_t)diff->old.count + diff->now.count))
        size *= 2;
    Numbering numbering = {.mask = size - 1, .count = 1};
    numbering.slots = NEW_ARRAY(scratch, struct Slot, size);
    number_lines(scratch, &numbering, &diff->old);
    number_lines(scratch, &numbering, &diff->now);
    diff->old.seen = NEW_ARRAY(scratch, uint32_t, numbering.count);
    diff->old.last = NEW_ARRAY(scratch, uint32_t, numbering.count);
    diff->now.seen = NEW_ARRAY(scratch, uint32_t, numbering.count);
    diff->now.last = NEW_ARRAY(scratch, uint32_t, numbering.count);
}

static void count_lines(Side *side, uint32_t from, uint32_t to)
{
    for (uint32_t i = from; i < to; i++) {
        side->seen[side->ids[i]]++;
        side->last[side->ids[i]] = i;
    }
}

static void count_range(Diff *diff, Range range)
{
    count_lines(&diff->old, range.a, range.b);
    count_lines(&diff->now, range.c, range.d);
}

/* ------------------------------------------------------------------ pairs */

void linemap_uncount(Diff *diff, Range range)
{
    for (uint32_t i = range.a; i < range.b; i++)
        diff->old.seen[diff->old.ids[i]] = 0;
    for (uint32_t i = range.c; i < range.d; i++)
        diff->now.seen[diff->now.ids[i]] = 0;
}

void linemap_pair(Diff *diff, uint32_t i, uint32_t j, Pair kind)
{
    diff->lines[i].to.n = diff->now.first + j;
    diff->lines[i].aligned = kind != PAIR_BY_PLACE;
    diff->pairs[i] = kind;
    diff->old.used[i] = true;
    diff->now.used[j] = true;
}

/* ------------------------------------------------------------------ where no line is unique */

/* What a pair is worth: pairs count in the upper bits, pairs of equal bytes in the lower ones. */
static uint32_t worth(const Diff *diff, uint32_t i, uint32_t j)
{
    if (diff->old.ids[i] != diff->now.ids[j])
        return 0;
    return (1U << 16) + (str_eq(linemap_line(&diff->old, i), linemap_line(&diff->now, j)) ? 1 : 0);
}

/* A cell holds the worth of the best alignment of what is at or behind its two lines. */
static void fill_table(const Diff *diff, Range range, uint32_t *table)
{
    uint32_t width = range.d - range.c + 1;
    for (uint32_t i = range.b - range.a; i-- > 0;) {
        for (uint32_t j = range.d - range.c; j-- > 0;) {
            uint32_t *cell = &table[i * width + j];
            uint32_t here = worth(diff, range.a + i, range.c + j);
            uint32_t both = here ? cell[width + 1] + here : 0;
            *cell = cell[width] > cell[1] ? cell[width] : cell[1];
            *cell = both > *cell ? both : *cell;
        }
    }
}

typedef Array(Range) Pairs; /* only a and c are used */

static void common_subsequence(Diff *diff, Range range, Pairs *pairs)
{
    uint32_t width = range.d - range.c + 1, height = range.b - range.a + 1;
    uint32_t *table = NEW_ARRAY(diff->scratch, uint32_t, (size_t)width * height);
    fill_table(diff, range, table);
    for (uint32_t i = 0, j = 0; i + 1 < height && j + 1 < width;) {
        const uint32_t *cell = &table[i * width + j];
        uint32_t here = worth(diff, range.a + i, range.c + j);
        if (here && *cell == cell[width + 1] + here) {
            *array_push(diff->scratch, pairs) = (Range){.a = range.a + i, .c = range.c + j};
            i++, j++;
        } else if (*cell == cell[width]) {
            i++;
        } else {
            j++;
        }
    }
}

static bool equal_at(const Diff *diff, uint32_t i, uint32_t j)
{
    return diff->old.ids[i] == diff->now.ids[j];
}

static void align_ends(Diff *diff, Range range, Pairs *pairs)
{
    while (range.a < range.b && range.c < range.d && equal_at(diff, range.a, range.c))
        *array_push(diff->scratch, pairs) = (Range){.a = range.a++, .c = range.c++};
    size_t tail = 0;
    while (range.b - tail > range.a && range.d - tail > range.c &&
           equal_at(diff, range.b - (uint32_t)tail - 1, range.d - (uint32_t)tail - 1))
        tail++;
    for (; tail > 0; tail--)
        *array_push(diff->scratch, pairs) =
            (Range){.a = range.b - (uint32_t)tail, .c = range.d - (uint32_t)tail};
}

static void align_rest(Diff *diff, Range range)
{
    ArenaMark mark = arena_mark(diff->scratch);
    Pairs pairs = {0};
    uint64_t cells = (uint64_t)(range.b - range.a) * (range.d - range.c);
    if (cells <= CELLS_MAX)
        common_subsequence(diff, range, &pairs);
    else
        align_ends(diff, range, &pairs);
    Range between = range;
    array_each (Range, at, &pairs) {
        linemap_place(diff, (Range){between.a, at->a, between.c, at->c});
        linemap_pair(diff, at->a, at->c, PAIR_ALIGNED);
        between.a = at->a + 1;
        between.c = at->c + 1;
    }
    linemap_place(diff, between);
    arena_rollback(diff->scratch, mark);
}

/* ------------------------------------------------------------------ patience */

/* The lines that occur once on both sides of the range, in the order of the old side. */
static void unique_pairs(Diff *diff, Range range, Pairs *pairs)
{
    count_range(diff, range);
    for (uint32_t i = range.a; i < range.b; i++) {
        uint32_t id = diff->old.ids[i];
        if (id != 0 && diff->old.seen[id] == 1 && diff->now.seen[id] == 1)
            *array_push(diff->scratch, pairs) = (Range){.a = i, .c = diff->now.last[id]};
    }
    linemap_uncount(diff, range);
}

/*
 * Longest increasing subsequence of the new places, by patience sorting: piles[k] is the pair that
 * ends the best sequence of length k + 1 so far. `before` leads back from the last one. Marks the
 * members by setting d to 1.
 */
static void mark_increasing(Arena *scratch, Pairs *pairs)
{
    uint32_t *piles = NEW_ARRAY(scratch, uint32_t, pairs->len);
    uint32_t *before = NEW_ARRAY(scratch, uint32_t, pairs->len);
    uint32_t count = 0;
    for (uint32_t i = 0; i < pairs->len; i++) {
        uint32_t low = 0, high = count;
        while (low < high) {
            uint32_t middle = low + (high - low) / 2;
            if (pairs->items[piles[middle]].c < pairs->items[i].c)
                low = middle + 1;
            else
                high = middle;
        }
        before[i] = low ? piles[low - 1] : NONE;
        piles[low] = i;
        count = low == count ? count + 1 : count;
    }
    for (uint32_t at = count ? piles[count - 1] : NONE; at != NONE; at = before[at])
        pairs->items[at].d = 1;
}

static bool is_empty(Range range)
{
    return range.a == range.b || range.c == range.d;
}

static void align(Diff *diff, Range range, int depth)
{
    if (is_empty(range))
        return;
    ArenaMark mark = arena_mark(diff->scratch);
    Pairs pairs = {0};
    if (depth < DEPTH_MAX)
        unique_pairs(diff, range, &pairs);
    mark_increasing(diff->scratch, &pairs);
    Range between = range;
    array_each (Range, at, &pairs) {
        /* A line unique in both whole texts is itself even where it was carried past others. */
        if (depth == 0)
            linemap_pair(diff, at->a, at->c, at->d ? PAIR_IN_ORDER : PAIR_UNIQUE);
        else if (at->d)
            linemap_pair(diff, at->a, at->c, PAIR_ALIGNED);
    }
    array_each (Range, at, &pairs) {
        if (!at->d)
            continue;
        align(diff, (Range){between.a, at->a, between.c, at->c}, depth + 1);
        between.a = at->a + 1;
        between.c = at->c + 1;
    }
    if (between.a == range.a && between.c == range.c)
        align_rest(diff, range);
    else
        align(diff, between, depth + 1);
    arena_rollback(diff->scratch, mark);
}

static LineMap diff_spans(Arena *arena, const Side *old, const Side *now, bool alike)
{
    CLEANUP(arena_cleanup) Arena *scratch = arena_new("linemap");
    LineMap map = {.len = old->count, .lines = NEW_ARRAY(arena, LineTo, old->count + 1)};
    Diff diff = {
        .scratch = scratch,
        .old = *old,
        .now = *now,
        .lines = map.lines,
        .pairs = NEW_ARRAY(scratch, Pair, old->count + 1),
        .alike = alike,
    };
    number_both(scratch, &diff);
    align(&diff, (Range){0, old->count, 0, now->count}, 0);
    linemap_judge(&diff);
    return map;
}

LineMap linemap_of(Arena *arena, const Text *old, const Text *now)
{
    Side before = {.text = old, .first = 1, .count = text_lines(old)};
    Side after = {.text = now, .first = 1, .count = text_lines(now)};
    return diff_spans(arena, &before, &after, true);
}

LineMap linemap_between(Arena *arena, const Text *old, LineSpan old_span, const Text *now,
                        LineSpan now_span)
{
    Side before = {.text = old, .first = old_span.first.n, .count = old_span.count};
    Side after = {.text = now, .first = now_span.first.n, .count = now_span.count};
    return diff_spans(arena, &before, &after, false);
}
