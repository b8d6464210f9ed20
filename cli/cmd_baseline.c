/* perfloop baseline: the number that changes are compared with. */

#include "cli/commands.h"
#include "cli/experiment_args.h"

static const char DOC[] =
    "Measures the work tree as it is now and keeps it as the state that changes are compared "
    "with.";

static error_t parse(int key, char *arg UNUSED, struct argp_state *state)
{
    if (key != ARGP_KEY_INIT)
        return ARGP_ERR_UNKNOWN;
    state->child_inputs[0] = state->input;
    return 0;
}

static const struct argp ARGP = {NULL, parse, "[WORKLOAD]", DOC, experiment_args_children,
                                 NULL, NULL};

int cmd_baseline(int argc, char **argv)
{
    ExperimentArgs args = {0};
    args_parse("perfloop baseline", &ARGP, argc, argv, &args);
    return experiment_args_run(&args, experiment_baseline);
}
