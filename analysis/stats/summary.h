/* Summary: what a row of numbers comes down to. NaN of an empty row. */
#ifndef ANALYSIS_STATS_SUMMARY_H
#define ANALYSIS_STATS_SUMMARY_H

#include <stddef.h>

double summary_median(const double *values, size_t n);
/* Between the order statistics, linearly (Hyndman and Fan's type 7, as numpy does); q in [0, 1]. */
double summary_quantile(const double *values, size_t n, double q);
double summary_mean(const double *values, size_t n);
/* Of positive values. */
double summary_geometric_mean(const double *values, size_t n);
/* 1.4826 times the median distance from the median: the standard deviation, were it normal. */
double summary_mad_sd(const double *values, size_t n);

#endif
