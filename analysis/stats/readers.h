/*
 * Readers: a harness' report into Samples, one function per format, all alike.
 *
 * A reader takes what it can and notes what it left out; it fails when nothing is left. Views in
 * the result live as long as the arena.
 */
#ifndef ANALYSIS_STATS_READERS_H
#define ANALYSIS_STATS_READERS_H

#include "analysis/stats/samples.h"

typedef bool SamplesReader(Arena *arena, Str bytes, Samples *out, Err *err);

/* pytest --benchmark-json=FILE */
bool read_pytest(Arena *arena, Str bytes, Samples *out, Err *err) MUST_CHECK;
/* pyperf -o FILE */
bool read_pyperf(Arena *arena, Str bytes, Samples *out, Err *err) MUST_CHECK;
/* Google Benchmark, --benchmark_out=FILE: series real_time, cpu_time and the counters. */
bool read_google(Arena *arena, Str bytes, Samples *out, Err *err) MUST_CHECK;
/* NVBench, --json or --jsonbin FILE: series gpu_time, cpu_time, batch_time; their means, and the files
 * of their samples. */
bool read_nvbench(Arena *arena, Str bytes, Samples *out, Err *err) MUST_CHECK;
/* One of `samples->files` is these bytes; false, and its mean stays, when they are not its samples. */
bool nvbench_take_times(Arena *arena, Samples *samples, const SampleFile *file,
                        Str bytes) MUST_CHECK;
/* What NVBench printed of throttling while it ran, as a note; empty: nothing. */
Str nvbench_said(Arena *arena, Str printed);
/* hyperfine --export-json FILE */
bool read_hyperfine(Arena *arena, Str bytes, Samples *out, Err *err) MUST_CHECK;
/* Lines `name value unit` of any program: one benchmark, a series for each name. */
bool read_lines(Arena *arena, Str bytes, Samples *out, Err *err) MUST_CHECK;
/* cargo criterion --message-format=json; or one estimates.json or sample.json of criterion. */
bool read_criterion(Arena *arena, Str bytes, Samples *out, Err *err) MUST_CHECK;

/*
 * criterion writes a folder for each benchmark, target/criterion/GROUP/FUNCTION/VALUE/new. Of its
 * files the texts, each empty when it is not there; at least one of the last two is needed.
 */
typedef struct CriterionFiles {
    Str benchmark; /* benchmark.json: the id and its parts */
    Str estimates; /* estimates.json */
    Str sample;    /* sample.json */
    Str name;      /* of the benchmark when benchmark.json is not there */
} CriterionFiles;
/* Adds one benchmark to `samples`. */
bool criterion_add(Arena *arena, const CriterionFiles *files, Samples *samples,
                   Err *err) MUST_CHECK;

/* What cargo bench prints of #[bench] functions. */
bool read_libtest(Arena *arena, Str bytes, Samples *out, Err *err) MUST_CHECK;
/* Does the text hold a line of theirs? */
bool libtest_is(Str bytes);
/* What divan's benchmarks print. */
bool read_divan(Arena *arena, Str bytes, Samples *out, Err *err) MUST_CHECK;
bool divan_is(Str bytes);

/* Looks at the bytes and chooses; of lines, only those of Rust's test harness. */
bool samples_read(Arena *arena, Str bytes, Samples *out, Err *err) MUST_CHECK;
/* "criterion, pyperf, ...": for messages. */
Str samples_formats(Arena *arena);

#endif
