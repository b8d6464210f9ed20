#include "analysis/hotspots/rank.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/units.h"

static const double Z = 1.959963984540054; /* 95 % */

static RankShare wilson(double k, double n)
{
    double share = k / n, zz = Z * Z;
    double middle = (share + zz / (2 * n)) / (1 + zz / n);
    double half = Z / (1 + zz / n) * sqrt(share * (1 - share) / n + zz / (4 * n * n));
    return (RankShare){share, fmax(0, middle - half), fmin(1, middle + half)};
}

RankShare rank_share(const HotSpots *spots, int64_t cost, uint64_t samples)
{
    if (spots->total <= 0 || cost <= 0)
        return (RankShare){0};
    double share = fmin(1, (double)cost / (double)spots->total);
    if (!spots->sampled || spots->samples == 0)
        return (RankShare){share, share, share};
    /* Samples may weigh differently; the interval of their number is put around the cost. */
    double n = (double)spots->samples;
    RankShare of_count = wilson(fmin((double)samples, n), n);
    return (RankShare){share, fmax(0, share - (of_count.share - of_count.low)),
                       fmin(1, share + (of_count.high - of_count.share))};
}

bool rank_is_resolvable(RankShare share)
{
    return share.share > 0 && (share.high - share.low) / 2 <= share.share / 2;
}

double rank_floor(const HotSpots *spots)
{
    if (!spots->sampled || spots->samples == 0)
        return 0;
    double n = (double)spots->samples;
    for (double k = 1; k < n && k < 1000; k++)
        if (rank_is_resolvable(wilson(k, n)))
            return k / n;
    return 1;
}

Str rank_share_text(Arena *arena, RankShare share)
{
    double percent = share.share * 100, error = (share.high - share.low) * 50;
    int digits = percent < 9.95 ? 1 : 0;
    if (error <= 0)
        return str_fmt(arena, "%.*f %%", digits, percent);
    if (error < 0.05)
        return str_fmt(arena, "%.*f %%", digits, percent);
    if (error < 0.95)
        return str_fmt(arena, "%.1f %% ±%.1f", percent, error);
    return str_fmt(arena, "%.0f %% ±%.0f", percent, error);
}

Str rank_cost_text(Arena *arena, const HotSpots *spots, int64_t cost)
{
    if (str_eq(spots->unit, S("ns")))
        return units_text(arena, (double)cost / 1e9, UNIT_SECONDS);
    if (str_eq(spots->unit, S("bytes")))
        return units_text(arena, (double)cost, UNIT_BYTES);
    return units_text(arena, (double)cost, UNIT_COUNT);
}

static int64_t key_of(const HotSpot *spot, RankSort sort)
{
    return sort == RANK_HERE ? hot_spot_rank(spot) : sort == RANK_SELF ? spot->self : spot->total;
}

static int order(const HotSpot *a, const HotSpot *b, RankSort sort)
{
    RankSort then = sort == RANK_TOTAL ? RANK_SELF : RANK_TOTAL;
    if (key_of(a, sort) != key_of(b, sort))
        return key_of(a, sort) < key_of(b, sort) ? 1 : -1;
    if (sort == RANK_HERE && a->own != b->own)
        return a->own ? -1 : 1;
    if (sort == RANK_HERE && a->self != b->self)
        return a->self < b->self ? 1 : -1;
    if (key_of(a, then) != key_of(b, then))
        return key_of(a, then) < key_of(b, then) ? 1 : -1;
    int files = str_cmp(a->file, b->file);
    if (files)
        return files;
    if (a->line != b->line)
        return a->line < b->line ? -1 : 1;
    return str_cmp(a->function, b->function);
}

static int by_here(const void *a, const void *b)
{
    return order(a, b, RANK_HERE);
}

static int by_self(const void *a, const void *b)
{
    return order(a, b, RANK_SELF);
}

static int by_total(const void *a, const void *b)
{
    return order(a, b, RANK_TOTAL);
}

HotSpot *rank_spots(Arena *arena, const HotSpot *spots, size_t len, RankSort sort, size_t top,
                    size_t *kept)
{
    HotSpot *sorted = NEW_ARRAY(arena, HotSpot, len + 1);
    if (len)
        memcpy(sorted, spots, len * sizeof(*spots));
    qsort(sorted, len, sizeof(*sorted),
          sort == RANK_HERE   ? by_here
          : sort == RANK_SELF ? by_self
                              : by_total);
    *kept = top && top < len ? top : len;
    return sorted;
}
