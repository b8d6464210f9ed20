/* git.h, bytes: the filters between work tree and repository, merging and comparing texts. */

#include "runners/git/git_lib.h"

/* ---- filters */

GitFilter repo_filter_of(Arena *arena, Repo *repo, Str path)
{
    GitFilter filter = {0};
    char *name = str_cstr(arena, path);
    CLEANUP(free_filters) git_filter_list *filters = NULL;
    if (git_filter_list_load(&filters, repo->handle, NULL, name, GIT_FILTER_TO_ODB, 0) == 0)
        filter.converts = filters != NULL;
    static const char *const NAMES[] = {"filter", "working-tree-encoding"};
    for (size_t i = 0; i < 2; i++) {
        const char *value = NULL;
        if (git_attr_get(&value, repo->handle, 0, name, NAMES[i]) == 0 &&
            git_attr_value(value) == GIT_ATTR_VALUE_STRING)
            filter.driver = str_copy(arena, str_from_c(value));
    }
    return filter;
}

static bool apply_filters(Arena *arena, Repo *repo, Str path, Str bytes, git_filter_mode_t mode,
                          Str *out, Err *err)
{
    CLEANUP(free_filters) git_filter_list *filters = NULL;
    TRY(git_filter_list_load(&filters, repo->handle, NULL, str_cstr(arena, path), mode,
                             GIT_FILTER_ALLOW_UNSAFE));
    git_buf buf = {0};
    TRY(git_filter_list_apply_to_buffer(&buf, filters, bytes.len ? bytes.ptr : "", bytes.len));
    *out = str_copy(arena, (Str){buf.ptr, buf.size});
    git_buf_dispose(&buf);
    return true;
}

bool repo_to_git(Arena *arena, Repo *repo, Str path, Str bytes, Str *out, Err *err)
{
    return apply_filters(arena, repo, path, bytes, GIT_FILTER_TO_ODB, out, err);
}

bool repo_to_worktree(Arena *arena, Repo *repo, Str path, ObjectId blob, Str *out, Err *err)
{
    Str bytes;
    return repo_read_blob(arena, repo, blob, &bytes, err) &&
           apply_filters(arena, repo, path, bytes, GIT_FILTER_TO_WORKTREE, out, err);
}

/* ---- texts */

typedef struct HunkWalk {
    Arena *arena;
    GitHunks hunks;
} HunkWalk;

static int add_hunk(const git_diff_delta *delta, const git_diff_hunk *hunk, void *payload)
{
    (void)delta;
    HunkWalk *walk = payload;
    *array_push(walk->arena, &walk->hunks) = (GitHunk){
        .old_first = (uint32_t)hunk->old_start,
        .old_count = (uint32_t)hunk->old_lines,
        .new_first = (uint32_t)hunk->new_start,
        .new_count = (uint32_t)hunk->new_lines,
    };
    return 0;
}

bool diff_texts(Arena *arena, Str old, Str now, GitHunks *out, Err *err)
{
    git_diff_options options;
    git_diff_options_init(&options, GIT_DIFF_OPTIONS_VERSION);
    options.context_lines = 0;
    options.flags = GIT_DIFF_FORCE_TEXT;
    HunkWalk walk = {.arena = arena};
    git_libgit2_init(); /* texts need no repository, but the library must be up */
    int code = git_diff_buffers(old.len ? old.ptr : "", old.len, "a", now.len ? now.ptr : "",
                                now.len, "a", &options, NULL, NULL, add_hunk, NULL, &walk);
    if (code < 0)
        git_lib_failed(err, code);
    git_libgit2_shutdown();
    if (code == 0)
        *out = walk.hunks;
    return code == 0;
}

static git_merge_file_input merge_input(Str text)
{
    git_merge_file_input input;
    git_merge_file_input_init(&input, GIT_MERGE_FILE_INPUT_VERSION);
    input.ptr = text.len ? text.ptr : "";
    input.size = text.len;
    return input;
}

bool merge_texts(Arena *arena, Str ancestor, Str ours, Str theirs, bool *clean, Str *merged,
                 Err *err)
{
    git_merge_file_input a = merge_input(ancestor), o = merge_input(ours), t = merge_input(theirs);
    git_merge_file_result result = {0};
    git_libgit2_init();
    int code = git_merge_file(&result, &a, &o, &t, NULL);
    if (code < 0)
        git_lib_failed(err, code);
    *clean = code == 0 && result.automergeable;
    if (*clean)
        *merged = str_copy(arena, (Str){result.ptr, result.len});
    git_merge_file_result_free(&result);
    git_libgit2_shutdown();
    return code == 0;
}
