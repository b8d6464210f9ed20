/*
 * measure_trees: measure one folder against another, without a repository, for the tests and the
 * benchmarks of measuring itself.
 *
 *     measure_trees [--harness H] [--metric M] [--design S|P] [--budget S] [--pairs N] [--seed N]
 *                   [--input F]... [--root DIR] [--state DIR] [--single] BASE CANDIDATE -- COMMAND...
 *
 * Prints the sentence and then the evidence. Exits 0, 3, 4, 1 as `perfloop measure` does.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/commands.h"
#include "runners/measure/bench.h"
#include "runners/report.h"

static void show_note(void *context, Str message)
{
    (void)context;
    fprintf(stderr, "note: " STR_FMT "\n", STR_ARG(message));
}

static void show_progress(void *context, int percent, Str message)
{
    if (*(bool *)context)
        fprintf(stderr, "%3d %% " STR_FMT "\n", percent, STR_ARG(message));
}

enum {
    HARNESS = 1,
    METRIC,
    DESIGN,
    BUDGET,
    PAIRS,
    SEED,
    INPUT,
    ROOT,
    STATE,
    SINGLE,
    VERBOSE
};

static const struct option OPTIONS[] = {
    {"harness", 1, NULL, HARNESS}, {"metric", 1, NULL, METRIC},   {"design", 1, NULL, DESIGN},
    {"budget", 1, NULL, BUDGET},   {"pairs", 1, NULL, PAIRS},     {"seed", 1, NULL, SEED},
    {"input", 1, NULL, INPUT},     {"root", 1, NULL, ROOT},       {"state", 1, NULL, STATE},
    {"single", 0, NULL, SINGLE},   {"verbose", 0, NULL, VERBOSE}, {NULL, 0, NULL, 0},
};

static int exit_status(VerdictKind kind)
{
    if (kind == VERDICT_IMPROVEMENT || kind == VERDICT_SAME)
        return EXIT_OK;
    return kind == VERDICT_REGRESSION ? EXIT_SLOWER : EXIT_UNCLEAR;
}

static int run_single(Arena *arena, const BenchOptions *options)
{
    BenchSingle single;
    Err err = {0};
    if (!bench_single(arena, options, &single, &err)) {
        fprintf(stderr, "measure_trees: %s\n", err.msg);
        return EXIT_FAILED;
    }
    printf(STR_FMT " " STR_FMT " [" STR_FMT ", " STR_FMT "] %zu runs\n",
           STR_ARG(single.metric.name),
           STR_ARG(units_text(arena, single.value, single.metric.unit)),
           STR_ARG(units_text(arena, single.low, single.metric.unit)),
           STR_ARG(units_text(arena, single.high, single.metric.unit)), single.runs);
    return EXIT_OK;
}

int main(int argc, char **argv)
{
    CLEANUP(arena_cleanup) Arena *arena = arena_new("measure");
    bool verbose = false;
    bool single = false;
    Str inputs[16];
    BenchOptions options = {.seed = 1,
                            .inputs = inputs,
                            .cancel = &report_cancelled,
                            .progress = show_progress,
                            .note = show_note,
                            .context = &verbose};
    for (int option; (option = getopt_long(argc, argv, "+", OPTIONS, NULL)) > 0;) {
        Str value = str_from_c(optarg);
        switch (option) {
        case HARNESS:
            options.harness = value;
            break;
        case METRIC:
            options.metric = value;
            break;
        case DESIGN:
            if (!design_from_word(value, &options.design))
                return EXIT_USAGE;
            break;
        case BUDGET:
            options.budget_s = strtod(optarg, NULL);
            break;
        case PAIRS:
            options.max_pairs = strtoul(optarg, NULL, 10);
            break;
        case SEED:
            options.seed = strtoull(optarg, NULL, 10);
            break;
        case INPUT:
            if (options.input_count < 16)
                inputs[options.input_count++] = value;
            break;
        case ROOT:
            options.root = value;
            break;
        case STATE:
            options.user_state = value;
            break;
        case SINGLE:
            single = true;
            break;
        case VERBOSE:
            verbose = true;
            break;
        default:
            return EXIT_USAGE;
        }
    }
    int first = optind + 2; /* word of the command */
    first += first < argc && !strcmp(argv[first], "--");
    if (first >= argc)
        return EXIT_USAGE;
    size_t count = (size_t)(argc - first);
    Str *command = NEW_ARRAY(arena, Str, count);
    for (size_t i = 0; i < count; i++)
        command[i] = str_from_c(argv[first + (int)i]);
    for (int side = 0; side < 2; side++) {
        char *real = realpath(argv[optind + side], NULL);
        if (!real)
            return EXIT_USAGE;
        options.sides[side] =
            (BenchSide){.dir = str_copy(arena, str_from_c(real)), .argv = command, .argc = count};
        free(real);
    }
    report_catch_signals();
    if (single)
        return run_single(arena, &options);
    BenchResult result;
    Err err = {0};
    if (!bench_pairs(arena, &options, &result, &err)) {
        fprintf(stderr, "measure_trees: %s\n", err.msg);
        return err.kind == ERR_CANCELLED ? 130 : EXIT_FAILED;
    }
    printf(STR_FMT "\n", STR_ARG(result.sentence));
    printf(STR_FMT "\n", STR_ARG(bench_evidence_json(arena, &result)));
    return exit_status(result.verdict.kind);
}
