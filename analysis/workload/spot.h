/*
 * Spot: what kind of place in a workload file a cursor is at. Inside this folder only.
 *
 * The text is being typed, so it is not asked to parse: the lines from the last header to the cursor
 * are scanned for keys, quotes and brackets, and a line that looks like a new statement ends
 * whatever was left open above it.
 */
#ifndef ANALYSIS_WORKLOAD_SPOT_H
#define ANALYSIS_WORKLOAD_SPOT_H

#include <stdbool.h>
#include <stddef.h>

#include "analysis/source/toml.h"
#include "analysis/workload/workload.h"
#include "base/arena.h"
#include "base/str.h"

typedef enum SpotKind {
    SPOT_NONE,   /* a comment, or not our part of the file */
    SPOT_KEY,    /* where a key of the table `path` is written */
    SPOT_VALUE,  /* where the value of the last key of `path` is written */
    SPOT_HEADER, /* inside [ ] of a header */
} SpotKind;

typedef struct Spot {
    SpotKind kind;
    StrList path;    /* below our section: {"workload", "x", "metric"} */
    bool in_array;   /* a value inside [ ] */
    TomlSpan token;  /* the word or string at the cursor, quotes included; what is replaced */
    bool has_equals; /* a key that is followed by = already */
} Spot;

Spot spot_at(Arena *arena, const TomlDoc *doc, Str file_name, Str text, size_t offset);

#endif
