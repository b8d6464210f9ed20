/*
 * Problem: how the reader of a workload file reports mistakes. Inside this folder only.
 *
 * One function per kind of mistake, so that the same mistake reads the same everywhere: what is
 * wrong, and what to write instead. An error makes the workload being read unusable.
 */
#ifndef ANALYSIS_WORKLOAD_PROBLEM_H
#define ANALYSIS_WORKLOAD_PROBLEM_H

#include <stdbool.h>

#include "analysis/source/toml.h"
#include "analysis/workload/schema.h"
#include "analysis/workload/workload.h"
#include "base/arena.h"
#include "base/attr.h"
#include "base/str.h"

typedef struct WorkloadReader {
    Arena *arena;
    Str text;
    WorkloadFile *file;
    Workload *workload; /* the one being read, or NULL */
} WorkloadReader;

typedef struct ProblemAt {
    TomlSpan span;
    Str code;
    Str fix;                   /* may be empty */
    WorkloadSeverity severity; /* 0: an error */
} ProblemAt;

/* A value as it is written. */
Str problem_source(const WorkloadReader *reader, TomlSpan span);

void problem_add(WorkloadReader *reader, ProblemAt at, const char *fmt, ...) PRINTF_LIKE(3, 4);

void problem_unknown_key(WorkloadReader *reader, const TomlEntry *entry, const SchemaKey *table);
/* "'tests' must be a string, not an integer" */
void problem_type(WorkloadReader *reader, Str key, const TomlValue *value, const char *wanted);
/* The text of a value that must be a string; a problem and false when it is none. */
bool problem_unless_string(WorkloadReader *reader, Str key, const TomlValue *value, Str *out);
/* "unknown harness 'pytst'; did you mean 'pytest-benchmark'?" */
void problem_unknown_name(WorkloadReader *reader, ProblemAt at, const char *what, Str word,
                          StrList names);

#endif
