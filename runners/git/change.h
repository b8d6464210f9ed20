/*
 * Change: put a recorded change onto the work tree as it is now, all of it or nothing.
 *
 * The change is the difference of two trees, from → to: a revert goes from the candidate to its
 * base, a restore the other way. For each path:
 *
 *     the file holds `from`               it becomes `to`
 *     it holds `to` already               nothing to do
 *     it was edited since                 the edits stay: three-way merge around them
 *     they overlap, it is binary, ...     a conflict, and nothing at all is done
 *
 * Files that an editor has open are not written: their new text is in the step, for the editor to
 * apply. Planning reads only; applying writes each file by workfile_replace.
 */
#ifndef RUNNERS_GIT_CHANGE_H
#define RUNNERS_GIT_CHANGE_H

#include "base/arena.h"
#include "base/array.h"
#include "base/err.h"
#include "base/str.h"
#include "runners/git/git.h"
#include "runners/git/snapshot.h"
#include "runners/git/workfile.h"
#include "runners/overlay.h"

typedef struct ChangeStep {
    Str path;
    WorkFile before; /* as it is; of an open file: what the editor would save */
    WorkFile after;
    bool merged;    /* around later edits */
    bool in_editor; /* not to be written here */
    Str text;       /* then: the document's new text */
} ChangeStep;

typedef struct ChangePlan {
    Array(ChangeStep) steps;
    SnapshotPaths left; /* too large to have been kept: left as they are */
    ObjectId before;    /* trees of the steps' paths only */
    ObjectId after;
} ChangePlan;

/* ERR_CONFLICT names the file and its lines. overlay may be NULL. */
bool change_plan(Arena *arena, Repo *repo, const TreeChanges *changes, const Overlay *overlay,
                 ChangePlan *out, Err *err) MUST_CHECK;
/* On failure what was written before is put back. */
bool change_apply(Str top, const ChangePlan *plan, Str token, Err *err) MUST_CHECK;

/* The plan that a tree pair of an action describes, without looking at the work tree. */
bool change_between(Arena *arena, Repo *repo, ObjectId before, ObjectId after, ChangePlan *out,
                    Err *err) MUST_CHECK;

#endif
