/*
 * What a line diff leaves over: lines that were edited, deleted or written. Who stood where is a
 * guess; such lines are only ever called altered.
 */

#include "analysis/source/linemap_diff.h"

enum {
    CELLS_MAX = 64 * 64, /* larger gaps are not looked at for likeness */
    ALIKE = 50,          /* percent that two lines must share at their ends */
};

/* What stands unpaired between two pairs is paired in order: first with first. */
static void place_in_order(Diff *diff, Range range)
{
    uint32_t j = range.c;
    for (uint32_t i = range.a; i < range.b; i++) {
        if (diff->old.used[i])
            continue;
        while (j < range.d && diff->now.used[j])
            j++;
        if (j == range.d)
            return;
        linemap_pair(diff, i, j, PAIR_BY_PLACE);
    }
}

/* Percent of the longer line that the two have in common at their ends, indentation aside. */
static uint32_t likeness(Str a, Str b)
{
    a = str_trim(a);
    b = str_trim(b);
    size_t most = a.len < b.len ? a.len : b.len, head = 0, tail = 0;
    while (head < most && a.ptr[head] == b.ptr[head])
        head++;
    while (tail < most - head && a.ptr[a.len - 1 - tail] == b.ptr[b.len - 1 - tail])
        tail++;
    size_t longer = a.len > b.len ? a.len : b.len;
    uint32_t percent = longer ? (uint32_t)(100 * (head + tail) / longer) : 0;
    return percent >= ALIKE ? percent : 0;
}

static uint32_t worth(const Diff *diff, uint32_t i, uint32_t j)
{
    if (diff->old.used[i] || diff->now.used[j])
        return 0;
    return likeness(linemap_line(&diff->old, i), linemap_line(&diff->now, j));
}

/* A cell holds the worth of the best pairing of what is at or behind its two lines. */
static uint32_t *fill_table(const Diff *diff, Range range)
{
    uint32_t height = range.b - range.a, width = range.d - range.c + 1;
    uint32_t *table = NEW_ARRAY(diff->scratch, uint32_t, (size_t)(height + 1) * width);
    for (uint32_t i = height; i-- > 0;) {
        for (uint32_t j = width - 1; j-- > 0;) {
            uint32_t *cell = &table[i * width + j];
            uint32_t both = cell[width + 1] + worth(diff, range.a + i, range.c + j);
            *cell = cell[width] > cell[1] ? cell[width] : cell[1];
            *cell = both > *cell ? both : *cell;
        }
    }
    return table;
}

static void place_alike(Diff *diff, Range range)
{
    ArenaMark mark = arena_mark(diff->scratch);
    const uint32_t *table = fill_table(diff, range);
    uint32_t height = range.b - range.a, width = range.d - range.c + 1;
    Range between = range;
    for (uint32_t i = 0, j = 0; i < height && j + 1 < width;) {
        const uint32_t *cell = &table[i * width + j];
        uint32_t here = worth(diff, range.a + i, range.c + j);
        if (here && *cell == cell[width + 1] + here) {
            place_in_order(diff, (Range){between.a, range.a + i, between.c, range.c + j});
            linemap_pair(diff, range.a + i, range.c + j, PAIR_BY_PLACE);
            between.a = range.a + ++i;
            between.c = range.c + ++j;
        } else if (*cell == cell[width]) {
            i++;
        } else {
            j++;
        }
    }
    place_in_order(diff, between);
    arena_rollback(diff->scratch, mark);
}

void linemap_place(Diff *diff, Range range)
{
    uint64_t cells = (uint64_t)(range.b - range.a) * (range.d - range.c);
    if (diff->alike && cells > 1 && cells <= CELLS_MAX)
        place_alike(diff, range);
    else
        place_in_order(diff, range);
}
