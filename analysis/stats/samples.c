#include "analysis/stats/samples.h"

#include <math.h>

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

static Unit unit_of(SampleMetric metric, Unit unit)
{
    return metric == SAMPLE_THROUGHPUT ? UNIT_PER_SECOND : unit;
}

double samples_series_metric(const SampleSeries *series, SampleMetric metric)
{
    const double *values = series->values;
    size_t n = series->count;
    double mean = n ? summary_mean(values, n) : series->mean;
    switch (metric) {
    case SAMPLE_P50:
        return n ? summary_median(values, n) : series->median;
    case SAMPLE_P99:
        return summary_quantile(values, n, 0.99);
    case SAMPLE_MEAN:
        return mean;
    case SAMPLE_THROUGHPUT:
        return series->unit == UNIT_SECONDS ? 1 / mean : NAN;
    }
    return NAN;
}

const SampleSeries *samples_series(const BenchmarkSamples *benchmark, Str name)
{
    array_each (SampleSeries, series, &benchmark->series)
        if (!name.len || str_eq(series->name, name))
            return series;
    return NULL;
}

double samples_metric(const BenchmarkSamples *benchmark, SampleMetric metric)
{
    return benchmark->series.len ? samples_series_metric(&benchmark->series.items[0], metric) : NAN;
}

static bool no_series(Arena *arena, const BenchmarkSamples *benchmark, Str name, Err *err)
{
    StrBuf known = strbuf_new(arena);
    array_each (SampleSeries, series, &benchmark->series)
        strbuf_fmt(&known, "%s" STR_FMT, known.len ? ", " : "", STR_ARG(series->name));
    return err_set(err, ERR_NOT_FOUND, STR_FMT " has no '" STR_FMT "', only: %.*s",
                   STR_ARG(benchmark->name), STR_ARG(name), (int)known.len, known.ptr);
}

bool samples_series_value(Arena *arena, const Samples *samples, Str name, SampleMetric metric,
                          double *value, Unit *unit, Err *err)
{
    double *values = NEW_ARRAY(arena, double, samples->benchmarks.len + 1);
    size_t n = 0;
    array_each (BenchmarkSamples, benchmark, &samples->benchmarks) {
        const SampleSeries *series = samples_series(benchmark, name);
        if (!series)
            return no_series(arena, benchmark, name, err);
        Unit this_unit = unit_of(metric, series->unit);
        if (n && this_unit != *unit)
            return err_set(err, ERR_INPUT,
                           "the numbers of " STR_FMT " are in another unit than those of " STR_FMT,
                           STR_ARG(benchmark->name), STR_ARG(samples->benchmarks.items[0].name));
        *unit = this_unit;
        values[n++] = samples_series_metric(series, metric);
    }
    *value = summary_geometric_mean(values, n);
    return true;
}

static void add_metrics(Arena *arena, StrBuf *out, const SampleSeries *series)
{
    for (size_t i = 0; i < sizeof(NAMES) / sizeof(NAMES[0]); i++) {
        double value = samples_series_metric(series, (SampleMetric)i);
        Str text = units_text(arena, value, unit_of((SampleMetric)i, series->unit));
        if (!isnan(value))
            strbuf_fmt(out, ", " STR_FMT " " STR_FMT, STR_ARG(NAMES[i]), STR_ARG(text));
    }
}

static void add_benchmark(Arena *arena, StrBuf *out, const BenchmarkSamples *benchmark)
{
    const SampleSeries *first = &benchmark->series.items[0];
    strbuf_fmt(out, "benchmark " STR_FMT ": ", STR_ARG(benchmark->name));
    if (!first->count)
        strbuf_add(out, S("sums only"));
    else if (benchmark->iterations)
        strbuf_fmt(out, "%zu round%s of %llu", first->count, first->count == 1 ? "" : "s",
                   (unsigned long long)benchmark->iterations);
    else
        strbuf_fmt(out, "%zu round%s", first->count, first->count == 1 ? "" : "s");
    add_metrics(arena, out, first);
    if (first->count && first->count < P99_ROUNDS)
        strbuf_add(out, S(" (p99 of fewer than 1000 rounds is rough)"));
    strbuf_char(out, '\n');
    for (size_t i = 1; i < benchmark->series.len; i++) {
        const SampleSeries *series = &benchmark->series.items[i];
        double value = samples_series_metric(series, SAMPLE_P50);
        if (isnan(value))
            value = series->mean;
        strbuf_fmt(out, "  " STR_FMT " " STR_FMT "\n", STR_ARG(series->name),
                   STR_ARG(units_text(arena, value, series->unit)));
    }
}

static void add_geometric_mean(Arena *arena, StrBuf *out, const Samples *samples)
{
    const char *separator = ": ";
    for (size_t i = 0; i < sizeof(NAMES) / sizeof(NAMES[0]); i++) {
        double value;
        Unit unit;
        Err err = {0};
        if (!samples_series_value(arena, samples, S(""), (SampleMetric)i, &value, &unit, &err) ||
            isnan(value))
            continue;
        strbuf_fmt(out, "%s%s" STR_FMT " " STR_FMT, *separator == ':' ? "geometric mean" : "",
                   separator, STR_ARG(NAMES[i]), STR_ARG(units_text(arena, value, unit)));
        separator = ", ";
    }
    if (*separator == ',')
        strbuf_char(out, '\n');
}

Str samples_text(Arena *arena, const Samples *samples)
{
    StrBuf out = strbuf_new(arena);
    strbuf_fmt(&out, "harness " STR_FMT "%s" STR_FMT, STR_ARG(samples->harness),
               samples->version.len ? " " : "", STR_ARG(samples->version));
    if (samples->runtime.len)
        strbuf_fmt(&out, ", " STR_FMT, STR_ARG(samples->runtime));
    strbuf_char(&out, '\n');
    array_each (BenchmarkSamples, benchmark, &samples->benchmarks)
        add_benchmark(arena, &out, benchmark);
    if (samples->benchmarks.len > 1)
        add_geometric_mean(arena, &out, samples);
    array_each (Str, note, &samples->notes)
        strbuf_fmt(&out, "note " STR_FMT "\n", STR_ARG(*note));
    return strbuf_str(&out);
}
