/*
 * Loop: what all acting commands of the loop share: the workspace, its repository and ledger, a
 * lock, and finishing what an earlier process was killed in the middle of.
 *
 *     CLEANUP(loop_close) Loop loop = {0};
 *     if (!loop_open(arena, report, &places, LOOP_FILES, &loop, err))
 *         return false;
 *
 * Two locks (flock in the state folder): LOOP_TREES for those who use frozen trees (measuring,
 * tests), LOOP_FILES for those who write the user's files. A revert need not wait for a benchmark.
 */
#ifndef RUNNERS_LOOP_LOOP_H
#define RUNNERS_LOOP_LOOP_H

#include "analysis/workload/workload.h"
#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "runners/git/change.h"
#include "runners/git/git.h"
#include "runners/ledger/ledger.h"
#include "runners/overlay.h"
#include "runners/places.h"
#include "runners/report.h"

typedef enum LoopLock {
    LOOP_TREES,
    LOOP_FILES,
} LoopLock;

typedef struct Loop {
    Arena *arena;
    Report *report;
    Places places;
    Repo *repo;
    Ledger *ledger;
    int lock; /* file descriptor, -1: none */
} Loop;

/* ERR_CONFLICT when another process holds the lock. */
bool loop_open(Arena *arena, Report *report, const Places *places, LoopLock lock, Loop *out,
               Err *err) MUST_CHECK;
void loop_close(Loop *loop);
/* A second lock for one that needs both; give the descriptor to loop_unlock. */
bool loop_lock(const Loop *loop, LoopLock which, int *fd, Err *err) MUST_CHECK;
void loop_unlock(int *fd);

/* The tree named in the ledger; ERR_INPUT when it is no name. */
bool loop_tree(Str hex, ObjectId *tree, Err *err) MUST_CHECK;

/*
 * The workspace's folder in a frozen copy of the tree. Declared inputs that git ignores are linked
 * into it from the work tree.
 */
bool loop_freeze(Loop *loop, ObjectId tree, const Workload *workload, Str *dir,
                 Err *err) MUST_CHECK;

/*
 * The iteration meant: by id, else the newest one in one of the two states (the second may be
 * empty) of the workload, or of any when its name is empty. ERR_NOT_FOUND says what to do.
 */
bool loop_pick(Loop *loop, int64_t id, Str workload, Str state, Str or_state, LedgerIteration *out,
               Err *err) MUST_CHECK;

/* "src/a.py", "src/a.py and src/b.py", "src/a.py, src/b.py and 3 more" */
Str loop_list(Arena *arena, const SnapshotPaths *paths);

#endif
