/*
 * WorkFile: one file of the user's work tree, read and replaced so that nothing can get lost.
 *
 * Paths are relative to the top and every folder on the way must be a real folder: symbolic links
 * are neither followed for reading nor for writing, a link itself is a value (its target).
 *
 * workfile_replace puts `wanted` where `expected` is, and only then: the new file is made beside the
 * old one and the two change places in one step; what came out is looked at, and if it is not
 * `expected` (somebody saved in that moment) they change back and the answer is ERR_CONFLICT.
 * Killed at any point, the path holds one of the two, and the other one is in the temporary file
 * that workfile_peek finds again by the same token.
 */
#ifndef RUNNERS_GIT_WORKFILE_H
#define RUNNERS_GIT_WORKFILE_H

#include <stdbool.h>
#include <sys/stat.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

typedef enum WorkFileKind {
    WORKFILE_ABSENT,
    WORKFILE_REGULAR,
    WORKFILE_LINK,
    WORKFILE_FOLDER,
    WORKFILE_OTHER, /* a socket, a device; also: below something that is no folder */
} WorkFileKind;

typedef struct WorkFile {
    WorkFileKind kind;
    bool program; /* its owner may execute it */
    Str bytes;    /* content, or a link's target */
} WorkFile;

bool workfile_eq(WorkFile a, WorkFile b);

/* Kind and numbers only; st may be NULL. */
WorkFileKind workfile_stat(Str top, Str path, struct stat *st);
/* limit: longest content; a longer one is ERR_UNSUPPORTED. */
bool workfile_read(Arena *arena, Str top, Str path, size_t limit, WorkFile *out,
                   Err *err) MUST_CHECK;

/*
 * `wanted` and `expected` may be ABSENT, REGULAR or LINK. Missing folders are made; folders that a
 * removal leaves empty go. Permissions other than the program bit stay as they are. The token is
 * part of the temporary file's name.
 */
bool workfile_replace(Str top, Str path, WorkFile expected, WorkFile wanted, Str token,
                      Err *err) MUST_CHECK;

/* After a crash: what the temporary file of path and token holds; ABSENT when there is none. */
bool workfile_peek(Arena *arena, Str top, Str path, Str token, WorkFile *left, Err *err) MUST_CHECK;
/* Removes it. */
bool workfile_tidy(Str top, Str path, Str token, Err *err) MUST_CHECK;

#endif
