/* What ncu and nsys say when they cannot: recorded words. The whole conversations: tests/standins. */

#include "runners/tools_nvidia.h"

#include "runners/profiling/capture/nsys_options.h"
#include "tests/lib/check.h"

static void a_version_is_compared_by_year_and_number(void **state UNUSED)
{
    assert_true(tool_version_at_least(S("2024.1.1.0"), 2020, 3));
    assert_true(tool_version_at_least(S("2020.3"), 2020, 3));
    assert_true(tool_version_at_least(S("2020.10.0"), 2020, 3));
    assert_false(tool_version_at_least(S("2020.2.1.0"), 2020, 3));
    assert_false(tool_version_at_least(S("2019.5.0"), 2020, 3));
    assert_true(tool_version_at_least(S("2023.4.4.54-234433681190v0"), 2021, 1));
    assert_true(tool_version_at_least(S(""), 2020, 3));
}

static NvidiaProblem explained(Arena *arena, const char *said)
{
    const Tool ncu = {.name = S("ncu"), .version = S("2024.1.1.0")};
    return tool_explain_nvidia(arena, &ncu, str_from_c(said));
}

static void check_problem(Arena *arena, const char *said, const char *words)
{
    Str problem = explained(arena, said).problem;
    if (!str_has(problem, str_from_c(words)))
        fail_msg("no '%s' in: " STR_FMT, words, STR_ARG(problem));
}

static void each_failure_has_its_sentence(void **state)
{
    Arena *arena = test_arena(state);
    check_problem(arena,
                  "==PROF== Connected to process 1 (a)\n==ERROR== ERR_NVGPUCTRPERM - The user does "
                  "not have permission\n==WARNING== No kernels were profiled.\n",
                  "may not read the counters of the GPU");
    check_problem(
        arena,
        "==ERROR== Nsight Compute failed to connect to the CUDA driver (stub libcuda.so[.1] "
        "on path?).\n",
        "no GPU of NVIDIA's answers here");
    check_problem(arena, "==ERROR== Cuda driver is not compatible with Nsight Compute.\n",
                  "ncu 2024.1.1.0 and the driver of the GPU do not fit");
    check_problem(arena,
                  "==ERROR== An error was reported by the counter measurement library:\n==ERROR== "
                  "Failed to initialize the profiler: LibraryNotLoaded.\n",
                  "do not fit");
    check_problem(arena, "==ERROR== unrecognised option '--import-source'.\n", "too old");
    check_problem(arena,
                  "==PROF== Connected to process 1 (a)\n==ERROR== An error was reported by the "
                  "driver:\n==ERROR== Unknown Error on device 0.\n",
                  "ncu: Unknown Error on device 0.");
    check_problem(arena, "==WARNING== No kernels were profiled.\n", "launched no kernel");
    check_problem(arena, "==ERROR== Option '--section Nonsense' did not match any section.\n",
                  "ncu 2024.1.1.0 does not know an option");
    check_problem(arena,
                  "==ERROR== Invalid regex provided to --kernel option. Character set declaration "
                  "starting with [ terminated prematurely\n",
                  "ncu: Invalid regex provided to --kernel option.");
    check_problem(arena, "RuntimeError: Found no NVIDIA driver on your system.\n", "no GPU");
    check_problem(arena, "Connection to Agent lost. Internal reason: 'End of file'.\n",
                  "lost its own agent");
    check_problem(arena, "symbol lookup error: x.so: undefined symbol: __libc_dlsym, version G\n",
                  "too old for the C library of this machine");
    check_problem(arena, "Processing events...\nGenerated:\n\tNo reports were generated.\n",
                  "recorded nothing");
}

/* Heads and values of the help of 2020.4 and of 2022.4 to 2024.2. */
static void nsys_is_told_what_its_help_knows(void **state)
{
    static const char OLD[] = "\t-s, --sample=\n\t   Possible values are 'cpu' or 'none'.\n\n"
                              "\t--cudabacktrace=\n\t   Possible values are 'true' or 'false'.\n"
                              "\t--cuda-memory-usage=\n\t   Track the GPU's 'memory'.\n";
    static const char NEW[] = "\t--cudabacktrace=\n\n\t   Possible values are 'all','none',"
                              "'kernel','memory','sync','other'.\n\n\t-s, --sample=\n\n\t   "
                              "Possible values are 'process-tree', 'system-wide' or 'none'.\n";
    Arena *arena = test_arena(state);
    assert_str(nsys_options(arena, str_from_c(OLD)),
               S("--sample=cpu --cudabacktrace=true --cudabacktrace-threshold=80000 "
                 "--cudakernelbacktrace-threshold=1"));
    assert_str(nsys_options(arena, str_from_c(NEW)),
               S("--sample=process-tree --cudabacktrace=kernel:1,memory,sync"));
    assert_str(nsys_options(arena, S("")),
               S("--sample=process-tree --cudabacktrace=kernel:1,memory,sync"));
}

static void words_of_the_benchmark_are_not_taken_for_ncu_s(void **state)
{
    Arena *arena = test_arena(state);
    NvidiaProblem none =
        explained(arena, "==PROF== Connected to process 1 (a)\nunrecognised option "
                         "'-x'\n==ERROR== The application returned an error code "
                         "(1).\n==WARNING== No kernels were profiled.\n");
    assert_true(none.nothing_launched);
    assert_int_equal(explained(arena, "ValueError: no such input\n").problem.len, 0);
}

static void the_kernels_there_are_are_named(void **state)
{
    Arena *arena = test_arena(state);
    check_problem(
        arena,
        "==WARNING== No kernels were profiled.\nAvailable Kernels:\n1. a\n2. b(int, int)\n3. "
        "c\n4. d\n5. e\n6. f\n",
        "launches a, b(int, int), c, d, e, ...");
}

TEST_MAIN(TEST(a_version_is_compared_by_year_and_number), TEST(each_failure_has_its_sentence),
          TEST(nsys_is_told_what_its_help_knows),
          TEST(words_of_the_benchmark_are_not_taken_for_ncu_s),
          TEST(the_kernels_there_are_are_named))
