/*
 * PrefixTable: stacks by the hash of all their frames, for readers that see millions of them.
 *
 * A stack's hash is made from its parent's and its last frame (prefix_hash). So the hashes of all
 * beginnings of one stack are known before any of them is looked up, their cells can be fetched
 * from memory at once, and since a stack is only there when its beginnings are, the longest known
 * beginning is found by halving:
 *
 *     for (i = 0; i < depth; i++)
 *         prefix_prefetch(&table, hash[i] = prefix_hash(i ? hash[i - 1] : 0, frame[i]));
 *     const PrefixCell *cell = prefix_find(&table, hash[i]);
 *
 * Two different stacks with equal 64-bit hashes are taken for one unless the caller's `item` (what
 * it calls the last frame) tells them apart. Among ten million stacks that happens in one file of
 * a hundred thousand.
 */
#ifndef ANALYSIS_PROFILE_PREFIX_TABLE_H
#define ANALYSIS_PROFILE_PREFIX_TABLE_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/hash64.h"

typedef struct PrefixCell {
    uint64_t hash;
    uint32_t node; /* 0: empty */
    uint32_t item;
} PrefixCell;

typedef struct PrefixTable {
    Arena *arena;
    PrefixCell *cells;
    size_t mask;
    size_t len;
} PrefixTable;

PrefixTable prefix_table_new(Arena *arena);
/* The stack must not be in the table yet. */
void prefix_add(PrefixTable *table, uint64_t hash, uint32_t item, uint32_t node);

static inline uint64_t prefix_hash(uint64_t parent, uint64_t frame_hash)
{
    return hash64_mix(parent + 0x9e3779b97f4a7c15u, frame_hash ^ 0xe7037ed1a0b428dbu);
}

static inline void prefix_prefetch(const PrefixTable *table, uint64_t hash)
{
    __builtin_prefetch(&table->cells[hash & table->mask]);
}

/* NULL when no stack has this hash. */
static inline const PrefixCell *prefix_find(const PrefixTable *table, uint64_t hash)
{
    for (size_t at = hash & table->mask;; at = (at + 1) & table->mask) {
        const PrefixCell *cell = &table->cells[at];
        if (!cell->node)
            return NULL;
        if (cell->hash == hash)
            return cell;
    }
}

#endif
