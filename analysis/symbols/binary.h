/*
 * Binary: whether profilers of machine code can make something of a program: has it symbols, lines,
 * frame pointers.
 *
 *     BinaryFacts facts;
 *     if (binary_inspect(S("/w/target/release/app"), &facts) && !facts.has_lines)
 *         it was built without -g
 *
 * Frame pointers are looked for where they are made, in the first instructions of the program's own
 * functions: what compilers record of their options is not enough (-O2 leaves them out unsaid, and
 * Rust's standard library was compiled elsewhere, with other options).
 */
#ifndef ANALYSIS_SYMBOLS_BINARY_H
#define ANALYSIS_SYMBOLS_BINARY_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/str.h"

typedef struct BinaryFacts {
    bool has_symbols; /* names of functions; false: stripped */
    bool has_lines;   /* in it, or in a separate file that is found */
    bool is_rust;
    size_t functions; /* of its own that were looked at; 0: nothing is known of frame pointers */
    size_t framed;    /* of these, with a frame pointer */
} BinaryFacts;

/* False when the file is no ELF program or library, or cannot be read. */
bool binary_inspect(Str path, BinaryFacts *out);

/* Most of its functions have one; only where functions > 0. */
bool binary_has_frame_pointers(const BinaryFacts *facts);

#endif
