/*
 * Query: the patterns of a language, compiled.
 *
 * The patterns stand in grammars/queries/LANG/ *.scm, in tree-sitter's query language, and are
 * embedded when the program is built. All files of a language make one query. Each is compiled
 * once per process, at first use, and then shared by all threads.
 *
 * A mistake in a pattern is ours, not the user's; the message names its place:
 *
 *     grammars/queries/python/loops.scm:7: no such node type: 'for_loop'
 */
#ifndef GRAMMARS_QUERY_H
#define GRAMMARS_QUERY_H

#include <stddef.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "grammars/lang.h"

struct TSQuery;

/* One embedded or given file. */
typedef struct QueryFile {
    Str path; /* from the root of the source tree */
    Str text;
} QueryFile;

/* Belongs to the process. NULL for a language without patterns. */
const struct TSQuery *query_of(LangId lang);

/* Compiles files into one query of the caller, who frees it with ts_query_delete. */
struct TSQuery *query_compile(Arena *arena, LangId lang, const QueryFile *files, size_t count,
                              Err *err) MUST_CHECK;

enum {
    QUERY_FILES_MAX = 16,
};
/* The files embedded for a language; returns how many. */
size_t query_files(LangId lang, QueryFile out[QUERY_FILES_MAX]);

#endif
