/*
 * Wilcoxon: the Hodges-Lehmann estimate and its exact signed-rank interval, and the sign test's
 * interval of a median.
 *
 * For n differences d, the Walsh averages are (d_i + d_j) / 2 for i <= j. Their median is the
 * estimate. The interval runs from the c-th smallest to the c-th largest (counted from 0), where c
 * is the largest number with P(T+ <= c) <= alpha/2 and T+ is the sum of a random subset of the
 * ranks 1..n. Both ends are order statistics, so ties and zeros need nothing special.
 *
 * Exact for n up to 160; above that the normal approximation, rounded to the safe side, and for
 * the looks that verdict.h takes the exact constants.
 */
#ifndef ANALYSIS_STATS_WILCOXON_H
#define ANALYSIS_STATS_WILCOXON_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"

typedef struct Interval {
    double estimate;
    double low; /* -infinity and infinity where n is too small for alpha */
    double high;
} Interval;

/* P(T+ <= t) when nothing differs. */
double wilcoxon_cdf(Arena *arena, size_t n, int64_t t);
/* The c of above; -1 when even c = 0 is too likely. */
int64_t wilcoxon_critical(Arena *arena, size_t n, double alpha);
/* n > 0. */
Interval wilcoxon_interval(Arena *arena, const double *d, size_t n, double alpha);
/* Two-sided p: exact over midranks, zeros dropped; normal approximation for more than 160. */
double wilcoxon_p(Arena *arena, const double *d, size_t n);

/* The same for the number of heads among n coins, and the interval of a median from it. */
int64_t sign_critical(size_t n, double alpha);
Interval median_interval(Arena *arena, const double *values, size_t n, double alpha);

#endif
