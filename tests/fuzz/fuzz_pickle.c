#include <stdlib.h>

#include "analysis/profile/python/pickle.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Two levels of every value, as a reader would look at them. */
static size_t walk(const Pickle *value, unsigned depth)
{
    size_t sum = 1;
    if (value->type == PICKLE_TEXT || value->type == PICKLE_CLASS)
        return sum + value->text.len;
    if (value->type == PICKLE_INT || value->type == PICKLE_FLOAT || depth == 0)
        return sum;
    for (size_t i = 0; i < value->items.len && i < 100; i++)
        sum += walk(value->items.items[i], depth - 1);
    return sum;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const Str CLASSES[] = {STR_CONST("a.b"), STR_CONST("tracemalloc.Snapshot")};
    Arena *arena = arena_new("fuzz");
    Err err = {0};
    const Pickle *root = pickle_read(arena, (Str){(const char *)data, size}, CLASSES, 2, &err);
    if (root ? walk(root, 2) == 0 : err.kind == ERR_NONE)
        abort();
    if (arena_bytes(arena) > 4096 + 200 * size)
        abort();
    arena_free(arena);
    return 0;
}
