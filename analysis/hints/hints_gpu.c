#include "analysis/hints/hints_gpu.h"

#include <stdlib.h>

#include "base/strbuf.h"

enum {
    WARP = 32,
};

/* Shares from which on a cost is worth a word. */
static const double STALL_WORTH = 0.3, EXCESS_WORTH = 0.2;
/* From which on a reason is named beside a stronger one. */
static const double STALL_NAMED = 0.05;
/* Of the whole profile's samples: from which on a reason is one of the metrics to choose from. */
static const double STALL_OFFERED = 0.05;

typedef struct Stall {
    Str metric;
    Str words; /* the field's */
    Str means; /* what the warp waits for */
    Str title; /* what to try; empty: nothing */
    HintClass class;
} Stall;

static const Stall STALLS[] = {
    {STR_CONST("stall_long_scoreboard"), STR_CONST("long scoreboard"),
     STR_CONST("global, local or texture memory"),
     STR_CONST(
         "load it earlier, keep it in shared memory or registers, or have more warps in flight"),
     HINT_MEMORY},
    {STR_CONST("stall_short_scoreboard"), STR_CONST("short scoreboard"),
     STR_CONST("shared memory or the special function units"),
     STR_CONST("fewer bank conflicts, fewer special functions, or more work between load and use"),
     HINT_MEMORY},
    {STR_CONST("stall_lg_throttle"), STR_CONST("LG throttle"),
     STR_CONST("room in the queue of global and local memory instructions"),
     STR_CONST("fewer and wider global accesses (float4), or values kept in registers"),
     HINT_MEMORY},
    {STR_CONST("stall_mio_throttle"), STR_CONST("MIO throttle"),
     STR_CONST("room in the queue of shared memory and special function instructions"),
     STR_CONST("fewer and wider shared memory accesses, or fewer special functions"), HINT_MEMORY},
    {STR_CONST("stall_tex_throttle"), STR_CONST("TEX throttle"),
     STR_CONST("room in the queue of texture instructions"),
     STR_CONST("fewer texture fetches, or fetches mixed with arithmetic"), HINT_MEMORY},
    {STR_CONST("stall_barrier"), STR_CONST("barrier"),
     STR_CONST("other warps of the block at __syncthreads"),
     STR_CONST("give all warps the same work between barriers, use smaller blocks, or synchronize "
               "only a warp"),
     HINT_CONCURRENCY},
    {STR_CONST("stall_membar"), STR_CONST("memory barrier"),
     STR_CONST("its memory accesses to be seen by others"),
     STR_CONST("fewer or narrower fences (__threadfence_block)"), HINT_CONCURRENCY},
    {STR_CONST("stall_math_pipe_throttle"), STR_CONST("math pipe throttle"),
     STR_CONST("the arithmetic unit it needs"),
     STR_CONST("a cheaper mix of instructions: fused multiply-adds, lower precision, tensor cores"),
     HINT_UNNECESSARY_WORK},
    {STR_CONST("stall_wait"), STR_CONST("wait"),
     STR_CONST("the fixed latency of the instruction before"),
     STR_CONST("more independent instructions per thread (unroll the loop)"), HINT_LANGUAGE},
    {STR_CONST("stall_branch_resolving"), STR_CONST("branch resolving"),
     STR_CONST("the target of a branch"), STR_CONST("fewer branches in the inner loop"),
     HINT_LANGUAGE},
    {STR_CONST("stall_no_instructions"), STR_CONST("no instruction"),
     STR_CONST("its next instruction to be fetched"),
     STR_CONST("a smaller loop body: less unrolling, fewer inlined functions"), HINT_LANGUAGE},
    {STR_CONST("stall_imc_miss"), STR_CONST("IMC miss"), STR_CONST("the constant cache"),
     STR_CONST("constants that all threads of a warp read at the same address"), HINT_MEMORY},
    {STR_CONST("stall_warpgroup_arrive"), STR_CONST("warpgroup arrive"),
     STR_CONST("the other warps of its group before a matrix instruction"),
     STR_CONST("more work between the loads and the matrix instructions, or more stages of loads"),
     HINT_CONCURRENCY},
    {STR_CONST("stall_drain"), STR_CONST("drain"),
     STR_CONST("its stores to be written before it ends"),
     STR_CONST("coalesced stores at the end of the kernel"), HINT_MEMORY},
    {STR_CONST("stall_dispatch_stall"), STR_CONST("dispatch stall"), STR_CONST("the dispatcher"),
     STR_CONST(""), HINT_LANGUAGE},
    {STR_CONST("stall_sleeping"), STR_CONST("sleeping"), STR_CONST("its own __nanosleep to end"),
     STR_CONST(""), HINT_CONCURRENCY},
    {STR_CONST("stall_misc"), STR_CONST("misc"), STR_CONST("something else"), STR_CONST(""),
     HINT_LANGUAGE},
    {STR_CONST("stall_not_selected"), STR_CONST("not selected"),
     STR_CONST("another warp that was ready, too"), STR_CONST(""), HINT_LANGUAGE},
};
enum {
    STALLS_LEN = sizeof(STALLS) / sizeof(STALLS[0])
};

static double self_of(const HotFile *file, const HeatValue *values, Str metric)
{
    for (size_t i = 0; i < file->n_metrics; i++)
        if (str_eq(file->metrics[i].name, metric))
            return values[i].self;
    return 0;
}

/* ------------------------------------------------------------------ a line */

typedef struct Part {
    const Stall *stall;
    double share; /* of the line's samples */
} Part;

static int by_share(const void *a, const void *b)
{
    const Part *left = a, *right = b;
    return (left->share < right->share) - (left->share > right->share);
}

static size_t stall_parts(const HotFile *file, const HeatValue *values, Part parts[STALLS_LEN])
{
    double samples = self_of(file, values, S("gpu_samples"));
    size_t len = 0;
    for (size_t i = 0; samples > 0 && i < STALLS_LEN; i++) {
        double stalled = self_of(file, values, STALLS[i].metric);
        if (stalled > 0)
            parts[len++] = (Part){&STALLS[i], stalled / samples};
    }
    if (len)
        qsort(parts, len, sizeof(*parts), by_share);
    return len;
}

size_t gpu_stall_shares(const HotFile *file, const HeatValue *values, GpuStall *out, size_t max)
{
    Part parts[STALLS_LEN];
    size_t n = 0, len = stall_parts(file, values, parts);
    for (; n < len && n < max && parts[n].share >= STALL_NAMED; n++)
        out[n] = (GpuStall){parts[n].stall->words, parts[n].share};
    return n;
}

Str gpu_stalls(Arena *arena, const HotFile *file, const HeatValue *values)
{
    GpuStall stalls[3];
    size_t len = gpu_stall_shares(file, values, stalls, 3);
    Str out = {0};
    for (size_t i = 0; i < len; i++)
        out = str_fmt(arena, STR_FMT "%s" STR_FMT " %.0f %%", STR_ARG(out), out.len ? ", " : "",
                      STR_ARG(stalls[i].reason), stalls[i].share * 100);
    return out;
}

Str gpu_top_stall(const HotFile *file, const HeatValue *values)
{
    Part parts[STALLS_LEN];
    size_t len = stall_parts(file, values, parts);
    return len && parts[0].share >= STALL_WORTH ? parts[0].stall->words : S("");
}

Str gpu_stall_means(Str metric)
{
    for (size_t i = 0; i < STALLS_LEN; i++)
        if (str_eq(STALLS[i].metric, metric))
            return STALLS[i].means;
    return S("");
}

Str gpu_stall_words(Str metric)
{
    for (size_t i = 0; i < STALLS_LEN; i++)
        if (str_eq(STALLS[i].metric, metric))
            return STALLS[i].words;
    return S("");
}

bool gpu_is_offered(const HotFile *file, const HeatMetric *metric)
{
    double samples = 0;
    if (metric->total <= 0)
        return false;
    if (!str_starts(metric->name, S("stall_")))
        return true;
    for (size_t i = 0; i < file->n_metrics; i++)
        if (str_eq(file->metrics[i].name, S("gpu_samples")))
            samples = file->metrics[i].total;
    return gpu_stall_words(metric->name).len && metric->total >= STALL_OFFERED * samples;
}

static void add(Arena *arena, Hints *out, HintClass class, const char *code, Str title, Str why)
{
    *array_push(arena, out) =
        (Hint){.class = class, .code = str_from_c(code), .title = title, .why = why};
}

static void add_stall(Arena *arena, const HotFile *file, const HeatValue *values, Hints *out)
{
    Part parts[STALLS_LEN];
    if (!stall_parts(file, values, parts) || parts[0].share < STALL_WORTH)
        return;
    const Stall *stall = parts[0].stall;
    if (!stall->title.len)
        return;
    add(arena, out, stall->class, "cuda-stall", stall->title,
        str_fmt(arena,
                "stalled on " STR_FMT " in %.0f %% of the samples of this line: waits for " STR_FMT,
                STR_ARG(stall->words), parts[0].share * 100, STR_ARG(stall->means)));
}

/* What was moved beyond what would have done, as a part of what was moved. */
static double excess_of(double moved, double ideal)
{
    return moved > 0 && ideal < moved ? 1 - ideal / moved : 0;
}

static void add_memory(Arena *arena, const HotFile *file, const HeatValue *values, Hints *out)
{
    double sectors = self_of(file, values, S("global_sectors"));
    double ideal = self_of(file, values, S("global_sectors_ideal"));
    double excess = excess_of(sectors, ideal);
    if (excess >= EXCESS_WORTH) {
        Str moved = units_text(arena, sectors, UNIT_COUNT);
        Str needed = units_text(arena, ideal, UNIT_COUNT);
        add(arena, out, HINT_MEMORY, "cuda-uncoalesced",
            S("let neighbouring threads use neighbouring addresses"),
            str_fmt(arena,
                    "uncoalesced global access: " STR_FMT " sectors were moved where " STR_FMT
                    " would do, %.0f %% in excess",
                    STR_ARG(moved), STR_ARG(needed), excess * 100));
    }
    double waves = self_of(file, values, S("shared_wavefronts"));
    double waves_ideal = self_of(file, values, S("shared_wavefronts_ideal"));
    excess = excess_of(waves, waves_ideal);
    if (excess >= EXCESS_WORTH) {
        Str done = units_text(arena, waves, UNIT_COUNT);
        Str needed = units_text(arena, waves_ideal, UNIT_COUNT);
        add(arena, out, HINT_MEMORY, "cuda-bank-conflicts",
            S("pad the shared array by one element per row, or change which thread uses what"),
            str_fmt(arena,
                    "shared memory bank conflicts: " STR_FMT " wavefronts where " STR_FMT
                    " would do, %.1f-way on average",
                    STR_ARG(done), STR_ARG(needed), waves_ideal > 0 ? waves / waves_ideal : waves));
    }
    double local = self_of(file, values, S("local_sectors"));
    if (local > 0) {
        Str moved = units_text(arena, local, UNIT_COUNT);
        add(arena, out, HINT_MEMORY, "cuda-local-memory",
            S("use fewer registers at once, or allow more per thread (__launch_bounds__)"),
            str_fmt(arena,
                    "local memory: " STR_FMT
                    " sectors of spilled registers, or of arrays with an index known only at run "
                    "time",
                    STR_ARG(moved)));
    }
}

static void add_divergence(Arena *arena, const HotFile *file, const HeatValue *values, Hints *out)
{
    double instructions = self_of(file, values, S("instructions"));
    double threads = self_of(file, values, S("thread_instructions"));
    double on = self_of(file, values, S("predicated_on_thread_instructions"));
    double branches = self_of(file, values, S("divergent_branches"));
    double active = threads > 0 ? threads : on; /* before 2022 only what is not predicated off */
    double least = on > 0 && on < active ? on : active;
    if (!(instructions > 0) || !(least > 0) || least / instructions > GPU_ACTIVE_THREADS)
        return;
    StrBuf why = strbuf_new(arena);
    strbuf_fmt(&why, "%.0f of the %d threads of a warp are active here on average",
               active / instructions, WARP);
    if (least < active)
        strbuf_fmt(&why, ", %.0f of them not predicated off", least / instructions);
    if (branches > 0) {
        Str count = units_text(arena, branches, UNIT_COUNT);
        strbuf_fmt(&why, ": " STR_FMT " branches diverge", STR_ARG(count));
    }
    add(arena, out, HINT_CONCURRENCY, "cuda-divergence",
        S("let the threads of a warp take the same way: sort or pack the work by warp"),
        strbuf_str(&why));
}

void hints_gpu(Arena *arena, const HotFile *file, const HeatValue *values, Hints *out)
{
    add_memory(arena, file, values, out);
    add_divergence(arena, file, values, out);
    add_stall(arena, file, values, out);
}
