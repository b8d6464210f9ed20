/*
 * Embed: the spawn helper, which is inside our own program, as a file that can be executed.
 *
 * It lives in memory (memfd), so perfloop stays one file that can be copied anywhere.
 */
#ifndef RUNNERS_SPAWN_EMBED_H
#define RUNNERS_SPAWN_EMBED_H

#include "base/arena.h"
#include "base/attr.h"
#include "base/err.h"
#include "base/str.h"

/* A path that execve accepts in this process; made at the first call. Safe from any thread. */
bool spawn_helper_path(Arena *arena, Str *out, Err *err) MUST_CHECK;

#endif
