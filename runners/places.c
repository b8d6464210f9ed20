#include "runners/places.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/path.h"

static bool real_path(Arena *arena, Str path, Str *out, Err *err)
{
    char *real = realpath(str_cstr(arena, path), NULL);
    if (!real)
        return err_set(err, errno == ENOENT ? ERR_NOT_FOUND : ERR_IO, STR_FMT ": %s", STR_ARG(path),
                       strerror(errno));
    *out = str_copy(arena, str_from_c(real));
    free(real);
    return true;
}

/* One line of a small file, trimmed; empty when there is no such file. */
static Str first_line(Arena *arena, Str path)
{
    Err ignored = {0};
    Str text, line;
    if (!file_read(arena, path, 65536, &text, &ignored) || !str_next_line(&text, &line))
        return (Str){0};
    return str_trim(line);
}

/* Fills the git folders when `top` holds a .git folder, or a file that names one. */
static bool find_git(Arena *arena, Str top, Places *out)
{
    Str dot_git = path_join(arena, top, S(".git"));
    if (!file_exists(dot_git))
        return false;
    Str dir = dot_git;
    if (!file_is_dir(dot_git)) {
        Str line = first_line(arena, dot_git);
        if (!str_starts(line, S("gitdir:")))
            return false;
        dir = path_join(arena, top, str_trim(str_from(line, 7)));
    }
    if (!file_exists(path_join(arena, dir, S("HEAD"))))
        return false;
    Str common = first_line(arena, path_join(arena, dir, S("commondir")));
    out->git_top = top;
    out->git_dir = dir;
    out->git_common = common.len ? path_join(arena, dir, common) : dir;
    return true;
}

static Str user_folder(Arena *arena, const char *variable, const char *below_home)
{
    Str chosen = str_from_c(getenv(variable));
    if (!path_is_absolute(chosen)) {
        Str home = str_from_c(getenv("HOME"));
        chosen =
            path_join(arena, path_is_absolute(home) ? home : S("/tmp"), str_from_c(below_home));
    }
    return path_join(arena, chosen, S("perfloop"));
}

bool places_find(Arena *arena, Str start, Places *out, Err *err)
{
    Places places = {0};
    Str here;
    if (!real_path(arena, start.len ? start : S("."), &here, err))
        return false;
    if (!file_is_dir(here))
        here = path_dir(here);
    for (Str dir = here;; dir = path_dir(dir)) {
        if (!places.root.len && file_exists(path_join(arena, dir, S("perfloop.toml"))))
            places.root = dir;
        if (find_git(arena, dir, &places) || str_eq(dir, S("/")))
            break;
    }
    if (!places.root.len)
        places.root = places.git_top.len ? places.git_top : here;
    places.state = places.git_top.len ? path_join(arena, places.git_common, S("perfloop"))
                                      : path_join(arena, places.root, S(".perfloop"));
    places.cache = user_folder(arena, "XDG_CACHE_HOME", ".cache");
    places.user_state = user_folder(arena, "XDG_STATE_HOME", ".local/state");
    *out = places;
    return true;
}
