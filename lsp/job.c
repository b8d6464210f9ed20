#include "lsp/job.h"

#include <stdlib.h>
#include <uv.h>

#include "base/clock.h"
#include "base/log.h"

enum {
    THREADS_MAX = 16,
    SLOW_DONE_NS = 5 * 1000 * 1000,
};

typedef struct JobQueue {
    Job *first;
    Job *last;
} JobQueue;

struct Pool {
    /* Shared with the workers, under the lock. */
    uv_mutex_t lock;
    uv_cond_t work;
    JobQueue queues[JOB_CLASSES];
    JobQueue finished;
    Job *running[THREADS_MAX];
    bool held;
    bool stopping;
    size_t ran_while_held;
    /* The loop thread's own. */
    uv_async_t *wake;
    uv_thread_t threads[THREADS_MAX];
    unsigned thread_count;
    size_t busy;
};

Job *job_new(const char *name, JobClass class)
{
    Job *job = calloc(1, sizeof(*job));
    if (!job)
        abort();
    job->name = name;
    job->class = class;
    job->arena = arena_new(name);
    return job;
}

void job_free(Job *job)
{
    if (!job)
        return;
    arena_free(job->arena);
    free(job);
}

static void enqueue(JobQueue *queue, Job *job)
{
    job->next = NULL;
    if (queue->last)
        queue->last->next = job;
    else
        queue->first = job;
    queue->last = job;
}

static Job *dequeue(JobQueue *queue)
{
    Job *job = queue->first;
    if (!job)
        return NULL;
    queue->first = job->next;
    if (!queue->first)
        queue->last = NULL;
    return job;
}

static Job *next_job(Pool *pool)
{
    Job *job = dequeue(&pool->queues[JOB_REQUEST]);
    if (job && pool->held)
        pool->ran_while_held++;
    if (!job && (!pool->held || pool->stopping))
        job = dequeue(&pool->queues[JOB_BACKGROUND]);
    return job;
}

static void run_job(Job *job)
{
    uint64_t start = clock_now_ns();
    if (!atomic_load(&job->cancelled))
        job->run(job);
    job->run_ns = clock_now_ns() - start;
}

typedef struct Worker {
    Pool *pool;
    unsigned index;
} Worker;

static void work(void *argument)
{
    Worker self = *(Worker *)argument;
    Pool *pool = self.pool;
    free(argument);
    uv_mutex_lock(&pool->lock);
    for (;;) {
        Job *job = next_job(pool);
        if (!job && pool->stopping)
            break;
        if (!job) {
            uv_cond_wait(&pool->work, &pool->lock);
            continue;
        }
        pool->running[self.index] = job;
        uv_mutex_unlock(&pool->lock);
        run_job(job);
        uv_mutex_lock(&pool->lock);
        pool->running[self.index] = NULL;
        enqueue(&pool->finished, job);
        uv_async_send(pool->wake);
    }
    uv_mutex_unlock(&pool->lock);
}

static void on_wake(uv_async_t *wake)
{
    if (wake->data)
        pool_drain(wake->data);
}

Pool *pool_new(uv_loop_t *loop, unsigned threads)
{
    Pool *pool = calloc(1, sizeof(*pool));
    uv_async_t *wake = calloc(1, sizeof(*wake));
    if (!pool || !wake || uv_mutex_init(&pool->lock) || uv_cond_init(&pool->work) ||
        uv_async_init(loop, wake, on_wake))
        abort();
    wake->data = pool;
    pool->wake = wake;
    for (unsigned i = 0; i < threads && i < THREADS_MAX; i++) {
        Worker *worker = malloc(sizeof(*worker));
        if (!worker)
            abort();
        *worker = (Worker){pool, i};
        if (uv_thread_create(&pool->threads[i], work, worker))
            abort();
        pool->thread_count++;
    }
    return pool;
}

void pool_add(Pool *pool, Job *job)
{
    uv_mutex_lock(&pool->lock);
    enqueue(&pool->queues[job->class], job);
    pool->busy++;
    uv_cond_signal(&pool->work);
    uv_mutex_unlock(&pool->lock);
    if (!pool->thread_count)
        uv_async_send(pool->wake);
}

static bool unlink_job(JobQueue *queue, const Job *job)
{
    for (Job **at = &queue->first, *before = NULL; *at; before = *at, at = &(*at)->next) {
        if (*at != job)
            continue;
        *at = job->next;
        if (queue->last == job)
            queue->last = before;
        return true;
    }
    return false;
}

void pool_promote(Pool *pool, Job *job)
{
    uv_mutex_lock(&pool->lock);
    if (unlink_job(&pool->queues[JOB_BACKGROUND], job)) {
        job->class = JOB_REQUEST;
        enqueue(&pool->queues[JOB_REQUEST], job);
        uv_cond_signal(&pool->work);
    }
    uv_mutex_unlock(&pool->lock);
}

void pool_hold(Pool *pool, bool hold)
{
    uv_mutex_lock(&pool->lock);
    if (hold && !pool->held)
        pool->ran_while_held = 0;
    pool->held = hold;
    uv_cond_broadcast(&pool->work);
    uv_mutex_unlock(&pool->lock);
    if (!hold && !pool->thread_count)
        uv_async_send(pool->wake);
}

/* Without threads, jobs run here: those queued now, not those their done functions add. */
static void run_inline(Pool *pool)
{
    Job *job = next_job(pool);
    if (!job)
        return;
    run_job(job);
    enqueue(&pool->finished, job);
}

size_t pool_drain(Pool *pool)
{
    if (!pool->thread_count)
        run_inline(pool);
    uv_mutex_lock(&pool->lock);
    JobQueue finished = pool->finished;
    pool->finished = (JobQueue){0};
    uv_mutex_unlock(&pool->lock);
    size_t count = 0;
    for (Job *job; (job = dequeue(&finished)); count++) {
        const char *name = job->name;
        uint64_t start = clock_now_ns(), start_cpu = clock_thread_ns();
        pool->busy--;
        job->done(job);
        uint64_t spent = clock_now_ns() - start;
        if (spent > SLOW_DONE_NS)
            log_warn("lsp: the end of job %s took %.1f ms on the loop thread, %.1f ms computing",
                     name, (double)spent / 1e6, (double)(clock_thread_ns() - start_cpu) / 1e6);
    }
    if (count && !pool->thread_count)
        uv_async_send(pool->wake);
    return count;
}

static size_t queued(const JobQueue *queue)
{
    size_t count = 0;
    for (const Job *job = queue->first; job; job = job->next)
        count++;
    return count;
}

size_t pool_busy(Pool *pool)
{
    uv_mutex_lock(&pool->lock);
    size_t held = pool->held ? queued(&pool->queues[JOB_BACKGROUND]) : 0;
    uv_mutex_unlock(&pool->lock);
    return pool->busy - held;
}

size_t pool_ran_while_held(Pool *pool)
{
    uv_mutex_lock(&pool->lock);
    size_t count = pool->ran_while_held;
    uv_mutex_unlock(&pool->lock);
    return count;
}

static void cancel_queue(JobQueue *queue)
{
    for (Job *job = queue->first; job; job = job->next)
        atomic_store(&job->cancelled, true);
}

static void free_wake(uv_handle_t *wake)
{
    free(wake);
}

void pool_free(Pool *pool)
{
    if (!pool)
        return;
    uv_mutex_lock(&pool->lock);
    pool->stopping = true;
    for (unsigned i = 0; i < pool->thread_count; i++)
        if (pool->running[i])
            atomic_store(&pool->running[i]->cancelled, true);
    for (int class = 0; class < JOB_CLASSES; class ++)
        cancel_queue(&pool->queues[class]);
    uv_cond_broadcast(&pool->work);
    uv_mutex_unlock(&pool->lock);
    for (unsigned i = 0; i < pool->thread_count; i++)
        uv_thread_join(&pool->threads[i]);
    pool->thread_count = 0;
    while (pool_drain(pool) || pool->busy)
        ;
    pool->wake->data = NULL;
    uv_close((uv_handle_t *)pool->wake, free_wake);
    uv_cond_destroy(&pool->work);
    uv_mutex_destroy(&pool->lock);
    free(pool);
}
