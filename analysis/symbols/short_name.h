/*
 * Short name: of a function whose full name is a paragraph, as many of C++ templates are, what fits a
 * line. For people only: names are compared, and written as JSON, in full.
 *
 *     short_name(arena, name, SHORT_NAME_ROW)
 *
 * A name that fits is given as it is. Else what a reader misses least goes first: the return type,
 * the parameters, the namespaces; then the end is cut, which "…" says.
 */
#ifndef ANALYSIS_SYMBOLS_SHORT_NAME_H
#define ANALYSIS_SYMBOLS_SHORT_NAME_H

#include <stddef.h>

#include "base/arena.h"
#include "base/str.h"

enum {
    SHORT_NAME_ROW = 100,  /* bytes: in a table, a list */
    SHORT_NAME_WORDS = 60, /* inside a sentence */
};

Str short_name(Arena *arena, Str name, size_t limit);

#endif
