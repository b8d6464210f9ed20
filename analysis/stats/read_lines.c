/*
 * Lines `name value unit` that any program may print: "latency 1.25 ms", "rate 12000 /s", "items 40".
 * A name that stands in several lines is a row of numbers. Lines of another form are the program's
 * own business. The whole is one benchmark.
 */
#include "analysis/stats/readers.h"

#include <ctype.h>
#include <math.h>

#include "analysis/stats/reading.h"
#include "base/map.h"

enum {
    NAME_MAX_BYTES = 100,
    NAMES_MAX = 1000,
};

typedef struct Row {
    SampleSeries series;
    Numbers values;
    size_t other_units; /* lines left out because their unit is of another kind */
} Row;

/* A word such as "p50", "parse.latency", "rows/s". */
static bool is_name(Str word)
{
    if (!word.len || word.len > NAME_MAX_BYTES ||
        !(isalpha((unsigned char)word.ptr[0]) || word.ptr[0] == '_'))
        return false;
    for (size_t i = 0; i < word.len; i++)
        if (!isalnum((unsigned char)word.ptr[i]) && !str_has(S("_-./:[]"), (Str){word.ptr + i, 1}))
            return false;
    return true;
}

static bool read_line(Str line, Str *name, double *value, Unit *unit)
{
    Str rest;
    line = str_trim(line);
    size_t blank = 0;
    while (blank < line.len && line.ptr[blank] != ' ' && line.ptr[blank] != '\t')
        blank++;
    *name = str_head(line, blank);
    rest = str_trim(str_from(line, blank));
    return is_name(*name) && rest.len && units_parse(rest, value, unit) && isfinite(*value);
}

bool read_lines(Arena *arena, Str bytes, Samples *out, Err *err)
{
    Samples samples = {.harness = S("metric-lines")};
    BenchmarkSamples benchmark = {.name = S("the output")};
    Map *rows = map_new(arena);
    for (Str line; str_next_line(&bytes, &line);) {
        Str name;
        double value;
        Unit unit;
        if (!read_line(line, &name, &value, &unit) ||
            (!map_has(rows, name) && map_len(rows) >= NAMES_MAX))
            continue;
        void **slot = map_slot(rows, name);
        Row *row = *slot;
        if (!row) {
            row = *slot = NEW(arena, Row);
            row->series = (SampleSeries){.name = name, .unit = unit, .median = NAN, .mean = NAN};
        }
        if (unit == row->series.unit)
            *array_push(arena, &row->values) = value;
        else
            row->other_units++;
    }
    map_each (entry, rows) {
        Row *row = entry->value;
        (void)reading_series(arena, &samples, &benchmark, row->series, &row->values, "lines");
        if (row->other_units)
            *array_push(arena, &samples.notes) =
                str_fmt(arena, STR_FMT ": %zu lines are in another unit and are left out",
                        STR_ARG(row->series.name), row->other_units);
    }
    if (benchmark.series.len == 0)
        return err_set(err, ERR_INPUT, "no line `name value unit` was printed%s" STR_FMT,
                       samples.notes.len ? ": " : "",
                       STR_ARG(samples.notes.len ? samples.notes.items[0] : S("")));
    *array_push(arena, &samples.benchmarks) = benchmark;
    *out = samples;
    return true;
}
