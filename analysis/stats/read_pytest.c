/*
 * pytest-benchmark's report (--benchmark-json): an object with "version", "machine_info" and
 * "benchmarks"; each benchmark has "stats" with "data", the seconds of each round divided by its
 * "iterations". The sums beside "data" (min, median, ops ...) are not used: we compute our own.
 */
#include "analysis/stats/readers.h"

#include "base/json_in.h"

static bool read_benchmark(Arena *arena, JsonIn in, Samples *out)
{
    Str name = json_opt_str(in, "fullname", json_opt_str(in, "name", S("?")));
    JsonIn stats = json_optional(in, "stats");
    JsonIn data = json_optional(stats, "data");
    size_t rounds = json_kind(data) == JSON_TYPE_ARRAY ? json_len(data) : 0;
    double *seconds = NEW_ARRAY(arena, double, rounds + 1);
    size_t count = 0;
    for (size_t i = 0; i < rounds; i++) {
        double value = json_kind(json_item(data, i)) == JSON_TYPE_NUMBER
                           ? json_as_double(json_item(data, i))
                           : 0;
        if (value > 0)
            seconds[count++] = value;
    }
    if (count < rounds)
        *array_push(arena, &out->notes) =
            str_fmt(arena, STR_FMT ": %zu of %zu rounds are not positive times and are left out",
                    STR_ARG(name), rounds - count, rounds);
    if (count == 0) {
        *array_push(arena, &out->notes) =
            str_fmt(arena, STR_FMT ": no times of its rounds", STR_ARG(name));
        return false;
    }
    int64_t iterations = json_opt_i64(stats, "iterations", 1);
    *array_push(arena, &out->benchmarks) =
        (BenchmarkSamples){.name = name,
                           .seconds = seconds,
                           .rounds = count,
                           .iterations = iterations > 0 ? (uint64_t)iterations : 1};
    return true;
}

bool read_pytest(Arena *arena, Str bytes, Samples *out, Err *err)
{
    CLEANUP(json_cleanup) JsonIn root = {0};
    if (!json_parse(arena, bytes, &root, err))
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
    if (!json_ok(root, err))
        return false;
    if (samples.benchmarks.len == 0)
        return err_set(err, ERR_INPUT,
                       "the report of pytest-benchmark holds no benchmark%s" STR_FMT,
                       samples.notes.len ? ": " : "",
                       STR_ARG(samples.notes.len ? samples.notes.items[0] : S("")));
    *out = samples;
    return true;
}
