/*
 * criterion, in its two ways.
 *
 * criterion itself writes a folder for each benchmark with three files (0.3 to 0.8; nanoseconds):
 *
 *     benchmark.json  {"group_id", "function_id", "value_str", "full_id" ...}; the names of the
 *                     folders are cleaned up, so that only this file knows the id
 *     sample.json     {"iters": [...], "times": [...]}: so many iterations took so long together;
 *                     before 0.3.3 [[iters], [times]]
 *     estimates.json  {"mean": {"point_estimate" ...}, "median": ...}; before 0.3.3 "Mean", "Median"
 *
 * cargo-criterion writes CBOR instead, and prints a line of JSON for each benchmark:
 *
 *     {"reason": "benchmark-complete", "id": "...", "iteration_count": [...], "measured_values": [...],
 *      "unit": "ns", "mean": {"estimate": 1.5, "unit": "ns"}, "median": ...}
 *
 * A criterion of its own measurement (cycles, instructions) has another unit: a count to us.
 */
#include "analysis/stats/readers.h"

#include <math.h>

#include "analysis/stats/reading.h"
#include "base/strbuf.h"

static const double NANOSECOND = 1e-9;

static SampleSeries time_series(void)
{
    return (SampleSeries){.name = S("time"), .unit = UNIT_SECONDS, .median = NAN, .mean = NAN};
}

/* times[i] / iters[i] */
static Numbers per_iteration(Arena *arena, JsonIn iters, JsonIn times, double scale)
{
    Numbers out = reading_numbers(arena, times, scale);
    Numbers count = reading_numbers(arena, iters, 1);
    for (size_t i = 0; i < out.len; i++)
        out.items[i] = i < count.len && count.items[i] > 0 ? out.items[i] / count.items[i] : NAN;
    return out;
}

/* The number of iterations when it is the same in every round ("flat" sampling). */
static uint64_t same_count(JsonIn iters)
{
    double first = json_len(iters) ? json_as_double(json_item(iters, 0)) : 0;
    for (size_t i = 1; i < json_len(iters); i++)
        if (json_as_double(json_item(iters, i)) != first)
            return 0;
    return first >= 1 && first < 1e15 ? (uint64_t)first : 0;
}

/* ---------------------------------------------------------------- criterion's own files */

static bool add_part(StrBuf *out, Str part)
{
    if (part.len)
        strbuf_fmt(out, "%s" STR_FMT, out->len ? "/" : "", STR_ARG(part));
    return part.len > 0;
}

static bool read_id(Arena *arena, Str text, BenchmarkSamples *benchmark, Err *err)
{
    CLEANUP(json_cleanup) JsonIn root = {0};
    if (!reading_parse(arena, text, &root, err))
        return err_wrap(err, "benchmark.json");
    benchmark->group = json_opt_str(root, "group_id", S(""));
    benchmark->function = json_opt_str(root, "function_id", S(""));
    benchmark->parameter = json_opt_str(root, "value_str", S(""));
    StrBuf id = strbuf_new(arena);
    add_part(&id, benchmark->group);
    add_part(&id, benchmark->function);
    add_part(&id, benchmark->parameter);
    Str name = json_opt_str(root, "full_id", strbuf_str(&id));
    if (name.len)
        benchmark->name = name;
    return true;
}

static double estimate(JsonIn root, const char *name, const char *before_0_3_3)
{
    JsonIn at = json_optional(root, name);
    if (!json_present(at))
        at = json_optional(root, before_0_3_3);
    return json_opt_double(at, "point_estimate", NAN) * NANOSECOND;
}

static bool read_estimates(Arena *arena, Str text, SampleSeries *time, Err *err)
{
    CLEANUP(json_cleanup) JsonIn root = {0};
    if (!reading_parse(arena, text, &root, err))
        return err_wrap(err, "estimates.json");
    time->median = estimate(root, "median", "Median");
    time->mean = estimate(root, "mean", "Mean");
    return true;
}

static bool read_sample(Arena *arena, Str text, BenchmarkSamples *benchmark, Numbers *seconds,
                        Err *err)
{
    CLEANUP(json_cleanup) JsonIn root = {0};
    if (!reading_parse(arena, text, &root, err))
        return err_wrap(err, "sample.json");
    bool old = json_kind(root) == JSON_TYPE_ARRAY;
    JsonIn iters = old ? json_item(root, 0) : json_optional(root, "iters");
    JsonIn times = old ? json_item(root, 1) : json_optional(root, "times");
    *seconds = per_iteration(arena, iters, times, NANOSECOND);
    benchmark->iterations = same_count(iters);
    return true;
}

bool criterion_add(Arena *arena, const CriterionFiles *files, Samples *samples, Err *err)
{
    BenchmarkSamples benchmark = {.name = files->name.len ? files->name : S("?")};
    SampleSeries time = time_series();
    Numbers seconds = {0};
    if (!samples->harness.len)
        samples->harness = S("criterion");
    if ((files->benchmark.len && !read_id(arena, files->benchmark, &benchmark, err)) ||
        (files->estimates.len && !read_estimates(arena, files->estimates, &time, err)) ||
        (files->sample.len && !read_sample(arena, files->sample, &benchmark, &seconds, err)))
        return false;
    if (!reading_series(arena, samples, &benchmark, time, &seconds, "rounds"))
        return err_set(err, ERR_INPUT, "criterion's files of " STR_FMT " hold no time",
                       STR_ARG(benchmark.name));
    return reading_add(arena, samples, &benchmark);
}

/* ---------------------------------------------------------------- cargo-criterion's lines */

static bool unit_of(Str text, double *scale)
{
    Unit unit;
    double value;
    CLEANUP(arena_cleanup) Arena *scratch = arena_new("unit");
    Str one = str_fmt(scratch, "1 " STR_FMT, STR_ARG(text));
    *scale = 1;
    if (!units_parse(one, &value, &unit) || unit != UNIT_SECONDS)
        return false;
    *scale = value;
    return true;
}

static double message_estimate(JsonIn in, const char *name, double scale)
{
    return json_opt_double(json_optional(in, name), "estimate", NAN) * scale;
}

/* "group/function/value": only the id is told; its first and second part are mostly these. */
static void parts_of_id(BenchmarkSamples *benchmark)
{
    Str rest;
    if (!str_cut(benchmark->name, '/', &benchmark->group, &rest)) {
        benchmark->group = benchmark->name;
        return;
    }
    if (!str_cut(rest, '/', &benchmark->function, &benchmark->parameter))
        benchmark->function = rest;
}

static void read_message(Arena *arena, JsonIn in, Samples *samples)
{
    double scale;
    SampleSeries time = time_series();
    BenchmarkSamples benchmark = {.name = json_opt_str(in, "id", S("?"))};
    if (!unit_of(json_opt_str(in, "unit", S("ns")), &scale)) {
        time.name = json_opt_str(in, "unit", S("?"));
        time.unit = UNIT_COUNT;
    }
    JsonIn iters = json_optional(in, "iteration_count");
    Numbers values = per_iteration(arena, iters, json_optional(in, "measured_values"), scale);
    time.median = message_estimate(in, "median", scale);
    time.mean = message_estimate(in, "mean", scale);
    benchmark.iterations = same_count(iters);
    parts_of_id(&benchmark);
    (void)reading_series(arena, samples, &benchmark, time, &values, "rounds");
    (void)reading_add(arena, samples, &benchmark);
}

static bool read_messages(Arena *arena, Str bytes, Samples *samples)
{
    size_t broken = 0, messages = 0;
    for (Str line; str_next_line(&bytes, &line);) {
        CLEANUP(json_cleanup) JsonIn in = {0};
        Err err = {0};
        line = str_trim(line);
        /* What the benchmarks print themselves may stand in between. */
        if (!str_starts(line, S("{")) || !str_has(line, S("\"reason\"")))
            continue;
        messages++;
        if (!reading_parse(arena, line, &in, &err))
            broken++;
        else if (str_eq(json_opt_str(in, "reason", S("")), S("benchmark-complete")))
            read_message(arena, in, samples);
    }
    if (broken)
        *array_push(arena, &samples->notes) =
            str_fmt(arena, "%zu of %zu messages cannot be read", broken, messages);
    return messages > 0;
}

bool read_criterion(Arena *arena, Str bytes, Samples *out, Err *err)
{
    Samples samples = {.harness = S("criterion")};
    if (read_messages(arena, bytes, &samples))
        return reading_done(&samples, out, err);
    bool sample = str_has(bytes, S("\"times\"")) || str_starts(str_trim(bytes), S("[["));
    CriterionFiles files = {.estimates = sample ? S("") : bytes, .sample = sample ? bytes : S("")};
    if (!criterion_add(arena, &files, &samples, err))
        return false;
    *out = samples;
    return true;
}
