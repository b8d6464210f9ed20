/*
 * Workspace: a temporary folder with files, a profile in its ledger and the texts it was recorded
 * on, as `perfloop import` leaves them, but without starting a process.
 *
 *     TestWorkspace space = test_workspace(arena);
 *     test_write(&space, "t.py", S("def f():\n    pass\n"));
 *     test_profile(&space, "w", S("f (t.py:2) 100\n"), 1000);
 *
 * The environment's cache and state folders are pointed into the folder, so nothing of the user's
 * is read or written.
 */
#ifndef TESTS_LIB_WORKSPACE_H
#define TESTS_LIB_WORKSPACE_H

#include "base/arena.h"
#include "base/str.h"
#include "runners/places.h"

typedef struct TestWorkspace {
    Arena *arena;
    Places places;
} TestWorkspace;

TestWorkspace test_workspace(Arena *arena);
Str test_write(const TestWorkspace *space, const char *path, Str text);
/* A profile in folded stacks; its files are those of the workspace that its frames name. */
int64_t test_profile(const TestWorkspace *space, const char *workload, Str folded, int64_t time_s);
/* The same with the tree it was recorded on. */
int64_t test_profile_of(const TestWorkspace *space, const char *workload, Str folded,
                        int64_t time_s, Str snapshot);

#endif
