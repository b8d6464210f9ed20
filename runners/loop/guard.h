/*
 * Guard: what an iteration changed, function by function, and whether that is one change.
 *
 * Each side of a changed file is parsed; a function changed when its own text did (functions inside
 * it have an entry of their own). What changed outside of functions, and files of languages we do
 * not parse, is an entry with an empty function.
 */
#ifndef RUNNERS_LOOP_GUARD_H
#define RUNNERS_LOOP_GUARD_H

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "runners/git/snapshot.h"
#include "runners/ledger/ledger.h"

bool guard_changes(Arena *arena, Repo *repo, const TreeChanges *changes, LedgerChanges *out,
                   Err *err) MUST_CHECK;

/*
 * Empty when at most one function that was there before is changed or gone; new functions belong to
 * the change that calls them. Else "3 functions changed since the last checkpoint (a, b and c): ..."
 */
Str guard_message(Arena *arena, const LedgerChanges *changes);

#endif
