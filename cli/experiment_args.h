/* ExperimentArgs: the options of baseline and measure, and how both run. */
#ifndef CLI_EXPERIMENT_ARGS_H
#define CLI_EXPERIMENT_ARGS_H

#include "cli/loop_args.h"
#include "runners/loop/experiment.h"

typedef struct ExperimentArgs {
    LoopArgs loop;
    ExperimentOptions options;
} ExperimentArgs;

extern const struct argp_child experiment_args_children[];

typedef bool ExperimentFn(Loop *loop, const ExperimentOptions *options, Experiment *out, Err *err);

/* Runs one of experiment.h's functions on the workload named and reports; the exit status. */
int experiment_args_run(const ExperimentArgs *args, ExperimentFn *run);

#endif
