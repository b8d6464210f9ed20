#include "analysis/stats/wilcoxon.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    EXACT_UP_TO = 160
};

/* A limit is compared with sums of many small terms. */
static const double SLACK = 1 + 1e-12;

static size_t rank_sum(size_t n)
{
    return n * (n + 1) / 2;
}

/*
 * P(T+ = t) for t = 0 .. n(n+1)/2. Rank r is in the subset or not, each with one half:
 * p(t) becomes (p(t) + p(t - r)) / 2, from the largest t down so that each r counts once.
 */
static double *rank_sum_distribution(Arena *arena, size_t n)
{
    double *p = NEW_ARRAY(arena, double, rank_sum(n) + 1);
    p[0] = 1;
    for (size_t r = 1, top = 0; r <= n; r++) {
        top += r;
        for (size_t t = top + 1; t-- > r;)
            p[t] = (p[t] + p[t - r]) * 0.5;
        for (size_t t = r; t-- > 0;)
            p[t] *= 0.5;
    }
    return p;
}

double wilcoxon_cdf(Arena *arena, size_t n, int64_t t)
{
    ArenaMark mark = arena_mark(arena);
    const double *p = rank_sum_distribution(arena, n);
    double sum = 0;
    for (int64_t i = 0; i <= t && i <= (int64_t)rank_sum(n); i++)
        sum += p[i];
    arena_rollback(arena, mark);
    return sum;
}

/* The z with P(Z > z) = tail, by bisection; tail in (0, 0.5]. */
static double normal_quantile(double tail)
{
    double low = 0;
    double high = 40;
    for (int i = 0; i < 200; i++) {
        double middle = (low + high) / 2;
        if (erfc(middle / sqrt(2)) / 2 > tail)
            low = middle;
        else
            high = middle;
    }
    return high;
}

/* Exact values at the looks beyond EXACT_UP_TO, for alpha undivided (docs: verdict.h). */
static const struct {
    size_t n;
    double alpha;
    int64_t c;
} KNOWN[] = {
    {320, 0.00073, 20106},
    {640, 0.00073, 86783},
    {1280, 0.00073, 365280},
};

int64_t wilcoxon_critical(Arena *arena, size_t n, double alpha)
{
    for (size_t i = 0; i < sizeof(KNOWN) / sizeof(KNOWN[0]); i++)
        if (KNOWN[i].n == n && KNOWN[i].alpha == alpha)
            return KNOWN[i].c;
    if (n > EXACT_UP_TO) {
        double m = (double)n;
        double mean = m * (m + 1) / 4;
        double sd = sqrt(m * (m + 1) * (2 * m + 1) / 24);
        double c = floor(mean - normal_quantile(alpha / 2) * sd - 0.5);
        return c < 0 ? -1 : (int64_t)c;
    }
    ArenaMark mark = arena_mark(arena);
    const double *p = rank_sum_distribution(arena, n);
    double sum = 0;
    int64_t c = -1;
    for (size_t t = 0; t <= rank_sum(n); t++) {
        sum += p[t];
        if (sum > alpha / 2 * SLACK)
            break;
        c = (int64_t)t;
    }
    arena_rollback(arena, mark);
    return c;
}

static int by_value(const void *left, const void *right)
{
    const double *a = left;
    const double *b = right;
    return (*a > *b) - (*a < *b);
}

static Interval between(const double *sorted, size_t count, int64_t c)
{
    double estimate = (sorted[(count - 1) / 2] + sorted[count / 2]) / 2;
    if (c < 0)
        return (Interval){estimate, -INFINITY, INFINITY};
    return (Interval){estimate, sorted[c], sorted[count - 1 - (size_t)c]};
}

Interval wilcoxon_interval(Arena *arena, const double *d, size_t n, double alpha)
{
    ArenaMark mark = arena_mark(arena);
    double *walsh = NEW_ARRAY(arena, double, rank_sum(n));
    size_t count = 0;
    for (size_t i = 0; i < n; i++)
        for (size_t j = i; j < n; j++)
            walsh[count++] = (d[i] + d[j]) * 0.5;
    qsort(walsh, count, sizeof(*walsh), by_value);
    Interval interval = between(walsh, count, wilcoxon_critical(arena, n, alpha));
    arena_rollback(arena, mark);
    return interval;
}

static int by_size(const void *left, const void *right)
{
    double a = fabs(*(const double *)left);
    double b = fabs(*(const double *)right);
    return (a > b) - (a < b);
}

/*
 * Ranks by |d|, equal ones share their mean rank; doubled, all are whole numbers. Then P of every
 * sum of a random subset, as above, and twice the smaller tail.
 */
double wilcoxon_p(Arena *arena, const double *d, size_t n)
{
    ArenaMark mark = arena_mark(arena);
    double *x = NEW_ARRAY(arena, double, n + 1);
    size_t *rank = NEW_ARRAY(arena, size_t, n + 1);
    size_t count = 0;
    size_t total = 0;
    size_t positive = 0;
    for (size_t i = 0; i < n; i++)
        if (d[i] != 0)
            x[count++] = d[i];
    qsort(x, count, sizeof(*x), by_size);
    for (size_t i = 0, j; i < count; i = j) {
        for (j = i + 1; j < count && fabs(x[j]) == fabs(x[i]);)
            j++;
        for (size_t k = i; k < j; k++) {
            rank[k] = i + j + 1;
            total += rank[k];
            positive += x[k] > 0 ? rank[k] : 0;
        }
    }
    size_t smaller = positive < total - positive ? positive : total - positive;
    double p = 1;
    if (count > EXACT_UP_TO) {
        double squares = 0;
        for (size_t k = 0; k < count; k++)
            squares += (double)rank[k] * (double)rank[k];
        p = erfc(((double)total / 2 - (double)smaller) / sqrt(squares / 4) / sqrt(2));
    } else if (count > 0) {
        double *chance = NEW_ARRAY(arena, double, total + 1);
        chance[0] = 1;
        for (size_t k = 0; k < count; k++) {
            for (size_t t = total + 1; t-- > rank[k];)
                chance[t] = (chance[t] + chance[t - rank[k]]) * 0.5;
            for (size_t t = rank[k]; t-- > 0;)
                chance[t] *= 0.5;
        }
        p = 0;
        for (size_t t = 0; t <= smaller; t++)
            p += 2 * chance[t];
    }
    arena_rollback(arena, mark);
    return p < 1 ? p : 1;
}

int64_t sign_critical(size_t n, double alpha)
{
    double sum = 0;
    double log_chance = -(double)n * log(2); /* of so many heads */
    int64_t c = -1;
    for (size_t heads = 0; heads <= n; heads++) {
        if (heads)
            log_chance += log((double)(n - heads + 1) / (double)heads);
        sum += exp(log_chance);
        if (sum > alpha / 2 * (1 + 1e-9))
            break;
        c = (int64_t)heads;
    }
    return c;
}

Interval median_interval(Arena *arena, const double *values, size_t n, double alpha)
{
    ArenaMark mark = arena_mark(arena);
    double *sorted = NEW_ARRAY(arena, double, n);
    memcpy(sorted, values, n * sizeof(*sorted));
    qsort(sorted, n, sizeof(*sorted), by_value);
    Interval interval = between(sorted, n, sign_critical(n, alpha));
    arena_rollback(arena, mark);
    return interval;
}
