/*
 * Store: our own profile file, written once and mapped.
 *
 * The file is a header, a table of sections and the columns of profile.h, each aligned to 8
 * bytes, in this machine's byte order. It is a cache: a file of another version is read again
 * from its source, never converted; one that other readers made is, too, as long as the source is
 * there. Loading checks every offset, id and order once, so that
 * nobody has to check again; a file that was tampered with is an error, not a crash.
 *
 *     Str bytes = profile_store_write(arena, &profile);
 *     ...
 *     FileMap map;                              the profile lives as long as the mapping
 *     if (!file_map(path, &map, err) || !profile_store_map(arena, map.bytes, &profile, err))
 */
#ifndef ANALYSIS_PROFILE_STORE_H
#define ANALYSIS_PROFILE_STORE_H

#include <stdbool.h>

#include "analysis/profile/profile.h"
#include "base/arena.h"
#include "base/attr.h"
#include "base/err.h"
#include "base/str.h"

Str profile_store_write(Arena *arena, const Profile *profile);
/* `bytes` begin at an address divisible by 8. Only notes and texts of the head are copied. */
bool profile_store_map(Arena *arena, Str bytes, Profile *out, Err *err) MUST_CHECK;
/* Was it made by other readers than these? They may have known less; what they gave is still right. */
bool profile_store_is_older(Str bytes);

#endif
