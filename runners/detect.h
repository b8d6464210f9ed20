/*
 * Detect: look at a project and draft its workload file.
 *
 * What the files of the project say is taken: pytest-benchmark among the dependencies or in the
 * benchmarks, benches/ with criterion, a folder of tests, the language's usual profiler. What nobody
 * but the user knows, metric and target, is left as a commented line. Nothing is run, and symbolic
 * links are not followed.
 */
#ifndef RUNNERS_DETECT_H
#define RUNNERS_DETECT_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/err.h"
#include "base/str.h"

typedef struct Draft {
    Str name;      /* of the workload */
    Str benchmark; /* as a command line; empty when none was found */
    Str harness;
    Str tests; /* empty when none was found */
    Str build; /* empty when there is none */
    Str profiler;
    Str because; /* what was seen, in words: "pytest-benchmark in pyproject.toml" */
} Draft;

Draft detect_project(Arena *arena, Str root);

/* The file, with its comments. */
Str detect_file_text(Arena *arena, const Draft *draft);

/* Writes root/perfloop.toml; ERR_CONFLICT when there is one already, or a section elsewhere. */
bool detect_write(Arena *arena, Str root, const Draft *draft, Str *path, Err *err) MUST_CHECK;

#endif
