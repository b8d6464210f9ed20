/*
 * Bench: measure a candidate against its baseline, as docs/MEASURING.md says.
 *
 *     BenchOptions options = {.sides = {{.dir = base, .argv = argv, .argc = n},
 *                                       {.dir = candidate, .argv = argv, .argc = n}},
 *                             .root = root, .harness = S("command"), .seed = seed,
 *                             .user_state = places.user_state, .cancel = &report_cancelled};
 *     if (!bench_pairs(arena, &options, &result, err))
 *         return false;                     could not be measured: err says why
 *     use(result.verdict, result.sentence)
 *
 * Both sides are folders that nobody else writes to, with names of equal length. The preflight runs
 * each side a few times, refuses what cannot be compared, and chooses the design:
 *
 *     S  both at once on one processor, comparing CPU time: serial programs that compute
 *     P  back to back, in an order chosen by a coin: everything else; pairs in which a side had to
 *        wait for a processor are dropped when the metric is a wall time
 *
 * Then pairs are run until a look settles it or the budget is used up. A later call with `earlier`
 * continues the same sequence of coins and looks, and spends no further error.
 *
 * One benchmark runs at a time on a machine: a lock in user_state, waited for.
 */
#ifndef RUNNERS_MEASURE_BENCH_H
#define RUNNERS_MEASURE_BENCH_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "analysis/stats/tally.h"
#include "analysis/stats/verdict.h"
#include "base/arena.h"
#include "base/array.h"
#include "base/attr.h"
#include "base/err.h"
#include "base/str.h"
#include "runners/measure/conditions.h"
#include "runners/measure/harness.h"
#include "runners/measure/preflight.h"

typedef struct BenchPair {
    double base; /* in the metric's base unit */
    double candidate;
    bool candidate_first;
} BenchPair;
typedef Array(BenchPair) BenchPairs;

typedef struct BenchOptions {
    BenchSide sides[2];  /* baseline, candidate */
    Str root;            /* the user's live work tree, which neither side may load code from */
    Str harness;         /* empty: command */
    Str metric;          /* empty: the preflight chooses (command), or the harness' first */
    bool more_is_better; /* of a metric of the benchmark's own */
    BenchDesign design;  /* DESIGN_AUTO: the preflight chooses */
    const Str *inputs;   /* below the trees; must be equal on both sides */
    size_t input_count;
    const Str *tools; /* whose versions belong to the conditions: "cc", "rustc" */
    size_t tool_count;
    Str user_state;            /* folder of the machine's lock; empty: no lock */
    double budget_s;           /* of benchmark time; 0: 60 */
    size_t max_pairs;          /* 0: 1280 */
    double run_timeout_s;      /* of one run; 0: 600 at first, then ten times the warm-up's */
    uint64_t seed;             /* of the coins; keep it with the result */
    bool quick;                /* the quick looks: error rate 5 %, never acts by itself */
    bool benchmark_changed_ok; /* the benchmark's own files may differ between the sides */
    const BenchPair *earlier;  /* to continue: all pairs so far, ... */
    size_t earlier_count;
    uint64_t earlier_attempts;  /* ... BenchResult.attempts, */
    BenchDesign earlier_design; /* .design */
    Str earlier_metric;         /* and .metric.name of then */
    const volatile sig_atomic_t *cancel;
    /* May be NULL. percent is of the whole measurement. */
    void (*progress)(void *context, int percent, Str message);
    void (*note)(void *context, Str message); /* "waiting for another benchmark"; may be NULL */
    /* The first look does not fit the budget: true to measure so long; NULL is no. */
    bool (*ask_longer)(void *context, double needed_s);
    void *context;
} BenchOptions;

typedef struct BenchResult {
    Verdict verdict;
    Str sentence; /* for people, with the numbers */
    Str reason;   /* why invalid, mixed, unclear; may be empty */
    Metric metric;
    BenchDesign design;
    double before; /* medians of the two sides */
    double after;
    BenchPairs pairs;  /* all, with the earlier ones */
    uint64_t attempts; /* coins used: pairs and dropped pairs */
    size_t dropped;    /* pairs in which a side waited for a processor */
    uint64_t seed;
    Preflight preflight;
    Conditions conditions;
    double peak_rss[2]; /* medians, bytes */
    double spent_s;     /* on pairs, in this call */
    double run_s;       /* of it while the benchmark itself ran */
    Tally parts[2];     /* each benchmark of the report by itself, of this call's pairs */
    Array(Str) notes;
} BenchResult;

/*
 * False only when nothing could be said: the benchmark fails on the baseline, code came from another
 * tree (ERR_CONFLICT with the file and the mend), cancelled. A candidate that fails or prints
 * something else is a result: VERDICT_INVALID.
 */
bool bench_pairs(Arena *arena, const BenchOptions *options, BenchResult *result,
                 Err *err) MUST_CHECK;

/* One side alone: the number of a baseline. */
typedef struct BenchSingle {
    Metric metric;
    double value; /* median of the runs */
    double low;   /* exact interval of the median, at least 95 % */
    double high;
    const double *samples;
    size_t runs;
    Conditions conditions;
    Preflight preflight; /* of side 0 only */
    Tally parts;         /* each benchmark of the report by itself */
    Array(Str) notes;
} BenchSingle;

/* sides[0] only; the budget's default is 10 s, at least 6 runs. */
bool bench_single(Arena *arena, const BenchOptions *options, BenchSingle *result,
                  Err *err) MUST_CHECK;

/* The evidence behind a verdict, as JSON: design and why, the preflight's runs, gates, seed. */
Str bench_evidence_json(Arena *arena, const BenchResult *result);

#endif
