#include "analysis/hotspots/function_pairs.h"

#include <ctype.h>

#include "base/array.h"
#include "base/map.h"

typedef struct Making {
    FunctionPairs pairs;
    const LineMap *map;
} Making;

static void join(FunctionPairs *pairs, uint32_t then, uint32_t now)
{
    pairs->to[then] = now;
    pairs->from[now] = then;
}

static bool is_open(const Making *making, uint32_t then)
{
    return making->pairs.then->items[then].kind == OUTLINE_FUNCTION &&
           making->pairs.to[then] == OUTLINE_NONE;
}

/* ------------------------------------------------------------------ by first line */

static void join_by_line(Arena *arena, Making *making, bool aligned)
{
    const Outline *then = making->pairs.then, *now = making->pairs.now;
    const LineMap *map = making->map;
    Map *starts = map_new(arena);
    for (uint32_t i = 0; i < now->len; i++)
        if (now->items[i].kind == OUTLINE_FUNCTION && making->pairs.from[i] == OUTLINE_NONE) {
            Str key = {(const char *)&now->items[i].first, sizeof(LineNo)};
            if (!map_has(starts, key))
                map_put(starts, key, &now->items[i]);
        }
    for (uint32_t i = 0; i < then->len; i++) {
        if (!is_open(making, i) || then->items[i].first.n > map->len)
            continue;
        const LineTo *line = &map->lines[then->items[i].first.n - 1];
        const OutlineItem *item = map_get(starts, (Str){(const char *)&line->to, sizeof(LineNo)});
        if (!item || (aligned && !line->certain))
            continue;
        uint32_t found = (uint32_t)(item - now->items);
        if (making->pairs.from[found] == OUTLINE_NONE)
            join(&making->pairs, i, found);
    }
}

/* ------------------------------------------------------------------ by name or body */

typedef Str KeyOf(const OutlineItem *item);

static Str name_key(const OutlineItem *item)
{
    return item->name;
}

static Str body_key(const OutlineItem *item)
{
    return (Str){(const char *)&item->body, sizeof(item->body)};
}

/* Keys that occur twice lead to NULL. */
static Map *index_by(Arena *arena, const Outline *outline, KeyOf *key_of)
{
    Map *map = map_new(arena);
    array_each (OutlineItem, item, outline) {
        if (item->kind != OUTLINE_FUNCTION || digest_is_zero(item->body))
            continue;
        Str key = key_of(item);
        map_put(map, key, map_has(map, key) ? NULL : item);
    }
    return map;
}

static void join_by_key(Arena *arena, Making *making, KeyOf *key_of)
{
    const Outline *then = making->pairs.then, *now = making->pairs.now;
    Map *before = index_by(arena, then, key_of), *after = index_by(arena, now, key_of);
    for (uint32_t i = 0; i < then->len; i++) {
        if (!is_open(making, i))
            continue;
        Str key = key_of(&then->items[i]);
        const OutlineItem *item = map_get(before, key) ? map_get(after, key) : NULL;
        if (item && making->pairs.from[item - now->items] == OUTLINE_NONE)
            join(&making->pairs, i, (uint32_t)(item - now->items));
    }
}

static uint32_t *nothing(Arena *arena, size_t count)
{
    uint32_t *items = NEW_ARRAY(arena, uint32_t, count + 1);
    for (size_t i = 0; i < count; i++)
        items[i] = OUTLINE_NONE;
    return items;
}

FunctionPairs function_pairs_of(Arena *arena, const Outline *then, const Outline *now,
                                const LineMap *map)
{
    Making making = {
        .pairs = {.then = then,
                  .now = now,
                  .to = nothing(arena, then->len),
                  .from = nothing(arena, now->len)},
        .map = map,
    };
    join_by_line(arena, &making, true);
    join_by_key(arena, &making, name_key);
    join_by_key(arena, &making, body_key);
    join_by_line(arena, &making, false);
    return making.pairs;
}

/* ------------------------------------------------------------------ questions */

bool function_pairs_allow(const FunctionPairs *pairs, LineNo was, LineNo now)
{
    const OutlineItem *then = outline_function_at(pairs->then, was);
    const OutlineItem *here = outline_function_at(pairs->now, now);
    if (!then || !here || str_eq(then->name, here->name))
        return true;
    uint32_t to = pairs->to[then - pairs->then->items];
    uint32_t from = pairs->from[here - pairs->now->items];
    if (to == OUTLINE_NONE)
        return from == OUTLINE_NONE;
    return &pairs->now->items[to] == here;
}

/* A closing bracket may belong to what was deleted behind the function. */
static bool says_something(Str line)
{
    for (size_t i = 0; i < line.len; i++)
        if (isalnum((unsigned char)line.ptr[i]))
            return true;
    return false;
}

LineNo function_pairs_find(const FunctionPairs *pairs, const Text *then, const Text *now,
                           LineNo was)
{
    const OutlineItem *from = outline_function_at(pairs->then, was);
    uint32_t to = from ? pairs->to[from - pairs->then->items] : OUTLINE_NONE;
    if (to == OUTLINE_NONE || digest_is_zero(from->body))
        return (LineNo){0};
    const OutlineItem *here = &pairs->now->items[to];
    uint32_t behind = from->last.n - was.n;
    if (!digest_eq(from->body, here->body) || behind > here->last.n - here->first.n)
        return (LineNo){0};
    LineNo found = {here->last.n - behind};
    Str line = text_line(then, was);
    bool equal = says_something(line) && str_eq(line, text_line(now, found));
    return equal ? found : (LineNo){0};
}
