/*
 * Snapshot: the work tree as one git tree, bytes as they are, with the texts an editor has not
 * saved yet; and a frozen copy of such a tree in a folder.
 *
 *     Snapshot now;
 *     snapshot_take(arena, repo, &places, overlay, &now, err)
 *     snapshot_freeze(arena, repo, &places, now.tree, &dir, err)
 *
 * The user's index is read and never written. What was hashed before and has the same size, times
 * and inode is not read again (a cache in the state folder). Untracked files are part of it,
 * ignored ones are not. The last snapshot stays referenced as refs/perfloop/last/..., so git's gc
 * leaves its contents alone.
 *
 * A file over SNAPSHOT_FILE_MAX is not copied into the repository: its entry is a small note with
 * size and times, and a frozen tree has a link to the original in its place. It takes part in
 * measuring; it cannot be taken back.
 */
#ifndef RUNNERS_GIT_SNAPSHOT_H
#define RUNNERS_GIT_SNAPSHOT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "runners/git/git.h"
#include "runners/overlay.h"
#include "runners/places.h"

enum {
    SNAPSHOT_FILE_MAX = 64 * 1000 * 1000,
};

typedef Array(Str) SnapshotPaths;

typedef struct Snapshot {
    ObjectId tree;
    GitEntries entries;    /* sorted by path */
    SnapshotPaths unsaved; /* taken from the editor */
    SnapshotPaths skipped; /* untracked and unreadable */
} Snapshot;

bool snapshot_take(Arena *arena, Repo *repo, const Places *places, const Overlay *overlay,
                   Snapshot *out, Err *err) MUST_CHECK;

/*
 * The last commit as it would look checked out here: what the work tree holds unchanged is taken
 * from there, the rest goes through git's filters. Paths in `also` (files, or folders with all
 * below) come from `now` when the commit does not have them: a workload file or a benchmark that
 * is not committed yet.
 */
bool snapshot_of_head(Arena *arena, Repo *repo, const Places *places, const Snapshot *now,
                      const SnapshotPaths *also, ObjectId *tree, Err *err) MUST_CHECK;

/* The blob of a committed file as it would be checked out here: through git's filters. */
bool snapshot_checked_out(Arena *arena, Repo *repo, const Places *places, const GitEntry *committed,
                          ObjectId *blob, Err *err) MUST_CHECK;

/* Is the blob a note in place of a large file? */
bool snapshot_is_note(Str bytes);

/*
 * Writes the tree into state/trees/NAME, NAME as long for every tree; what was there is removed.
 * `dir` is the top of the frozen work tree.
 */
bool snapshot_freeze(Arena *arena, Repo *repo, const Places *places, ObjectId tree, Str *dir,
                     Err *err) MUST_CHECK;
/* Removes all frozen trees except the two named (folders as given by snapshot_freeze). */
void snapshot_thaw(const Places *places, Str keep_a, Str keep_b);

/* What differs between two trees: mode 0 stands for absent. Sorted by path. */
typedef struct TreeChange {
    Str path;
    GitEntry from, to;
} TreeChange;
typedef Array(TreeChange) TreeChanges;

bool snapshot_compare(Arena *arena, Repo *repo, ObjectId from, ObjectId to, TreeChanges *out,
                      Err *err) MUST_CHECK;

#endif
