/*
 * Intern: each different text once, with a small number for it; in an arena.
 *
 *     Intern names = intern_new(arena);
 *     uint32_t id = intern_id(&names, S("main"));      the same id for the same bytes
 *     intern_str(&names, id)                           a view, valid until the next intern_id
 *
 * Id 0 is the empty text. All texts lie in one block of bytes, cut at `offsets`, so that a table
 * can be written to a file as it is.
 */
#ifndef BASE_INTERN_H
#define BASE_INTERN_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/str.h"
#include "base/strbuf.h"

typedef struct InternCell {
    uint32_t hash;
    uint32_t id; /* 0: empty */
} InternCell;

typedef struct Intern {
    StrBuf bytes;
    uint64_t *offsets; /* count + 1 of them: where each text starts, and the end */
    size_t count;
    size_t room; /* of offsets */
    InternCell *cells;
    size_t mask;
} Intern;

Intern intern_new(Arena *arena);
uint32_t intern_id(Intern *table, Str text);
Str intern_str(const Intern *table, uint32_t id);

#endif
