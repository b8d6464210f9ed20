/*
 * Library: whose code a recorded path is, when it is not the user's.
 *
 *     library_of(arena, S("/root/.cargo/registry/src/index.crates.io-6f17/serde_json-1.0.1/src/de.rs"))
 *         .name  "crate serde_json 1.0.1"      .path  "serde_json-1.0.1/src/de.rs"
 *     library_of(arena, S("/rustc/59807616.../library/core/src/iter/mod.rs"))
 *         .name  "std"                         .path  "library/core/src/iter/mod.rs"
 *     library_of(arena, S("/usr/lib/python3/dist-packages/numpy/core/numeric.py")).name  "numpy"
 *
 * A pure look at the text of the path: Rust's standard library and crates, Python's standard
 * library and installed packages, headers of the system and of CUDA, Go's modules. A virtual
 * environment or a vendored registry inside a workspace is a library, too.
 *
 * `key` names the copy independently of the machine ("serde_json-1.0.1", a commit of rustc), so
 * that a PathMap can find the same copy here (pathmap.h).
 */
#ifndef ANALYSIS_SYMBOLS_LIBRARY_H
#define ANALYSIS_SYMBOLS_LIBRARY_H

#include "base/arena.h"
#include "base/str.h"

typedef struct Library {
    Str name; /* empty: no library */
    Str path; /* inside the library, as people read it */
    Str key; /* "serde_json-1.0.1", "59807616…" of rustc; empty: only the path itself says where */
} Library;

Library library_of(Arena *arena, Str recorded);
/* Of Python's own C sources and the C library's, which are recorded as they were compiled:
 * "Objects/obmalloc.c", "./malloc/malloc.c". A project may have such folders, too: ask last. */
Library library_of_source(Str recorded);
/* "libc" for /usr/lib/x86_64-linux-gnu/libc.so.6: of code without a source; empty when the module
 * is not one of the system. */
Str library_of_module(Arena *arena, Str module);

#endif
