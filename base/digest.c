#include "base/digest.h"

#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

struct Digester {
    XXH3_state_t state;
};

Digest digest_of(Str bytes)
{
    XXH128_hash_t hash = XXH3_128bits(bytes.ptr, bytes.len);
    return (Digest){.high = hash.high64, .low = hash.low64};
}

static Digest digest_in_pieces(Arena *arena, const FileMap *map)
{
    enum {
        PIECE = 1 << 24
    };
    Digester *digester = digester_new(arena);
    for (size_t at = 0; at < map->bytes.len; at += PIECE) {
        Str piece = str_head(str_from(map->bytes, at), PIECE);
        XXH3_128bits_update(&digester->state, piece.ptr, piece.len);
        file_map_forget(map, at, piece.len);
    }
    return digester_done(digester);
}

Digest digest_of_map(const FileMap *map)
{
    CLEANUP(arena_cleanup) Arena *scratch = arena_new("digest");
    return digest_in_pieces(scratch, map);
}

Digester *digester_new(Arena *arena)
{
    /* XXH3_state_t wants 64-byte alignment, more than an arena promises. */
    char *raw = NEW_ARRAY(arena, char, sizeof(Digester) + 64);
    Digester *digester = (Digester *)(void *)(raw + (64 - (uintptr_t)raw % 64) % 64);
    XXH3_128bits_reset(&digester->state);
    return digester;
}

void digester_add(Digester *digester, Str piece)
{
    uint64_t len = piece.len;
    XXH3_128bits_update(&digester->state, &len, sizeof(len));
    if (piece.len)
        XXH3_128bits_update(&digester->state, piece.ptr, piece.len);
}

Digest digester_done(const Digester *digester)
{
    XXH128_hash_t hash = XXH3_128bits_digest(&digester->state);
    return (Digest){.high = hash.high64, .low = hash.low64};
}

bool digest_eq(Digest a, Digest b)
{
    return a.high == b.high && a.low == b.low;
}

bool digest_is_zero(Digest digest)
{
    return !digest.high && !digest.low;
}

Str digest_hex(Arena *arena, Digest digest)
{
    return str_fmt(arena, "%016llx%016llx", (unsigned long long)digest.high,
                   (unsigned long long)digest.low);
}

static const char DIGITS[] = "0123456789abcdef";

static bool hex_to_u64(Str hex, uint64_t *out)
{
    uint64_t value = 0;
    for (size_t i = 0; i < hex.len; i++) {
        const char *digit = hex.ptr[i] ? strchr(DIGITS, hex.ptr[i]) : NULL;
        if (!digit)
            return false;
        value = value << 4 | (uint64_t)(digit - DIGITS);
    }
    *out = value;
    return true;
}

bool digest_from_hex(Str hex, Digest *out)
{
    Digest digest;
    if (hex.len != 32 || !hex_to_u64(str_head(hex, 16), &digest.high) ||
        !hex_to_u64(str_from(hex, 16), &digest.low))
        return false;
    *out = digest;
    return true;
}
