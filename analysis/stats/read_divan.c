/*
 * What divan prints of #[divan::bench] functions, a tree of modules, functions, types and arguments:
 *
 *     example            fastest       │ slowest       │ median        │ mean          │ samples │ iters
 *     ├─ fibonacci                     │               │               │               │         │
 *     │  ╰─ 8            42.93 ns      │ 43.56 ns      │ 43.24 ns      │ 43.28 ns      │ 100     │ 6400
 *     ╰─ plain           307.6 ns      │ 311.4 ns      │ 308.9 ns      │ 308.9 ns      │ 100     │ 800
 *                        8.023 GB/s    │ 7.907 GB/s    │ 7.98 GB/s     │ 7.964 GB/s    │         │
 *
 * A benchmark's name is its way through the tree, fibonacci::8; its samples are not told. Lines of
 * counters and of allocations have no name and are left out.
 */
#include "analysis/stats/readers.h"

#include <math.h>

#include "analysis/stats/reading.h"
#include "base/strbuf.h"

enum {
    COLUMNS = 6,
    DEPTH_MAX = 32,
};

typedef struct Row {
    size_t depth;
    Str name;
    Str columns[COLUMNS]; /* fastest first */
} Row;

/* The five bars from the right; those on the left are of the tree. */
static bool cut_columns(Str line, Row *row)
{
    for (size_t i = COLUMNS - 1; i > 0; i--) {
        size_t at = SIZE_MAX, next = 0;
        while ((next = str_find(line, S("│"), next)) != SIZE_MAX)
            at = next++;
        if (at == SIZE_MAX)
            return false;
        row->columns[i] = str_trim(str_from(line, at + S("│").len));
        line = str_head(line, at);
    }
    row->columns[0] = line;
    return true;
}

/* "│  ├─ 8            42.93 ns" */
static bool cut_name(Row *row)
{
    Str rest = row->columns[0], bar = S("│  "), blank = S("   "), before, unit, value;
    for (; str_starts(rest, bar) || str_starts(rest, blank); row->depth++)
        rest = str_from(rest, str_starts(rest, bar) ? bar.len : blank.len);
    if (!str_starts(rest, S("├─ ")) && !str_starts(rest, S("╰─ ")))
        return false;
    row->name = str_trim(str_from(rest, S("├─ ").len));
    if (!row->columns[2].len || !str_cut_last(row->name, ' ', &before, &unit) ||
        !str_cut_last(before, ' ', &row->name, &value))
        return row->name.len && row->depth < DEPTH_MAX;
    row->name = str_trim(row->name);
    return row->name.len && row->depth < DEPTH_MAX;
}

static double seconds_of(Str text)
{
    double value;
    Unit unit;
    return units_parse(text, &value, &unit) && unit == UNIT_SECONDS ? value : (double)NAN;
}

static Str path_of(Arena *arena, const Str *names, size_t depth)
{
    StrBuf out = strbuf_new(arena);
    for (size_t i = 0; i <= depth; i++)
        if (names[i].len)
            strbuf_fmt(&out, "%s" STR_FMT, out.len ? "::" : "", STR_ARG(names[i]));
    return strbuf_str(&out);
}

static bool is_head(Str line)
{
    return str_has(line, S("fastest")) && str_has(line, S("│ slowest")) &&
           str_has(line, S("│ median"));
}

bool divan_is(Str bytes)
{
    for (Str line; str_next_line(&bytes, &line);)
        if (is_head(line))
            return true;
    return false;
}

bool read_divan(Arena *arena, Str bytes, Samples *out, Err *err)
{
    Samples samples = {.harness = S("divan")};
    Str names[DEPTH_MAX] = {0}, group = {0};
    static const Numbers NONE = {0};
    for (Str line; str_next_line(&bytes, &line);) {
        Row row = {0};
        Str after;
        if (is_head(line)) {
            (void)str_cut(str_trim(line), ' ', &group, &after);
            continue;
        }
        if (!group.len || !cut_columns(line, &row) || !cut_name(&row))
            continue;
        names[row.depth] = row.name;
        for (size_t i = row.depth + 1; i < DEPTH_MAX; i++)
            names[i] = (Str){0};
        BenchmarkSamples benchmark = {.name = path_of(arena, names, row.depth), .group = group};
        SampleSeries series = {.name = S("time"),
                               .unit = UNIT_SECONDS,
                               .median = seconds_of(row.columns[2]),
                               .mean = seconds_of(row.columns[3])};
        if (reading_series(arena, &samples, &benchmark, series, &NONE, "times"))
            (void)reading_add(arena, &samples, &benchmark);
    }
    return reading_done(&samples, out, err);
}
