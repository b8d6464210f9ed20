/*
 * hyperfine's report (--export-json): {"results": [{"command", "mean", "median", "times": [seconds],
 * "memory_usage_byte": [...], "exit_codes": [...], "parameters": {"n": "1"}}]}. Before 1.0 there are
 * no times, only the sums. "command" is the name when one was given.
 */
#include "analysis/stats/readers.h"

#include <math.h>

#include "analysis/stats/reading.h"
#include "base/strbuf.h"

/* "n=1, size=10" */
static Str parameters(Arena *arena, JsonIn in)
{
    StrBuf out = strbuf_new(arena);
    Str key;
    JsonIn value;
    if (json_kind(in) != JSON_TYPE_OBJECT)
        return json_kind(in) == JSON_TYPE_STRING ? json_as_str(in) : S("");
    for (void *at = NULL; json_next(in, &at, &key, &value);) {
        Str text =
            json_kind(value) == JSON_TYPE_STRING ? json_as_str(value) : json_text(arena, value);
        strbuf_fmt(&out, "%s" STR_FMT "=" STR_FMT, out.len ? ", " : "", STR_ARG(key),
                   STR_ARG(text));
    }
    return strbuf_str(&out);
}

static void note_failures(Arena *arena, JsonIn codes, Str name, Samples *samples)
{
    size_t count = json_kind(codes) == JSON_TYPE_ARRAY ? json_len(codes) : 0, failed = 0;
    for (size_t i = 0; i < count; i++)
        failed += json_kind(json_item(codes, i)) != JSON_TYPE_NUMBER ||
                  json_as_double(json_item(codes, i)) != 0;
    if (failed)
        *array_push(arena, &samples->notes) =
            str_fmt(arena, STR_FMT ": %zu of %zu runs failed", STR_ARG(name), failed, count);
}

static void read_result(Arena *arena, JsonIn in, Samples *samples)
{
    BenchmarkSamples benchmark = {.name = json_opt_str(in, "command", S("?"))};
    SampleSeries time = {.name = S("time"),
                         .unit = UNIT_SECONDS,
                         .median = json_opt_double(in, "median", NAN),
                         .mean = json_opt_double(in, "mean", NAN)};
    SampleSeries memory = {.name = S("peak_rss"), .unit = UNIT_BYTES, .median = NAN, .mean = NAN};
    Numbers times = reading_numbers(arena, json_optional(in, "times"), 1);
    Numbers bytes = reading_numbers(arena, json_optional(in, "memory_usage_byte"), 1);
    benchmark.function = benchmark.name;
    benchmark.parameter = parameters(arena, json_optional(in, "parameters"));
    benchmark.iterations = 1;
    note_failures(arena, json_optional(in, "exit_codes"), benchmark.name, samples);
    if (reading_series(arena, samples, &benchmark, time, &times, "runs"))
        (void)reading_series(arena, samples, &benchmark, memory, &bytes, "runs");
    (void)reading_add(arena, samples, &benchmark);
}

bool read_hyperfine(Arena *arena, Str bytes, Samples *out, Err *err)
{
    CLEANUP(json_cleanup) JsonIn root = {0};
    if (!reading_parse(arena, bytes, &root, err))
        return false;
    Samples samples = {.harness = S("hyperfine")};
    JsonIn list = json_list(root, "results");
    for (size_t i = 0; i < json_len(list); i++)
        read_result(arena, json_item(list, i), &samples);
    return json_ok(root, err) && reading_done(&samples, out, err);
}
