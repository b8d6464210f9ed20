#include "analysis/profile/nvidia/gpu_monitor.h"
#include "base/file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    Str bytes = {(const char *)data, size};
    Arena *arena = arena_new("fuzz");
    GpuMonitor monitor;
    Err err = {0};
    if (gpu_monitor_read(arena, bytes, &monitor, &err))
        gpu_monitor_text(arena, &monitor);
    is_gpu_monitor(bytes);
    arena_free(arena);
    return 0;
}
