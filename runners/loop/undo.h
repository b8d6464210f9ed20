/*
 * Undo: the tree that a revert of an iteration goes to.
 *
 * It is the base, except for what was committed since the base was recorded: a revert takes back
 * the change that was just tried and not somebody's commits. File by file,
 *
 *     the candidate is what HEAD holds          it is committed: no part of the revert
 *     HEAD holds what it held at the base       the base's content (which may be uncommitted)
 *     HEAD has another content since            HEAD's content
 */
#ifndef RUNNERS_LOOP_UNDO_H
#define RUNNERS_LOOP_UNDO_H

#include "runners/git/snapshot.h"

typedef struct Undo {
    ObjectId base, candidate;
    Str base_head; /* the commit at the time of the base, hex; empty: there was none */
} Undo;

bool undo_tree(Arena *arena, Repo *repo, const Places *places, const Undo *undo, ObjectId *tree,
               Err *err) MUST_CHECK;

#endif
