/*
 * Hot: the hot lines or functions of a profile as a table, where they are now. What `perfloop hot`
 * prints, as text and as JSON (docs of the command line: a stable interface).
 *
 *     HotTable table = {0};
 *     if (!hot_load(arena, &places, &(HotRequest){.top = 20}, &table, err))
 *         return false;
 *     puts(hot_text(arena, &table))
 *
 * The profile is the newest of the ledger, one of it by number, or any profile file. For one of
 * the ledger each row of the workspace says how it holds on to the text that is on disk now
 * (anchor.h): exact, moved, changed, gone. Of everything else only the recorded line is known:
 * "recorded". Several profiles are merged (hot_input.h).
 */
#ifndef RUNNERS_PROFILING_HOT_H
#define RUNNERS_PROFILING_HOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "analysis/hints/hints_gpu.h"
#include "analysis/hotspots/hotspot.h"
#include "analysis/hotspots/rank.h"
#include "base/arena.h"
#include "base/err.h"
#include "base/json_out.h"
#include "base/str.h"
#include "runners/places.h"
#include "runners/profiling/gpu_beside.h"
#include "runners/profiling/hot_input.h"

typedef enum HotBy {
    HOT_BY_ANY, /* lines, unless most of the cost has none */
    HOT_BY_LINE,
    HOT_BY_FUNCTION,
} HotBy;

typedef struct HotRequest {
    Str file;        /* a profile file; empty: of the ledger */
    int64_t profile; /* number in the ledger; 0: the newest */
    Str workload;    /* of this one; empty: of any */
    HotBy by;
    Str metric; /* empty: the profile's first */
    RankSort sort;
    size_t top;  /* 0: all */
    Str kernel;  /* only this GPU kernel */
    bool noise;  /* as text: also what has too few samples to be ranked */
    Str program; /* see ConvertOptions */
    /* Several, merged; they stand in place of file, profile and workload. */
    const HotChoice *choices;
    size_t choices_len;
} HotRequest;

enum {
    HOT_STALLS_MAX = 5,
};

typedef struct HotRow {
    HotSpot spot;
    uint32_t line; /* now; 0 when gone */
    Str state;     /* exact, moved, changed, gone; recorded */
    /* Of ncu (hot_gpu.h): */
    GpuStall stalls[HOT_STALLS_MAX]; /* the reasons of most samples */
    size_t stalls_len;
    int64_t gpu_time_ns; /* 0: not known */
    Str hurts;           /* "barrier 74 %, wait 24 %"; empty: nothing known */
} HotRow;

typedef struct HotTable {
    Str tool;
    Str format;
    Str id;         /* content id of the profile file */
    int64_t number; /* in the ledger; 0: it is not of the ledger */
    size_t merged;  /* how many profiles it was made of; 0 or 1: one */
    Str *metrics;
    size_t metrics_len;
    Str *notes;
    size_t notes_len;
    HotSpots spots;
    bool by_function;
    HotRequest request;
    GpuBesides gpus; /* what nvidia-smi saw beside it; its notes are in `notes` */
    HotRow *rows;
    size_t rows_len;
    size_t rows_of; /* how many there would be without `top` */
} HotTable;

bool hot_load(Arena *arena, const Places *places, const HotRequest *request, HotTable *out,
              Err *err) MUST_CHECK;
/* Fills in where each row's spot is now. `profile` is its row in the ledger; NULL: of a file. */
void hot_place_rows(Arena *arena, const Places *places, const LedgerProfile *profile, HotRow *rows,
                    size_t len);
/* Both for report_table: the fields of one object that is open already, and the same as lines. */
void hot_fields(JsonOut *out, const void *table);
Str hot_text(Arena *arena, const HotTable *table);

#endif
