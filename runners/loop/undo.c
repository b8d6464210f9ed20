#include "runners/loop/undo.h"

#include "base/map.h"

/* The committed files by path; none for no commit. */
static bool commit_entries(Arena *arena, Repo *repo, ObjectId commit, Map **out, Err *err)
{
    GitEntries entries = {0};
    *out = map_new(arena);
    if (!object_id_is_zero(commit) && !repo_read_tree(arena, repo, commit, &entries, err))
        return false;
    array_each (GitEntry, entry, &entries)
        map_put(*out, entry->path, entry);
    return true;
}

static bool same_entry(const GitEntry *a, const GitEntry *b)
{
    if (!a || !b)
        return a == b;
    return a->mode == b->mode && object_id_eq(a->blob, b->blob);
}

typedef struct Heads {
    Map *then, *now;
} Heads;

/* What stands at the changed path in the undo tree; mode 0: nothing. */
static bool undo_entry(Arena *arena, Repo *repo, const Places *places, const Heads *heads,
                       const TreeChange *change, GitEntry *out, Err *err)
{
    const GitEntry *now = map_get(heads->now, change->path);
    GitEntry head = {.path = change->path};
    if (now) {
        head = *now;
        if (!snapshot_checked_out(arena, repo, places, now, &head.blob, err))
            return false;
    }
    if (same_entry(&head, &change->to) || !same_entry(map_get(heads->then, change->path), now))
        *out = head;
    else
        *out = change->from;
    return true;
}

bool undo_tree(Arena *arena, Repo *repo, const Places *places, const Undo *undo, ObjectId *tree,
               Err *err)
{
    GitHead head;
    ObjectId then = {0};
    TreeChanges changes;
    GitEntries base, entries = {0};
    Heads heads;
    if (repo_is_private(repo)) {
        *tree = undo->base;
        return true;
    }
    if (!repo_head(arena, repo, &head, err) ||
        !snapshot_compare(arena, repo, undo->base, undo->candidate, &changes, err) ||
        !repo_read_tree(arena, repo, undo->base, &base, err))
        return false;
    if (undo->base_head.len && !object_id_from_hex(undo->base_head, &then))
        return err_set(err, ERR_INPUT, "ledger: '" STR_FMT "' is no commit",
                       STR_ARG(undo->base_head));
    Err gone = {0}; /* the commit may have been rewritten and collected since: then HEAD decides */
    if (!commit_entries(arena, repo, then, &heads.then, &gone))
        heads.then = map_new(arena);
    if (!commit_entries(arena, repo, head.commit, &heads.now, err))
        return false;
    Map *changed = map_new(arena);
    array_each (TreeChange, change, &changes) {
        GitEntry entry = {0};
        map_put(changed, change->path, change);
        if (!undo_entry(arena, repo, places, &heads, change, &entry, err))
            return false;
        if (entry.mode)
            *array_push(arena, &entries) = entry;
    }
    array_each (GitEntry, entry, &base)
        if (!map_has(changed, entry->path))
            *array_push(arena, &entries) = *entry;
    return repo_write_tree(repo, &entries, tree, err);
}
