/*
 * NVBench's report (--json FILE): {"meta": ..., "devices": [...], "benchmarks": [...]}. A benchmark has
 * states, one for each combination of its axes, and a state has summaries:
 *
 *     {"name": "copy", "states": [{"name": "Device=0 Elements=2^20", "is_skipped": false,
 *       "summaries": [{"tag": "nv/cold/time/gpu/mean", "name": "GPU Time",
 *                      "data": [{"name": "value", "type": "float64", "value": "1.25e-05"}]}, ...]}]}
 *
 * Numbers are texts, so that no reader rounds them. Each state is a benchmark here, with one number of
 * this run in each series, the mean of NVBench's samples: gpu_time and cpu_time of isolated launches,
 * batch_time of launches one behind the other. The samples themselves stand in files beside the report
 * (--jsonbin), which are not read: the spread of runs is what decides.
 */
#include "analysis/stats/readers.h"

#include <math.h>

#include "analysis/stats/reading.h"

static const struct {
    Str tag;
    Str series;
} TIMES[] = {
    {STR_CONST("nv/cold/time/gpu/mean"), STR_CONST("gpu_time")},
    {STR_CONST("nv/cold/time/cpu/mean"), STR_CONST("cpu_time")},
    {STR_CONST("nv/batch/time/gpu/mean"), STR_CONST("batch_time")},
};
/* The clock beside the device's default, as a share. Less than this is worth a word. */
static const Str CLOCK_TAG = STR_CONST("nv/cold/sm_clock_rate/scaling/percent");
static const double CLOCK_LOW = 0.95;

/* The number called "value" of the summary with this tag; NaN when there is none. */
static double summary_value(JsonIn state, Str tag)
{
    JsonIn summaries = json_optional(state, "summaries");
    for (size_t i = 0; i < json_len(summaries); i++) {
        JsonIn summary = json_item(summaries, i), data = json_optional(summary, "data");
        if (!str_eq(json_opt_str(summary, "tag", S("")), tag))
            continue;
        for (size_t k = 0; k < json_len(data); k++) {
            JsonIn entry = json_item(data, k);
            double value = json_opt_double(entry, "value", NAN);
            Str text = json_opt_str(entry, "value", S(""));
            if (!str_eq(json_opt_str(entry, "name", S("")), S("value")))
                continue;
            return isnan(value) && !str_to_double(text, &value) ? NAN : value;
        }
    }
    return NAN;
}

static void note(Arena *arena, Samples *samples, Str text)
{
    *array_push(arena, &samples->notes) = text;
}

static void read_state(Arena *arena, Samples *samples, Str name, JsonIn state)
{
    BenchmarkSamples benchmark = {.function = name,
                                  .parameter = json_opt_str(state, "name", S(""))};
    benchmark.name = benchmark.parameter.len ? str_fmt(arena, STR_FMT " [" STR_FMT "]",
                                                       STR_ARG(name), STR_ARG(benchmark.parameter))
                                             : name;
    if (json_opt_bool(state, "is_skipped", false)) {
        Str why = json_opt_str(state, "skip_reason", S("skipped"));
        note(arena, samples,
             str_fmt(arena, STR_FMT ": " STR_FMT, STR_ARG(benchmark.name), STR_ARG(why)));
        return;
    }
    for (size_t i = 0; i < sizeof(TIMES) / sizeof(TIMES[0]); i++) {
        Numbers values = {0};
        double value = summary_value(state, TIMES[i].tag);
        if (isnan(value))
            continue;
        *array_push(arena, &values) = value;
        SampleSeries series = {
            .name = TIMES[i].series, .unit = UNIT_SECONDS, .median = NAN, .mean = NAN};
        (void)reading_series(arena, samples, &benchmark, series, &values, "means");
    }
    double clock = summary_value(state, CLOCK_TAG);
    if (reading_add(arena, samples, &benchmark) && clock < CLOCK_LOW)
        note(arena, samples,
             str_fmt(arena,
                     STR_FMT ": the GPU ran at %.0f %% of its default clock: let it cool, or lock "
                             "its clock (sudo nvidia-smi --lock-gpu-clocks=tdp,tdp)",
                     STR_ARG(benchmark.name), clock * 100));
}

bool read_nvbench(Arena *arena, Str bytes, Samples *out, Err *err)
{
    CLEANUP(json_cleanup) JsonIn root = {0};
    if (!reading_parse(arena, bytes, &root, err))
        return false;
    JsonIn version =
        json_optional(json_optional(json_optional(root, "meta"), "version"), "nvbench");
    Samples samples = {.harness = S("nvbench"), .version = json_opt_str(version, "string", S(""))};
    JsonIn list = json_list(root, "benchmarks");
    for (size_t i = 0; i < json_len(list); i++) {
        JsonIn entry = json_item(list, i), states = json_optional(entry, "states");
        for (size_t k = 0; k < json_len(states); k++)
            read_state(arena, &samples, json_opt_str(entry, "name", S("?")), json_item(states, k));
    }
    return json_ok(root, err) && reading_done(&samples, out, err);
}
