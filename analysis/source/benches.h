/*
 * Benches: the benchmarks that a file defines, and which names in a harness' report are theirs.
 *
 *     Benches benches = benches_of(arena, &outline, text);
 *     array_each (Bench, bench, &benches)
 *         if (bench_score(bench, path, S("criterion"), S("lex/small")) > 0)
 *             ...
 *
 * The outline says where a harness is told of a benchmark, and by which words; here those words
 * become the id that its report uses. What is only known when it runs (a parameter, a formatted
 * name, a group that came as an argument) stays open, and any name that fits counts.
 * Ids and lines are of the Text given; one pass over the outline.
 */
#ifndef ANALYSIS_SOURCE_BENCHES_H
#define ANALYSIS_SOURCE_BENCHES_H

#include "analysis/source/outline.h"
#include "base/array.h"

typedef struct Bench {
    OutlineHarness harness;
    Str id;          /* "TestLexer::test_scan", "lex/small", "BM_scan", "Fixture/scan" */
    LineNo line;     /* where its name stands, else where it begins */
    LineNo last;     /* where it ends */
    bool open_front; /* of a group that is not known here: names end with the id */
    bool open_end;   /* only the group is known: names begin with the id and a slash */
} Bench;
typedef Array(Bench) Benches;

/* In the order of the text. */
Benches benches_of(Arena *arena, const Outline *outline, const Text *text);

/*
 * How well a name in the report of a harness fits a benchmark of the file at `path` (below the
 * workspace): 0 not at all; of several benchmarks the one with the most points is meant.
 */
int bench_score(const Bench *bench, Str path, Str harness, Str name);
/* The best one, or NULL; the first of equals. */
const Bench *benches_find(const Benches *benches, Str path, Str harness, Str name);

#endif
