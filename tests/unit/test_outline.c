#include "analysis/source/outline.h"
#include "base/strbuf.h"
#include "tests/lib/check.h"

static Outline outline_from(Arena *arena, LangId lang, Str bytes)
{
    const Text *text = text_new(arena, bytes);
    Syntax *syntax = syntax_parse(lang, text, NULL, NULL, 0, NULL);
    Outline outline = outline_of(arena, syntax, text);
    syntax_free(syntax);
    return outline;
}

static void python_functions_loops_statements_and_calls(void **state)
{
    Outline outline = outline_from(test_arena(state), LANG_PYTHON,
                                   S("class Parser:\n"
                                     "    def next(self, xs):\n"
                                     "        for x in xs:\n"
                                     "            np.dot(x, x)\n"
                                     "        return [f(y) for y in xs]\n"
                                     "\n"
                                     "g = lambda x: x\n"));
    assert_str(outline_print(test_arena(state), &outline), S("class Parser 1-5\n"
                                                             "  function Parser.next 2-5\n"
                                                             "    loop 3-4\n"
                                                             "      statement 4\n"
                                                             "        call np.dot 4\n"
                                                             "    statement 5\n"
                                                             "      loop <listcomp> 5\n"
                                                             "        call f 5\n"
                                                             "statement 7\n"
                                                             "  lambda <lambda> 7\n"));
}

static void rust_functions_are_qualified_by_impl_and_mod(void **state)
{
    Outline outline = outline_from(test_arena(state), LANG_RUST,
                                   S("mod lexer {\n"
                                     "    impl<T> Lexer<T> {\n"
                                     "        fn next(&mut self) -> u8 {\n"
                                     "            loop { self.step(|x| x + 1); }\n"
                                     "        }\n"
                                     "    }\n"
                                     "}\n"
                                     "fn main() { println!(\"x\"); }\n"));
    assert_str(outline_print(test_arena(state), &outline), S("class lexer 1-7\n"
                                                             "  class lexer::Lexer 2-6\n"
                                                             "    function lexer::Lexer::next 3-5\n"
                                                             "      statement 4\n"
                                                             "        loop 4\n"
                                                             "          statement 4\n"
                                                             "            call self.step 4\n"
                                                             "              lambda {{closure}} 4\n"
                                                             "function main 8\n"
                                                             "  statement 8\n"
                                                             "    call println 8\n"));
}

static void cuda_kernels_and_launches(void **state)
{
    Outline outline = outline_from(test_arena(state), LANG_CUDA,
                                   S("namespace k {\n"
                                     "template <typename T>\n"
                                     "__global__ void scale(T *x, int n) {\n"
                                     "    for (int i = 0; i < n; i++)\n"
                                     "        x[i] = f(x[i]);\n"
                                     "}\n"
                                     "}\n"
                                     "float *Buffer::grow(int n) {\n"
                                     "    k::scale<<<n / 256, 256>>>(x, n);\n"
                                     "    return x;\n"
                                     "}\n"));
    assert_str(outline_print(test_arena(state), &outline), S("class k 1-7\n"
                                                             "  function k::scale 3-6\n"
                                                             "    loop 4-5\n"
                                                             "      statement 4\n"
                                                             "      statement 5\n"
                                                             "        call f 5\n"
                                                             "function Buffer::grow 8-11\n"
                                                             "  statement 9\n"
                                                             "    launch k::scale 9\n"
                                                             "  statement 10\n"));
}

/* Functions, launches and what qualifies them: "name first-last", a line each. */
static Str functions_of(Arena *arena, const char *source)
{
    Outline outline = outline_from(arena, LANG_CUDA, str_from_c(source));
    StrBuf out = strbuf_new(arena);
    for (size_t i = 0; i < outline.len; i++) {
        const OutlineItem *item = &outline.items[i];
        if (item->kind == OUTLINE_FUNCTION || item->kind == OUTLINE_LAUNCH ||
            item->kind == OUTLINE_LAMBDA)
            strbuf_fmt(&out, STR_FMT " %u-%u\n", STR_ARG(item->name), item->first.n, item->last.n);
    }
    return strbuf_str(&out);
}

static void cuda_attributes_do_not_hide_a_kernel(void **state)
{
    Str text = functions_of(
        test_arena(state), "namespace a::b {\n"
                           "namespace {\n"
                           "template <typename F>\n"
                           "__global__ void __cluster_dims__(2, 1, 1) apply(F f, float *x) {\n"
                           "}\n"
                           "}\n"
                           "__global__ __launch_bounds__(256, 2) void bound(float *x) {\n"
                           "}\n"
                           "extern \"C\" {\n"
                           "__global__ void plain(float *x) {\n"
                           "}\n"
                           "}\n"
                           "extern \"C\" __global__ void __launch_bounds__(128) mixed(float *x) {\n"
                           "}\n"
                           "static __global__ void __maxnreg__(64) __cluster_dims__(2) seven(const "
                           "__grid_constant__ P p) {\n"
                           "}\n"
                           "}\n"
                           "template <int N, typename T = float>\n"
                           "__global__ void five(T (&x)[N], const T *__restrict__ y)\n"
                           "    requires(N > 2) {\n"
                           "}\n");
    assert_str(text, S("a::b::apply 4-5\n"
                       "a::b::bound 7-8\n"
                       "a::b::plain 10-11\n"
                       "a::b::mixed 13-14\n"
                       "a::b::seven 15-16\n"
                       "five 19-21\n"));
}

static void macros_around_a_kernel_leave_it_its_name(void **state)
{
    Str text =
        functions_of(test_arena(state), "#define KERNEL(name) __global__ void name\n"
                                        "DEFINE(float)\n"
                                        "KERNEL(one)(float *x) {\n"
                                        "}\n"
                                        "GLOBAL_FUNCTION(void, two)(float *x, int n) {\n"
                                        "}\n"
                                        "FORCE_INLINE __device__ float helper(float x) {\n"
                                        "}\n"
                                        "__global__ void LAUNCH_BOUNDS(256) four(float *x) {\n"
                                        "}\n"
                                        "struct S {\n"
                                        "    __device__ float operator()(float x) { return x; }\n"
                                        "};\n"
                                        "DEFINE_KERNEL(relu) {\n"
                                        "}\n"
                                        "CUDA_KERNEL_2( gelu, float) {\n"
                                        "}\n"
                                        "CUDA_KERNEL void five(float *x) {\n"
                                        "}\n"
                                        "TEST(Suite, name) {\n"
                                        "}\n");
    assert_str(text, S("one 3-4\n"
                       "two 5-6\n"
                       "helper 7-8\n"
                       "four 9-10\n"
                       "S::operator() 12-12\n"
                       "relu 14-15\n"
                       "gelu 16-17\n"
                       "five 18-19\n"
                       "TEST 20-21\n"));
}

static void launches_are_found_in_macros_and_with_lambdas(void **state)
{
    Str text =
        functions_of(test_arena(state),
                     "void host(float *x) {\n"
                     "    auto g = [=] __host__ __device__ (float v) -> float { return v; };\n"
                     "    apply<decltype(g)><<<dim3(1), 32, 0, stream>>>(g, x);\n"
                     "    CHECK((a::bound<<<1, 32>>>(x)));\n"
                     "    apply<<<1, 32>>>(g, x);\n"
                     "}\n");
    assert_str(text, S("host 1-6\n"
                       "{lambda} 2-2\n"
                       "apply<decltype(g)> 3-3\n"
                       "a::bound 4-4\n"
                       "apply 5-5\n"));
}

/* What stands around a function that is being typed is found, with its own name. */
static void broken_cuda_leaves_the_kernels_around_it(void **state)
{
    static const char *const BROKEN[] = {
        "__global__ void broken(float *x) {\n    x[0] = (1;\n}\n",
        "__global__ void broken(float *x) {\n    x[0] = \n}\n",
        "__global__ void broken(float *x {\n    x[0] = 1;\n}\n",
        "__global__ void broken(float *x) {\n    before<<<1, \n}\n",
        "__global__ void broken(float *x) {\n    x[0] = 1;\n\n",
        "template <typename T\n__global__ void broken(T *x) {\n}\n",
        "DEFINE(float)\nDEFINE(double)\n\n",
    };
    Arena *arena = test_arena(state);
    for (size_t i = 0; i < sizeof(BROKEN) / sizeof(BROKEN[0]); i++) {
        Str source = str_fmt(arena,
                             "__global__ void before(float *x) {\n}\n%s"
                             "__global__ void after(float *x) {\n    x[1] = 1;\n}\n"
                             "void host() {\n    after<<<1, 1>>>(x);\n}\n",
                             BROKEN[i]);
        Str text = functions_of(arena, str_cstr(arena, source));
        const char *const WANTED[] = {"before 1-2\n", "\nafter 6-8\n", "\nafter 10-10\n"};
        for (size_t k = 0; k < 3; k++)
            if (!str_has(text, str_from_c(WANTED[k])))
                fail_msg("no '%s' with %s in\n" STR_FMT, WANTED[k], BROKEN[i], STR_ARG(text));
        if (!str_has(text, S("\nhost 9-")))
            fail_msg("no host with %s in\n" STR_FMT, BROKEN[i], STR_ARG(text));
    }
}

/* A bracket that somebody has just opened takes nothing of what follows, and not its own function. */
static void an_unfinished_line_keeps_its_function_and_those_behind(void **state)
{
    static const char *const LINES[] = {"if (",     "while (",          "for (int i = 0;",
                                        "x[",       "if (x[0] > 1) {",  "if (threadIdx.x < ",
                                        "f(x, g(x", "auto f = [] (int", "for (;;) {",
                                        "\"abc",    "switch (x) {",     "x = y ? (",
                                        "do {",     "after<<<1,",       "/ *"};
    Arena *arena = test_arena(state);
    for (size_t i = 0; i < sizeof(LINES) / sizeof(LINES[0]); i++) {
        Str source = str_fmt(arena,
                             "__global__ void before(float *x) {\n}\n"
                             "template <typename T>\n"
                             "__global__ void __launch_bounds__(128) broken(T *x)\n{\n    %s\n}\n"
                             "__global__ void after(float *x) {\n    x[1] = 1;\n}\n"
                             "static float *host(int n) {\n    after<<<1, 1>>>(x);\n}\n",
                             LINES[i]);
        Str text = functions_of(arena, str_cstr(arena, source));
        const char *const WANTED[] = {"before 1-2\n", "\nbroken ", "\nafter 8-10\n",
                                      "\nafter 12-12\n", "\nhost 11-"};
        for (size_t k = 0; k < sizeof(WANTED) / sizeof(WANTED[0]); k++)
            if (!str_has(text, str_from_c(WANTED[k])))
                fail_msg("no '%s' with %s in\n" STR_FMT, WANTED[k], LINES[i], STR_ARG(text));
    }
}

/* As in ggml's mmf.cuh: each branch of #if opens the brace that one of them closes. */
static void branches_that_share_a_brace_keep_their_kernel(void **state)
{
    Str text = functions_of(test_arena(state), "template <typename T, int N>\n"
                                               "__launch_bounds__(warp_size()*N, 1)\n"
                                               "static __global__ void split(\n"
                                               "        const T * __restrict__ x, int n) {\n"
                                               "#if defined(A)\n"
                                               "    if constexpr (N > 2) {bad();} else {\n"
                                               "#if defined(B)\n"
                                               "    if (n) {\n"
                                               "#else\n"
                                               "    if (!n) {\n"
                                               "#endif\n"
                                               "    }\n"
                                               "    }\n"
                                               "#else\n"
                                               "    bad();\n"
                                               "#endif\n"
                                               "}\n"
                                               "void host() {\n"
                                               "    split<float, 1><<<1, 1>>>(x, 2);\n"
                                               "}\n");
    for (size_t i = 0; i < 3; i++) {
        static const char *const WANTED[] = {"split ", "\nhost 18-20\n", "split<float, 1> 19-19\n"};
        if (!str_has(text, str_from_c(WANTED[i])))
            fail_msg("no '%s' in\n" STR_FMT, WANTED[i], STR_ARG(text));
    }
}

static void device_lambdas_are_lambdas_in_all_their_forms(void **state)
{
    Str text =
        functions_of(test_arena(state),
                     "void h() {\n"
                     "    auto a = [] __device__ (float x) { return x; };\n"
                     "    auto b = [=] __host__ __device__ (float x) mutable { return x; };\n"
                     "    auto c = [] __device__ { return 1; };\n"
                     "    auto d = []<typename T> __device__ (T x) { return x; };\n"
                     "    thrust::for_each(p, q, [x, y = 3] __device__ (int i) { x[i] = y; });\n"
                     "    cub::DeviceFor::Bulk(n, [=, *this] __device__ __forceinline__ (int i) {\n"
                     "        x[i] = 1;\n"
                     "    });\n"
                     "}\n");
    assert_str(text, S("h 1-10\n"
                       "{lambda} 2-2\n"
                       "{lambda} 3-3\n"
                       "{lambda} 4-4\n"
                       "{lambda} 5-5\n"
                       "{lambda} 6-6\n"
                       "{lambda} 7-9\n"));
}

static Str name_or_none(const OutlineItem *item)
{
    return item ? item->name : S("none");
}

static void lines_know_their_function_and_statement(void **state)
{
    Outline outline = outline_from(test_arena(state), LANG_PYTHON,
                                   S("import os\n"
                                     "def outer():\n"
                                     "    def inner():\n"
                                     "        return f(1,\n"
                                     "                 2)\n"
                                     "    x = 1\n"
                                     "    return x\n"));
    assert_str(name_or_none(outline_function_at(&outline, (LineNo){1})), S("none"));
    assert_str(name_or_none(outline_function_at(&outline, (LineNo){2})), S("outer"));
    assert_str(name_or_none(outline_function_at(&outline, (LineNo){5})), S("outer.inner"));
    assert_str(name_or_none(outline_function_at(&outline, (LineNo){6})), S("outer"));
    assert_str(name_or_none(outline_function_at(&outline, (LineNo){99})), S("none"));
    assert_int_equal(outline_statement_at(&outline, (LineNo){5})->first.n, 4);
}

static void functions_are_found_as_profilers_name_them(void **state)
{
    Outline outline = outline_from(test_arena(state), LANG_PYTHON,
                                   S("class A:\n"
                                     "    def run(self):\n"
                                     "        return [x for x in self]\n"
                                     "class B:\n"
                                     "    def run(self):\n"
                                     "        return map(lambda x: x, self)\n"
                                     "def run():\n"
                                     "    pass\n"));
    struct {
        Str name;
        uint32_t near;
        uint32_t line;
    } cases[] = {
        {S("run"), 0, 7},
        {S("run"), 3, 7},
        {S("A.run"), 0, 2},
        {S("B.run"), 3, 5},
        {S("pkg.B.run"), 0, 5},
        {S("<lambda>"), 0, 6},
        {S("B.run.<locals>.<lambda>"), 0, 6},
        {S("<listcomp>"), 0, 3},
        {S("nothing"), 0, 0},
        {S("<module>"), 0, 0},
        {S("un"), 0, 0},
        {S(""), 0, 0},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const OutlineItem *item =
            outline_find_function(&outline, cases[i].name, (LineNo){cases[i].near});
        assert_int_equal(item ? item->first.n : 0, cases[i].line);
    }
}

static void rust_names_with_hashes_traits_and_generics_are_found(void **state)
{
    Outline outline = outline_from(test_arena(state), LANG_RUST,
                                   S("mod a { impl Shape for Square { fn area(&self) {} } }\n"
                                     "fn area() {}\n"
                                     "fn main() { (|| 1)(); }\n"));
    struct {
        Str name;
        uint32_t line;
    } cases[] = {
        {S("app::a::Square::area"), 1},         {S("<app::a::Square as app::Shape>::area"), 1},
        {S("app::area::h0123456789abcdef"), 2}, {S("area::<u8>"), 2},
        {S("app::main::{{closure}}"), 3},       {S("app::main::{closure#0}"), 3},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const OutlineItem *item = outline_find_function(&outline, cases[i].name, (LineNo){0});
        assert_non_null(item);
        assert_int_equal(item->first.n, cases[i].line);
    }
}

static void a_renamed_function_keeps_the_digest_of_its_body(void **state)
{
    Arena *arena = test_arena(state);
    Outline then = outline_from(arena, LANG_PYTHON, S("def f(x):\n    return x\n"));
    Outline renamed = outline_from(arena, LANG_PYTHON, S("def g(x):\r\n    return x\r\n"));
    Outline other = outline_from(arena, LANG_PYTHON, S("def f(x):\n    return y\n"));
    assert_true(digest_eq(then.items[0].body, renamed.items[0].body));
    assert_false(digest_eq(then.items[0].body, other.items[0].body));
    assert_false(digest_is_zero(then.items[0].body));
}

static Str many_functions(Arena *arena, uint32_t count)
{
    StrBuf out = strbuf_new(arena);
    for (uint32_t i = 0; i < count; i++)
        strbuf_fmt(&out, "def f%u(xs):\n    for x in xs:\n        g(x)\n    return xs\n\n", i);
    return strbuf_str(&out);
}

/* Wherever a function of the text before stands now. */
static void check_moved(const Outline *then, const Outline *now, uint32_t behind, uint32_t lines)
{
    assert_int_equal(then->len, now->len);
    for (size_t i = 0; i < then->len; i++) {
        const OutlineItem *a = &then->items[i], *b = &now->items[i];
        assert_str(b->name, a->name);
        assert_int_equal(b->first.n, a->first.n + (a->first.n > behind ? lines : 0));
        assert_int_equal(b->last.n, a->last.n + (a->last.n > behind ? lines : 0));
    }
}

static void an_open_bracket_in_a_long_file_moves_the_outline_along(void **state)
{
    Arena *arena = test_arena(state);
    const Text *text = text_new(arena, many_functions(arena, 3000));
    Syntax *syntax = syntax_parse(LANG_PYTHON, text, NULL, NULL, 0, NULL);
    Outline then = outline_of(arena, syntax, text);
    TextChange change;
    ByteOffset at = text_line_range(text, (LineNo){8}).end;
    text = text_edit(arena, text, (ByteRange){at, at}, S(" + (\n"), &change);
    Syntax *next = syntax_follow(text, syntax, &change, 1, NULL);
    assert_true(syntax_is_stale(next) && syntax_is_provisional(next));
    Outline moved = outline_update(arena, &then, next, text);
    check_moved(&then, &moved, 8, 1);
    syntax_free(syntax);
    syntax = syntax_parse(LANG_PYTHON, text, next, &change, 1, NULL);
    assert_false(syntax_is_stale(syntax));
    Outline anew = outline_update(arena, &moved, syntax, text);
    Syntax *fresh = syntax_parse(LANG_PYTHON, text, NULL, NULL, 0, NULL);
    Outline want = outline_of(arena, fresh, text);
    assert_str(outline_print(arena, &anew), outline_print(arena, &want));
    syntax_free(fresh);
    syntax_free(next);
    syntax_free(syntax);
}

static void a_function_deleted_from_a_stale_outline_is_not_in_it(void **state)
{
    Arena *arena = test_arena(state);
    const Text *text = text_new(arena, many_functions(arena, 3000));
    Syntax *syntax = syntax_parse(LANG_PYTHON, text, NULL, NULL, 0, NULL);
    Outline outline = outline_of(arena, syntax, text);
    TextChange change;
    ByteOffset at = text_line_range(text, (LineNo){4}).end;
    text = text_edit(arena, text, (ByteRange){at, at}, S("(["), &change);
    Syntax *stale = syntax_follow(text, syntax, &change, 1, NULL);
    outline = outline_update(arena, &outline, stale, text);
    ByteRange second = {text_line_range(text, (LineNo){6}).start,
                        text_line_range(text, (LineNo){11}).start};
    text = text_edit(arena, text, second, S(""), &change);
    Syntax *staler = syntax_follow(text, stale, &change, 1, NULL);
    assert_true(syntax_is_stale(staler));
    outline = outline_update(arena, &outline, staler, text);
    assert_null(outline_find_function(&outline, S("f1"), (LineNo){0}));
    assert_int_equal(outline_find_function(&outline, S("f2"), (LineNo){0})->first.n, 6);
    syntax_free(syntax);
    syntax_free(stale);
    syntax_free(staler);
}

static void parsing_stops_when_it_is_cancelled(void **state)
{
    Arena *arena = test_arena(state);
    const Text *text = text_new(arena, many_functions(arena, 100));
    atomic_bool cancelled = true;
    assert_null(syntax_parse(LANG_PYTHON, text, NULL, NULL, 0, &cancelled));
    cancelled = false;
    Syntax *syntax = syntax_parse(LANG_PYTHON, text, NULL, NULL, 0, &cancelled);
    assert_false(syntax_is_broken(syntax));
    assert_int_equal(outline_of(arena, syntax, text).len, 500);
    syntax_free(syntax);
}

static void a_file_without_grammar_has_an_empty_outline(void **state)
{
    Outline outline = outline_from(test_arena(state), LANG_NONE, S("whatever"));
    assert_int_equal(outline.len, 0);
    assert_null(outline_function_at(&outline, (LineNo){1}));
    assert_null(outline_find_function(&outline, S("f"), (LineNo){1}));
}

TEST_MAIN(TEST(python_functions_loops_statements_and_calls),
          TEST(rust_functions_are_qualified_by_impl_and_mod), TEST(cuda_kernels_and_launches),
          TEST(cuda_attributes_do_not_hide_a_kernel),
          TEST(macros_around_a_kernel_leave_it_its_name),
          TEST(launches_are_found_in_macros_and_with_lambdas),
          TEST(broken_cuda_leaves_the_kernels_around_it),
          TEST(an_unfinished_line_keeps_its_function_and_those_behind),
          TEST(branches_that_share_a_brace_keep_their_kernel),
          TEST(device_lambdas_are_lambdas_in_all_their_forms),
          TEST(lines_know_their_function_and_statement),
          TEST(functions_are_found_as_profilers_name_them),
          TEST(rust_names_with_hashes_traits_and_generics_are_found),
          TEST(a_renamed_function_keeps_the_digest_of_its_body),
          TEST(an_open_bracket_in_a_long_file_moves_the_outline_along),
          TEST(a_function_deleted_from_a_stale_outline_is_not_in_it),
          TEST(parsing_stops_when_it_is_cancelled),
          TEST(a_file_without_grammar_has_an_empty_outline))
