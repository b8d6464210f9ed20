/*
 * Fatbin: the GPU programs inside a host program, as nvcc puts them there.
 *
 *     FatbinFacts facts = fatbin_look(arena, bytes);
 *     if (facts.images && !facts.with_lines && !facts.hidden)
 *         it was built without -lineinfo
 *
 * A container begins with 0xBA55ED50 and holds entries: PTX, which the driver compiles for a GPU that
 * no cubin is for, and cubins, which may be compressed. What is compressed is counted and not unpacked, so that the
 * answer is "has no lines" only when every cubin was seen. Hostile bytes are expected.
 */
#ifndef ANALYSIS_PROFILE_FATBIN_H
#define ANALYSIS_PROFILE_FATBIN_H

#include <stddef.h>

#include "base/arena.h"
#include "base/str.h"

typedef struct FatbinFacts {
    size_t images;     /* cubins that could be looked at */
    size_t with_lines; /* of these, with a line table */
    size_t hidden;     /* cubins that are compressed: nothing is known of them */
} FatbinFacts;

/* The bytes of a program, library or object file; or of a cubin. */
FatbinFacts fatbin_look(Arena *scratch, Str bytes);

#endif
