/*
 * Format: what kind of profile these bytes are, and the reader for it.
 *
 *     Profile profile;
 *     if (!profile_read(arena, S("run.json.gz"), bytes, &profile, err))
 *         ...                          run.json.gz: not a profile perfloop knows; it reads ...
 *
 * The bytes decide, not the name. gzip and zstd are unpacked first, with a limit (unpack.h).
 */
#ifndef ANALYSIS_PROFILE_FORMAT_H
#define ANALYSIS_PROFILE_FORMAT_H

#include <stdbool.h>

#include "analysis/profile/profile.h"
#include "base/arena.h"
#include "base/attr.h"
#include "base/err.h"
#include "base/str.h"

/* The name is for messages only. */
bool profile_read(Arena *arena, Str name, Str bytes, Profile *out, Err *err) MUST_CHECK;
/*
 * The same of a file that is mapped; where its format allows, the file is read piece by piece, and
 * the mapping stays out of memory.
 */
bool profile_read_file(Arena *arena, Str path, Str mapped, Profile *out, Err *err) MUST_CHECK;

#endif
