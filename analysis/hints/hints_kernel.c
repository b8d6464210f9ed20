/*
 * What the facts of a kernel say of it as a whole, in ncu's terms, a sentence each.
 *
 * From which number on a sentence is worth its room is in one table. The limits are those of ncu's own
 * rules, read off where they speak and where they are silent (tools/compare_reports.py's reports), so
 * that a report whose rules did not run is told the same.
 */
#include "analysis/hints/hints_gpu.h"

#include <math.h>
#include <string.h>

#include "base/strbuf.h"

static const struct {
    double used;         /* % of a peak: under it for both, latency counts (Bottleneck: 60) */
    double balanced;     /* % between the two peaks (Bottleneck: 10) */
    double occupancy;    /* %, theoretical (Theoretical Occupancy: up to 83 told of, not 94) */
    double gap;          /* % points between theoretical and achieved (Achieved Occupancy: 10) */
    double lost;         /* of the device's time in the last wave (Launch Configuration: 6 %) */
    double issued;       /* instructions per scheduler and cycle (Issue Slot Utilization: 0.6) */
    double stalled;      /* of the cycles between instructions (Warp Stall: 0.3) */
    double sector_bytes; /* of 32 that are used (Memory Cache Access Pattern: 31 told of, not 32) */
    double conflicts;    /* of the wavefronts of shared memory (Shared Memory Conflicts: 20 %) */
    double pipe;         /* % of its peak (High Pipe Utilization: 60) */
    double imbalance;    /* of the mean of the SMs (Workload Imbalance: 10 %) */
} LIMITS = {.used = 60,
            .balanced = 10,
            .occupancy = 85,
            .gap = 10,
            .lost = 0.05,
            .issued = 0.6,
            .stalled = 0.3,
            .sector_bytes = 31,
            .conflicts = 0.2,
            .pipe = 60,
            .imbalance = 0.1};

enum {
    WARP = 32,
    SECTOR = 32,
};

typedef struct Kernel {
    Arena *arena;
    const HotFunction *function;
    GpuSentences *out;
} Kernel;

/* NaN when it is not known. */
static double fact(const HotFunction *kernel, Str name)
{
    for (size_t i = 0; i < kernel->n_facts; i++)
        if (str_eq(kernel->facts[i].name, name))
            return kernel->facts[i].value;
    return (double)NAN;
}

static double of(const Kernel *kernel, const char *name)
{
    return fact(kernel->function, str_from_c(name));
}

static void say(const Kernel *kernel, Str sentence)
{
    *array_push(kernel->arena, kernel->out) = sentence;
}

/* ------------------------------------------------------------------ which side of the roofline */

/* What is used of the peak of either (Kernel Profiling Guide, Speed of Light). */
static void roofline(const Kernel *kernel)
{
    double compute = of(kernel, "compute throughput"), memory = of(kernel, "memory throughput");
    const char *bound;
    if (isnan(compute) || isnan(memory))
        return;
    if (compute < LIMITS.used && memory < LIMITS.used)
        bound = "latency-bound: neither is used well, so more warps in flight or more "
                "independent work would help";
    else if (fabs(memory - compute) < LIMITS.balanced)
        bound = "balanced: only less arithmetic and less data together would help";
    else if (memory > compute)
        bound = "memory-bound: less or better ordered data would help";
    else
        bound = "compute-bound: less or cheaper arithmetic would help";
    say(kernel, str_fmt(kernel->arena,
                        "%.0f %% of the peak compute and %.0f %% of the peak memory throughput: %s",
                        compute, memory, bound));
}

static void pipes(const Kernel *kernel)
{
    double doubles = fmax(of(kernel, "FP64 pipe"), of(kernel, "FP64 pipe, busy cycles"));
    if (doubles >= LIMITS.pipe)
        say(kernel, str_fmt(kernel->arena,
                            "the FP64 pipe is %.0f %% busy: single precision, where it is enough, "
                            "would help",
                            doubles));
}

/* ------------------------------------------------------------------ occupancy and the grid */

/* "registers per thread and shared memory per block"; empty when no limit is known. */
static Str least_limit(const Kernel *kernel)
{
    static const struct {
        const char *fact, *words;
    } REASONS[] = {
        {"occupancy limit by registers", "registers per thread"},
        {"occupancy limit by shared memory", "shared memory per block"},
        {"occupancy limit by warps", "the size of the blocks"},
        {"occupancy limit by blocks", "the number of blocks an SM holds"},
        {"occupancy limit by barriers", "barriers per block"},
    };
    enum {
        LEN = sizeof(REASONS) / sizeof(REASONS[0])
    };
    double least = INFINITY;
    StrBuf out = strbuf_new(kernel->arena);
    for (size_t i = 0; i < LEN; i++)
        least = fmin(least, of(kernel, REASONS[i].fact));
    for (size_t i = 0; i < LEN; i++)
        if (of(kernel, REASONS[i].fact) <= least && isfinite(least))
            strbuf_fmt(&out, "%s%s", out.len ? " and " : "", REASONS[i].words);
    return strbuf_str(&out);
}

static void occupancy(const Kernel *kernel)
{
    double theoretical = of(kernel, "theoretical occupancy");
    double achieved = of(kernel, "achieved occupancy");
    Str limit = least_limit(kernel);
    if (theoretical < LIMITS.occupancy && limit.len)
        say(kernel, str_fmt(kernel->arena, "theoretical occupancy %.0f %%, limited by " STR_FMT,
                            theoretical, STR_ARG(limit)));
    if (theoretical - achieved > LIMITS.gap)
        say(kernel, str_fmt(kernel->arena,
                            "achieved occupancy %.0f %% of %.0f %%: blocks do unequal work, or are "
                            "too few",
                            achieved, theoretical));
}

/* Blocks that leave SMs idle, threads that leave lanes idle; a last wave costs as much as a whole one. */
static void grid(const Kernel *kernel)
{
    double waves = of(kernel, "waves per SM"), blocks = of(kernel, "blocks");
    double sms = of(kernel, "SMs of the device"), threads = of(kernel, "threads per block");
    double whole = floor(waves), part = waves - whole, lost = (1 - part) / (whole + 1);
    double odd = fmod(threads, WARP);
    if (blocks < sms)
        say(kernel, str_fmt(kernel->arena, "%.0f blocks for %.0f SMs: %.0f of them stay idle",
                            blocks, sms, sms - blocks));
    else if (waves > 0 && whole < 1)
        say(kernel,
            str_fmt(kernel->arena, "%.2g waves per SM: the grid does not fill the device", waves));
    else if (part > 0.01 && lost > LIMITS.lost)
        say(kernel,
            str_fmt(kernel->arena,
                    "tail effect: %.3g waves per SM, the last one is only %.0f %% full, so %.0f %% "
                    "of the device's time is lost",
                    waves, part * 100, lost * 100));
    if (odd > 0)
        say(kernel, str_fmt(kernel->arena,
                            "blocks of %.0f threads: %.0f of the %d threads of each block's last "
                            "warp do nothing",
                            threads, WARP - odd, WARP));
}

static void imbalance(const Kernel *kernel)
{
    double mean = of(kernel, "active cycles of an SM");
    double most = of(kernel, "active cycles of the busiest SM");
    bool is_told = of(kernel, "blocks") < of(kernel, "SMs of the device");
    if (!is_told && mean > 0 && most > mean * (1 + LIMITS.imbalance))
        say(kernel, str_fmt(kernel->arena,
                            "imbalance: the busiest SM works %.0f %% longer than the mean of all",
                            (most / mean - 1) * 100));
}

/* ------------------------------------------------------------------ warps */

static void stalls(const Kernel *kernel)
{
    double issued = of(kernel, "instructions per scheduler and cycle");
    double active = of(kernel, "active warps per scheduler");
    double eligible = of(kernel, "eligible warps per scheduler");
    double between = of(kernel, "cycles between instructions of a warp");
    if (issued > 0 && issued < LIMITS.issued && !isnan(active) && !isnan(eligible))
        say(kernel, str_fmt(kernel->arena,
                            "each scheduler issues an instruction every %.3g cycles: of its %.3g "
                            "active warps %.2g are eligible",
                            1 / issued, active, eligible));
    for (size_t i = 0; i < kernel->function->n_facts; i++) {
        const HeatFact *item = &kernel->function->facts[i];
        Str words = gpu_stall_words(item->name), means = gpu_stall_means(item->name);
        if (words.len && item->value >= between * LIMITS.stalled)
            say(kernel, str_fmt(kernel->arena,
                                "%.3g of the %.3g cycles between two instructions of a warp are "
                                "stalled on " STR_FMT ": waiting for " STR_FMT,
                                item->value, between, STR_ARG(words), STR_ARG(means)));
    }
}

static void divergence(const Kernel *kernel)
{
    double active = of(kernel, "threads per executed warp instruction");
    double on = of(kernel, "threads not predicated off per executed warp instruction");
    if (on < GPU_ACTIVE_THREADS && !isnan(active))
        say(kernel, str_fmt(kernel->arena,
                            "divergence: %.3g of the %d threads of a warp are active on average, "
                            "%.3g of them not predicated off",
                            active, WARP, on));
}

/* ------------------------------------------------------------------ memory */

static void sectors(const Kernel *kernel, const char *name, const char *words)
{
    double used = of(kernel, name);
    if (used > 0 && used < LIMITS.sector_bytes)
        say(kernel,
            str_fmt(kernel->arena,
                    "uncoalesced: %.3g of the %d bytes of each sector of global %s are used", used,
                    SECTOR, words));
}

static void conflicts(const Kernel *kernel, const char *words)
{
    Arena *arena = kernel->arena;
    double found = fact(kernel->function, str_fmt(arena, "bank conflicts of shared %s", words));
    double waves = fact(kernel->function, str_fmt(arena, "wavefronts of shared %s", words));
    double requests = fact(kernel->function, str_fmt(arena, "shared %s", words));
    if (!(found > waves * LIMITS.conflicts) || !(waves > 0))
        return;
    Str way = requests > 0 ? str_fmt(arena, "%.1f-way ", waves / requests) : S("");
    say(kernel, str_fmt(arena,
                        STR_FMT "bank conflicts of shared %s: %.0f %% of their wavefronts are for "
                                "nothing else",
                        STR_ARG(way), words, found / waves * 100));
}

static void local_memory(const Kernel *kernel)
{
    double loads = of(kernel, "local loads"), stores = of(kernel, "local stores");
    double all = (loads > 0 ? loads : 0) + (stores > 0 ? stores : 0);
    if (!(all > 0))
        return;
    Str count = units_text(kernel->arena, all, UNIT_COUNT);
    say(kernel, str_fmt(kernel->arena,
                        STR_FMT " local memory instructions: spilled registers, or arrays with an "
                                "index known only at run time",
                        STR_ARG(count)));
}

GpuSentences gpu_kernel_sentences(Arena *arena, const HotFunction *function)
{
    GpuSentences out = {0};
    Kernel kernel = {arena, function, &out};
    roofline(&kernel);
    pipes(&kernel);
    occupancy(&kernel);
    grid(&kernel);
    imbalance(&kernel);
    stalls(&kernel);
    divergence(&kernel);
    sectors(&kernel, "bytes used per sector of global loads", "loads");
    sectors(&kernel, "bytes used per sector of global stores", "stores");
    conflicts(&kernel, "loads");
    conflicts(&kernel, "stores");
    local_memory(&kernel);
    return out;
}

/* ------------------------------------------------------------------ its facts */

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

/* Only there for the sentences above. */
static bool is_for_sentences(Str name)
{
    static const Str STARTS[] = {
        STR_CONST("occupancy limit"), STR_CONST("stall_"),           STR_CONST("bank conflicts"),
        STR_CONST("FP64 pipe, busy"), STR_CONST("wavefronts"),       STR_CONST("local "),
        STR_CONST("threads not"),     STR_CONST("instructions per"), STR_CONST("active warps"),
        STR_CONST("eligible"),        STR_CONST("cycles between"),   STR_CONST("threads per block"),
        STR_CONST("blocks"),          STR_CONST("active cycles"),    STR_CONST("shared loads"),
        STR_CONST("shared stores"),
    };
    for (size_t i = 0; i < sizeof(STARTS) / sizeof(STARTS[0]); i++)
        if (str_starts(name, STARTS[i]))
            return true;
    return false;
}

/* What the sentences say already, what is nothing, and what the source says. */
static bool is_said(const HotFunction *kernel, const HeatFact *item)
{
    if (is_for_sentences(item->name) || item->value == 0)
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
