/*
 * HotSpots: a profile rolled up to lines, functions and the calls between them.
 *
 *     HotSpots spots = hotspots_of(arena, &profile, (HotOptions){.metric = 0, .map = map});
 *     for (size_t i = 0; i < spots.lines_len; i++)
 *         spots.lines[i].file, .line, .self, .total ...
 *
 * self is the cost while this line (function) was the one that ran; total the cost while it was
 * anywhere on the stack, counted once however often recursion put it there. Both add up exactly:
 * the self cost of all functions is the profile's total, and the self cost of all lines plus
 * `unmapped` is, too. A line belongs to a file; cost in built-in, frozen or native code without
 * source is in `unmapped` and shows up under its functions and in the total of its callers.
 *
 * Results point into the arena and, for texts, into the profile.
 */
#ifndef ANALYSIS_HOTSPOTS_HOTSPOT_H
#define ANALYSIS_HOTSPOTS_HOTSPOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "analysis/profile/profile.h"
#include "analysis/symbols/pathmap.h"
#include "base/arena.h"
#include "base/str.h"

typedef struct HotOptions {
    size_t metric;
    PathMap *map; /* NULL: files stay as recorded, none is `mapped` */
    Str kernel;   /* only what ran in this GPU kernel: frames of that module; empty: everything */
} HotOptions;

typedef struct HotSpot {
    Str file;      /* relative to the workspace when mapped, else as recorded; may be empty */
    uint32_t line; /* functions: of the definition if known, else the first line seen; or 0 */
    bool is_function;
    bool is_definition; /* functions: `line` is the definition's */
    bool mapped;        /* file is one of the workspace */
    FrameKind kind;
    Str function;
    uint32_t owner; /* lines: index of the function in .functions; functions: their own index */
    int64_t self;
    int64_t total;
    uint64_t self_samples; /* of the tool; calls, for a profiler that counts calls */
    uint64_t samples;      /* the same behind `total` */
} HotSpot;

typedef struct HotEdge {
    uint32_t caller;  /* index in .functions */
    uint32_t callee;  /* index in .functions */
    int64_t cost;     /* of the callee while called from the caller, recursion once */
    uint64_t samples; /* or calls */
} HotEdge;

typedef struct HotSpots {
    Str metric;
    Str unit;
    bool sampled;     /* the numbers carry a sampling error: see rank.h */
    int64_t total;    /* of the whole profile */
    uint64_t samples; /* of the whole profile */
    int64_t unmapped;
    HotSpot *lines; /* highest self first, then total */
    size_t lines_len;
    HotSpot *functions;
    size_t functions_len;
    HotEdge *edges; /* highest cost first */
    size_t edges_len;
} HotSpots;

typedef struct HotStack {
    Str text; /* "main (a.py:3) → run (a.py:9)", outermost first */
    int64_t cost;
    uint64_t samples;
} HotStack;

typedef struct HotStacks {
    HotStack *items; /* highest cost first */
    size_t len;
} HotStacks;

HotSpots hotspots_of(Arena *arena, const Profile *profile, HotOptions options);
/* The `top` most expensive stacks that end in, or pass through, this line or function. */
HotStacks hot_stacks(Arena *arena, const Profile *profile, HotOptions options, const HotSpot *spot,
                     size_t top);
/* `dump hotspots` and the golden files. */
Str hotspots_print(Arena *arena, const HotSpots *spots);

#endif
