/*
 * Results: what a benchmark tool left behind, read from a path.
 *
 * A file is a report of any kind that samples_read knows. A folder is criterion's: target/criterion,
 * or any folder below or above it; of each benchmark the newest results (`new`) are taken, sorted by
 * their folders' names, so that two reads give the same list.
 */
#ifndef RUNNERS_MEASURE_RESULTS_H
#define RUNNERS_MEASURE_RESULTS_H

#include "analysis/stats/samples.h"
#include "base/arena.h"
#include "base/attr.h"
#include "base/err.h"
#include "base/str.h"

/*
 * Takes the numbers that stand in files beside the report (NVBench's --jsonbin: RESULT.json-bin/0.bin). A
 * report names them as its writer saw them; wherever it lies now, they are in the folder of that name
 * beside it, or there is a note.
 */
void results_take_files(Arena *arena, Str report, Samples *samples);
/* Removes the report, with those folders. */
bool results_remove(Str report, Err *err) MUST_CHECK;
/* ERR_NOT_FOUND when there is nothing at the path, or a folder without a benchmark. */
bool results_read(Arena *arena, Str path, Samples *out, Err *err) MUST_CHECK;

#endif
