#include "analysis/workload/section.h"

#include "analysis/workload/workload.h"
#include "base/path.h"

typedef struct Section {
    Str file_name;
    Str path[4];
} Section;

static const Section SECTIONS[] = {
    {STR_CONST("perfloop.toml"), {{0}}},
    {STR_CONST("pyproject.toml"), {STR_CONST("tool"), STR_CONST("perfloop"), {0}}},
    {STR_CONST("Cargo.toml"),
     {STR_CONST("package"), STR_CONST("metadata"), STR_CONST("perfloop"), {0}}},
    {STR_CONST("Cargo.toml"),
     {STR_CONST("workspace"), STR_CONST("metadata"), STR_CONST("perfloop"), {0}}},
};

const Str *section_path(Str file_name, size_t which)
{
    for (size_t i = 0; i < sizeof(SECTIONS) / sizeof(SECTIONS[0]); i++)
        if (str_eq(path_base(file_name), SECTIONS[i].file_name) && which-- == 0)
            return SECTIONS[i].path;
    return NULL;
}

const TomlValue *section_of(const TomlDoc *doc, Str file_name)
{
    const Str *path;
    for (size_t which = 0; (path = section_path(file_name, which)); which++) {
        const TomlValue *table = doc->root;
        for (; path->len && table; path++)
            table = toml_get(table, *path);
        if (table && table->kind == TOML_TABLE)
            return table;
    }
    return NULL;
}

bool workload_is_file(Str path)
{
    return section_path(path, 0) != NULL;
}
