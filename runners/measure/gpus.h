/*
 * Gpus: the clocks of the GPUs and whether they are throttled, as conditions of a measurement.
 *
 * nvidia-smi is asked before and after the pairs of a benchmark that loaded the CUDA driver; others
 * do not care what a GPU does. Without nvidia-smi, or when it does not answer in time, there is
 * nothing to compare. The clock of an idle GPU says nothing about the benchmark and is not compared.
 */
#ifndef RUNNERS_MEASURE_GPUS_H
#define RUNNERS_MEASURE_GPUS_H

#include "base/arena.h"
#include "runners/measure/conditions.h"

/* Adds the conditions of group "gpu": "GPU 0" its name, "GPU 0 SM clock", "GPU 0 throttled". */
void gpus_collect(Arena *arena, Conditions *list);
/*
 * Do these two values of one key differ so that times before and after cannot be compared? Clocks by
 * more than 5 %; being throttled at either time does, even when it is no change.
 */
bool gpus_differ(const Condition *before, Str now);
/* "gpu: GPU 0 is throttled (power cap)"; empty: no text of its own. */
Str gpus_difference_text(Arena *arena, const Condition *before, Str now);

#endif
