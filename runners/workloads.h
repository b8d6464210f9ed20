/*
 * Workloads: find and read the workload file of a workspace.
 *
 * perfloop.toml comes first; else [tool.perfloop] in pyproject.toml; else
 * [package.metadata.perfloop] in Cargo.toml. The first file that says anything about perfloop wins.
 */
#ifndef RUNNERS_WORKLOADS_H
#define RUNNERS_WORKLOADS_H

#include "analysis/workload/workload.h"
#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

/* Where the text of a path comes from before the disk is asked: an editor's buffer. */
typedef struct WorkloadTexts {
    bool (*text_of)(void *context, Str path, Str *text);
    void *context;
} WorkloadTexts;

/*
 * texts may be NULL: disk only. ERR_NOT_FOUND when no file says anything, with what to do. A file
 * with mistakes is a success; the mistakes are in out->problems.
 */
bool workloads_load(Arena *arena, Str root, const WorkloadTexts *texts, WorkloadFile *out,
                    Err *err) MUST_CHECK;

/* workloads_load and workload_find in one step, for commands that need a runnable workload. */
bool workloads_pick(Arena *arena, Str root, Str name, Workload *out, Err *err) MUST_CHECK;

#endif
