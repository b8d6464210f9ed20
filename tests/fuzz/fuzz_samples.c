/* Benchmark reports: whatever is read can be printed and summed up. */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>

#include "analysis/stats/readers.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A median or, in a report of sums, a mean. */
static bool has_number(const Samples *samples)
{
    array_each (BenchmarkSamples, benchmark, &samples->benchmarks)
        if (benchmark->series.len == 0 || (isnan(samples_metric(benchmark, SAMPLE_P50)) &&
                                           isnan(samples_metric(benchmark, SAMPLE_MEAN))))
            return false;
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    Arena *arena = arena_new("fuzz");
    Samples samples = {0};
    Err err = {0};
    if (samples_read(arena, (Str){(const char *)data, size}, &samples, &err)) {
        /* Accepted means that there is a number. */
        if (samples.benchmarks.len == 0 || !has_number(&samples) ||
            samples_text(arena, &samples).len == 0)
            abort();
    }
    if (read_lines(arena, (Str){(const char *)data, size}, &samples, &err) &&
        (samples.benchmarks.len != 1 || samples.benchmarks.items[0].series.len == 0))
        abort();
    arena_free(arena);
    return 0;
}
