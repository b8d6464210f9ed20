/*
 * Loop facts: where the optimization loop stands, as plain data for the presenter.
 *
 * The ledger lives in runners; whoever reads it fills this in. One WorkloadFacts per workload of
 * the workspace; strings live as long as the arena they were put in.
 */
#ifndef ANALYSIS_HINTS_LOOP_FACTS_H
#define ANALYSIS_HINTS_LOOP_FACTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "analysis/source/text.h"
#include "base/str.h"
#include "base/units.h"

typedef enum LoopStep {
    LOOP_IDLE, /* no change since the last checkpoint */
    LOOP_CHANGED,
    LOOP_MEASURED,
    LOOP_KEPT,
    LOOP_REVERTED,
} LoopStep;

typedef enum LoopVerdict {
    LOOP_NO_VERDICT,
    LOOP_FASTER,
    LOOP_SMALL, /* faster, but by less than 5 % */
    LOOP_SLOWER,
    LOOP_SAME,
    LOOP_UNCLEAR,
} LoopVerdict;

/* A piece of text that an iteration changed. */
typedef struct ChangedPlace {
    Str path;     /* below the workspace root */
    Str function; /* empty at file level */
    LineNo first; /* where it is in the text as it is now */
    LineNo last;
} ChangedPlace;

typedef struct IterationFacts {
    int64_t id; /* 0: none yet */
    LoopStep step;
    LoopVerdict verdict;
    Str sentence; /* "slower: 8.1 ms → 9.9 ms, +22 % [+18, +26] 99 %, 12 pairs" */
    double before, after;
    double change; /* relative: 0.22 is +22 % */
    Str candidate; /* the tree that was measured */
    const ChangedPlace *places;
    size_t n_places;
} IterationFacts;

typedef struct WorkloadFacts {
    Str name;
    LineNo line; /* of its table in the workload file */
    Str metric;  /* "p50" */
    Unit unit;
    bool trusted; /* its commands may run */
    bool has_baseline, has_current, has_target, target_met;
    double baseline;       /* in the base unit of `unit` */
    double current;        /* of the last kept or measured state */
    double change;         /* from baseline to current, relative */
    Str target;            /* as written: "8 ms" */
    const double *history; /* the metric at the baseline and after each kept iteration */
    size_t n_history;
    IterationFacts last;
    Str stop; /* why the loop may end here; empty while it should go on */
} WorkloadFacts;

/* A job that the server is running. */
typedef struct JobFacts {
    Str id;       /* empty: none */
    Str title;    /* "measure tokenize" */
    Str workload; /* empty when it belongs to none */
    int percent;  /* -1: unknown */
} JobFacts;

typedef struct LoopFacts {
    Str workload_file; /* below the root; empty when the workspace has none */
    const WorkloadFacts *workloads;
    size_t n_workloads;
    JobFacts job;
} LoopFacts;

/* The workload of this name, else the first, else NULL. */
const WorkloadFacts *facts_workload(const LoopFacts *facts, Str name);

#endif
