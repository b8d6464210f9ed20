/*
 * Leftovers: results that benchmark tools left in a workspace by themselves; nothing is run.
 *
 *     target/criterion/             of cargo bench (or below $CARGO_TARGET_DIR)
 *     .benchmarks/MACHINE/N.json    of pytest --benchmark-autosave or --benchmark-save: the newest
 *
 * What cannot be read is left out: nobody asked for it.
 */
#ifndef RUNNERS_MEASURE_LEFTOVERS_H
#define RUNNERS_MEASURE_LEFTOVERS_H

#include <stdint.h>

#include "analysis/stats/samples.h"
#include "base/arena.h"
#include "base/array.h"
#include "base/str.h"

typedef struct Leftover {
    Str source;     /* below the root: "target/criterion" */
    int64_t time_s; /* when it was written; benchmarks of criterion have their own */
    Samples samples;
} Leftover;
typedef Array(Leftover) Leftovers;

/* In no order. */
Leftovers leftovers_find(Arena *arena, Str root);
/* Where cargo bench leaves criterion's results for a package in `folder`; its own or one above. */
Str leftovers_criterion(Arena *arena, Str root, Str folder);

#endif
