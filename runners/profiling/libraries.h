/*
 * Libraries: where the sources of libraries lie on this machine, so that a path that was recorded
 * elsewhere, or that stands for none (/rustc/COMMIT/library/...), leads to a file here (pathmap.h).
 *
 *     Libraries here = libraries_here(arena);
 *     pathmap_new(arena, (PathMapOptions){.libraries = here.items, .libraries_len = here.len, ...})
 *
 * Known folders are looked at, no program is started: the toolchains of rustup that have the
 * component rust-src, each under the commit it was built from, and the crates that cargo unpacked.
 */
#ifndef RUNNERS_PROFILING_LIBRARIES_H
#define RUNNERS_PROFILING_LIBRARIES_H

#include "analysis/symbols/pathmap.h"
#include "base/arena.h"
#include "base/array.h"

typedef Array(PathRule) Libraries;

/* In the folders that RUSTUP_HOME and CARGO_HOME, else HOME, name. */
Libraries libraries_here(Arena *arena);
Libraries libraries_in(Arena *arena, Str rustup, Str cargo);

#endif
