/*
 * Loaded: which code did a run really execute?
 *
 * A Python package installed in place (pip install -e) is imported from the folder it was installed
 * from, wherever the benchmark runs. Then both sides of a comparison execute the same code, and the
 * honest answer "same" is wrong. So one warm-up run per side is listed: Python modules with their
 * files, by a small module put on PYTHONPATH, and what the dynamic loader mapped, by the C library's
 * own LD_DEBUG. A run that took code of the project from anywhere but its own tree is refused.
 *
 *     loaded_prepare(arena, folder, &env, err)      an empty folder for the lists
 *     process_run(... env ...)
 *     loaded_read(arena, folder, &loaded, err)
 *     loaded_check(arena, &loaded, &where, err)
 */
#ifndef RUNNERS_MEASURE_LOADED_H
#define RUNNERS_MEASURE_LOADED_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/array.h"
#include "base/attr.h"
#include "base/digest.h"
#include "base/err.h"
#include "base/str.h"

typedef struct LoadedFile {
    Str path;   /* absolute where the list says so */
    Str module; /* Python's name of it; empty for native code */
} LoadedFile;

typedef struct Loaded {
    Array(LoadedFile) files;
    Array(Str) standard; /* folders of Python's own library */
} Loaded;

typedef Array(Str) LoadedEnv; /* "NAME=value" */

/* Variables that make a run in this environment list what it loads into folder. */
bool loaded_prepare(Arena *arena, Str folder, LoadedEnv *env, Err *err) MUST_CHECK;
bool loaded_read(Arena *arena, Str folder, Loaded *out, Err *err) MUST_CHECK;

typedef struct LoadedWhere {
    Str side;  /* for the message: "baseline" */
    Str dir;   /* the run's own tree */
    Str other; /* the other side's; may be empty */
    Str root;  /* the user's work tree; may be empty */
    const Str *argv;
    size_t argc;
} LoadedWhere;

/* ERR_CONFLICT names the file, where it should have come from, and what mends it. */
bool loaded_check(Arena *arena, const Loaded *loaded, const LoadedWhere *where,
                  Err *err) MUST_CHECK;

/* Of the files outside dir and outside `built` (may be empty): their paths, sizes and times of change. */
Digest loaded_libraries(Arena *arena, const Loaded *loaded, Str dir, Str built);
/* A file whose name begins so. */
bool loaded_has(const Loaded *loaded, Str name);

#endif
