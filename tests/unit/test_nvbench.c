/* A report of our own, in the form that NVBench's json_printer writes. */

#include "analysis/stats/readers.h"

#include <math.h>

#include "base/file.h"
#include "base/path.h"
#include "runners/measure/harness.h"
#include "tests/lib/check.h"

static Samples read_report(Arena *arena)
{
    Str bytes, folder = test_source_path(arena, "tests/fuzz/corpus/samples");
    Err err = {0};
    Samples samples;
    assert_ok(file_read(arena, path_join(arena, folder, S("nvbench.json")), FILE_LIMIT_TEXT, &bytes,
                        &err),
              &err);
    assert_ok(samples_read(arena, bytes, &samples, &err), &err);
    return samples;
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
    assert_true(samples_series(copy, S("gpu_time"))->values[0] == 1.25e-05);
    assert_true(samples_series(copy, S("cpu_time"))->values[0] == 1.75e-05);
    assert_true(samples_series(copy, S("batch_time"))->values[0] == 1e-05);
    assert_str(samples.benchmarks.items[1].name, S("sort"));
    assert_true(samples_metric(&samples.benchmarks.items[1], SAMPLE_MEAN) == 0.5);
}

static void what_was_skipped_or_ran_at_a_low_clock_is_told(void **state)
{
    Samples samples = read_report(test_arena(state));
    assert_int_equal(samples.notes.len, 3);
    assert_str(samples.notes.items[0],
               S("copy [Device=0 Elements=2^20]: the GPU ran at 72 % of its default clock: let it "
                 "cool, or lock its clock (sudo nvidia-smi --lock-gpu-clocks=tdp,tdp)"));
    assert_str(samples.notes.items[1],
               S("copy [Device=0 Elements=2^40]: too large for the device"));
    assert_has(samples.notes.items[2], S("sort [Device=1]"));
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
    assert_str(words[3], S("--json"));
    assert_str(words[4], S("/tmp/r.json"));
    HarnessRun run = {.samples = read_report(arena)};
    /* The geometric mean over the two benchmarks: sqrt(1.25e-5 * 0.5). */
    assert_true(fabs(harness_value(arena, &metric, &run) - 0.0025) < 1e-9);
    assert_ok(harness_metric(harness, S("batch_time"), &own, &err), &err);
    /* sort was not measured in batches. */
    assert_false(harness_settle(arena, &run, &own, &err));
}

TEST_MAIN(TEST(each_state_is_a_benchmark_with_its_times),
          TEST(what_was_skipped_or_ran_at_a_low_clock_is_told),
          TEST(the_harness_asks_for_json_and_gpu_time_decides))
