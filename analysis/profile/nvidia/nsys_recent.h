/*
 * NsysRecent: the newest things by key, the oldest forgotten; memory does not grow with a file.
 *
 *     NsysRecent recent = nsys_recent_new(arena, 1 << 10);
 *     uint32_t slot = nsys_recent_add(&recent, key);       payload[slot] = ...
 *     if (nsys_recent_find(&recent, key, &slot)) ...       the newest of this key
 *
 * Slots are numbers below the capacity; what a slot stands for is the caller's.
 */
#ifndef ANALYSIS_PROFILE_NVIDIA_NSYS_RECENT_H
#define ANALYSIS_PROFILE_NVIDIA_NSYS_RECENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"

typedef struct NsysRecent {
    struct NsysRecentCell *cells; /* by slot */
    uint32_t *heads;              /* by hash: slot + 1 of the newest */
    uint32_t capacity;            /* a power of two */
    uint32_t next;                /* the slot that is given next: the oldest */
} NsysRecent;

/* `capacity` is a power of two. */
NsysRecent nsys_recent_new(Arena *arena, uint32_t capacity);
/* What the slot that comes next stands for is about to be forgotten. */
bool nsys_recent_will_forget(const NsysRecent *recent, uint32_t *slot);
uint32_t nsys_recent_add(NsysRecent *recent, uint64_t key);
bool nsys_recent_find(const NsysRecent *recent, uint64_t key, uint32_t *slot);
/* The slot is found no more; it is given again in its turn. */
void nsys_recent_forget(NsysRecent *recent, uint32_t slot);
bool nsys_recent_holds(const NsysRecent *recent, uint32_t slot);

#endif
