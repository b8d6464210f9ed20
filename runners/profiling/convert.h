/*
 * Convert: a foreign profile into our own profile file, in a child process.
 *
 * Readers are given files that anybody may have written. They run in `perfloop convert`, with a
 * limit on memory and time, so that a crash or a hang is one error message and nothing more; and in
 * a sandbox that refuses all but reading and writing that one result (sandbox.h). The
 * result lands in the cache, named by the content of what was read, and is mapped from there:
 *
 *     Converted converted;
 *     OpenProfile open = {0};
 *     if (!convert_file(arena, &options, &converted, err) ||
 *         !profile_open(arena, options.cache, converted.id, &open, err))
 *         return false;
 *     use(&open.profile);                       until profile_close(&open)
 *
 * A recording whose stacks only perf can walk is first given to the user's perf (unwind.h). Without
 * one it is read as far as that goes, and again when there is one.
 *
 * A file that is in the cache already is not read again, unless other readers read it (store.h), or a
 * program or debug information that was missing then has appeared (symbols/symbolize.h).
 * convert_sweep deletes what nobody used for three months.
 */
#ifndef RUNNERS_PROFILING_CONVERT_H
#define RUNNERS_PROFILING_CONVERT_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "analysis/profile/profile.h"
#include "base/arena.h"
#include "base/attr.h"
#include "base/digest.h"
#include "base/err.h"
#include "base/file.h"
#include "base/str.h"
#include "runners/process.h"
#include "runners/report.h"

/*
 * A sanitizer's shadow memory takes terabytes of address space: a reader built with one has
 * no limit; and its report wants system calls that a reader does not.
 */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define CONVERT_LIMITS_MEMORY false
#define CONVERT_SANDBOX       false
#else
#define CONVERT_LIMITS_MEMORY true
#define CONVERT_SANDBOX       true
#endif

typedef struct ConvertOptions {
    Str file;              /* the foreign profile */
    Str cache;             /* places.cache */
    Str program;           /* perfloop itself; empty: the running program */
    double timeout_s;      /* 0: by the file's size */
    uint64_t memory_bytes; /* 0: by the file's size */
    const volatile sig_atomic_t *cancel;
    Report *report; /* told what takes long and what could not be done; may be NULL */
} ConvertOptions;

typedef struct Converted {
    Digest id; /* content of the foreign file */
    Str path;  /* of our file in the cache */
    bool was_cached;
} Converted;

bool convert_file(Arena *arena, const ConvertOptions *options, Converted *out, Err *err) MUST_CHECK;
/* The child's work: reads `from`, and the text that perf made of it (`unwound`, or empty: unwind.h),
 * and writes our file to `to`; the process is in the sandbox then. A
 * failure leaves an empty file. */
bool convert_here(Str from, Str unwound, Str to, Err *err) MUST_CHECK;

/* Time and memory that a child may take which reads a foreign file of so many bytes. */
ProcessOptions convert_limits(uint64_t bytes);
/* What such a child that did not end well says about the file; false. */
bool convert_child_failed(Str file, const ProcessResult *result, Err *err);

typedef struct OpenProfile {
    Profile profile;
    FileMap map;
} OpenProfile;

Str profile_cache_path(Arena *arena, Str cache, Digest id);
/* ERR_NOT_FOUND when it is not in the cache, or of another version of ours. Counts as a use. */
bool profile_open(Arena *arena, Str cache, Digest id, OpenProfile *out, Err *err) MUST_CHECK;
void profile_close(OpenProfile *open);
/* Other readers read it, or a program or debug information that was missing has appeared:
 * convert_file would know more. */
bool convert_is_stale(Arena *arena, const OpenProfile *open);

/* Deletes cached profiles that were last used before `before_s` (seconds since 1970). */
size_t convert_sweep(Str cache, int64_t before_s);

#endif
