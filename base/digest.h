/*
 * Digest: a 128-bit content id (XXH3). It names contents in caches and in the ledger; it is not
 * cryptographic and guards against accidents, not against somebody who wants a collision.
 */
#ifndef BASE_DIGEST_H
#define BASE_DIGEST_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/file.h"
#include "base/str.h"

typedef struct Digest {
    uint64_t high;
    uint64_t low;
} Digest;

Digest digest_of(Str bytes);
/* The same of a mapped file, of which little is in memory at a time. */
Digest digest_of_map(const FileMap *map);
/* A digest of many pieces, their borders included: ("ab","c") differs from ("a","bc"). */
typedef struct Digester Digester;
Digester *digester_new(Arena *arena);
void digester_add(Digester *digester, Str piece);
Digest digester_done(const Digester *digester);

bool digest_eq(Digest a, Digest b);
bool digest_is_zero(Digest digest);
/* 32 lower-case hexadecimal digits, and back. */
Str digest_hex(Arena *arena, Digest digest);
bool digest_from_hex(Str hex, Digest *out) MUST_CHECK;

#endif
