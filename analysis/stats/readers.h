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

/* Looks at the bytes and chooses. */
bool samples_read(Arena *arena, Str bytes, Samples *out, Err *err) MUST_CHECK;

#endif
