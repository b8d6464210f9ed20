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
 * A cost in a library, in the interpreter or in the kernel is one that the user can only act on
 * where it is called from. The nearest line above it that is the user's own, in the inline chain or
 * in the stack, whatever language it is written in, has the cost as `callee`, beside its self cost
 * and in its total; so has its function. Each sample is credited at most once: the self cost of
 * what is the user's own, plus all `callee`, plus what has nothing of the user's above it, is the
 * profile's total. Of a graph profile the part of a called function that runs in libraries is
 * worked out from its own calls, in proportion.
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
    bool own;              /* the user's: of the workspace and of no library (places.h) */
    Str library;           /* "std", "crate serde_json 1.0.1": whose it is otherwise; or empty */
    Str below;             /* lines of a library: the path inside it */
    Str source;            /* lines of a library: its file on this machine; empty: not known */
    int64_t callee;        /* own spots: cost in what is not the user's, called from here */
    uint64_t callee_samples;
    int64_t credited;       /* other spots: the part of self that an own line has as callee */
    uint32_t callees_first; /* in .callees, the most expensive first */
    uint32_t callees_len;
} HotSpot;

/* What a line (function) of the user calls, and what that costs. */
typedef struct HotCallee {
    uint32_t function; /* the call itself: index in .functions */
    Str file;          /* the hottest line inside it, as HotSpot has it; empty: no source known */
    Str below;         /* the path inside the library, when it is one's */
    Str source;        /* and where that is on this machine, absolute */
    uint32_t line;
    int64_t cost;
    uint64_t samples;
} HotCallee;

typedef struct HotEdge {
    uint32_t caller;  /* index in .functions */
    uint32_t callee;  /* index in .functions */
    int64_t cost;     /* of the callee while called from the caller, recursion once */
    uint64_t samples; /* or calls */
    uint32_t line;    /* in the caller, as recorded: where more than half of the cost is; or 0 */
    int64_t votes;    /* for that line */
} HotEdge;

typedef struct HotSpots {
    Str metric;
    Str unit;
    bool sampled;     /* the numbers carry a sampling error: see rank.h */
    int64_t total;    /* of the whole profile */
    uint64_t samples; /* of the whole profile */
    int64_t unmapped;
    HotSpot *lines; /* hottest first: hot_spot_rank, then the user's own, then self, then total */
    size_t lines_len;
    HotSpot *functions;
    size_t functions_len;
    HotEdge *edges; /* highest cost first */
    size_t edges_len;
    HotCallee *callees; /* at most HOT_CALLEES_MAX for each line and function */
    size_t callees_len;
} HotSpots;

/* Do lines tell where the cost is? Not when most of it has none, neither its own nor a caller's. */
bool hotspots_know_lines(const HotSpots *spots);

enum {
    HOT_CALLEES_MAX = 5,
};

typedef struct HotStack {
    Str text; /* "main (a.py:3) → run (a.py:9)", outermost first */
    int64_t cost;
    uint64_t samples;
} HotStack;

typedef struct HotStacks {
    HotStack *items; /* highest cost first */
    size_t len;
} HotStacks;

/* What the user can act on here: self and callee. */
int64_t hot_spot_cost(const HotSpot *spot);
/* The same without what an own line above it has as callee: no cost counts twice, own lines come first. */
int64_t hot_spot_rank(const HotSpot *spot);
uint64_t hot_spot_samples(const HotSpot *spot);
HotSpots hotspots_of(Arena *arena, const Profile *profile, HotOptions options);
/* The `top` most expensive stacks that end in, or pass through, this line or function. */
HotStacks hot_stacks(Arena *arena, const Profile *profile, HotOptions options, const HotSpot *spot,
                     size_t top);
/* `dump hotspots` and the golden files. */
Str hotspots_print(Arena *arena, const HotSpots *spots);

#endif
