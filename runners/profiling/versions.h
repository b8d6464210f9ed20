/*
 * Versions: which version of the workload a profile is of, and what is known about two of them:
 * the profile of the baseline, what the benchmark measured between, and the texts of both. What
 * `perfloop hot --against` and the editor compare by (analysis/hotspots/compare.h).
 *
 *     const LedgerProfile *then = versions_baseline(&profiles, now, &baseline, &iterations);
 *     CompareOptions options = {0};
 *     versions_files(arena, &places, then, now, &options);
 *     versions_measured(&spots, &baseline, &iterations, then, now, &options);
 *     comparison = compare_spots(arena, &then_spots, &now_spots, &options);
 *
 * A profile that `perfloop profile` made knows the tree it ran on (LedgerProfile.snapshot), as do
 * the baseline and each iteration. An imported one does not; it is taken for the baseline's when
 * it came after the baseline and before anything was measured against it.
 */
#ifndef RUNNERS_PROFILING_VERSIONS_H
#define RUNNERS_PROFILING_VERSIONS_H

#include "analysis/hotspots/compare.h"
#include "base/arena.h"
#include "base/str.h"
#include "runners/ledger/ledger.h"
#include "runners/places.h"

/* A text with its outline, parsed by what the path says. */
AnchorSide version_side(Arena *arena, Str path, Str bytes);

/* Of the same workload, tool and metric as `now`; NULL: none. `profiles` newest first. */
const LedgerProfile *versions_baseline(const LedgerProfiles *profiles, const LedgerProfile *now,
                                       const LedgerBaseline *baseline,
                                       const LedgerIterations *iterations);
/* The one before `now`, likewise. */
const LedgerProfile *versions_previous(const LedgerProfiles *profiles, const LedgerProfile *now);

/* The files both profiles name whose texts were kept. */
void versions_files(Arena *arena, const Places *places, const LedgerProfile *then,
                    const LedgerProfile *now, CompareOptions *options);

/*
 * Did both see the kernels that they have in common as often? A kernel's time is taken by the
 * device's clock, so that it can be compared as it is: no benchmark is needed in between.
 */
bool versions_same_launches(Arena *arena, const Profile *then, const Profile *now);

/*
 * Chooses what is compared: by the benchmark where the trees of both profiles are joined by
 * iterations that were measured in pairs, in time; else counted costs as they are, and shares.
 * `then` and `now` may be NULL: files.
 */
void versions_measured(const HotSpots *spots, const LedgerBaseline *baseline,
                       const LedgerIterations *iterations, const LedgerProfile *then,
                       const LedgerProfile *now, CompareOptions *options);

#endif
