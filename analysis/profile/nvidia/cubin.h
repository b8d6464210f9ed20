/*
 * Cubin: the line table of a CUDA binary, read without NVIDIA's tools.
 *
 *     Cubin cubin;
 *     if (!cubin_read(arena, image, &cubin, err))
 *         the image is no ELF file
 *     const CubinFunction *function = cubin_function(&cubin, S("_Z6reducePiS_j"));
 *     const CubinRow *row = function ? cubin_row(function, pc - start) : NULL;
 *     for (; row; row = cubin_caller(function, row))
 *         row->function, cubin.files[row->file], row->line      innermost first
 *
 * A cubin built with -lineinfo has a .debug_line section (DWARF 2 to 4) with one sequence of rows
 * per function. All sequences begin at address 0; which function one belongs to is said only by the
 * relocation of its first address. An image that was saved after loading has real addresses there
 * instead, and so have its symbols: `absolute`. Two extended opcodes are NVIDIA's: 0x90 says that
 * what follows was inlined at the place of an earlier row of the sequence, 0x91 names a function.
 *
 * Sequences without a relocation are copies the linker threw away. Hostile images are expected: every
 * size is checked, and a table takes memory in proportion to the image.
 */
#ifndef ANALYSIS_PROFILE_NVIDIA_CUBIN_H
#define ANALYSIS_PROFILE_NVIDIA_CUBIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/array.h"
#include "base/attr.h"
#include "base/err.h"
#include "base/str.h"

typedef struct CubinRow {
    uint64_t address; /* from the function's start; or absolute */
    uint32_t file;    /* in Cubin.files; 0: not known */
    uint32_t line;    /* from 1 */
    uint32_t context; /* the row, from 1, at whose place this was inlined; 0: not inlined */
    Str function;     /* mangled name of what was inlined; empty: the sequence's own function */
} CubinRow;

/* A function that was not inlined but put behind its caller, in the same sequence of rows. */
typedef struct CubinInner {
    Str symbol; /* mangled */
    uint64_t start, end;
    bool has_rows; /* a row begins in it; else what stands there has no line */
} CubinInner;

typedef struct CubinFunction {
    Str symbol;     /* mangled */
    uint64_t start; /* 0, or the absolute address */
    uint64_t end;   /* of the last row */
    CubinRow *rows; /* by address; NULL: no lines */
    size_t rows_len;
    Array(CubinInner) inner; /* in no order */
} CubinFunction;

typedef struct Cubin {
    bool absolute;
    bool has_lines; /* there is a line table at all: it was built with -lineinfo */
    size_t broken;  /* units or sequences that could not be read */
    Str *files;
    size_t files_len;
    CubinFunction *functions; /* those with rows; and, when absolute, the others, too */
    size_t functions_len;
} Cubin;

bool cubin_read(Arena *arena, Str image, Cubin *out, Err *err) MUST_CHECK;
/* NULL when there is none of this name. */
const CubinFunction *cubin_function(const Cubin *cubin, Str symbol);
/* The function that holds this absolute address; NULL when none does. */
const CubinFunction *cubin_function_at(const Cubin *cubin, uint64_t address);
/* The row that an instruction belongs to; NULL when it has none. */
const CubinRow *cubin_row(const CubinFunction *function, uint64_t address);
/* The inner function that holds this address; NULL: the function itself does. */
const CubinInner *cubin_inner(const CubinFunction *function, uint64_t address);
/* The row of the place where this row's function was inlined; NULL for the outermost. */
const CubinRow *cubin_caller(const CubinFunction *function, const CubinRow *row);

#endif
