/* dump gpu FILE: what nvidia-smi saw of the GPUs, in a few lines for each. */
#include "cli/dump.h"

#include <stdio.h>

#include "analysis/profile/nvidia/gpu_summary.h"
#include "base/file.h"

int dump_gpu(int argc, char **argv)
{
    if (argc != 2) {
        fprintf(stderr, "usage: perfloop dump gpu FILE\n");
        return EXIT_USAGE;
    }
    CLEANUP(arena_cleanup) Arena *arena = arena_new("dump");
    Err err = {0};
    Str bytes;
    GpuMonitor monitor;
    if (!file_read(arena, str_from_c(argv[1]), FILE_LIMIT_TEXT, &bytes, &err) ||
        !gpu_monitor_read(arena, bytes, &monitor, &err)) {
        fprintf(stderr, "perfloop: %s: %s\n", argv[1], err.msg);
        return EXIT_FAILED;
    }
    Str text = gpu_monitor_text(arena, &monitor);
    fwrite(text.ptr, 1, text.len, stdout);
    return EXIT_OK;
}
