#include "base/intern.h"

#include <string.h>

#include "base/hash64.h"

enum {
    FIRST_CELLS = 256
};

static Arena *arena_of(const Intern *table)
{
    return table->bytes.arena;
}

static void push_offset(Intern *table, uint64_t offset)
{
    if (table->count + 1 >= table->room) {
        size_t room = table->room ? table->room * 2 : FIRST_CELLS;
        uint64_t *bigger = NEW_ARRAY(arena_of(table), uint64_t, room);
        if (table->room)
            memcpy(bigger, table->offsets, (table->count + 1) * sizeof(*bigger));
        table->offsets = bigger;
        table->room = room;
    }
    table->offsets[++table->count] = offset;
}

Intern intern_new(Arena *arena)
{
    Intern table = {.bytes = strbuf_new(arena), .mask = FIRST_CELLS - 1};
    table.cells = NEW_ARRAY(arena, InternCell, FIRST_CELLS);
    strbuf_reserve(&table.bytes, 1);
    push_offset(&table, 0);
    return table;
}

Str intern_str(const Intern *table, uint32_t id)
{
    uint64_t start = table->offsets[id];
    return (Str){table->bytes.ptr + start, (size_t)(table->offsets[id + 1] - start)};
}

static void grow(Intern *table)
{
    size_t mask = table->mask * 2 + 1;
    InternCell *cells = NEW_ARRAY(arena_of(table), InternCell, mask + 1);
    for (size_t i = 0; i <= table->mask; i++) {
        size_t at = table->cells[i].hash & mask;
        if (!table->cells[i].id)
            continue;
        while (cells[at].id)
            at = (at + 1) & mask;
        cells[at] = table->cells[i];
    }
    table->cells = cells;
    table->mask = mask;
}

uint32_t intern_id(Intern *table, Str text)
{
    if (text.len == 0)
        return 0;
    if (table->count * 2 > table->mask)
        grow(table);
    uint32_t hash = (uint32_t)hash64_bytes(text.ptr, text.len);
    size_t at = hash & table->mask;
    for (; table->cells[at].id; at = (at + 1) & table->mask)
        if (table->cells[at].hash == hash && str_eq(intern_str(table, table->cells[at].id), text))
            return table->cells[at].id;
    uint32_t id = (uint32_t)table->count;
    strbuf_add(&table->bytes, text);
    push_offset(table, table->bytes.len);
    table->cells[at] = (InternCell){hash, id};
    return id;
}
