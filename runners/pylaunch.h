/*
 * PyLaunch: where in a benchmark command Python is started, so that a script of ours
 * can be put before what it runs; | is the place.
 *
 *     pytest benchmarks/x.py            PYTHON | /path/to/pytest benchmarks/x.py
 *     env A=1 python -m pytest -q       env A=1 python | -m pytest -q
 *     uv run pytest                     uv run python | -m pytest
 *
 * PYTHON is the interpreter that the script's first line names, so that it is the same environment.
 */
#ifndef RUNNERS_PYLAUNCH_H
#define RUNNERS_PYLAUNCH_H

#include <stdbool.h>

#include "analysis/workload/workload.h"
#include "base/arena.h"
#include "base/attr.h"
#include "base/err.h"
#include "base/str.h"

typedef struct PyLaunch {
    StrList before; /* up to and with the interpreter and its options */
    StrList after;  /* a script and its arguments, or -m MODULE and its arguments */
    Str python;     /* the interpreter's file, empty when a launcher finds it */
} PyLaunch;

/* ERR_UNSUPPORTED when the command does not start Python in a way that is known. */
bool pylaunch_find(Arena *arena, const WorkloadCommand *command, Str cwd, PyLaunch *out,
                   Err *err) MUST_CHECK;

/* The interpreter that the command would use; python3 or python of PATH otherwise; empty: none. */
Str pylaunch_python(Arena *arena, const WorkloadCommand *command, Str cwd);

#endif
