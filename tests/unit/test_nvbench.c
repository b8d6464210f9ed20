/* Reports of our own, in the forms that NVBench's json_printer wrote since 2021. */

#include "analysis/stats/readers.h"

#include <math.h>

#include "base/file.h"
#include "base/path.h"
#include "runners/measure/harness.h"
#include "runners/measure/results.h"
#include "tests/lib/check.h"

static Samples read_named(Arena *arena, Str name)
{
    Str bytes, folder = test_source_path(arena, "tests/fuzz/corpus/samples");
    Err err = {0};
    Samples samples;
    assert_ok(file_read(arena, path_join(arena, folder, name), FILE_LIMIT_TEXT, &bytes, &err),
              &err);
    assert_ok(samples_read(arena, bytes, &samples, &err), &err);
    return samples;
}

static Samples read_report(Arena *arena)
{
    return read_named(arena, S("nvbench.json"));
}

static double mean_of(const BenchmarkSamples *benchmark, const char *name)
{
    const SampleSeries *series = samples_series(benchmark, str_from_c(name));
    return series ? samples_series_metric(series, SAMPLE_MEAN) : (double)NAN;
}

static void each_state_is_a_benchmark_with_its_times(void **state)
{
    Samples samples = read_report(test_arena(state));
    assert_str(samples.harness, S("nvbench"));
    assert_str(samples.version, S("0.1.0"));
    assert_int_equal(samples.benchmarks.len, 2);
    const BenchmarkSamples *copy = &samples.benchmarks.items[0];
    assert_str(copy->name, S("copy [Device=0 Elements=2^20]"));
    assert_str(copy->function, S("copy"));
    assert_str(copy->parameter, S("Device=0 Elements=2^20"));
    assert_int_equal(copy->series.len, 3);
    assert_true(mean_of(copy, "gpu_time") == 1.25e-05);
    assert_true(mean_of(copy, "cpu_time") == 1.75e-05);
    assert_true(mean_of(copy, "batch_time") == 1e-05);
    /* A mean is no median, and of one number there is no 99th percentile. */
    assert_true(isnan(samples_metric(copy, SAMPLE_P50)));
    assert_true(isnan(samples_metric(copy, SAMPLE_P99)));
    assert_str(samples.benchmarks.items[1].name, S("sort"));
    assert_true(samples_metric(&samples.benchmarks.items[1], SAMPLE_MEAN) == 0.5);
}

static void what_was_skipped_or_ran_at_a_low_clock_is_told(void **state)
{
    Samples samples = read_report(test_arena(state));
    assert_int_equal(samples.notes.len, 3);
    assert_str(samples.notes.items[0],
               S("copy [Device=0 Elements=2^40]: too large for the device"));
    assert_true(str_has(samples.notes.items[1], S("sort [Device=1]")));
    assert_str(samples.notes.items[2],
               S("copy [Device=0 Elements=2^20]: the GPU ran at 72 % of its default clock: let it "
                 "cool, or lock its clock (sudo nvidia-smi --lock-gpu-clocks=tdp,tdp)"));
}

static void reports_of_2021_are_read(void **state)
{
    Samples samples = read_named(test_arena(state), S("nvbench_2021.json"));
    assert_int_equal(samples.benchmarks.len, 1);
    const BenchmarkSamples *sort = &samples.benchmarks.items[0];
    assert_str(sort->name, S("sort [Device=0 Key=U8]"));
    assert_true(mean_of(sort, "gpu_time") == 3.25e-05);
    assert_true(mean_of(sort, "cpu_time") == 4e-05);
    assert_true(mean_of(sort, "batch_time") == 2.5e-05);
    assert_int_equal(samples.notes.len, 2);
    assert_str(samples.notes.items[0], S("sort [Device=0 Key=U64]: out of memory"));
    assert_str(samples.notes.items[1],
               S("sort [Device=0 Key=U8]: NVBench's samples scatter by 12 % (standard deviation): "
                 "let nothing else use the GPU, or take more of them (--min-samples)"));
    samples = read_named(test_arena(state), S("nvbench_first.json"));
    assert_str(samples.benchmarks.items[0].name, S("sort [Elements=2^20]"));
    assert_true(mean_of(&samples.benchmarks.items[0], "gpu_time") == 0.0005);
}

/* Two states with files of samples; that of the second is told to be elsewhere. */
#define STATE(name, folder, count)                                                             \
    "{\"name\": \"" name "\", \"summaries\": [{\"tag\": \"nv/cold/time/gpu/mean\", \"data\": " \
    "[{\"name\": \"value\", \"type\": \"float64\", \"value\": \"0.5\"}]}, "                    \
    "{\"tag\": \"nv/json/bin:nv/cold/sample_times\", \"data\": [{\"name\": \"filename\", "     \
    "\"type\": \"string\", \"value\": \"" folder "\"}, {\"name\": \"size\", \"type\": "        \
    "\"int64\", \"value\": \"" count "\"}]}]}"
#define REPORT(states) \
    "{\"devices\": [], \"benchmarks\": [{\"name\": \"copy\", \"states\": [" states "]}]}"

static Str put(Arena *arena, Str dir, const char *name, Str bytes)
{
    Err err = {0};
    Str path = path_join(arena, dir, str_from_c(name));
    assert_ok(file_make_dirs(path_dir(path), &err), &err);
    assert_ok(file_write(path, bytes, &err), &err);
    return path;
}

static void samples_beside_the_report_are_read(void **state)
{
    static const float TIMES[] = {0.25F, 0.5F, 1.0F, 0.0F};
    Arena *arena = test_arena(state);
    Str dir = test_temp_dir(arena), bytes = {(const char *)TIMES, sizeof(TIMES)};
    Str report = put(arena, dir, "moved.json",
                     S(REPORT(STATE("A=1", "/where/it/was/run.json-bin/0.bin", "4") "," STATE(
                         "A=2", "run.json-bin/1.bin", "4") "," STATE("A=3", "../../..", "4"))));
    Samples samples;
    Err err = {0};
    put(arena, dir, "run.json-bin/0.bin", bytes);
    put(arena, dir, "run.json-bin/1.bin", str_head(bytes, 15));
    assert_ok(results_read(arena, report, &samples, &err), &err);
    const BenchmarkSamples *first = &samples.benchmarks.items[0];
    assert_int_equal(first->series.items[0].count, 3); /* no launch takes no time */
    assert_true(samples_metric(first, SAMPLE_P50) == 0.5);
    assert_true(mean_of(first, "gpu_time") > 0.58 && mean_of(first, "gpu_time") < 0.59);
    for (size_t i = 1; i < 3; i++) {
        assert_int_equal(samples.benchmarks.items[i].series.items[0].count, 0);
        assert_true(mean_of(&samples.benchmarks.items[i], "gpu_time") == 0.5);
    }
    assert_int_equal(samples.notes.len, 2);
    assert_str(samples.notes.items[1],
               S("2 of 3 files of samples are not beside the report, or not as it says: of those "
                 "benchmarks there are the means"));
}

static void the_harness_leaves_no_samples_for_the_next_run(void **state)
{
    static const float TIMES[] = {0.25F, 0.5F};
    Arena *arena = test_arena(state);
    Str dir = test_temp_dir(arena), bytes = {(const char *)TIMES, sizeof(TIMES)};
    Str report = put(arena, dir, "report-a", S(REPORT(STATE("A=1", "report-a-bin/0.bin", "2"))));
    put(arena, dir, "report-a-bin/0.bin", bytes);
    put(arena, dir, "report-a-freqs-bin/0.bin", bytes);
    Err err = {0};
    HarnessRun run = {.process.out =
                          S("Run: [1/1] copy\nWarn: GPU throttled below threshold (900.00 MHz / "
                            "1500.00 MHz) (60% < 75%) on sample 3. Discarding previous trial and "
                            "pausing for 0.050s.\nPass: Cold: 0.3s\n")};
    const Harness *harness = harness_find(S("nvbench"), &err);
    assert_ok(harness_read(arena, harness, report, &run, &err), &err);
    assert_true(mean_of(&run.samples.benchmarks.items[0], "gpu_time") == 0.375);
    assert_false(file_exists(report));
    assert_false(file_exists(path_join(arena, dir, S("report-a-bin"))));
    assert_false(file_exists(path_join(arena, dir, S("report-a-freqs-bin"))));
    assert_int_equal(run.samples.notes.len, 1);
    assert_true(str_starts(run.samples.notes.items[0], S("NVBench threw 1 sample away because")));
    Metric metric;
    assert_ok(harness_metric(harness, S("p50"), &metric, &err), &err);
    assert_ok(harness_settle(arena, &run, &metric, &err), &err);
    run.samples = read_report(arena);
    assert_false(harness_settle(arena, &run, &metric, &err));
    assert_string_equal(err.msg, "the report of nvbench has no number for 'p50'");
}

static void the_harness_asks_for_json_and_gpu_time_decides(void **state)
{
    Arena *arena = test_arena(state);
    Err err = {0};
    const Harness *harness = harness_find(S("nvbench"), &err);
    Metric metric, own;
    assert_non_null(harness);
    assert_ok(harness_metric(harness, S(""), &metric, &err), &err);
    assert_str(metric.name, S("gpu_time"));
    assert_int_equal(metric.unit, UNIT_SECONDS);
    const Str argv[] = {S("./bench"), S("-b"), S("copy")};
    Str *words;
    size_t count;
    harness_command(arena, harness, argv, 3, S("/tmp/r.json"), &words, &count);
    assert_int_equal(count, 5);
    assert_str(words[3], S("--jsonbin"));
    assert_str(words[4], S("/tmp/r.json"));
    HarnessRun run = {.samples = read_report(arena)};
    /* The geometric mean over the two benchmarks: sqrt(1.25e-5 * 0.5). */
    assert_true(fabs(harness_value(arena, &metric, &run) - 0.0025) < 1e-9);
    assert_ok(harness_metric(harness, S("batch_time"), &own, &err), &err);
    /* sort was not measured in batches. */
    assert_false(harness_settle(arena, &run, &own, &err));
}

TEST_MAIN(TEST(each_state_is_a_benchmark_with_its_times),
          TEST(what_was_skipped_or_ran_at_a_low_clock_is_told), TEST(reports_of_2021_are_read),
          TEST(samples_beside_the_report_are_read),
          TEST(the_harness_leaves_no_samples_for_the_next_run),
          TEST(the_harness_asks_for_json_and_gpu_time_decides))
