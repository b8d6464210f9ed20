/*
 * Against: what rose and what fell between two profiles of one workload, as a table. What
 * `perfloop hot --against` prints, as text and as JSON; the comparison itself is compare.h.
 *
 *     AgainstRequest request = {.hot = hot, .words = &word, .words_len = 1};     "baseline"
 *     AgainstTable table;
 *     if (!against_load(arena, &places, &request, &table, err))
 *         return false;
 *     puts(against_text(arena, &table))
 *
 * A word is `baseline`, `previous`, a number of the ledger or a profile file; several are merged,
 * as several profiles on the other side are (hot_input.h). Rows say where they are in the text that
 * is on disk now, as those of hot.h do.
 */
#ifndef RUNNERS_PROFILING_AGAINST_H
#define RUNNERS_PROFILING_AGAINST_H

#include "analysis/hotspots/compare.h"
#include "runners/profiling/hot.h"

typedef enum AgainstPer {
    AGAINST_BEST, /* what versions_measured chooses */
    AGAINST_SHARE,
    AGAINST_COST,
} AgainstPer;

typedef struct AgainstRequest {
    HotRequest hot; /* `noise`: also rows within the error */
    const Str *words;
    size_t words_len;
    AgainstPer per;
} AgainstRequest;

typedef struct AgainstSide {
    Str tool;
    Str format;
    Str id;
    int64_t number; /* in the ledger, or 0 */
    size_t merged;
    Str name; /* "profile 2, the baseline's", "old.prof" */
} AgainstSide;

typedef struct AgainstRow {
    CompareRow compared;
    uint32_t line; /* on disk now; 0: gone */
    Str state;     /* of the newer profile's line there: see hot.h */
} AgainstRow;

typedef struct AgainstTable {
    AgainstRequest request;
    AgainstSide then, now;
    Comparison comparison;
    bool by_function;
    Str benchmark; /* the metric that was measured: "p50" */
    bool texts;    /* lines were followed through the texts of both versions */
    AgainstRow *rows;
    size_t rows_len;
    size_t rows_of; /* how many there would be without `top` */
    size_t within;  /* how many rows differ by no more than the error */
    double within_then, within_now;
} AgainstTable;

bool against_load(Arena *arena, const Places *places, const AgainstRequest *request,
                  AgainstTable *out, Err *err) MUST_CHECK;
/* The cost the rows are compared and sorted by. */
const CompareValue *against_value(const AgainstTable *table, const AgainstRow *row);
/* Both for report_table: the fields of one object that is open already, and the same as lines. */
void against_fields(JsonOut *out, const void *table);
Str against_text(Arena *arena, const AgainstTable *table);

#endif
