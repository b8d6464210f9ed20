/*
 * Loopbed: a scratch repository with one measured iteration in its ledger, for tests of keep,
 * revert and restore.
 *
 *     LoopBed bed = loopbed_new(arena, "seq 9 > a; git add a; git commit -qm base",
 *                               "sed -i s/5/five/ a");
 *     takeback_revert(&bed.loop, &bed.iteration, NULL, &takeback, &err)
 *     loopbed_close(&bed);
 */
#ifndef TESTS_LIB_LOOPBED_H
#define TESTS_LIB_LOOPBED_H

#include "runners/loop/loop.h"

typedef struct LoopBed {
    Arena *arena;
    Str top;
    Places places;
    Report *report;
    Loop loop;
    LedgerIteration iteration;
} LoopBed;

/* `before` makes and commits the base in a new repository, `change` is what the iteration did. */
LoopBed loopbed_new(Arena *arena, const char *before, const char *change);
/* The same in a repository (or linked work tree) that is there; `change` runs at its top. */
LoopBed loopbed_in(Arena *arena, Str top, const char *change);
void loopbed_close(LoopBed *bed);
/* Opens the loop again, as another process would: what was interrupted is finished. */
void loopbed_reopen(LoopBed *bed);
/* Reads the iteration again. */
void loopbed_refresh(LoopBed *bed);
/* The work tree as it is now. */
ObjectId loopbed_snap(LoopBed *bed);

/* Every file below top except .git: "mode path digest" lines, sorted. */
Str loopbed_files(Arena *arena, Str top);

#endif
