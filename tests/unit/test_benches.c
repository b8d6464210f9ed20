/* Reports of benchmark tools: their ids, parts, numbers and units. */
#include "analysis/stats/readers.h"

#include <math.h>

#include "analysis/stats/summary.h"
#include "base/file.h"
#include "base/path.h"
#include "runners/measure/results.h"
#include "tests/lib/check.h"

static Samples read_text(Arena *arena, const char *text)
{
    Samples samples = {0};
    Err err = {0};
    assert_ok(samples_read(arena, str_from_c(text), &samples, &err), &err);
    return samples;
}

static Samples read_shared(Arena *arena, const char *path)
{
    Samples samples = {0};
    Err err = {0};
    Str full = test_shared_path(arena, path);
    if (!full.len)
        skip();
    assert_ok(results_read(arena, full, &samples, &err), &err);
    return samples;
}

static void assert_near(double got, double want)
{
    if (!(fabs(got - want) <= 1e-9 * fabs(want)))
        fail_msg("got %.12g, want %.12g", got, want);
}

static void refuse(Arena *arena, const char *text, const char *message)
{
    Samples samples = {0};
    Err err = {0};
    assert_false(samples_read(arena, str_from_c(text), &samples, &err));
    assert_string_equal(err.msg, message);
}

/* ---------------------------------------------------------------- pytest-benchmark */

static void pytest_ids_have_their_parts(void **state)
{
    Samples samples = read_text(
        test_arena(state),
        "{\"benchmarks\": [{\"group\": null, \"name\": \"test_a[3-x]\","
        " \"fullname\": \"tests/test_x.py::TestB::test_a[3-x]\", \"stats\": {\"data\": [0.5]}},"
        "{\"group\": \"sorts\", \"name\": \"test_b\", \"fullname\": \"test_y.py::test_b\","
        " \"stats\": {\"median\": 0.25, \"mean\": 0.5, \"stddev\": NaN}}]}");
    const BenchmarkSamples *one = &samples.benchmarks.items[0], *two = one + 1;
    assert_int_equal(samples.benchmarks.len, 2);
    assert_str(one->name, S("tests/test_x.py::TestB::test_a[3-x]"));
    assert_str(one->file, S("tests/test_x.py"));
    assert_str(one->function, S("test_a"));
    assert_str(one->parameter, S("3-x"));
    assert_str(one->group, S(""));
    assert_str(two->group, S("sorts"));
    assert_int_equal(two->series.items[0].count, 0);
    assert_near(samples_metric(two, SAMPLE_P50), 0.25);
    assert_near(samples_metric(two, SAMPLE_THROUGHPUT), 2);
    assert_true(isnan(samples_metric(two, SAMPLE_P99)));
}

/* ---------------------------------------------------------------- criterion */

/* The figures of INDEX.md, which criterion 0.3.6 printed and wrote into estimates.json. */
static void criterion_folders_give_each_benchmark(void **state)
{
    Samples samples = read_shared(test_arena(state), "samples/criterion/here_0.3.6");
    const BenchmarkSamples *list = samples.benchmarks.items;
    assert_int_equal(samples.benchmarks.len, 3);
    assert_str(list[0].name, S("slow_sum 1k"));
    assert_str(list[0].group, S("slow_sum 1k"));
    assert_str(list[0].function, S(""));
    assert_near(samples_metric(&list[0], SAMPLE_MEAN), 1331.366635800125e-9);
    assert_str(list[1].name, S("sorted/100"));
    assert_str(list[1].group, S("sorted"));
    assert_str(list[1].parameter, S("100"));
    assert_near(samples_metric(&list[1], SAMPLE_P50), 1291.3195491309584e-9);
    assert_near(samples_metric(&list[1], SAMPLE_MEAN), 1307.226235079555e-9);
    assert_str(list[2].name, S("sorted/1000"));
    assert_int_equal(list[2].series.items[0].count, 100);
    assert_int_equal(list[2].iterations, 0);
}

static Str file_text(Arena *arena, Str folder, const char *name)
{
    Str text;
    Err err = {0};
    assert_ok(
        file_read(arena, path_join(arena, folder, str_from_c(name)), FILE_LIMIT_TEXT, &text, &err),
        &err);
    return text;
}

/* What we compute from the rounds is what criterion's older versions wrote as "Median" and "Mean". */
static void criterion_before_0_3_3_is_read(void **state)
{
    Arena *arena = test_arena(state);
    Samples all = read_shared(arena, "samples/criterion/book"), one = {0}, two = {0};
    Err err = {0};
    Str folder = test_shared_path(arena, "samples/criterion/book/Fibonacci/Recursive/new");
    CriterionFiles files = {.name = S("r"),
                            .estimates = file_text(arena, folder, "estimates.json")};
    assert_int_equal(all.benchmarks.len, 3);
    assert_str(all.benchmarks.items[1].name, S("Fibonacci/Recursive"));
    assert_str(all.benchmarks.items[2].name, S("Fibonacci2/Iterative/20"));
    assert_str(all.benchmarks.items[2].parameter, S("20"));
    assert_ok(criterion_add(arena, &files, &one, &err), &err);
    assert_near(samples_metric(&one.benchmarks.items[0], SAMPLE_P50), 19158.025568181816e-9);
    assert_near(samples_metric(&one.benchmarks.items[0], SAMPLE_P50),
                samples_metric(&all.benchmarks.items[1], SAMPLE_P50));
    assert_near(samples_metric(&one.benchmarks.items[0], SAMPLE_MEAN),
                samples_metric(&all.benchmarks.items[1], SAMPLE_MEAN));
    assert_ok(samples_read(arena, file_text(arena, folder, "sample.json"), &two, &err), &err);
    assert_int_equal(two.benchmarks.items[0].series.items[0].count, 100);
}

static void cargo_criterion_lines_are_read(void **state)
{
    Arena *arena = test_arena(state);
    Samples samples = read_text(
        arena,
        "running\n"
        "{\"reason\":\"benchmark-complete\",\"id\":\"sort/merge/100\",\"report_directory\":\"/x\","
        "\"iteration_count\":[10,20],\"measured_values\":[1000.0,4000.0],\"unit\":\"ns\","
        "\"throughput\":[],\"mean\":{\"estimate\":150.0,\"unit\":\"ns\"}}\n"
        "{\"reason\":\"benchmark-complete\",\"id\":\"alone\",\"unit\":\"us\","
        "\"mean\":{\"estimate\":2.0,\"unit\":\"us\"},\"median\":{\"estimate\":1.5}}\n"
        "{\"reason\":\"benchmark-complete\", broken\n"
        "{\"reason\":\"group-complete\",\"group_name\":\"sort\",\"benchmarks\":[]}\n");
    assert_str(samples_text(arena, &samples),
               S("harness criterion\n"
                 "benchmark sort/merge/100: 2 rounds, p50 150 ns, p99 199 ns, mean 150 ns, "
                 "throughput 6.67 M/s (p99 of fewer than 1000 rounds is rough)\n"
                 "benchmark alone: sums only, p50 1.5 µs, mean 2 µs, throughput 500,000 /s\n"
                 "geometric mean: p50 474 ns, mean 548 ns, throughput 1.83 M/s\n"
                 "note 1 of 4 messages are broken and are left out\n"));
    assert_str(samples.benchmarks.items[0].group, S("sort"));
    assert_str(samples.benchmarks.items[0].function, S("merge"));
    assert_str(samples.benchmarks.items[0].parameter, S("100"));
}

static void criterion_without_times_is_refused(void **state)
{
    Arena *arena = test_arena(state);
    refuse(arena, "{\"iters\": [1], \"times\": [-4]}", "criterion's files of ? hold no time");
    refuse(arena, "{\"reason\": \"group-complete\"}", "the report of criterion holds no benchmark");
    Samples samples = {0};
    Err err = {0};
    assert_false(results_read(arena, test_temp_dir(arena), &samples, &err));
    assert_int_equal(err.kind, ERR_NOT_FOUND);
}

TEST_MAIN(TEST(pytest_ids_have_their_parts), TEST(criterion_folders_give_each_benchmark),
          TEST(criterion_before_0_3_3_is_read), TEST(cargo_criterion_lines_are_read),
          TEST(criterion_without_times_is_refused))
