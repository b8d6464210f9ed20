/*
 * Tally: what several runs of the same benchmarks come to, one by one.
 *
 *     Tally tally = {0};
 *     tally_add(arena, &tally, &samples);                  once per report
 *     array_each (TallyRow, row, &tally.rows)
 *         show(row->name, tally_p50(row), row->samples);
 */
#ifndef ANALYSIS_STATS_TALLY_H
#define ANALYSIS_STATS_TALLY_H

#include "analysis/stats/samples.h"
#include "base/map.h"

typedef struct TallyRow {
    Str name; /* as the report has it */
    Unit unit;
    Array(double) p50s; /* one per run */
    uint64_t samples;   /* in all of them; 0: not told */
    int64_t time_s;     /* BenchmarkSamples.time_s, of the last run */
} TallyRow;

typedef struct Tally {
    Str harness; /* empty while nothing was added */
    Array(TallyRow) rows;
    Map *by_name;     /* name → index + 1 */
    Array(Str) notes; /* of the reports: each once, a few at most */
} Tally;

/* Copies what it keeps. Benchmarks without a number are left out. */
void tally_add(Arena *arena, Tally *tally, const Samples *samples);
/* The median over the runs, in the row's base unit. */
double tally_p50(const TallyRow *row);

#endif
