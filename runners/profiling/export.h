/*
 * Export: a foreign profile's events as a file for another tool, Chrome's trace JSON.
 *
 *     if (!export_file(arena, &(ExportOptions){.file = S("run.sqlite"), .to = S("run.json")}, err))
 *         return false;
 *
 * The foreign file is read in a child (`perfloop export --here FILE`) with the limits and in the
 * sandbox of convert.h; what it says leaves through its standard output as it is made. A file is
 * only there when all of it is.
 */
#ifndef RUNNERS_PROFILING_EXPORT_H
#define RUNNERS_PROFILING_EXPORT_H

#include <signal.h>
#include <stdbool.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/err.h"
#include "base/str.h"

typedef struct ExportOptions {
    Str file;
    Str to; /* empty: standard output */
    const volatile sig_atomic_t *cancel;
} ExportOptions;

/* `notes` is what the child said beside the text: what was damaged in the file; or empty. */
bool export_file(Arena *arena, const ExportOptions *options, Str *notes, Err *err) MUST_CHECK;
/* The child's work: to standard output; the process is in the sandbox then. */
bool export_here(Str file, Err *err) MUST_CHECK;

#endif
