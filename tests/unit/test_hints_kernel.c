#include "analysis/hints/hints_gpu.h"

#include "base/strbuf.h"
#include "tests/lib/check.h"

typedef struct Value {
    const char *name;
    double value;
} Value;

/* All sentences, a line each. */
static Str sentences(Arena *arena, const Value *values, size_t len)
{
    HeatFact *facts = NEW_ARRAY(arena, HeatFact, len);
    StrBuf out = strbuf_new(arena);
    for (size_t i = 0; i < len; i++)
        facts[i] = (HeatFact){.name = str_from_c(values[i].name), .value = values[i].value};
    HotFunction kernel = {.facts = facts, .n_facts = len};
    GpuSentences all = gpu_kernel_sentences(arena, &kernel);
    array_each (Str, sentence, &all)
        strbuf_fmt(&out, STR_FMT "\n", STR_ARG(*sentence));
    return strbuf_str(&out);
}
#define SENTENCES(arena, ...) \
    sentences((arena), (Value[]){__VA_ARGS__}, sizeof((Value[]){__VA_ARGS__}) / sizeof(Value))

static void one_side_of_the_roofline(void **state)
{
    Arena *arena = test_arena(state);
    static const struct {
        double compute, memory;
        const char *word;
    } CASES[] = {{59, 20, "latency-bound"}, {61, 20, "compute-bound"}, {20, 61, "memory-bound"},
                 {75, 66, "balanced"},      {66, 77, "memory-bound"},  {95, 80, "compute-bound"}};
    for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
        Str text = SENTENCES(arena, {"compute throughput", CASES[i].compute},
                             {"memory throughput", CASES[i].memory});
        assert_true(str_has(text, str_from_c(CASES[i].word)));
    }
    assert_str(SENTENCES(arena, {"memory throughput", 90}), S(""));
}

static void what_limits_occupancy(void **state)
{
    Arena *arena = test_arena(state);
    assert_str(
        SENTENCES(arena, {"theoretical occupancy", 83.3}, {"achieved occupancy", 75},
                  {"occupancy limit by registers", 2}, {"occupancy limit by warps", 8},
                  {"occupancy limit by shared memory", 2}),
        S("theoretical occupancy 83 %, limited by registers per thread and shared memory per "
          "block\n"));
    assert_str(SENTENCES(arena, {"theoretical occupancy", 100}, {"achieved occupancy", 89},
                         {"occupancy limit by registers", 2}),
               S("achieved occupancy 89 % of 100 %: blocks do unequal work, or are too few\n"));
}

static void grids_that_leave_the_device_idle(void **state)
{
    Arena *arena = test_arena(state);
    assert_str(SENTENCES(arena, {"waves per SM", 0.4}, {"blocks", 30}, {"SMs of the device", 40},
                         {"active cycles of an SM", 75}, {"active cycles of the busiest SM", 100},
                         {"threads per block", 100}),
               S("30 blocks for 40 SMs: 10 of them stay idle\n"
                 "blocks of 100 threads: 28 of the 32 threads of each block's last warp do "
                 "nothing\n"));
    assert_str(SENTENCES(arena, {"waves per SM", 0.4}, {"blocks", 50}, {"SMs of the device", 40}),
               S("0.4 waves per SM: the grid does not fill the device\n"));
    assert_str(SENTENCES(arena, {"waves per SM", 1.5}, {"active cycles of an SM", 100},
                         {"active cycles of the busiest SM", 125}),
               S("tail effect: 1.5 waves per SM, the last one is only 50 % full, so 25 % of the "
                 "device's time is lost\n"
                 "imbalance: the busiest SM works 25 % longer than the mean of all\n"));
    assert_str(SENTENCES(arena, {"waves per SM", 30.5}, {"threads per block", 128}), S(""));
}

static void why_warps_wait(void **state)
{
    Arena *arena = test_arena(state);
    assert_str(
        SENTENCES(arena, {"instructions per scheduler and cycle", 0.25},
                  {"active warps per scheduler", 8}, {"eligible warps per scheduler", 0.5},
                  {"cycles between instructions of a warp", 40}, {"stall_long_scoreboard", 30},
                  {"threads per executed warp instruction", 31},
                  {"threads not predicated off per executed warp instruction", 20}),
        S("each scheduler issues an instruction every 4 cycles: of its 8 active warps 0.5 are "
          "eligible\n"
          "30 of the 40 cycles between two instructions of a warp are stalled on long "
          "scoreboard: waiting for global, local or texture memory\n"
          "divergence: 31 of the 32 threads of a warp are active on average, 20 of them not "
          "predicated off\n"));
    assert_str(SENTENCES(arena, {"instructions per scheduler and cycle", 0.7},
                         {"active warps per scheduler", 8}, {"eligible warps per scheduler", 0.5},
                         {"cycles between instructions of a warp", 40}, {"stall_wait", 10}),
               S(""));
}

/* The figures of ncu's own rule for a kernel of 2,097,152 shared loads. */
static void what_memory_costs(void **state)
{
    Arena *arena = test_arena(state);
    assert_str(SENTENCES(arena, {"shared loads", 2097152}, {"wavefronts of shared loads", 10485760},
                         {"bank conflicts of shared loads", 4194304},
                         {"bytes used per sector of global loads", 8},
                         {"bytes used per sector of global stores", 32}, {"local loads", 30},
                         {"local stores", 10}, {"FP64 pipe", 47}, {"FP64 pipe, busy cycles", 86}),
               S("the FP64 pipe is 86 % busy: single precision, where it is enough, would help\n"
                 "uncoalesced: 8 of the 32 bytes of each sector of global loads are used\n"
                 "5.0-way bank conflicts of shared loads: 40 % of their wavefronts are for nothing "
                 "else\n"
                 "40 local memory instructions: spilled registers, or arrays with an index known "
                 "only at run time\n"));
}

TEST_MAIN(TEST(one_side_of_the_roofline), TEST(what_limits_occupancy),
          TEST(grids_that_leave_the_device_idle), TEST(why_warps_wait), TEST(what_memory_costs))
