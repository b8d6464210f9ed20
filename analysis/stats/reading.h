/* Reading: what the readers of benchmark reports share. Inside this folder only. */
#ifndef ANALYSIS_STATS_READING_H
#define ANALYSIS_STATS_READING_H

#include "analysis/stats/samples.h"
#include "base/json_in.h"

/* As json_parse; NaN and Infinity, which Python and C++ write and JSON does not have, read as null. */
bool reading_parse(Arena *arena, Str bytes, JsonIn *root, Err *err) MUST_CHECK;

/* Numbers of an array times `scale`; what is no number reads as NaN. */
typedef Array(double) Numbers;
Numbers reading_numbers(Arena *arena, JsonIn list, double scale);

/*
 * A series of these values, in which only positive times and finite counts stay; `what` they are of
 * ("rounds") stands in the note. False when nothing is left.
 */
bool reading_series(Arena *arena, Samples *samples, BenchmarkSamples *benchmark,
                    SampleSeries series, const Numbers *values, const char *what);
/* Adds the benchmark, or the note that it has no numbers. */
bool reading_add(Arena *arena, Samples *samples, const BenchmarkSamples *benchmark);
/* Takes `samples` when it holds a benchmark; else says that it holds none, and the first note. */
bool reading_done(const Samples *samples, Samples *out, Err *err) MUST_CHECK;

#endif
