/*
 * Bench import: a harness' report becomes numbers at the benchmarks of the workspace.
 *
 *     if (bench_import_is_report(arena, file))
 *         ok = bench_import(arena, &places, &(BenchImportOptions){.file = file}, &imported, err);
 *
 * A report is any file that samples_read knows, or a folder of criterion's. Its numbers go into the
 * ledger; where each benchmark is defined is looked for in the workspace as it is now.
 */
#ifndef RUNNERS_PROFILING_BENCHES_BENCH_IMPORT_H
#define RUNNERS_PROFILING_BENCHES_BENCH_IMPORT_H

#include "analysis/hints/bench_facts.h"
#include "analysis/stats/tally.h"
#include "runners/ledger/ledger.h"
#include "runners/places.h"
#include "runners/report.h"

/* By its first bytes; false for what is too large to be one, and for what is not there. */
bool bench_import_is_report(Arena *arena, Str file);

typedef struct BenchListed {
    BenchNumber number;
    Str path;    /* below the root; empty: defined nowhere in the workspace */
    LineNo line; /* 0: the same */
} BenchListed;

typedef struct BenchImported {
    Str harness;
    Array(BenchListed) items; /* in the report's order */
    Str sentence;             /* with a line per benchmark where somebody reads them */
} BenchImported;

typedef struct BenchImportOptions {
    Str file;
    Str workload;     /* empty: none in particular */
    bool as_baseline; /* later numbers are compared with these */
    bool list;        /* the sentence lists the benchmarks */
} BenchImportOptions;

bool bench_import(Arena *arena, Report *report, const Places *places,
                  const BenchImportOptions *options, BenchImported *out, Err *err) MUST_CHECK;
/* The same of numbers that are in memory; row says where they are from. */
bool bench_import_tally(Arena *arena, const Places *places, const Tally *tally, LedgerReport *row,
                        bool list, BenchImported *out, Err *err) MUST_CHECK;
/* The result's own fields, for report_result. */
ReportFields bench_import_fields;

#endif
