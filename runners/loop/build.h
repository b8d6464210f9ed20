/*
 * Build: a frozen tree made ready to run: checked out, inputs linked, the workload's build command
 * run in it. Both sides of a measurement are made the same way, from nothing, so neither profits
 * from what an earlier build left behind.
 */
#ifndef RUNNERS_LOOP_BUILD_H
#define RUNNERS_LOOP_BUILD_H

#include "analysis/workload/workload.h"
#include "runners/loop/loop.h"

/*
 * *dir is the workspace's folder in the frozen tree. `side` is 0 for the baseline and 1 for the
 * candidate: it has the environment that it is run with (harness_env). A build that fails is ERR_TOOL.
 */
bool build_side(Loop *loop, ObjectId tree, const Workload *workload, size_t side, Str *dir,
                Err *err) MUST_CHECK;

/* The benchmark starts a native program of the tree, and it is the same on both sides. */
bool build_is_identical(Arena *arena, const Workload *workload, Str base, Str candidate);

#endif
