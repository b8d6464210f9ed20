/*
 * Samples: the times a benchmark run measured itself, benchmark by benchmark.
 *
 * A harness' report becomes Samples; a metric turns one run into one value for a pair: the
 * metric of each benchmark, and their geometric mean.
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

typedef struct BenchmarkSamples {
    Str name;
    const double *seconds; /* per iteration, one for each round; in the order measured */
    size_t rounds;
    uint64_t iterations; /* in each round */
} BenchmarkSamples;

typedef struct Samples {
    Str harness; /* "pytest-benchmark" */
    Str version;
    Str runtime; /* "CPython 3.11.2"; may be empty */
    Array(BenchmarkSamples) benchmarks;
    Array(Str) notes; /* what was left out, and why */
} Samples;

/* Seconds, or iterations per second for the throughput; rounds > 0. */
double samples_metric(const BenchmarkSamples *benchmark, SampleMetric metric);
/* The geometric mean over the benchmarks; NaN when there is none. */
double samples_value(Arena *arena, const Samples *samples, SampleMetric metric);
Unit samples_unit(SampleMetric metric);
/* "p50", "p99", "mean", "throughput"; false for any other. */
bool samples_metric_from(Str name, SampleMetric *out);
Str samples_metric_name(SampleMetric metric);

/* As `perfloop dump samples` prints it. */
Str samples_text(Arena *arena, const Samples *samples);

#endif
