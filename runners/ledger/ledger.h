/*
 * Ledger: what was measured, what it said and what was done about it, in one SQLite file in the
 * state folder (places.h). The schema with the meaning of every column is runners/ledger/ledger.sql.
 *
 *     CLEANUP(ledger_cleanup) Ledger *ledger = ledger_open(&places, LEDGER_READ, err);
 *     if (!ledger && err->kind == ERR_NOT_FOUND)
 *         nothing was recorded in this repository yet
 *
 * Several processes use it at once (write-ahead log, a busy timeout of 10 s); one Ledger belongs
 * to one thread. A Ledger is bound to a workspace: the linked work tree and the folder below its
 * top. Rows of other workspaces of the same repository are not seen, except by id.
 *
 * What the get functions return lives in the given arena. Everything here is plain data; what an
 * editor shows is put together in loop_view.h.
 */
#ifndef RUNNERS_LEDGER_LEDGER_H
#define RUNNERS_LEDGER_LEDGER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/array.h"
#include "base/digest.h"
#include "base/err.h"
#include "base/str.h"
#include "base/units.h"
#include "runners/places.h"

typedef struct Ledger Ledger;

typedef enum LedgerMode {
    LEDGER_READ,  /* ERR_NOT_FOUND when there is none yet */
    LEDGER_WRITE, /* made when missing, brought to today's schema */
} LedgerMode;

Ledger *ledger_open(const Places *places, LedgerMode mode, Err *err) MUST_CHECK;
void ledger_free(Ledger *ledger);
void ledger_cleanup(Ledger **ledger);

/* Where the file is, and a number that changes when anybody wrote to it (from two stats). */
Str ledger_path(Arena *arena, const Places *places);
uint64_t ledger_stamp(const Places *places);

/*
 * All writes between the two are seen at once by others, or never happened. They nest: the
 * outermost counts.
 */
bool ledger_begin(Ledger *ledger, Err *err) MUST_CHECK;
bool ledger_commit(Ledger *ledger, Err *err) MUST_CHECK;
/* Gives up what was written since ledger_begin; no error when there is nothing. */
void ledger_rollback(Ledger *ledger);

/* ---- workloads */

typedef struct LedgerWorkload {
    int64_t id;
    Str name;
    Str metric;
    bool higher_is_better;
    Str target;          /* as written; empty when there is none */
    double target_value; /* in the metric's base unit; NaN when there is none */
} LedgerWorkload;
typedef Array(LedgerWorkload) LedgerWorkloads;

/* Adds or updates by name; *id is its row. */
bool ledger_put_workload(Ledger *ledger, const LedgerWorkload *workload, int64_t *id,
                         Err *err) MUST_CHECK;
bool ledger_workloads(Arena *arena, Ledger *ledger, LedgerWorkloads *out, Err *err) MUST_CHECK;

/* ---- profiles */

typedef struct LedgerFile {
    Str path;       /* below the workspace's root */
    Digest content; /* of the text that was profiled; the text is in contents.h */
} LedgerFile;
typedef Array(LedgerFile) LedgerFiles;

typedef struct LedgerProfile {
    int64_t id;
    Str workload; /* empty when imported for none */
    int64_t time_s;
    Str tool;    /* "py-spy" */
    Str format;  /* "speedscope" */
    Str source;  /* the file it was read from */
    Str run_dir; /* the folder that relative paths in it belong to */
    Digest cache;
    Str metric; /* shown by default */
    Str snapshot;
    LedgerFiles files;
} LedgerProfile;
typedef Array(LedgerProfile) LedgerProfiles;

bool ledger_add_profile(Ledger *ledger, const LedgerProfile *profile, int64_t *id,
                        Err *err) MUST_CHECK;
/* Newest first, with their files; limit 0: all. workload empty: of any. */
bool ledger_profiles(Arena *arena, Ledger *ledger, Str workload, size_t limit, LedgerProfiles *out,
                     Err *err) MUST_CHECK;

/* ---- recordings of nvidia-smi, beside profiles */

typedef struct LedgerGpus {
    int64_t profile; /* 0: every one of this workload and snapshot */
    Str workload;    /* empty when imported for none */
    Str snapshot;    /* tree that ran, when known */
    int64_t time_s;
    Str origin;     /* profiler (it ran beside it), alone (in a run without one), imported */
    Str source;     /* the file it was read from, or the command */
    Digest content; /* the text of nvidia-smi is in contents.h */
} LedgerGpus;
typedef Array(LedgerGpus) LedgerGpusList;

bool ledger_add_gpus(Ledger *ledger, const LedgerGpus *gpus, Err *err) MUST_CHECK;
/*
 * Of this profile, the newest of each origin, newest first. What ran beside nsys in another profile of
 * the same workload and snapshot has the origin "nsys".
 */
bool ledger_gpus(Arena *arena, Ledger *ledger, const LedgerProfile *profile, LedgerGpusList *out,
                 Err *err) MUST_CHECK;

/* ---- conditions */

/* Stored once per digest; *id is its row. */
bool ledger_put_conditions(Ledger *ledger, Str digest, Str json, int64_t *id, Err *err) MUST_CHECK;
/* Empty when there is no such row. */
bool ledger_conditions(Arena *arena, Ledger *ledger, int64_t id, Str *json, Err *err) MUST_CHECK;

/* ---- baselines */

typedef struct LedgerBaseline {
    int64_t id;
    int64_t workload;
    int64_t time_s;
    Str snapshot; /* tree that was measured */
    Str origin;   /* "work tree", or the commit it was taken from */
    Str head;     /* the commit at that time; empty when there was none */
    int64_t conditions;
    Str metric;
    Unit unit;
    double value, low, high;
    const double *samples; /* not filled by ledger_baseline */
    size_t runs;
} LedgerBaseline;

bool ledger_add_baseline(Ledger *ledger, const LedgerBaseline *baseline, int64_t *id,
                         Err *err) MUST_CHECK;
/* The newest one; id 0 when there is none. */
bool ledger_baseline(Arena *arena, Ledger *ledger, int64_t workload, LedgerBaseline *out,
                     Err *err) MUST_CHECK;

/* ---- iterations */

typedef struct LedgerChange {
    Str path;                       /* below the top of the work tree */
    Str kind;                       /* added, changed, removed */
    Str function;                   /* empty for the file as a whole */
    uint32_t first_line, last_line; /* in the candidate's text, from 1; 0 when removed */
    Digest content;                 /* of the candidate's text; zero when removed */
} LedgerChange;
typedef Array(LedgerChange) LedgerChanges;

typedef struct LedgerVerdict {
    int64_t id; /* 0: not measured */
    int64_t time_s;
    Str kind;     /* improvement regression same inconclusive unstable invalid mixed */
    Str status;   /* faster slower same unclear */
    Str sentence; /* what people read */
    Str metric;
    Unit unit;
    double before, after;       /* NaN where nothing ran */
    double estimate, low, high; /* ln(candidate/base), negative is better */
    size_t pairs, needed;
    Str design;
    Str flag; /* of an improvement: above, below, above?, below? */
    uint64_t seed;
    uint64_t attempts; /* coins used: pairs and dropped pairs */
    Str evidence;      /* JSON; may be empty */
    int64_t conditions;
} LedgerVerdict;

typedef struct LedgerIteration {
    int64_t id;
    int64_t workload;
    int64_t time_s;
    int64_t baseline;
    Str base, candidate;   /* trees */
    Str undo;              /* tree that a revert goes to (undo.h) */
    Str state;             /* measured, kept, reverted, superseded */
    Str tests;             /* "", green, red */
    Str checkpoint;        /* the commit, once kept */
    LedgerVerdict verdict; /* the last one */
    LedgerChanges changes;
} LedgerIteration;
typedef Array(LedgerIteration) LedgerIterations;

/* With its changes; an open iteration of the workload becomes superseded. */
bool ledger_add_iteration(Ledger *ledger, const LedgerIteration *iteration, int64_t *id,
                          Err *err) MUST_CHECK;
/* Newest first, with verdict and changes; limit 0: all. */
bool ledger_iterations(Arena *arena, Ledger *ledger, int64_t workload, size_t limit,
                       LedgerIterations *out, Err *err) MUST_CHECK;
/* ERR_NOT_FOUND when there is no such iteration in this workspace. */
bool ledger_iteration(Arena *arena, Ledger *ledger, int64_t id, LedgerIteration *out,
                      Err *err) MUST_CHECK;
/* Empty texts leave a field as it is. */
bool ledger_set_iteration(Ledger *ledger, int64_t id, Str state, Str tests, Str checkpoint,
                          Err *err) MUST_CHECK;
bool ledger_add_verdict(Ledger *ledger, int64_t iteration, const LedgerVerdict *verdict,
                        Err *err) MUST_CHECK;

typedef struct LedgerPair {
    double base, candidate;
    bool candidate_first;
} LedgerPair;
typedef Array(LedgerPair) LedgerPairs;

/* Replaces what was stored of the iteration. */
bool ledger_put_pairs(Ledger *ledger, int64_t iteration, const LedgerPair *pairs, size_t count,
                      Err *err) MUST_CHECK;
bool ledger_pairs(Arena *arena, Ledger *ledger, int64_t iteration, LedgerPairs *out,
                  Err *err) MUST_CHECK;

/* ---- reports: what harnesses said of their benchmarks, one by one */

typedef struct LedgerBenchmark {
    Str name; /* as the report has it: "lex/small" */
    Unit unit;
    double p50;
    uint64_t samples; /* 0: not told */
    /* Of its report; filled by ledger_benchmarks. */
    Str harness, origin, source;
    int64_t time_s;
} LedgerBenchmark;
typedef Array(LedgerBenchmark) LedgerBenchmarks;

typedef struct LedgerReport {
    Str workload;      /* empty when it belongs to none */
    int64_t iteration; /* whose candidate was measured; 0: none */
    int64_t time_s;
    Str harness; /* "criterion" */
    Str origin;  /* imported, run, baseline, measured */
    Str source;  /* the file it was read from, or the command */
    LedgerBenchmarks benchmarks;
} LedgerReport;

bool ledger_add_report(Ledger *ledger, const LedgerReport *report, Err *err) MUST_CHECK;
/*
 * The newest of each harness and name, by time; of that origin only when it is not empty. What was
 * measured of a change that was reverted does not count.
 */
bool ledger_benchmarks(Arena *arena, Ledger *ledger, Str origin, LedgerBenchmarks *out,
                       Err *err) MUST_CHECK;

/* ---- actions: what was done to the user's files */

typedef struct LedgerAction {
    int64_t id;
    int64_t iteration;
    int64_t time_s;
    Str kind;  /* keep, revert, restore */
    Str state; /* begun, done, undone */
    Str before, after;
    Str detail; /* JSON */
} LedgerAction;
typedef Array(LedgerAction) LedgerActions;

bool ledger_add_action(Ledger *ledger, const LedgerAction *action, int64_t *id,
                       Err *err) MUST_CHECK;
bool ledger_set_action(Ledger *ledger, int64_t id, Str state, Str after, Err *err) MUST_CHECK;
/* Oldest first: of one iteration, or (0) all of this work tree that are begun and not ended. */
bool ledger_actions(Arena *arena, Ledger *ledger, int64_t iteration, LedgerActions *out,
                    Err *err) MUST_CHECK;

#endif
