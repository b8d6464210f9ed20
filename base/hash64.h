/*
 * Hash64: a fast hash of short byte strings and of numbers, for tables inside one process.
 *
 * Not stable between versions, so it never goes into a file (digest.h does), and not safe against
 * somebody who looks for collisions: tables that read foreign files run in a child with a time
 * limit.
 */
#ifndef BASE_HASH64_H
#define BASE_HASH64_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

static inline uint64_t hash64_mix(uint64_t a, uint64_t b)
{
    __extension__ typedef unsigned __int128 Wide;
    Wide product = (Wide)a * b;
    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

static inline uint64_t hash64_number(uint64_t value)
{
    return hash64_mix(value ^ 0x9e3779b97f4a7c15u, 0xd6e8feb86659fd93u);
}

static inline uint64_t hash64_load(const char *ptr, size_t bytes)
{
    uint64_t word = 0;
    memcpy(&word, ptr, bytes);
    return word;
}

/* Eight bytes at a time; the last, overlapping word takes care of the rest. */
static inline uint64_t hash64_bytes(const char *ptr, size_t len)
{
    uint64_t hash = 0x9e3779b97f4a7c15u ^ len;
    if (len < 8) {
        uint64_t word = 0;
        if (len >= 4)
            word = hash64_load(ptr, 4) | hash64_load(ptr + len - 4, 4) << 32;
        else if (len)
            word = (uint64_t)(unsigned char)ptr[0] | (uint64_t)(unsigned char)ptr[len / 2] << 8 |
                   (uint64_t)(unsigned char)ptr[len - 1] << 16;
        return hash64_mix(hash ^ word, 0xd6e8feb86659fd93u);
    }
    size_t at = 0;
    for (; len - at > 16; at += 16)
        hash = hash64_mix(hash ^ hash64_load(ptr + at, 8),
                          hash64_load(ptr + at + 8, 8) ^ 0xa0761d6478bd642fu);
    if (len - at > 8)
        hash = hash64_mix(hash ^ hash64_load(ptr + at, 8), 0xe7037ed1a0b428dbu);
    return hash64_mix(hash ^ hash64_load(ptr + len - 8, 8), 0xd6e8feb86659fd93u);
}

#endif
