/*
 * Said: what a profiler says of its own about places of a file: facts of kernels, rules, waits.
 *
 *     Said said = said_of(arena, &profile, map);
 *     for (size_t i = 0; i < said.findings_len; i++)
 *         said.findings[i].file, .line, .message ...
 *
 * Files are mapped as those of hot spots are (hotspot.h). A line of 0 stands for the definition of
 * the function. What belongs to no file is left out. Texts are the profile's, or the arena's.
 */
#ifndef ANALYSIS_HOTSPOTS_SAID_H
#define ANALYSIS_HOTSPOTS_SAID_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "analysis/profile/profile.h"
#include "analysis/symbols/pathmap.h"
#include "base/arena.h"
#include "base/str.h"

typedef struct SaidFact {
    Str file;
    Str function;
    Str name; /* "registers per thread" */
    Str unit; /* as in ProfileFact; empty for a text */
    Str text; /* empty for a number */
    double value;
} SaidFact;

typedef struct SaidFinding {
    Str file;
    uint32_t line;
    Str function; /* or kernel */
    Str rule;
    Str message;
    FindingKind kind;
    double speedup; /* estimated, in percent; 0 when not said */
    bool local;     /* of one unit of the device, not the whole kernel */
} SaidFinding;

typedef struct Said {
    SaidFact *facts;
    size_t facts_len;
    SaidFinding *findings; /* in the tool's order */
    size_t findings_len;
} Said;

Said said_of(Arena *arena, const Profile *profile, PathMap *map);

#endif
