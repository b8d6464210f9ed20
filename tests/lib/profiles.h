/*
 * Profiles: reading one in a test, and finding a row of it. Everything fails the test when it cannot
 * be done; test_profile_shared skips it where the samples beside the project are not there.
 */
#ifndef TESTS_LIB_PROFILES_H
#define TESTS_LIB_PROFILES_H

#include <stdint.h>

#include "analysis/hotspots/hotspot.h"
#include "analysis/profile/profile.h"
#include "analysis/profile/readers.h"
#include "base/arena.h"
#include "base/str.h"

Profile test_reading(Arena *arena, Str bytes);
/* The bytes, called "x", are refused with a message that has these words; by this reader alone. */
void test_refused(Arena *arena, Str bytes, const char *message);
void test_refused_by(ProfileReader *reader, Arena *arena, Str bytes, const char *message);
Profile test_profile_at(Arena *arena, Str path);
Profile test_profile_source(Arena *arena, const char *path);
Profile test_profile_shared(Arena *arena, const char *path);

int64_t test_total(const Profile *profile, const char *metric);
/* "self total" of a line in one metric, or an empty text. */
Str test_line_text(Arena *arena, const Profile *profile, const char *metric, Str file_end,
                   uint32_t line);
/* NULL when there is no such row; an empty file_end is any file. */
const HotSpot *test_line(const HotSpots *spots, Str file_end, uint32_t line);
const HotSpot *test_function(const HotSpots *spots, Str file_end, Str name);

#endif
