#include "base/unpack.h"

#include <zlib.h>
#include <zstd.h>

#include "base/strbuf.h"

enum {
    STEP = 64 * 1024,
};

Packing unpack_kind(Str bytes)
{
    if (str_starts(bytes, S("\x1f\x8b\x08")))
        return PACKING_GZIP;
    if (str_starts(bytes, S("\x28\xb5\x2f\xfd")))
        return PACKING_ZSTD;
    return PACKING_NONE;
}

static bool too_large(size_t limit, Err *err)
{
    return err_set(err, ERR_INPUT, "unpacks to more than %zu bytes", limit);
}

static void inflate_end(z_stream *stream)
{
    inflateEnd(stream);
}

static bool unpack_gzip(StrBuf *out, Str bytes, size_t limit, Err *err)
{
    CLEANUP(inflate_end) z_stream stream = {0};
    if (inflateInit2(&stream, 15 + 16) != Z_OK)
        return err_set(err, ERR_INPUT, "gzip: %s", stream.msg ? stream.msg : "cannot start");
    while (bytes.len || stream.avail_in) {
        if (!stream.avail_in) { /* zlib counts in 32 bits */
            Str part = str_head(bytes, (size_t)1 << 30);
            stream.next_in = (Bytef *)(uintptr_t)part.ptr;
            stream.avail_in = (uInt)part.len;
            bytes = str_from(bytes, part.len);
        }
        stream.next_out = (Bytef *)strbuf_reserve(out, STEP);
        stream.avail_out = STEP;
        int state = inflate(&stream, Z_NO_FLUSH);
        out->len += STEP - stream.avail_out;
        if (out->len > limit)
            return too_large(limit, err);
        if (state == Z_STREAM_END) {
            if (!stream.avail_in && !bytes.len)
                return true;
            if (inflateReset(&stream) != Z_OK) /* the next member */
                return err_set(err, ERR_INPUT, "gzip: cannot go on");
        } else if (state != Z_OK && !(state == Z_BUF_ERROR && bytes.len)) {
            return err_set(err, ERR_INPUT, "gzip: %s", stream.msg ? stream.msg : "cut off");
        }
    }
    return err_set(err, ERR_INPUT, "gzip: cut off");
}

static void free_zstd(ZSTD_DStream **stream)
{
    ZSTD_freeDStream(*stream);
}

static bool unpack_zstd(StrBuf *out, Str bytes, size_t limit, Err *err)
{
    CLEANUP(free_zstd) ZSTD_DStream *stream = ZSTD_createDStream();
    if (!stream)
        return err_set(err, ERR_INPUT, "zstd: cannot start");
    ZSTD_inBuffer in = {bytes.ptr, bytes.len, 0};
    size_t state = 1;
    for (bool more = true; more || in.pos < in.size;) {
        ZSTD_outBuffer to = {strbuf_reserve(out, STEP), STEP, 0};
        state = ZSTD_decompressStream(stream, &to, &in);
        out->len += to.pos;
        if (ZSTD_isError(state))
            return err_set(err, ERR_INPUT, "zstd: %s", ZSTD_getErrorName(state));
        if (out->len > limit)
            return too_large(limit, err);
        more = to.pos == STEP;
    }
    return state == 0 || err_set(err, ERR_INPUT, "zstd: cut off");
}

bool unpack_some(Arena *arena, Str bytes, size_t limit, Str *out, Err *damage, Err *err)
{
    Packing kind = unpack_kind(bytes);
    StrBuf text = strbuf_new(arena);
    *damage = (Err){0};
    if (kind == PACKING_NONE) {
        *out = bytes;
        return true;
    }
    bool whole = (kind == PACKING_GZIP ? unpack_gzip : unpack_zstd)(&text, bytes, limit, damage);
    if (!whole && (text.len == 0 || text.len > limit)) {
        *err = *damage;
        return false;
    }
    *out = strbuf_str(&text);
    return true;
}

bool unpack(Arena *arena, Str bytes, size_t limit, Str *out, Err *err)
{
    Err damage;
    Str some;
    if (!unpack_some(arena, bytes, limit, &some, &damage, err))
        return false;
    if (damage.kind) {
        *err = damage;
        return false;
    }
    *out = some;
    return true;
}

struct UnpackStream {
    Arena *arena;
    ZSTD_DStream *zstd;
};

UnpackStream *unpack_stream_new(Arena *arena)
{
    UnpackStream *stream = NEW(arena, UnpackStream);
    stream->arena = arena;
    stream->zstd = ZSTD_createDStream();
    return stream;
}

bool unpack_stream_add(UnpackStream *stream, Str part, Str before, size_t limit, Str *out, Err *err)
{
    if (!stream->zstd)
        return err_set(err, ERR_INPUT, "zstd: cannot start");
    StrBuf text = strbuf_new(stream->arena);
    ZSTD_inBuffer in = {part.ptr, part.len, 0};
    strbuf_add(&text, before);
    for (bool more = true; more || in.pos < in.size;) {
        ZSTD_outBuffer to = {strbuf_reserve(&text, STEP), STEP, 0};
        size_t state = ZSTD_decompressStream(stream->zstd, &to, &in);
        text.len += to.pos;
        if (ZSTD_isError(state))
            return err_set(err, ERR_INPUT, "zstd: %s", ZSTD_getErrorName(state));
        if (text.len - before.len > limit)
            return too_large(limit, err);
        more = to.pos == STEP;
    }
    *out = strbuf_str(&text);
    return true;
}

void unpack_stream_free(UnpackStream *stream)
{
    if (stream)
        ZSTD_freeDStream(stream->zstd);
}
