#include "runners/git/git.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "base/path.h"
#include "runners/git/git_lib.h"

_Static_assert(sizeof(ObjectId) == GIT_OID_RAWSZ, "our name of an object is libgit2's");

enum {
    LOCK_TRIES = 20,
    LOCK_PAUSE_NS = 50 * 1000 * 1000,
};

bool git_lib_failed(Err *err, int code)
{
    const git_error *last = git_error_last();
    ErrKind kind = code == GIT_ENOTFOUND ? ERR_NOT_FOUND : ERR_IO;
    return err_set(err, kind, "git: %s", last && last->message ? last->message : "unknown problem");
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
        git_lib_failed(err, code);
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
        git_lib_failed(err, code);
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
