/*
 * Git: objects, trees, references and the state of a repository, through libgit2. It writes
 * objects and references below refs/perfloop/, and nothing else: never the user's index, branches
 * or files. Commits a user sees are made by the git program (git_program.h).
 *
 *     CLEANUP(repo_cleanup) Repo *repo = repo_open(&places, err);
 *     GitFiles files;
 *     repo_list(arena, repo, &files, err)           what the work tree holds, ignored files left out
 *     repo_write_tree(repo, &entries, &tree, err)
 *     repo_keep(repo, S("refs/perfloop/iterations/7"), tree, S("iteration 7"), err)
 *
 * Without a repository the objects go to a private one in the state folder (repo_is_private), so
 * that snapshots and frozen trees work everywhere; there is nothing to commit to then.
 *
 * Blobs of our own trees hold the bytes of the work tree as they are: no line-end conversion, no
 * LFS. What git would store instead is repo_to_git's answer.
 */
#ifndef RUNNERS_GIT_GIT_H
#define RUNNERS_GIT_GIT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/array.h"
#include "base/err.h"
#include "base/str.h"
#include "runners/places.h"

typedef struct Repo Repo;

Repo *repo_open(const Places *places, Err *err) MUST_CHECK;
void repo_free(Repo *repo);
void repo_cleanup(Repo **repo);
bool repo_is_private(const Repo *repo);
/* Top of the work tree; all paths below are relative to it. */
Str repo_top(const Repo *repo);

/* ---- objects */

typedef struct ObjectId {
    uint8_t bytes[20];
} ObjectId;

bool object_id_eq(ObjectId a, ObjectId b);
bool object_id_is_zero(ObjectId id);
Str object_id_hex(Arena *arena, ObjectId id);
bool object_id_from_hex(Str hex, ObjectId *out) MUST_CHECK;

bool repo_write_blob(Repo *repo, Str bytes, ObjectId *id, Err *err) MUST_CHECK;
bool repo_read_blob(Arena *arena, Repo *repo, ObjectId id, Str *bytes, Err *err) MUST_CHECK;
/* The name that bytes would have; nothing is written. */
ObjectId object_id_of_blob(Str bytes);

enum {
    GIT_MODE_FILE = 0100644,
    GIT_MODE_PROGRAM = 0100755,
    GIT_MODE_LINK = 0120000,
    GIT_MODE_SUBMODULE = 0160000,
};

typedef struct GitEntry {
    Str path;
    uint32_t mode;
    ObjectId blob;
} GitEntry;
typedef Array(GitEntry) GitEntries;

/* All files of a tree, or of a commit's tree, sorted by path. */
bool repo_read_tree(Arena *arena, Repo *repo, ObjectId tree, GitEntries *out, Err *err) MUST_CHECK;
bool repo_write_tree(Repo *repo, const GitEntries *entries, ObjectId *tree, Err *err) MUST_CHECK;

/* ---- references of our own */

/* Points ref (below refs/perfloop/) at a commit of its own that holds the tree. */
bool repo_keep(Repo *repo, Str ref, ObjectId tree, Str message, Err *err) MUST_CHECK;

/* ---- the work tree */

typedef struct GitFile {
    Str path;
    bool tracked;
    bool differs; /* from HEAD: changed, new, staged */
    bool in_submodule;
} GitFile;
typedef Array(GitFile) GitFiles;

/*
 * Every tracked or untracked path that is not ignored, submodules entered; sorted. A tracked path
 * is listed although its file is gone. Nested repositories that are no submodules are left out.
 */
bool repo_list(Arena *arena, Repo *repo, GitFiles *out, Err *err) MUST_CHECK;

typedef struct GitHead {
    bool unborn;   /* no commit yet */
    bool detached; /* on no branch */
    Str branch;    /* "main"; empty when detached */
    ObjectId commit;
    Str busy; /* "a merge", "a rebase": what is in progress; empty when nothing is */
} GitHead;

bool repo_head(Arena *arena, Repo *repo, GitHead *out, Err *err) MUST_CHECK;
/* Subject and parents' count are not needed; the message is, for trailers. */
bool repo_commit_message(Arena *arena, Repo *repo, ObjectId commit, Str *message,
                         Err *err) MUST_CHECK;
/* The first parent; zero for a first commit. */
bool repo_parent(Repo *repo, ObjectId commit, ObjectId *parent, Err *err) MUST_CHECK;

/* What the index holds for path: stage 0 only; false when there is nothing. */
bool repo_staged(Repo *repo, Str path, GitEntry *out);

/* ---- filters */

typedef struct GitFilter {
    bool converts; /* line ends or $Id$: libgit2 can do it */
    Str driver;    /* filter=lfs and the like: only the git program can; empty when there is none */
} GitFilter;

GitFilter repo_filter_of(Arena *arena, Repo *repo, Str path);
/* Bytes of a file as git stores them, and back; by the built-in filters only. */
bool repo_to_git(Arena *arena, Repo *repo, Str path, Str bytes, Str *out, Err *err) MUST_CHECK;
bool repo_to_worktree(Arena *arena, Repo *repo, Str path, ObjectId blob, Str *out,
                      Err *err) MUST_CHECK;

/* ---- texts */

/* Three-way merge of whole texts, by lines; *clean is false, and nothing given, on a conflict. */
bool merge_texts(Arena *arena, Str ancestor, Str ours, Str theirs, bool *clean, Str *merged,
                 Err *err) MUST_CHECK;

typedef struct GitHunk {
    uint32_t old_first, old_count; /* lines from 1; where count is 0, the line before */
    uint32_t new_first, new_count;
} GitHunk;
typedef Array(GitHunk) GitHunks;

bool diff_texts(Arena *arena, Str old, Str now, GitHunks *out, Err *err) MUST_CHECK;

#endif
