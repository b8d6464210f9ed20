/*
 * Bench numbers: the newest number of each benchmark that is known in a workspace, from the ledger's
 * reports and from what tools left there (leftovers.h); and whose benchmarks can be run.
 *
 *     BenchFacts facts = bench_numbers_load(arena, &places, ledger, &workload_file);
 *
 * A reading that fails leaves its part out. `ledger` may be NULL.
 */
#ifndef RUNNERS_PROFILING_BENCHES_BENCH_NUMBERS_H
#define RUNNERS_PROFILING_BENCHES_BENCH_NUMBERS_H

#include "analysis/hints/bench_facts.h"
#include "analysis/stats/tally.h"
#include "analysis/workload/workload.h"
#include "runners/ledger/ledger.h"
#include "runners/places.h"

BenchFacts bench_numbers_load(Arena *arena, const Places *places, Ledger *ledger,
                              const WorkloadFile *workloads);

/* Records what runs came to; one that came to nothing is no row. benchmarks is filled in here. */
bool bench_numbers_record(Arena *arena, Ledger *ledger, const Tally *tally, LedgerReport *report,
                          Err *err) MUST_CHECK;

#endif
