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
    bool *own;              /* by frame: the user can act here (below) */
    Str *library;           /* by frame: whose code it is when it is a library's; else empty */
    size_t lines_len;
    size_t functions_len;
} Places;

/*
 * A frame is the user's own when it lies in a source file of the workspace that is no library's.
 * Where the profile knows no file of the workspace (it was recorded elsewhere, or there is none),
 * every source file that is no library's is taken for the user's.
 */
Places places_of(Arena *arena, const Profile *profile, PathMap *map);
PathPlace places_file(const Places *places, uint32_t file);
/* True when the frame can be a line of a source file. */
bool frame_has_line(const ProfileFrame *frame);

#endif
