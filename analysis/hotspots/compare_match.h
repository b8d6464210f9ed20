/*
 * Compare match: which row of one profile is which row of another, over two versions of the source.
 * The first half of compare.h; the rows have places and costs, and nothing is said about them yet.
 */
#ifndef ANALYSIS_HOTSPOTS_COMPARE_MATCH_H
#define ANALYSIS_HOTSPOTS_COMPARE_MATCH_H

#include "analysis/hotspots/compare.h"

/* Fills the rows of `out`, whose `then` and `now` are set. */
void compare_match(Arena *arena, const CompareOptions *options, Comparison *out);

#endif
