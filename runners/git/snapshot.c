#include "runners/git/snapshot.h"

#include <stdlib.h>
#include <time.h>

#include "base/file.h"
#include "base/map.h"
#include "base/path.h"
#include "runners/git/git_program.h"
#include "runners/git/statcache.h"
#include "runners/git/workfile.h"

static const Str NOTE = STR_CONST("perfloop: too large to keep\n");

bool snapshot_is_note(Str bytes)
{
    return str_starts(bytes, NOTE);
}

/* The name of this work tree in refs and file names. */
static Str worktree_name(const Places *places)
{
    return str_eq(places->git_dir, places->git_common) ? S("main") : path_base(places->git_dir);
}

static int64_t realtime_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

typedef struct Taking {
    Arena *arena;
    Repo *repo;
    const Places *places;
    const Overlay *overlay;
    StatCache *old, *now;
    Snapshot *out;
} Taking;

static void add_entry(Taking *taking, Str path, uint32_t mode, ObjectId blob)
{
    *array_push(taking->arena, &taking->out->entries) =
        (GitEntry){.path = path, .mode = mode, .blob = blob};
}

static uint32_t mode_of(const struct stat *st)
{
    if (S_ISLNK(st->st_mode))
        return GIT_MODE_LINK;
    return st->st_mode & S_IXUSR ? GIT_MODE_PROGRAM : GIT_MODE_FILE;
}

/* Size, times and inode stand for the content: enough to see that it changed. */
static Str large_file_note(Arena *arena, const struct stat *st)
{
    return str_fmt(arena, STR_FMT "size %lld\nchanged %lld.%09ld\ninode %llu\n", STR_ARG(NOTE),
                   (long long)st->st_size, (long long)st->st_mtim.tv_sec, st->st_mtim.tv_nsec,
                   (unsigned long long)st->st_ino);
}

static bool hash_file(Taking *taking, Str path, const struct stat *st, ObjectId *blob, Err *err)
{
    CLEANUP(arena_cleanup) Arena *scratch = arena_new("hash");
    if (S_ISREG(st->st_mode) && st->st_size > SNAPSHOT_FILE_MAX)
        return repo_write_blob(taking->repo, large_file_note(scratch, st), blob, err);
    WorkFile file;
    return workfile_read(scratch, repo_top(taking->repo), path, SNAPSHOT_FILE_MAX, &file, err) &&
           repo_write_blob(taking->repo, file.bytes, blob, err);
}

static bool take_disk(Taking *taking, const GitFile *file, const struct stat *st, Err *err)
{
    ObjectId blob;
    if (!statcache_find(taking->old, file->path, st, &blob)) {
        int64_t now_ns = realtime_ns();
        if (!hash_file(taking, file->path, st, &blob, err)) {
            if (file->tracked)
                return false;
            *array_push(taking->arena, &taking->out->skipped) = file->path;
            return true;
        }
        statcache_add(taking->now, file->path, st, blob, now_ns);
    } else {
        statcache_add(taking->now, file->path, st, blob, INT64_MAX);
    }
    add_entry(taking, file->path, mode_of(st), blob);
    return true;
}

/* The editor's text in place of the file's, when saving it would change the file. */
static bool take_buffer(Taking *taking, const OverlayDocument *document, Str path, bool on_disk,
                        uint32_t mode, Err *err)
{
    CLEANUP(arena_cleanup) Arena *scratch = arena_new("buffer");
    WorkFile file = {0};
    Str bytes;
    ObjectId blob;
    if (on_disk &&
        !workfile_read(scratch, repo_top(taking->repo), path, SNAPSHOT_FILE_MAX, &file, err))
        return false;
    if (!overlay_bytes(scratch, document, file.bytes, &bytes, err) ||
        !repo_write_blob(taking->repo, bytes, &blob, err))
        return false;
    if (!on_disk || !str_eq(bytes, file.bytes))
        *array_push(taking->arena, &taking->out->unsaved) = path;
    add_entry(taking, path, mode, blob);
    return true;
}

static const OverlayDocument *unsaved_text(const Taking *taking, Str path)
{
    const OverlayDocument *document =
        overlay_find(taking->overlay, path_join(taking->arena, repo_top(taking->repo), path));
    return document && document->dirty ? document : NULL;
}

static bool take_file(Taking *taking, const GitFile *file, Err *err)
{
    struct stat st;
    WorkFileKind kind = workfile_stat(repo_top(taking->repo), file->path, &st);
    const OverlayDocument *document = taking->overlay ? unsaved_text(taking, file->path) : NULL;
    if (kind == WORKFILE_REGULAR && document)
        return take_buffer(taking, document, file->path, true, mode_of(&st), err);
    if (kind == WORKFILE_REGULAR || kind == WORKFILE_LINK)
        return take_disk(taking, file, &st, err);
    return true; /* deleted, or no longer a file */
}

static int entry_by_path(const void *a, const void *b)
{
    return str_cmp(((const GitEntry *)a)->path, ((const GitEntry *)b)->path);
}

static const GitEntry *find_entry(const GitEntries *entries, Str path)
{
    GitEntry key = {.path = path};
    return entries->len ? bsearch(&key, entries->items, entries->len, sizeof key, entry_by_path)
                        : NULL;
}

static void sort_entries(GitEntries *entries)
{
    if (entries->len)
        qsort(entries->items, entries->len, sizeof(GitEntry), entry_by_path);
}

/* Buffers that were never saved: a file of the work tree that is not there yet. */
static bool take_new_buffers(Taking *taking, Err *err)
{
    if (!taking->overlay)
        return true;
    sort_entries(&taking->out->entries);
    GitEntries before = taking->out->entries;
    array_each (const OverlayDocument, document, taking->overlay) {
        Str path;
        if (!document->dirty || !path_inside(repo_top(taking->repo), document->path, &path) ||
            !path.len || find_entry(&before, path) || file_exists(document->path) ||
            str_starts(path, S(".git/")))
            continue;
        path = str_copy(taking->arena, path);
        if (!take_buffer(taking, document, path, false, GIT_MODE_FILE, err))
            return false;
    }
    return true;
}

bool snapshot_take(Arena *arena, Repo *repo, const Places *places, const Overlay *overlay,
                   Snapshot *out, Err *err)
{
    CLEANUP(arena_cleanup) Arena *scratch = arena_new("snapshot");
    Str name = worktree_name(places);
    Str cache = path_join(scratch, places->state,
                          str_fmt(scratch, "snapshot-" STR_FMT ".cache", STR_ARG(name)));
    Snapshot snapshot = {0};
    Taking taking = {
        .arena = arena,
        .repo = repo,
        .places = places,
        .overlay = overlay,
        .old = statcache_load(scratch, cache),
        .now = statcache_new(scratch),
        .out = &snapshot,
    };
    GitFiles files;
    if (!file_make_dirs(places->state, err) || !repo_list(arena, repo, &files, err))
        return err_wrap(err, "snapshot");
    array_each (GitFile, file, &files)
        if (!take_file(&taking, file, err))
            return err_wrap(err, "snapshot");
    if (!take_new_buffers(&taking, err))
        return err_wrap(err, "snapshot");
    sort_entries(&snapshot.entries);
    Str ref = str_fmt(scratch, "refs/perfloop/last/" STR_FMT, STR_ARG(name));
    if (!repo_write_tree(repo, &snapshot.entries, &snapshot.tree, err) ||
        !repo_keep(repo, ref, snapshot.tree, S("the work tree when perfloop last looked"), err) ||
        !statcache_save(taking.now, cache, err))
        return err_wrap(err, "snapshot");
    *out = snapshot;
    return true;
}

/* ---- the last commit */

/* True when path is one of `paths` or below one that is a folder. */
static bool is_named(const SnapshotPaths *paths, Str path)
{
    Str rest;
    array_each (Str, named, paths)
        if (named->len && path_inside(*named, path, &rest))
            return true;
    return false;
}

bool snapshot_checked_out(Arena *arena, Repo *repo, const Places *places, const GitEntry *committed,
                          ObjectId *blob, Err *err)
{
    GitFilter filter = repo_filter_of(arena, repo, committed->path);
    Str bytes;
    if (committed->mode == GIT_MODE_LINK || (!filter.converts && !filter.driver.len)) {
        *blob = committed->blob;
        return true;
    }
    bool ok = filter.driver.len
                  ? git_program_to_worktree(arena, places, committed, &bytes, err)
                  : repo_to_worktree(arena, repo, committed->path, committed->blob, &bytes, err);
    return ok && repo_write_blob(repo, bytes, blob, err);
}

/* What the work tree holds as it was committed needs no filter; `files` says which those are. */
static bool head_entry(Arena *arena, Repo *repo, const Places *places, const GitEntry *committed,
                       const Map *differing, const Snapshot *now, GitEntry *out, Err *err)
{
    const GitEntry *here = find_entry(&now->entries, committed->path);
    *out = *committed;
    if (here && !map_has(differing, committed->path)) {
        *out = *here;
        return true;
    }
    return snapshot_checked_out(arena, repo, places, committed, &out->blob, err);
}

static bool in_submodule(const GitEntries *head, Str path)
{
    Str rest;
    array_each (GitEntry, entry, head)
        if (entry->mode == GIT_MODE_SUBMODULE && path_inside(entry->path, path, &rest))
            return true;
    return false;
}

bool snapshot_of_head(Arena *arena, Repo *repo, const Places *places, const Snapshot *now,
                      const SnapshotPaths *also, ObjectId *tree, Err *err)
{
    GitHead head;
    GitEntries committed, entries = {0};
    GitFiles files;
    if (!repo_head(arena, repo, &head, err))
        return false;
    if (head.unborn)
        return err_set(err, ERR_NOT_FOUND, "there is no commit yet");
    if (!repo_read_tree(arena, repo, head.commit, &committed, err) ||
        !repo_list(arena, repo, &files, err))
        return false;
    Map *differing = map_new(arena);
    array_each (GitFile, file, &files)
        if (file->differs)
            map_put(differing, file->path, file);
    array_each (Str, path, &now->unsaved)
        map_put(differing, *path, path);
    array_each (GitEntry, entry, &committed) {
        GitEntry made;
        if (entry->mode == GIT_MODE_SUBMODULE)
            continue;
        if (!head_entry(arena, repo, places, entry, differing, now, &made, err))
            return err_wrap(err, STR_FMT, STR_ARG(entry->path));
        *array_push(arena, &entries) = made;
    }
    array_each (const GitEntry, entry, &now->entries)
        if (!find_entry(&committed, entry->path) &&
            (is_named(also, entry->path) || in_submodule(&committed, entry->path)))
            *array_push(arena, &entries) = *entry;
    sort_entries(&entries);
    return repo_write_tree(repo, &entries, tree, err);
}

/* ---- comparing */

static void add_change(Arena *arena, TreeChanges *out, const GitEntry *from, const GitEntry *to)
{
    TreeChange change = {.path = from ? from->path : to->path};
    if (from)
        change.from = *from;
    if (to)
        change.to = *to;
    *array_push(arena, out) = change;
}

bool snapshot_compare(Arena *arena, Repo *repo, ObjectId from, ObjectId to, TreeChanges *out,
                      Err *err)
{
    GitEntries a, b;
    TreeChanges changes = {0};
    if (!repo_read_tree(arena, repo, from, &a, err) || !repo_read_tree(arena, repo, to, &b, err))
        return false;
    size_t i = 0, k = 0;
    while (i < a.len || k < b.len) {
        int order = i == a.len ? 1 : k == b.len ? -1 : str_cmp(a.items[i].path, b.items[k].path);
        if (order < 0)
            add_change(arena, &changes, &a.items[i++], NULL);
        else if (order > 0)
            add_change(arena, &changes, NULL, &b.items[k++]);
        else {
            if (a.items[i].mode != b.items[k].mode ||
                !object_id_eq(a.items[i].blob, b.items[k].blob))
                add_change(arena, &changes, &a.items[i], &b.items[k]);
            i++, k++;
        }
    }
    *out = changes;
    return true;
}
