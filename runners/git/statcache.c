#include "runners/git/statcache.h"

#include <string.h>

#include "base/file.h"
#include "base/map.h"
#include "base/strbuf.h"

enum {
    CACHE_BYTES_MAX = 512 * 1024 * 1024,
    RECENT_NS = 200 * 1000 * 1000,
};

static const Str MAGIC = STR_CONST("perfloop stat cache 1\n");

typedef struct Record {
    int64_t changed_ns; /* mtime and ctime */
    int64_t touched_ns;
    int64_t size;
    uint64_t inode;
    uint32_t mode;
    uint32_t path_bytes;
    ObjectId blob;
    uint32_t padding;
} Record;

struct StatCache {
    Arena *arena;
    Map *records; /* path → Record */
};

static int64_t ns(struct timespec time)
{
    return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

StatCache *statcache_new(Arena *arena)
{
    StatCache *cache = NEW(arena, StatCache);
    cache->arena = arena;
    cache->records = map_new(arena);
    return cache;
}

StatCache *statcache_load(Arena *arena, Str file)
{
    StatCache *cache = statcache_new(arena);
    Err ignored = {0};
    Str bytes;
    if (!file_read(arena, file, CACHE_BYTES_MAX, &bytes, &ignored) || !str_starts(bytes, MAGIC))
        return cache;
    Str rest = str_from(bytes, MAGIC.len);
    while (rest.len >= sizeof(Record)) {
        Record *record = NEW(arena, Record);
        memcpy(record, rest.ptr, sizeof *record);
        rest = str_from(rest, sizeof *record);
        if (record->path_bytes > rest.len)
            break;
        map_put(cache->records, str_head(rest, record->path_bytes), record);
        rest = str_from(rest, record->path_bytes);
    }
    return cache;
}

bool statcache_find(const StatCache *cache, Str path, const struct stat *st, ObjectId *blob)
{
    const Record *record = map_get(cache->records, path);
    if (!record || record->changed_ns != ns(st->st_mtim) || record->touched_ns != ns(st->st_ctim) ||
        record->size != st->st_size || record->inode != st->st_ino || record->mode != st->st_mode)
        return false;
    *blob = record->blob;
    return true;
}

void statcache_add(StatCache *cache, Str path, const struct stat *st, ObjectId blob,
                   int64_t hashed_at_ns)
{
    if (ns(st->st_ctim) + RECENT_NS > hashed_at_ns)
        return;
    Record *record = NEW(cache->arena, Record);
    *record = (Record){
        .changed_ns = ns(st->st_mtim),
        .touched_ns = ns(st->st_ctim),
        .size = st->st_size,
        .inode = st->st_ino,
        .mode = st->st_mode,
        .path_bytes = (uint32_t)path.len,
        .blob = blob,
    };
    map_put(cache->records, path, record);
}

bool statcache_save(const StatCache *cache, Str file, Err *err)
{
    CLEANUP(arena_cleanup) Arena *scratch = arena_new("stat cache");
    StrBuf buf = strbuf_new(scratch);
    strbuf_add(&buf, MAGIC);
    map_each (entry, cache->records) {
        strbuf_add(&buf, (Str){entry->value, sizeof(Record)});
        strbuf_add(&buf, entry->key);
    }
    return file_write(file, strbuf_str(&buf), err);
}
