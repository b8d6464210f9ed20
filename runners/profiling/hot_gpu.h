/*
 * HotGpu: of rows of an ncu profile what the numbers of the others metrics say: the time of the
 * kernel that they stand for, and the reasons for their stalls. Rows of other profiles stay as
 * they are.
 */
#ifndef RUNNERS_PROFILING_HOT_GPU_H
#define RUNNERS_PROFILING_HOT_GPU_H

#include "analysis/profile/profile.h"
#include "runners/profiling/hot.h"

/* `options` are those the rows were made with. */
void hot_gpu_rows(Arena *arena, const Profile *profile, HotOptions options, HotRow *rows,
                  size_t len, bool by_function);

#endif
