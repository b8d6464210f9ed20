/*
 * KernelsHere: the GPU kernels of a profile and the lines that launch them, looked for in the
 * workspace's CUDA and Python files (analysis/symbols/kernels.h).
 *
 *     if (!kernels_here(arena, places, &tree, &profile, &id, err))
 *         return false;                 profile and id are now those of the placed one, if any
 *
 * The placed profile is kept in the cache beside the one it was made of, under its own content.
 */
#ifndef RUNNERS_PROFILING_KERNELS_HERE_H
#define RUNNERS_PROFILING_KERNELS_HERE_H

#include "analysis/profile/profile.h"
#include "base/arena.h"
#include "base/attr.h"
#include "base/digest.h"
#include "base/err.h"
#include "runners/git/tree_list.h"
#include "runners/ledger/ledger.h"
#include "runners/places.h"

bool kernels_here(Arena *arena, const Places *places, const TreeFiles *tree, Profile *profile,
                  Digest *id, Err *err) MUST_CHECK;
/*
 * The same once more, of a profile of the ledger whose source was read again (to `id`): in the texts
 * as they were when it was imported. The result takes the place in the cache that the ledger names.
 */
bool kernels_again(Arena *arena, const Places *places, const LedgerProfile *row, Digest id,
                   Err *err) MUST_CHECK;

#endif
