/* Workload files → workloads and problems. */

#include "analysis/workload/workload.h"

#include "base/strbuf.h"
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
              "profilers = [\"py-spy\", \"memray\"]\n"
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
    assert_str(workload->profilers.items[1], S("memray"));
    assert_int_equal(workload->constraints.len, 1);
    assert_int_equal(workload->load.concurrency, 4);
    assert_true(workload->load.peak == 200 && workload->load.sustained == 50);
    assert_int_equal(workload->on_regression, ON_REGRESSION_REVERT);
    assert_str(workload->path_map.items[0].to, S("src"));
}

TEST_MAIN(TEST(every_key_is_read))
