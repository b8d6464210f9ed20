/* git.h, the state of a repository: what its work tree holds, where HEAD is, what is staged. */

#include <stdlib.h>

#include "base/path.h"
#include "runners/git/git_lib.h"

static int by_file_path(const void *a, const void *b)
{
    return str_cmp(((const GitFile *)a)->path, ((const GitFile *)b)->path);
}

static bool list_repository(Arena *arena, git_repository *repo, Str prefix, GitFiles *out,
                            Err *err);

/* A submodule that was never fetched, or cannot be opened, has no files. */
static bool list_submodule(Arena *arena, git_repository *parent, Str prefix, Str path,
                           GitFiles *out, Err *err)
{
    git_repository *repo;
    Str dir = path_join(arena, str_from_c(git_repository_workdir(parent)), path);
    if (git_repository_open(&repo, str_cstr(arena, dir)) < 0)
        return true;
    Str inside = str_fmt(arena, STR_FMT STR_FMT "/", STR_ARG(prefix), STR_ARG(path));
    size_t first = out->len;
    bool ok = list_repository(arena, repo, inside, out, err);
    for (size_t i = first; i < out->len; i++)
        out->items[i].in_submodule = true;
    git_repository_free(repo);
    return ok;
}

static bool list_tracked(Arena *arena, git_repository *repo, Str prefix, GitFiles *out, Err *err)
{
    CLEANUP(free_index) git_index *index = NULL;
    TRY(git_repository_index(&index, repo));
    TRY(git_index_read(index, 0));
    Str last = {0};
    for (size_t i = 0; i < git_index_entrycount(index); i++) {
        const git_index_entry *entry = git_index_get_byindex(index, i);
        Str path = str_from_c(entry->path);
        if (entry->mode == GIT_FILEMODE_COMMIT) {
            if (!list_submodule(arena, repo, prefix, path, out, err))
                return false;
            continue;
        }
        if (last.len && str_eq(last, path))
            continue; /* the stages of a conflict */
        last = path;
        *array_push(arena, out) = (GitFile){
            .path = str_fmt(arena, STR_FMT STR_FMT, STR_ARG(prefix), STR_ARG(path)),
            .tracked = true,
        };
    }
    return true;
}

static void mark_different(GitFiles *files, Str path)
{
    if (!files->len)
        return;
    GitFile key = {.path = path};
    GitFile *file = bsearch(&key, files->items, files->len, sizeof key, by_file_path);
    if (file)
        file->differs = true;
}

/* Adds what is untracked and marks what differs from HEAD. */
static bool list_status(Arena *arena, git_repository *repo, Str prefix, GitFiles *tracked,
                        GitFiles *untracked, Err *err)
{
    git_status_options options;
    git_status_options_init(&options, GIT_STATUS_OPTIONS_VERSION);
    options.show = GIT_STATUS_SHOW_INDEX_AND_WORKDIR;
    options.flags = GIT_STATUS_OPT_INCLUDE_UNTRACKED | GIT_STATUS_OPT_RECURSE_UNTRACKED_DIRS |
                    GIT_STATUS_OPT_EXCLUDE_SUBMODULES | GIT_STATUS_OPT_INCLUDE_UNREADABLE;
    CLEANUP(free_status) git_status_list *list = NULL;
    TRY(git_status_list_new(&list, repo, &options));
    for (size_t i = 0; i < git_status_list_entrycount(list); i++) {
        const git_status_entry *entry = git_status_byindex(list, i);
        const git_diff_delta *delta =
            entry->index_to_workdir ? entry->index_to_workdir : entry->head_to_index;
        Str path = str_fmt(arena, STR_FMT "%s", STR_ARG(prefix), delta->new_file.path);
        if (str_ends(path, S("/")) || (entry->status & GIT_STATUS_IGNORED))
            continue; /* a repository of its own */
        mark_different(tracked, path);
        if (entry->status & GIT_STATUS_WT_NEW)
            *array_push(arena, untracked) = (GitFile){.path = path, .differs = true};
    }
    return true;
}

static bool list_repository(Arena *arena, git_repository *repo, Str prefix, GitFiles *out, Err *err)
{
    GitFiles tracked = {0}, untracked = {0};
    if (!list_tracked(arena, repo, prefix, &tracked, err))
        return false;
    if (tracked.len)
        qsort(tracked.items, tracked.len, sizeof(GitFile), by_file_path);
    if (!list_status(arena, repo, prefix, &tracked, &untracked, err))
        return false;
    array_each (GitFile, file, &tracked)
        *array_push(arena, out) = *file;
    array_each (GitFile, file, &untracked) {
        /* A path removed from the index but still on disk is listed by both. */
        if (!tracked.len || !bsearch(file, tracked.items, tracked.len, sizeof *file, by_file_path))
            *array_push(arena, out) = *file;
    }
    return true;
}

bool repo_list(Arena *arena, Repo *repo, GitFiles *out, Err *err)
{
    GitFiles files = {0};
    if (!list_repository(arena, repo->handle, (Str){0}, &files, err))
        return false;
    if (files.len)
        qsort(files.items, files.len, sizeof(GitFile), by_file_path);
    *out = files;
    return true;
}

static Str busy_with(git_repository *repo)
{
    switch ((git_repository_state_t)git_repository_state(repo)) {
    case GIT_REPOSITORY_STATE_NONE:
        return (Str){0};
    case GIT_REPOSITORY_STATE_MERGE:
        return S("a merge");
    case GIT_REPOSITORY_STATE_REVERT:
    case GIT_REPOSITORY_STATE_REVERT_SEQUENCE:
        return S("a git revert");
    case GIT_REPOSITORY_STATE_CHERRYPICK:
    case GIT_REPOSITORY_STATE_CHERRYPICK_SEQUENCE:
        return S("a cherry-pick");
    case GIT_REPOSITORY_STATE_BISECT:
        return S("a bisect");
    case GIT_REPOSITORY_STATE_REBASE:
    case GIT_REPOSITORY_STATE_REBASE_INTERACTIVE:
    case GIT_REPOSITORY_STATE_REBASE_MERGE:
        return S("a rebase");
    case GIT_REPOSITORY_STATE_APPLY_MAILBOX:
    case GIT_REPOSITORY_STATE_APPLY_MAILBOX_OR_REBASE:
        return S("git am");
    }
    return S("another operation");
}

bool repo_head(Arena *arena, Repo *repo, GitHead *out, Err *err)
{
    GitHead head = {.busy = busy_with(repo->handle)};
    CLEANUP(free_reference) git_reference *reference = NULL;
    int code = git_repository_head(&reference, repo->handle);
    if (code == GIT_EUNBORNBRANCH || code == GIT_ENOTFOUND) {
        head.unborn = true;
        *out = head;
        return true;
    }
    TRY(code);
    head.detached = git_repository_head_detached(repo->handle) == 1;
    if (!head.detached)
        head.branch = str_copy(arena, str_from_c(git_reference_shorthand(reference)));
    head.commit = from_oid(git_reference_target(reference));
    *out = head;
    return true;
}

static bool lookup_commit(Repo *repo, ObjectId id, git_commit **commit, Err *err)
{
    git_oid oid = to_oid(id);
    TRY(git_commit_lookup(commit, repo->handle, &oid));
    return true;
}

bool repo_commit_message(Arena *arena, Repo *repo, ObjectId id, Str *message, Err *err)
{
    CLEANUP(free_commit) git_commit *commit = NULL;
    if (!lookup_commit(repo, id, &commit, err))
        return false;
    *message = str_copy(arena, str_from_c(git_commit_message_raw(commit)));
    return true;
}

bool repo_parent(Repo *repo, ObjectId id, ObjectId *parent, Err *err)
{
    CLEANUP(free_commit) git_commit *commit = NULL;
    if (!lookup_commit(repo, id, &commit, err))
        return false;
    *parent =
        git_commit_parentcount(commit) ? from_oid(git_commit_parent_id(commit, 0)) : (ObjectId){0};
    return true;
}

bool repo_staged(Repo *repo, Str path, GitEntry *out)
{
    CLEANUP(arena_cleanup) Arena *scratch = arena_new("staged");
    CLEANUP(free_index) git_index *index = NULL;
    if (git_repository_index(&index, repo->handle) < 0 || git_index_read(index, 0) < 0)
        return false;
    const git_index_entry *entry = git_index_get_bypath(index, str_cstr(scratch, path), 0);
    if (!entry)
        return false;
    *out = (GitEntry){.path = path, .mode = entry->mode, .blob = from_oid(&entry->id)};
    return true;
}
