/*
 * GitProgram: what only the git program does right: commits with hooks, signing and filters (LFS),
 * and notes. Everything else is git.h.
 *
 * It runs at the work tree's top, asks nothing (no terminal prompt, no editor), and does not see a
 * GIT_DIR or GIT_INDEX_FILE that perfloop itself may have been started with from a hook.
 */
#ifndef RUNNERS_GIT_GIT_PROGRAM_H
#define RUNNERS_GIT_GIT_PROGRAM_H

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "runners/git/git.h"
#include "runners/places.h"
#include "runners/process.h"

typedef struct GitCall {
    const Str *args; /* without "git" */
    size_t count;
    Str input;
    size_t capture_bytes; /* 0: the default of process.h */
} GitCall;

/* A non-zero exit is a result. ERR_NOT_FOUND when there is no git program. */
bool git_program_run(Arena *arena, const Places *places, const GitCall *call, ProcessResult *result,
                     Err *err) MUST_CHECK;
/* The same; a non-zero exit is ERR_TOOL with its last words. `out` may be NULL. */
bool git_program_must(Arena *arena, const Places *places, const GitCall *call, Str *out,
                      Err *err) MUST_CHECK;

/* Through filter drivers: a committed blob as it would be checked out, and bytes as git names them. */
bool git_program_to_worktree(Arena *arena, const Places *places, const GitEntry *entry, Str *bytes,
                             Err *err) MUST_CHECK;
bool git_program_blob_id(Arena *arena, const Places *places, Str path, Str bytes, ObjectId *id,
                         Err *err) MUST_CHECK;

#endif
