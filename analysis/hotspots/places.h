/*
 * Places: which line and which function of the source each frame of a profile belongs to, as
 * small numbers. Two frames whose recorded paths map to the same file of the workspace share
 * their lines. What the rollup of hotspot.c counts by.
 */
#ifndef ANALYSIS_HOTSPOTS_PLACES_H
#define ANALYSIS_HOTSPOTS_PLACES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "analysis/profile/profile.h"
#include "analysis/symbols/pathmap.h"
#include "base/arena.h"

typedef struct Places {
    const Profile *profile;
    const PathPlace *files; /* by text id; only those of frames are filled in */
    uint32_t *line_of;      /* by frame: line + 1; 0: no line of a file */
    uint32_t *function_of;  /* by frame */
    size_t lines_len;
    size_t functions_len;
} Places;

Places places_of(Arena *arena, const Profile *profile, PathMap *map);
PathPlace places_file(const Places *places, uint32_t file);
/* True when the frame can be a line of a source file. */
bool frame_has_line(const ProfileFrame *frame);

#endif
