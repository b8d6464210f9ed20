#include "lsp/bin.h"

#include <stdlib.h>

#include "base/array.h"

typedef struct Rest {
    BinFreeFn *free_object;
    void *object;
} Rest;

typedef Array(Rest) Rests;

struct Bin {
    Pool *pool;     /* NULL once closed */
    Job *gathering; /* holds what comes, until the one before is done; may be NULL */
    bool busy;
};

Bin *bin_new(Pool *pool)
{
    Bin *bin = calloc(1, sizeof(*bin));
    if (!bin)
        abort();
    bin->pool = pool;
    return bin;
}

/* On a worker; or, for a job that was cancelled before it ran, in its end. */
static void free_rests(Job *job)
{
    Rests *rests = job->input;
    array_each (Rest, rest, rests)
        rest->free_object(rest->object);
    rests->len = 0;
}

static void send(Bin *bin);

static void finish_rests(Job *job)
{
    Bin *bin = job->owner;
    free_rests(job);
    job_free(job);
    bin->busy = false;
    send(bin);
}

static void send(Bin *bin)
{
    if (!bin->gathering || bin->busy)
        return;
    Job *job = bin->gathering;
    bin->gathering = NULL;
    if (!bin->pool) {
        free_rests(job);
        job_free(job);
        return;
    }
    bin->busy = true;
    pool_add(bin->pool, job);
}

static Job *new_job(Bin *bin)
{
    /* Not background work: that waits while a benchmark runs, and memory would pile up. */
    Job *job = job_new("bin", JOB_REQUEST);
    job->input = NEW(job->arena, Rests);
    job->owner = bin;
    job->run = free_rests;
    job->done = finish_rests;
    return job;
}

void bin_put(Bin *bin, BinFreeFn *free_object, void *object)
{
    if (!bin || !bin->pool) {
        free_object(object);
        return;
    }
    if (!bin->gathering)
        bin->gathering = new_job(bin);
    Rests *rests = bin->gathering->input;
    *array_push(bin->gathering->arena, rests) = (Rest){free_object, object};
    send(bin);
}

void bin_close(Bin *bin)
{
    bin->pool = NULL;
    send(bin);
}

void bin_free(Bin *bin)
{
    free(bin);
}
