/*
 * Job: work on a thread of the pool.
 *
 * A job has inputs it may only read, its own arena, and a cancelled flag that its loops look at. It
 * touches nothing else. `run` is called on a worker, `done` on the loop thread afterwards, always
 * and exactly once, cancelled or not; `done` takes the result over, or drops it, and then frees the
 * job with job_free (which frees the arena, unless the result took it: set job->arena to NULL).
 *
 *     Job *job = job_new("hover", JOB_REQUEST);
 *     job->input = request;
 *     job->run = run_hover;
 *     job->done = answer_hover;
 *     pool_add(pool, job);
 *
 * Requests are taken before background work, in order within each. While a benchmark runs the pool
 * holds background jobs back (pool_hold); what the user asks for is still answered, and counted.
 *
 * The pool is not libuv's own: that one has four threads which file operations and name look-ups
 * share. A pool with no threads runs jobs inside pool_drain: for tests and for fuzzing.
 */
#ifndef LSP_JOB_H
#define LSP_JOB_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"

typedef enum JobClass {
    JOB_REQUEST,    /* somebody waits for it */
    JOB_BACKGROUND, /* nobody would notice if it came a second later */
    JOB_CLASSES,
} JobClass;

typedef struct Job Job;
typedef void JobFn(Job *job);

struct Job {
    Job *next;
    const char *name;
    JobClass class;
    Arena *arena;
    atomic_bool cancelled;
    JobFn *run;
    JobFn *done;
    void *input;  /* what run reads */
    void *output; /* what run made, in arena */
    void *owner;  /* for done */
    uint64_t run_ns;
};

Job *job_new(const char *name, JobClass class);
void job_free(Job *job);

typedef struct Pool Pool;
struct uv_loop_s;

/* threads 0: see above. */
Pool *pool_new(struct uv_loop_s *loop, unsigned threads);
/* Cancels what is queued or runs, waits for the threads, calls every done, and closes. */
void pool_free(Pool *pool);
void pool_add(Pool *pool, Job *job);
/* Somebody waits for it now: a background job that has not started becomes a request. */
void pool_promote(Pool *pool, Job *job);
void pool_hold(Pool *pool, bool hold);
/* Calls done for what has finished; returns how many that were. The loop calls it by itself. */
size_t pool_drain(Pool *pool);
/* Jobs queued, running or finished but not drained. Held ones do not count. */
size_t pool_busy(Pool *pool);
/* Requests run since the last pool_hold(pool, true). */
size_t pool_ran_while_held(Pool *pool);

#endif
