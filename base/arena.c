#include "base/arena.h"

#include <stdalign.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum {
    BLOCK_SIZE = 64 * 1024,
    HUGE_PAGE = 2 << 20,
    LARGE_BLOCK = 4 * HUGE_PAGE,
};

typedef struct Block Block;
struct Block {
    Block *older;
    size_t size;
    size_t used;
    alignas(max_align_t) unsigned char data[];
};

struct Arena {
    Block *newest;
    const char *name;
};

static _Noreturn void out_of_memory(const char *name, size_t size)
{
    fprintf(stderr, "out of memory: %zu bytes for %s\n", size, name);
    abort();
}

Arena *arena_new(const char *name)
{
    Arena *arena = calloc(1, sizeof(*arena));
    if (!arena)
        out_of_memory(name, sizeof(*arena));
    arena->name = name;
    return arena;
}

/* Blocks are filled from front to back, so where one huge page is one fault, small ones were 512. */
static void ask_for_huge_pages(const Block *block, size_t size)
{
    uintptr_t start = (uintptr_t)block, end = start + size;
    start = (start + HUGE_PAGE - 1) / HUGE_PAGE * HUGE_PAGE;
    end = end / HUGE_PAGE * HUGE_PAGE;
    if (size >= LARGE_BLOCK && start < end)
        madvise((void *)start, end - start, MADV_HUGEPAGE); /* a kernel may have none */
}

static void push_block(Arena *arena, size_t size)
{
    Block *block = calloc(1, sizeof(*block) + size);
    if (!block)
        out_of_memory(arena->name, size);
    ask_for_huge_pages(block, size);
    block->size = size;
    block->older = arena->newest;
    arena->newest = block;
}

void *arena_alloc(Arena *arena, size_t count, size_t size)
{
    size_t align = alignof(max_align_t);
    if (size && count > (SIZE_MAX - 2 * sizeof(Block)) / size)
        out_of_memory(arena->name, SIZE_MAX);
    size_t bytes = (count * size + align - 1) & ~(align - 1);
#ifdef ARENA_EACH
    push_block(arena, count * size);
    arena->newest->used = arena->newest->size;
    return arena->newest->data;
#endif
    if (!arena->newest || arena->newest->size - arena->newest->used < bytes)
        push_block(arena, bytes > BLOCK_SIZE ? bytes : BLOCK_SIZE);
    void *start = arena->newest->data + arena->newest->used;
    arena->newest->used += bytes;
    return start;
}

ArenaMark arena_mark(const Arena *arena)
{
    return (ArenaMark){
        .block = arena->newest,
        .used = arena->newest ? arena->newest->used : 0,
    };
}

void arena_rollback(Arena *arena, ArenaMark mark)
{
    while (arena->newest != mark.block) {
        Block *older = arena->newest->older;
        free(arena->newest);
        arena->newest = older;
    }
    if (arena->newest) {
        memset(arena->newest->data + mark.used, 0, arena->newest->used - mark.used);
        arena->newest->used = mark.used;
    }
}

void arena_free(Arena *arena)
{
    if (!arena)
        return;
    arena_rollback(arena, (ArenaMark){0});
    free(arena);
}

void arena_cleanup(Arena **arena)
{
    arena_free(*arena);
}

size_t arena_bytes(const Arena *arena)
{
    size_t sum = 0;
    for (const Block *block = arena->newest; block; block = block->older)
        sum += block->used;
    return sum;
}
