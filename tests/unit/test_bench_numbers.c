#include "runners/profiling/benches/bench_numbers.h"

#include <math.h>
#include <stdlib.h>
#include <utime.h>

#include "base/file.h"
#include "base/path.h"
#include "base/strbuf.h"
#include "runners/profiling/benches/bench_import.h"
#include "tests/lib/check.h"

/* A workspace without git: the ledger lies in .perfloop. */
static Places workspace(Arena *arena)
{
    unsetenv("CARGO_TARGET_DIR");
    Str root = test_temp_dir(arena);
    return (Places){.root = root,
                    .state = path_join(arena, root, S(".perfloop")),
                    .cache = path_join(arena, root, S(".cache")),
                    .user_state = path_join(arena, root, S(".state"))};
}

static void put(Arena *arena, const Places *places, const char *path, Str text, int64_t time_s)
{
    Err err = {0};
    Str full = path_join(arena, places->root, str_from_c(path));
    assert_ok(file_make_dirs(path_dir(full), &err) && file_write(full, text, &err), &err);
    struct utimbuf when = {time_s, time_s};
    assert_int_equal(utime(str_cstr(arena, full), &when), 0);
}

static void add(Arena *arena, const Places *places, LedgerReport report, const char *name,
                double p50)
{
    Err err = {0};
    CLEANUP(ledger_cleanup) Ledger *ledger = ledger_open(places, LEDGER_WRITE, &err);
    assert_ok(ledger != NULL, &err);
    *array_push(arena, &report.benchmarks) = (LedgerBenchmark){
        .name = str_from_c(name), .unit = UNIT_SECONDS, .p50 = p50, .samples = 10};
    assert_ok(ledger_add_report(ledger, &report, &err), &err);
}

static Str facts_text(Arena *arena, const Places *places)
{
    Err err = {0};
    CLEANUP(ledger_cleanup) Ledger *ledger = ledger_open(places, LEDGER_READ, &err);
    BenchFacts facts = bench_numbers_load(arena, places, ledger, &(WorkloadFile){0});
    StrBuf out = strbuf_new(arena);
    for (size_t i = 0; i < facts.n_numbers; i++)
        strbuf_fmt(&out, STR_FMT " " STR_FMT ": " STR_FMT " (" STR_FMT ")\n",
                   STR_ARG(facts.numbers[i].harness), STR_ARG(facts.numbers[i].name),
                   STR_ARG(bench_number_words(arena, &facts.numbers[i])),
                   STR_ARG(facts.numbers[i].origin));
    return strbuf_str(&out);
}

static void the_newest_number_of_a_name_counts_beside_the_baseline(void **state)
{
    Arena *arena = test_arena(state);
    Places places = workspace(arena);
    LedgerReport base = {
        .time_s = 100, .harness = S("criterion"), .origin = S("baseline"), .source = S("w")};
    LedgerReport run = {
        .time_s = 300, .harness = S("criterion"), .origin = S("run"), .source = S("cargo bench")};
    LedgerReport old = {
        .time_s = 200, .harness = S("criterion"), .origin = S("imported"), .source = S("x.json")};
    add(arena, &places, base, "lex/a", 0.010);
    add(arena, &places, base, "lex/b", 0.010);
    add(arena, &places, run, "lex/a", 0.008);
    add(arena, &places, old, "lex/a", 0.009);
    add(arena, &places, old, "lex/c", 0.009);
    assert_str(facts_text(arena, &places),
               S("criterion lex/a: p50 8 ms, 10 samples, -20 % vs baseline (run: cargo bench)\n"
                 "criterion lex/c: p50 9 ms, 10 samples (imported from x.json)\n"
                 "criterion lex/b: p50 10 ms, 10 samples, at the baseline (baseline: w)\n"));
}

static void what_was_measured_of_a_reverted_change_does_not_count(void **state)
{
    Arena *arena = test_arena(state);
    Places places = workspace(arena);
    Err err = {0};
    int64_t workload = 0;
    LedgerIteration iteration = {
        .time_s = 200, .base = S("a"), .candidate = S("b"), .undo = S("a"), .state = S("measured")};
    {
        CLEANUP(ledger_cleanup) Ledger *ledger = ledger_open(&places, LEDGER_WRITE, &err);
        assert_ok(ledger != NULL, &err);
        assert_ok(
            ledger_put_workload(
                ledger,
                &(LedgerWorkload){.name = S("w"), .metric = S("p50"), .target_value = (double)NAN},
                &workload, &err),
            &err);
        iteration.workload = workload;
        assert_ok(ledger_add_iteration(ledger, &iteration, &iteration.id, &err), &err);
    }
    LedgerReport old = {
        .time_s = 100, .harness = S("pyperf"), .origin = S("run"), .source = S("c")};
    LedgerReport candidate = {.time_s = 200,
                              .harness = S("pyperf"),
                              .origin = S("measured"),
                              .source = S("w"),
                              .iteration = iteration.id};
    add(arena, &places, old, "scan", 0.001);
    add(arena, &places, candidate, "scan", 0.002);
    assert_str(facts_text(arena, &places), S("pyperf scan: p50 2 ms, 10 samples (measured: w)\n"));
    CLEANUP(ledger_cleanup) Ledger *ledger = ledger_open(&places, LEDGER_WRITE, &err);
    assert_ok(ledger_set_iteration(ledger, iteration.id, S("reverted"), S(""), S(""), &err), &err);
    assert_str(facts_text(arena, &places), S("pyperf scan: p50 1 ms, 10 samples (run: c)\n"));
}

static Str saved(Arena *arena, const char *seconds)
{
    return str_fmt(arena,
                   "{\"version\": \"5.2.3\", \"benchmarks\": [{\"name\": \"test_a\", \"fullname\": "
                   "\"t/test_x.py::test_a\", \"stats\": {\"data\": [%s]}}]}",
                   seconds);
}

static Str estimates(Arena *arena, const char *ns)
{
    return str_fmt(arena,
                   "{\"mean\": {\"point_estimate\": %s}, \"median\": {\"point_estimate\": %s}}", ns,
                   ns);
}

static void what_tools_left_counts_where_it_is_newer(void **state)
{
    Arena *arena = test_arena(state);
    Places places = workspace(arena);
    put(arena, &places, ".benchmarks/Linux-64bit/0001_old.json", saved(arena, "0.5"), 100);
    put(arena, &places, ".benchmarks/Linux-64bit/0002_new.json", saved(arena, "0.25"), 200);
    put(arena, &places, ".benchmarks/Linux-64bit/0003_cut.json", S("{\"bench"), 50);
    put(arena, &places, "target/criterion/lex/a/new/estimates.json", estimates(arena, "4000"), 100);
    put(arena, &places, "target/criterion/lex/a/new/benchmark.json",
        S("{\"group_id\": \"lex\", \"function_id\": \"a\", \"full_id\": \"lex/a\"}"), 100);
    put(arena, &places, "target/criterion/lex/b/new/estimates.json", estimates(arena, "5000"), 400);
    put(arena, &places, "target/criterion/lex/b/new/benchmark.json",
        S("{\"group_id\": \"lex\", \"function_id\": \"b\", \"full_id\": \"lex/b\"}"), 400);
    LedgerReport run = {
        .time_s = 300, .harness = S("criterion"), .origin = S("run"), .source = S("c")};
    add(arena, &places, run, "lex/a", 0.000001);
    add(arena, &places, run, "lex/b", 0.000001);
    assert_str(facts_text(arena, &places),
               S("criterion lex/b: p50 5 µs (target/criterion)\n"
                 "criterion lex/a: p50 1 µs, 10 samples (run: c)\n"
                 "pytest-benchmark t/test_x.py::test_a: p50 250 ms, 1 sample "
                 "(.benchmarks/Linux-64bit/0002_new.json)\n"));
}

static void a_report_is_told_from_a_profile(void **state)
{
    Arena *arena = test_arena(state);
    Places places = workspace(arena);
    put(arena, &places, "report.json", saved(arena, "0.5"), 100);
    put(arena, &places, "profile.json",
        S("{\"$schema\": \"https://www.speedscope.app/file-format-schema.json\", \"profiles\": "
          "[]}"),
        100);
    put(arena, &places, "folded.txt", S("main;work 3\n"), 100);
    assert_true(bench_import_is_report(arena, path_join(arena, places.root, S("report.json"))));
    assert_false(bench_import_is_report(arena, path_join(arena, places.root, S("profile.json"))));
    assert_false(bench_import_is_report(arena, path_join(arena, places.root, S("folded.txt"))));
    assert_false(bench_import_is_report(arena, path_join(arena, places.root, S("none.json"))));
}

static void an_imported_report_lists_where_each_benchmark_is_defined(void **state)
{
    Arena *arena = test_arena(state);
    Places places = workspace(arena);
    Err err = {0};
    Report report = report_new(REPORT_JSON);
    BenchImported imported;
    put(arena, &places, "t/test_x.py", S("import x\n\n\ndef test_a(benchmark):\n    pass\n"), 100);
    put(arena, &places, "report.json", saved(arena, "0.5, 0.3, 0.4"), 100);
    BenchImportOptions options = {.file = path_join(arena, places.root, S("report.json")),
                                  .as_baseline = true};
    assert_ok(bench_import(arena, &report, &places, &options, &imported, &err), &err);
    assert_str(imported.sentence,
               S("pytest-benchmark: 1 benchmark, t/test_x.py::test_a p50 400 ms, 3 samples, at the "
                 "baseline, t/test_x.py:4"));
    options.file = path_join(arena, places.root, S("t"));
    assert_false(bench_import(arena, &report, &places, &options, &imported, &err));
    assert_str(str_from_c(err.msg),
               str_fmt(arena, STR_FMT ": no results of criterion (GROUP/FUNCTION/new/sample.json)",
                       STR_ARG(options.file)));
}

TEST_MAIN(TEST(the_newest_number_of_a_name_counts_beside_the_baseline),
          TEST(what_was_measured_of_a_reverted_change_does_not_count),
          TEST(what_tools_left_counts_where_it_is_newer), TEST(a_report_is_told_from_a_profile),
          TEST(an_imported_report_lists_where_each_benchmark_is_defined))
