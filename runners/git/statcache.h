/*
 * StatCache: path → blob, for files whose size, times and inode are as they were when they were
 * hashed. One file per work tree in the state folder; a damaged one counts as empty.
 *
 * A file that changed in the last moments before it was hashed may change again within the same
 * tick of the file system's clock; such entries are not kept.
 */
#ifndef RUNNERS_GIT_STATCACHE_H
#define RUNNERS_GIT_STATCACHE_H

#include <sys/stat.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "runners/git/git.h"

typedef struct StatCache StatCache;

StatCache *statcache_load(Arena *arena, Str file);
/* False: not known, or changed since. */
bool statcache_find(const StatCache *cache, Str path, const struct stat *st, ObjectId *blob);

/* A new cache is put together and then replaces the file. */
StatCache *statcache_new(Arena *arena);
/* hashed_at_ns: CLOCK_REALTIME before the file was read. */
void statcache_add(StatCache *cache, Str path, const struct stat *st, ObjectId blob,
                   int64_t hashed_at_ns);
bool statcache_save(const StatCache *cache, Str file, Err *err) MUST_CHECK;

#endif
