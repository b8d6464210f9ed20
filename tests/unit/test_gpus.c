#include "runners/measure/gpus.h"

#include <stdlib.h>

#include "base/file.h"
#include "base/path.h"
#include "runners/measure/bench.h"
#include "runners/process.h"
#include "tests/lib/check.h"

#define HEAD                                                              \
    "index, name, clocks.current.sm [MHz], clocks.current.memory [MHz], " \
    "clocks_event_reasons.active\n"
#define AT_1695 HEAD "0, NVIDIA A10G, 1695 MHz, 6250 MHz, 0x0000000000000000\n"
#define AT_1665 HEAD "0, NVIDIA A10G, 1665 MHz, 6250 MHz, 0x0000000000000000\n"
#define AT_1410 HEAD "0, NVIDIA A10G, 1410 MHz, 6250 MHz, 0x0000000000000000\n"
#define CAPPED  HEAD "0, NVIDIA A10G, 1695 MHz, 6250 MHz, 0x0000000000000024\n"
#define IDLE    HEAD "0, NVIDIA A10G, 210 MHz, 405 MHz, 0x0000000000000001\n"

/* The stand-in on PATH, which gives these answers, one after the other. */
static Str answer(Arena *arena, const char *const *answers)
{
    Err err = {0};
    Str dir = test_temp_dir(arena);
    for (size_t i = 0; answers[i]; i++)
        assert_ok(file_write(str_fmt(arena, STR_FMT "/%zu", STR_ARG(dir), i + 1),
                             str_from_c(answers[i]), &err),
                  &err);
    Str tools = test_source_path(arena, "tests/programs/nvidia-smi");
    Str path = str_fmt(arena, STR_FMT ":/usr/bin:/bin", STR_ARG(tools));
    setenv("PATH", str_cstr(arena, path), 1);
    setenv("NVIDIA_SMI_ANSWERS", str_cstr(arena, dir), 1);
    return dir;
}

static Conditions seen(Arena *arena)
{
    Conditions list = {0};
    gpus_collect(arena, &list);
    return list;
}

/* What comes of two answers, in words; empty: nothing. */
static Str between(Arena *arena, const char *before, const char *after, ConditionAction wanted)
{
    answer(arena, (const char *const[]){before, after, NULL});
    Conditions was = seen(arena), now = seen(arena);
    assert_true(was.len == 4 && now.len == 4);
    ConditionDifferences differences = conditions_compare(arena, &was, &now, CONDITIONS_DURING);
    assert_int_equal(conditions_worst(&differences), wanted);
    return differences.len ? conditions_difference_text(arena, &differences.items[0]) : (Str){0};
}

static void clocks_and_throttling_are_compared(void **state)
{
    Arena *arena = test_arena(state);
    assert_str(between(arena, AT_1695, AT_1665, CONDITION_NOTE), S(""));
    assert_str(between(arena, AT_1695, IDLE, CONDITION_NOTE), S(""));
    assert_str(between(arena, AT_1695, AT_1410, CONDITION_ABORT),
               S("gpu: GPU 0 SM clock was 1695 MHz, is 1410 MHz"));
    assert_str(between(arena, AT_1695, CAPPED, CONDITION_ABORT),
               S("gpu: GPU 0 is throttled (power cap, heat)"));
    assert_str(between(arena, CAPPED, AT_1695, CONDITION_ABORT),
               S("gpu: GPU 0 was throttled (power cap, heat)"));
    assert_str(between(arena, CAPPED, CAPPED, CONDITION_ABORT),
               S("gpu: GPU 0 is throttled (power cap, heat)"));
}

static void a_driver_that_knows_the_other_name_is_asked_again(void **state)
{
    Arena *arena = test_arena(state);
    answer(arena, (const char *const[]){"refused", AT_1695, NULL});
    Conditions list = seen(arena);
    assert_int_equal(list.len, 4);
    assert_str(list.items[0].key, S("GPU 0"));
    assert_str(list.items[0].value, S("NVIDIA A10G"));
    assert_str(list.items[1].value, S("1695 MHz"));
    assert_str(list.items[3].value, S("no"));
}

static void without_the_tool_there_is_nothing(void **state)
{
    Arena *arena = test_arena(state);
    Str empty = test_temp_dir(arena);
    setenv("PATH", str_cstr(arena, empty), 1);
    assert_int_equal(seen(arena).len, 0);
    answer(arena, (const char *const[]){"NVIDIA-SMI has failed\n", NULL});
    assert_int_equal(seen(arena).len, 0);
}

/* A library of the CUDA driver's name, without anything in it. */
static Str driver_stand_in(Arena *arena)
{
    Str path = str_fmt(arena, STR_FMT "/libcuda.so.1", STR_ARG(test_temp_dir(arena)));
    const Str argv[] = {S("cc"), S("-shared"), S("-o"), path, S("-xc"), S("/dev/null")};
    ProcessOptions options = {.argv = argv, .argc = 6, .timeout_s = 60};
    ProcessResult result;
    Err err = {0};
    assert_ok(process_run(arena, &options, &result, &err), &err);
    assert_ok(process_check(&result, S("cc"), &err), &err);
    return path;
}

/* Of a benchmark that has this library loaded. */
static BenchResult measure(Arena *arena, Str library)
{
    const Str command[] = {S("env"), str_fmt(arena, "LD_PRELOAD=" STR_FMT, STR_ARG(library)),
                           S("sh"), S("-c"), S("i=0; while [ $i -lt 3000 ]; do i=$((i+1)); done")};
    Str root = test_temp_dir(arena);
    BenchOptions options = {.root = root, .seed = 7, .budget_s = 20, .max_pairs = 10};
    for (int side = 0; side < 2; side++) {
        Err err = {0};
        Str dir = str_fmt(arena, STR_FMT "/state/trees/%c-1", STR_ARG(root), "ab"[side]);
        assert_ok(file_make_dirs(dir, &err), &err);
        options.sides[side] = (BenchSide){.dir = dir, .argv = command, .argc = 5};
    }
    BenchResult result;
    Err err = {0};
    assert_ok(bench_pairs(arena, &options, &result, &err), &err);
    return result;
}

static void a_throttled_gpu_makes_the_verdict_unclear(void **state)
{
    Arena *arena = test_arena(state);
    Str answers = answer(arena, (const char *const[]){AT_1695, CAPPED, NULL});
    Str asked = path_join(arena, answers, S("count"));
    measure(arena, S("")); /* does not use a GPU: nobody asks */
    assert_false(file_stat(asked, NULL, NULL));
    BenchResult result = measure(arena, driver_stand_in(arena));
    assert_true(file_stat(asked, NULL, NULL));
    assert_int_equal(result.verdict.kind, VERDICT_CONDITIONS);
    assert_str(verdict_status(result.verdict.kind), S("unclear"));
    assert_str(result.reason, S("the conditions changed meanwhile: gpu: GPU 0 is throttled (power "
                                "cap, heat)"));
}

TEST_MAIN(TEST(clocks_and_throttling_are_compared),
          TEST(a_driver_that_knows_the_other_name_is_asked_again),
          TEST(without_the_tool_there_is_nothing), TEST(a_throttled_gpu_makes_the_verdict_unclear))
