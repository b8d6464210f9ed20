/*
 * TomlScalar: the written form of one TOML value that is no array or table → the value.
 *
 * The grammar has already decided which kind it is; here the text is unescaped, the number read,
 * and what the grammar lets through is refused (a surrogate, a number beyond 64 bits, a day that
 * no calendar has).
 */
#ifndef ANALYSIS_SOURCE_TOML_SCALAR_H
#define ANALYSIS_SOURCE_TOML_SCALAR_H

#include <stdbool.h>

#include "analysis/source/toml.h"
#include "base/arena.h"
#include "base/attr.h"
#include "base/str.h"

/* Fills kind and value; false with a sentence in *why. `node` is the grammar's name of it. */
bool toml_scalar(Arena *arena, const char *node, Str raw, TomlValue *out, Str *why) MUST_CHECK;

/* A quoted string of any of the four forms, quotes included. */
bool toml_unquote(Arena *arena, Str raw, Str *out, Str *why) MUST_CHECK;

#endif
