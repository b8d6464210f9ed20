/* The pool of workers. ctest-labels: threads */

#include "lsp/job.h"

#include <uv.h>

#include "tests/lib/check.h"

typedef struct Fixture {
    uv_loop_t loop;
    Pool *pool;
    char order[64];
    atomic_int ran;
    atomic_bool open; /* jobs of wait_open go on once it is true */
    int done;
} Fixture;

static Fixture *start(void **state, unsigned threads)
{
    Fixture *fixture = NEW(test_arena(state), Fixture);
    assert_int_equal(uv_loop_init(&fixture->loop), 0);
    fixture->pool = pool_new(&fixture->loop, threads);
    return fixture;
}

static void finish(Fixture *fixture)
{
    pool_free(fixture->pool);
    uv_run(&fixture->loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&fixture->loop), 0);
}

static void count_run(Job *job)
{
    Fixture *fixture = job->input;
    atomic_fetch_add(&fixture->ran, 1);
}

static void wait_open(Job *job)
{
    Fixture *fixture = job->input;
    while (!atomic_load(&fixture->open) && !atomic_load(&job->cancelled))
        uv_sleep(1);
    atomic_fetch_add(&fixture->ran, 1);
}

static void note_done(Job *job)
{
    Fixture *fixture = job->input;
    fixture->order[fixture->done++] = job->name[0];
    job_free(job);
}

static Job *add(Fixture *fixture, const char *name, JobClass class, JobFn *run)
{
    Job *job = job_new(name, class);
    job->input = fixture;
    job->run = run;
    job->done = note_done;
    pool_add(fixture->pool, job);
    return job;
}

static void run_until_idle(Fixture *fixture)
{
    while (pool_busy(fixture->pool))
        uv_run(&fixture->loop, UV_RUN_ONCE);
}

static void every_job_is_run_and_done_once(void **state)
{
    Fixture *fixture = start(state, 4);
    for (int i = 0; i < 50; i++)
        add(fixture, "x", i % 2 ? JOB_REQUEST : JOB_BACKGROUND, count_run);
    run_until_idle(fixture);
    assert_int_equal(atomic_load(&fixture->ran), 50);
    assert_int_equal(fixture->done, 50);
    finish(fixture);
}

static void requests_overtake_background_work(void **state)
{
    Fixture *fixture = start(state, 1);
    add(fixture, "w", JOB_REQUEST, wait_open);
    add(fixture, "b", JOB_BACKGROUND, count_run);
    add(fixture, "1", JOB_REQUEST, count_run);
    Job *late = add(fixture, "p", JOB_BACKGROUND, count_run);
    pool_promote(fixture->pool, late);
    add(fixture, "2", JOB_REQUEST, count_run);
    atomic_store(&fixture->open, true);
    run_until_idle(fixture);
    assert_string_equal(fixture->order, "w1p2b");
    finish(fixture);
}

static void a_held_pool_runs_requests_only(void **state)
{
    Fixture *fixture = start(state, 2);
    pool_hold(fixture->pool, true);
    add(fixture, "b", JOB_BACKGROUND, count_run);
    add(fixture, "r", JOB_REQUEST, count_run);
    run_until_idle(fixture);
    assert_string_equal(fixture->order, "r");
    assert_int_equal(pool_ran_while_held(fixture->pool), 1);
    pool_hold(fixture->pool, false);
    run_until_idle(fixture);
    assert_string_equal(fixture->order, "rb");
    finish(fixture);
}

static void a_cancelled_job_that_waits_is_not_run(void **state)
{
    Fixture *fixture = start(state, 1);
    add(fixture, "w", JOB_REQUEST, wait_open);
    Job *cancelled = add(fixture, "c", JOB_REQUEST, count_run);
    atomic_store(&cancelled->cancelled, true);
    atomic_store(&fixture->open, true);
    run_until_idle(fixture);
    assert_int_equal(atomic_load(&fixture->ran), 1);
    assert_string_equal(fixture->order, "wc");
    finish(fixture);
}

static void freeing_the_pool_cancels_and_finishes_everything(void **state)
{
    Fixture *fixture = start(state, 2);
    pool_hold(fixture->pool, true);
    add(fixture, "b", JOB_BACKGROUND, wait_open);
    for (int i = 0; i < 5; i++)
        add(fixture, "w", JOB_REQUEST, wait_open);
    finish(fixture); /* nobody opened them: only cancelling ends them */
    assert_int_equal(fixture->done, 6);
}

static void a_pool_without_threads_works_in_the_loop(void **state)
{
    Fixture *fixture = start(state, 0);
    add(fixture, "a", JOB_BACKGROUND, count_run);
    add(fixture, "b", JOB_REQUEST, count_run);
    run_until_idle(fixture);
    assert_string_equal(fixture->order, "ba");
    finish(fixture);
}

TEST_MAIN(TEST(every_job_is_run_and_done_once), TEST(requests_overtake_background_work),
          TEST(a_held_pool_runs_requests_only), TEST(a_cancelled_job_that_waits_is_not_run),
          TEST(freeing_the_pool_cancels_and_finishes_everything),
          TEST(a_pool_without_threads_works_in_the_loop))
