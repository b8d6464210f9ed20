/*
 * Google Benchmark's report (--benchmark_out=FILE --benchmark_out_format=json): {"context": {...},
 * "benchmarks": [...]}. An entry is one repetition of one benchmark, or an aggregate of them:
 *
 *     {"name": "BM_sort/100", "run_name": "BM_sort/100", "run_type": "iteration", "iterations": 5000,
 *      "real_time": 1.2, "cpu_time": 1.1, "time_unit": "us", "items_per_second": 8e7, "depth": 3}
 *     {"name": "BM_sort/100_mean", "run_type": "aggregate", "aggregate_name": "mean", ...}
 *     {"name": ..., "error_occurred": true, "error_message": "no data"}
 *
 * Repetitions of one run_name are one benchmark here, in their order; its series are real_time,
 * cpu_time and the counters. Aggregates count only where the repetitions are not in the file
 * (--benchmark_report_aggregates_only). Before 1.5 there is no run_type, and an aggregate is known by
 * its name's end.
 *
 * With UseManualTime ("/manual_time" in the name) real_time is what the program measured itself: on a
 * GPU the time between two events. It is there as manual_time, too.
 */
#include "analysis/stats/readers.h"

#include <ctype.h>
#include <math.h>

#include "analysis/stats/reading.h"
#include "base/map.h"

enum {
    SERIES_MAX = 40, /* of one benchmark: two times and its counters */
};

static const Str MANUAL_TIME = STR_CONST("manual_time");

typedef struct Row {
    SampleSeries series;
    Numbers values;
} Row;

typedef struct Entry {
    BenchmarkSamples benchmark;
    Array(Row) rows;
    size_t repetitions;
} Entry;

typedef struct Reader {
    Arena *arena;
    Samples *samples;
    Map *entries; /* of Entry, by run_name */
    Map *skipped; /* the names that a note was made for */
} Reader;

/* ---------------------------------------------------------------- names */

static const Str AGGREGATES[] = {STR_CONST("_mean"), STR_CONST("_median"), STR_CONST("_stddev"),
                                 STR_CONST("_cv"),   STR_CONST("_BigO"),   STR_CONST("_RMS")};

/* "mean", "median" ..., and the name without it; empty for a repetition. */
static Str aggregate_of(JsonIn in, Str *run_name)
{
    Str name = json_opt_str(in, "name", S("?")), type = json_opt_str(in, "run_type", S(""));
    *run_name = json_opt_str(in, "run_name", name);
    if (str_eq(type, S("aggregate")))
        return json_opt_str(in, "aggregate_name", S("?"));
    for (size_t i = 0; !type.len && i < sizeof(AGGREGATES) / sizeof(AGGREGATES[0]); i++) {
        if (str_ends(name, AGGREGATES[i])) {
            *run_name = str_head(name, name.len - AGGREGATES[i].len);
            return str_from(AGGREGATES[i], 1);
        }
    }
    return S("");
}

/* "100", "threads:2", "real_time" */
static bool is_argument(Str part)
{
    bool number = part.len > 0;
    for (size_t i = 0; i < part.len; i++)
        number &= isdigit((unsigned char)part.ptr[i]) || (i == 0 && part.ptr[i] == '-');
    return number || str_eq(part, S("real_time")) || str_eq(part, S("process_time")) ||
           str_eq(part, S("manual_time")) || (str_has(part, S(":")) && !str_has(part, S("::")));
}

/* "Fixture/Sum/8/threads:2": the arguments stand at the end. */
static void split_name(BenchmarkSamples *benchmark)
{
    Str rest = benchmark->name, before, last;
    while (str_cut_last(rest, '/', &before, &last) && is_argument(last))
        rest = before;
    benchmark->function = rest;
    if (rest.len < benchmark->name.len)
        benchmark->parameter = str_from(benchmark->name, rest.len + 1);
    if (str_cut(rest, '/', &before, &last)) {
        benchmark->group = before;
        benchmark->function = last;
    }
}

/* ---------------------------------------------------------------- numbers */

static Row *row_of(Reader *reader, Entry *entry, Str name, Unit unit)
{
    array_each (Row, row, &entry->rows)
        if (str_eq(row->series.name, name))
            return row;
    if (entry->rows.len == SERIES_MAX)
        return NULL;
    Row *row = array_push(reader->arena, &entry->rows);
    *row = (Row){.series = {.name = name, .unit = unit, .median = NAN, .mean = NAN}};
    return row;
}

static double time_scale(JsonIn in)
{
    static const struct {
        Str unit;
        double scale;
    } UNITS[] = {{STR_CONST("ns"), 1e-9},
                 {STR_CONST("us"), 1e-6},
                 {STR_CONST("ms"), 1e-3},
                 {STR_CONST("s"), 1}};
    Str unit = json_opt_str(in, "time_unit", S("ns"));
    for (size_t i = 0; i < sizeof(UNITS) / sizeof(UNITS[0]); i++)
        if (str_eq(UNITS[i].unit, unit))
            return UNITS[i].scale;
    return NAN;
}

static bool is_time(Str key)
{
    return str_eq(key, S("real_time")) || str_eq(key, S("cpu_time")) || str_eq(key, MANUAL_TIME);
}

/* What an entry says about itself; every other number is a counter. */
static bool is_counter(Str key)
{
    static const Str OWN[] = {
        STR_CONST("family_index"),
        STR_CONST("per_family_instance_index"),
        STR_CONST("repetitions"),
        STR_CONST("repetition_index"),
        STR_CONST("threads"),
        STR_CONST("iterations"),
        STR_CONST("cpu_coefficient"),
        STR_CONST("real_coefficient"),
        STR_CONST("rms"),
    };
    for (size_t i = 0; i < sizeof(OWN) / sizeof(OWN[0]); i++)
        if (str_eq(OWN[i], key))
            return false;
    return true;
}

static bool is_manual(const Entry *entry)
{
    Str name = entry->benchmark.name;
    return str_ends(name, S("/manual_time")) || str_has(name, S("/manual_time/"));
}

static void add_number(Reader *reader, Entry *entry, Str key, double value, Str aggregate)
{
    bool rate = str_ends(key, S("_per_second"));
    Unit unit = is_time(key) ? UNIT_SECONDS : rate ? UNIT_PER_SECOND : UNIT_COUNT;
    Row *row = row_of(reader, entry, key, unit);
    if (!row)
        return;
    if (!aggregate.len)
        *array_push(reader->arena, &row->values) = value;
    else if (str_eq(aggregate, S("mean")))
        row->series.mean = value;
    else if (str_eq(aggregate, S("median")))
        row->series.median = value;
}

static void add_numbers(Reader *reader, Entry *entry, JsonIn in, Str aggregate)
{
    double scale = time_scale(in), real = json_opt_double(in, "real_time", NAN) * scale;
    Str key;
    JsonIn value;
    /* The times first, so that they are the first series wherever they stand. */
    add_number(reader, entry, S("real_time"), real, aggregate);
    if (is_manual(entry))
        add_number(reader, entry, MANUAL_TIME, real, aggregate);
    add_number(reader, entry, S("cpu_time"), json_opt_double(in, "cpu_time", NAN) * scale,
               aggregate);
    for (void *at = NULL; json_next(in, &at, &key, &value);)
        if (json_kind(value) == JSON_TYPE_NUMBER && !is_time(key) && is_counter(key))
            add_number(reader, entry, key, json_as_double(value), aggregate);
}

/* ---------------------------------------------------------------- entries */

static bool is_skipped(Reader *reader, JsonIn in, Str name)
{
    bool error = json_opt_bool(in, "error_occurred", false);
    JsonIn skipped = json_optional(in, "skipped");
    bool skip = json_kind(skipped) == JSON_TYPE_STRING || json_opt_bool(in, "skipped", false);
    if (!error && !skip)
        return false;
    if (map_has(reader->skipped, name))
        return true;
    map_put(reader->skipped, name, NULL);
    Str why = json_opt_str(in, "error_message", json_opt_str(in, "skip_message", S("skipped")));
    *array_push(reader->arena, &reader->samples->notes) =
        str_fmt(reader->arena, STR_FMT ": " STR_FMT, STR_ARG(name), STR_ARG(why));
    return true;
}

static void read_entry(Reader *reader, JsonIn in)
{
    Str name, aggregate = aggregate_of(in, &name);
    bool percentage = str_eq(json_opt_str(in, "aggregate_unit", S("")), S("percentage"));
    if (json_kind(in) != JSON_TYPE_OBJECT || is_skipped(reader, in, name) || percentage ||
        (aggregate.len && !str_eq(aggregate, S("mean")) && !str_eq(aggregate, S("median"))))
        return;
    void **slot = map_slot(reader->entries, name);
    Entry *entry = *slot;
    if (!entry) {
        entry = *slot = NEW(reader->arena, Entry);
        entry->benchmark.name = name;
        split_name(&entry->benchmark);
    }
    int64_t iterations = json_opt_i64(in, "iterations", 0);
    uint64_t count = iterations > 0 ? (uint64_t)iterations : 0;
    if (!aggregate.len) {
        bool same = entry->repetitions == 0 || entry->benchmark.iterations == count;
        entry->benchmark.iterations = same ? count : 0;
        entry->repetitions++;
    }
    add_numbers(reader, entry, in, aggregate);
}

static void finish_entry(Reader *reader, Entry *entry)
{
    array_each (Row, row, &entry->rows) {
        bool first = row == entry->rows.items;
        bool kept = reading_series(reader->arena, reader->samples, &entry->benchmark, row->series,
                                   &row->values, "repetitions");
        /* Without its time it is no benchmark. */
        if (first && !kept)
            break;
    }
    (void)reading_add(reader->arena, reader->samples, &entry->benchmark);
}

bool read_google(Arena *arena, Str bytes, Samples *out, Err *err)
{
    CLEANUP(json_cleanup) JsonIn root = {0};
    if (!reading_parse(arena, bytes, &root, err))
        return false;
    JsonIn context = json_optional(root, "context"), list = json_list(root, "benchmarks");
    Samples samples = {.harness = S("google-benchmark"),
                       .version = json_opt_str(context, "library_version", S(""))};
    Reader reader = {
        .arena = arena, .samples = &samples, .entries = map_new(arena), .skipped = map_new(arena)};
    for (size_t i = 0; i < json_len(list); i++)
        read_entry(&reader, json_item(list, i));
    map_each (entry, reader.entries)
        finish_entry(&reader, entry->value);
    if (str_eq(json_opt_str(context, "library_build_type", S("")), S("debug")))
        *array_push(arena, &samples.notes) =
            S("the benchmark library itself is a debug build; its own overhead is larger so");
    return json_ok(root, err) && reading_done(&samples, out, err);
}
