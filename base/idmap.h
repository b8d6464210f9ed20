/*
 * IdMap: 64-bit keys to small numbers, in an arena; for pairs of ids in hot loops.
 *
 *     IdMap children = idmap_new(arena);
 *     uint32_t *slot = idmap_slot(&children, idmap_pair(parent, frame));
 *     if (!*slot)
 *         *slot = make_stack(parent, frame);       0 means "not there yet"
 *
 * A slot is valid until the next call. Values are the caller's; a value left at 0 is forgotten.
 */
#ifndef BASE_IDMAP_H
#define BASE_IDMAP_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"

typedef struct IdMapCell {
    uint64_t key;
    uint32_t value; /* 0: empty */
} IdMapCell;

typedef struct IdMap {
    Arena *arena;
    IdMapCell *cells;
    size_t mask; /* cells - 1, cells a power of two */
    size_t used; /* upper bound of the filled cells */
} IdMap;

static inline uint64_t idmap_pair(uint32_t a, uint32_t b)
{
    return (uint64_t)a << 32 | b;
}

IdMap idmap_new(Arena *arena);
uint32_t *idmap_slot(IdMap *map, uint64_t key);
/* 0 when absent. */
uint32_t idmap_get(const IdMap *map, uint64_t key);

#endif
