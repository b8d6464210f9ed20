#include "runners/ledger/contents.h"

#include "base/file.h"
#include "base/path.h"

static Str folder_of(Arena *arena, const Places *places)
{
    return path_join(arena, places->state, S("contents"));
}

static Str file_of(Arena *arena, const Places *places, Digest id)
{
    return path_join(arena, folder_of(arena, places), digest_hex(arena, id));
}

bool contents_put(const Places *places, Str text, Digest *id, Err *err)
{
    CLEANUP(arena_cleanup) Arena *scratch = arena_new("contents");
    *id = digest_of(text);
    Str file = file_of(scratch, places, *id);
    uint64_t bytes;
    int64_t changed_s;
    if (file_stat(file, &changed_s, &bytes) && bytes == text.len)
        return true;
    if (!file_make_dirs(folder_of(scratch, places), err) || !file_write(file, text, err))
        return err_wrap(err, "contents");
    return true;
}

bool contents_get(Arena *arena, const Places *places, Digest id, Str *text, Err *err)
{
    Str file = file_of(arena, places, id), found;
    if (!file_read(arena, file, FILE_LIMIT_TEXT, &found, err))
        return false;
    if (!digest_eq(digest_of(found), id))
        return err_set(err, ERR_NOT_FOUND, STR_FMT ": damaged", STR_ARG(file));
    *text = found;
    return true;
}
