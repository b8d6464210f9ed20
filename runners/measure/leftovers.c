#include "runners/measure/leftovers.h"

#include <dirent.h>
#include <stdlib.h>

#include "base/file.h"
#include "base/log.h"
#include "base/path.h"
#include "runners/measure/results.h"

enum {
    SAVED_BYTES_MAX = 8 * 1024 * 1024, /* of a saved report that nobody asked for */
    MACHINES_MAX = 100,
    SAVED_MAX = 10000,
};

Str leftovers_criterion(Arena *arena, Str root, Str folder)
{
    Str target = str_from_c(getenv("CARGO_TARGET_DIR")), rest;
    if (target.len)
        return path_join(arena, path_join(arena, folder, target), S("criterion"));
    for (Str at = folder; path_inside(root, at, &rest); at = path_dir(at)) {
        Str found = path_join(arena, at, S("target/criterion"));
        if (file_is_dir(found) || str_eq(at, root))
            return found;
    }
    return path_join(arena, root, S("target/criterion"));
}

static void add(Arena *arena, Leftovers *out, Str root, Str path)
{
    Err err = {0};
    Leftover found = {.source = path};
    if (!results_read(arena, path, &found.samples, &err)) {
        if (err.kind != ERR_NOT_FOUND)
            log_info("leftovers: " STR_FMT ": %s", STR_ARG(path), err.msg);
        return;
    }
    Str below;
    if (path_inside(root, path, &below))
        found.source = below;
    file_stat(path, &found.time_s, NULL);
    *array_push(arena, out) = found;
}

/* The file of the folder that was written last, of those that end in .json. */
static Str newest_saved(Arena *arena, Str folder)
{
    Str best = {0};
    int64_t best_s = 0;
    size_t seen = 0;
    DIR *dir = opendir(str_cstr(arena, folder));
    for (struct dirent *entry; dir && seen++ < SAVED_MAX && (entry = readdir(dir));) {
        int64_t changed_s;
        uint64_t bytes;
        Str name = str_from_c(entry->d_name);
        if (!str_ends(name, S(".json")) || entry->d_type == DT_LNK)
            continue;
        Str path = path_join(arena, folder, name);
        if (!file_stat(path, &changed_s, &bytes) || bytes > SAVED_BYTES_MAX)
            continue;
        bool later = changed_s > best_s || (changed_s == best_s && str_cmp(path, best) > 0);
        if (!best.len || later) {
            best = path;
            best_s = changed_s;
        }
    }
    if (dir)
        closedir(dir);
    return best;
}

static void add_saved(Arena *arena, Leftovers *out, Str root)
{
    size_t seen = 0;
    Str storage = path_join(arena, root, S(".benchmarks"));
    DIR *dir = opendir(str_cstr(arena, storage));
    for (struct dirent *entry; dir && seen < MACHINES_MAX && (entry = readdir(dir));) {
        if (entry->d_name[0] == '.' || entry->d_type == DT_LNK)
            continue;
        seen++;
        Str saved = newest_saved(arena, path_join(arena, storage, str_from_c(entry->d_name)));
        if (saved.len)
            add(arena, out, root, saved);
    }
    if (dir)
        closedir(dir);
}

Leftovers leftovers_find(Arena *arena, Str root)
{
    Leftovers out = {0};
    Str criterion = leftovers_criterion(arena, root, root);
    if (file_is_dir(criterion))
        add(arena, &out, root, criterion);
    add_saved(arena, &out, root);
    return out;
}
