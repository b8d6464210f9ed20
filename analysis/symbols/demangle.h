/*
 * Demangle: the names that compilers give to symbols, as people write them.
 *
 *     demangle(arena, S("_ZN4work3hot17h0123456789abcdefE"))     "work::hot"
 *     demangle(arena, S("_RNvCs_4work3hot"))                     "work::hot"
 *     demangle(arena, S("_ZN3fooIiE3barEv"))                     "foo<int>::bar"
 *
 * Rust of both kinds, without the hash at the end, and C++ without parameters. What is neither
 * comes back as it is.
 */
#ifndef ANALYSIS_SYMBOLS_DEMANGLE_H
#define ANALYSIS_SYMBOLS_DEMANGLE_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/str.h"

/* Whether a name looks mangled, or ends in the hash of Rust's older names. */
bool is_mangled(Str name);
Str demangle(Arena *arena, Str name);

#endif
