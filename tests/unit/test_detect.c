/* Projects → drafts of perfloop.toml. */

#include "runners/detect.h"

#include <unistd.h>

#include "analysis/workload/workload.h"
#include "base/file.h"
#include "base/path.h"
#include "tests/lib/check.h"

static void put(Arena *arena, Str root, const char *name, const char *text)
{
    Err err = {0};
    Str path = path_join(arena, root, str_from_c(name));
    assert_ok(file_make_dirs(path_dir(path), &err), &err);
    assert_ok(file_write(path, str_from_c(text), &err), &err);
}

/* What is drafted is a workload file without errors, and the only thing left open is the user's. */
static void the_draft_is_a_good_file(Arena *arena, const Draft *draft)
{
    WorkloadFile file = workload_read(arena, S("perfloop.toml"), detect_file_text(arena, draft));
    array_each (WorkloadProblem, problem, &file.problems)
        if (problem->severity == WORKLOAD_ERROR)
            print_error(STR_FMT "\n", STR_ARG(problem->message));
    assert_int_equal(file.workloads.len, 1);
    assert_int_equal(file.workloads.items[0].usable, draft->benchmark.len > 0);
    bool no_target = false;
    array_each (WorkloadProblem, problem, &file.problems)
        no_target |= str_eq(problem->code, S("config-no-target"));
    assert_true(no_target);
}

static void pytest_benchmark_is_found_in_the_dependencies(void **state)
{
    Arena *arena = test_arena(state);
    Str root = test_temp_dir(arena);
    put(arena, root, "pyproject.toml", "[project]\ndependencies = [\"pytest-benchmark\"]\n");
    put(arena, root, "benchmarks/test_parse file.py", "def test_parse(benchmark):\n    pass\n");
    put(arena, root, "tests/test_x.py", "def test_x():\n    pass\n");
    Draft draft = detect_project(arena, root);
    assert_str(draft.harness, S("pytest-benchmark"));
    assert_str(draft.benchmark, S("python -m pytest -q 'benchmarks/test_parse file.py'"));
    assert_str(draft.name, S("parse_file"));
    assert_str(draft.tests, S("python -m pytest -q tests"));
    assert_str(draft.profiler, S("py-spy"));
    assert_str(draft.because, S("pytest-benchmark in pyproject.toml"));
    the_draft_is_a_good_file(arena, &draft);
}

static void pytest_benchmark_is_found_by_its_fixture(void **state)
{
    Arena *arena = test_arena(state);
    Str root = test_temp_dir(arena);
    put(arena, root, "test_all.py", "def test_a(tmp_path, benchmark):\n    pass\n");
    put(arena, root, ".venv/lib/test_other.py", "def test_a(benchmark):\n    pass\n");
    Draft draft = detect_project(arena, root);
    assert_str(draft.benchmark, S("python -m pytest -q test_all.py"));
    assert_str(draft.because, S("the benchmark fixture in test_all.py"));
    the_draft_is_a_good_file(arena, &draft);
}

static void a_benchmark_script_is_a_command(void **state)
{
    Arena *arena = test_arena(state);
    Str root = test_temp_dir(arena);
    put(arena, root, "benchmark.py", "print(1)\n");
    Draft draft = detect_project(arena, root);
    assert_str(draft.harness, S("command"));
    assert_str(draft.benchmark, S("python benchmark.py"));
    the_draft_is_a_good_file(arena, &draft);
}

static void criterion_is_found_in_cargo_toml(void **state)
{
    Arena *arena = test_arena(state);
    Str root = test_temp_dir(arena);
    put(arena, root, "Cargo.toml",
        "[package]\nname = \"x\"\n[dev-dependencies]\ncriterion = \"0.5\"\n");
    put(arena, root, "benches/sort.rs", "");
    Draft draft = detect_project(arena, root);
    assert_str(draft.harness, S("criterion"));
    assert_str(draft.benchmark,
               S("cargo bench --bench sort -- --noplot --warm-up-time 1 --measurement-time 1"));
    assert_str(draft.build, S("cargo bench --no-run --bench sort"));
    assert_str(draft.tests, S("cargo test -q"));
    the_draft_is_a_good_file(arena, &draft);
}

static void an_empty_project_gets_a_draft_to_fill(void **state)
{
    Arena *arena = test_arena(state);
    Draft draft = detect_project(arena, test_temp_dir(arena));
    assert_str(draft.because, S("nothing that looks like a benchmark"));
    the_draft_is_a_good_file(arena, &draft);
}

static void what_is_there_is_never_changed(void **state)
{
    Arena *arena = test_arena(state);
    Str root = test_temp_dir(arena), path, text;
    Err err = {0};
    Draft draft = detect_project(arena, root);
    put(arena, root, "pyproject.toml", "[tool.perfloop.workload.x]\nbenchmark = \"x\"\n");
    assert_false(detect_write(arena, root, &draft, &path, &err));
    assert_int_equal(err.kind, ERR_CONFLICT);
    put(arena, root, "pyproject.toml", "[project]\n");
    assert_ok(detect_write(arena, root, &draft, &path, &err), &err);
    put(arena, root, "perfloop.toml", "# mine\n");
    assert_false(detect_write(arena, root, &draft, &path, &err));
    assert_ok(file_read(arena, path, 1000, &text, &err), &err);
    assert_str(text, S("# mine\n"));
}

static void a_link_is_not_written_through(void **state)
{
    Arena *arena = test_arena(state);
    Str root = test_temp_dir(arena), other = test_temp_dir(arena), path;
    Err err = {0};
    Draft draft = detect_project(arena, root);
    Str target = path_join(arena, other, S("outside.toml"));
    assert_int_equal(symlink(str_cstr(arena, target),
                             str_cstr(arena, path_join(arena, root, S("perfloop.toml")))),
                     0);
    assert_false(detect_write(arena, root, &draft, &path, &err));
    assert_false(file_exists(target));
}

TEST_MAIN(TEST(pytest_benchmark_is_found_in_the_dependencies),
          TEST(pytest_benchmark_is_found_by_its_fixture), TEST(a_benchmark_script_is_a_command),
          TEST(criterion_is_found_in_cargo_toml), TEST(an_empty_project_gets_a_draft_to_fill),
          TEST(what_is_there_is_never_changed), TEST(a_link_is_not_written_through))
