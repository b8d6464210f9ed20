/*
 * Bench facts: what is known of the benchmarks that a file defines, as plain data for the presenter.
 *
 * Numbers come from harnesses' reports (whoever reads them fills in a BenchNumber each, the newest
 * of each name); places come from the file's text as it is now. bench_places joins the two: each
 * number goes to the benchmark that its name fits best.
 */
#ifndef ANALYSIS_HINTS_BENCH_FACTS_H
#define ANALYSIS_HINTS_BENCH_FACTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "analysis/source/benches.h"
#include "base/arena.h"
#include "base/str.h"
#include "base/units.h"

typedef struct BenchNumber {
    Str harness; /* "criterion" */
    Str name;    /* as the report has it: "lex/small" */
    Unit unit;
    double p50;        /* in the base unit */
    uint64_t samples;  /* behind it; 0: not told */
    double baseline;   /* p50 of the same name at the baseline; NAN: none */
    bool is_baseline;  /* it was measured as the baseline */
    bool has_baseline; /* `baseline` is of another measurement than this one */
    Str origin;        /* "imported from x.json", "target/criterion"; for the hover */
} BenchNumber;

/* A bit per OutlineHarness: whose benchmarks can be run one by one here. */
typedef uint32_t BenchRunners;
#define BENCH_CAN_RUN(harness) ((BenchRunners)1 << (harness))

typedef struct BenchFacts {
    const BenchNumber *numbers;
    size_t n_numbers;
    BenchRunners runners;
} BenchFacts;

typedef struct BenchPlace {
    LineNo line, last;
    Str id;     /* "lex/small" */
    Str target; /* "benches/lex.rs::lex/small": what a command is told */
    bool can_run;
    const BenchNumber **numbers; /* by name; several where there are parameters */
    size_t n_numbers;
} BenchPlace;

typedef struct BenchPlaces {
    const BenchPlace *items; /* by line; with a number or a way to run */
    size_t len;
} BenchPlaces;

/* `path` is below the workspace. What it returns points to the facts' numbers. */
BenchPlaces bench_places(Arena *arena, const BenchFacts *facts, Str path, const Outline *outline,
                         const Text *text);

/* "p50 8.1 ms, 1,204 samples, -32 % vs baseline"; of several the smallest and the largest. */
Str bench_words(Arena *arena, const BenchPlace *place);
/* The same of one number. */
Str bench_number_words(Arena *arena, const BenchNumber *number);

#endif
