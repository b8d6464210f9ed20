/*
 * Keep: commit the iteration's files, with the numbers in the message.
 *
 * The git program makes the commit, `--only` the iteration's paths, so hooks, signing and filters
 * work and whatever else is staged stays staged. Nothing is committed unless
 *
 *     the verdict is faster or same           an unclear one never commits
 *     the files hold what was measured        else: measure again
 *     the workload's tests pass               run in the frozen candidate
 *     no merge, rebase or the like is going on
 *
 * What was staged of these paths and is neither committed nor in a file is kept as
 * refs/perfloop/staged/ID. Afterwards the new HEAD is compared with what was measured, and a
 * difference (a hook that reformats) is told. The evidence goes into a note of refs/notes/perfloop.
 *
 * The ledger knows before git is started; killed in between, keep_recover sees from HEAD whether
 * the commit was made.
 */
#ifndef RUNNERS_LOOP_KEEP_H
#define RUNNERS_LOOP_KEEP_H

#include "analysis/workload/workload.h"
#include "runners/loop/loop.h"

typedef struct KeepOptions {
    const Workload *workload; /* for its tests; NULL: none are run */
    const Overlay *overlay;
    Str subject; /* of the message; empty: made from the numbers */
} KeepOptions;

typedef struct Keep {
    int64_t iteration;
    ObjectId commit;
    SnapshotPaths paths;   /* committed */
    SnapshotPaths differ;  /* committed with another content than was measured */
    SnapshotPaths more;    /* in the commit, but not of the iteration: a hook added them */
    SnapshotPaths besides; /* uncommitted differences from HEAD that were measured too */
    SnapshotPaths added;   /* new files among the paths */
    SnapshotPaths unknown; /* those of them that git did not know yet */
    SnapshotPaths staged;  /* whose staged text stays under refs/perfloop/staged/ID */
    bool detached;
    Str sentence;
} Keep;

bool keep_iteration(Loop *loop, const LedgerIteration *iteration, const KeepOptions *options,
                    Keep *out, Err *err) MUST_CHECK;
bool keep_recover(Loop *loop, Err *err) MUST_CHECK;
void keep_write(JsonOut *out, const Loop *loop, const Keep *keep);

/* "tokenize: p50 8.1 ms → 5.5 ms, -32 %\n\n...\n\nPerfloop-Metric: ..." */
Str keep_message(Arena *arena, const LedgerIteration *iteration, const LedgerWorkload *workload,
                 Str subject);

#endif
