/*
 * Export: a foreign profile as a file for another tool: the events of a timeline as Chrome's trace
 * JSON, or any profile's stacks as speedscope's JSON or folded.
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

typedef enum ExportFormat {
    EXPORT_CHROME_TRACE,
    EXPORT_SPEEDSCOPE,
    EXPORT_FOLDED,
    EXPORT_FORMATS,
} ExportFormat;

typedef struct ExportOptions {
    Str file;
    ExportFormat format;
    Str metric; /* of stacks; empty: the first */
    Str to;     /* empty: standard output */
    const volatile sig_atomic_t *cancel;
} ExportOptions;

/* `notes` is what the child said beside the text: what was damaged in the file; or empty. */
bool export_file(Arena *arena, const ExportOptions *options, Str *notes, Err *err) MUST_CHECK;
/* The child's work: to standard output; the process is in the sandbox then. */
bool export_here(const ExportOptions *options, Err *err) MUST_CHECK;
Str export_format_name(ExportFormat format);

#endif
