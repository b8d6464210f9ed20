/*
 * NVBench's report (--json FILE, --jsonbin FILE): {"meta": ..., "devices": [...], "benchmarks": [...]}.
 * A benchmark has states, one for each combination of its axes, and a state has summaries:
 *
 *     {"name": "copy", "states": [{"name": "Device=0 Elements=2^20", "is_skipped": false,
 *       "summaries": [{"tag": "nv/cold/time/gpu/mean", "name": "GPU Time",
 *                      "data": [{"name": "value", "type": "float64", "value": "1.25e-05"}]}, ...]}]}
 *
 * Numbers are texts, so that no reader rounds them. Before 2022 states and summaries were objects by
 * name, summaries were called "Average GPU Time (Cold)", numbers were numbers (until June 2021) and a
 * summary was {"value": {"type": "float64", "value": 1.25e-05}}; before May 2021 lists as today, with
 * "values" for "data".
 *
 * Each state is a benchmark here: gpu_time and cpu_time of isolated launches, batch_time of launches
 * one behind the other. The report itself has their means and, since June 2026, medians; the samples
 * are in files beside it (--jsonbin), little-endian float32, which the caller opens (samples.h).
 */
#include "analysis/stats/readers.h"

#include <math.h>
#include <string.h>

#include "analysis/stats/reading.h"

enum {
    SKIPS_TOLD = 3,
    SAMPLES_MAX = 64 << 20, /* of one state */
};

static const struct {
    Str series, mean, median, older_mean;
    Str file; /* tag of the file of its samples */
} TIMES[] = {
    {STR_CONST("gpu_time"), STR_CONST("nv/cold/time/gpu/mean"),
     STR_CONST("nv/cold/time/gpu/median"), STR_CONST("Average GPU Time (Cold)"),
     STR_CONST("nv/json/bin:nv/cold/sample_times")},
    {STR_CONST("cpu_time"),
     STR_CONST("nv/cold/time/cpu/mean"),
     STR_CONST("nv/cold/time/cpu/median"),
     STR_CONST("Average CPU Time (Cold)"),
     {0}},
    {STR_CONST("cpu_time"),
     STR_CONST("nv/cpu_only/time/cpu/mean"),
     STR_CONST("nv/cpu_only/time/cpu/median"),
     {0},
     STR_CONST("nv/json/bin:nv/cpu_only/sample_times")},
    {STR_CONST("batch_time"),
     STR_CONST("nv/batch/time/gpu/mean"),
     {0},
     STR_CONST("Average GPU Time (Batch)"),
     {0}},
};
/* The clock beside the device's default, as a share. Less than this is worth a word. */
static const Str CLOCK_TAG = STR_CONST("nv/cold/sm_clock_rate/scaling/percent");
static const Str CLOCK_MEAN_TAG = STR_CONST("nv/cold/sm_clock_rate/mean");
static const double CLOCK_LOW = 0.95;
/* The relative standard deviation of the samples; more than this is. */
static const Str NOISE_TAG = STR_CONST("nv/cold/time/gpu/stdev/relative");
static const Str OLDER_NOISE = STR_CONST("GPU Relative Standard Deviation (Cold)");
static const double NOISE_HIGH = 0.05;

/* Of all states: how many were worth a word, and the worst of them. */
typedef struct Worst {
    size_t states;
    Str name;
    double value;
} Worst;

typedef struct Reader {
    Arena *arena;
    Samples *samples;
    JsonIn devices;
    size_t states, skipped;
    Worst clock, noise;
} Reader;

/* ---------------------------------------------------------------- lists and objects by name */

typedef struct Walk {
    JsonIn in;
    size_t index;
    void *at;
} Walk;

/* The next entry of a list, whose names stand in it, or of an object by name. */
static bool walk_next(Walk *walk, Str *name, JsonIn *entry)
{
    if (json_kind(walk->in) == JSON_TYPE_OBJECT)
        return json_next(walk->in, &walk->at, name, entry);
    if (json_kind(walk->in) != JSON_TYPE_ARRAY || walk->index >= json_len(walk->in))
        return false;
    *entry = json_item(walk->in, walk->index++);
    *name = json_opt_str(*entry, "name", S(""));
    return true;
}

/* A number, or a text that is one; else NaN. */
static double number_of(JsonIn in)
{
    double value = NAN;
    if (json_kind(in) == JSON_TYPE_NUMBER)
        return json_as_double(in);
    if (json_kind(in) == JSON_TYPE_STRING && str_to_double(json_as_str(in), &value))
        return value;
    return NAN;
}

typedef struct Summary {
    Str tag;
    JsonIn in;
} Summary;

typedef Array(Summary) Summaries;

static Summaries summaries_of(Arena *arena, JsonIn state)
{
    Summaries out = {0};
    Walk walk = {.in = json_optional(state, "summaries")};
    JsonIn in;
    for (Str name; walk_next(&walk, &name, &in);)
        *array_push(arena, &out) = (Summary){json_opt_str(in, "tag", name), in};
    return out;
}

/* NULL when there is none of either tag. */
static const Summary *find_summary(const Summaries *all, Str tag, Str older)
{
    array_each (const Summary, summary, all)
        if (tag.len && (str_eq(summary->tag, tag) || (older.len && str_eq(summary->tag, older))))
            return summary;
    return NULL;
}

/* What a summary calls so: "value", "filename". */
static JsonIn field_of(JsonIn summary, const char *field)
{
    JsonIn data = json_optional(summary, "data"), entry;
    if (!json_present(data))
        data = json_optional(summary, "values");
    if (!json_present(data))
        data = summary;
    Walk walk = {.in = data};
    for (Str name; walk_next(&walk, &name, &entry);)
        if (str_eq(name, str_from_c(field)))
            return json_optional(entry, "value");
    return (JsonIn){0};
}

static double summary_value(const Summaries *all, Str tag, Str older)
{
    const Summary *summary = find_summary(all, tag, older);
    return summary ? number_of(field_of(summary->in, "value")) : (double)NAN;
}

/* ---------------------------------------------------------------- states */

static void note(Reader *reader, Str text)
{
    *array_push(reader->arena, &reader->samples->notes) = text;
}

static double clock_of(const Reader *reader, JsonIn state, const Summaries *summaries)
{
    double share = summary_value(summaries, CLOCK_TAG, S(""));
    double mean = summary_value(summaries, CLOCK_MEAN_TAG, S(""));
    int64_t id = json_opt_i64(state, "device", -1);
    for (size_t i = 0; isnan(share) && i < json_len(reader->devices); i++) {
        JsonIn device = json_item(reader->devices, i);
        double usual = number_of(json_optional(device, "sm_default_clock_rate"));
        if (json_opt_i64(device, "id", -1) == id && usual > 0)
            share = mean / usual;
    }
    return share;
}

static void look(Worst *worst, Str name, double value, bool told, bool worse)
{
    if (!told)
        return;
    if (worst->states++ == 0 || worse) {
        worst->name = name;
        worst->value = value;
    }
}

/* Where the samples are, and how many. */
static void note_file(Reader *reader, const Summaries *summaries, Str tag, size_t series)
{
    const Summary *summary = find_summary(summaries, tag, S(""));
    if (!summary)
        return;
    JsonIn name = field_of(summary->in, "filename");
    double count = number_of(field_of(summary->in, "size"));
    if (json_kind(name) != JSON_TYPE_STRING || !(count > 0) || count > SAMPLES_MAX)
        return;
    *array_push(reader->arena, &reader->samples->files) =
        (SampleFile){.name = str_copy(reader->arena, json_as_str(name)),
                     .benchmark = reader->samples->benchmarks.len,
                     .series = series,
                     .count = (size_t)count};
}

static void read_times(Reader *reader, BenchmarkSamples *benchmark, const Summaries *summaries)
{
    static const Numbers NONE = {0};
    for (size_t i = 0; i < sizeof(TIMES) / sizeof(TIMES[0]); i++) {
        SampleSeries series = {
            .name = TIMES[i].series,
            .unit = UNIT_SECONDS,
            .mean = summary_value(summaries, TIMES[i].mean, TIMES[i].older_mean),
            .median = summary_value(summaries, TIMES[i].median, S("")),
        };
        if (!isfinite(series.mean) || samples_series(benchmark, series.name) ||
            !reading_series(reader->arena, reader->samples, benchmark, series, &NONE, "means"))
            continue;
        note_file(reader, summaries, TIMES[i].file, benchmark->series.len - 1);
    }
}

static void read_state(Reader *reader, Str name, Str axes, JsonIn state)
{
    Arena *arena = reader->arena;
    BenchmarkSamples benchmark = {.function = name,
                                  .parameter = json_opt_str(state, "description", axes)};
    benchmark.name = benchmark.parameter.len ? str_fmt(arena, STR_FMT " [" STR_FMT "]",
                                                       STR_ARG(name), STR_ARG(benchmark.parameter))
                                             : name;
    reader->states++;
    if (json_opt_bool(state, "is_skipped", false)) {
        Str why = json_opt_str(state, "skip_reason", S("skipped"));
        if (reader->skipped++ < SKIPS_TOLD)
            note(reader,
                 str_fmt(arena, STR_FMT ": " STR_FMT, STR_ARG(benchmark.name), STR_ARG(why)));
        return;
    }
    size_t files = reader->samples->files.len;
    Summaries summaries = summaries_of(arena, state);
    read_times(reader, &benchmark, &summaries);
    if (!reading_add(arena, reader->samples, &benchmark)) {
        reader->samples->files.len = files;
        return;
    }
    double clock = clock_of(reader, state, &summaries);
    double noise = summary_value(&summaries, NOISE_TAG, OLDER_NOISE);
    look(&reader->clock, benchmark.name, clock, clock < CLOCK_LOW, clock < reader->clock.value);
    look(&reader->noise, benchmark.name, noise, noise > NOISE_HIGH && isfinite(noise),
         noise > reader->noise.value);
}

/* "NAME" for one state, else "NAME and 11 more of 40 states". */
static Str states_text(const Reader *reader, const Worst *worst)
{
    return worst->states == 1 ? worst->name
                              : str_fmt(reader->arena, STR_FMT " and %zu more of %zu states",
                                        STR_ARG(worst->name), worst->states - 1, reader->states);
}

static void tell(Reader *reader)
{
    Arena *arena = reader->arena;
    if (reader->skipped > SKIPS_TOLD)
        note(reader, str_fmt(arena, "%zu more of %zu states were skipped",
                             reader->skipped - SKIPS_TOLD, reader->states));
    if (reader->clock.states)
        note(reader,
             str_fmt(arena,
                     STR_FMT ": the GPU ran at %.0f %% of its default clock: let it cool, or lock "
                             "its clock (sudo nvidia-smi --lock-gpu-clocks=tdp,tdp)",
                     STR_ARG(states_text(reader, &reader->clock)), reader->clock.value * 100));
    if (reader->noise.states)
        note(reader,
             str_fmt(arena,
                     STR_FMT ": NVBench's samples scatter by %.0f %% (standard deviation): let "
                             "nothing else use the GPU, or take more of them (--min-samples)",
                     STR_ARG(states_text(reader, &reader->noise)), reader->noise.value * 100));
}

bool read_nvbench(Arena *arena, Str bytes, Samples *out, Err *err)
{
    CLEANUP(json_cleanup) JsonIn root = {0};
    if (!reading_parse(arena, bytes, &root, err))
        return false;
    JsonIn version =
        json_optional(json_optional(json_optional(root, "meta"), "version"), "nvbench");
    Samples samples = {.harness = S("nvbench"), .version = json_opt_str(version, "string", S(""))};
    Reader reader = {
        .arena = arena, .samples = &samples, .devices = json_optional(root, "devices")};
    Walk benchmarks = {.in = json_optional(root, "benchmarks")};
    JsonIn entry, state;
    for (Str name, axes; walk_next(&benchmarks, &name, &entry);) {
        Walk states = {.in = json_optional(entry, "states")};
        while (walk_next(&states, &axes, &state))
            read_state(&reader, name.len ? name : S("?"), axes, state);
    }
    tell(&reader);
    return json_ok(root, err) && reading_done(&samples, out, err);
}

/* ---------------------------------------------------------------- samples beside the report */

bool nvbench_take_times(Arena *arena, Samples *samples, const SampleFile *file, Str bytes)
{
    if (bytes.len % sizeof(float) || bytes.len / sizeof(float) != file->count)
        return false;
    Numbers values = {0};
    for (size_t i = 0; i < file->count; i++) {
        float value;
        memcpy(&value, bytes.ptr + i * sizeof(float), sizeof(float));
        *array_push(arena, &values) = (double)value;
    }
    BenchmarkSamples *benchmark = &samples->benchmarks.items[file->benchmark];
    SampleSeries *series = &benchmark->series.items[file->series];
    BenchmarkSamples scratch = {.name = benchmark->name};
    if (!reading_series(arena, samples, &scratch, *series, &values, "samples") ||
        !scratch.series.items[0].count)
        return false;
    *series = scratch.series.items[0];
    return true;
}

Str nvbench_said(Arena *arena, Str printed)
{
    size_t discarded = 0;
    for (Str line; str_next_line(&printed, &line);)
        discarded += str_has(line, S("GPU throttled below threshold"));
    return discarded ? str_fmt(arena,
                               "NVBench threw %zu sample%s away because the GPU was throttled: let "
                               "it cool, or lock its clock (sudo nvidia-smi "
                               "--lock-gpu-clocks=tdp,tdp)",
                               discarded, discarded == 1 ? "" : "s")
                     : (Str){0};
}
