/*
 * Measuring two small trees for real. The program measured is this one, started with --work: it does
 * what the file "work" in its folder says. The machine may be busy: an effect here is large, and no
 * test asks for more than the right sign.
 */
#include "runners/measure/bench.h"

#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "analysis/stats/random.h"
#include "base/file.h"
#include "base/json_in.h"
#include "base/path.h"
#include "runners/measure/turn.h"
#include "tests/lib/check.h"

/* ---------------------------------------------------------------- the program measured */

static void spin(long rounds)
{
    volatile unsigned x = 1;
    for (long i = 0; i < rounds; i++)
        x = x * 1664525u + 1013904223u;
}

static void *spin_thread(void *rounds)
{
    spin(*(long *)rounds);
    return NULL;
}

static void *touched; /* reachable to the end: no leak */

static int work(void)
{
    char verb[16];
    long value;
    FILE *file = fopen("work", "r");
    int status = 0;
    while (file && fscanf(file, "%15s %ld", verb, &value) == 2) {
        if (!strcmp(verb, "spin"))
            spin(value);
        else if (!strcmp(verb, "print"))
            printf("%ld\n", value);
        else if (!strcmp(verb, "exit"))
            status = (int)value;
        else if (!strcmp(verb, "sleep_ms"))
            usleep((useconds_t)value * 1000);
        else if (!strcmp(verb, "clock"))
            printf("%d\n", (int)getpid()); /* never twice the same */
        else if (!strcmp(verb, "memory_mb"))
            touched = memset(malloc((size_t)value << 20), 1, (size_t)value << 20);
        else if (!strcmp(verb, "threads")) {
            pthread_t other;
            pthread_create(&other, NULL, spin_thread, &value);
            spin(value);
            pthread_join(other, NULL);
        }
    }
    if (file)
        fclose(file);
    return status;
}

/* ---------------------------------------------------------------- two trees */

typedef struct Trees {
    Str root;
    Str command[2];
    BenchOptions options;
} Trees;

static void write_in(Arena *arena, Str dir, const char *name, Str text)
{
    Err err = {0};
    Str path = path_join(arena, dir, str_from_c(name));
    assert_ok(file_make_dirs(path_dir(path), &err), &err);
    assert_ok(file_write(path, text, &err), &err);
}

static Trees *trees_new(Arena *arena, const char *base, const char *candidate)
{
    Trees *trees = NEW(arena, Trees);
    trees->root = test_temp_dir(arena);
    char self[4096];
    ssize_t len = readlink("/proc/self/exe", self, sizeof(self));
    assert_true(len > 0);
    trees->command[0] = str_copy(arena, (Str){self, (size_t)len});
    trees->command[1] = S("--work");
    trees->options = (BenchOptions){.root = trees->root, .seed = 7, .budget_s = 20};
    for (int side = 0; side < 2; side++) {
        Str dir = str_fmt(arena, STR_FMT "/state/trees/%c-1", STR_ARG(trees->root), "ab"[side]);
        write_in(arena, dir, "work", str_from_c(side == 0 ? base : candidate));
        trees->options.sides[side] = (BenchSide){.dir = dir, .argv = trees->command, .argc = 2};
    }
    return trees;
}

static BenchResult measure(Arena *arena, const BenchOptions *options)
{
    BenchResult result;
    Err err = {0};
    assert_ok(bench_pairs(arena, options, &result, &err), &err);
    print_message("    " STR_FMT "\n", STR_ARG(result.sentence));
    return result;
}

static void expect_invalid(Arena *arena, const BenchOptions *options, const char *reason)
{
    BenchResult result = measure(arena, options);
    assert_int_equal(result.verdict.kind, VERDICT_INVALID);
    assert_str(result.reason, str_from_c(reason));
    assert_str(verdict_status(result.verdict.kind), S("unclear"));
}

/* ---------------------------------------------------------------- verdicts */

static void a_slower_program_is_found_on_one_core(void **state)
{
    Arena *arena = test_arena(state);
    Trees *trees = trees_new(arena, "spin 30000000\nprint 1", "spin 45000000\nprint 1");
    trees->options.max_pairs = 10;
    trees->options.metric = S("cpu_time");
    trees->options.design = DESIGN_SAME_CORE;
    BenchResult result = measure(arena, &trees->options);
    assert_int_equal(result.verdict.kind, VERDICT_REGRESSION);
    assert_int_equal(result.design, DESIGN_SAME_CORE);
    assert_true(result.after > result.before);
    assert_int_equal(result.pairs.len, result.attempts);
    /* The evidence is there and is JSON. */
    Err err = {0};
    CLEANUP(json_cleanup) JsonIn root = {0};
    assert_ok(json_parse(arena, bench_evidence_json(arena, &result), &root, &err), &err);
    assert_str(json_str(root, "design"), S("S"));
    JsonIn sides = json_list(json_at(root, "preflight"), "sides");
    assert_int_equal(json_len(json_list(json_item(sides, 1), "wall_s")), 3);
    assert_ok(json_ok(root, &err), &err);
    for (size_t i = 0; i < result.pairs.len; i++)
        assert_int_equal(result.pairs.items[i].candidate_first, random_coin(7, i));
}

static void a_faster_program_is_found_back_to_back(void **state)
{
    Arena *arena = test_arena(state);
    Trees *trees = trees_new(arena, "spin 12000000", "spin 4000000");
    trees->options.max_pairs = 14;
    trees->options.metric = S("cpu_time");
    trees->options.design = DESIGN_PAIRS;
    BenchResult result = measure(arena, &trees->options);
    assert_int_equal(result.verdict.kind, VERDICT_IMPROVEMENT);
    assert_int_equal(result.design, DESIGN_PAIRS);
    assert_true(result.verdict.flag == FLAG_ABOVE);
}

static void the_same_program_is_never_faster_or_slower(void **state)
{
    Arena *arena = test_arena(state);
    Trees *trees = trees_new(arena, "spin 20000000", "spin 20000000");
    trees->options.max_pairs = 14;
    BenchResult result = measure(arena, &trees->options);
    assert_true(result.verdict.kind == VERDICT_SAME || result.verdict.kind == VERDICT_INCONCLUSIVE);
}

static void wall_time_is_gated_and_never_wrong(void **state)
{
    Arena *arena = test_arena(state);
    Trees *trees = trees_new(arena, "sleep_ms 20", "sleep_ms 40");
    trees->options.metric = S("wall");
    trees->options.max_pairs = 10;
    BenchResult result = measure(arena, &trees->options);
    assert_int_equal(result.design, DESIGN_PAIRS);
    assert_true(result.metric.gated);
    assert_int_equal(result.attempts, result.pairs.len + result.dropped);
    /* Sleeping needs no processor, so only waking up can be late. */
    assert_true(result.verdict.kind == VERDICT_REGRESSION || result.dropped > 0);
}

static void what_waits_is_measured_by_wall_time(void **state)
{
    Arena *arena = test_arena(state);
    Trees *trees = trees_new(arena, "sleep_ms 30", "sleep_ms 30");
    trees->options.max_pairs = 10;
    BenchResult result = measure(arena, &trees->options);
    assert_str(result.metric.name, S("wall"));
    assert_has(result.preflight.reason, S("waits"));
}

static void threads_are_measured_back_to_back(void **state)
{
    Arena *arena = test_arena(state);
    Trees *trees = trees_new(arena, "threads 40000000", "threads 40000000");
    trees->options.max_pairs = 10;
    trees->options.budget_s = 5;
    BenchResult result = measure(arena, &trees->options);
    assert_int_equal(result.design, DESIGN_PAIRS);
    assert_true(result.preflight.sides[0].threads == 2);
    assert_true(result.preflight.system_delay);
}

static void memory_counts_only_from_half_a_mebibyte(void **state)
{
    Arena *arena = test_arena(state);
    Trees *trees = trees_new(arena, "memory_mb 20", "memory_mb 30");
    trees->options.metric = S("peak_rss");
    trees->options.max_pairs = 10;
    BenchResult result = measure(arena, &trees->options);
    assert_int_equal(result.verdict.kind, VERDICT_REGRESSION);
    assert_true(str_starts(result.sentence, S("more memory: ")));
    assert_true(fabs(result.after - result.before - 10 * 1048576.0) < 1048576.0);
}

/* ---------------------------------------------------------------- what cannot be compared */

static void another_output_is_invalid(void **state)
{
    Arena *arena = test_arena(state);
    Trees *trees = trees_new(arena, "print 1", "print 2");
    expect_invalid(arena, &trees->options, "the candidate's output differs from the baseline's");
}

static void output_that_never_repeats_is_not_compared(void **state)
{
    Arena *arena = test_arena(state);
    Trees *trees = trees_new(arena, "spin 9000000\nclock 1", "spin 9000000\nclock 1");
    trees->options.max_pairs = 10;
    BenchResult result = measure(arena, &trees->options);
    assert_int_not_equal(result.verdict.kind, VERDICT_INVALID);
    assert_false(result.preflight.sides[0].repeats_output);
}

static void a_candidate_that_fails_is_invalid(void **state)
{
    Arena *arena = test_arena(state);
    Trees *trees = trees_new(arena, "print 1", "print 1\nexit 3");
    expect_invalid(arena, &trees->options,
                   "the benchmark of the candidate exited with status 3: 1");
}

static void a_baseline_that_fails_cannot_be_measured(void **state)
{
    Arena *arena = test_arena(state);
    Trees *trees = trees_new(arena, "exit 3", "print 1");
    BenchResult result;
    Err err = {0};
    assert_false(bench_pairs(arena, &trees->options, &result, &err));
    assert_int_equal(err.kind, ERR_TOOL);
    assert_string_equal(err.msg, "the benchmark of the baseline exited with status 3");
}

static void a_run_that_never_ends_is_stopped(void **state)
{
    Arena *arena = test_arena(state);
    Trees *trees = trees_new(arena, "print 1", "sleep_ms 100000");
    trees->options.run_timeout_s = 0.5;
    expect_invalid(arena, &trees->options, "the benchmark of the candidate did not end within 1 s");
}

static void other_inputs_are_invalid(void **state)
{
    Arena *arena = test_arena(state);
    Trees *trees = trees_new(arena, "print 1", "print 1");
    const Str inputs[] = {S("data.txt")};
    trees->options.inputs = inputs;
    trees->options.input_count = 1;
    write_in(arena, trees->options.sides[0].dir, "data.txt", S("one"));
    write_in(arena, trees->options.sides[1].dir, "data.txt", S("two"));
    BenchResult result = measure(arena, &trees->options);
    assert_int_equal(result.verdict.kind, VERDICT_INVALID);
    assert_true(str_starts(result.reason,
                           S("the sides' conditions differ: benchmark: input data.txt was ")));
}

static void an_unknown_metric_names_the_known_ones(void **state)
{
    Arena *arena = test_arena(state);
    Trees *trees = trees_new(arena, "print 1", "print 1");
    BenchResult result;
    Err err = {0};
    trees->options.metric = S("p50");
    assert_false(bench_pairs(arena, &trees->options, &result, &err));
    assert_string_equal(err.msg, "the harness command cannot measure 'p50', only: wall, cpu_time, "
                                 "peak_rss, utilization");
}

static void a_benchmark_longer_than_the_budget_asks(void **state)
{
    Arena *arena = test_arena(state);
    Trees *trees = trees_new(arena, "sleep_ms 60", "sleep_ms 60");
    trees->options.metric = S("wall");
    trees->options.budget_s = 0.5;
    BenchResult result = measure(arena, &trees->options);
    assert_int_equal(result.verdict.kind, VERDICT_INCONCLUSIVE);
    assert_int_equal(result.attempts, 0);
    /* How long a pair takes depends on what else the machine does. */
    assert_true(str_starts(result.reason, S("10 pairs of ")));
    assert_has(result.reason, S(" s are needed for the first look"));
    assert_has(result.reason, S("but the budget is 0.5 s: measure with --budget "));
}

/* ---------------------------------------------------------------- code of another tree */

static void expect_refused(Arena *arena, Trees *trees, const char *what, const char *mend)
{
    BenchResult result;
    Err err = {0};
    assert_false(bench_pairs(arena, &trees->options, &result, &err));
    print_message("    %s\n", err.msg);
    assert_int_equal(err.kind, ERR_CONFLICT);
    assert_has(str_from_c(err.msg), str_from_c(what));
    assert_has(str_from_c(err.msg), str_from_c(mend));
}

static void a_python_package_of_the_work_tree_is_refused(void **state)
{
    Arena *arena = test_arena(state);
    Trees *trees = trees_new(arena, "print 1", "print 1");
    Str places[] = {trees->root, trees->options.sides[0].dir, trees->options.sides[1].dir};
    for (int i = 0; i < 3; i++)
        write_in(arena, places[i], "src/grind/__init__.py", S("x = 1\n"));
    /* As `pip install -e` does it: a .pth line, which comes after PYTHONPATH. */
    const Str command[] = {
        S("env"), S("python3"), S("-c"),
        str_fmt(arena, "import site, sys; sys.path.append('" STR_FMT "/src'); import grind",
                STR_ARG(trees->root))};
    for (int side = 0; side < 2; side++) {
        trees->options.sides[side].argv = command;
        trees->options.sides[side].argc = 4;
    }
    expect_refused(arena, trees, "the baseline imported grind from ", "env PYTHONPATH=src ");
    /* The mend it names works. */
    Str mended[] = {S("env"), S("PYTHONPATH=src"), S("python3"), S("-c"), command[3]};
    for (int side = 0; side < 2; side++) {
        trees->options.sides[side].argv = mended;
        trees->options.sides[side].argc = 5;
    }
    trees->options.metric = S("wall");
    trees->options.budget_s = 0.01;
    assert_int_equal(measure(arena, &trees->options).verdict.kind, VERDICT_INCONCLUSIVE);
}

static void a_command_that_names_the_work_tree_is_refused(void **state)
{
    Arena *arena = test_arena(state);
    Trees *trees = trees_new(arena, "print 1", "print 1");
    Str places[] = {trees->root, trees->options.sides[0].dir, trees->options.sides[1].dir};
    for (int i = 0; i < 3; i++)
        write_in(arena, places[i], "run.sh", S("echo 1\n"));
    const Str command[] = {S("sh"), str_fmt(arena, STR_FMT "/run.sh", STR_ARG(trees->root))};
    for (int side = 0; side < 2; side++)
        trees->options.sides[side].argv = command;
    expect_refused(arena, trees, "/run.sh", "(run.sh)");
}

/* ---------------------------------------------------------------- continuing, waiting, cancelling */

static void measuring_longer_continues_the_coins(void **state)
{
    Arena *arena = test_arena(state);
    Trees *trees = trees_new(arena, "spin 4000000", "spin 4000000");
    trees->options.metric = S("cpu_time");
    trees->options.design = DESIGN_PAIRS;
    trees->options.max_pairs = 10;
    BenchResult first = measure(arena, &trees->options);
    trees->options.earlier = first.pairs.items;
    trees->options.earlier_count = first.pairs.len;
    trees->options.earlier_attempts = first.attempts;
    trees->options.earlier_design = first.design;
    trees->options.earlier_metric = first.metric.name;
    trees->options.max_pairs = 14;
    BenchResult second = measure(arena, &trees->options);
    /* On a noisy machine it is known after the first look that 14 pairs settle nothing. */
    bool stopped = first.verdict.kind == VERDICT_SAME || str_has(second.sentence, S("given up"));
    assert_int_equal(second.pairs.len, stopped ? 10 : 14);
    for (size_t i = 0; i < second.pairs.len; i++)
        assert_int_equal(second.pairs.items[i].candidate_first, random_coin(7, i));
    assert_true(second.verdict.low >= first.verdict.low);
}

static volatile sig_atomic_t cancel;
static int notes;

static void cancel_when_told(void *context, Str message)
{
    (void)context;
    notes++;
    assert_has(message, S("another benchmark is running"));
    cancel = 1;
}

static void one_benchmark_at_a_time_and_waiting_can_be_cancelled(void **state)
{
    Arena *arena = test_arena(state);
    Trees *trees = trees_new(arena, "print 1", "print 1");
    Str folder = test_temp_dir(arena);
    Turn held;
    Err err = {0};
    assert_ok(turn_take(&held, folder, NULL, NULL, NULL, &err), &err);
    trees->options.user_state = folder;
    trees->options.note = cancel_when_told;
    trees->options.cancel = &cancel;
    cancel = 0;
    BenchResult result;
    assert_false(bench_pairs(arena, &trees->options, &result, &err));
    assert_int_equal(err.kind, ERR_CANCELLED);
    assert_int_equal(notes, 1);
    turn_finish(&held);
    cancel = 0;
    trees->options.metric = S("wall");
    trees->options.budget_s = 0.01;
    measure(arena, &trees->options);
}

static void cancel_after_some(void *context, int percent, Str message)
{
    (void)context;
    (void)message;
    cancel = percent > 10;
}

static void a_cancel_ends_the_pairs(void **state)
{
    Arena *arena = test_arena(state);
    Trees *trees = trees_new(arena, "spin 9000000", "spin 9000000");
    BenchResult result;
    Err err = {0};
    cancel = 0;
    trees->options.cancel = &cancel;
    trees->options.progress = cancel_after_some;
    assert_false(bench_pairs(arena, &trees->options, &result, &err));
    assert_int_equal(err.kind, ERR_CANCELLED);
}

static void one_side_alone_gives_a_number_with_its_interval(void **state)
{
    Arena *arena = test_arena(state);
    Trees *trees = trees_new(arena, "spin 9000000", "");
    trees->options.budget_s = 1;
    BenchSingle single;
    Err err = {0};
    assert_ok(bench_single(arena, &trees->options, &single, &err), &err);
    assert_true(single.runs >= 6);
    assert_true(single.low <= single.value && single.value <= single.high);
    assert_true(single.value > 0.001 && single.value < 10);
    assert_true(single.conditions.len > 20);
}

/* ---------------------------------------------------------------- conditions */

static void conditions_name_what_differs_and_what_to_do(void **state)
{
    Arena *arena = test_arena(state);
    Str root = test_temp_dir(arena);
    const char *governor = "sys/devices/system/cpu/cpu0/cpufreq/scaling_governor";
    ConditionsOptions options = {.system_root = root, .dir = root};
    write_in(arena, root, governor, S("powersave\n"));
    write_in(arena, root, "proc/sys/kernel/random/boot_id", S("one\n"));
    Conditions before = conditions_collect(arena, &options);
    write_in(arena, root, governor, S("performance\n"));
    Conditions after = conditions_collect(arena, &options);

    ConditionDifferences differences =
        conditions_compare(arena, &before, &after, CONDITIONS_DURING);
    assert_int_equal(differences.len, 1);
    assert_int_equal(differences.items[0].action, CONDITION_NOTE);
    assert_str(conditions_difference_text(arena, &differences.items[0]),
               S("power: governor was powersave, is performance"));
    differences = conditions_compare(arena, &before, &after, CONDITIONS_DURING_WALL);
    assert_int_equal(conditions_worst(&differences), CONDITION_ABORT);
    differences = conditions_compare(arena, &before, &after, CONDITIONS_STORED);
    assert_int_equal(conditions_worst(&differences), CONDITION_REMEASURE);
    differences = conditions_compare(arena, &before, &after, CONDITIONS_BETWEEN_SIDES);
    assert_int_equal(differences.len, 0);

    write_in(arena, root, "proc/sys/kernel/random/boot_id", S("two\n"));
    after = conditions_collect(arena, &options);
    differences = conditions_compare(arena, &before, &after, CONDITIONS_DURING);
    assert_int_equal(conditions_worst(&differences), CONDITION_ABORT);
}

static void conditions_survive_json_and_hide_values(void **state)
{
    Arena *arena = test_arena(state);
    setenv("SOME_SECRET", "hunter2", 1);
    Conditions before = conditions_collect(arena, &(ConditionsOptions){.dir = S("/")});
    setenv("SOME_SECRET", "changed", 1);
    setenv("NVIM_LISTEN_ADDRESS", "x", 1);
    Conditions after = conditions_collect(arena, &(ConditionsOptions){.dir = S("/")});
    Str json = conditions_json(arena, &before);
    assert_false(str_has(json, S("hunter2")));
    Conditions again;
    Err err = {0};
    assert_ok(conditions_from_json(arena, json, &again, &err), &err);
    assert_int_equal(again.len, before.len);
    assert_true(digest_eq(conditions_digest(arena, &again), conditions_digest(arena, &before)));
    size_t told = 0;
    ConditionDifferences differences = conditions_compare(arena, &again, &after, CONDITIONS_STORED);
    array_each (ConditionDifference, difference, &differences) {
        if (str_eq(difference->was.group, S("load")))
            continue;
        told++;
        assert_str(conditions_difference_text(arena, difference),
                   S("env: the variable $SOME_SECRET has another value"));
    }
    assert_int_equal(told, 1);
    unsetenv("SOME_SECRET");
}

int main(int argc, char **argv)
{
    if (argc > 1 && !strcmp(argv[1], "--work"))
        return work();
    const struct CMUnitTest tests[] = {
        TEST(memory_counts_only_from_half_a_mebibyte),
        TEST(another_output_is_invalid),
        TEST(a_candidate_that_fails_is_invalid),
        TEST(a_baseline_that_fails_cannot_be_measured),
        TEST(a_run_that_never_ends_is_stopped),
        TEST(other_inputs_are_invalid),
        TEST(an_unknown_metric_names_the_known_ones),
        TEST(a_benchmark_longer_than_the_budget_asks),
        TEST(a_python_package_of_the_work_tree_is_refused),
        TEST(a_command_that_names_the_work_tree_is_refused),
        TEST(measuring_longer_continues_the_coins),
        TEST(one_benchmark_at_a_time_and_waiting_can_be_cancelled),
        TEST(a_cancel_ends_the_pairs),
        TEST(one_side_alone_gives_a_number_with_its_interval),
        TEST(conditions_name_what_differs_and_what_to_do),
        TEST(conditions_survive_json_and_hide_values),
    };
    /* Run by tests/e2e/run_bench.sh. */
    const struct CMUnitTest slow[] = {
        TEST(a_slower_program_is_found_on_one_core),
        TEST(a_faster_program_is_found_back_to_back),
        TEST(the_same_program_is_never_faster_or_slower),
        TEST(wall_time_is_gated_and_never_wrong),
        TEST(what_waits_is_measured_by_wall_time),
        TEST(threads_are_measured_back_to_back),
        TEST(output_that_never_repeats_is_not_compared),
    };
    if (argc > 1 && !strcmp(argv[1], "--slow"))
        return test_run(argc - 1, argv + 1, slow, sizeof(slow) / sizeof(slow[0]));
    return test_run(argc, argv, tests, sizeof(tests) / sizeof(tests[0]));
}
