/*
 * Trial: one baseline or measurement under way: what experiment.c, experiment_baseline.c and trial.c
 * hand to each other. Private to the experiment.
 */
#ifndef RUNNERS_LOOP_TRIAL_H
#define RUNNERS_LOOP_TRIAL_H

#include "runners/loop/experiment.h"

/* What one command carries from step to step. */
typedef struct Trial {
    Loop *loop;
    const ExperimentOptions *options;
    const Workload *workload;
    int64_t workload_id;
    Snapshot now;
    ObjectId base, candidate;
    Str base_head; /* the commit at the time of the base; empty: none */
    Str dirs[2];   /* frozen, ready to run */
    Experiment *out;
} Trial;

/* Asks for agreement to the benchmark and the build where there is none yet. */
bool trial_allow(Trial *trial, Err *err) MUST_CHECK;
/* Fills now: the work tree with the editor's unsaved texts. */
bool trial_look(Trial *trial, Err *err) MUST_CHECK;
/* refs/perfloop/KIND/ID SIDE */
bool trial_keep_tree(Loop *loop, const char *kind, int64_t id, const char *side, ObjectId tree,
                     Err *err) MUST_CHECK;
bool trial_put_conditions(Loop *loop, const Conditions *conditions, int64_t *id,
                          Err *err) MUST_CHECK;
/* The numbers of each benchmark of the harness' report; a harness without one has none. */
bool trial_put_parts(Trial *trial, const Tally *parts, Str origin, int64_t iteration,
                     Err *err) MUST_CHECK;
/* Of both dirs; a baseline uses the first. */
BenchOptions trial_bench(Trial *trial);

/* The workload's row, with its target resolved against the baseline's value. */
bool trial_put_workload(Trial *trial, double baseline, Err *err) MUST_CHECK;
/* Fills the experiment's target and target_met. */
void trial_judge_target(Trial *trial, double value, Unit unit);
/* Measures the tree alone and stores it as the baseline. */
bool trial_baseline(Trial *trial, ObjectId tree, Str origin, Err *err) MUST_CHECK;
Str trial_baseline_sentence(Trial *trial);

#endif
