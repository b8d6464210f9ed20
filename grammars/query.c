#include "grammars/query.h"

#include <stdatomic.h>
#include <string.h>

#include <tree_sitter/api.h>

#include "base/log.h"
#include "base/strbuf.h"

/* ------------------------------------------------------------------ embedded files */

/* Written by cmake/embed_queries.cmake from grammars/queries/: rows {LANG_X, path, text}. */
static const struct Embedded {
    LangId lang;
    QueryFile file;
} EMBEDDED[] = {
#include "grammars/queries.inc"
};

enum {
    EMBEDDED_COUNT = sizeof(EMBEDDED) / sizeof(EMBEDDED[0]),
};

size_t query_files(LangId lang, QueryFile out[QUERY_FILES_MAX])
{
    size_t count = 0;
    for (size_t i = 0; i < EMBEDDED_COUNT && count < QUERY_FILES_MAX; i++)
        if (EMBEDDED[i].lang == lang)
            out[count++] = EMBEDDED[i].file;
    return count;
}

/* ------------------------------------------------------------------ compiling */

static const char *problem_name(TSQueryError type)
{
    switch (type) {
    case TSQueryErrorSyntax:
        return "this is no pattern";
    case TSQueryErrorNodeType:
        return "no such node type";
    case TSQueryErrorField:
        return "no such field";
    case TSQueryErrorCapture:
        return "no such capture";
    case TSQueryErrorStructure:
        return "the grammar never builds this";
    case TSQueryErrorLanguage:
        return "the grammar does not fit the parser";
    case TSQueryErrorNone:
        break;
    }
    return "unknown problem";
}

static Str word_at(Str text, size_t at)
{
    Str rest = str_from(text, at);
    size_t len = 0;
    while (len < rest.len && !strchr(" \t\r\n()[]\"", rest.ptr[len]))
        len++;
    return str_head(rest, len);
}

/* The files are compiled as one text; finds the file and line that an offset into it means. */
static bool fail_at(const QueryFile *files, size_t count, size_t offset, TSQueryError type,
                    Err *err)
{
    size_t i = 0;
    while (i + 1 < count && offset > files[i].text.len)
        offset -= files[i++].text.len + 1;
    Str before = str_head(files[i].text, offset), line;
    unsigned number = 1;
    while (str_cut(before, '\n', &line, &before))
        number++;
    return err_set(err, ERR_INPUT, STR_FMT ":%u: %s: '" STR_FMT "'", STR_ARG(files[i].path), number,
                   problem_name(type), STR_ARG(word_at(files[i].text, offset)));
}

TSQuery *query_compile(Arena *arena, LangId lang, const QueryFile *files, size_t count, Err *err)
{
    if (!lang_get(lang)->grammar) {
        err_set(err, ERR_UNSUPPORTED, "no grammar for " STR_FMT, STR_ARG(lang_get(lang)->name));
        return NULL;
    }
    StrBuf all = strbuf_new(arena);
    for (size_t i = 0; i < count; i++) {
        strbuf_add(&all, files[i].text);
        strbuf_char(&all, '\n');
    }
    uint32_t offset = 0;
    TSQueryError type = TSQueryErrorNone;
    TSQuery *query = ts_query_new(lang_get(lang)->grammar(), all.ptr ? all.ptr : "",
                                  (uint32_t)all.len, &offset, &type);
    if (!query)
        fail_at(files, count, offset, type, err);
    return query;
}

/* ------------------------------------------------------------------ shared queries */

static TSQuery *compile_embedded(LangId lang)
{
    QueryFile files[QUERY_FILES_MAX];
    size_t count = query_files(lang, files);
    if (count == 0)
        return NULL;
    CLEANUP(arena_cleanup) Arena *scratch = arena_new("query");
    Err err = {0};
    TSQuery *query = query_compile(scratch, lang, files, count, &err);
    if (!query)
        log_error("query: %s", err.msg);
    return query;
}

/* Two threads may compile the same one at first; the later result is thrown away. */
const TSQuery *query_of(LangId lang)
{
    static _Atomic(TSQuery *) shared[LANG_COUNT];
    if (lang >= LANG_COUNT)
        return NULL;
    TSQuery *known = atomic_load(&shared[lang]);
    if (known)
        return known;
    TSQuery *mine = compile_embedded(lang);
    if (!mine || atomic_compare_exchange_strong(&shared[lang], &known, mine))
        return mine;
    ts_query_delete(mine);
    return known;
}
