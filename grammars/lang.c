#include "grammars/lang.h"

#include "base/path.h"

typedef struct TSLanguage TSLanguage;
const TSLanguage *tree_sitter_python(void);
const TSLanguage *tree_sitter_rust(void);
const TSLanguage *tree_sitter_cuda(void);
const TSLanguage *tree_sitter_toml(void);

static const Lang LANGS[LANG_COUNT] = {
    [LANG_NONE] = {.id = LANG_NONE, .name = STR_CONST("none")},
    [LANG_PYTHON] = {LANG_PYTHON, STR_CONST("python"), STR_CONST("#"), tree_sitter_python},
    [LANG_RUST] = {LANG_RUST, STR_CONST("rust"), STR_CONST("//"), tree_sitter_rust},
    [LANG_CUDA] = {LANG_CUDA, STR_CONST("cuda"), STR_CONST("//"), tree_sitter_cuda},
    [LANG_TOML] = {LANG_TOML, STR_CONST("toml"), STR_CONST("#"), tree_sitter_toml},
};

static const struct Extension {
    Str text;
    LangId id;
} EXTENSIONS[] = {
    {STR_CONST(".py"), LANG_PYTHON}, {STR_CONST(".pyi"), LANG_PYTHON},
    {STR_CONST(".rs"), LANG_RUST},   {STR_CONST(".cu"), LANG_CUDA},
    {STR_CONST(".cuh"), LANG_CUDA},  {STR_CONST(".toml"), LANG_TOML},
};

const Lang *lang_get(LangId id)
{
    return &LANGS[id < LANG_COUNT ? id : LANG_NONE];
}

LangId lang_of_path(Str path)
{
    Str extension = path_extension(path);
    for (size_t i = 0; i < sizeof(EXTENSIONS) / sizeof(EXTENSIONS[0]); i++)
        if (str_eq(extension, EXTENSIONS[i].text))
            return EXTENSIONS[i].id;
    return LANG_NONE;
}
