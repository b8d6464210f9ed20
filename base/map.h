/*
 * Map: Str keys to pointers, in an arena.
 *
 *     Map *seen = map_new(arena);
 *     map_put(seen, key, spot);
 *     HotSpot *spot = map_get(seen, key);      NULL when absent
 *     map_each (entry, seen)                   in the order of insertion
 *         use(entry->key, entry->value);
 *
 * Keys are not copied: they must live as long as the map. There is no removal; a map dies with
 * its arena.
 */
#ifndef BASE_MAP_H
#define BASE_MAP_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/str.h"

typedef struct Map Map;

typedef struct MapEntry {
    Str key;
    void *value;
    struct MapEntry *next; /* in the order of insertion */
} MapEntry;

Map *map_new(Arena *arena);
void *map_get(const Map *map, Str key);
bool map_has(const Map *map, Str key);
/* Adds or replaces; a replaced entry keeps its place in the order. */
void map_put(Map *map, Str key, void *value);
/* The value slot of the key, made with NULL inside when absent. */
void **map_slot(Map *map, Str key);
size_t map_len(const Map *map);
MapEntry *map_first(const Map *map);

#define map_each(entry, map) for (MapEntry *entry = map_first(map); entry; entry = entry->next)

#endif
