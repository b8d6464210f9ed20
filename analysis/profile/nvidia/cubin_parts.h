/*
 * CubinParts: what cubin.c (the image, its symbols) and cubin_lines.c (the line table) share.
 */
#ifndef ANALYSIS_PROFILE_NVIDIA_CUBIN_PARTS_H
#define ANALYSIS_PROFILE_NVIDIA_CUBIN_PARTS_H

#include "analysis/profile/nvidia/cubin.h"
#include "base/array.h"
#include "base/idmap.h"
#include "base/intern.h"

/* A cursor over little-endian bytes; past the end everything reads as 0 and `bad` is set. */
typedef struct CubinBytes {
    const unsigned char *start;
    size_t at;
    size_t len;
    bool bad;
} CubinBytes;

CubinBytes cubin_bytes(Str text);
uint64_t cubin_take(CubinBytes *in, size_t size);
Str cubin_take_text(CubinBytes *in);
/* The NUL-ended text at this place of a table. */
Str cubin_text(Str table, uint64_t offset);

typedef struct CubinReader {
    Arena *arena;
    Cubin *out;
    Str image;
    Str lines, line_rel, line_rela, debug_str, symbols, names;
    Intern files;
    Array(CubinFunction) functions;
    IdMap relocations;  /* a place in .debug_line, + 1, to the number of a symbol, + 1 */
    IdMap function_in;  /* number of a section, + 1, to the place in `functions`, + 1 */
    IdMap functions_at; /* a function's address to the number of its symbol, + 1 */
} CubinReader;

/* The name of symbol number - 1; empty for 0. */
Str cubin_symbol(const CubinReader *in, uint32_t number);
/* The section, + 1, that symbol number - 1 lies in. */
uint64_t cubin_section(const CubinReader *in, uint32_t number);
/* All sequences of .debug_line that belong to a function. */
void cubin_take_lines(CubinReader *in);

#endif
