/*
 * Err: what went wrong, in words a user can act on.
 *
 * A function that can fail takes an `Err *err` as its last parameter and
 * returns false (or NULL). On success it does not touch err. An Err is a plain
 * value with no memory of its own: it can be copied, kept, and handed from a
 * worker to the loop thread.
 *
 * The function that finds the problem says what happened (err_set). Each
 * caller on the way up may add what it was trying to do (err_wrap):
 *
 *     cannot rank src/hot.py: profile run.pb.gz: string table ends at byte 812
 */
#ifndef BASE_ERR_H
#define BASE_ERR_H

#include <stdbool.h>

#include "base/attr.h"

/* A kind exists only because some caller branches on it. */
typedef enum ErrKind {
    ERR_NONE,
    ERR_IO,    /* the system said no */
    ERR_INPUT, /* a file or a message is not what it claims to be */
    ERR_NOT_FOUND,
    ERR_UNSUPPORTED, /* well formed, but we cannot read it */
    ERR_TOOL,        /* a profiler or benchmark command failed */
    ERR_CANCELLED,
    ERR_CONFLICT,  /* somebody else holds or changed it: a lock, a file, a tree */
    ERR_UNTRUSTED, /* a command that the user has not agreed to */
} ErrKind;

typedef struct Err {
    ErrKind kind;
    char msg[500];
} Err;

/* Both return false, so that a caller can write `return err_set(...)`. */
bool err_set(Err *err, ErrKind kind, const char *fmt, ...) PRINTF_LIKE(3, 4);
bool err_wrap(Err *err, const char *fmt, ...) PRINTF_LIKE(2, 3);

#endif
