#include "analysis/stats/random.h"

/* Steele, Lea, Flood: "Fast splittable pseudorandom number generators", 2014. */
uint64_t random_at(uint64_t seed, uint64_t index)
{
    uint64_t z = seed + (index + 1) * 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

bool random_coin(uint64_t seed, uint64_t index)
{
    return random_at(seed, index) >> 63;
}

uint64_t random_below(uint64_t seed, uint64_t index, uint64_t below)
{
    __extension__ typedef unsigned __int128 Wide;
    /* The high half of a product; its bias is below/2^64. */
    return (uint64_t)(((Wide)random_at(seed, index) * below) >> 64);
}
