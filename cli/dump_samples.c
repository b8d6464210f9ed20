/* dump samples PATH: what a benchmark's report, or criterion's folder of results, holds. */
#include "cli/dump.h"

#include <stdio.h>

#include "runners/measure/results.h"

int dump_samples(int argc, char **argv)
{
    if (argc != 2) {
        fprintf(stderr, "usage: perfloop dump samples FILE|FOLDER   (- is standard input)\n");
        return EXIT_USAGE;
    }
    CLEANUP(arena_cleanup) Arena *arena = arena_new("dump");
    Err err = {0};
    Samples samples;
    if (!results_read(arena, str_from_c(argv[1]), &samples, &err)) {
        fprintf(stderr, "perfloop: %s: %s\n", argv[1], err.msg);
        return EXIT_FAILED;
    }
    Str text = samples_text(arena, &samples);
    fwrite(text.ptr, 1, text.len, stdout);
    return EXIT_OK;
}
