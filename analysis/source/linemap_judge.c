/* Which pairs of a line diff are certain. */

#include <ctype.h>

#include "analysis/source/linemap_diff.h"

/*
 * A line that occurs once in both texts is itself. Any other one is only itself while
 *   - it stands by its neighbour: an unbroken run of pairs leads from it, up or down, to a unique
 *     line or to an end of the span, and
 *   - its likes are all still there: between the two unique lines around it, it occurs as often in
 *     the new text as in the old one and has the same rank, or it occurs once in the old one.
 */
static bool is_next(const LineTo *before, const LineTo *line)
{
    return before->aligned && line->aligned && before->to.n + 1 == line->to.n;
}

/* Bit 0: linked to what is above. Bit 1: to what is below. */
static uint8_t *link_runs(const Diff *diff)
{
    const LineTo *lines = diff->lines;
    uint32_t len = diff->old.count;
    uint32_t first = diff->now.first, last = first + diff->now.count - 1;
    uint8_t *links = NEW_ARRAY(diff->scratch, uint8_t, len + 1);
    for (uint32_t i = 0; i < len; i++)
        if (diff->pairs[i] >= PAIR_UNIQUE ||
            (i == 0 ? lines[i].aligned && lines[i].to.n == first
                    : links[i - 1] && is_next(&lines[i - 1], &lines[i])))
            links[i] = 1;
    for (uint32_t i = len; i-- > 0;)
        if (diff->pairs[i] >= PAIR_UNIQUE ||
            (i + 1 == len ? lines[i].aligned && lines[i].to.n == last
                          : links[i + 1] & 2 && is_next(&lines[i], &lines[i + 1])))
            links[i] |= 2;
    return links;
}

/* Of each line: how many equal ones stand before it in the range. Leaves the counts in `seen`. */
static uint32_t *ranks_of(Arena *scratch, Side *side, uint32_t from, uint32_t to)
{
    uint32_t *ranks = NEW_ARRAY(scratch, uint32_t, to - from + 1);
    for (uint32_t i = from; i < to; i++)
        ranks[i - from] = side->seen[side->ids[i]]++;
    return ranks;
}

static bool has_copies(const Diff *diff, Range range)
{
    for (uint32_t i = range.a; i < range.b; i++)
        if (diff->now.seen[diff->old.ids[i]] > diff->old.seen[diff->old.ids[i]])
            return true;
    return false;
}

/* "}" and the like are everywhere and say nothing. */
static bool says_something(Str line)
{
    for (size_t i = 0; i < line.len; i++)
        if (isalnum((unsigned char)line.ptr[i]) || (unsigned char)line.ptr[i] >= 0x80)
            return true;
    return false;
}

static void judge_range(Diff *diff, Range range, const uint8_t *links)
{
    if (range.a == range.b)
        return;
    ArenaMark mark = arena_mark(diff->scratch);
    const uint32_t *old_ranks = ranks_of(diff->scratch, &diff->old, range.a, range.b);
    const uint32_t *now_ranks = ranks_of(diff->scratch, &diff->now, range.c, range.d);
    bool copies = has_copies(diff, range);
    for (uint32_t i = range.a; i < range.b; i++) {
        if (diff->pairs[i] != PAIR_ALIGNED)
            continue;
        uint32_t id = diff->old.ids[i];
        uint32_t then = diff->old.seen[id], now = diff->now.seen[id];
        uint32_t j = diff->lines[i].to.n - diff->now.first;
        bool same_rank = old_ranks[i - range.a] == now_ranks[j - range.c];
        bool firm = links[i] == 3 || (links[i] && says_something(linemap_line(&diff->old, i)));
        bool all_there = then == now && same_rank && (!copies || links[i] == 3);
        diff->lines[i].certain = firm && (then == 1 || all_there);
    }
    linemap_uncount(diff, range);
    arena_rollback(diff->scratch, mark);
}

void linemap_judge(Diff *diff)
{
    const uint8_t *links = link_runs(diff);
    Range between = {0};
    for (uint32_t i = 0; i < diff->old.count; i++) {
        LineTo *line = &diff->lines[i];
        line->certain = diff->pairs[i] >= PAIR_UNIQUE;
        if (diff->pairs[i] != PAIR_IN_ORDER)
            continue;
        between.b = i;
        between.d = line->to.n - diff->now.first;
        judge_range(diff, between, links);
        between.a = between.b + 1;
        between.c = between.d + 1;
    }
    between.b = diff->old.count;
    between.d = diff->now.count;
    judge_range(diff, between, links);
    for (uint32_t i = 0; i < diff->old.count; i++) {
        LineTo *line = &diff->lines[i];
        bool same = line->certain &&
                    str_eq(linemap_line(&diff->old, i), text_line(diff->now.text, line->to));
        line->fate = same ? LINE_SAME : line->to.n ? LINE_ALTERED : LINE_GONE;
    }
}
