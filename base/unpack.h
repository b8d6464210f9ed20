/*
 * Unpack: gzip and zstd to bytes, with a limit on what comes out.
 *
 * A small file can unpack to any size (a bomb), so the caller says how large the result may
 * become. Several members or frames in one file are joined, as the tools do.
 */
#ifndef BASE_UNPACK_H
#define BASE_UNPACK_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/err.h"
#include "base/str.h"

typedef enum Packing {
    PACKING_NONE,
    PACKING_GZIP,
    PACKING_ZSTD,
} Packing;

/* By the first bytes. */
Packing unpack_kind(Str bytes);
/* The bytes as they are when they are not packed. */
bool unpack(Arena *arena, Str bytes, size_t limit, Str *out, Err *err) MUST_CHECK;
/* The same; of a file that is cut off or damaged what came out before, with the reason in *damage,
 * which is empty otherwise. */
bool unpack_some(Arena *arena, Str bytes, size_t limit, Str *out, Err *damage, Err *err) MUST_CHECK;

/*
 * A zstd stream that comes in parts, each of which gives bytes: perf's compressed records.
 * `before` is put in front of what comes out. NULL may be freed.
 */
typedef struct UnpackStream UnpackStream;

UnpackStream *unpack_stream_new(Arena *arena);
bool unpack_stream_add(UnpackStream *stream, Str part, Str before, size_t limit, Str *out,
                       Err *err) MUST_CHECK;
void unpack_stream_free(UnpackStream *stream);

#endif
