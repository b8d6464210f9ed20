/* Workload files → workloads and problems. */

#include "analysis/workload/workload.h"

#include "tests/lib/check.h"

static const Str FULL =
    STR_CONST("[workload.tokenize]\n"
              "benchmark = \"pytest 'benchmarks/test tokenize.py'\"\n"
              "harness = \"pytest-benchmark\"\n"
              "metric = \"p50\"\n"
              "target = \"8 ms\"\n"
              "tests = [\"pytest\", \"-q\"]\n"
              "build = \"cargo build --release\"\n"
              "inputs = [\"data/corpus.txt\"]\n"
              "profilers = [\"py-spy\", \"cprofile\"]\n"
              "constraints = [\"tokenize() keeps its signature\"]\n"
              "load = { concurrency = 4, peak = \"200 /s\", sustained = \"50 /s\" }\n"
              "on_regression = \"revert\"\n"
              "executor = \"local\"\n"
              "path_map = { \"/build/src\" = \"src\" }\n");

static void every_key_is_read(void **state)
{
    WorkloadFile file = workload_read(test_arena(state), S("perfloop.toml"), FULL);
    assert_int_equal(file.problems.len, 0);
    assert_int_equal(file.workloads.len, 1);
    const Workload *workload = &file.workloads.items[0];
    assert_true(workload->usable);
    assert_str(workload->name, S("tokenize"));
    assert_int_equal(workload->benchmark.argc, 2);
    assert_str(workload->benchmark.argv[1], S("benchmarks/test tokenize.py"));
    assert_str(workload->harness, S("pytest-benchmark"));
    assert_str(workload->metric, S("p50"));
    assert_true(workload->target.given && !workload->target.relative);
    assert_true(workload->target.value == 0.008);
    assert_str(workload->tests.text, S("pytest -q"));
    assert_str(workload->build.argv[2], S("--release"));
    assert_str(workload->inputs.items[0], S("data/corpus.txt"));
    assert_str(workload->profilers.items[1], S("cprofile"));
    assert_int_equal(workload->constraints.len, 1);
    assert_int_equal(workload->load.concurrency, 4);
    assert_true(workload->load.peak == 200 && workload->load.sustained == 50);
    assert_int_equal(workload->on_regression, ON_REGRESSION_REVERT);
    assert_str(workload->path_map.items[0].to, S("src"));
}

/* A file with one mistake below a workload that is otherwise right. */
static WorkloadFile with(Arena *arena, const char *lines)
{
    Str text = str_fmt(arena,
                       "[workload.x]\nbenchmark = \"run\"\nharness = \"pytest-benchmark\"\n"
                       "metric = \"p50\"\ntarget = \"8 ms\"\n%s\n",
                       lines);
    return workload_read(arena, S("perfloop.toml"), text);
}

static void one(WorkloadFile file, const char *code, WorkloadSeverity severity, const char *message,
                const char *fix)
{
    array_each (WorkloadProblem, problem, &file.problems)
        if (file.problems.len != 1)
            print_error(STR_FMT "\n", STR_ARG(problem->message));
    assert_int_equal(file.problems.len, 1);
    WorkloadProblem problem = file.problems.items[0];
    assert_str(problem.message, str_from_c(message));
    assert_str(problem.code, str_from_c(code));
    assert_str(problem.fix, str_from_c(fix));
    assert_int_equal(problem.severity, severity);
    assert_int_equal(file.workloads.items[0].usable, severity != WORKLOAD_ERROR);
}

static void mistakes_have_a_mend(void **state)
{
    Arena *arena = test_arena(state);
    one(with(arena, "test = \"x\""), "config-unknown-key", WORKLOAD_ERROR,
        "unknown key 'test'; did you mean 'tests'?", "tests");
    one(with(arena, "colour = 1"), "config-unknown-key", WORKLOAD_ERROR,
        "unknown key 'colour'; there are benchmark, harness, metric, target, tests, build, shell, "
        "inputs, profilers, constraints, load, on_regression, executor, path_map",
        "");
    one(with(arena, "tests = 3"), "config-type", WORKLOAD_ERROR,
        "'tests' must be a command: a string, or a list of strings, not an integer", "");
    one(with(arena, "tests = [\"a\", 3]"), "config-type", WORKLOAD_ERROR,
        "'tests' must be a string, not an integer", "");
    one(with(arena, "tests = \"a 'b\""), "config-value", WORKLOAD_ERROR,
        "a quote in 'tests' is not closed", "");
    one(with(arena, "tests = \" \""), "config-value", WORKLOAD_ERROR, "'tests' is empty", "");
    one(with(arena, "tests = \"a\\u0000b\""), "config-value", WORKLOAD_ERROR,
        "'tests' holds a NUL character", "");
    one(with(arena, "tests = \"a && b\""), "config-value", WORKLOAD_WARNING,
        "no shell runs this, so '&&' is given to the program; add shell = true when that is not "
        "meant",
        "");
    one(with(arena, "inputs = \"data\""), "config-type", WORKLOAD_ERROR,
        "'inputs' must be a list of strings: [\"...\"]", "[\"data\"]");
    one(with(arena, "inputs = [\"../other\"]"), "config-value", WORKLOAD_WARNING,
        "this input lies outside the workspace", "");
    one(with(arena, "profilers = [\"pyspy\"]"), "config-profiler", WORKLOAD_WARNING,
        "unknown profiler 'pyspy'; did you mean 'py-spy'?", "\"py-spy\"");
    one(with(arena, "on_regression = \"stop\""), "config-value", WORKLOAD_ERROR,
        "unknown on_regression 'stop'; there are ask, revert", "");
    one(with(arena, "load = { peak = \"200\" }"), "config-value", WORKLOAD_ERROR,
        "'peak' must be a rate, such as \"200 /s\"", "");
    one(with(arena, "load = { concurrency = 0 }"), "config-value", WORKLOAD_ERROR,
        "'concurrency' must be above 0", "");
    one(with(arena, "load = { concurency = 4 }"), "config-unknown-key", WORKLOAD_ERROR,
        "unknown key 'concurency'; did you mean 'concurrency'?", "concurrency");
    one(with(arena, "path_map = [\"a\"]"), "config-type", WORKLOAD_ERROR,
        "'path_map' must be a table: { \"/build/src\" = \"src\" }, not an array", "");
    one(with(arena, "shell = \"yes\""), "config-type", WORKLOAD_ERROR,
        "'shell' must be true or false, not a string", "");
    one(with(arena, "metric = \"p99\""), "config-duplicate", WORKLOAD_ERROR,
        "'metric' is given twice; line 4 has the first", "");
    one(with(arena, "tests = "), "config-syntax", WORKLOAD_ERROR, "'tests' has no value", "");
    one(with(arena, "tests = pytest"), "config-syntax", WORKLOAD_ERROR,
        "text stands in quotes: \"pytest\"", "\"pytest\"");
}

static WorkloadFile measured(Arena *arena, const char *harness, const char *metric,
                             const char *target)
{
    Str text =
        str_fmt(arena, "[workload.x]\nbenchmark = \"run\"\n%s\n%s\n%s\n", harness, metric, target);
    return workload_read(arena, S("perfloop.toml"), text);
}

static void harness_metric_and_target_fit_together(void **state)
{
    Arena *arena = test_arena(state);
    one(measured(arena, "harness = \"pytest\"", "", ""), "config-harness", WORKLOAD_ERROR,
        "unknown harness 'pytest'; did you mean 'pytest-benchmark'?", "\"pytest-benchmark\"");
    one(measured(arena, "harness = \"command\"", "metric = \"p50\"", "target = \"8 ms\""),
        "config-metric", WORKLOAD_ERROR,
        "unknown metric of harness 'command': 'p50'; there are wall, cpu_time, peak_rss, "
        "utilization",
        "");
    one(measured(arena, "", "metric = \"cputime\"", "target = \"8 ms\""), "config-metric",
        WORKLOAD_ERROR, "unknown metric of harness 'command': 'cputime'; did you mean 'cpu_time'?",
        "\"cpu_time\"");
    one(measured(arena, "", "", "target = \"8 ms\""), "config-no-metric", WORKLOAD_INFO,
        "no metric: time decides, 'cpu_time' where both sides are serial and compute, else 'wall'; "
        "name the one number that decides",
        "");
    one(measured(arena, "", "metric = \"peak_rss\"", ""), "config-no-target", WORKLOAD_INFO,
        "no target: give a number, such as target = \"200 MB\" or \"-30 %\"", "");
    one(measured(arena, "", "metric = \"wall\"", "target = \"8\""), "config-target",
        WORKLOAD_WARNING, "the target has no unit, and wall is in seconds; write it like \"8 ms\"",
        "");
    one(measured(arena, "", "metric = \"wall\"", "target = 8"), "config-target", WORKLOAD_WARNING,
        "the target has no unit, and wall is in seconds; write it like \"8 ms\"", "");
    one(measured(arena, "", "metric = \"wall\"", "target = \"8 MB\""), "config-target",
        WORKLOAD_WARNING, "the target is in bytes, but wall is in seconds; write it like \"8 ms\"",
        "");
    one(measured(arena, "", "metric = \"wall\"", "target = \"fast\""), "config-target",
        WORKLOAD_WARNING,
        "no number with a unit that is known; write it like \"8 ms\" or \"-30 %\"", "");
    one(measured(arena, "", "metric = \"wall\"", "target = \"30 %\""), "config-target",
        WORKLOAD_WARNING, "less is better for wall: write \"-30 %\"", "\"-30 %\"");
    one(measured(arena, "harness = \"pytest-benchmark\"", "metric = \"throughput\"",
                 "target = \"-30 %\""),
        "config-target", WORKLOAD_WARNING, "more is better for throughput: write \"+30 %\"",
        "\"+30 %\"");
    one(measured(arena, "", "metric = \"wall\"", "target = true"), "config-type", WORKLOAD_ERROR,
        "'target' must be a string with a number and its unit, not true or false", "");
    WorkloadFile file =
        measured(arena, "harness = \"nvbench\"", "metric = \"frames\"", "target = \"60\"");
    assert_int_equal(file.problems.len, 0);
    assert_true(file.workloads.items[0].target.value == 60);
    assert_false(file.workloads.items[0].higher_is_better);
    file =
        measured(arena, "harness = \"metric-lines\"", "metric = \"frames\"", "target = \"60 /s\"");
    assert_int_equal(file.problems.len, 0);
    assert_true(file.workloads.items[0].higher_is_better);
    file =
        measured(arena, "harness = \"metric-lines\"", "metric = \"frames\"", "target = \"+20 %\"");
    assert_true(file.workloads.items[0].higher_is_better);
    file = measured(arena, "harness = \"google-benchmark\"", "metric = \"items_per_second\"",
                    "target = \"+20 %\"");
    assert_int_equal(file.problems.len, 0);
    assert_true(file.workloads.items[0].higher_is_better);
    file = measured(arena, "", "metric = \"cpu_time\"", "target = \"-30 %\"");
    assert_int_equal(file.problems.len, 0);
    assert_true(file.workloads.items[0].target.relative);
    assert_true(file.workloads.items[0].target.value == -0.30);
}

static void files_without_a_workload_are_named(void **state)
{
    Arena *arena = test_arena(state);
    Err err = {0};
    WorkloadFile file = workload_read(arena, S("perfloop.toml"), S(""));
    assert_str(file.problems.items[0].code, S("config-no-workload"));
    assert_null(workload_find(&file, S(""), &err));
    assert_int_equal(err.kind, ERR_NOT_FOUND);
    file = workload_read(arena, S("perfloop.toml"), S("[workload.x]\nmetric = \"wall\"\n"));
    assert_str(file.problems.items[0].code, S("config-no-benchmark"));
    assert_null(workload_find(&file, S("x"), &err));
    assert_string_equal(err.msg, "perfloop.toml:1: workload 'x' has no benchmark: add benchmark = "
                                 "\"the command to measure\"");
    file = workload_read(arena, S("perfloop.toml"), S("[workload]\nbenchmark = \"x\"\n"));
    assert_str(file.problems.items[0].message,
               S("'benchmark' stands outside a workload; a workload has a name: [workload.NAME]"));
    file = workload_read(arena, S("perfloop.toml"), S("[workloads.x]\nbenchmark = \"x\"\n"));
    assert_str(file.problems.items[0].code, S("config-no-workload"));
    assert_str(file.problems.items[1].fix, S("workload"));
}

static void a_broken_line_stops_its_own_workload_only(void **state)
{
    Arena *arena = test_arena(state);
    Err err = {0};
    WorkloadFile file = workload_read(arena, S("perfloop.toml"),
                                      S("[workload.a]\nbenchmark = \"x\"\ntests = \n"
                                        "[workload.b]\nbenchmark = \"y\"\n"));
    assert_int_equal(file.workloads.len, 2);
    assert_null(workload_find(&file, S("a"), &err));
    assert_string_equal(err.msg, "perfloop.toml:3: 'tests' has no value");
    assert_non_null(workload_find(&file, S("b"), &err));
    assert_null(workload_find(&file, S(""), &err));
    assert_string_equal(err.msg, "perfloop.toml has 2 workloads: name one, such as 'b'");
}

static void other_files_have_their_section(void **state)
{
    Arena *arena = test_arena(state);
    Str pyproject = S("[project]\nname = \"x\"\n[tool.perfloop.workload.x]\nbenchmark = \"x\"\n");
    Str cargo = S("[package]\nname = \"x\"\n[package.metadata.perfloop.workload.y]\n"
                  "benchmark = \"y\"\n");
    WorkloadFile file = workload_read(arena, S("pyproject.toml"), pyproject);
    assert_str(file.workloads.items[0].name, S("x"));
    assert_int_equal(file.workloads.items[0].line, 3);
    file = workload_read(arena, S("/a/b/Cargo.toml"), cargo);
    assert_str(file.workloads.items[0].name, S("y"));
    file = workload_read(arena, S("pyproject.toml"), S("[project]\nname = \n"));
    assert_int_equal(file.problems.len, 0);
    assert_true(workload_is_file(S("/x/pyproject.toml")));
    assert_false(workload_is_file(S("/x/other.toml")));
}

static void split_like_a_shell(Arena *arena, Str text, size_t count, const char *last)
{
    Str *argv;
    size_t argc;
    assert_true(workload_split(arena, text, &argv, &argc));
    assert_int_equal(argc, count);
    if (count)
        assert_str(argv[count - 1], str_from_c(last));
    Str *again;
    size_t again_count;
    assert_true(workload_split(arena, workload_join(arena, argv, argc), &again, &again_count));
    assert_int_equal(again_count, argc);
    for (size_t i = 0; i < argc; i++)
        assert_str(again[i], argv[i]);
}

/* Expected: `printf '%s\n' WORDS` of dash, for words without $ and `. */
static void commands_are_split_like_a_shell(void **state)
{
    Arena *arena = test_arena(state);
    Str *argv;
    size_t argc;
    split_like_a_shell(arena, S(""), 0, "");
    split_like_a_shell(arena, S("  a\t b "), 2, "b");
    split_like_a_shell(arena, S("a 'b c'"), 2, "b c");
    split_like_a_shell(arena, S("a \"b 'c' \\\" \\x\""), 2, "b 'c' \" \\x");
    split_like_a_shell(arena, S("a b\\ c\\\\"), 2, "b c\\");
    split_like_a_shell(arena, S("a 'it'\\''s'"), 2, "it's");
    split_like_a_shell(arena, S("a ''"), 2, "");
    split_like_a_shell(arena, S("a $HOME *.py"), 3, "*.py");
    assert_false(workload_split(arena, S("a 'b"), &argv, &argc));
    assert_false(workload_split(arena, S("a \"b\\\""), &argv, &argc));
}

static void a_shell_runs_only_when_asked_for(void **state)
{
    WorkloadFile file =
        with(test_arena(state), "tests = \"a && b\"\nbuild = [\"c\"]\nshell = true");
    const Workload *workload = &file.workloads.items[0];
    assert_int_equal(file.problems.len, 0);
    assert_true(workload->tests.shell);
    assert_int_equal(workload->tests.argc, 3);
    assert_str(workload->tests.argv[2], S("a && b"));
    assert_false(workload->build.shell);
    assert_int_equal(workload->build.argc, 1);
}

TEST_MAIN(TEST(every_key_is_read), TEST(mistakes_have_a_mend),
          TEST(harness_metric_and_target_fit_together), TEST(files_without_a_workload_are_named),
          TEST(a_broken_line_stops_its_own_workload_only), TEST(other_files_have_their_section),
          TEST(commands_are_split_like_a_shell), TEST(a_shell_runs_only_when_asked_for))
