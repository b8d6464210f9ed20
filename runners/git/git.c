#include "runners/git/git.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <git2.h>

#include "base/file.h"
#include "base/log.h"
#include "base/path.h"

_Static_assert(sizeof(ObjectId) == GIT_OID_RAWSZ, "our name of an object is libgit2's");

enum {
    LOCK_TRIES = 20,
    LOCK_PAUSE_NS = 50 * 1000 * 1000,
};

struct Repo {
    Arena *arena;
    git_repository *handle;
    git_odb *odb;
    Str top;
    bool is_private;
};

static bool set_git_error(Err *err, int code)
{
    const git_error *last = git_error_last();
    ErrKind kind = code == GIT_ENOTFOUND ? ERR_NOT_FOUND : ERR_IO;
    return err_set(err, kind, "git: %s", last && last->message ? last->message : "unknown problem");
}

/* Call a libgit2 function; on failure fill err and return false from the caller. */
#define TRY(call)                                \
    do {                                         \
        int try_code = (call);                   \
        if (try_code < 0)                        \
            return set_git_error(err, try_code); \
    } while (0)

static void free_tree(git_tree **tree)
{
    git_tree_free(*tree);
}

static void free_index(git_index **index)
{
    git_index_free(*index);
}

static void free_commit(git_commit **commit)
{
    git_commit_free(*commit);
}

static void free_object(git_object **object)
{
    git_object_free(*object);
}

static void free_reference(git_reference **reference)
{
    git_reference_free(*reference);
}

static void free_status(git_status_list **list)
{
    git_status_list_free(*list);
}

static void free_filters(git_filter_list **filters)
{
    git_filter_list_free(*filters);
}

static git_oid to_oid(ObjectId id)
{
    git_oid oid;
    memcpy(oid.id, id.bytes, sizeof oid.id);
    return oid;
}

static ObjectId from_oid(const git_oid *oid)
{
    ObjectId id;
    memcpy(id.bytes, oid->id, sizeof id.bytes);
    return id;
}

bool object_id_eq(ObjectId a, ObjectId b)
{
    return memcmp(a.bytes, b.bytes, sizeof a.bytes) == 0;
}

bool object_id_is_zero(ObjectId id)
{
    return object_id_eq(id, (ObjectId){0});
}

Str object_id_hex(Arena *arena, ObjectId id)
{
    char hex[GIT_OID_HEXSZ];
    git_oid oid = to_oid(id);
    git_oid_fmt(hex, &oid);
    return str_copy(arena, (Str){hex, sizeof hex});
}

bool object_id_from_hex(Str hex, ObjectId *out)
{
    git_oid oid;
    if (hex.len != GIT_OID_HEXSZ || git_oid_fromstrn(&oid, hex.ptr, hex.len) < 0)
        return false;
    *out = from_oid(&oid);
    return true;
}

/* ---- opening */

/* Ours alone, with the workspace as its work tree and the usual rubbish ignored. */
static bool open_private(Repo *repo, const Places *places, Err *err)
{
    static const Str IGNORED =
        STR_CONST("/.perfloop/\n__pycache__/\nnode_modules/\n.venv/\nvenv/\n/target/\n/build/\n");
    Str dir = path_join(repo->arena, places->state, S("objects.git"));
    if (!file_make_dirs(dir, err))
        return false;
    git_repository_init_options options;
    git_repository_init_options_init(&options, GIT_REPOSITORY_INIT_OPTIONS_VERSION);
    options.flags = GIT_REPOSITORY_INIT_BARE | GIT_REPOSITORY_INIT_MKPATH;
    TRY(git_repository_init_ext(&repo->handle, str_cstr(repo->arena, dir), &options));
    if (!file_write(path_join(repo->arena, dir, S("info/exclude")), IGNORED, err))
        return false;
    TRY(git_repository_set_workdir(repo->handle, str_cstr(repo->arena, places->root), 0));
    repo->top = str_copy(repo->arena, places->root);
    repo->is_private = true;
    return true;
}

static bool open_users(Repo *repo, const Places *places, Err *err)
{
    int code = git_repository_open(&repo->handle, str_cstr(repo->arena, places->git_top));
    if (code < 0) {
        bool extension = git_error_last() && strstr(git_error_last()->message, "extension");
        set_git_error(err, code);
        err->kind = extension ? ERR_UNSUPPORTED : err->kind;
        return err_wrap(err, STR_FMT, STR_ARG(places->git_top));
    }
    repo->top = str_copy(repo->arena, places->git_top);
    return true;
}

Repo *repo_open(const Places *places, Err *err)
{
    git_libgit2_init();
    Arena *arena = arena_new("git");
    Repo *repo = NEW(arena, Repo);
    repo->arena = arena;
    bool ok = places->git_top.len ? open_users(repo, places, err) : open_private(repo, places, err);
    int code = ok ? git_repository_odb(&repo->odb, repo->handle) : 0;
    if (ok && code == 0)
        return repo;
    if (ok)
        set_git_error(err, code);
    repo_free(repo);
    return NULL;
}

void repo_free(Repo *repo)
{
    if (!repo)
        return;
    git_odb_free(repo->odb);
    git_repository_free(repo->handle);
    arena_free(repo->arena);
    git_libgit2_shutdown();
}

void repo_cleanup(Repo **repo)
{
    repo_free(*repo);
}

bool repo_is_private(const Repo *repo)
{
    return repo->is_private;
}

Str repo_top(const Repo *repo)
{
    return repo->top;
}

/* ---- objects */

bool repo_write_blob(Repo *repo, Str bytes, ObjectId *id, Err *err)
{
    git_oid oid;
    TRY(git_blob_create_from_buffer(&oid, repo->handle, bytes.len ? bytes.ptr : "", bytes.len));
    *id = from_oid(&oid);
    return true;
}

bool repo_read_blob(Arena *arena, Repo *repo, ObjectId id, Str *bytes, Err *err)
{
    git_odb_object *object;
    git_oid oid = to_oid(id);
    TRY(git_odb_read(&object, repo->odb, &oid));
    *bytes = str_copy(arena, (Str){git_odb_object_data(object), git_odb_object_size(object)});
    git_odb_object_free(object);
    return true;
}

ObjectId object_id_of_blob(Str bytes)
{
    git_oid oid;
    memset(&oid, 0, sizeof oid);
    git_odb_hash(&oid, bytes.len ? bytes.ptr : "", bytes.len, GIT_OBJECT_BLOB);
    return from_oid(&oid);
}

typedef struct TreeWalk {
    Arena *arena;
    GitEntries entries;
} TreeWalk;

static int add_tree_entry(const char *root, const git_tree_entry *entry, void *payload)
{
    TreeWalk *walk = payload;
    if (git_tree_entry_type(entry) == GIT_OBJECT_TREE)
        return 0;
    *array_push(walk->arena, &walk->entries) = (GitEntry){
        .path = str_fmt(walk->arena, "%s%s", root, git_tree_entry_name(entry)),
        .mode = (uint32_t)git_tree_entry_filemode(entry),
        .blob = from_oid(git_tree_entry_id(entry)),
    };
    return 0;
}

static int by_path(const void *a, const void *b)
{
    return str_cmp(((const GitEntry *)a)->path, ((const GitEntry *)b)->path);
}

bool repo_read_tree(Arena *arena, Repo *repo, ObjectId id, GitEntries *out, Err *err)
{
    CLEANUP(free_object) git_object *object = NULL;
    CLEANUP(free_tree) git_tree *tree = NULL;
    git_oid oid = to_oid(id);
    TRY(git_object_lookup(&object, repo->handle, &oid, GIT_OBJECT_ANY));
    TRY(git_object_peel((git_object **)&tree, object, GIT_OBJECT_TREE));
    TreeWalk walk = {.arena = arena};
    TRY(git_tree_walk(tree, GIT_TREEWALK_PRE, add_tree_entry, &walk));
    if (walk.entries.len)
        qsort(walk.entries.items, walk.entries.len, sizeof(GitEntry), by_path);
    *out = walk.entries;
    return true;
}

bool repo_write_tree(Repo *repo, const GitEntries *entries, ObjectId *tree, Err *err)
{
    CLEANUP(arena_cleanup) Arena *scratch = arena_new("tree");
    CLEANUP(free_index) git_index *index = NULL;
    TRY(git_index_new(&index));
    array_each (GitEntry, entry, entries) {
        git_index_entry row = {
            .mode = entry->mode,
            .id = to_oid(entry->blob),
            .path = str_cstr(scratch, entry->path),
        };
        TRY(git_index_add(index, &row));
    }
    git_oid oid;
    TRY(git_index_write_tree_to(&oid, index, repo->handle));
    *tree = from_oid(&oid);
    return true;
}

/* ---- references of our own */

static bool lookup_tree(Repo *repo, ObjectId id, git_tree **tree, Err *err)
{
    git_oid oid = to_oid(id);
    TRY(git_tree_lookup(tree, repo->handle, &oid));
    return true;
}

/*
 * Somebody holds a lock on one of our references: git packing them, for a moment; or one of us that
 * was killed, for ever. Nobody else writes them, so after a second it is the latter.
 */
static void wait_for_lock(const Repo *repo, Str ref, int tries)
{
    CLEANUP(arena_cleanup) Arena *scratch = arena_new("lock");
    const struct timespec pause = {.tv_nsec = LOCK_PAUSE_NS};
    if (tries < LOCK_TRIES) {
        nanosleep(&pause, NULL);
        return;
    }
    Str lock = str_fmt(scratch, "%s" STR_FMT ".lock", git_repository_commondir(repo->handle),
                       STR_ARG(ref));
    if (unlink(str_cstr(scratch, lock)) == 0)
        log_warn("git: removed " STR_FMT ", left by a perfloop that was killed", STR_ARG(lock));
}

bool repo_keep(Repo *repo, Str ref, ObjectId id, Str message, Err *err)
{
    CLEANUP(arena_cleanup) Arena *scratch = arena_new("ref");
    CLEANUP(free_tree) git_tree *tree = NULL;
    CLEANUP(free_reference) git_reference *reference = NULL;
    if (!EXPECT(str_starts(ref, S("refs/perfloop/"))))
        return err_set(err, ERR_IO, STR_FMT ": not ours", STR_ARG(ref));
    if (!lookup_tree(repo, id, &tree, err))
        return false;
    git_signature *who;
    TRY(git_signature_now(&who, "perfloop", "perfloop@localhost"));
    git_oid commit;
    int code = git_commit_create(&commit, repo->handle, NULL, who, who, NULL,
                                 str_cstr(scratch, message), tree, 0, NULL);
    git_signature_free(who);
    TRY(code);
    for (int tries = 0;; tries++) {
        code = git_reference_create(&reference, repo->handle, str_cstr(scratch, ref), &commit, 1,
                                    "perfloop");
        if (code != GIT_ELOCKED || tries > LOCK_TRIES)
            break;
        wait_for_lock(repo, ref, tries);
    }
    TRY(code);
    return true;
}

bool repo_kept(Repo *repo, Str ref, ObjectId *tree, Err *err)
{
    CLEANUP(arena_cleanup) Arena *scratch = arena_new("ref");
    CLEANUP(free_reference) git_reference *reference = NULL;
    CLEANUP(free_object) git_object *object = NULL;
    TRY(git_reference_lookup(&reference, repo->handle, str_cstr(scratch, ref)));
    TRY(git_reference_peel(&object, reference, GIT_OBJECT_TREE));
    *tree = from_oid(git_object_id(object));
    return true;
}

/* ---- the work tree */

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
        set_git_error(err, code);
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
        set_git_error(err, code);
    *clean = code == 0 && result.automergeable;
    if (*clean)
        *merged = str_copy(arena, (Str){result.ptr, result.len});
    git_merge_file_result_free(&result);
    git_libgit2_shutdown();
    return code == 0;
}
