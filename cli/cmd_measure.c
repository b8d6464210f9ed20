/* perfloop measure: is the work tree faster than what it is compared with? */

#include "cli/commands.h"
#include "cli/experiment_args.h"

static const struct argp_option OPTIONS[] = {
    {"more", 'm', NULL, 0, "go on with the last measurement, four times as long", 0},
    {0},
};

static const char DOC[] =
    "Compares the work tree with the state last kept, or the baseline (recorded first when there "
    "is none), in pairs of runs. Exit status: 0 faster or same, 3 slower, 4 unclear, 1 could not "
    "measure. The same two states again continue the same measurement.";

static error_t parse(int key, char *arg UNUSED, struct argp_state *state)
{
    ExperimentArgs *args = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = args;
        return 0;
    case 'm':
        args->options.more = true;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp ARGP = {OPTIONS, parse, "[WORKLOAD]", DOC, experiment_args_children,
                                 NULL,    NULL};

int cmd_measure(int argc, char **argv)
{
    ExperimentArgs args = {0};
    args_parse("perfloop measure", &ARGP, argc, argv, &args);
    return experiment_args_run(&args, experiment_measure);
}
