/* Reports of benchmark tools: their ids, parts, numbers and units. */
#include "analysis/stats/readers.h"

#include <math.h>

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
                 "note 1 of 4 messages cannot be read\n"));
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

/* ---------------------------------------------------------------- pyperf */

static void pyperf_values_are_of_all_processes(void **state)
{
    Arena *arena = test_arena(state);
    Samples samples = read_text(
        arena,
        "{\"version\": \"1.0\", \"metadata\": {\"perf_version\": \"2.10.0\", \"unit\": \"second\","
        " \"python_implementation\": \"cpython\", \"python_version\": \"3.11.7 (64-bit)\"},"
        " \"benchmarks\": [{\"metadata\": {\"name\": \"grind\", \"loops\": 64, \"inner_loops\": 2},"
        " \"runs\": [{\"warmups\": [[1, 0.5]]}, {\"values\": [0.25, 0.125], \"warmups\": [[64, "
        "9]]},"
        " {\"values\": [0.5]}]},"
        " {\"metadata\": {\"name\": \"memory\", \"unit\": \"byte\"}, \"runs\": [{\"values\": "
        "[4096]}]},"
        " {\"metadata\": {\"name\": \"empty\"}, \"runs\": [{}, 4, {\"values\": 3}]}]}");
    assert_str(samples_text(arena, &samples),
               S("harness pyperf 2.10.0, cpython 3.11.7 (64-bit)\n"
                 "benchmark grind: 3 rounds of 128, p50 250 ms, p99 495 ms, mean 292 ms, "
                 "throughput 3.43 /s (p99 of fewer than 1000 rounds is rough)\n"
                 "benchmark memory: 1 round of 1, p50 4.1 kB, p99 4.1 kB, mean 4.1 kB "
                 "(p99 of fewer than 1000 rounds is rough)\n"
                 "note empty: no times of its rounds\n"));
    assert_int_equal(samples.benchmarks.items[1].series.items[0].unit, UNIT_BYTES);
    double value;
    Unit unit;
    Err err = {0};
    assert_false(samples_series_value(arena, &samples, S(""), SAMPLE_P50, &value, &unit, &err));
    assert_has(str_from_c(err.msg), S("are in another unit than those of grind"));
    refuse(arena, "{\"benchmarks\": [{\"runs\": []}]}",
           "the report of pyperf holds no benchmark: ?: no times of its rounds");
}

/* ---------------------------------------------------------------- Google Benchmark */

/* Shortened from a report of libbenchmark 1.7.1. */
static const char GOOGLE[] =
    "{\"context\": {\"library_build_type\": \"release\"}, \"benchmarks\": ["
    "{\"name\": \"BM_sort/100\", \"run_name\": \"BM_sort/100\", \"run_type\": \"iteration\","
    " \"repetitions\": 2, \"repetition_index\": 0, \"threads\": 1, \"iterations\": 500,"
    " \"real_time\": 3.0, \"cpu_time\": 2.0, \"time_unit\": \"us\", \"depth\": 3,"
    " \"items_per_second\": 4e8},"
    "{\"name\": \"Fix/Sum/8/threads:2\", \"run_name\": \"Fix/Sum/8/threads:2\","
    " \"run_type\": \"iteration\", \"iterations\": 7, \"real_time\": 1.5, \"cpu_time\": 1.5,"
    " \"time_unit\": \"ms\", \"x\": -NaN},"
    "{\"name\": \"BM_sort/100\", \"run_name\": \"BM_sort/100\", \"run_type\": \"iteration\","
    " \"repetitions\": 2, \"repetition_index\": 1, \"threads\": 1, \"iterations\": 500,"
    " \"real_time\": 5.0, \"cpu_time\": 2.5, \"time_unit\": \"us\", \"depth\": 3,"
    " \"items_per_second\": 2e8},"
    "{\"name\": \"BM_sort/100_mean\", \"run_name\": \"BM_sort/100\", \"run_type\": \"aggregate\","
    " \"aggregate_name\": \"mean\", \"iterations\": 2, \"real_time\": 9.0, \"cpu_time\": 9.0,"
    " \"time_unit\": \"us\"},"
    "{\"name\": \"BM_bad\", \"run_name\": \"BM_bad\", \"run_type\": \"iteration\","
    " \"error_occurred\": true, \"error_message\": \"no data\", \"real_time\": 1.0,"
    " \"cpu_time\": 1.0, \"time_unit\": \"ns\"},"
    "{\"name\": \"BM_bad\", \"error_occurred\": true, \"error_message\": \"no data\"}]}";

/* Times as Google Benchmark 1.7.1 wrote them of a benchmark with UseManualTime. */
static void a_time_that_the_program_measured_is_told_apart(void **state)
{
    Samples samples =
        read_text(test_arena(state),
                  "{\"context\": {}, \"benchmarks\": ["
                  "{\"name\": \"BM_copy/1000/repeats:3/manual_time\", \"run_name\": "
                  "\"BM_copy/1000/repeats:3/manual_time\", \"run_type\": \"iteration\", "
                  "\"iterations\": 9458, \"real_time\": 6.59, \"cpu_time\": 3.07, \"time_unit\": "
                  "\"us\"}, {\"name\": \"BM_cpu\", \"run_name\": \"BM_cpu\", \"iterations\": 7, "
                  "\"real_time\": 1.0, \"cpu_time\": 1.0, \"time_unit\": \"us\"}]}");
    const BenchmarkSamples *copy = &samples.benchmarks.items[0];
    assert_str(copy->parameter, S("1000/repeats:3/manual_time"));
    assert_near(samples_series(copy, S("manual_time"))->values[0], 6.59e-6);
    assert_int_equal(samples_series(copy, S("manual_time"))->unit, UNIT_SECONDS);
    assert_null(samples_series(copy + 1, S("manual_time")));
}

static void repetitions_of_google_benchmark_are_one(void **state)
{
    Arena *arena = test_arena(state);
    Samples samples = read_text(arena, GOOGLE);
    double value;
    Unit unit;
    Err err = {0};
    assert_str(samples_text(arena, &samples),
               S("harness google-benchmark\n"
                 "benchmark BM_sort/100: 2 rounds of 500, p50 4 µs, p99 4.98 µs, mean 4 µs, "
                 "throughput 250,000 /s (p99 of fewer than 1000 rounds is rough)\n"
                 "  cpu_time 2.25 µs\n"
                 "  depth 3\n"
                 "  items_per_second 300 M/s\n"
                 "benchmark Fix/Sum/8/threads:2: 1 round of 7, p50 1.5 ms, p99 1.5 ms, mean 1.5 "
                 "ms, throughput 667 /s (p99 of fewer than 1000 rounds is rough)\n"
                 "  cpu_time 1.5 ms\n"
                 "geometric mean: p50 77.5 µs, p99 86.4 µs, mean 77.5 µs, throughput 12,910 /s\n"
                 "note BM_bad: no data\n"));
    const BenchmarkSamples *sort = &samples.benchmarks.items[0], *fixture = sort + 1;
    assert_str(sort->function, S("BM_sort"));
    assert_str(sort->parameter, S("100"));
    assert_str(fixture->group, S("Fix"));
    assert_str(fixture->function, S("Sum"));
    assert_str(fixture->parameter, S("8/threads:2"));
    assert_ok(samples_series_value(arena, &samples, S("cpu_time"), SAMPLE_P50, &value, &unit, &err),
              &err);
    assert_near(value, sqrt(2.25e-6 * 1.5e-3));
    assert_false(
        samples_series_value(arena, &samples, S("depth"), SAMPLE_P50, &value, &unit, &err));
    assert_string_equal(err.msg, "Fix/Sum/8/threads:2 has no 'depth', only: real_time, cpu_time");
}

static void aggregates_count_where_nothing_else_is(void **state)
{
    Samples samples = read_text(
        test_arena(state),
        "{\"context\": {}, \"benchmarks\": ["
        "{\"name\": \"BM_a/8_mean\", \"iterations\": 3, \"real_time\": 6, \"cpu_time\": 4},"
        "{\"name\": \"BM_a/8_median\", \"iterations\": 3, \"real_time\": 5, \"cpu_time\": 4},"
        "{\"name\": \"BM_a/8_stddev\", \"iterations\": 3, \"real_time\": 1, \"cpu_time\": 4},"
        "{\"name\": \"BM_a/8_cv\", \"run_type\": \"aggregate\", \"run_name\": \"BM_a/8\","
        " \"aggregate_unit\": \"percentage\", \"real_time\": 0.2, \"cpu_time\": 4}]}");
    const BenchmarkSamples *only = &samples.benchmarks.items[0];
    assert_int_equal(samples.benchmarks.len, 1);
    assert_str(only->name, S("BM_a/8"));
    assert_int_equal(only->series.items[0].count, 0);
    assert_near(samples_metric(only, SAMPLE_P50), 5e-9);
    assert_near(samples_metric(only, SAMPLE_MEAN), 6e-9);
}

/* ---------------------------------------------------------------- hyperfine, lines */

static void hyperfine_names_its_parameters(void **state)
{
    Arena *arena = test_arena(state);
    Samples samples = read_text(
        arena, "{\"results\": [{\"command\": \"sleep 0.1\", \"mean\": 9, \"times\": [0.25, 0.75],"
               " \"memory_usage_byte\": [1000, 3000], \"exit_codes\": [0, null],"
               " \"parameters\": {\"n\": \"1\", \"m\": 2}},"
               " {\"command\": \"old\", \"mean\": 0.5, \"median\": 0.25, \"parameter\": \"x\"}]}");
    assert_str(samples.benchmarks.items[0].parameter, S("n=1, m=2"));
    assert_str(samples_text(arena, &samples),
               S("harness hyperfine\n"
                 "benchmark sleep 0.1: 2 rounds of 1, p50 500 ms, p99 745 ms, mean 500 ms, "
                 "throughput 2 /s (p99 of fewer than 1000 rounds is rough)\n"
                 "  peak_rss 2 kB\n"
                 "benchmark old: sums only, p50 250 ms, mean 500 ms, throughput 2 /s\n"
                 "geometric mean: p50 354 ms, mean 500 ms, throughput 2 /s\n"
                 "note sleep 0.1: 1 of 2 runs failed\n"));
}

static void lines_of_any_program_are_series(void **state)
{
    Arena *arena = test_arena(state);
    Samples samples = {0};
    Err err = {0};
    double value;
    Unit unit;
    Str text = S("starting up\n"
                 "latency 1.5 ms\r\n"
                 "  latency 2.5 ms\n"
                 "latency 7 MB\n"
                 "rate\t12000 /s\n"
                 "items 40\n"
                 "took 3 turns\n"
                 "2 4\n"
                 "latency -1 s\n");
    assert_ok(read_lines(arena, text, &samples, &err), &err);
    const BenchmarkSamples *only = &samples.benchmarks.items[0];
    assert_int_equal(only->series.len, 3);
    assert_ok(samples_series_value(arena, &samples, S("latency"), SAMPLE_P50, &value, &unit, &err),
              &err);
    assert_near(value, 2e-3);
    assert_int_equal(unit, UNIT_SECONDS);
    assert_ok(samples_series_value(arena, &samples, S("rate"), SAMPLE_P50, &value, &unit, &err),
              &err);
    assert_int_equal(unit, UNIT_PER_SECOND);
    assert_int_equal(samples.notes.len, 2);
    assert_false(read_lines(arena, S("hello\n"), &samples, &err));
    assert_string_equal(err.msg, "no line `name value unit` was printed");
}

static void other_texts_are_refused(void **state)
{
    Arena *arena = test_arena(state);
    refuse(arena, "{\"result\": 1}",
           "not a benchmark report we know: we read criterion, hyperfine, google-benchmark, "
           "nvbench, pyperf, "
           "pytest-benchmark, libtest, divan");
    refuse(arena, "{\"results\": [{\"command\": \"x\"}]}",
           "the report of hyperfine holds no benchmark: x: no times of its rounds");
    refuse(arena, "{\"context\": {}, \"benchmarks\": [{\"real_time\": -1}, 5, null]}",
           "the report of google-benchmark holds no benchmark: ?: 1 of 1 repetitions are not "
           "positive times and are left out");
}

/* As divan 0.1.21 printed it of a program of ours. */
static void divan_prints_a_tree(void **state)
{
    static const struct {
        const char *name;
        double median, mean;
    } ROWS[] = {{"fibonacci::1", 1.999e-9, 1.999e-9},
                {"fibonacci::8", 43.24e-9, 43.28e-9},
                {"plain", 308.9e-9, 308.9e-9},
                {"inner::bytes", 513.2e-9, 514.2e-9},
                {"inner::make::String", 0.15e-9, 0.508e-9},
                {"inner::make::Vec<i32>", 0.14e-9, 0.307e-9}};
    Arena *arena = test_arena(state);
    Samples samples;
    Err err = {0};
    Str path = test_source_path(arena, "tests/fuzz/corpus/samples/divan.txt");
    assert_ok(results_read(arena, path, &samples, &err), &err);
    assert_str(samples.harness, S("divan"));
    assert_int_equal(samples.benchmarks.len, sizeof(ROWS) / sizeof(ROWS[0]));
    for (size_t i = 0; i < samples.benchmarks.len; i++) {
        const BenchmarkSamples *benchmark = &samples.benchmarks.items[i];
        assert_str(benchmark->name, str_from_c(ROWS[i].name));
        assert_str(benchmark->group, S("example"));
        assert_near(samples_metric(benchmark, SAMPLE_P50), ROWS[i].median);
        assert_near(samples_metric(benchmark, SAMPLE_MEAN), ROWS[i].mean);
    }
}

static void libtest_prints_a_median_per_benchmark(void **state)
{
    Err err = {0};
    Samples samples;
    Str printed = S("\nrunning 3 tests\n"
                    "test words::plain ... ignored\n"
                    "test words::scan  ... bench:       1,234.50 ns/iter (+/- 78.90)\n"
                    "test words::join  ... bench:          12 ns/iter (+/- 1) = 400 MB/s\n"
                    "test words::odd   ... bench:          -3 ns/iter (+/- 1)\n"
                    "\ntest result: ok. 0 passed; 0 failed; 1 ignored; 2 measured\n");
    assert_ok(samples_read(test_arena(state), printed, &samples, &err), &err);
    assert_str(samples.harness, S("libtest"));
    assert_int_equal(samples.benchmarks.len, 2);
    assert_str(samples.benchmarks.items[0].name, S("words::scan"));
    assert_true(fabs(samples_metric(&samples.benchmarks.items[0], SAMPLE_P50) - 1.2345e-6) < 1e-12);
    assert_true(fabs(samples_metric(&samples.benchmarks.items[1], SAMPLE_P50) - 12e-9) < 1e-12);
    assert_int_equal(samples.benchmarks.items[0].series.items[0].count, 0);
}

TEST_MAIN(TEST(divan_prints_a_tree), TEST(libtest_prints_a_median_per_benchmark),
          TEST(pyperf_values_are_of_all_processes),
          TEST(a_time_that_the_program_measured_is_told_apart),
          TEST(repetitions_of_google_benchmark_are_one),
          TEST(aggregates_count_where_nothing_else_is), TEST(hyperfine_names_its_parameters),
          TEST(lines_of_any_program_are_series), TEST(other_texts_are_refused),
          TEST(pytest_ids_have_their_parts), TEST(criterion_folders_give_each_benchmark),
          TEST(criterion_before_0_3_3_is_read), TEST(cargo_criterion_lines_are_read),
          TEST(criterion_without_times_is_refused))
