#include "runners/profiling/against.h"

#include <math.h>
#include <stdlib.h>

#include "runners/ledger/ledger.h"
#include "tests/lib/check.h"
#include "tests/lib/workspace.h"

#define BEFORE                \
    "def f(words):\n"         \
    "    total = 0\n"         \
    "    for w in words:\n"   \
    "        total += g(w)\n" \
    "    return total\n"
#define AFTER "import os\n\n" BEFORE

static int64_t add_baseline(const TestWorkspace *space, Str snapshot, int64_t time_s)
{
    Err err = {0};
    int64_t workload = 0, baseline = 0;
    CLEANUP(ledger_cleanup) Ledger *ledger = ledger_open(&space->places, LEDGER_WRITE, &err);
    assert_ok(ledger != NULL, &err);
    LedgerWorkload row = {.name = S("w"), .metric = S("p50"), .target_value = (double)NAN};
    assert_ok(ledger_put_workload(ledger, &row, &workload, &err), &err);
    LedgerBaseline base = {.workload = workload,
                           .time_s = time_s,
                           .snapshot = snapshot,
                           .origin = S("work tree"),
                           .metric = S("p50"),
                           .unit = UNIT_SECONDS,
                           .value = 0.1};
    assert_ok(ledger_add_baseline(ledger, &base, &baseline, &err), &err);
    return baseline;
}

/* Measured in pairs: `candidate` takes `ratio` of the time of `base`, within 1 %. */
static void add_iteration(const TestWorkspace *space, int64_t baseline, Str base, Str candidate,
                          double ratio, int64_t time_s)
{
    Err err = {0};
    int64_t id = 0;
    CLEANUP(ledger_cleanup) Ledger *ledger = ledger_open(&space->places, LEDGER_WRITE, &err);
    assert_ok(ledger != NULL, &err);
    LedgerIteration row = {.workload = 1,
                           .time_s = time_s,
                           .baseline = baseline,
                           .base = base,
                           .candidate = candidate,
                           .undo = base,
                           .state = S("kept")};
    LedgerVerdict verdict = {.time_s = time_s,
                             .kind = S("improvement"),
                             .status = S("faster"),
                             .sentence = S("faster"),
                             .metric = S("p50"),
                             .unit = UNIT_SECONDS,
                             .before = 0.1,
                             .after = 0.1 * ratio,
                             .estimate = log(ratio),
                             .low = log(ratio) - 0.01,
                             .high = log(ratio) + 0.01,
                             .pairs = 10,
                             .design = S("S")};
    assert_ok(ledger_add_iteration(ledger, &row, &id, &err), &err);
    assert_ok(ledger_add_verdict(ledger, id, &verdict, &err), &err);
}

static AgainstTable against(const TestWorkspace *space, AgainstRequest request, Str word)
{
    Err err = {0};
    AgainstTable table = {0};
    request.words = &word;
    request.words_len = 1;
    assert_ok(against_load(space->arena, &space->places, &request, &table, &err), &err);
    return table;
}

static void refuses(const TestWorkspace *space, Str word, const char *sentence)
{
    Err err = {0};
    AgainstTable table;
    AgainstRequest request = {.words = &word, .words_len = 1};
    assert_false(against_load(space->arena, &space->places, &request, &table, &err));
    assert_string_equal(err.msg, sentence);
}

#define FIRST  "f (t.py:4) 700\nf (t.py:3) 300\n"
#define SECOND "f (t.py:6) 100\nf (t.py:5) 305\n"

static void what_is_missing_is_said_with_the_mend(void **state)
{
    TestWorkspace space = test_workspace(test_arena(state));
    test_write(&space, "t.py", S(BEFORE));
    refuses(&space, S("baseline"),
            "no profile yet: run `perfloop profile`, or `perfloop import FILE`");
    test_profile_of(&space, "w", S(FIRST), 1000, S("aaaa"));
    refuses(&space, S("baseline"),
            "no profile of the baseline, and no baseline of w: run `perfloop baseline` and "
            "`perfloop profile` before the change, or give a file");
    refuses(&space, S("previous"),
            "no profile before this one with the same tool: run `perfloop profile` before the "
            "change, or give a file");
    refuses(&space, S("9"), "no profile 9 in the ledger");
    add_baseline(&space, S("aaaa"), 900);
    refuses(&space, S("baseline"),
            "profile 1 is itself the baseline's: run `perfloop profile` after the change");
    add_baseline(&space, S("bbbb"), 1100);
    test_profile_of(&space, "w", S(SECOND), 1200, S("cccc"));
    refuses(&space, S("baseline"),
            "no profile of the baseline: run `perfloop profile` before the change, or give a file");
}

/* 0.1 s became 0.04 s: line 4 fell by 66 ms, and line 3 costs what it did. */
static void lines_are_compared_in_the_time_of_the_benchmark(void **state)
{
    TestWorkspace space = test_workspace(test_arena(state));
    test_write(&space, "t.py", S(BEFORE));
    int64_t baseline = add_baseline(&space, S("aaaa"), 900);
    test_profile_of(&space, "w", S(FIRST), 1000, S("aaaa"));
    add_iteration(&space, baseline, S("aaaa"), S("bbbb"), 0.8, 1100);
    add_iteration(&space, baseline, S("bbbb"), S("cccc"), 0.5, 1200);
    test_write(&space, "t.py", S(AFTER));
    test_profile_of(&space, "w", S(SECOND), 1300, S("cccc"));
    AgainstTable table = against(&space, (AgainstRequest){0}, S("baseline"));
    assert_int_equal(table.comparison.per, COMPARE_BENCHMARK);
    assert_true(fabs(table.comparison.whole_now - 0.04) < 1e-12);
    assert_int_equal(table.rows_len, 1);
    const AgainstRow *row = &table.rows[0];
    assert_int_equal(row->compared.here.word, COMPARE_FELL);
    assert_int_equal(row->compared.place, COMPARE_MOVED);
    assert_int_equal(row->line, 6);
    assert_true(fabs(row->compared.here.then - 0.07) < 1e-12);
    assert_true(fabs(row->compared.here.now - 0.04 * 100 / 405) < 1e-12);
    assert_int_equal(table.within, 1);
    table = against(&space, (AgainstRequest){.per = AGAINST_SHARE}, S("previous"));
    assert_int_equal(table.rows_len, 1);
    assert_int_equal(table.rows[0].compared.here.word, COMPARE_FELL);
    assert_int_equal(table.then.number, 1);
}

/* An imported profile has no tree: what came right after the baseline is taken for its. */
static void a_profile_between_baseline_and_measuring_is_the_baselines(void **state)
{
    TestWorkspace space = test_workspace(test_arena(state));
    test_write(&space, "t.py", S(BEFORE));
    test_profile(&space, "w", S("f (t.py:4) 10\n"), 500);
    int64_t baseline = add_baseline(&space, S("aaaa"), 900);
    test_profile(&space, "w", S(FIRST), 1000);
    add_iteration(&space, baseline, S("aaaa"), S("bbbb"), 0.4, 1100);
    test_write(&space, "t.py", S(AFTER));
    test_profile(&space, "w", S(SECOND), 1300);
    AgainstTable table = against(&space, (AgainstRequest){0}, S("baseline"));
    assert_int_equal(table.then.number, 2);
    assert_int_equal(table.comparison.per, COMPARE_SHARE);
}

static Str program_of(Arena *arena)
{
    return getenv("PERFLOOP") ? str_from_c(getenv("PERFLOOP"))
                              : test_source_path(arena, "build/dev/perfloop");
}

#define KERNELS \
    "\"ID\",\"Process ID\",\"Kernel Name\",\"Metric Name\",\"Metric Unit\",\"Metric Value\"\n"
#define LAUNCH(id, name, ns) \
    "\"" id "\",\"1\",\"" name "(int)\",\"gpu__time_duration.sum\",\"nsecond\",\"" ns "\"\n"

/* One kernel alone is all of its profile, before and after: its share says nothing. */
static void kernels_are_compared_by_their_own_time(void **state)
{
    TestWorkspace space = test_workspace(test_arena(state));
    Arena *arena = space.arena;
    Str once = test_write(&space, "before.csv", S(KERNELS LAUNCH("0", "reduce", "3000")));
    Str faster = test_write(&space, "after.csv", S(KERNELS LAUNCH("0", "reduce", "1200")));
    Str twice = test_write(&space, "twice.csv",
                           S(KERNELS LAUNCH("0", "reduce", "1200") LAUNCH("1", "reduce", "1200")));
    AgainstRequest request = {.hot.file = faster, .hot.program = program_of(arena)};
    AgainstTable table = against(&space, request, once);
    assert_int_equal(table.comparison.per, COMPARE_COST);
    assert_has(against_text(arena, &table), S("both saw as many launches"));
    assert_has(against_text(arena, &table), S("3 µs → 1.2 µs             -1.8 µs  reduce"));
    request.hot.file = twice;
    table = against(&space, request, once);
    assert_int_equal(table.comparison.per, COMPARE_SHARE);
}

static void another_metric_cannot_be_compared(void **state)
{
    TestWorkspace space = test_workspace(test_arena(state));
    test_write(&space, "t.py", S(BEFORE));
    test_profile(&space, "w", S(FIRST), 1000);
    Err err = {0};
    AgainstTable table;
    Str word = test_source_path(space.arena, "tests/profiles/pstats/work_3.13.prof");
    AgainstRequest request = {
        .hot.program = program_of(space.arena), .words = &word, .words_len = 1};
    assert_false(against_load(space.arena, &space.places, &request, &table, &err));
    assert_string_equal(err.msg,
                        "work_3.13.prof: no metric 'samples'; this profile has wall, calls");
}

TEST_MAIN(TEST(what_is_missing_is_said_with_the_mend),
          TEST(lines_are_compared_in_the_time_of_the_benchmark),
          TEST(a_profile_between_baseline_and_measuring_is_the_baselines),
          TEST(kernels_are_compared_by_their_own_time), TEST(another_metric_cannot_be_compared))
