/*
 * Rank: how sure a share is, and what is worth showing.
 *
 * A sampling profiler that saw a line in k of n samples knows its share only to within the
 * sampling error. The interval is Wilson's score interval at 95 % (E. B. Wilson, "Probable
 * inference, the law of succession, and statistical inference", JASA 22, 1927), which stays sane
 * for few samples and shares near 0. A share is resolvable when half the width of its interval
 * is no more than half of the share: that takes about 16 samples. Tools that count everything
 * have no such error.
 *
 *     RankShare share = rank_share(&spots, spot.self, spot.self_samples);
 *     if (rank_is_resolvable(share))
 *         show(rank_share_text(arena, share));      "31 % ±3"
 */
#ifndef ANALYSIS_HOTSPOTS_RANK_H
#define ANALYSIS_HOTSPOTS_RANK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "analysis/hotspots/hotspot.h"
#include "base/arena.h"
#include "base/str.h"

typedef struct RankShare {
    double share; /* 0..1 of the profile's total */
    double low;   /* equal to share without a sampling error */
    double high;
} RankShare;

typedef enum RankSort {
    RANK_HERE, /* self and callee: where the user can act (hot_spot_rank) */
    RANK_SELF,
    RANK_TOTAL,
} RankSort;

/* Share of `cost`, which `samples` samples stand behind. */
RankShare rank_share(const HotSpots *spots, int64_t cost, uint64_t samples);
/* False too for a share of nothing. */
bool rank_is_resolvable(RankShare share);
/* The smallest share that n samples can resolve: "shares under 1.7 % are noise". */
double rank_floor(const HotSpots *spots);
/* "31 % ±3", "0.4 % ±0.1", "31 %" */
Str rank_share_text(Arena *arena, RankShare share);
/* A cost in the profile's unit: "8.1 ms", "1.2 MB", "812". */
Str rank_cost_text(Arena *arena, const HotSpots *spots, int64_t cost);

/* A sorted copy, cut to `top` (0: all). */
HotSpot *rank_spots(Arena *arena, const HotSpot *spots, size_t len, RankSort sort, size_t top,
                    size_t *kept);

#endif
