/*
 * Bench sources: the benchmarks that the files of a workspace define, read from the disk.
 *
 * For the list that `perfloop import` prints, and to find the one that is to be run. Only files
 * that say "bench" somewhere are parsed.
 */
#ifndef RUNNERS_PROFILING_BENCHES_BENCH_SOURCES_H
#define RUNNERS_PROFILING_BENCHES_BENCH_SOURCES_H

#include "analysis/source/benches.h"
#include "base/attr.h"
#include "base/err.h"
#include "runners/places.h"

typedef struct BenchFile {
    Str path; /* below the root */
    Benches benches;
} BenchFile;
typedef Array(BenchFile) BenchFiles;

/* Files with at least one. */
bool bench_sources(Arena *arena, const Places *places, BenchFiles *out, Err *err) MUST_CHECK;
/* Of one file; an empty list when it has none. */
bool bench_source(Arena *arena, const Places *places, Str path, Benches *out, Err *err) MUST_CHECK;
/* Where a name of a report is defined, the best fit of all; NULL: nowhere. */
const Bench *bench_sources_find(const BenchFiles *files, Str harness, Str name, Str *path);

#endif
