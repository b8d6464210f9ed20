/* Names of functions that fit a line. */

#include "analysis/symbols/short_name.h"

#include "tests/lib/check.h"

static void a_name_that_fits_stays(void **state)
{
    Arena *arena = test_arena(state);
    assert_str(short_name(arena, S("void gemm<float>(int)"), 60), S("void gemm<float>(int)"));
    assert_str(short_name(arena, S(""), 60), S(""));
}

static void type_parameters_and_namespaces_go_first(void **state)
{
    Arena *arena = test_arena(state);
    assert_str(short_name(arena, S("void ns::gemm<float>(int, float const *)"), 20),
               S("ns::gemm<float>"));
    assert_str(
        short_name(arena, S("void a::b::gemm<c10::Half, (anonymous namespace)::Op>(int)"), 20),
        S("gemm<Half, Op>"));
    assert_str(short_name(arena, S("void cub::Agent<cub::Policy<int>, long>::run(int *)"), 30),
               S("Agent<Policy<int>, long>::run"));
    assert_str(short_name(arena, S("a_function_with_a_long_name (folder/file.py:3)"), 20),
               S("a_function_with_a_lo…"));
}

/* As PyTorch's trace has it: 400 bytes, of which the first words matter. */
static void a_kernel_of_pytorch_is_recognized(void **state)
{
    Arena *arena = test_arena(state);
    Str name =
        S("void at::native::vectorized_elementwise_kernel<4, at::native::(anonymous "
          "namespace)::launch_clamp_scalar(at::TensorIteratorBase&, c10::Scalar, c10::Scalar, "
          "at::native::detail::ClampLimits)::{lambda()#1}::operator()() const, "
          "at::detail::Array<char*, 2> >(int, at::detail::Array<char*, 2>)");
    assert_str(short_name(arena, name, SHORT_NAME_WORDS),
               S("vectorized_elementwise_kernel<4, launch_clamp_scalar(TensorI…"));
}

static void nothing_is_cut_inside_a_character(void **state)
{
    Arena *arena = test_arena(state);
    assert_str(short_name(arena, S("ääää"), 3), S("ä…"));
    assert_str(short_name(arena, S("))))"), 2), S("))…"));
    assert_str(short_name(arena, S("::::::"), 2), S("::…"));
}

TEST_MAIN(TEST(a_name_that_fits_stays), TEST(type_parameters_and_namespaces_go_first),
          TEST(a_kernel_of_pytorch_is_recognized), TEST(nothing_is_cut_inside_a_character))
