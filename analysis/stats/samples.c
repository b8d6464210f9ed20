#include "analysis/stats/samples.h"

#include <math.h>

#include "analysis/stats/readers.h"
#include "analysis/stats/summary.h"
#include "base/strbuf.h"

enum {
    P99_ROUNDS = 1000
}; /* fewer: its p99 is one of its slowest few rounds */

static const Str NAMES[] = {
    [SAMPLE_P50] = STR_CONST("p50"),
    [SAMPLE_P99] = STR_CONST("p99"),
    [SAMPLE_MEAN] = STR_CONST("mean"),
    [SAMPLE_THROUGHPUT] = STR_CONST("throughput"),
};

Str samples_metric_name(SampleMetric metric)
{
    return NAMES[metric];
}

bool samples_metric_from(Str name, SampleMetric *out)
{
    for (size_t i = 0; i < sizeof(NAMES) / sizeof(NAMES[0]); i++) {
        if (str_eq(NAMES[i], name)) {
            *out = (SampleMetric)i;
            return true;
        }
    }
    return false;
}

Unit samples_unit(SampleMetric metric)
{
    return metric == SAMPLE_THROUGHPUT ? UNIT_PER_SECOND : UNIT_SECONDS;
}

double samples_metric(const BenchmarkSamples *benchmark, SampleMetric metric)
{
    const double *seconds = benchmark->seconds;
    size_t n = benchmark->rounds;
    switch (metric) {
    case SAMPLE_P50:
        return summary_median(seconds, n);
    case SAMPLE_P99:
        return summary_quantile(seconds, n, 0.99);
    case SAMPLE_MEAN:
        return summary_mean(seconds, n);
    case SAMPLE_THROUGHPUT:
        return 1 / summary_mean(seconds, n);
    }
    return NAN;
}

double samples_value(Arena *arena, const Samples *samples, SampleMetric metric)
{
    double *values = NEW_ARRAY(arena, double, samples->benchmarks.len + 1);
    size_t n = 0;
    array_each (BenchmarkSamples, benchmark, &samples->benchmarks)
        values[n++] = samples_metric(benchmark, metric);
    return summary_geometric_mean(values, n);
}

Str samples_text(Arena *arena, const Samples *samples)
{
    StrBuf out = strbuf_new(arena);
    strbuf_fmt(&out, "harness " STR_FMT " " STR_FMT, STR_ARG(samples->harness),
               STR_ARG(samples->version));
    if (samples->runtime.len)
        strbuf_fmt(&out, ", " STR_FMT, STR_ARG(samples->runtime));
    strbuf_char(&out, '\n');
    array_each (BenchmarkSamples, benchmark, &samples->benchmarks) {
        strbuf_fmt(&out, "benchmark " STR_FMT ": %zu rounds of %llu", STR_ARG(benchmark->name),
                   benchmark->rounds, (unsigned long long)benchmark->iterations);
        for (size_t i = 0; i < sizeof(NAMES) / sizeof(NAMES[0]); i++) {
            SampleMetric metric = (SampleMetric)i;
            Str value = units_text(arena, samples_metric(benchmark, metric), samples_unit(metric));
            strbuf_fmt(&out, ", " STR_FMT " " STR_FMT, STR_ARG(NAMES[i]), STR_ARG(value));
        }
        if (benchmark->rounds < P99_ROUNDS)
            strbuf_add(&out, S(" (p99 of fewer than 1000 rounds is rough)"));
        strbuf_char(&out, '\n');
    }
    if (samples->benchmarks.len > 1) {
        strbuf_add(&out, S("geometric mean"));
        for (size_t i = 0; i < sizeof(NAMES) / sizeof(NAMES[0]); i++) {
            SampleMetric metric = (SampleMetric)i;
            Str value =
                units_text(arena, samples_value(arena, samples, metric), samples_unit(metric));
            strbuf_fmt(&out, "%s " STR_FMT " " STR_FMT, i ? "," : ":", STR_ARG(NAMES[i]),
                       STR_ARG(value));
        }
        strbuf_char(&out, '\n');
    }
    array_each (Str, note, &samples->notes)
        strbuf_fmt(&out, "note " STR_FMT "\n", STR_ARG(*note));
    return strbuf_str(&out);
}

static const struct {
    Str mark; /* a report of this format holds these bytes */
    SamplesReader *read;
} FORMATS[] = {
    {STR_CONST("\"benchmarks\""), read_pytest},
};

bool samples_read(Arena *arena, Str bytes, Samples *out, Err *err)
{
    for (size_t i = 0; i < sizeof(FORMATS) / sizeof(FORMATS[0]); i++)
        if (str_has(bytes, FORMATS[i].mark))
            return FORMATS[i].read(arena, bytes, out, err);
    return err_set(err, ERR_UNSUPPORTED, "not a benchmark report we know (pytest-benchmark JSON)");
}
