/*
 * LoadBase: where a program was loaded, found out from what ran in it.
 *
 *     LoadSeen seen[] = {{S("hot"), 0x5610248e7219}, {S("main"), 0x5610248e7310}};
 *     uint64_t base;
 *     if (load_base(arena, file, seen, 2, &base))
 *         offset = dwarf_offset(file, seen[0].address - base);
 *
 * Some tools record addresses of the running process and name the function each lies in, but not
 * where its file was mapped (nsys exports). A function's range in the file and an address inside it
 * leave only the few page-aligned bases between which the function holds the address; the base that
 * most of them agree on is the one. A program that is not moved (no PIE) has base 0.
 */
#ifndef ANALYSIS_SYMBOLS_LOAD_BASE_H
#define ANALYSIS_SYMBOLS_LOAD_BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "analysis/symbols/dwarf.h"
#include "base/arena.h"
#include "base/str.h"

typedef struct LoadSeen {
    Str function; /* as the tool names it: plain, or with return type and parameters */
    uint64_t address;
} LoadSeen;

/* False when no base, or more than one, explains what was seen. */
bool load_base(Arena *arena, DwarfFile *file, const LoadSeen *seen, size_t len, uint64_t *base);

#endif
