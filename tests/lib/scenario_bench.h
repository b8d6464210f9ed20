/*
 * The section "bench" of a scenario: what harnesses' reports say, a number a line.
 *
 *     run pytest-benchmark criterion                           whose benchmarks can be run
 *     criterion p50=0.0081 samples=100 baseline=0.012 lex/small
 *     criterion p50=0.012 at-baseline lex/large                measured as the baseline
 */
#ifndef TESTS_LIB_SCENARIO_BENCH_H
#define TESTS_LIB_SCENARIO_BENCH_H

#include "analysis/hints/bench_facts.h"
#include "base/attr.h"
#include "base/err.h"

bool scenario_bench(Arena *arena, Str text, BenchFacts *out, Err *err) MUST_CHECK;

#endif
