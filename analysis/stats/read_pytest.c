/*
 * pytest-benchmark's report (--benchmark-json): an object with "version", "machine_info" and
 * "benchmarks"; each benchmark has "stats" with "data", the seconds of each round divided by its
 * "iterations". Without "data" (--benchmark-save does not keep it) its "median" and "mean" are taken;
 * else the sums beside it (min, median, ops ...) are not used: we compute our own.
 */
#include "analysis/stats/readers.h"

#include <math.h>

#include "analysis/stats/reading.h"

/* "tests/test_x.py::TestA::test_b[3-x]" */
static void read_parts(JsonIn in, BenchmarkSamples *benchmark)
{
    Str name = json_opt_str(in, "name", benchmark->name), rest;
    size_t colons = str_find(benchmark->name, S("::"), 0);
    if (colons != SIZE_MAX)
        benchmark->file = str_head(benchmark->name, colons);
    benchmark->group = json_opt_str(in, "group", S(""));
    benchmark->function = name;
    if (str_ends(name, S("]")) && str_cut(name, '[', &benchmark->function, &rest))
        benchmark->parameter = str_head(rest, rest.len - 1);
}

static void read_benchmark(Arena *arena, JsonIn in, Samples *out)
{
    JsonIn stats = json_optional(in, "stats");
    int64_t iterations = json_opt_i64(stats, "iterations", 1);
    BenchmarkSamples benchmark = {
        .name = json_opt_str(in, "fullname", json_opt_str(in, "name", S("?"))),
        .iterations = iterations > 0 ? (uint64_t)iterations : 1,
    };
    SampleSeries time = {.name = S("time"),
                         .unit = UNIT_SECONDS,
                         .median = json_opt_double(stats, "median", NAN),
                         .mean = json_opt_double(stats, "mean", NAN)};
    Numbers seconds = reading_numbers(arena, json_optional(stats, "data"), 1);
    read_parts(in, &benchmark);
    (void)reading_series(arena, out, &benchmark, time, &seconds, "rounds");
    (void)reading_add(arena, out, &benchmark);
}

bool read_pytest(Arena *arena, Str bytes, Samples *out, Err *err)
{
    CLEANUP(json_cleanup) JsonIn root = {0};
    if (!reading_parse(arena, bytes, &root, err))
        return false;
    Samples samples = {.harness = S("pytest-benchmark"),
                       .version = json_opt_str(root, "version", S("?"))};
    JsonIn machine = json_optional(root, "machine_info");
    Str python = json_opt_str(machine, "python_version", S(""));
    if (python.len)
        samples.runtime = str_fmt(
            arena, STR_FMT " " STR_FMT,
            STR_ARG(json_opt_str(machine, "python_implementation", S("Python"))), STR_ARG(python));
    JsonIn list = json_list(root, "benchmarks");
    for (size_t i = 0; i < json_len(list); i++)
        read_benchmark(arena, json_item(list, i), &samples);
    return json_ok(root, err) && reading_done(&samples, out, err);
}
