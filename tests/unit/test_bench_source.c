#include "analysis/source/benches.h"

#include "base/strbuf.h"
#include "tests/lib/check.h"

typedef struct Found {
    Outline outline;
    const Text *text;
    Benches benches;
} Found;

static Found find(Arena *arena, LangId lang, Str bytes)
{
    Found found = {.text = text_new(arena, bytes)};
    Syntax *syntax = syntax_parse(lang, found.text, NULL, NULL, 0, NULL);
    found.outline = outline_of(arena, syntax, found.text);
    syntax_free(syntax);
    found.benches = benches_of(arena, &found.outline, found.text);
    return found;
}

/* One per line: harness, id, line. */
static Str listed(Arena *arena, const Benches *benches)
{
    StrBuf out = strbuf_new(arena);
    array_each (const Bench, bench, benches)
        strbuf_fmt(&out, STR_FMT " %s" STR_FMT "%s %u\n",
                   STR_ARG(outline_harness_name(bench->harness)), bench->open_front ? "…/" : "",
                   STR_ARG(bench->id), bench->open_end ? "/…" : "", bench->line.n);
    return strbuf_str(&out);
}

#define assert_benches(lang, source, want)                             \
    do {                                                               \
        Found found = find(test_arena(state), (lang), (source));       \
        assert_str(listed(test_arena(state), &found.benches), (want)); \
    } while (0)

static void python_tests_that_take_the_fixture(void **state)
{
    assert_benches(LANG_PYTHON,
                   S("import pytest\n"
                     "def test_plain(benchmark):\n"
                     "    benchmark(f)\n"
                     "@pytest.mark.parametrize('n', [1, 2])\n"
                     "def test_sized(benchmark: BenchmarkFixture, n):\n"
                     "    benchmark(f, n)\n"
                     "class TestLexer:\n"
                     "    def test_scan(self, benchmark=None):\n"
                     "        benchmark(f)\n"
                     "    def test_no_benchmark(self): pass\n"
                     "def helper(benchmark): pass\n"
                     "def outer():\n"
                     "    def test_inner(benchmark): pass\n"),
                   S("pytest-benchmark test_plain 2\n"
                     "pytest-benchmark test_sized 5\n"
                     "pytest-benchmark TestLexer::test_scan 8\n"));
}

static void a_name_in_pieces_is_its_first_piece(void **state)
{
    assert_benches(LANG_PYTHON, S("runner.timeit('c', name='d')\n"), S("pyperf c 1\n"));
    assert_benches(LANG_RUST,
                   S("fn f(c: &mut Criterion) { c.bench_function(\"y\\\"z\", |b| 1); }\n"),
                   S("criterion y 1\n"));
}

static void python_benchmarks_of_a_pyperf_runner(void **state)
{
    assert_benches(LANG_PYTHON,
                   S("import pyperf, timeit\n"
                     "runner = pyperf.Runner()\n"
                     "runner.bench_func('scan', scan, text)\n"
                     "runner.timeit(name='join', stmt='x')\n"
                     "runner.bench_command('start', [sys.executable])\n"
                     "timeit.timeit('none of them')\n"),
                   S("pyperf scan 3\npyperf join 4\npyperf start 5\n"));
}

static void rust_benchmarks_of_criterion_and_their_groups(void **state)
{
    assert_benches(LANG_RUST,
                   S("fn lex(c: &mut Criterion) {\n"
                     "    c.bench_function(\"plain\", |b| b.iter(|| 1));\n"
                     "    let mut group = c.benchmark_group(\"lex\");\n"
                     "    group.sample_size(10).bench_function(\"small\", |b| b.iter(|| 1));\n"
                     "    group\n"
                     "        .bench_with_input(BenchmarkId::new(\"sized\", 3), &3, |b, i| 1);\n"
                     "    group.bench_with_input(BenchmarkId::from_parameter(3), &3, |b, i| 1);\n"
                     "    group.bench_function(format!(\"n {}\", 3), |b| 1);\n"
                     "    c.benchmark_group(\"chain\").bench_function(\"x\", |b| 1);\n"
                     "    let mut group = c.benchmark_group(\"second\");\n"
                     "    group.bench_function(\"y\", |b| 1);\n"
                     "}\n"
                     "fn part(g: &mut BenchmarkGroup<WallTime>) {\n"
                     "    g.bench_function(&format!(\"part {}\", 1), |b| 1);\n"
                     "}\n"
                     "criterion_group!(benches, lex);\n"),
                   S("criterion plain 2\n"
                     "criterion lex/small 4\n"
                     "criterion lex/sized 6\n"
                     "criterion lex/… 7\n"
                     "criterion lex/n {} 8\n"
                     "criterion chain/x 9\n"
                     "criterion second/y 11\n"
                     "criterion …/part {} 14\n"));
}

static void rust_bench_attribute(void **state)
{
    assert_benches(LANG_RUST,
                   S("mod tests {\n"
                     "    #[bench]\n"
                     "    fn scan(b: &mut Bencher) {}\n"
                     "    #[bench]\n"
                     "    #[ignore]\n"
                     "    fn join(b: &mut Bencher) {}\n"
                     "    #[test]\n"
                     "    fn none(b: &mut Bencher) {}\n"
                     "}\n"),
                   S("libtest tests::scan 3\nlibtest tests::join 6\n"));
}

static void rust_divan_attribute(void **state)
{
    assert_benches(LANG_RUST,
                   S("#[divan::bench(args = [1, 8])]\n"
                     "fn fibonacci(n: u64) -> u64 { n }\n"
                     "mod inner {\n"
                     "    #[divan::bench]\n"
                     "    #[inline]\n"
                     "    fn make<T: Default>() -> T { T::default() }\n"
                     "    #[tokio::bench]\n"
                     "    fn none() {}\n"
                     "}\n"),
                   S("divan fibonacci 2\ndivan inner::make 6\n"));
}

static void cuda_benchmarks_of_google_benchmark_and_nvbench(void **state)
{
    assert_benches(LANG_CUDA,
                   S("static void BM_scan(benchmark::State &s) { for (auto _ : s) {} }\n"
                     "BENCHMARK(BM_scan);\n"
                     "BENCHMARK(BM_range)->Arg(8)->Threads(2);\n"
                     "BENCHMARK_CAPTURE(BM_capture, small, 1);\n"
                     "BENCHMARK_TEMPLATE(BM_of, int);\n"
                     "BENCHMARK_F(Fixture, scan)(benchmark::State &s) { for (auto _ : s) {} }\n"
                     "BENCHMARK_DEFINE_F(Fixture, join)(benchmark::State &s) {}\n"
                     "BENCHMARK_REGISTER_F(Fixture, join)->Threads(2);\n"
                     "int main() { benchmark::RegisterBenchmark(\"BM_late\", f); }\n"
                     "BENCHMARK_MAIN();\n"
                     "NVBENCH_BENCH(copy).add_int64_axis(\"N\", {1});\n"
                     "NVBENCH_BENCH_TYPES(typed, NVBENCH_TYPE_AXES(types));\n"),
                   S("google-benchmark BM_scan 2\n"
                     "google-benchmark BM_range 3\n"
                     "google-benchmark BM_capture/small 4\n"
                     "google-benchmark BM_of 5\n"
                     "google-benchmark Fixture/scan 6\n"
                     "google-benchmark Fixture/join 8\n"
                     "google-benchmark BM_late 9\n"
                     "nvbench copy 11\n"
                     "nvbench typed 12\n"));
}

/* ------------------------------------------------------------------ names in reports */

static void check_meant(Arena *arena, const Found *found, Str path, Str harness, Str name, Str want)
{
    const Bench *bench = benches_find(&found->benches, path, harness, name);
    assert_str(bench ? str_fmt(arena, STR_FMT " %u", STR_ARG(bench->id), bench->line.n) : S("none"),
               want);
}
#define assert_meant(harness, name, want) \
    check_meant(test_arena(state), &found, path, S(harness), S(name), S(want))

static void names_of_pytest(void **state)
{
    Str path = S("py/benches/test_lex.py");
    Found found = find(test_arena(state), LANG_PYTHON,
                       S("def test_scan(benchmark): pass\n"
                         "class TestLex:\n"
                         "    def test_scan(self, benchmark): pass\n"));
    assert_meant("pytest-benchmark", "py/benches/test_lex.py::test_scan", "test_scan 1");
    assert_meant("pytest-benchmark", "benches/test_lex.py::test_scan[small-[x]]", "test_scan 1");
    assert_meant("pytest-benchmark", "test_lex.py::TestLex::test_scan", "TestLex::test_scan 3");
    assert_meant("pytest-benchmark", "test_scan[1]", "test_scan 1");
    assert_meant("pytest-benchmark", "lex.py::test_scan", "none");
    assert_meant("pytest-benchmark", "other/test_lex.py::test_scan", "none");
    assert_meant("pytest-benchmark", "py/benches/test_lex.py::test_other", "none");
    assert_meant("pyperf", "test_scan", "none");
}

static void names_of_criterion(void **state)
{
    Str path = S("benches/lex.rs");
    Found found = find(test_arena(state), LANG_RUST,
                       S("fn lex(c: &mut Criterion, n: u32) {\n"
                         "    c.bench_function(\"small\", |b| 1);\n"
                         "    let mut g = c.benchmark_group(\"lex\");\n"
                         "    g.bench_function(\"scan\", |b| 1);\n"
                         "    g.bench_with_input(BenchmarkId::from_parameter(3), &3, |b, i| 1);\n"
                         "    g.bench_function(format!(\"n {} of {}\", 3, 4), |b| 1);\n"
                         "}\n"
                         "fn part(g: &mut BenchmarkGroup<WallTime>) {\n"
                         "    g.bench_function(\"part\", |b| 1);\n"
                         "}\n"));
    assert_meant("criterion", "small", "small 2");
    assert_meant("criterion", "smaller", "none");
    assert_meant("criterion", "other/small", "none");
    assert_meant("criterion", "lex/scan", "lex/scan 4");
    assert_meant("criterion", "lex/scan/1024", "lex/scan 4");
    assert_meant("criterion", "lex/1024", "lex 5");
    assert_meant("criterion", "lex/n 3 of 4", "lex/n {} of {} 6");
    assert_meant("criterion", "any/part", "part 9");
    assert_meant("criterion", "any/part/7", "part 9");
    assert_meant("criterion", "any/apart", "none");
    assert_meant("criterion", "lex", "none");
}

static void names_of_google_benchmark(void **state)
{
    Str path = S("bench.cu");
    Found found = find(test_arena(state), LANG_CUDA,
                       S("BENCHMARK(BM_x);\nBENCHMARK(BM_xy);\n"
                         "BENCHMARK_REGISTER_F(Fixture, join);\n"));
    assert_meant("google-benchmark", "BM_x/8/threads:2", "BM_x 1");
    assert_meant("google-benchmark", "BM_x<int>/8", "BM_x 1");
    assert_meant("google-benchmark", "BM_xy", "BM_xy 2");
    assert_meant("google-benchmark", "BM_xyz", "none");
    assert_meant("google-benchmark", "Fixture/join/3", "Fixture/join 3");
}

static void names_of_libtest(void **state)
{
    Str path = S("src/lexer.rs");
    Found found = find(test_arena(state), LANG_RUST,
                       S("mod tests {\n    #[bench]\n    fn scan(b: &mut Bencher) {}\n}\n"));
    assert_meant("libtest", "lexer::tests::scan", "tests::scan 3");
    assert_meant("libtest", "tests::scan", "tests::scan 3");
    assert_meant("libtest", "my_tests::scan", "none");
}

static void names_of_divan(void **state)
{
    Str path = S("benches/example.rs");
    Found found = find(test_arena(state), LANG_RUST,
                       S("#[divan::bench(args = [1])]\nfn fib(n: u64) -> u64 { n }\nmod inner {\n"
                         "    #[divan::bench]\n    fn make<T>() {}\n}\n"));
    assert_meant("divan", "fib", "fib 2");
    assert_meant("divan", "fib::1", "fib 2");
    assert_meant("divan", "inner::make::Vec<i32>", "inner::make 5");
    assert_meant("divan", "inner::make::Vec<i32>::8", "inner::make 5");
    assert_meant("divan", "inner::other", "none");
    assert_meant("libtest", "fib", "none");
}

/* ------------------------------------------------------------------ broken and edited text */

/* Without its function nobody knows whether a Criterion or a group is called. */
static void broken_source_keeps_the_benchmarks_around_the_break(void **state)
{
    assert_benches(LANG_PYTHON,
                   S("def test_a(benchmark):\n    benchmark(f)\n\n"
                     "def test_b(benchmark)\n    x = = benchmark(f)\n\n"
                     "def test_c(benchmark):\n    benchmark(f)\n"),
                   S("pytest-benchmark test_a 1\npytest-benchmark test_c 7\n"));
    assert_benches(LANG_RUST,
                   S("fn lex(c: &mut Criterion) {\n"
                     "    c.bench_function(\"a\", |b| b.iter(|| 1));\n"
                     "    c.bench_function(\"b\", |b| \n"
                     "}\n"
                     "fn more(c: &mut Criterion) {\n"
                     "    c.bench_function(\"c\", |b| b.iter(|| 1));\n"
                     "}\n"),
                   S("criterion …/a 2\ncriterion …/c 6\n"));
}

/* Every edit of one byte: the outline that was carried along has the benchmarks of a fresh one. */
static void check_edits(Arena *arena, LangId lang, Str bytes)
{
    static const Str INSERTED[] = {STR_CONST(""), STR_CONST("#"), STR_CONST("\n"), STR_CONST("x"),
                                   STR_CONST("(")};
    for (size_t at = 0; at < bytes.len; at++) {
        for (size_t i = 0; i < sizeof(INSERTED) / sizeof(INSERTED[0]); i++) {
            ArenaMark mark = arena_mark(arena);
            const Text *then = text_new(arena, bytes);
            Syntax *old = syntax_parse(lang, then, NULL, NULL, 0, NULL);
            Outline before = outline_of(arena, old, then);
            ByteRange range = {{(uint32_t)at}, {(uint32_t)at + 1}};
            TextChange change;
            const Text *now = text_edit(arena, then, range, INSERTED[i], &change);
            Syntax *syntax = syntax_parse(lang, now, old, &change, 1, NULL);
            Outline carried = outline_update(arena, &before, syntax, now);
            Outline fresh = outline_of(arena, syntax, now);
            Benches a = benches_of(arena, &carried, now), b = benches_of(arena, &fresh, now);
            assert_str(listed(arena, &a), listed(arena, &b));
            syntax_free(old);
            syntax_free(syntax);
            arena_rollback(arena, mark);
        }
    }
}

static void an_edited_outline_has_the_benchmarks_of_a_fresh_one(void **state)
{
    check_edits(test_arena(state), LANG_PYTHON,
                S("class TestA:\n    def test_a(self, benchmark):\n        benchmark(f)\n"
                  "runner.bench_func('b', f)\n"
                  "runner.timeit('c', name='d')\n"));
    check_edits(
        test_arena(state), LANG_RUST,
        S("#[bench]\nfn a(b: &mut Bencher) {}\n"
          "fn b(c: &mut Criterion) {\n    let mut g = c.benchmark_group(\"g\");\n"
          "    g.bench_function(\"x\", |b| 1);\n    c.bench_function(\"y\\\"z\", |b| 1);\n}\n"));
    check_edits(test_arena(state), LANG_CUDA,
                S("BENCHMARK(BM_x)->Arg(8);\nBENCHMARK_F(F, g)(benchmark::State &s) {}\n"));
}

TEST_MAIN(TEST(python_tests_that_take_the_fixture), TEST(python_benchmarks_of_a_pyperf_runner),
          TEST(a_name_in_pieces_is_its_first_piece),
          TEST(rust_benchmarks_of_criterion_and_their_groups), TEST(rust_bench_attribute),
          TEST(rust_divan_attribute), TEST(cuda_benchmarks_of_google_benchmark_and_nvbench),
          TEST(names_of_pytest), TEST(names_of_criterion), TEST(names_of_google_benchmark),
          TEST(names_of_libtest), TEST(names_of_divan),
          TEST(broken_source_keeps_the_benchmarks_around_the_break),
          TEST(an_edited_outline_has_the_benchmarks_of_a_fresh_one))
