#include "base/idmap.h"

#include "base/hash64.h"

IdMap idmap_new(Arena *arena)
{
    enum {
        FIRST_CELLS = 64
    };
    return (IdMap){
        .arena = arena,
        .cells = NEW_ARRAY(arena, IdMapCell, FIRST_CELLS),
        .mask = FIRST_CELLS - 1,
    };
}

static IdMapCell *probe(const IdMap *map, uint64_t key)
{
    size_t at = hash64_number(key) & map->mask;
    while (map->cells[at].value && map->cells[at].key != key)
        at = (at + 1) & map->mask;
    return &map->cells[at];
}

static void grow(IdMap *map)
{
    IdMap bigger = {.arena = map->arena, .mask = map->mask * 2 + 1};
    bigger.cells = NEW_ARRAY(map->arena, IdMapCell, bigger.mask + 1);
    for (size_t i = 0; i <= map->mask; i++) {
        if (!map->cells[i].value)
            continue;
        *probe(&bigger, map->cells[i].key) = map->cells[i];
        bigger.used++;
    }
    *map = bigger;
}

uint32_t *idmap_slot(IdMap *map, uint64_t key)
{
    IdMapCell *cell = probe(map, key);
    if (cell->value)
        return &cell->value;
    if (map->used * 2 > map->mask) {
        grow(map);
        cell = probe(map, key);
    }
    map->used++;
    cell->key = key;
    return &cell->value;
}

uint32_t idmap_get(const IdMap *map, uint64_t key)
{
    return probe(map, key)->value;
}
