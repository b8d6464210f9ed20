#include "analysis/hints/hints_gpu.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/strbuf.h"

enum {
    WARP = 32,
};

/* Shares from which on a cost is worth a word. */
static const double STALL_WORTH = 0.3, EXCESS_WORTH = 0.2, IDLE_THREADS_WORTH = 0.25;
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
    double branches = self_of(file, values, S("divergent_branches"));
    double active = instructions > 0 ? threads / instructions : WARP;
    if (active > WARP * (1 - IDLE_THREADS_WORTH) || active <= 0)
        return;
    StrBuf why = strbuf_new(arena);
    strbuf_fmt(&why, "%.0f of the %d threads of a warp are active here on average", active, WARP);
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

/* ------------------------------------------------------------------ a kernel */

static double fact(const HotFunction *kernel, Str name)
{
    for (size_t i = 0; i < kernel->n_facts; i++)
        if (str_eq(kernel->facts[i].name, name))
            return kernel->facts[i].value;
    return (double)NAN;
}

/*
 * Which side of the roofline: what is used of the peak of either (Kernel Profiling Guide, Speed of
 * Light). Under 60 % of both, latency is what counts.
 */
static void roofline(Arena *arena, const HotFunction *kernel, GpuSentences *out)
{
    double compute = fact(kernel, S("compute throughput"));
    double memory = fact(kernel, S("memory throughput"));
    const char *bound = "latency-bound: neither is used well, so more warps in flight or more "
                        "independent work would help";
    if (isnan(compute) || isnan(memory))
        return;
    if (compute >= 60 || memory >= 60)
        bound = memory > compute ? "memory-bound: less or better ordered data would help"
                                 : "compute-bound: less or cheaper arithmetic would help";
    *array_push(arena, out) =
        str_fmt(arena, "%.0f %% of the peak compute and %.0f %% of the peak memory throughput: %s",
                compute, memory, bound);
}

static void occupancy(Arena *arena, const HotFunction *kernel, GpuSentences *out)
{
    static const struct {
        Str fact, words;
    } LIMITS[] = {
        {STR_CONST("occupancy limit by registers"), STR_CONST("registers per thread")},
        {STR_CONST("occupancy limit by shared memory"), STR_CONST("shared memory per block")},
        {STR_CONST("occupancy limit by warps"), STR_CONST("the size of the blocks")},
        {STR_CONST("occupancy limit by blocks"), STR_CONST("the number of blocks an SM holds")},
    };
    double theoretical = fact(kernel, S("theoretical occupancy"));
    double achieved = fact(kernel, S("achieved occupancy")), least = INFINITY;
    Str limit = {0};
    for (size_t i = 0; i < sizeof(LIMITS) / sizeof(LIMITS[0]); i++) {
        double blocks = fact(kernel, LIMITS[i].fact);
        if (!isnan(blocks) && blocks < least) {
            least = blocks;
            limit = LIMITS[i].words;
        }
    }
    if (!isnan(theoretical) && theoretical < 75 && limit.len)
        *array_push(arena, out) =
            str_fmt(arena, "theoretical occupancy %.0f %%, limited by " STR_FMT, theoretical,
                    STR_ARG(limit));
    if (!isnan(theoretical) && !isnan(achieved) && achieved < theoretical * 0.8)
        *array_push(arena, out) = str_fmt(
            arena, "achieved occupancy %.0f %% of %.0f %%: blocks do unequal work, or are too few",
            achieved, theoretical);
}

/* A last wave that fills only a part of the device costs as much as a whole one. */
static void tail(Arena *arena, const HotFunction *kernel, GpuSentences *out)
{
    double waves = fact(kernel, S("waves per SM"));
    if (isnan(waves) || waves <= 0)
        return;
    double whole = floor(waves), part = waves - whole;
    if (whole < 1)
        *array_push(arena, out) =
            str_fmt(arena, "%.2g waves per SM: the grid does not fill the device", waves);
    else if (part > 0.01 && (1 - part) / (whole + 1) > 0.1)
        *array_push(arena, out) = str_fmt(
            arena,
            "tail effect: %.3g waves per SM, the last one is only %.0f %% full, so %.0f %% of "
            "the device's time is lost",
            waves, part * 100, (1 - part) / (whole + 1) * 100);
}

static void spills(Arena *arena, const HotFunction *kernel, GpuSentences *out)
{
    double spilled = fact(kernel, S("local memory instructions (spills)"));
    if (spilled > 0) {
        Str count = units_text(arena, spilled, UNIT_COUNT);
        *array_push(arena, out) = str_fmt(
            arena, STR_FMT " local memory instructions: registers are spilled", STR_ARG(count));
    }
}

GpuSentences gpu_kernel_sentences(Arena *arena, const HotFunction *kernel)
{
    GpuSentences out = {0};
    roofline(arena, kernel, &out);
    occupancy(arena, kernel, &out);
    tail(arena, kernel, &out);
    spills(arena, kernel, &out);
    return out;
}

static Str fact_text(const HotFunction *kernel, Str name)
{
    for (size_t i = 0; i < kernel->n_facts; i++)
        if (str_eq(kernel->facts[i].name, name))
            return kernel->facts[i].text;
    return S("");
}

Str gpu_kernel_time(Arena *arena, const HotFunction *kernel)
{
    Str all = fact_text(kernel, S("time of all launches"));
    if (!(fact(kernel, S("launches")) > 1) || !all.len)
        return fact_text(kernel, S("duration"));
    return str_fmt(arena, STR_FMT " in " STR_FMT " launches", STR_ARG(all),
                   STR_ARG(fact_text(kernel, S("launches"))));
}

/* What the sentences say already, what is nothing, and what the source says. */
static bool is_said(const HotFunction *kernel, const HeatFact *item)
{
    if (str_starts(item->name, S("occupancy limit")) || item->value == 0)
        return true;
    if (str_eq(item->name, S("kernel"))) /* worth its room as an instance of a template */
        return !memchr(item->text.ptr, '<', item->text.len);
    bool once = !(fact(kernel, S("launches")) > 1);
    return once &&
           (str_eq(item->name, S("launches")) || str_eq(item->name, S("time of all launches")));
}

GpuSentences gpu_kernel_facts(Arena *arena, const HotFunction *kernel)
{
    enum {
        WIDTH = 90
    };
    GpuSentences out = {0};
    StrBuf line = strbuf_new(arena);
    for (size_t i = 0; i < kernel->n_facts; i++) {
        const HeatFact *item = &kernel->facts[i];
        if (is_said(kernel, item))
            continue;
        if (line.len && line.len + item->name.len + item->text.len + 3 > WIDTH) {
            *array_push(arena, &out) = strbuf_str(&line);
            line = strbuf_new(arena);
        }
        strbuf_fmt(&line, "%s" STR_FMT " " STR_FMT, line.len ? ", " : "", STR_ARG(item->name),
                   STR_ARG(item->text));
    }
    if (line.len)
        *array_push(arena, &out) = strbuf_str(&line);
    return out;
}
