/*
 * Experiment: baseline and measure, from the work tree to a verdict in the ledger.
 *
 *     ExperimentOptions options = {.workload = &workload, .overlay = overlay};
 *     Experiment result;
 *     if (!experiment_measure(&loop, &options, &result, err))
 *         return false;
 *
 * Measuring compares the work tree (with the editor's unsaved texts) with the state last kept, or
 * the baseline. Without a baseline one is recorded first: of the last commit, when the work tree
 * differs from it, so that what was just changed is what gets measured. Equal trees are `same`
 * without a run. The same two trees again continue the same sequence of pairs.
 *
 * A regression is taken back at once where the workload file says on_regression = "revert"; nothing
 * else acts by itself.
 */
#ifndef RUNNERS_LOOP_EXPERIMENT_H
#define RUNNERS_LOOP_EXPERIMENT_H

#include "analysis/workload/workload.h"
#include "runners/loop/loop.h"
#include "runners/loop/takeback.h"
#include "runners/measure/bench.h"

typedef struct ExperimentOptions {
    const Workload *workload;
    const Overlay *overlay; /* may be NULL */
    double budget_s;        /* of benchmark time; 0: the default of bench.h */
    size_t max_pairs;
    uint64_t seed; /* 0: from the clock */
    bool more;     /* four times the budget */
    bool quick;    /* an error rate of 5 % */
    bool benchmark_changed_ok;
} ExperimentOptions;

typedef struct Experiment {
    Str workload;
    LedgerBaseline baseline;
    bool baseline_is_new;
    LedgerIteration iteration; /* id 0: a baseline, or nothing to compare */
    Str status;                /* faster slower same unclear ok */
    Str sentence;
    Str one_change; /* the guard's message; may be empty */
    Str target;     /* "target met: 5.5 ms, 8 ms wanted"; empty when there is none */
    bool target_met;
    bool small; /* faster, but by less than 5 % */
    bool reverted;
    Takeback takeback;
} Experiment;

bool experiment_baseline(Loop *loop, const ExperimentOptions *options, Experiment *out,
                         Err *err) MUST_CHECK;
bool experiment_measure(Loop *loop, const ExperimentOptions *options, Experiment *out,
                        Err *err) MUST_CHECK;
void experiment_write(JsonOut *out, const Loop *loop, const Experiment *experiment);

#endif
