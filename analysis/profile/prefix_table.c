#include "analysis/profile/prefix_table.h"

enum {
    FIRST_CELLS = 4096
};

PrefixTable prefix_table_new(Arena *arena)
{
    return (PrefixTable){
        .arena = arena,
        .cells = NEW_ARRAY(arena, PrefixCell, FIRST_CELLS),
        .mask = FIRST_CELLS - 1,
    };
}

static void put(PrefixTable *table, PrefixCell cell)
{
    size_t at = cell.hash & table->mask;
    while (table->cells[at].node)
        at = (at + 1) & table->mask;
    table->cells[at] = cell;
}

/* In the order of the old table, which is nearly the order of the new one: no cache misses. */
static void grow(PrefixTable *table)
{
    PrefixTable bigger = {table->arena, NULL, table->mask * 2 + 1, table->len};
    bigger.cells = NEW_ARRAY(table->arena, PrefixCell, bigger.mask + 1);
    for (size_t i = 0; i <= table->mask; i++)
        if (table->cells[i].node)
            put(&bigger, table->cells[i]);
    *table = bigger;
}

void prefix_add(PrefixTable *table, uint64_t hash, uint32_t item, uint32_t node)
{
    if (table->len * 3 >= table->mask * 2)
        grow(table);
    table->len++;
    put(table, (PrefixCell){hash, node, item});
}
