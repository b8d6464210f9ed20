/*
 * Session: running the two sides of a measurement, all conditions equal.
 *
 * Between preflight and bench, and below both: one run of one side, or of both at once, becomes a
 * HarnessRun. Each side has a TMPDIR of its own with a name as long as the other's and BENCH_SIDE=a
 * or b (to choose a port, say); both have the same PYTHONHASHSEED and, per pair, an environment of
 * the same random size. Lives in a scratch folder that session_finish removes.
 */
#ifndef RUNNERS_MEASURE_SESSION_H
#define RUNNERS_MEASURE_SESSION_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/digest.h"
#include "base/err.h"
#include "base/str.h"
#include "runners/measure/harness.h"
#include "runners/measure/loaded.h"
#include "runners/measure/preflight.h"

typedef struct Session Session;
struct Session {
    const Harness *harness;
    BenchSide sides[2];
    size_t side_count; /* 1: only the baseline */
    Str scratch;       /* folder; made by session_init */
    double timeout_s;  /* of one run of the command */
    uint32_t repeat;   /* runs of the command in a unit */
    uint64_t seed;
    const volatile sig_atomic_t *cancel;
};

bool session_init(Arena *arena, Session *session, Err *err) MUST_CHECK;
void session_finish(Session *session);

/* "baseline", "candidate" */
Str side_text(size_t side);

typedef struct SessionRun {
    uint32_t watch_ms;    /* count threads and processes */
    const LoadedEnv *env; /* more variables; may be NULL */
    uint64_t pair;        /* chooses the size of the environment */
} SessionRun;

/*
 * One unit of one side. False only when it could not be run at all or was cancelled: a command that
 * fails gives false with ERR_TOOL and *failed set, so that the caller can say what that means.
 */
bool session_run(Arena *arena, const Session *session, size_t side, const SessionRun *how,
                 HarnessRun *out, bool *failed, Err *err) MUST_CHECK;
/* Both at once on this processor, `first` started first; *failed is 1 + the side that failed. */
bool session_together(Arena *arena, const Session *session, size_t first, int cpu,
                      const SessionRun *how, HarnessRun out[2], size_t *failed,
                      Err *err) MUST_CHECK;

/* Of what the unit printed, the folder of its side written as "."; zero when it cannot be told. */
Digest session_output(Arena *arena, const Session *session, size_t side, const HarnessRun *run);

#endif
