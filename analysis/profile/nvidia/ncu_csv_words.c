/* Labels, units and numbers of Nsight Compute's CSV pages (ncu_csv.h). */

#include <math.h>
#include <string.h>

#include "analysis/profile/nvidia/ncu_csv.h"
#include "analysis/profile/nvidia/ncu_names.h"

enum {
    SIGNS = 64 * 1024, /* bytes of a program's own output that may stand before the first table */
};

#define STALL_NCU "smsp__pcsamp_warps_issue_stalled_"

typedef struct Label {
    Str label;
    Str ncu;
} Label;

/* ------------------------------------------------------------------ numbers */

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* "12,5" or "1.234,56": a number whose decimals stand behind a comma. Addresses (127.0.0.1) are none. */
static bool has_decimal_comma(Str cell)
{
    Str before, after, whole, group;
    uint64_t number;
    if (!str_cut_last(cell, ',', &before, &after) || !str_to_u64(after, &number))
        return false;
    bool grouped = str_cut(before, '.', &whole, &group);
    for (size_t i = 0; i < before.len; i++)
        if (!is_digit(before.ptr[i]) && before.ptr[i] != '.')
            return false;
    return before.len && (grouped || after.len != 3);
}

bool ncu_csv_decimal_comma(Str text)
{
    enum {
        LOOK = 1 << 18
    };
    Str rest = str_head(text, LOOK), before, cell;
    while (str_cut(rest, '"', &before, &rest)) {
        if (str_starts(rest, S("Source\""))) /* a program's text from here on */
            break;
        if (rest.len && is_digit(rest.ptr[0]) && str_cut(rest, '"', &cell, &rest) &&
            has_decimal_comma(cell))
            return true;
    }
    return false;
}

bool ncu_csv_number(Str cell, bool decimal_comma, double *out)
{
    char digits[64];
    size_t len = 0;
    Str head, rest;
    if (str_cut(cell, '(', &head, &rest) || str_cut(cell, ';', &head, &rest))
        cell = head;
    cell = str_trim(cell);
    for (size_t i = 0; i < cell.len; i++) {
        char c = cell.ptr[i];
        bool is_thousands = c == (decimal_comma ? '.' : ',') || c == ' ' || c == '\'';
        /* U+00A0 and U+202F, as French and Swiss locales write it */
        if (str_starts(str_from(cell, i), S("\xc2\xa0")))
            i += 1;
        else if (str_starts(str_from(cell, i), S("\xe2\x80\xaf")))
            i += 2;
        else if (!is_thousands) {
            if (len == sizeof(digits))
                return false;
            digits[len++] = decimal_comma && c == ',' ? '.' : c;
        }
    }
    return str_to_double((Str){digits, len}, out);
}

bool ncu_csv_count(Str cell, int64_t *out)
{
    uint64_t sum = 0;
    size_t group = 0;
    bool grouped = false, is_whole = cell.len > 0;
    for (size_t i = 0; i < cell.len && is_whole; i++) {
        char c = cell.ptr[i];
        if (is_digit(c)) {
            group++;
            is_whole = sum < UINT64_C(900000000000000000);
            sum = sum * 10 + (uint64_t)(c - '0');
        } else {
            is_whole = (c == ',' || c == '.') && group && (grouped ? group == 3 : group <= 3);
            grouped = true;
            group = 0;
        }
    }
    double number;
    if (is_whole && group && (!grouped || group == 3)) {
        *out = (int64_t)sum;
        return true;
    }
    if (!ncu_csv_number(cell, false, &number) || !(number >= 0 && number < 9e18))
        return false;
    *out = llround(number);
    return true;
}

bool ncu_csv_is_none(Str value)
{
    static const Str NONE[] = {STR_CONST("n/a"), STR_CONST("nan"), STR_CONST("inf")};
    for (size_t i = 0; i < sizeof(NONE) / sizeof(NONE[0]); i++)
        if (str_eq(value, NONE[i]))
            return true;
    return false;
}

/* ------------------------------------------------------------------ units */

static bool without_end(Str text, Str end, Str *before)
{
    if (!str_ends(text, end))
        return false;
    *before = str_head(text, text.len - end.len);
    return true;
}

/* 0: not a prefix of a unit. */
static double prefix_scale(Str prefix)
{
    static const struct {
        Str prefix;
        double scale;
    } PREFIXES[] = {
        {STR_CONST(""), 1},
        {STR_CONST("n"), 1e-9},
        {STR_CONST("u"), 1e-6},
        {STR_CONST("m"), 1e-3},
        {STR_CONST("K"), 1e3},
        {STR_CONST("k"), 1e3},
        {STR_CONST("M"), 1e6},
        {STR_CONST("G"), 1e9},
        {STR_CONST("T"), 1e12},
        {STR_CONST("P"), 1e15},
        {STR_CONST("Ki"), 1024},
        {STR_CONST("Mi"), 1048576},
        {STR_CONST("Gi"), 1073741824},
    };
    for (size_t i = 0; i < sizeof(PREFIXES) / sizeof(PREFIXES[0]); i++)
        if (str_eq(PREFIXES[i].prefix, prefix))
            return PREFIXES[i].scale;
    return 0;
}

/* The scale of a unit that ends in one of these; 0: it does not. */
static double scale_of(Str unit, const Str *ends, size_t len)
{
    Str prefix;
    double scale = 0;
    for (size_t i = 0; i < len && scale == 0; i++)
        if (without_end(unit, ends[i], &prefix))
            scale = prefix_scale(prefix);
    return scale;
}

static double seconds_of(Str unit)
{
    static const Str ENDS[] = {STR_CONST("second"), STR_CONST("seconds"), STR_CONST("sec"),
                               STR_CONST("s")};
    return scale_of(unit, ENDS, sizeof(ENDS) / sizeof(ENDS[0]));
}

static double bytes_of(Str unit)
{
    static const Str ENDS[] = {STR_CONST("byte"), STR_CONST("bytes"), STR_CONST("Byte"),
                               STR_CONST("B")};
    return scale_of(unit, ENDS, sizeof(ENDS) / sizeof(ENDS[0]));
}

static double hertz_of(Str unit)
{
    static const Str ENDS[] = {STR_CONST("hz"), STR_CONST("Hz"), STR_CONST("HZ")};
    return scale_of(unit, ENDS, sizeof(ENDS) / sizeof(ENDS[0]));
}

NcuCsvUnit ncu_csv_unit(Str unit)
{
    Str above = unit, below = {0};
    unit = str_trim(unit);
    bool is_ratio = str_cut(unit, '/', &above, &below);
    double per_second = is_ratio ? seconds_of(below) : 0, scale;
    if (!unit.len)
        return (NcuCsvUnit){1, {0}};
    if (str_eq(unit, S("%")))
        return (NcuCsvUnit){1, S("%")};
    if ((scale = bytes_of(above)) > 0)
        return per_second > 0 ? (NcuCsvUnit){scale / per_second, S("bytes/s")}
                              : (NcuCsvUnit){scale, S("bytes")};
    if (per_second > 0 && str_eq(above, S("cycle")))
        return (NcuCsvUnit){1 / per_second, S("Hz")};
    if ((scale = hertz_of(unit)) > 0)
        return (NcuCsvUnit){scale, S("Hz")};
    if (!is_ratio && (scale = seconds_of(unit)) > 0)
        return (NcuCsvUnit){scale * 1e9, S("ns")};
    return (NcuCsvUnit){1, S("count")};
}

/* ------------------------------------------------------------------ labels */

/* Of the versions 2020.2, 2023.1 and 2024.1; a section file may also show the bare metric. */
static const Str SAMPLES[] = {
    STR_CONST("# Samples"),
    STR_CONST("Samples"),
    STR_CONST("Warp Stall Sampling (All Samples)"),
    STR_CONST("Warp Stall Sampling (All Cycles)"),
    STR_CONST("Sampling Data (All)"),
    STR_CONST("smsp__pcsamp_sample_count"),
};

static const Label COLUMNS[] = {
    {STR_CONST("Instructions Executed"), STR_CONST("inst_executed")},
    {STR_CONST("Thread Instructions Executed"), STR_CONST("thread_inst_executed")},
    {STR_CONST("Predicated-On Thread Instructions Executed"),
     STR_CONST("thread_inst_executed_true")},
    {STR_CONST("Divergent Branches"), STR_CONST("smsp__branch_targets_threads_divergent")},
    {STR_CONST("L1 Wavefronts Shared"), STR_CONST("memory_l1_wavefronts_shared")},
    {STR_CONST("L1 Wavefronts Shared Ideal"), STR_CONST("memory_l1_wavefronts_shared_ideal")},
    {STR_CONST("L2 Theoretical Sectors Global"), STR_CONST("memory_l2_theoretical_sectors_global")},
    {STR_CONST("L2 Theoretical Sectors Global Ideal"),
     STR_CONST("memory_l2_theoretical_sectors_global_ideal")},
    {STR_CONST("L2 Theoretical Sectors Local"), STR_CONST("memory_l2_theoretical_sectors_local")},
    {STR_CONST("stall_dispatch"), STR_CONST(STALL_NCU "dispatch_stall")},
    {STR_CONST("stall_imc"), STR_CONST(STALL_NCU "imc_miss")},
    {STR_CONST("stall_lg"), STR_CONST(STALL_NCU "lg_throttle")},
    {STR_CONST("stall_long_sb"), STR_CONST(STALL_NCU "long_scoreboard")},
    {STR_CONST("stall_math"), STR_CONST(STALL_NCU "math_pipe_throttle")},
    {STR_CONST("stall_mio"), STR_CONST(STALL_NCU "mio_throttle")},
    {STR_CONST("stall_no_inst"), STR_CONST(STALL_NCU "no_instructions")},
    {STR_CONST("stall_short_sb"), STR_CONST(STALL_NCU "short_scoreboard")},
    {STR_CONST("stall_sleep"), STR_CONST(STALL_NCU "sleeping")},
    {STR_CONST("stall_tex"), STR_CONST(STALL_NCU "tex_throttle")},
};

size_t ncu_csv_samples_rank(Str label)
{
    for (size_t i = 0; i < sizeof(SAMPLES) / sizeof(SAMPLES[0]); i++)
        if (str_eq(SAMPLES[i], label))
            return i + 1;
    return 0;
}

Str ncu_csv_source_metric(Arena *arena, Str label)
{
    Str ncu = label;
    if (ncu_csv_samples_rank(label))
        return S("gpu_samples");
    if (str_ends(label, S("(Not Issued)")) || str_ends(label, S("_not_issued")))
        return (Str){0};
    for (size_t i = 0; i < sizeof(COLUMNS) / sizeof(COLUMNS[0]); i++)
        if (str_eq(COLUMNS[i].label, label))
            ncu = COLUMNS[i].ncu;
    if (str_starts(ncu, S("stall_"))) /* "stall_wait", and reasons of versions to come */
        return str_copy(arena, ncu);
    return ncu_source_metric(arena, ncu);
}

static const Label FACTS[] = {
    {STR_CONST("Duration"), STR_CONST("gpu__time_duration.sum")},
    {STR_CONST("Registers Per Thread"), STR_CONST("launch__registers_per_thread")},
    {STR_CONST("Static Shared Memory Per Block"), STR_CONST("launch__shared_mem_per_block_static")},
    {STR_CONST("Dynamic Shared Memory Per Block"),
     STR_CONST("launch__shared_mem_per_block_dynamic")},
    {STR_CONST("Waves Per SM"), STR_CONST("launch__waves_per_multiprocessor")},
    {STR_CONST("Theoretical Occupancy"), STR_CONST("sm__maximum_warps_per_active_cycle_pct")},
    {STR_CONST("Achieved Occupancy"),
     STR_CONST("sm__warps_active.avg.pct_of_peak_sustained_active")},
    {STR_CONST("Block Limit Registers"), STR_CONST("launch__occupancy_limit_registers")},
    {STR_CONST("Block Limit Shared Mem"), STR_CONST("launch__occupancy_limit_shared_mem")},
    {STR_CONST("Block Limit Warps"), STR_CONST("launch__occupancy_limit_warps")},
    {STR_CONST("Block Limit SM"), STR_CONST("launch__occupancy_limit_blocks")},
    {STR_CONST("Compute (SM) Throughput"),
     STR_CONST("sm__throughput.avg.pct_of_peak_sustained_elapsed")},
    {STR_CONST("Compute (SM) [%]"), STR_CONST("sm__throughput.avg.pct_of_peak_sustained_elapsed")},
    {STR_CONST("SM [%]"), STR_CONST("sm__throughput.avg.pct_of_peak_sustained_elapsed")},
    {STR_CONST("SOL SM"), STR_CONST("sm__throughput.avg.pct_of_peak_sustained_elapsed")},
    {STR_CONST("Memory [%]"),
     STR_CONST("gpu__compute_memory_throughput.avg.pct_of_peak_sustained_elapsed")},
    {STR_CONST("SOL Memory"),
     STR_CONST("gpu__compute_memory_throughput.avg.pct_of_peak_sustained_elapsed")},
    {STR_CONST("DRAM Throughput"),
     STR_CONST("gpu__dram_throughput.avg.pct_of_peak_sustained_elapsed")},
    {STR_CONST("SOL DRAM"), STR_CONST("gpu__dram_throughput.avg.pct_of_peak_sustained_elapsed")},
    {STR_CONST("L1/TEX Hit Rate"), STR_CONST("l1tex__t_sector_hit_rate.pct")},
    {STR_CONST("L2 Hit Rate"), STR_CONST("lts__t_sector_hit_rate.pct")},
    {STR_CONST("Avg. Active Threads Per Warp"),
     STR_CONST("smsp__thread_inst_executed_per_inst_executed.ratio")},
    {STR_CONST("Avg. Not Predicated Off Threads Per Warp"),
     STR_CONST("smsp__thread_inst_executed_pred_on_per_inst_executed.ratio")},
    {STR_CONST("Issued Warp Per Scheduler"), STR_CONST("smsp__issue_active.avg.per_cycle_active")},
    {STR_CONST("Active Warps Per Scheduler"), STR_CONST("smsp__warps_active.avg.per_cycle_active")},
    {STR_CONST("Eligible Warps Per Scheduler"),
     STR_CONST("smsp__warps_eligible.avg.per_cycle_active")},
    {STR_CONST("Warp Cycles Per Issued Instruction"),
     STR_CONST("smsp__average_warp_latency_per_inst_issued.ratio")},
    {STR_CONST("Block Size"), STR_CONST("launch__block_size")},
    {STR_CONST("Grid Size"), STR_CONST("launch__grid_size")},
    {STR_CONST("Block Limit Barriers"), STR_CONST("launch__occupancy_limit_barriers")},
    {STR_CONST("SM Active Cycles"), STR_CONST("sm__cycles_active.avg")},
    {STR_CONST("SM Frequency"), STR_CONST("gpc__cycles_elapsed.avg.per_second")},
    {STR_CONST("# SMs"), STR_CONST("device__attribute_multiprocessor_count")},
};

/* "Memory Throughput" stands in two sections: as a part of the peak, and as a bandwidth. */
Str ncu_csv_fact_metric(Str label, Str unit)
{
    if (str_eq(label, S("Memory Throughput")))
        return str_eq(unit, S("%"))
                   ? S("gpu__compute_memory_throughput.avg.pct_of_peak_sustained_elapsed")
                   : S("dram__bytes.sum.per_second");
    for (size_t i = 0; i < sizeof(FACTS) / sizeof(FACTS[0]); i++)
        if (str_eq(FACTS[i].label, label))
            return FACTS[i].ncu;
    return label;
}

/* ------------------------------------------------------------------ rules */

/* The names of ncu's own rules whose titles are not their names taken apart. */
static const Label RULES[] = {
    {STR_CONST("CPIStall"), STR_CONST("Warp Stall")},
    {STR_CONST("Compute"), STR_CONST("Compute Bottleneck")},
    {STR_CONST("FPInstructions"), STR_CONST("FP32/64 Instructions")},
    {STR_CONST("Memory"), STR_CONST("Memory Bottleneck")},
    {STR_CONST("MemoryL2Compression"), STR_CONST("Memory L2 Compression")},
    {STR_CONST("PCSamplingData"), STR_CONST("PC sampling data")},
    {STR_CONST("PMSamplingData"), STR_CONST("PM Sampling Data")},
    {STR_CONST("SOLBottleneck"), STR_CONST("Bottleneck")},
    {STR_CONST("SOLFPRoofline"), STR_CONST("Roofline Analysis")},
    {STR_CONST("UncoalescedGlobalAccess"), STR_CONST("Uncoalesced Global Accesses")},
    {STR_CONST("UncoalescedSharedAccess"), STR_CONST("Uncoalesced Shared Accesses")},
};

static bool is_upper(char c)
{
    return c >= 'A' && c <= 'Z';
}

/* "TheoreticalOccupancy": "Theoretical Occupancy" */
static Str taken_apart(Arena *arena, Str rule)
{
    StrBuf out = strbuf_new(arena);
    for (size_t i = 0; i < rule.len; i++) {
        if (i && is_upper(rule.ptr[i]) && !is_upper(rule.ptr[i - 1]))
            strbuf_char(&out, ' ');
        strbuf_char(&out, rule.ptr[i]);
    }
    return strbuf_str(&out);
}

Str ncu_csv_rule_title(Arena *arena, Str rule)
{
    static const Str STALL = STR_CONST("CPIStall"); /* before 2021.1 a rule for each reason */
    for (size_t i = 0; i < sizeof(RULES) / sizeof(RULES[0]); i++)
        if (str_eq(RULES[i].label, rule))
            return RULES[i].ncu;
    if (str_starts(rule, STALL))
        return str_fmt(arena, "CPI Stall '" STR_FMT "'",
                       STR_ARG(taken_apart(arena, str_from(rule, STALL.len))));
    return taken_apart(arena, rule);
}

Str ncu_csv_plain(Arena *arena, Str text)
{
    StrBuf out = strbuf_new(arena);
    for (Str rest; text.len; text = rest) {
        size_t at = str_find(text, S(" (http"), 0);
        size_t end = at == SIZE_MAX ? SIZE_MAX : str_find(text, S(")"), at);
        strbuf_add(&out, str_head(text, end == SIZE_MAX ? text.len : at));
        rest = str_from(text, end == SIZE_MAX ? text.len : end + 1);
    }
    return str_trim(strbuf_str(&out));
}

/* ------------------------------------------------------------------ is it a page at all? */

static bool is_header(Str line)
{
    static const Str HEADS[] = {
        STR_CONST("\"ID\",\"Process ID\","),  STR_CONST("ID,Process ID,"),
        STR_CONST("\"Kernel Name\","),        STR_CONST("\"File Path\","),
        STR_CONST("\"Function Name\","),      STR_CONST("\"Line No\",\"Source\""),
        STR_CONST("\"Address\",\"Source\""),  STR_CONST("==PROF== "),
        STR_CONST("==WARNING== No lineinfo"),
    };
    for (size_t i = 0; i < sizeof(HEADS) / sizeof(HEADS[0]); i++)
        if (str_starts(line, HEADS[i]))
            return true;
    return false;
}

bool is_ncu_csv(Str bytes)
{
    Str rest = str_head(bytes, SIGNS);
    if (memchr(rest.ptr, 0, rest.len))
        return false;
    for (Str line; str_next_line(&rest, &line);)
        if (is_header(line))
            return true;
    return false;
}
