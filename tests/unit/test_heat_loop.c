/* The loop in the server: an iteration in the ledger and what an editor is sent. ctest-labels: threads */

#include "lsp/heat/heat.h"

#include "runners/ledger/ledger.h"
#include "tests/lib/check.h"
#include "tests/lib/editor.h"

#define WORKLOAD "[workload.w]\nbenchmark = \"true\"\ntarget = \"9 ms\"\n"

/* A baseline of 8 ms, which meets the target of 9 ms, and an iteration that changed tokenize,
 * with this verdict. */
static void record_iteration(Editor *editor, Str status)
{
    Err err = {0};
    int64_t workload = 0, baseline = 0, iteration = 0;
    CLEANUP(ledger_cleanup)
    Ledger *ledger = ledger_open(&editor->space.places, LEDGER_WRITE, &err);
    assert_ok(ledger != NULL, &err);
    LedgerWorkload row = {.name = S("w"), .metric = S("p50"), .target_value = 0.009};
    assert_ok(ledger_put_workload(ledger, &row, &workload, &err), &err);
    LedgerBaseline base = {.workload = workload,
                           .time_s = 500,
                           .snapshot = S("a"),
                           .metric = S("p50"),
                           .unit = UNIT_SECONDS,
                           .value = 0.008,
                           .runs = 9};
    assert_ok(ledger_add_baseline(ledger, &base, &baseline, &err), &err);
    LedgerIteration tried = {.workload = workload,
                             .time_s = 600,
                             .baseline = baseline,
                             .base = S("a"),
                             .candidate = S("b"),
                             .state = S("measured")};
    *array_push(editor->arena, &tried.changes) = (LedgerChange){.path = S("t.py"),
                                                                .kind = S("changed"),
                                                                .function = S("tokenize"),
                                                                .first_line = 5,
                                                                .last_line = 9};
    assert_ok(ledger_add_iteration(ledger, &tried, &iteration, &err), &err);
    LedgerVerdict verdict = {.time_s = 601,
                             .kind = S("regression"),
                             .status = status,
                             .sentence = S("slower: 8 ms → 9.8 ms, +22 %"),
                             .metric = S("p50"),
                             .unit = UNIT_SECONDS,
                             .before = 0.008,
                             .after = 0.0098,
                             .estimate = 0.2,
                             .low = 0.1,
                             .high = 0.3,
                             .pairs = 12};
    assert_ok(ledger_add_verdict(ledger, iteration, &verdict, &err), &err);
}

static Editor *start_loop(void **state, Str status)
{
    Editor *editor = editor_new(test_arena(state));
    test_write(&editor->space, "perfloop.toml", S(WORKLOAD));
    test_profile(&editor->space, "w", S(TOKENIZE_FOLDED), 1000);
    record_iteration(editor, status);
    editor_connect(editor, S(RICH_CLIENT));
    editor_open(editor, S("python"), S(TOKENIZE_PY));
    return editor;
}

static void calls_are_listed_although_the_ledger_was_written_in_between(void **state)
{
    Editor *editor = start_loop(state, S("slower"));
    Str items = editor_ask(editor, 5, "prepareCallHierarchy", ASK_AT(0, 5));
    Str before = editor_diagnostics(editor);
    record_iteration(editor, S("unclear"));
    editor_files_changed(editor);
    assert_false(str_eq(editor_diagnostics(editor), before)); /* the ledger was read again */
    assert_has(editor_callers(editor, 6, items), S("tokenize [25 %, 250 samples]"));
    editor_free(editor);
}

/* Both profiles know their trees: what a line costs in one run is share times what was measured. */
static void lines_that_rose_in_a_regression_are_named(void **state)
{
    Editor *editor = editor_new(test_arena(state));
    test_write(&editor->space, "t.py", S("# old\n" TOKENIZE_PY));
    test_write(&editor->space, "perfloop.toml", S(WORKLOAD));
    test_profile_of(&editor->space, "w", S("tokenize (t.py:9) 300\nsplit (t.py:3) 700\n"), 550,
                    S("a"));
    test_write(&editor->space, "t.py", S(TOKENIZE_PY));
    test_profile_of(&editor->space, "w", S("tokenize (t.py:8) 420\nsplit (t.py:2) 580\n"), 700,
                    S("b"));
    record_iteration(editor, S("slower"));
    editor_connect(editor, S(RICH_CLIENT));
    editor_open(editor, S("python"), S(TOKENIZE_PY));
    Str pushed = editor_diagnostics(editor);
    assert_has(pushed, S("\"severity\":2,\"code\":\"regressed-here\""));
    assert_int_equal(test_occurrences(pushed, S("\"regressed-here\"")), 1);
    assert_has(pushed, S("w: regressed here: 42 %, rose from 30 % at the baseline, +12 pt, "
                         "2.4 ms → 4.1 ms a run; p50 +22 %"));
    assert_has(pushed, S("at the baseline 70 %, 5.6 ms → 5.67 ms a run, within the error"));
    editor_free(editor);
}

static void a_regression_warns_where_the_function_is_now(void **state)
{
    Editor *editor = start_loop(state, S("slower"));
    editor_insert(editor, 2, 0, 0, "# new\\n");
    Str pushed = editor_diagnostics(editor);
    assert_has(pushed, S("\"start\":{\"line\":5,\"character\":0}"));
    assert_has(pushed, S("\"severity\":2,\"code\":\"regression\""));
    assert_has(pushed, S("w: slower: 8 ms → 9.8 ms, +22 %; revert it"));
    assert_has(pushed, S("p50 9.8 ms, +22 % vs baseline"));
    assert_int_equal(test_occurrences(pushed, S("\"target-met\"")), 0); /* 9.8 ms are too many */
    assert_has(editor_ask(editor, 5, "codeLens", ""),
               S("\"title\":\"Revert (+22 %)\",\"command\":\"perfloop.revert\""));
    Str offered = editor_ask(editor, 6, "codeAction", ASK_ACTIONS(7, ""));
    assert_int_equal(
        str_find(offered, S("[{\"title\":\"perfloop: revert iteration 1 of w (+22 %)\""), 0), 0);
    assert_int_equal(test_occurrences(offered, S("\"isPreferred\":true")), 1);
    assert_has(offered, S("{\"workload\":\"w\",\"iteration\":1,"));
    assert_has(offered, S("perfloop: trust the commands of w"));
    editor_free(editor);
}

static void two_edited_functions_are_one_too_many(void **state)
{
    Editor *editor = editor_new(test_arena(state));
    test_write(&editor->space, "perfloop.toml", S(WORKLOAD));
    test_profile(&editor->space, "w", S(TOKENIZE_FOLDED), 1000);
    editor_connect(editor, S("{}"));
    editor_open(editor, S("python"), S(TOKENIZE_PY));
    editor_insert(editor, 2, 1, 0, "    text = text.strip()\\n");
    assert_int_equal(test_occurrences(editor_diagnostics(editor), S("one-change")), 0);
    editor_insert(editor, 3, 6, 0, "    text = text.lower()\\n");
    assert_int_equal(test_occurrences(editor_diagnostics(editor), S("\"code\":\"one-change\"")), 2);
    assert_has(editor_diagnostics(editor),
               S("2 functions changed since the last checkpoint (split, tokenize)"));
    editor_free(editor);
}

static void an_unclear_iteration_does_not_change_the_number(void **state)
{
    Editor *editor = start_loop(state, S("unclear"));
    assert_has(editor_diagnostics(editor), S("\"code\":\"unclear\""));
    assert_has(editor_diagnostics(editor), S("w: target 9 ms met: p50 8 ms at the baseline"));
    assert_int_equal(test_occurrences(editor_ask(editor, 5, "codeAction", ASK_ACTIONS(7, "")),
                                      S("perfloop.revert")),
                     0);
    editor_free(editor);
}

TEST_MAIN(TEST(calls_are_listed_although_the_ledger_was_written_in_between),
          TEST(lines_that_rose_in_a_regression_are_named),
          TEST(a_regression_warns_where_the_function_is_now),
          TEST(two_edited_functions_are_one_too_many),
          TEST(an_unclear_iteration_does_not_change_the_number))
