/*
 * RustEnv: the environment in which cargo builds what a profiler can read: with lines, not
 * stripped, and with frame pointers. The user's Cargo.toml is never touched.
 *
 *     StrList env = rust_env(arena, places, workload);    "CARGO_PROFILE_RELEASE_DEBUG=1", ...
 *
 * Flags for the compiler are added to those the user has. cargo takes them from one of four places
 * and from that one only (the Cargo Book, build.rustflags), so ours go where the user's are:
 * CARGO_ENCODED_RUSTFLAGS, RUSTFLAGS, target.*.rustflags of a configuration, build.rustflags.
 */
#ifndef RUNNERS_PROFILING_CAPTURE_RUST_ENV_H
#define RUNNERS_PROFILING_CAPTURE_RUST_ENV_H

#include "analysis/workload/workload.h"
#include "base/arena.h"
#include "runners/places.h"

StrList rust_env(Arena *arena, const Places *places, const Workload *workload);

/*
 * "x86_64-unknown-linux-gnu": what the command's --target says, else the compiler's own; empty
 * when there is no compiler.
 */
Str rust_target(Arena *arena, const Places *places, const WorkloadCommand *command);

#endif
