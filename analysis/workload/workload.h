/*
 * Workload: what is optimized, as perfloop.toml says it.
 *
 *     WorkloadFile file = workload_read(arena, S("perfloop.toml"), bytes);
 *     Workload *workload = workload_find(&file, name, &err);
 *
 * The same keys are read from [tool.perfloop] in pyproject.toml and [package.metadata.perfloop] in
 * Cargo.toml; the file's name decides. Every mistake becomes a problem with its place and, where
 * there is one, the text that mends it; what is right is still read. A workload with an error has
 * `usable` false: nothing is run with it.
 *
 * The tables of keys, harnesses and metrics (schema.h) are the one place that knows what is valid;
 * completion and hover (complete.h) read the same tables.
 *
 * Values may be views of `bytes`, which must live as long as the arena. Nothing is run here and no
 * file is read; runners/workloads.h finds and reads the file of a workspace.
 */
#ifndef ANALYSIS_WORKLOAD_WORKLOAD_H
#define ANALYSIS_WORKLOAD_WORKLOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "analysis/source/toml.h"
#include "base/arena.h"
#include "base/array.h"
#include "base/err.h"
#include "base/str.h"
#include "base/units.h"

typedef Array(Str) StrList;

/* A command of the file. argc is 0 when there is none. */
typedef struct WorkloadCommand {
    Str text; /* for people: as written, or the array's words quoted where they need it */
    Str *
        argv; /* what to start: split like a shell does, without any expansion; with shell: sh -c */
    size_t argc;
    bool shell;
    TomlSpan span;
} WorkloadCommand;

typedef struct WorkloadTarget {
    bool given;
    bool relative; /* "-30 %": value -0.30 of the baseline */
    double value;  /* in `unit`'s base unit */
    Unit unit;
    Str text;
} WorkloadTarget;

typedef struct WorkloadLoad {
    bool given;
    int64_t concurrency; /* 0: not given */
    double peak;         /* per second; 0: not given */
    double sustained;
} WorkloadLoad;

typedef struct WorkloadPathMap {
    Str from;
    Str to;
} WorkloadPathMap;

typedef enum WorkloadOnRegression {
    ON_REGRESSION_ASK,
    ON_REGRESSION_REVERT,
} WorkloadOnRegression;

typedef struct Workload {
    Str name;
    TomlSpan name_span; /* in its header */
    size_t line;        /* of the header, from 1 */
    bool usable;        /* it can be run: a benchmark, and no error in it */

    WorkloadCommand benchmark;
    WorkloadCommand tests;
    WorkloadCommand build;
    Str harness; /* one of schema.h's; "command" when not given */
    Str metric;  /* the harness' default when not given */
    bool metric_given;
    Unit metric_unit;
    bool metric_unit_known; /* false for a harness' own metric that we do not know */
    bool higher_is_better;
    WorkloadTarget target;
    StrList inputs;
    StrList profilers;
    StrList constraints;
    WorkloadLoad load;
    WorkloadOnRegression on_regression;
    Str executor; /* "local" when not given */
    Array(WorkloadPathMap) path_map;
} Workload;

typedef enum WorkloadSeverity { /* the numbers of LSP */
    WORKLOAD_ERROR = 1,
    WORKLOAD_WARNING = 2,
    WORKLOAD_INFO = 3,
} WorkloadSeverity;

typedef struct WorkloadProblem {
    TomlSpan span; /* bytes of the file */
    size_t line;   /* of span.start, from 1 */
    WorkloadSeverity severity;
    Str code; /* stable: "config-syntax", "config-unknown-key", ... (schema.h lists them) */
    Str message;
    Str fix; /* text that mends it in place of the span, empty when there is none */
} WorkloadProblem;

typedef struct WorkloadFile {
    Str name; /* as given: "perfloop.toml" */
    Array(Workload) workloads;
    Array(WorkloadProblem) problems; /* in the order of the text */
} WorkloadFile;

WorkloadFile workload_read(Arena *arena, Str file_name, Str bytes);

/* True for the three names above (a path's last part counts). */
bool workload_is_file(Str path);

/*
 * The workload of that name; with an empty name the only one. NULL with ERR_NOT_FOUND when there is
 * none or more than one to choose from, with ERR_INPUT and its first error when it is not usable.
 */
const Workload *workload_find(const WorkloadFile *file, Str name, Err *err) MUST_CHECK;

/* Splits like a shell: blanks, '..', "..", \; no expansion. False when a quote is open. */
bool workload_split(Arena *arena, Str text, Str **argv, size_t *argc) MUST_CHECK;
/* The inverse: words with blanks or quotes are quoted. */
Str workload_join(Arena *arena, const Str *argv, size_t argc);

#endif
