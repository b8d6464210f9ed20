/*
 * Places: where things of a workspace live.
 *
 *     root         the workspace: the nearest folder, from start upwards, with a perfloop.toml;
 *                  else the top of the git work tree; else start itself
 *     git_top      top of the git work tree that holds root; empty without git
 *     git_dir      this work tree's own git folder (a linked work tree has one of its own)
 *     git_common   the repository's folder, shared by all its work trees
 *     state        ledger, frozen trees, profiled texts: git_common/perfloop, or root/.perfloop
 *     cache        converted profiles: $XDG_CACHE_HOME/perfloop, or ~/.cache/perfloop
 *     user_state   trust and the machine's lock: $XDG_STATE_HOME/perfloop, or ~/.local/state/perfloop
 *
 * All paths are absolute, normal and without symbolic links. Nothing is created here; the git
 * folders are found by reading .git, gitdir: and commondir as gitrepository-layout(5) says.
 */
#ifndef RUNNERS_PLACES_H
#define RUNNERS_PLACES_H

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

typedef struct Places {
    Str root;
    Str git_top;
    Str git_dir;
    Str git_common;
    Str state;
    Str cache;
    Str user_state;
} Places;

/* start may be a file or a folder, relative to the current directory; empty is that directory. */
bool places_find(Arena *arena, Str start, Places *out, Err *err) MUST_CHECK;

#endif
