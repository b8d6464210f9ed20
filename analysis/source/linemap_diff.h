/*
 * Inside of a line diff, for linemap*.c only. linemap.c numbers and aligns the lines, what is left
 * over is paired in linemap_place.c, and linemap_judge.c decides which pairs are certain.
 */
#ifndef ANALYSIS_SOURCE_LINEMAP_DIFF_H
#define ANALYSIS_SOURCE_LINEMAP_DIFF_H

#include <stdbool.h>
#include <stdint.h>

#include "analysis/source/linemap.h"

/* One side of the comparison. Lines are counted from 0 within the span. */
typedef struct Side {
    const Text *text;
    uint32_t first; /* number of the span's first line */
    uint32_t count;
    uint32_t *ids;  /* of every line: equal ids mean equal content, indentation aside */
    bool *used;     /* is paired */
    uint32_t *seen; /* per id, scratch: how often it occurs in the range looked at */
    uint32_t *last; /* per id, scratch: where it occurs last in that range */
} Side;

typedef enum Pair {
    PAIR_NONE,
    PAIR_BY_PLACE, /* first with first, between two other pairs */
    PAIR_ALIGNED,  /* equal, in a part of the texts */
    PAIR_UNIQUE,   /* equal, and once in both texts, but carried past others */
    PAIR_IN_ORDER, /* equal, once in both texts, and in order with the others of its kind */
} Pair;

typedef struct Diff {
    Arena *scratch;
    Side old;
    Side now;
    LineTo *lines;
    Pair *pairs; /* of every old line */
    bool alike;  /* what is left over is paired by likeness first */
} Diff;

/* A part of both sides: old [a, b) and new [c, d). */
typedef struct Range {
    uint32_t a;
    uint32_t b;
    uint32_t c;
    uint32_t d;
} Range;

/* The content of line i of a side. */
Str linemap_line(const Side *side, uint32_t i);
void linemap_pair(Diff *diff, uint32_t i, uint32_t j, Pair kind);
/* Sets the `seen` of all lines of a range back to 0. */
void linemap_uncount(Diff *diff, Range range);
/* Pairs what is unpaired in a range that has no pairs inside. */
void linemap_place(Diff *diff, Range range);
/* Sets fate and certain of every line. */
void linemap_judge(Diff *diff);

#endif
