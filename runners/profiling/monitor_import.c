#include "runners/profiling/monitor_import.h"

#include "analysis/profile/nvidia/gpu_summary.h"
#include "base/file.h"

bool monitor_import_is(Arena *arena, Str file)
{
    Err err = {0};
    Str bytes;
    uint64_t size;
    return file_stat(file, NULL, &size) && size <= FILE_LIMIT_TEXT && !file_is_dir(file) &&
           file_read(arena, file, FILE_LIMIT_TEXT, &bytes, &err) && is_gpu_monitor(bytes);
}

bool monitor_import(Arena *arena, Str file, Str *sentence, Err *err)
{
    Str bytes;
    GpuMonitor monitor;
    if (!file_read(arena, file, FILE_LIMIT_TEXT, &bytes, err))
        return false;
    if (!gpu_monitor_read(arena, bytes, &monitor, err))
        return err_wrap(err, STR_FMT, STR_ARG(file));
    *sentence = str_trim(gpu_monitor_text(arena, &monitor));
    return true;
}
