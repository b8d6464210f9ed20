/*
 * Compare: two profiles of one workload, row by row: what rose, what fell, and what differs by no
 * more than the sampling error.
 *
 *     Comparison comparison = compare_spots(arena, &then, &now, &(CompareOptions){.files = files,
 *                                                                 .files_len = count});
 *     for (size_t i = 0; i < comparison.lines_len; i++)
 *         if (comparison.lines[i].here.word == COMPARE_FELL) ...
 *
 * Rows are paired over the two versions of the source: a line by the anchor its text has in the
 * other version (anchor.h), a function by function_pairs.h. So a moved line is compared with
 * itself, a deleted one is gone and one that was not there is new. Where the texts are not known,
 * lines are paired by number and functions by name, and that is said ("recorded").
 *
 * What is compared is one of
 *
 *     share      of the profile: always possible, however long each of them was
 *     cost       as recorded: right when both profiles saw the same work, which is so for what is
 *                counted (instructions, bytes) in one run of the same command
 *     benchmark  share times what the benchmark measured for that version: the cost of a row in one
 *                run. The ratio of the two comes from pairs (verdict.h), so a machine that was busy
 *                while one of the profiles was made does not matter.
 *
 * How sure a difference is. All intervals are at 99 %.
 *
 *     sampled    A row seen in k of n samples has Wilson's score interval (as in rank.h); the cost
 *                of k samples the score interval of a Poisson mean,
 *                k + z²/2 ± z sqrt(k + z²/4) (L. Barker, "A comparison of nine confidence intervals
 *                for a Poisson parameter", Am. Stat. 56, 2002). The difference of two rows has the
 *                interval made of the distances to the ends of both, squared and added
 *                (R. G. Newcombe, "Interval estimation for the difference between independent
 *                proportions", Stat. Med. 17, 1998, method 10; for any two estimates G. Y. Zou and
 *                A. Donner, "Construction of confidence limits about effect measures", Stat. Med.
 *                27, 2008, which also adds the error of the benchmark's ratio). p is where that
 *                interval begins to hold zero. Samples that weigh differently count as many, and
 *                their mean weight is taken as known.
 *     counted    Instructions, bytes, calls: exact. Under 0.5 % of the whole a difference is not
 *                named all the same: two runs of one program allocate a few kB elsewhere.
 *     timed      Times that were not sampled (cProfile): the error of one run is not in the profile.
 *                A difference under 1 % of the whole or 10 % of the row is not called one.
 *
 * Of a hundred rows one would pass a test at 99 % by chance. So the words go by S. Holm, "A simple
 * sequentially rejective multiple test procedure", Scand. J. Stat. 6, 1979: in 99 of 100 tables no
 * word is there by chance. A sampled difference under 1 % of the whole is never called one: two
 * runs of the same program differ by more than their samples do.
 *
 * Shares of own cost add up to one, so where one row falls all others rise. They are not named for
 * that: the row that moved most is taken out first, and the others are compared by their shares of
 * what is left, until no row moves any more. The same is asked of a row that moves against the
 * benchmark, since the benchmark may contain what the profile does not see (the interpreter's
 * start), and that makes unchanged rows seem to move so.
 */
#ifndef ANALYSIS_HOTSPOTS_COMPARE_H
#define ANALYSIS_HOTSPOTS_COMPARE_H

#include <stddef.h>
#include <stdint.h>

#include "analysis/hotspots/anchor.h"
#include "analysis/hotspots/hotspot.h"
#include "base/arena.h"
#include "base/str.h"

typedef enum CompareWord {
    COMPARE_WITHIN, /* the error, or no difference at all */
    COMPARE_ROSE,
    COMPARE_FELL,
} CompareWord;

typedef enum ComparePlace {
    COMPARE_SAME,
    COMPARE_MOVED,
    COMPARE_CHANGED,  /* a line: its content; a function: its body */
    COMPARE_NEW,      /* was not there */
    COMPARE_GONE,     /* is not there any more */
    COMPARE_RECORDED, /* the texts are not known: the same number, or the same name */
} ComparePlace;

typedef enum ComparePer {
    COMPARE_SHARE,
    COMPARE_COST,
    COMPARE_BENCHMARK,
} ComparePer;

typedef enum CompareError {
    COMPARE_SAMPLED,
    COMPARE_COUNTED,
    COMPARE_TIMED,
} CompareError;

/* A cost of a row on both sides; in shares (0..1), costs or the benchmark's unit. */
typedef struct CompareValue {
    int64_t then_cost, now_cost; /* as recorded */
    uint64_t then_samples, now_samples;
    double then, now;
    double change;    /* now - then */
    double low, high; /* of the change; NaN where the error is not known (timed) */
    double p;         /* of no difference; counted, timed: 0 or 1 */
    CompareWord word;
} CompareValue;

typedef struct CompareRow {
    const HotSpot *then, *now; /* NULL: cost nothing there; never both */
    Str file;
    Str function;       /* its name now, where it has one */
    uint32_t then_line; /* 0: new */
    uint32_t now_line;  /* 0: gone */
    ComparePlace place;
    CompareValue here; /* self and callee: where the user can act (hotspot.h) */
    CompareValue self, total;
} CompareRow;

typedef struct Comparison {
    const HotSpots *then, *now;
    ComparePer per;
    CompareError error;
    double whole_then, whole_now; /* what both profiles as a whole stand for */
    CompareRow *lines;            /* the largest change of `here` first */
    size_t lines_len;
    CompareRow *functions;
    size_t functions_len;
} Comparison;

/* One file in both versions; without a text on one side it is not known there. */
typedef struct CompareFile {
    Str path; /* as HotSpot.file has it */
    AnchorSide then, now;
} CompareFile;

typedef struct CompareOptions {
    const CompareFile *files;
    size_t files_len;
    ComparePer per;
    /* COMPARE_BENCHMARK: what it measured, and the interval of `now` at 99 % with `then` as given. */
    double then, now, now_low, now_high;
} CompareOptions;

/* Both must have the same metric and unit. Texts, names and spots are not copied. */
Comparison compare_spots(Arena *arena, const HotSpots *then, const HotSpots *now,
                         const CompareOptions *options);

/* "share", "cost", "benchmark"; "rose", "fell", "within"; "same", "moved", ...; "sampled", ... */
Str compare_per_name(ComparePer per);
Str compare_word_name(CompareWord word);
Str compare_place_name(ComparePlace place);
Str compare_error_name(CompareError error);

#endif
