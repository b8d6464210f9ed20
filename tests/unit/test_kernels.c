#include "analysis/symbols/kernels.h"

#include "analysis/profile/kernel_name.h"
#include "tests/lib/check.h"

static void names_are_told_plain(void **state)
{
    (void)state;
    assert_str(kernel_plain_name(S("reduce")), S("reduce"));
    assert_str(kernel_plain_name(S("void ns::reduce<128>(float *)")), S("reduce"));
    assert_str(kernel_plain_name(S("add_kernel[grid]")), S("add_kernel"));
    assert_str(kernel_plain_name(S("kernels.add[blocks, 32]")), S("add"));
    assert_str(kernel_plain_name(S("[copy]")), S(""));
    assert_str(kernel_plain_name(S("void (anonymous namespace)::fill<float, (bool)1>(float *)")),
               S("fill"));
    assert_str(
        kernel_plain_name(S("void unnamed>::grid_stride<float, void unnamed>::copy<2>>(int)")),
        S("grid_stride"));
    assert_str(kernel_plain_name(S("void at::<unnamed>::fill<at::<unnamed>::F>(int)")), S("fill"));
    assert_str(kernel_plain_name(S("Sum<int, (3 > 2)>::reduce(int *)")), S("reduce"));
    assert_str(kernel_plain_name(S("m::copy[v1,cw51](Array<long long, 1, C>)")), S("copy"));
}

/* A profile of kernels without places: "reduce" for 30 ns, "saxpy" for 10, a wait for "reduce". */
static Profile bare_profile(Arena *arena, bool with_host)
{
    ProfileBuilder *build = profile_builder_new(arena);
    profile_add_metric(build, S("gpu_time"), S("ns"), false);
    const Str names[] = {S("reduce"), S("saxpy")};
    uint32_t host = profile_add_stack(
        build, 0,
        profile_add_frame(build, (ProfileFrame){.function = profile_add_text(build, S("run")),
                                                .file = profile_add_text(build, S("host.py")),
                                                .line = 5}));
    for (size_t i = 0; i < 2; i++) {
        uint32_t name = profile_add_text(build, names[i]);
        uint32_t frame = profile_add_frame(
            build, (ProfileFrame){.function = name, .module = name, .kind = FRAME_GPU});
        ProfileSample sample = {.stack = profile_add_stack(build, with_host ? host : 0, frame),
                                .count = 1};
        profile_add_sample(build, sample, (int64_t[]){i ? 10 : 30});
        if (!i)
            profile_add_finding(
                build, (ProfileFinding){
                           .frame = frame,
                           .rule = name,
                           .message = profile_add_text(build, S("waits for kernel reduce: 3 ms")),
                           .kind = FINDING_WAIT});
    }
    return profile_build(build, S("nsys"), S("nsys sqlite"));
}

static void look(Arena *arena, KernelSources *here, const KernelNames *wanted, const char *file,
                 Str source)
{
    LangId lang = lang_of_path(str_from_c(file));
    const Text *text = text_new(arena, source);
    Syntax *syntax = syntax_parse(lang, text, NULL, NULL, 0, NULL);
    Outline outline = outline_of(arena, syntax, text);
    kernels_look(arena, here, wanted, str_from_c(file), &outline, text);
    syntax_free(syntax);
}

static Str placed(Arena *arena, const Profile *profile, const char *file, Str source)
{
    KernelSources here = {0};
    KernelNames wanted = kernels_wanted(arena, profile);
    look(arena, &here, &wanted, file, source);
    Profile out = kernels_place(arena, profile, &here);
    return profile_print(arena, &out);
}

static void kernels_and_launches_are_found_in_cuda(void **state)
{
    Arena *arena = test_arena(state);
    Profile profile = bare_profile(arena, false);
    Str text = placed(arena, &profile, "/w/a.cu",
                      S("#define N 128\n"
                        "void saxpy(int n) { }\n"
                        "template <int B>\n"
                        "__global__ void\n"
                        "__launch_bounds__(128) reduce(const float *in)\n"
                        "{\n"
                        "}\n"
                        "__global__ void saxpy(float a) {}\n"
                        "int main()\n"
                        "{\n"
                        "    reduce<N><<<1, N>>>(nullptr);\n"
                        "    saxpy<<<1, 1>>>(1); saxpy(3);\n"
                        "}\n"));
    assert_has(text, S("30 x1 main (/w/a.cu:11);reduce (/w/a.cu:5)\n"));
    assert_has(text, S("10 x1 main (/w/a.cu:12);saxpy (/w/a.cu:8)\n"));
    assert_has(text, S("waits for kernel reduce at /w/a.cu:5: 3 ms\n"));
}

static void a_recorded_host_stack_is_believed(void **state)
{
    Arena *arena = test_arena(state);
    Profile profile = bare_profile(arena, true);
    Str text = placed(arena, &profile, "/w/a.cu",
                      S("__global__ void reduce() {}\nvoid f() { reduce<<<1, 1>>>(); }\n"));
    assert_has(text, S("30 x1 run (host.py:5);reduce (/w/a.cu:1)\n"));
    assert_has(text, S("10 x1 run (host.py:5);saxpy\n"));
}

static void python_kernels_are_launched_by_brackets(void **state)
{
    Arena *arena = test_arena(state);
    Profile profile = bare_profile(arena, false);
    Str text = placed(arena, &profile, "/w/k.py",
                      S("import triton\n"
                        "\n"
                        "@triton.jit\n"
                        "def reduce(x, BLOCK: tl.constexpr):\n"
                        "    pass\n"
                        "\n"
                        "saxpy = cp.RawKernel(r'''\n"
                        "extern \"C\" __global__ void saxpy(float *x) { x[0] = 1; }\n"
                        "''', 'saxpy')\n"
                        "\n"
                        "def run(x):\n"
                        "    reduce[(1,)](x, BLOCK=128)\n"));
    assert_has(text, S("30 x1 run (/w/k.py:12);reduce (/w/k.py:4)\n"));
    assert_has(text, S("10 x1 saxpy (/w/k.py:8)\n"));
}

/* Numba and Triton, with decorators over several lines and one above the other. */
static void decorators_may_take_several_lines(void **state)
{
    Arena *arena = test_arena(state);
    Profile profile = bare_profile(arena, false);
    Str text = placed(arena, &profile, "/w/k.py",
                      S("@triton.autotune(\n"
                        "    configs=[triton.Config({'BLOCK': 64})],\n"
                        "    key=['n'],\n"
                        ")\n"
                        "@triton.jit\n"
                        "def reduce(\n"
                        "    x,\n"
                        "    BLOCK: tl.constexpr,\n"
                        "):\n"
                        "    pass\n"
                        "\n"
                        "@cuda.jit(\n"
                        "    'void(float32[:])',\n"
                        "    lineinfo=True,\n"
                        ")\n"
                        "def saxpy(x):\n"
                        "    x[0] = 1\n"
                        "\n"
                        "def run(x):\n"
                        "    grid = lambda meta: (triton.cdiv(n, meta['BLOCK']),)\n"
                        "    reduce[grid](x)\n"
                        "    saxpy[blocks, threads, stream](\n"
                        "        x)\n"));
    assert_has(text, S("30 x1 run (/w/k.py:21);reduce (/w/k.py:6)\n"));
    assert_has(text, S("10 x1 run (/w/k.py:22);saxpy (/w/k.py:16)\n"));
}

static void what_cannot_be_told_apart_is_not_guessed(void **state)
{
    Arena *arena = test_arena(state);
    Profile profile = bare_profile(arena, false);
    Str text = placed(arena, &profile, "/w/a.cu",
                      S("__global__ void reduce() {}\n"
                        "void f() { reduce<<<1, 1>>>(); }\n"
                        "void g() { reduce<<<2, 1>>>(); }\n"));
    assert_has(text, S("30 x1 reduce (/w/a.cu:1)\n"));
    assert_has(text,
               S("note: kernel reduce is launched at 2 places (/w/a.cu:2, /w/a.cu:3): its cost is "
                 "shown at none of them\n"));
}

static void a_profile_without_kernels_stays_as_it_is(void **state)
{
    Arena *arena = test_arena(state);
    ProfileBuilder *build = profile_builder_new(arena);
    profile_add_metric(build, S("cpu"), S("ns"), false);
    Profile profile = profile_build(build, S("perf"), S("perf.data"));
    assert_int_equal(kernels_wanted(arena, &profile).len, 0);
}

TEST_MAIN(TEST(names_are_told_plain), TEST(kernels_and_launches_are_found_in_cuda),
          TEST(a_recorded_host_stack_is_believed), TEST(python_kernels_are_launched_by_brackets),
          TEST(decorators_may_take_several_lines), TEST(what_cannot_be_told_apart_is_not_guessed),
          TEST(a_profile_without_kernels_stays_as_it_is))
