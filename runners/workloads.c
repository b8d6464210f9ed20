#include "runners/workloads.h"

#include "base/file.h"
#include "base/path.h"

static const Str FILES[] = {
    STR_CONST("perfloop.toml"),
    STR_CONST("pyproject.toml"),
    STR_CONST("Cargo.toml"),
};

/* ERR_NOT_FOUND when there is no such file. */
static bool read_text(Arena *arena, Str path, const WorkloadTexts *texts, Str *out, Err *err)
{
    if (texts && texts->text_of(texts->context, path, out))
        return true;
    return file_read(arena, path, TOML_BYTES_MAX, out, err);
}

bool workloads_load(Arena *arena, Str root, const WorkloadTexts *texts, WorkloadFile *out, Err *err)
{
    for (size_t i = 0; i < sizeof(FILES) / sizeof(FILES[0]); i++) {
        Str text;
        Err why = {0};
        if (!read_text(arena, path_join(arena, root, FILES[i]), texts, &text, &why)) {
            if (why.kind == ERR_NOT_FOUND)
                continue;
            *err = why;
            return false;
        }
        WorkloadFile file = workload_read(arena, FILES[i], text);
        if (i == 0 || file.workloads.len || file.problems.len) {
            *out = file;
            return true;
        }
    }
    return err_set(err, ERR_NOT_FOUND,
                   STR_FMT " has no perfloop.toml; perfloop init writes a draft", STR_ARG(root));
}

bool workloads_pick(Arena *arena, Str root, Str name, Workload *out, Err *err)
{
    WorkloadFile file;
    if (!workloads_load(arena, root, NULL, &file, err))
        return false;
    const Workload *found = workload_find(&file, name, err);
    if (!found)
        return false;
    *out = *found;
    return true;
}
