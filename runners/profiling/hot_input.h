/*
 * HotInput: a profile to look at, wherever it comes from: a file of any format, the ledger, or
 * several of either that are merged into one.
 *
 *     CLEANUP(hot_input_close) HotInput input = {0};
 *     HotChoice choice = {.file = S("run.json")};
 *     if (!hot_input_open(arena, &places, &choice, &input, err))
 *         return false;
 *     HotSpots spots = hotspots_of(arena, &input.profile, (HotOptions){.map = input.map});
 *
 * Profiles are merged when they count the same: each has the same metrics. Those of the ledger
 * must have seen the same text of each file, or their lines would be mixed up.
 */
#ifndef RUNNERS_PROFILING_HOT_INPUT_H
#define RUNNERS_PROFILING_HOT_INPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "analysis/profile/profile.h"
#include "analysis/symbols/pathmap.h"
#include "base/arena.h"
#include "base/attr.h"
#include "base/err.h"
#include "base/str.h"
#include "runners/ledger/ledger.h"
#include "runners/places.h"
#include "runners/profiling/convert.h"

enum {
    HOT_INPUTS_MAX = 64,
};

typedef struct HotChoice {
    Str file;        /* a profile file; empty: of the ledger */
    int64_t profile; /* number in the ledger; 0: the newest */
    Str workload;    /* of this one; empty: of any */
    Str program;     /* see ConvertOptions */
} HotChoice;

typedef struct HotInput {
    Profile profile; /* lives until hot_input_close, or as long as the arena when merged */
    PathMap *map;
    Str name;          /* "profile 3" or the file's: for messages */
    Str id;            /* content id of the profile file; of a merged one: of the first */
    size_t merged;     /* how many it was made of; 0 or 1: one */
    bool of_ledger;    /* `row` is its row; of a merged one: the first's */
    LedgerProfile row; /* of files: zero */
    OpenProfile *open;
    size_t open_len;
} HotInput;

bool hot_input_open(Arena *arena, const Places *places, const HotChoice *choice, HotInput *out,
                    Err *err) MUST_CHECK;
/* All of them as one; one alone as it is. */
bool hot_inputs_open(Arena *arena, const Places *places, const HotChoice *choices, size_t len,
                     HotInput *out, Err *err) MUST_CHECK;
void hot_input_close(HotInput *input);

/* The metric of this name; empty: the one of its row, else its first. */
bool hot_input_metric(Arena *arena, const HotInput *input, Str name, size_t *metric,
                      Err *err) MUST_CHECK;

#endif
