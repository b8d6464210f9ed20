/*
 * Random: a small generator with a seed (splitmix64), the same numbers on every machine.
 *
 * random_at gives the i-th number of a seed directly, so a sequence can be continued later by
 * keeping the seed and a count: "measure longer" flips exactly the coins that would have come.
 */
#ifndef ANALYSIS_STATS_RANDOM_H
#define ANALYSIS_STATS_RANDOM_H

#include <stdbool.h>
#include <stdint.h>

uint64_t random_at(uint64_t seed, uint64_t index);
/* A fair coin. */
bool random_coin(uint64_t seed, uint64_t index);
/* Evenly in [0, below), below > 0. */
uint64_t random_below(uint64_t seed, uint64_t index, uint64_t below);

#endif
