/* dump samples FILE: what a benchmark's report holds. */
#include "cli/dump.h"

#include <stdio.h>

#include "analysis/stats/readers.h"
#include "base/file.h"

int dump_samples(int argc, char **argv)
{
    if (argc != 2) {
        fprintf(stderr, "usage: perfloop dump samples FILE   (- is standard input)\n");
        return EXIT_USAGE;
    }
    CLEANUP(arena_cleanup) Arena *arena = arena_new("dump");
    Err err = {0};
    Str bytes;
    Samples samples;
    if (!file_read(arena, str_from_c(argv[1]), FILE_LIMIT_TEXT, &bytes, &err) ||
        !samples_read(arena, bytes, &samples, &err)) {
        fprintf(stderr, "perfloop: %s: %s\n", argv[1], err.msg);
        return EXIT_FAILED;
    }
    Str text = samples_text(arena, &samples);
    fwrite(text.ptr, 1, text.len, stdout);
    return EXIT_OK;
}
