/*
 * Lang: the languages we know, and how to recognize them.
 *
 * A LangId is what the rest of the program holds; the grammar behind it is compiled in and needs
 * no set-up. Safe from any thread.
 */
#ifndef GRAMMARS_LANG_H
#define GRAMMARS_LANG_H

#include "base/str.h"

typedef enum LangId {
    LANG_NONE,
    LANG_PYTHON, /* .py .pyi */
    LANG_RUST,   /* .rs */
    LANG_CUDA,   /* .cu .cuh */
    LANG_TOML,   /* .toml */
    LANG_COUNT,
} LangId;

struct TSLanguage;

typedef struct Lang {
    LangId id;
    Str name;    /* "python" */
    Str comment; /* what starts a line comment */
    const struct TSLanguage *(*grammar)(void);
} Lang;

/* Never NULL; LANG_NONE has no grammar. */
const Lang *lang_get(LangId id);
LangId lang_of_path(Str path);

#endif
