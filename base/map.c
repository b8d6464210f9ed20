#include "base/map.h"

/*
 * uthash keeps its table on the heap. Here the table is allocated from the
 * map's arena, so nothing is freed by hand and a map needs no destructor.
 */
#define uthash_malloc(size)        arena_alloc(map->arena, 1, size)
#define uthash_free(pointer, size) ((void)0)
#include <uthash.h>

typedef struct Node {
    MapEntry entry;
    UT_hash_handle hh;
} Node;

struct Map {
    Arena *arena;
    Node *table;
    MapEntry *first;
    MapEntry *last;
};

Map *map_new(Arena *arena)
{
    Map *map = NEW(arena, Map);
    map->arena = arena;
    return map;
}

static Node *find(const Map *map, Str key)
{
    Node *node = NULL;
    if (map->table)
        HASH_FIND(hh, map->table, key.len ? key.ptr : "", key.len, node);
    return node;
}

void *map_get(const Map *map, Str key)
{
    Node *node = find(map, key);
    return node ? node->entry.value : NULL;
}

bool map_has(const Map *map, Str key)
{
    return find(map, key) != NULL;
}

void **map_slot(Map *map, Str key)
{
    Node *node = find(map, key);
    if (node)
        return &node->entry.value;
    node = NEW(map->arena, Node);
    node->entry.key = key.len ? key : S("");
    HASH_ADD_KEYPTR(hh, map->table, node->entry.key.ptr, node->entry.key.len, node);
    if (map->last)
        map->last->next = &node->entry;
    else
        map->first = &node->entry;
    map->last = &node->entry;
    return &node->entry.value;
}

void map_put(Map *map, Str key, void *value)
{
    *map_slot(map, key) = value;
}

size_t map_len(const Map *map)
{
    return HASH_COUNT(map->table);
}

MapEntry *map_first(const Map *map)
{
    return map->first;
}
