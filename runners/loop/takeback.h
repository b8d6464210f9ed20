/*
 * Takeback: revert and restore, and finishing them after a crash.
 *
 * A revert puts the iteration's files back to what they were before it, around later edits
 * (change.h); what was committed meanwhile is no part of it (undo.h). Before the
 * first file is touched, the ledger holds what will be done (an action with the trees of the
 * paths before and after), and refs/perfloop/actions/ID/{before,after} keep both. So killed at any
 * point, takeback_recover finishes it; and restore is the same thing backwards.
 *
 * The index, branches and files of nobody else are touched.
 */
#ifndef RUNNERS_LOOP_TAKEBACK_H
#define RUNNERS_LOOP_TAKEBACK_H

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "runners/loop/loop.h"

typedef struct Takeback {
    int64_t iteration;
    int64_t action; /* 0: there was nothing to do */
    ChangePlan plan;
    Str sentence; /* for people */
} Takeback;

/* Iterations measured, superseded or kept; of a kept one the commit stays. */
bool takeback_revert(Loop *loop, const LedgerIteration *iteration, const Overlay *overlay,
                     Takeback *out, Err *err) MUST_CHECK;
/* The last revert of this iteration, backwards; an iteration never reverted: its change again. */
bool takeback_restore(Loop *loop, const LedgerIteration *iteration, const Overlay *overlay,
                      Takeback *out, Err *err) MUST_CHECK;

/* Finishes reverts and restores that were begun and not ended; notes what it did. */
bool takeback_recover(Loop *loop, Err *err) MUST_CHECK;

/* The fields of a result for the server: action, paths, edits. */
void takeback_write(JsonOut *out, const Loop *loop, const Takeback *takeback);

#endif
