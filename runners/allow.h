/*
 * Allow: which commands the user agreed to run, per workspace (the trust store).
 *
 * A command found in a workspace runs only after the user agreed to exactly that command there. What
 * counts is the root (without symbolic links) and every word of the command, compared byte by byte;
 * any change asks again. The store is one file, user_state/trust, outside every repository: JSON, one
 * agreement a line.
 *
 *     if (!allow_check(arena, report, &places, &workload.benchmark, err))
 *         return false;                        ERR_UNTRUSTED or ERR_CANCELLED, with the way out
 */
#ifndef RUNNERS_ALLOW_H
#define RUNNERS_ALLOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "analysis/workload/workload.h"
#include "base/arena.h"
#include "base/array.h"
#include "base/err.h"
#include "base/str.h"
#include "runners/places.h"
#include "runners/report.h"

typedef struct Allowed {
    Str root;
    Str command; /* for people */
    bool shell;
    int64_t since_s; /* seconds since 1970 */
    Str line;        /* the record as stored */
} Allowed;

typedef Array(Allowed) AllowedList;

/* Reads the store only. */
bool allow_is_agreed(Arena *arena, const Places *places, const WorkloadCommand *command);

/*
 * True when agreed to before, or now: asks through `report` (question id "trust", choices Allow and
 * No) and records the answer. A workload without that command (argc 0) is true.
 */
bool allow_check(Arena *arena, Report *report, const Places *places, const WorkloadCommand *command,
                 Err *err) MUST_CHECK;

bool allow_add(Arena *arena, const Places *places, const WorkloadCommand *command,
               Err *err) MUST_CHECK;
/* Takes back every agreement of this root. */
bool allow_revoke(Arena *arena, const Places *places, size_t *removed, Err *err) MUST_CHECK;
/* Agreements of this root, or of all when `every_root`. */
bool allow_list(Arena *arena, const Places *places, bool every_root, AllowedList *out,
                Err *err) MUST_CHECK;

#endif
