#include "analysis/stats/summary.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/attr.h"

static int by_value(const void *left, const void *right)
{
    const double *a = left;
    const double *b = right;
    return (*a > *b) - (*a < *b);
}

double summary_quantile(const double *values, size_t n, double q)
{
    if (n == 0)
        return NAN;
    CLEANUP(arena_cleanup) Arena *scratch = arena_new("quantile");
    double *sorted = NEW_ARRAY(scratch, double, n);
    memcpy(sorted, values, n * sizeof(*sorted));
    qsort(sorted, n, sizeof(*sorted), by_value);
    double at = (double)(n - 1) * q;
    size_t below = (size_t)at;
    size_t above = below + 1 < n ? below + 1 : below;
    return sorted[below] + (at - (double)below) * (sorted[above] - sorted[below]);
}

double summary_median(const double *values, size_t n)
{
    return summary_quantile(values, n, 0.5);
}

double summary_mean(const double *values, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += values[i];
    return n ? sum / (double)n : NAN;
}

double summary_geometric_mean(const double *values, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += log(values[i]);
    return n ? exp(sum / (double)n) : NAN;
}

double summary_mad_sd(const double *values, size_t n)
{
    CLEANUP(arena_cleanup) Arena *scratch = arena_new("mad");
    double *distance = NEW_ARRAY(scratch, double, n + 1);
    double median = summary_median(values, n);
    for (size_t i = 0; i < n; i++)
        distance[i] = fabs(values[i] - median);
    return 1.4826 * summary_median(distance, n);
}
