/* Harnesses: what is added to a command and its environment, and the benchmark's own metrics. */
#include "runners/measure/harness.h"

#include <math.h>
#include <stdlib.h>

#include "analysis/workload/workload.h"
#include "base/file.h"
#include "base/path.h"
#include "tests/lib/check.h"

static const Harness *find(const char *name)
{
    Err err = {0};
    const Harness *harness = harness_find(str_from_c(name), &err);
    assert_ok(harness != NULL, &err);
    return harness;
}

static Str command(Arena *arena, const char *harness, const char *text)
{
    Str *argv, *out;
    size_t argc, count;
    assert_true(workload_split(arena, str_from_c(text), &argv, &argc));
    harness_command(arena, find(harness), argv, argc, S("/r"), &out, &count);
    return workload_join(arena, out, count);
}

static void each_harness_is_told_where_to_write(void **state)
{
    Arena *arena = test_arena(state);
    assert_str(command(arena, "command", "./a b"), S("./a b"));
    assert_str(command(arena, "metric-lines", "./a b"), S("./a b"));
    assert_str(command(arena, "pytest-benchmark", "pytest x"), S("pytest x --benchmark-json=/r"));
    assert_str(command(arena, "google-benchmark", "./a"),
               S("./a --benchmark_out=/r --benchmark_out_format=json "
                 "--benchmark_report_aggregates_only=false"));
    assert_str(command(arena, "pyperf", "python b.py --copy-env"),
               S("python b.py --copy-env -o /r"));
    assert_true(str_starts(command(arena, "pyperf", "python b.py"),
                           S("python b.py -o /r --inherit-environ=PERFLOOP_LOADED,")));
}

static void criterion_draws_no_plots_where_it_is_asked_by_name(void **state)
{
    Arena *arena = test_arena(state);
    assert_str(command(arena, "criterion", "cargo bench"), S("cargo bench"));
    assert_str(command(arena, "criterion", "cargo bench --bench x"),
               S("cargo bench --bench x -- --noplot"));
    assert_str(command(arena, "criterion", "cargo bench --bench=x -- sort"),
               S("cargo bench --bench=x -- sort --noplot"));
    assert_str(command(arena, "criterion", "cargo bench --bench x -- --noplot"),
               S("cargo bench --bench x -- --noplot"));
}

static Str environment(Arena *arena, const char *harness, size_t side)
{
    HarnessEnv env = {0};
    harness_env(arena, find(harness), side, S("/r"), &env);
    return workload_join(arena, env.items, env.len);
}

static void each_side_has_its_own_cargo_folder(void **state)
{
    Arena *arena = test_arena(state);
    unsetenv("CARGO_TARGET_DIR");
    assert_str(environment(arena, "command", 0), S(""));
    assert_str(environment(arena, "criterion", 1), S("CARGO_TARGET_DIR=target CRITERION_HOME=/r"));
    setenv("CARGO_TARGET_DIR", "/shared", 1);
    assert_str(environment(arena, "command", 0), S("CARGO_TARGET_DIR=/shared/perfloop-a"));
    assert_str(environment(arena, "criterion", 1),
               S("CARGO_TARGET_DIR=/shared/perfloop-b CRITERION_HOME=/r"));
    setenv("CARGO_TARGET_DIR", "relative", 1);
    assert_str(environment(arena, "criterion", 1), S("CRITERION_HOME=/r"));
    unsetenv("CARGO_TARGET_DIR");
}

static void a_report_is_read_once(void **state)
{
    Arena *arena = test_arena(state);
    Str folder = path_join(arena, test_temp_dir(arena), S("home"));
    Str result = path_join(arena, folder, S("sort/new"));
    HarnessRun run = {0};
    Err err = {0};
    assert_ok(file_make_dirs(result, &err), &err);
    assert_ok(file_write(path_join(arena, result, S("sample.json")),
                         S("{\"iters\":[2],\"times\":[500]}"), &err),
              &err);
    assert_ok(harness_read(arena, find("criterion"), folder, &run, &err), &err);
    assert_str(run.samples.benchmarks.items[0].name, S("sort"));
    assert_false(harness_read(arena, find("criterion"), folder, &run, &err));
    assert_string_equal(
        err.msg, "criterion wrote no report: does the command run it, and select any benchmark?");
}

static void a_metric_of_the_benchmarks_own_learns_its_unit(void **state)
{
    Arena *arena = test_arena(state);
    HarnessRun run = {.process.out = S("rows/s 40 /s\nrows/s 60 /s\nlatency 2 ms\n")};
    Metric rows, other;
    Err err = {0};
    const Harness *lines = find("metric-lines");
    assert_ok(harness_metric(lines, S("rows/s"), &rows, &err), &err);
    assert_ok(harness_metric(lines, S("other"), &other, &err), &err);
    assert_true(rows.more_is_better);
    assert_false(other.more_is_better);
    assert_ok(harness_read(arena, lines, S("/nowhere/r"), &run, &err), &err);
    assert_ok(harness_settle(arena, &run, &rows, &err), &err);
    assert_int_equal(rows.unit, UNIT_PER_SECOND);
    assert_true(fabs(harness_value(arena, &rows, &run) - 50) < 1e-9);
    assert_false(harness_settle(arena, &run, &other, &err));
    assert_string_equal(err.msg, "the output has no 'other', only: rows/s, latency");
    assert_true(isnan(harness_value(arena, &other, &run)));
}

TEST_MAIN(TEST(each_harness_is_told_where_to_write),
          TEST(criterion_draws_no_plots_where_it_is_asked_by_name),
          TEST(each_side_has_its_own_cargo_folder), TEST(a_report_is_read_once),
          TEST(a_metric_of_the_benchmarks_own_learns_its_unit))
