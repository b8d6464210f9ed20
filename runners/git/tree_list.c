#include "runners/git/tree_list.h"

#include <fts.h>
#include <string.h>

#include "base/path.h"
#include "runners/git/git.h"

static bool from_git(Arena *arena, const Places *places, TreeFiles *out, Err *err)
{
    CLEANUP(repo_cleanup) Repo *repo = repo_open(places, err);
    GitFiles files = {0};
    Str prefix, rest;
    if (!repo || !repo_list(arena, repo, &files, err))
        return false;
    if (!path_inside(repo_top(repo), places->root, &prefix))
        prefix = (Str){0};
    array_each (GitFile, file, &files)
        if (!prefix.len)
            *array_push(arena, out) = file->path;
        else if (path_inside(prefix, file->path, &rest) && rest.len)
            *array_push(arena, out) = rest;
    return true;
}

static bool is_left_out(const char *name)
{
    return name[0] == '.' || !strcmp(name, "node_modules") || !strcmp(name, "__pycache__") ||
           !strcmp(name, "site-packages") || !strcmp(name, "target");
}

static void close_walk(FTS **walk)
{
    if (*walk)
        fts_close(*walk);
}

static void from_disk(Arena *arena, const Places *places, TreeFiles *out)
{
    char *const roots[] = {str_cstr(arena, places->root), NULL};
    CLEANUP(close_walk) FTS *walk = fts_open(roots, FTS_PHYSICAL | FTS_NOSTAT | FTS_NOCHDIR, NULL);
    Str rest;
    for (FTSENT *at; walk && out->len < TREE_LIST_MAX && (at = fts_read(walk));) {
        if (at->fts_info == FTS_D && at->fts_level > 0 && is_left_out(at->fts_name))
            fts_set(walk, at, FTS_SKIP);
        else if ((at->fts_info == FTS_F || at->fts_info == FTS_NSOK) &&
                 path_inside(places->root, str_from_c(at->fts_path), &rest))
            *array_push(arena, out) = str_copy(arena, rest);
    }
}

bool tree_list(Arena *arena, const Places *places, TreeFiles *out, Err *err)
{
    TreeFiles files = {0};
    if (places->git_top.len) {
        if (!from_git(arena, places, &files, err))
            return false;
    } else {
        from_disk(arena, places, &files);
    }
    *out = files;
    return true;
}
