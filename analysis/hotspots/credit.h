/*
 * Credit: which line of the user has the cost of code that is not the user's (hotspot.h). Only
 * hotspot.c includes it.
 */
#ifndef ANALYSIS_HOTSPOTS_CREDIT_H
#define ANALYSIS_HOTSPOTS_CREDIT_H

#include "analysis/hotspots/hotspot.h"
#include "analysis/hotspots/places.h"

typedef struct CreditInput {
    const Profile *profile;
    const Places *places;
    size_t metric;
    const int64_t *self; /* by stack; graph profiles: NULL */
    const uint64_t *self_samples;
    const int64_t *frame_self; /* by frame */
    HotSpot *lines;     /* by line id - 1: callee, callees_first, callees_len are filled in */
    HotSpot *functions; /* by function id: the same; self and total are there already */
} CreditInput;

/* The callees of all spots, function numbers as places have them. */
HotCallee *credit_give(Arena *arena, const CreditInput *input, size_t *len);

#endif
