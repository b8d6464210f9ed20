#include "analysis/profile/nvidia/gpu_summary.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    Str bytes = {(const char *)data, size};
    Arena *arena = arena_new("fuzz");
    GpuMonitor monitor = {0};
    Err err = {0};
    if (gpu_monitor_read(arena, bytes, &monitor, &err))
        gpu_monitor_text(arena, &monitor);
    for (size_t i = 0; i < monitor.gpus.len; i++) {
        GpuSummary gpu = gpu_summary_of(arena, &monitor.gpus.items[i]);
        gpu_summary_line(arena, &gpu, S(""), true);
        gpu_summary_throttled(arena, &gpu);
    }
    is_gpu_monitor(bytes);
    arena_free(arena);
    return 0;
}
