#include "analysis/stats/tally.h"

#include <math.h>

#include "analysis/stats/summary.h"

enum {
    NOTES_MAX = 5,
};

static TallyRow *row_of(Arena *arena, Tally *tally, const BenchmarkSamples *benchmark)
{
    if (!tally->by_name)
        tally->by_name = map_new(arena);
    uintptr_t known = (uintptr_t)map_get(tally->by_name, benchmark->name);
    if (known)
        return &tally->rows.items[known - 1];
    TallyRow *row = array_push(arena, &tally->rows);
    *row = (TallyRow){.name = str_copy(arena, benchmark->name),
                      .unit = benchmark->series.items[0].unit};
    map_put(tally->by_name, row->name, (void *)(uintptr_t)tally->rows.len);
    return row;
}

/* Where a report has only sums the mean may be all there is. */
static double number_of(const BenchmarkSamples *benchmark)
{
    double p50 = samples_metric(benchmark, SAMPLE_P50);
    return isfinite(p50) ? p50 : samples_metric(benchmark, SAMPLE_MEAN);
}

static void add_note(Arena *arena, Tally *tally, Str note)
{
    array_each (Str, known, &tally->notes)
        if (str_eq(*known, note))
            return;
    if (tally->notes.len < NOTES_MAX)
        *array_push(arena, &tally->notes) = str_copy(arena, note);
}

void tally_add(Arena *arena, Tally *tally, const Samples *samples)
{
    if (!tally->harness.len)
        tally->harness = str_copy(arena, samples->harness);
    array_each (const Str, note, &samples->notes)
        add_note(arena, tally, *note);
    array_each (const BenchmarkSamples, benchmark, &samples->benchmarks) {
        double value = benchmark->series.len ? number_of(benchmark) : (double)NAN;
        if (!isfinite(value))
            continue;
        TallyRow *row = row_of(arena, tally, benchmark);
        *array_push(arena, &row->p50s) = value;
        row->samples += benchmark->series.items[0].count;
        row->time_s = benchmark->time_s;
    }
}

double tally_p50(const TallyRow *row)
{
    return summary_median(row->p50s.items, row->p50s.len);
}
