/* Which lines of real-looking source kernels are placed at, by the names that profilers give them. */

#include "analysis/profile/kernel_name.h"
#include "analysis/symbols/kernels.h"
#include "base/strbuf.h"
#include "tests/lib/check.h"

/* One GPU frame per name, as nsys has them: short, and the whole name as a fact. */
static Profile profile_of(Arena *arena, const char *const *names)
{
    ProfileBuilder *build = profile_builder_new(arena);
    profile_add_metric(build, S("gpu_time"), S("ns"), false);
    for (; *names; names++) {
        Str full = str_from_c(*names), plain = kernel_plain_name(full);
        uint32_t text = profile_add_text(build, plain);
        uint32_t frame =
            profile_add_frame(build, (ProfileFrame){.function = text,
                                                    .module = profile_add_text(build, full),
                                                    .kind = FRAME_GPU});
        profile_add_sample(build,
                           (ProfileSample){.stack = profile_add_stack(build, 0, frame), .count = 1},
                           (int64_t[]){10});
    }
    return profile_build(build, S("nsys"), S("nsys sqlite"));
}

static void look(Arena *arena, KernelSources *here, const KernelNames *wanted, Str file, Str source)
{
    LangId lang = lang_of_path(file);
    const Text *text = text_new(arena, source);
    Syntax *syntax = syntax_parse(lang, text, NULL, NULL, 0, NULL);
    Outline outline = outline_of(arena, syntax, text);
    kernels_look(arena, here, wanted, file, &outline, text);
    syntax_free(syntax);
}

/* A line per kernel: "run:12 > reduce:5", "- > reduce:-" when neither is known. */
static Str places(Arena *arena, const char *const *names, const char *const *files)
{
    Profile profile = profile_of(arena, names);
    KernelNames wanted = kernels_wanted(arena, &profile);
    KernelSources here = {0};
    for (; files[0]; files += 2)
        look(arena, &here, &wanted, str_from_c(files[0]), str_from_c(files[1]));
    Profile placed = kernels_place(arena, &profile, &here);
    StrBuf out = strbuf_new(arena);
    for (size_t i = 0; i < placed.samples_len; i++) {
        const ProfileStack *stack = &placed.stacks[placed.sample_stack[i]];
        const ProfileFrame *kernel = &placed.frames[stack->frame];
        if (stack->parent) {
            const ProfileFrame *host = &placed.frames[placed.stacks[stack->parent].frame];
            strbuf_fmt(&out, STR_FMT ":%u", STR_ARG(profile_text(&placed, host->function)),
                       host->line);
        } else {
            strbuf_add(&out, S("-"));
        }
        strbuf_fmt(&out, " > " STR_FMT, STR_ARG(profile_text(&placed, kernel->function)));
        if (kernel->file)
            strbuf_fmt(&out, " " STR_FMT ":%u", STR_ARG(profile_text(&placed, kernel->file)),
                       kernel->line);
        strbuf_char(&out, '\n');
    }
    return strbuf_str(&out);
}

#define NAMES(...) ((const char *const[]){__VA_ARGS__, NULL})
#define FILES(...) ((const char *const[]){__VA_ARGS__, NULL})

static void launches_by_any_means_are_found(void **state)
{
    Str text = places(
        test_arena(state),
        NAMES("void a::plain<float, 256>(T1 *)", "coop(float *)", "ex(float *)", "driver(float *)",
              "_Z6cudartPf", "chosen(float *)", "other(float *)", "passed(float *)", "hip(float *)",
              "nested(int)", "fixed(int)", "noded(float *)"),
        FILES("/w/a.cu",
              "#define LAUNCH(kernel, grid, block, ...) \\\n"
              "    do { kernel<<<grid, block>>>(__VA_ARGS__); } while (0)\n"
              "#define RUN_FIXED() fixed<<<1, 1>>>(2)\n"
              "template <typename K>\n"
              "static void run(int n, K kernel, float *x) {\n"
              "    kernel<<<n, 32>>>(x);\n"
              "}\n"
              "void host(float *x) {\n"
              "    (a::plain<float, N - 1><<<g, b, 0, stream>>>(x));\n"
              "    cudaLaunchCooperativeKernel((void *)coop, g, b, args, 0, stream);\n"
              "    CHECK(cudaLaunchKernelEx(&config, ex, x));\n"
              "    CUfunction f;\n"
              "    cuModuleGetFunction(&f, module, \"driver\");\n"
              "    cuLaunchKernel(f, 1, 1, 1, 32, 1, 1, 0, 0, args, 0);\n"
              "    cudaLaunchKernel(reinterpret_cast<const void *>(&cudart), g, b, args);\n"
              "    auto k = x ? chosen : &other;\n"
              "    k<<<1, 1>>>(x);\n"
              "    run(4, passed, x);\n"
              "    hipLaunchKernelGGL(hip, g, b, 0, 0, x);\n"
              "    LAUNCH((nested), 1, 2, 3);\n"
              "    RUN_FIXED();\n"
              "    params.kernel.func = (void *)noded;\n"
              "}\n"));
    assert_str(text, S("host:9 > plain\n"
                       "host:10 > coop\n"
                       "host:11 > ex\n"
                       "host:14 > driver\n"
                       "host:15 > _Z6cudartPf\n"
                       "host:17 > chosen\n"
                       "host:17 > other\n"
                       "host:18 > passed\n"
                       "host:19 > hip\n"
                       "host:20 > nested\n"
                       "host:21 > fixed\n"
                       "host:22 > noded\n"));
}

static void a_name_in_a_comment_or_a_declaration_launches_nothing(void **state)
{
    Str text =
        places(test_arena(state), NAMES("reduce(float *)"),
               FILES("/w/a.cu", "__global__ void reduce(float *x);\n"
                                "void launch_reduce(float *reduce_in);\n"
                                "// reduce<<<1, 1>>>(x);\n"
                                "/* LAUNCH(reduce) */\n"
                                "const char *s = \"reduce<<<1, 1>>>\";\n"
                                "void f() { y = a.reduce; launch(plan.reduce, reduce(x)); }\n"));
    assert_str(text, S("- > reduce\n"));
}

static void macros_define_where_they_are_expanded(void **state)
{
    Str text =
        places(test_arena(state),
               NAMES("sum_float(float *)", "relu(float *)", "gelu(float *)", "vadd(float *)",
                     "void flash_fwd_kernel<T, (bool)0>(Params)",
                     "void flash_bwd_kernel<T, (bool)0>(Params)", "init()"),
               FILES("/w/a.cu",
                     "#define KERNEL_BODY(name, T) \\\n"
                     "    __global__ void __launch_bounds__(128) name##_##T(T *x) { x[0] = 0; }\n"
                     "#define DEFINE_KERNEL(name) __global__ void name(float *x)\n"
                     "KERNEL_BODY(sum, float)\n"
                     "KERNEL_BODY(sum, double)\n"
                     "DEFINE_KERNEL(relu) {\n"
                     "}\n"
                     "DEFINE_KERNEL(\n"
                     "    gelu)\n"
                     "{\n"
                     "}\n"
                     "INSTANTIATE_ELEMENTWISE(vadd, float)\n"
                     "#define FLASH(kernelName, ...) \\\n"
                     "template<typename Traits, __VA_ARGS__> \\\n"
                     "__global__ void kernelName(MODIFIER const Params params)\n"
                     "FLASH(flash_fwd_kernel, bool Is_causal) {\n"
                     "}\n"
                     "FLASH(flash_bwd_kernel, bool Is_causal) {\n"
                     "}\n"
                     "#if OLD\n"
                     "extern \"C\" __global__ void init() {\n"
                     "}\n"
                     "#endif\n"));
    assert_str(text, S("- > sum_float /w/a.cu:4\n"
                       "- > relu /w/a.cu:6\n"
                       "- > gelu /w/a.cu:8\n"
                       "- > vadd /w/a.cu:12\n"
                       "- > flash_fwd_kernel /w/a.cu:16\n"
                       "- > flash_bwd_kernel /w/a.cu:18\n"
                       "- > init /w/a.cu:21\n"));
}

/* One plain name, several kernels: namespaces, specializations, overloads, static ones per file. */
static void the_whole_name_says_which_definition(void **state)
{
    static const char A[] = "namespace a {\n"
                            "__global__ void scale(float *x) {}\n"
                            "namespace b {\n"
                            "template <typename T> __global__ void scale(T *x) {}\n"
                            "}\n"
                            "}\n"
                            "template <int N> __global__ void reduce(float *x) {}\n"
                            "template <> __global__ void reduce<64>(float *x) {}\n"
                            "__global__ void fill(float *x, int n) {}\n"
                            "__global__ void fill(double *x, int n) {}\n"
                            "__global__ void fill(float *x) {}\n"
                            "static __global__ void init(int *x) {}\n"
                            "namespace {\n"
                            "__global__ void clear(int *x) {}\n"
                            "}\n";
    static const char B[] = "static __global__ void init(int *x) {}\n"
                            "namespace {\n"
                            "__global__ void clear(int *x) {}\n"
                            "}\n";
    Str text =
        places(test_arena(state),
               NAMES("a::scale(float *)", "void a::b::scale<float>(T1 *)", "c::scale(float *)",
                     "void reduce<(int)64>(float *)", "void reduce<128>(float *)",
                     "fill(float *, int)", "fill(double *, int)", "fill(float *)",
                     "_GLOBAL__N__3a1f0b2c_4_b_cu_71e06f4e::clear(int *)", "init(int *)"),
               FILES("/w/a.cu", A, "/w/b.cu", B));
    assert_str(text, S("- > scale /w/a.cu:2\n"
                       "- > scale /w/a.cu:4\n"
                       "- > scale\n"
                       "- > reduce /w/a.cu:8\n"
                       "- > reduce /w/a.cu:7\n"
                       "- > fill /w/a.cu:9\n"
                       "- > fill /w/a.cu:10\n"
                       "- > fill /w/a.cu:11\n"
                       "- > clear /w/b.cu:3\n"
                       "- > init\n"));
}

static void a_lambda_in_a_kernel_of_a_library_is_its_place(void **state)
{
    Str text = places(
        test_arena(state),
        NAMES(
            "void cub::for_each::static_kernel<P, __nv_dl_wrapper_t<__nv_dl_tag<void (*)(float *), "
            "&run, 2u>, float *>>(T1)",
            "void thrust::apply<float, thrust::plus<float>>(T1 *)",
            "void at::native::(anonymous namespace)::adaptive_average_pool<float>(float const*)"),
        FILES("/w/a.cu", "void run(float *x) {\n"
                         "    auto host = [](int i) { return i; };\n"
                         "    thrust::for_each(p, q, [=] __device__ (int i) { x[i] = 1; });\n"
                         "    cub::DeviceFor::Bulk(n, [x] __host__ __device__ (int i) {\n"
                         "        x[i] = 2;\n"
                         "    });\n"
                         "}\n"));
    assert_str(text, S("- > static_kernel /w/a.cu:4\n"
                       "- > apply\n"
                       "- > adaptive_average_pool\n"));
}

static void a_host_function_of_the_same_name_is_no_kernel(void **state)
{
    Str text = places(test_arena(state), NAMES("add(int, float *, float *)", "sub(float *)"),
                      FILES("/w/a.cu", "void add(float *x) {}\n"
                                       "CUDA_KERNEL void sub(float *x) {}\n"));
    assert_str(text, S("- > add\n"
                       "- > sub /w/a.cu:2\n"));
}

/* ------------------------------------------------------------------ Python */

static void cuda_in_strings_has_its_own_lines(void **state)
{
    Str text = places(
        test_arena(state),
        NAMES("saxpy(float *)", "void tanh_grad<float>(T1 *)", "double_it(float *)",
              "my_add_kernel(float const *)"),
        FILES("/w/k.py", "import cupy as cp\n"
                         "saxpy_kernel = cp.RawKernel(r'''\n"
                         "#include <cuda.h>\n"
                         "extern \"C\" __global__\n"
                         "void saxpy(float *x) { x[0] = 1; }\n"
                         "''', 'saxpy')\n"
                         "module = cp.RawModule(code=CODE, name_expressions=['tanh_grad<float>'])\n"
                         "CODE = \"\"\"\n"
                         "template <typename T>\n"
                         "__global__ void tanh_grad(T *x) {\n"
                         "}\n"
                         "\"\"\"\n"
                         "class Model:\n"
                         "    def __init__(self):\n"
                         "        self.grad = module.get_function('tanh_grad<float>')\n"
                         "        mod = SourceModule(\"\"\"\n"
                         "        __global__ void double_it(float *x) { x[0] *= 2; }\n"
                         "        \"\"\")\n"
                         "        self.func = mod.get_function(\"double_it\")\n"
                         "    def run(self, x):\n"
                         "        saxpy_kernel((1,), (32,), (x,))\n"
                         "        self.grad((1,), (32,), (x,))\n"
                         "        self.func(x, block=(4, 4, 1))\n"
                         "ext = load_inline('ext', cuda_sources='''\n"
                         "__global__ void my_add_kernel(const float *x) {}\n"
                         "torch::Tensor my_add(torch::Tensor x) {\n"
                         "    my_add_kernel<<<1, 32>>>(x.data_ptr<float>());\n"
                         "    return x;\n"
                         "}\n"
                         "''', functions=['my_add'])\n"));
    assert_str(text, S("Model.run:21 > saxpy /w/k.py:5\n"
                       "Model.run:22 > tanh_grad /w/k.py:10\n"
                       "Model.run:23 > double_it /w/k.py:17\n"
                       "my_add:27 > my_add_kernel /w/k.py:25\n"));
}

static void kernels_of_cupy_and_numba_are_found_by_their_names(void **state)
{
    Str text = places(
        test_arena(state),
        NAMES("squared_diff", "l2norm_kernel", "cupy_multiply__float64_float64_float64",
              "cudapy::__main__::copy_blocked[abi:v1][abi:cw51](Array<long long, 1, C>)",
              "cudapy::__main__::__vectorized_poly$242(Array<float, 1, A>)",
              "cudapy::w::outer::_3clocals_3e::inner[abi:v2](Array<float>)", "raw_jit"),
        FILES("/w/k.py", "squared_diff = cp.ElementwiseKernel(\n"
                         "    'T x, T y', 'T z',\n"
                         "    '''\n"
                         "    z = (x - y) * (x - y);\n"
                         "    ''',\n"
                         "    name='squared_diff')\n"
                         "l2 = cp.ReductionKernel('T x', 'T y', 'x * x', 'a + b', 'y = a', '0',\n"
                         "                        'l2norm_kernel')\n"
                         "@cuda.jit\n"
                         "def copy_blocked(src, dst, n):\n"
                         "    pass\n"
                         "@vectorize(['float32(float32)'], target='cuda')\n"
                         "def poly(x):\n"
                         "    return x * x\n"
                         "def outer():\n"
                         "    @cuda.jit('void(float32[:])')\n"
                         "    def inner(x):\n"
                         "        pass\n"
                         "    inner[1, 32](x)\n"
                         "@cupyx.jit.rawkernel()\n"
                         "def raw_jit(x, y):\n"
                         "    y[0] = x[0]\n"
                         "def main():\n"
                         "    squared_diff(a, b)\n"
                         "    l2(a)\n"
                         "    a * b\n"
                         "    copy_blocked[blocks, threads](a, b, n)\n"
                         "    poly(a)\n"
                         "    raw_jit((128,), (1024,), (x, y))\n"));
    assert_str(text, S("main:24 > squared_diff /w/k.py:4\n"
                       "main:25 > l2norm_kernel /w/k.py:7\n"
                       "- > cupy_multiply__float64_float64_float64\n"
                       "main:27 > copy_blocked /w/k.py:10\n"
                       "main:28 > __vectorized_poly /w/k.py:13\n"
                       "outer:19 > inner /w/k.py:17\n"
                       "main:29 > raw_jit /w/k.py:21\n"));
}

static void kernels_of_triton_and_of_the_inductor_are_found(void **state)
{
    Str text = places(test_arena(state),
                      NAMES("add_kernel_0d1d2d3de", "matmul_kernel",
                            "triton_poi_fused_add_cos_sin_0", "triton_red_fused_sum_1"),
                      FILES("/w/k.py",
                            "@triton.autotune(configs=get(), key=['M'])\n"
                            "@triton.heuristics({'EVEN': lambda a: a['M'] % 2 == 0})\n"
                            "@triton.jit\n"
                            "def matmul_kernel(a, b, c):\n"
                            "    pass\n"
                            "@triton.jit\n"
                            "def add_kernel(x, y, n, BLOCK: tl.constexpr):\n"
                            "    pass\n"
                            "def add(x, y):\n"
                            "    grid = lambda meta: (triton.cdiv(n, meta['BLOCK']),)\n"
                            "    add_kernel[grid](x, y, n, BLOCK=1024)\n"
                            "    matmul_kernel[(4, 4)](a, b, c)\n",
                            "/w/output_code.py",
                            "triton_poi_fused_add_cos_sin_0 = async_compile.triton(\n"
                            "    'triton_poi_fused_add_cos_sin_0', '''\n"
                            "import triton\n"
                            "@triton.jit\n"
                            "def triton_(in_ptr0, out_ptr0):\n"
                            "    pass\n"
                            "''', device_str='cuda')\n"
                            "def call(args):\n"
                            "    triton_poi_fused_add_cos_sin_0.run(arg0, buf0, grid=grid(10))\n"));
    assert_str(text, S("add:11 > add_kernel_0d1d2d3de /w/k.py:7\n"
                       "add:12 > matmul_kernel /w/k.py:4\n"
                       "call:9 > triton_poi_fused_add_cos_sin_0 /w/output_code.py:5\n"
                       "- > triton_red_fused_sum_1\n"));
}

/* Cut anywhere, a file gives some places and no harm. */
static void source_cut_anywhere_is_read(void **state)
{
    static const char SOURCE[] =
        "#define M(k, T) __global__ void k##_##T(T *x) { }\n"
        "#define L(k) k<<<1, 2>>>(x)\n"
        "M(reduce, float) auto f = [] __device__ (int i) {};\n"
        "void g() { L(reduce_float<int>); cudaLaunchKernel((void *)reduce, "
        "a[1], R\"x(q)x\"); auto k = b ? reduce : 0; k<<<dim3(1), 2>>>(); }";
    Arena *arena = test_arena(state);
    for (size_t len = 0; len < sizeof(SOURCE); len++) {
        Str cut = str_head(str_from_c(SOURCE), len);
        for (int python = 0; python < 2; python++) {
            const char *source = str_cstr(
                arena, python ? str_fmt(arena, "k = cp.RawKernel('''" STR_FMT, STR_ARG(cut)) : cut);
            Str text = places(arena, NAMES("reduce(int)", "reduce_float(float *)"),
                              FILES(python ? "/w/a.py" : "/w/a.cu", source));
            assert_true(text.len > 0);
        }
    }
}

TEST_MAIN(TEST(launches_by_any_means_are_found),
          TEST(a_name_in_a_comment_or_a_declaration_launches_nothing),
          TEST(macros_define_where_they_are_expanded), TEST(the_whole_name_says_which_definition),
          TEST(a_lambda_in_a_kernel_of_a_library_is_its_place),
          TEST(a_host_function_of_the_same_name_is_no_kernel),
          TEST(cuda_in_strings_has_its_own_lines),
          TEST(kernels_of_cupy_and_numba_are_found_by_their_names),
          TEST(kernels_of_triton_and_of_the_inductor_are_found), TEST(source_cut_anywhere_is_read))
