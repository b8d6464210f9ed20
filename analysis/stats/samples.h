/*
 * Samples: a list of benchmarks, each with the numbers that a run of it gave, in the order measured.
 *
 * A harness' report becomes Samples (readers.h). A metric turns one run into one value for a pair:
 * the metric of each benchmark, and their geometric mean.
 *
 *     array_each (BenchmarkSamples, benchmark, &samples.benchmarks)
 *         show(benchmark->name, samples_metric(benchmark, SAMPLE_P50));        seconds, mostly
 *
 * Everything lives as long as the arena it was read into.
 */
#ifndef ANALYSIS_STATS_SAMPLES_H
#define ANALYSIS_STATS_SAMPLES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/array.h"
#include "base/attr.h"
#include "base/err.h"
#include "base/str.h"
#include "base/units.h"

typedef enum SampleMetric {
    SAMPLE_P50,
    SAMPLE_P99,
    SAMPLE_MEAN,
    SAMPLE_THROUGHPUT,
} SampleMetric;

/* One row of numbers of a benchmark: its time, or a counter it keeps beside. */
typedef struct SampleSeries {
    Str name; /* "time", "real_time", "cpu_time", "peak_rss", or the counter's own */
    Unit unit;
    const double *values; /* each of one iteration; times are positive */
    size_t count;         /* 0: the report has only the two sums below */
    double median;        /* as the tool says; NaN where it does not */
    double mean;
} SampleSeries;

typedef struct BenchmarkSamples {
    Str name; /* the id, as the tool writes it: "sorted/1000", "tests/test_x.py::test_a[3]" */
    /* Its parts, where the tool tells them; else empty. A benchmark of criterion without a group
     * has its id as the group, as criterion itself has it. */
    Str group;
    Str function;
    Str parameter;
    Str file; /* "tests/test_x.py", as written */
    /* At least one; the first is the benchmark's time where it has one. */
    Array(SampleSeries) series;
    uint64_t iterations; /* in each round; 0: not the same in all, or not told */
    int64_t time_s;      /* when its file was written, where it has one of its own; else 0 */
} BenchmarkSamples;

/* The numbers of a series stand in a file beside the report, which whoever read the report opens. */
typedef struct SampleFile {
    Str name; /* as the report has it; it may be from another folder or machine */
    size_t benchmark, series;
    size_t count;
} SampleFile;

typedef struct Samples {
    Str harness; /* "pytest-benchmark" */
    Str version; /* may be empty */
    Str runtime; /* "CPython 3.11.2"; may be empty */
    Array(BenchmarkSamples) benchmarks;
    Array(SampleFile) files;
    Array(Str) notes; /* what was left out, and why */
} Samples;

/* Of the benchmark's first series. Seconds, or iterations per second for the throughput. */
double samples_metric(const BenchmarkSamples *benchmark, SampleMetric metric);
/* The same of one series; NaN where it cannot be told (throughput of bytes, p99 of sums). */
double samples_series_metric(const SampleSeries *series, SampleMetric metric);
/* NULL when the benchmark has none of that name. An empty name: the first. */
const SampleSeries *samples_series(const BenchmarkSamples *benchmark, Str name);

/*
 * The geometric mean over the benchmarks, of the series of that name (empty: the first of each); NaN
 * when there is no benchmark. ERR_NOT_FOUND with the names there are when
 * a benchmark has none, ERR_INPUT when their units differ; *unit is that of the value.
 */
bool samples_series_value(Arena *arena, const Samples *samples, Str name, SampleMetric metric,
                          double *value, Unit *unit, Err *err) MUST_CHECK;

/* As `perfloop dump samples` prints it. */
Str samples_text(Arena *arena, const Samples *samples);

#endif
