/*
 * Arena: many allocations, one free.
 *
 * Everything allocated from an arena lives until the arena is freed, or until
 * it is rolled back to an earlier mark. There is no way to free one object.
 * Choose the arena by asking "who outlives this?": docs/ARCHITECTURE.md lists
 * the lifetimes of the program.
 *
 * Memory comes back zeroed. Running out of memory ends the process with a
 * message, so callers never check for NULL. A size that comes from a file is
 * therefore checked against a limit by the reader, before it gets here.
 *
 * Built with ARENA_EACH, every allocation is its own malloc, so that the
 * address sanitizer sees an overrun between neighbours and a use after a mark
 * was rolled back.
 */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include <stddef.h>

typedef struct Arena Arena;

typedef struct ArenaMark {
    void *block;
    size_t used;
} ArenaMark;

Arena *arena_new(const char *name);
void arena_free(Arena *arena);
void *arena_alloc(Arena *arena, size_t count, size_t size);

/* Bytes asked for from this arena and not rolled back; for bounds and for tests. */
size_t arena_bytes(const Arena *arena);

ArenaMark arena_mark(const Arena *arena);
void arena_rollback(Arena *arena, ArenaMark mark);

/* CLEANUP(arena_cleanup) Arena *scratch = arena_new("scratch"); */
void arena_cleanup(Arena **arena);

#define NEW(arena, T)          ((T *)arena_alloc((arena), 1, sizeof(T)))
#define NEW_ARRAY(arena, T, n) ((T *)arena_alloc((arena), (n), sizeof(T)))

#endif
