/*
 * Words: how shares, deltas and states read, in one place, so that every surface says the same.
 */
#ifndef ANALYSIS_HINTS_WORDS_H
#define ANALYSIS_HINTS_WORDS_H

#include "analysis/hints/heat.h"
#include "analysis/hints/loop_facts.h"
#include "base/str.h"

/* "31 %", "8.4 %", "0.6 %"; never more digits than a profile can know. */
Str words_share(Arena *arena, double share);
/* "31 % ±3", "26.1 % ±0.4"; as words_share where the error is too small to be written, or none. */
Str words_share_error(Arena *arena, double share, double error);
/* "-14 pt": the difference of two shares. */
Str words_share_change(Arena *arena, double before, double now);
/*
 * "fell from 70 % at the baseline, -45 pt, 7.7 ms → 0.6 ms a run", "at the baseline 24 %, within the
 * error", "new since the baseline"; empty when there is nothing to compare with.
 */
Str words_since(Arena *arena, const HotSince *since, double share);
/* "812 ms" for a value of this metric. */
Str words_cost(Arena *arena, const HeatMetric *metric, double value);
/* "json.loads (stdlib json), re.sub": what most of the cost in callees is, two at most. */
Str words_callees(Arena *arena, const HeatCallee *callees, size_t n);
/* Is there a cost on the line itself, or in what it calls, that is worth a word? */
bool words_has_self(const HeatMetric *metric, const HeatValue *value);
bool words_has_callee(const HeatMetric *metric, const HeatValue *value);
/* "cpu time", "bytes at peak": the name of a metric where a sentence needs it. */
Str words_metric(Arena *arena, const HeatMetric *metric);
/* The same of a metric that programs name with an underscore; others as they are called. */
Str words_metric_of(Arena *arena, const HotSpots *spots);
/* "p50 8.1 ms, -32 % vs baseline", "p50 12 ms at the baseline", "no baseline yet"; empty when NULL. */
Str words_benchmark(Arena *arena, const WorkloadFacts *workload);
/* "Uncoalesced Global Accesses, estimated speedup 39 %: …", in `limit` bytes or little more. */
Str words_note(Arena *arena, const HotNote *note, size_t limit);
/* "at most -12 %": what the benchmark could gain if this share cost nothing. */
Str words_ceiling(Arena *arena, double share);
/* "█▅▃▂" over the values, scaled from zero; at most the last 20. A blank for what is no number. */
Str words_sparkline(Arena *arena, const double *values, size_t n);
/* Number of code points of a text, for labels with a limit. */
size_t words_width(Str text);

#endif
