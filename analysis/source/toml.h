/*
 * Toml: TOML 1.0 text → values with their places.
 *
 * The text is parsed with the tree-sitter grammar, so a broken file still gives everything around
 * the broken line, and a problem with its place for each mistake: syntax, a value that is none, a
 * key given twice, a table defined again. Nothing of tree-sitter is seen here.
 *
 *     TomlDoc doc = toml_read(arena, bytes);
 *     const TomlValue *name = toml_get(doc.root, S("name"));
 *     if (name && name->kind == TOML_STRING) use(name->text);
 *
 * Not here: writing TOML, and what the keys mean (analysis/workload). Dates and times are kept as
 * written. Values may be views of `bytes`, which must live as long as the arena.
 */
#ifndef ANALYSIS_SOURCE_TOML_H
#define ANALYSIS_SOURCE_TOML_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/array.h"
#include "base/str.h"

enum {
    TOML_BYTES_MAX = 1024 * 1024, /* a longer text is one problem and no values */
    TOML_DEPTH_MAX = 64,          /* of nested arrays and tables */
};

/* Bytes start..end of the text, the end exclusive. */
typedef struct TomlSpan {
    size_t start;
    size_t end;
} TomlSpan;

typedef enum TomlKind {
    TOML_TABLE,
    TOML_ARRAY,
    TOML_STRING,
    TOML_INTEGER,
    TOML_FLOAT,
    TOML_BOOL,
    TOML_TIME, /* any of the four date and time types */
} TomlKind;

typedef struct TomlValue TomlValue;

typedef struct TomlEntry {
    Str key;
    TomlSpan key_span; /* where it was first written */
    TomlValue *value;
} TomlEntry;

struct TomlValue {
    TomlKind kind;
    TomlSpan span; /* of the value; of the header, for a table that has one */
    Str text;      /* string: unescaped; time: as written */
    int64_t integer;
    double number; /* float; an integer, too */
    bool truth;
    bool inside_line; /* an inline table or an array written with [ ]: complete where it stands */
    Array(TomlEntry) entries; /* table, in the order of the text */
    Array(TomlValue *) items; /* array */
    struct TomlState *state;  /* the reader's own */
};

/* A [header] or [[header]], in the order of the text; it reaches to the next one. */
typedef struct TomlHeader {
    TomlSpan span; /* with its brackets */
    Array(Str) keys;
    bool is_array;
} TomlHeader;

typedef struct TomlProblem {
    TomlSpan span;
    Str message;
    Str fix;        /* text that mends it in place of the span; empty when there is none */
    bool duplicate; /* a key or table given twice; the first one counts */
} TomlProblem;

typedef Array(TomlProblem) TomlProblems;

typedef struct TomlDoc {
    TomlValue *root; /* a table, never NULL */
    Array(TomlHeader) headers;
    TomlProblems problems; /* in the order of the text */
} TomlDoc;

TomlDoc toml_read(Arena *arena, Str bytes);

/* The value of a key; NULL when absent or when `table` is NULL or no table. */
const TomlValue *toml_get(const TomlValue *table, Str key);
const TomlEntry *toml_entry(const TomlValue *table, Str key);
/* "a string", "an integer": for messages. */
Str toml_kind_name(TomlKind kind);
/* Line of a byte, from 1, for messages. */
size_t toml_line(Str bytes, size_t offset);

#endif
