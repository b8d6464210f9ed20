/*
 * NcuAccess: which memory an instruction uses, and how: "global load, 32-bit". As bits in reports
 * (memory_type, memory_access_type, memory_access_size_type), as words on source pages.
 *
 *     NcuAccesses accesses = ncu_accesses_new(arena);
 *     ncu_access_add(&accesses, frame, place, access);        once for each instruction
 *     ncu_access_findings(&accesses, build);                  a note for each line
 */
#ifndef ANALYSIS_PROFILE_NVIDIA_NCU_ACCESS_H
#define ANALYSIS_PROFILE_NVIDIA_NCU_ACCESS_H

#include <stdint.h>

#include "analysis/profile/profile.h"
#include "base/array.h"
#include "base/intern.h"

typedef struct NcuAccess {
    uint8_t space, operation, size; /* bits as ncu gives them; space 0: no memory */
} NcuAccess;

typedef struct NcuLineAccess {
    uint32_t frame;
    uint32_t file; /* text of the profile */
    uint32_t line;
    uint32_t instructions;
    NcuAccess access;
} NcuLineAccess;

typedef struct NcuAccesses {
    Arena *arena;
    Intern keys;
    Array(NcuLineAccess) items;
} NcuAccesses;

NcuAccesses ncu_accesses_new(Arena *arena);
/* The cells of a source page: "Global", "Load", "32". */
NcuAccess ncu_access_of(Str space, Str operation, Str size);
void ncu_access_add(NcuAccesses *all, uint32_t frame, uint32_t file, uint32_t line,
                    NcuAccess access);
void ncu_access_findings(NcuAccesses *all, ProfileBuilder *build);

#endif
