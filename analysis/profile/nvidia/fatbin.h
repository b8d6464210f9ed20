/*
 * Fatbin: the GPU programs inside a host program, as nvcc puts them there.
 *
 *     FatbinFacts facts = fatbin_look(arena, bytes);
 *     if (fatbin_lines(&facts) == FATBIN_NO_LINES)
 *         it was built without -lineinfo
 *
 * A container begins with 0xBA55ED50 and holds entries: PTX, which the driver compiles for a GPU that
 * no cubin is for, and cubins. Either may be packed, with LZ4 or (CUDA 12.8 and later) with zstd. What
 * cannot be unpacked is counted, so that the answer is "has no lines" only when every cubin was seen.
 * Hostile bytes are expected.
 */
#ifndef ANALYSIS_PROFILE_NVIDIA_FATBIN_H
#define ANALYSIS_PROFILE_NVIDIA_FATBIN_H

#include <stddef.h>

#include "base/arena.h"
#include "base/str.h"

typedef struct FatbinFacts {
    size_t images;           /* cubins that could be looked at */
    size_t with_lines;       /* of these, with a line table */
    size_t texts;            /* PTX that could be looked at */
    size_t texts_with_lines; /* of these, with lines of the source */
    size_t hidden;           /* packed in a way that is not known, or broken */
} FatbinFacts;

/* The bytes of a program, library or object file; or of a cubin. */
FatbinFacts fatbin_look(Arena *scratch, Str bytes);

typedef enum FatbinLines {
    FATBIN_NO_KERNELS,
    FATBIN_LINES,    /* some kernel has lines */
    FATBIN_NO_LINES, /* all were seen, and none has */
    FATBIN_UNKNOWN,
} FatbinLines;
FatbinLines fatbin_lines(const FatbinFacts *facts);

#endif
