#include "analysis/profile/kernel_name.h"

#include "analysis/symbols/demangle.h"
#include "tests/lib/check.h"

/* "qualified <templates> (parameters)" */
static Str told(Arena *arena, Str text)
{
    KernelName name = kernel_name(text);
    Str qualified = kernel_qualified_name(arena, name.qualified);
    Str out = str_fmt(arena, STR_FMT " <" STR_FMT ">", STR_ARG(qualified), STR_ARG(name.templates));
    return name.called
               ? str_fmt(arena, STR_FMT " (" STR_FMT ")", STR_ARG(out), STR_ARG(name.parameters))
               : out;
}

static void a_demangled_name_is_taken_apart(void **state)
{
    Arena *arena = test_arena(state);
    assert_str(told(arena, S("reduce")), S("reduce <>"));
    assert_str(told(arena, S("add(int, float *, float *)")), S("add <> (int, float *, float *)"));
    assert_str(told(arena, S("void ns::Sum<int, (3 > 2)>::reduce<128>(float *)")),
               S("ns::Sum::reduce <128> (float *)"));
    assert_str(told(arena, S("void (anonymous namespace)::fill<float, (bool)1>()")),
               S("fill <float, (bool)1> ()"));
    assert_str(told(arena, S("void a::<unnamed>::fill<int>(T1 *)")), S("a::fill <int> (T1 *)"));
    assert_str(
        told(arena,
             S("void at::native::(anonymous namespace)::adaptive_average_pool<float>(float const*, "
               "float*, int, int, int, int, long, long, long)")),
        S("at::native::adaptive_average_pool <float> (float const*, float*, int, int, int, int, "
          "long, long, long)"));
    /* nvcc's name of a file's own namespace; from PyTorch's TensorCompare.cu */
    assert_str(told(arena, S("void at::native::_GLOBAL__N__8d5bd5bf_16_TensorCompare_cu_71e06f4e::"
                             "apply<float>(float*)")),
               S("at::native::apply <float> (float*)"));
    assert_str(told(arena, S("_INTERNAL_36_tmpxft_000_7_foo_cpp1_ii_bar::scale(float *)")),
               S("scale <> (float *)"));
}

static void a_kernel_of_a_library_has_its_own_name(void **state)
{
    Arena *arena = test_arena(state);
    assert_str(kernel_plain_name(S(
                   "void cub::CUB_200600_500_520_NS::DeviceReduceKernel<cub::CUB_200600_500_520_NS"
                   "::DeviceReducePolicy<double, unsigned int, cuda::std::__4::plus<void>>::"
                   "Policy600, double *, cuda::std::__4::__identity>(T2, T5 *, T3)")),
               S("DeviceReduceKernel"));
    assert_str(
        kernel_plain_name(S(
            "void at::native::elementwise_kernel<128, 2, at::native::gpu_kernel_impl<at::native::"
            "CUDAFunctor_add<float> >(at::TensorIteratorBase&, at::native::CUDAFunctor_add<float> "
            "const&)::{lambda(int)#1}>(int, at::native::gpu_kernel_impl<at::native::"
            "CUDAFunctor_add<float> >(at::TensorIteratorBase&)::{lambda(int)#1})")),
        S("elementwise_kernel"));
    assert_str(
        told(arena, S("void gemv2T_kernel_val<int, double, (int)128, (bool)0>(T13, T6, T6)")),
        S("gemv2T_kernel_val <int, double, (int)128, (bool)0> (T13, T6, T6)"));
}

static void mangled_names_and_those_of_numba_are_read(void **state)
{
    Arena *arena = test_arena(state);
    assert_str(kernel_plain_name(demangle(arena, S("_Z10naive_gemmPKfS0_Pfiiiff"))),
               S("naive_gemm"));
    assert_str(kernel_plain_name(demangle(arena, S("_ZN1a5scaleIfEEvPT_i"))), S("scale"));
    assert_str(kernel_plain_name(
                   demangle(arena, S("_ZN6cudapy8__main__12copy_blockedB2v1B4cw51E5ArrayIxLi1EE"))),
               S("copy_blocked"));
    assert_str(kernel_plain_name(S("cudapy::__main__::copy_blocked[abi:v1][abi:cw51](Array<long "
                                   "long, 1, C, mutable, aligned>, long long)")),
               S("copy_blocked"));
    assert_str(kernel_plain_name(S("cudapy::__main__::run::_3clocals_3e::add$241(Array<float>)")),
               S("add"));
    assert_str(kernel_plain_name(S("main::$_0::operator()")), S("operator"));
}

static Str variants_of(Arena *arena, Str plain)
{
    Str variants[KERNEL_VARIANTS_MAX], out = {0};
    size_t n = kernel_variants(plain, variants);
    for (size_t i = 0; i < n; i++)
        out =
            str_fmt(arena, STR_FMT "%s" STR_FMT, STR_ARG(out), i ? " " : "", STR_ARG(variants[i]));
    return out;
}

static void what_compilers_add_to_a_name_is_known(void **state)
{
    Arena *arena = test_arena(state);
    assert_str(variants_of(arena, S("add_kernel_0d1d2d3de")), S("add_kernel_0d1d2d3de add_kernel"));
    assert_str(variants_of(arena, S("layer_0d1d2de3456c7d8d9de10d")),
               S("layer_0d1d2de3456c7d8d9de10d layer"));
    assert_str(variants_of(arena, S("triton_poi_fused_add_cos_sin_0")),
               S("triton_poi_fused_add_cos_sin_0"));
    assert_str(variants_of(arena, S("step_01")), S("step_01"));
    assert_str(variants_of(arena, S("conv_2d")), S("conv_2d"));
    assert_str(variants_of(arena, S("__vectorized_add")), S("__vectorized_add add"));
    assert_str(variants_of(arena, S("squared_diff__float32_float32")),
               S("squared_diff__float32_float32 squared_diff"));
    assert_str(variants_of(arena, S("reduce__impl")), S("reduce__impl"));
}

static Str lambda_of(Arena *arena, Str name)
{
    Str function;
    uint32_t number;
    return kernel_lambda(name, &function, &number)
               ? str_fmt(arena, STR_FMT " %u", STR_ARG(function), number)
               : S("none");
}

static void a_lambda_of_the_user_in_a_library_is_named(void **state)
{
    Arena *arena = test_arena(state);
    assert_str(lambda_of(arena, S("void cub::detail::for_each::static_kernel<P, int, "
                                  "__nv_dl_wrapper_t<__nv_dl_tag<void (*)(const float &, int), "
                                  "&run(const float &, int), 2u>, float *>>(T2, T3)")),
               S("run 2"));
    assert_str(lambda_of(arena, S("void k<__nv_dl_wrapper_t<__nv_dl_tag<int (*)(), &a::(anonymous "
                                  "namespace)::main_part<float>, (unsigned int)1>>>(T1)")),
               S("main_part 1"));
    assert_str(lambda_of(arena, S("void k<__nv_hdl_wrapper_t<false, true, false, __nv_dl_tag<void "
                                  "(*)(S), (&S::go), 3u>, void (int)>>(T1)")),
               S("go 3"));
    assert_str(lambda_of(arena, S("void k<float>(T1)")), S("none"));
    assert_str(lambda_of(arena, S("void k<__nv_dl_tag<void (*)(), &f")), S("none"));
    assert_str(lambda_of(arena, S("void k<__nv_dl_tag<void (*)(), &f, 0u>>")), S("none"));
}

static void any_bytes_are_a_name(void **state)
{
    static const char *const TEXTS[] = {
        "",  "<",   "(",   "((((", "a<", "a<b", "a(b", "::",   "$",  "a$1",          "<unnamed>",
        ")", "a>b", "a<>", "[x]",  "$9", "_",   "a_0", "a_0d", "__", "__nv_dl_tag<>"};
    Arena *arena = test_arena(state);
    for (size_t i = 0; i < sizeof(TEXTS) / sizeof(TEXTS[0]); i++) {
        Str text = str_copy(arena, str_from_c(TEXTS[i]));
        assert_true(kernel_plain_name(text).len <= text.len);
        (void)told(arena, text);
        (void)variants_of(arena, text);
        (void)lambda_of(arena, text);
    }
}

TEST_MAIN(TEST(a_demangled_name_is_taken_apart), TEST(a_kernel_of_a_library_has_its_own_name),
          TEST(mangled_names_and_those_of_numba_are_read),
          TEST(what_compilers_add_to_a_name_is_known),
          TEST(a_lambda_of_the_user_in_a_library_is_named), TEST(any_bytes_are_a_name))
