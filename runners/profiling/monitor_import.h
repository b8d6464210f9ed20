/*
 * What nvidia-smi saw of the GPUs (gpu_monitor.h), given to `perfloop import`: it has no lines, so it
 * is summed up and printed, and not kept.
 */
#ifndef RUNNERS_PROFILING_MONITOR_IMPORT_H
#define RUNNERS_PROFILING_MONITOR_IMPORT_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/err.h"
#include "base/str.h"

bool monitor_import_is(Arena *arena, Str file);
bool monitor_import(Arena *arena, Str file, Str *sentence, Err *err) MUST_CHECK;

#endif
