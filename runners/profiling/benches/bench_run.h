/*
 * Bench run: one benchmark of the source, run by itself in the work tree, its number recorded.
 *
 *     bool ok = bench_run(arena, &report, &places, S("benches/lex.rs::lex/small"), &imported, err);
 *
 * What is run is the command of a workload with that harness, or the harness' usual one (`cargo
 * bench`, `python -m pytest`), with words of ours behind it that select the benchmark. The user is
 * asked for the command without these words, once (allow.h): which benchmark of it is run is their
 * choice of the moment. One number measured alone is no verdict; `perfloop measure` gives that.
 */
#ifndef RUNNERS_PROFILING_BENCHES_BENCH_RUN_H
#define RUNNERS_PROFILING_BENCHES_BENCH_RUN_H

#include "runners/profiling/benches/bench_import.h"

/* target is FILE::ID, as BenchPlace has it. */
bool bench_run(Arena *arena, Report *report, const Places *places, Str target, bool list,
               BenchImported *out, Err *err) MUST_CHECK;

#endif
