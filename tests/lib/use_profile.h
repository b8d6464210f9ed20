/*
 * use_profile: what any profile that a reader lets through must stand, for the fuzz targets. Rolls
 * it up in every metric, and writes, maps and compares it. Aborts when something does not add up.
 */
#ifndef TESTS_LIB_USE_PROFILE_H
#define TESTS_LIB_USE_PROFILE_H

#include "analysis/profile/profile.h"
#include "analysis/profile/readers.h"
#include "base/arena.h"

void use_profile(Arena *arena, const Profile *profile);
/* What a reader makes of these bytes, if anything, is used so. */
void use_reader(ProfileReader *reader, Str bytes);

#endif
