/*
 * pyperf's report (-o FILE): {"version": "1.0", "metadata": {...}, "benchmarks": [{"metadata": {"name",
 * "unit", "loops", "inner_loops"}, "runs": [{"values": [...], "warmups": [...]}]}]}.
 *
 * Each run is a process; its values are per iteration already. Runs without "values" calibrated the
 * number of loops. What all benchmarks of the file share stands in the outer metadata only.
 */
#include "analysis/stats/readers.h"

#include <math.h>

#include "analysis/stats/reading.h"

typedef struct Metadata {
    JsonIn own;
    JsonIn shared;
} Metadata;

static Str meta_str(Metadata at, const char *key, Str otherwise)
{
    return json_opt_str(at.own, key, json_opt_str(at.shared, key, otherwise));
}

static uint64_t meta_count(Metadata at, const char *key)
{
    int64_t value = json_opt_i64(at.own, key, json_opt_i64(at.shared, key, 1));
    return value > 0 && value < (1 << 30) ? (uint64_t)value : 1;
}

static Unit unit_of(Str name)
{
    if (str_eq(name, S("second")))
        return UNIT_SECONDS;
    return str_eq(name, S("byte")) ? UNIT_BYTES : UNIT_COUNT;
}

static void read_benchmark(Arena *arena, JsonIn in, JsonIn shared, Samples *samples)
{
    Metadata at = {json_optional(in, "metadata"), shared};
    Unit unit = unit_of(meta_str(at, "unit", S("second")));
    BenchmarkSamples benchmark = {.name = meta_str(at, "name", S("?")),
                                  .iterations =
                                      meta_count(at, "loops") * meta_count(at, "inner_loops")};
    SampleSeries series = {.name =
                               unit == UNIT_SECONDS ? S("time") : meta_str(at, "unit", S("second")),
                           .unit = unit,
                           .median = NAN,
                           .mean = NAN};
    Numbers values = {0};
    JsonIn runs = json_optional(in, "runs");
    size_t count = json_kind(runs) == JSON_TYPE_ARRAY ? json_len(runs) : 0;
    benchmark.function = benchmark.name;
    for (size_t i = 0; i < count; i++) {
        Numbers some = reading_numbers(arena, json_optional(json_item(runs, i), "values"), 1);
        array_each (double, value, &some)
            *array_push(arena, &values) = *value;
    }
    (void)reading_series(arena, samples, &benchmark, series, &values, "values");
    (void)reading_add(arena, samples, &benchmark);
}

bool read_pyperf(Arena *arena, Str bytes, Samples *out, Err *err)
{
    CLEANUP(json_cleanup) JsonIn root = {0};
    if (!reading_parse(arena, bytes, &root, err))
        return false;
    JsonIn shared = json_optional(root, "metadata"), list = json_list(root, "benchmarks");
    Samples samples = {.harness = S("pyperf"),
                       .version = json_opt_str(shared, "perf_version", S(""))};
    Str python = json_opt_str(shared, "python_version", S(""));
    if (python.len)
        samples.runtime = str_fmt(
            arena, STR_FMT " " STR_FMT,
            STR_ARG(json_opt_str(shared, "python_implementation", S("python"))), STR_ARG(python));
    for (size_t i = 0; i < json_len(list); i++)
        read_benchmark(arena, json_item(list, i), shared, &samples);
    return json_ok(root, err) && reading_done(&samples, out, err);
}
