#include "tests/lib/check.h"

#include <math.h>
#include <string.h>

#include "base/file.h"
#include "base/path.h"
#include "runners/ledger/ledger.h"
#include "runners/loop/loop_view.h"

static Places places_in(Arena *arena, Str folder)
{
    Str top = test_temp_dir(arena);
    Str git = path_join(arena, top, S(".git"));
    return (Places){
        .root = folder.len ? path_join(arena, top, folder) : top,
        .git_top = top,
        .git_dir = git,
        .git_common = git,
        .state = path_join(arena, git, S("perfloop")),
    };
}

static int64_t put_workload(Ledger *ledger, Str name)
{
    Err err = {0};
    int64_t id = 0;
    LedgerWorkload workload = {
        .name = name, .metric = S("p50"), .target = S("8 ms"), .target_value = 0.008};
    assert_ok(ledger_put_workload(ledger, &workload, &id, &err), &err);
    return id;
}

static int64_t put_baseline(Ledger *ledger, int64_t workload, double value)
{
    Err err = {0};
    int64_t id = 0;
    double samples[] = {value, value};
    LedgerBaseline baseline = {.workload = workload,
                               .time_s = 100,
                               .snapshot = S("aaaa"),
                               .origin = S("work tree"),
                               .metric = S("p50"),
                               .unit = UNIT_SECONDS,
                               .value = value,
                               .low = value,
                               .high = value,
                               .samples = samples,
                               .runs = 2};
    assert_ok(ledger_add_baseline(ledger, &baseline, &id, &err), &err);
    return id;
}

static int64_t put_iteration(Arena *arena, Ledger *ledger, int64_t workload, int64_t baseline,
                             Str candidate)
{
    Err err = {0};
    int64_t id = 0;
    LedgerIteration iteration = {.workload = workload,
                                 .time_s = 200,
                                 .baseline = baseline,
                                 .base = S("aaaa"),
                                 .candidate = candidate,
                                 .state = S("measured")};
    *array_push(arena, &iteration.changes) = (LedgerChange){.path = S("src/x.py"),
                                                            .kind = S("changed"),
                                                            .function = S("f"),
                                                            .first_line = 3,
                                                            .last_line = 9,
                                                            .content = digest_of(candidate)};
    assert_ok(ledger_add_iteration(ledger, &iteration, &id, &err), &err);
    return id;
}

static LedgerVerdict faster(double before, double after)
{
    return (LedgerVerdict){.time_s = 300,
                           .kind = S("improvement"),
                           .status = S("faster"),
                           .sentence = S("faster: by far"),
                           .metric = S("p50"),
                           .unit = UNIT_SECONDS,
                           .before = before,
                           .after = after,
                           .estimate = log(after / before),
                           .low = -0.5,
                           .high = -0.1,
                           .pairs = 14,
                           .design = S("S"),
                           .flag = S("above"),
                           .seed = 0xfedcba9876543210u};
}

static void reading_before_anything_was_written_is_not_found(void **state)
{
    Err err = {0};
    Places places = places_in(test_arena(state), (Str){0});
    assert_null(ledger_open(&places, LEDGER_READ, &err));
    assert_int_equal(err.kind, ERR_NOT_FOUND);
}

static void an_iteration_comes_back_with_changes_verdict_and_pairs(void **state)
{
    Arena *arena = test_arena(state);
    Err err = {0};
    Places places = places_in(arena, (Str){0});
    CLEANUP(ledger_cleanup) Ledger *ledger = ledger_open(&places, LEDGER_WRITE, &err);
    assert_ok(ledger != NULL, &err);
    int64_t workload = put_workload(ledger, S("w"));
    int64_t id =
        put_iteration(arena, ledger, workload, put_baseline(ledger, workload, 0.01), S("bbbb"));
    LedgerVerdict verdict = faster(0.01, 0.007);
    assert_ok(ledger_add_verdict(ledger, id, &verdict, &err), &err);
    LedgerPair pairs[] = {{0.01, 0.007, true}, {0.011, 0.0071, false}};
    assert_ok(ledger_put_pairs(ledger, id, pairs, 2, &err), &err);

    CLEANUP(ledger_cleanup) Ledger *other = ledger_open(&places, LEDGER_READ, &err);
    assert_ok(other != NULL, &err);
    LedgerIteration got;
    assert_ok(ledger_iteration(arena, other, id, &got, &err), &err);
    assert_str(got.candidate, S("bbbb"));
    assert_str(got.verdict.sentence, S("faster: by far"));
    assert_true(got.verdict.seed == 0xfedcba9876543210u);
    assert_true(got.verdict.after == 0.007);
    assert_int_equal(got.changes.len, 1);
    assert_str(got.changes.items[0].function, S("f"));
    assert_int_equal(got.changes.items[0].last_line, 9);
    assert_true(digest_eq(got.changes.items[0].content, digest_of(S("bbbb"))));
    LedgerPairs read;
    assert_ok(ledger_pairs(arena, other, id, &read, &err), &err);
    assert_int_equal(read.len, 2);
    assert_true(read.items[0].candidate_first && read.items[1].base == 0.011);
}

static void numbers_that_were_not_measured_stay_absent(void **state)
{
    Arena *arena = test_arena(state);
    Err err = {0};
    Places places = places_in(arena, (Str){0});
    CLEANUP(ledger_cleanup) Ledger *ledger = ledger_open(&places, LEDGER_WRITE, &err);
    int64_t workload = put_workload(ledger, S("w"));
    int64_t id = put_iteration(arena, ledger, workload, 0, S("bbbb"));
    LedgerVerdict verdict = faster(NAN, NAN);
    verdict.low = -INFINITY;
    assert_ok(ledger_add_verdict(ledger, id, &verdict, &err), &err);
    LedgerIteration got;
    assert_ok(ledger_iteration(arena, ledger, id, &got, &err), &err);
    assert_true(isnan(got.verdict.before) && isnan(got.verdict.after));
    assert_true(isinf(got.verdict.low) && got.verdict.low < 0);
    assert_int_equal(got.baseline, 0);
}

static void a_new_iteration_supersedes_the_open_one(void **state)
{
    Arena *arena = test_arena(state);
    Err err = {0};
    Places places = places_in(arena, (Str){0});
    CLEANUP(ledger_cleanup) Ledger *ledger = ledger_open(&places, LEDGER_WRITE, &err);
    int64_t workload = put_workload(ledger, S("w"));
    int64_t kept = put_iteration(arena, ledger, workload, 0, S("b1"));
    assert_ok(ledger_set_iteration(ledger, kept, S("kept"), S("green"), S("c0ffee"), &err), &err);
    int64_t old = put_iteration(arena, ledger, workload, 0, S("b2"));
    int64_t open = put_iteration(arena, ledger, workload, 0, S("b3"));
    LedgerIterations all;
    assert_ok(ledger_iterations(arena, ledger, workload, 0, &all, &err), &err);
    assert_int_equal(all.len, 3);
    assert_int_equal(all.items[0].id, open);
    assert_str(all.items[0].state, S("measured"));
    assert_int_equal(all.items[1].id, old);
    assert_str(all.items[1].state, S("superseded"));
    assert_str(all.items[2].state, S("kept"));
    assert_str(all.items[2].checkpoint, S("c0ffee"));
    assert_str(all.items[2].tests, S("green"));
}

static void workspaces_of_one_repository_do_not_see_each_other(void **state)
{
    Arena *arena = test_arena(state);
    Err err = {0};
    Places top = places_in(arena, (Str){0});
    Places below = top, linked = top;
    below.root = path_join(arena, top.git_top, S("services/api"));
    linked.git_dir = path_join(arena, top.git_common, S("worktrees/side"));
    Places all[] = {top, below, linked};
    int64_t ids[3];
    for (size_t i = 0; i < 3; i++) {
        CLEANUP(ledger_cleanup) Ledger *ledger = ledger_open(&all[i], LEDGER_WRITE, &err);
        ids[i] = put_workload(ledger, S("w"));
        assert_int_equal(put_workload(ledger, S("w")), ids[i]);
        put_iteration(arena, ledger, ids[i], 0, S("b"));
    }
    CLEANUP(ledger_cleanup) Ledger *ledger = ledger_open(&below, LEDGER_READ, &err);
    LedgerWorkloads seen;
    assert_ok(ledger_workloads(arena, ledger, &seen, &err), &err);
    assert_int_equal(seen.len, 1);
    assert_int_equal(seen.items[0].id, ids[1]);
    LedgerIteration other;
    assert_false(ledger_iteration(arena, ledger, 1, &other, &err));
    assert_int_equal(err.kind, ERR_NOT_FOUND);
}

static void profiles_keep_their_files_and_come_newest_first(void **state)
{
    Arena *arena = test_arena(state);
    Err err = {0};
    Places places = places_in(arena, (Str){0});
    CLEANUP(ledger_cleanup) Ledger *ledger = ledger_open(&places, LEDGER_WRITE, &err);
    for (int i = 0; i < 3; i++) {
        int64_t id;
        LedgerProfile profile = {.workload = i == 1 ? S("other") : S("w"),
                                 .tool = S("py-spy"),
                                 .format = S("speedscope"),
                                 .cache = digest_of(S("x")),
                                 .metric = S("cpu"),
                                 .time_s = i};
        *array_push(arena, &profile.files) =
            (LedgerFile){.path = S("src/\xff.py"), .content = digest_of(S("text"))};
        assert_ok(ledger_add_profile(ledger, &profile, &id, &err), &err);
    }
    LedgerProfiles found;
    assert_ok(ledger_profiles(arena, ledger, S("w"), 1, &found, &err), &err);
    assert_int_equal(found.len, 1);
    assert_int_equal(found.items[0].time_s, 2);
    assert_str(found.items[0].files.items[0].path, S("src/\xff.py"));
    assert_ok(ledger_profiles(arena, ledger, S(""), 0, &found, &err), &err);
    assert_int_equal(found.len, 3);
}

static void writing_changes_the_stamp(void **state)
{
    Arena *arena = test_arena(state);
    Err err = {0};
    Places places = places_in(arena, (Str){0});
    uint64_t nothing = ledger_stamp(&places);
    CLEANUP(ledger_cleanup) Ledger *ledger = ledger_open(&places, LEDGER_WRITE, &err);
    uint64_t made = ledger_stamp(&places);
    assert_true(made != nothing);
    put_workload(ledger, S("w"));
    assert_true(ledger_stamp(&places) != made);
}

static void what_was_rolled_back_never_happened(void **state)
{
    Arena *arena = test_arena(state);
    Err err = {0};
    Places places = places_in(arena, (Str){0});
    CLEANUP(ledger_cleanup) Ledger *ledger = ledger_open(&places, LEDGER_WRITE, &err);
    assert_ok(ledger_begin(ledger, &err), &err);
    int64_t workload = put_workload(ledger, S("w"));
    put_baseline(ledger, workload, 0.01); /* has a transaction of its own inside */
    ledger_rollback(ledger);
    LedgerWorkloads seen;
    assert_ok(ledger_workloads(arena, ledger, &seen, &err), &err);
    assert_int_equal(seen.len, 0);
}

static void a_file_that_is_no_ledger_is_refused(void **state)
{
    Arena *arena = test_arena(state);
    Err err = {0};
    Places places = places_in(arena, (Str){0});
    assert_ok(file_make_dirs(places.state, &err), &err);
    char junk[4096];
    memset(junk, 'x', sizeof junk);
    assert_ok(file_write(ledger_path(arena, &places), (Str){junk, sizeof junk}, &err), &err);
    assert_null(ledger_open(&places, LEDGER_WRITE, &err));
    assert_int_equal(err.kind, ERR_INPUT);
}

static void begun_actions_are_found_until_they_end(void **state)
{
    Arena *arena = test_arena(state);
    Err err = {0};
    Places places = places_in(arena, (Str){0});
    CLEANUP(ledger_cleanup) Ledger *ledger = ledger_open(&places, LEDGER_WRITE, &err);
    int64_t iteration = put_iteration(arena, ledger, put_workload(ledger, S("w")), 0, S("b"));
    LedgerAction action = {.iteration = iteration,
                           .time_s = 5,
                           .kind = S("revert"),
                           .state = S("begun"),
                           .before = S("t1"),
                           .after = S("t2")};
    int64_t id;
    assert_ok(ledger_add_action(ledger, &action, &id, &err), &err);
    LedgerActions begun;
    assert_ok(ledger_actions(arena, ledger, 0, &begun, &err), &err);
    assert_int_equal(begun.len, 1);
    assert_str(begun.items[0].before, S("t1"));
    assert_ok(ledger_set_action(ledger, id, S("done"), S(""), &err), &err);
    assert_ok(ledger_actions(arena, ledger, 0, &begun, &err), &err);
    assert_int_equal(begun.len, 0);
    assert_ok(ledger_actions(arena, ledger, iteration, &begun, &err), &err);
    assert_str(begun.items[0].after, S("t2"));
}

static void a_view_shows_history_target_and_the_open_iteration(void **state)
{
    Arena *arena = test_arena(state);
    Err err = {0};
    Places places = places_in(arena, (Str){0});
    LoopView view;
    assert_ok(loop_view_load(arena, &places, &view, &err), &err);
    assert_int_equal(view.workloads.len, 0);
    CLEANUP(ledger_cleanup) Ledger *ledger = ledger_open(&places, LEDGER_WRITE, &err);
    int64_t workload = put_workload(ledger, S("w"));
    int64_t baseline = put_baseline(ledger, workload, 0.012);
    int64_t kept = put_iteration(arena, ledger, workload, baseline, S("b1"));
    /* The machine was twice as slow in that hour: the value tells nothing, the ratio does. */
    LedgerVerdict first = faster(0.024, 0.018), second = faster(0.009, 0.0075);
    assert_ok(ledger_add_verdict(ledger, kept, &first, &err), &err);
    assert_ok(ledger_set_iteration(ledger, kept, S("kept"), S(""), S(""), &err), &err);
    int64_t open = put_iteration(arena, ledger, workload, baseline, S("b2"));
    assert_ok(loop_view_load(arena, &places, &view, &err), &err);
    const LoopWorkload *loop = loop_view_find(&view, S("w"));
    assert_int_equal(loop->history_len, 2);
    assert_true(loop->now == 0.018);
    assert_true(fabs(loop->history[1] - 0.009) < 1e-12);
    assert_false(loop->target_met);
    assert_int_equal(loop->open->id, open);
    assert_str(loop_summary(arena, loop), S("p50 18 ms, -25 % vs baseline"));
    assert_ok(ledger_add_verdict(ledger, open, &second, &err), &err);
    assert_true(view.stamp != ledger_stamp(&places));
    assert_ok(loop_view_load(arena, &places, &view, &err), &err);
    assert_true(loop_view_find(&view, S(""))->target_met);
    assert_true(loop_view_find(&view, S(""))->open_meets);
    assert_true(fabs(loop_view_find(&view, S(""))->open_change - -0.375) < 1e-12);
    assert_null(loop_view_find(&view, S("absent")));
}

TEST_MAIN(TEST(reading_before_anything_was_written_is_not_found),
          TEST(an_iteration_comes_back_with_changes_verdict_and_pairs),
          TEST(numbers_that_were_not_measured_stay_absent),
          TEST(a_new_iteration_supersedes_the_open_one),
          TEST(workspaces_of_one_repository_do_not_see_each_other),
          TEST(profiles_keep_their_files_and_come_newest_first), TEST(writing_changes_the_stamp),
          TEST(what_was_rolled_back_never_happened), TEST(a_file_that_is_no_ledger_is_refused),
          TEST(begun_actions_are_found_until_they_end),
          TEST(a_view_shows_history_target_and_the_open_iteration))
