/*
 * Nsight Compute's numbers of a whole launch, as facts of its kernel: those of the table below, and
 * those that were asked for by name (--metrics). Of several launches of a kernel the longest is told.
 */

#include <math.h>
#include <string.h>

#include "analysis/profile/kernel_name.h"
#include "analysis/profile/nvidia/ncu_parts.h"

enum {
    /* Section and what is in it */
    SECTION_NAME = 2,
    SECTION_METRICS = 6,
    ASKED_MAX = 64, /* metrics asked for by name that are told */
};

#define DURATION S("gpu__time_duration.sum")

static const NcuFactRow FACTS[] = {
    {STR_CONST("launch__registers_per_thread"), STR_CONST("registers per thread"),
     STR_CONST("count")},
    {STR_CONST("launch__shared_mem_per_block_static"), STR_CONST("static shared memory per block"),
     STR_CONST("bytes")},
    {STR_CONST("launch__shared_mem_per_block_dynamic"),
     STR_CONST("dynamic shared memory per block"), STR_CONST("bytes")},
    {STR_CONST("launch__waves_per_multiprocessor"), STR_CONST("waves per SM"), STR_CONST("count")},
    {STR_CONST("sm__maximum_warps_per_active_cycle_pct"), STR_CONST("theoretical occupancy"),
     STR_CONST("%")},
    {STR_CONST("sm__warps_active.avg.pct_of_peak_sustained_active"),
     STR_CONST("achieved occupancy"), STR_CONST("%")},
    {STR_CONST("launch__occupancy_limit_registers"), STR_CONST("occupancy limit by registers"),
     STR_CONST("blocks")},
    {STR_CONST("launch__occupancy_limit_shared_mem"), STR_CONST("occupancy limit by shared memory"),
     STR_CONST("blocks")},
    {STR_CONST("launch__occupancy_limit_warps"), STR_CONST("occupancy limit by warps"),
     STR_CONST("blocks")},
    {STR_CONST("launch__occupancy_limit_blocks"), STR_CONST("occupancy limit by blocks"),
     STR_CONST("blocks")},
    {STR_CONST("sm__throughput.avg.pct_of_peak_sustained_elapsed"), STR_CONST("compute throughput"),
     STR_CONST("%")},
    {STR_CONST("gpu__compute_memory_throughput.avg.pct_of_peak_sustained_elapsed"),
     STR_CONST("memory throughput"), STR_CONST("%")},
    {STR_CONST("gpu__dram_throughput.avg.pct_of_peak_sustained_elapsed"),
     STR_CONST("DRAM throughput"), STR_CONST("%")},
    {STR_CONST("dram__bytes.sum.per_second"), STR_CONST("DRAM bandwidth"), STR_CONST("bytes/s")},
    {STR_CONST("l1tex__t_sector_hit_rate.pct"), STR_CONST("L1 hit rate"), STR_CONST("%")},
    {STR_CONST("lts__t_sector_hit_rate.pct"), STR_CONST("L2 hit rate"), STR_CONST("%")},
    {STR_CONST("smsp__thread_inst_executed_per_inst_executed.ratio"),
     STR_CONST("threads per executed warp instruction"), STR_CONST("count")},
    {STR_CONST("smsp__sass_average_data_bytes_per_sector_mem_global_op_ld.ratio"),
     STR_CONST("bytes used per sector of global loads"), STR_CONST("bytes")},
    {STR_CONST("smsp__sass_average_data_bytes_per_sector_mem_global_op_st.ratio"),
     STR_CONST("bytes used per sector of global stores"), STR_CONST("bytes")},
    {STR_CONST("l1tex__data_bank_conflicts_pipe_lsu_mem_shared.sum"),
     STR_CONST("shared memory bank conflicts"), STR_CONST("count")},
    {STR_CONST("l1tex__data_bank_conflicts_pipe_lsu_mem_shared_op_ld.sum"),
     STR_CONST("bank conflicts of shared loads"), STR_CONST("count")},
    {STR_CONST("l1tex__data_bank_conflicts_pipe_lsu_mem_shared_op_st.sum"),
     STR_CONST("bank conflicts of shared stores"), STR_CONST("count")},
    {STR_CONST("l1tex__data_pipe_lsu_wavefronts_mem_shared_op_ld.sum"),
     STR_CONST("wavefronts of shared loads"), STR_CONST("count")},
    {STR_CONST("l1tex__data_pipe_lsu_wavefronts_mem_shared_op_st.sum"),
     STR_CONST("wavefronts of shared stores"), STR_CONST("count")},
    {STR_CONST("sass__inst_executed_shared_loads"), STR_CONST("shared loads"), STR_CONST("count")},
    {STR_CONST("sass__inst_executed_shared_stores"), STR_CONST("shared stores"),
     STR_CONST("count")},
    {STR_CONST("sass__inst_executed_local_loads"), STR_CONST("local loads"), STR_CONST("count")},
    {STR_CONST("sass__inst_executed_local_stores"), STR_CONST("local stores"), STR_CONST("count")},
    {STR_CONST("smsp__thread_inst_executed_pred_on_per_inst_executed.ratio"),
     STR_CONST("threads not predicated off per executed warp instruction"), STR_CONST("count")},
    {STR_CONST("smsp__issue_active.avg.per_cycle_active"),
     STR_CONST("instructions per scheduler and cycle"), STR_CONST("count")},
    {STR_CONST("smsp__warps_active.avg.per_cycle_active"), STR_CONST("active warps per scheduler"),
     STR_CONST("count")},
    {STR_CONST("smsp__warps_eligible.avg.per_cycle_active"),
     STR_CONST("eligible warps per scheduler"), STR_CONST("count")},
    {STR_CONST("smsp__average_warp_latency_per_inst_issued.ratio"),
     STR_CONST("cycles between instructions of a warp"), STR_CONST("count")},
    {STR_CONST("sm__cycles_active.avg"), STR_CONST("active cycles of an SM"), STR_CONST("count")},
    {STR_CONST("sm__cycles_active.max"), STR_CONST("active cycles of the busiest SM"),
     STR_CONST("count")},
    {STR_CONST("sm__inst_executed_pipe_fp64.avg.pct_of_peak_sustained_active"),
     STR_CONST("FP64 pipe"), STR_CONST("%")},
    {STR_CONST("sm__pipe_fp64_cycles_active.avg.pct_of_peak_sustained_active"),
     STR_CONST("FP64 pipe, busy cycles"), STR_CONST("%")},
    {STR_CONST("sm__pipe_tensor_cycles_active.avg.pct_of_peak_sustained_active"),
     STR_CONST("tensor pipe"), STR_CONST("%")},
    {STR_CONST("launch__block_size"), STR_CONST("threads per block"), STR_CONST("count")},
    {STR_CONST("launch__grid_size"), STR_CONST("blocks"), STR_CONST("count")},
    {STR_CONST("launch__occupancy_limit_barriers"), STR_CONST("occupancy limit by barriers"),
     STR_CONST("blocks")},
    {STR_CONST("gpc__cycles_elapsed.avg.per_second"), STR_CONST("SM clock"), STR_CONST("Hz")},
    {STR_CONST("device__attribute_multiprocessor_count"), STR_CONST("SMs of the device"),
     STR_CONST("count")},
    {STR_CONST("device__attribute_display_name"), STR_CONST("device"), STR_CONST("")},
};

size_t ncu_fact_rows(const NcuFactRow **rows)
{
    *rows = FACTS;
    return sizeof(FACTS) / sizeof(FACTS[0]);
}

/* ------------------------------------------------------------------ launches */

static Str metric_name(const Ncu *in, Str metric)
{
    ProtoField id;
    return ncu_field(metric, 1, PROTO_VARINT, &id) ? ncu_report_string(&in->report, id.value)
                                                   : (Str){0};
}

/* 2025.1 gives some twice, of two passes; ncu shows the second. */
static NcuValue metric_value(const Ncu *in, Str result, Str name)
{
    NcuValue value = {0};
    Proto fields = proto(result);
    for (ProtoField field; proto_next(&fields, &field);)
        if (field.number == NCU_METRIC && field.wire == PROTO_BYTES &&
            str_eq(metric_name(in, field.bytes), name))
            value = ncu_value(proto(ncu_text(field.bytes, 2)));
    return value;
}

static int64_t duration_of(const Ncu *in, Str result)
{
    double ns = metric_value(in, result, DURATION).number;
    return ns > 0 && ns < 9e15 ? llround(ns) : 0;
}

static Str mangled_of(Str result)
{
    Str name = ncu_text(result, NCU_MANGLED);
    return name.len ? name : ncu_text(result, NCU_NAME);
}

void ncu_count_launches(Ncu *in)
{
    in->kernels = intern_new(in->arena);
    for (size_t i = 0; i < in->report.results.len; i++) {
        Str result = in->report.results.items[i];
        int64_t ns = duration_of(in, result);
        uint32_t id = intern_id(&in->kernels, mangled_of(result));
        while (in->launches.len <= id)
            array_push(in->arena, &in->launches);
        NcuLaunches *launches = &in->launches.items[id];
        if (!launches->count++ || ns > launches->longest_ns) {
            launches->longest = i;
            launches->longest_ns = ns;
        }
        launches->total_ns += ns;
    }
}

bool ncu_is_longest(const Ncu *in, const NcuLaunch *launch)
{
    return in->launches.items[launch->kernel].longest == launch->number;
}

/* Not so in reports of Numba's kernels: "cw51cXTLSUwv1kAPW1tQ_3d]" for add[cw51cXTLSUwv1kAPW1tQ=](...). */
static bool is_name(Str name)
{
    for (size_t i = 0; i < name.len; i++)
        if (strchr("[](){}=", name.ptr[i]))
            return false;
    return name.len > 0;
}

static Str name_of(Str result)
{
    Str name = ncu_text(result, NCU_NAME);
    Str plain = is_name(name) ? (Str){0} : kernel_plain_name(ncu_text(result, NCU_DEMANGLED));
    Str mangled = ncu_text(result, NCU_MANGLED);
    return plain.len ? plain : name.len ? name : mangled.len ? mangled : S("(unnamed kernel)");
}

void ncu_read_kernel(Ncu *in, NcuLaunch *launch)
{
    launch->mangled = ncu_text(launch->result, NCU_MANGLED);
    launch->name = name_of(launch->result);
    launch->duration_ns = duration_of(in, launch->result);
    launch->kernel = intern_id(&in->kernels, mangled_of(launch->result));
    Proto fields = proto(launch->result);
    for (ProtoField field; proto_next(&fields, &field);) {
        ProtoField instance;
        if (field.number == NCU_METRIC && field.wire == PROTO_BYTES &&
            str_eq(metric_name(in, field.bytes), S("launch__function_pcs")) &&
            ncu_field(field.bytes, 3, PROTO_BYTES, &instance)) {
            NcuValue start = ncu_value(proto(ncu_text(instance.bytes, 2)));
            launch->start = start.whole;
        }
    }
}

/* ------------------------------------------------------------------ facts */

static void add_number(Ncu *in, const NcuLaunch *launch, Str name, double value, Str unit)
{
    profile_add_fact(in->build, (ProfileFact){.frame = launch->frame,
                                              .name = profile_add_text(in->build, name),
                                              .unit = profile_add_text(in->build, unit),
                                              .value = value});
}

static void add_text(Ncu *in, const NcuLaunch *launch, Str name, Str text)
{
    profile_add_fact(in->build, (ProfileFact){.frame = launch->frame,
                                              .name = profile_add_text(in->build, name),
                                              .text = profile_add_text(in->build, text)});
}

static void add_size(Ncu *in, const NcuLaunch *launch, Str name, uint32_t number)
{
    unsigned long long sizes[3] = {0};
    Str message = ncu_text(launch->result, number);
    ProtoField field;
    if (!message.len)
        return;
    for (uint32_t i = 0; i < 3; i++)
        sizes[i] = ncu_field(message, i + 1, PROTO_VARINT, &field) ? field.value : 0;
    add_text(in, launch, name,
             str_fmt(launch->scratch, "%llu × %llu × %llu", sizes[0], sizes[1], sizes[2]));
}

/* The reason a warp of the kernel waits longest for, in cycles per instruction, as a metric of samples calls it. */
static void add_top_stall(Ncu *in, const NcuLaunch *launch)
{
    static const Str START = STR_CONST("smsp__average_warps_issue_stalled_");
    static const Str END = STR_CONST("_per_issue_active.ratio");
    Str top = {0};
    double most = 0;
    Proto fields = proto(launch->result);
    for (ProtoField field; proto_next(&fields, &field);) {
        if (field.number != NCU_METRIC || field.wire != PROTO_BYTES)
            continue;
        Str name = metric_name(in, field.bytes);
        if (!str_starts(name, START) || !str_ends(name, END) || name.len <= START.len + END.len)
            continue;
        double cycles = ncu_value(proto(ncu_text(field.bytes, 2))).number;
        if (cycles > most && isfinite(cycles)) {
            most = cycles;
            top = str_head(str_from(name, START.len), name.len - START.len - END.len);
        }
    }
    if (top.len && !str_eq(top, S("selected")))
        add_number(in, launch, str_fmt(launch->scratch, "stall_" STR_FMT, STR_ARG(top)), most,
                   S("count"));
}

/* ------------------------------------------------------------------ metrics asked for by name */

typedef struct Asked {
    Ncu *in;
    const NcuLaunch *launch;
    size_t count;
} Asked;

/* ncu says a metric's unit only in its name: l1tex__t_bytes.sum.per_second. */
static Str unit_of(Str metric)
{
    bool is_ratio = str_ends(metric, S(".ratio")) || str_has(metric, S("_per_"));
    if (str_has(metric, S(".pct")) || str_ends(metric, S("_pct")))
        return S("%");
    if (str_has(metric, S(".per_second")))
        return str_has(metric, S("bytes"))    ? S("bytes/s")
               : str_has(metric, S("cycles")) ? S("Hz")
                                              : S("count");
    if (is_ratio)
        return S("count");
    return str_has(metric, S("__time_")) ? S("ns")
           : str_has(metric, S("bytes")) ? S("bytes")
                                         : S("count");
}

static bool is_told(Str metric)
{
    for (size_t i = 0; i < sizeof(FACTS) / sizeof(FACTS[0]); i++)
        if (str_eq(FACTS[i].ncu, metric))
            return true;
    return str_eq(metric, DURATION);
}

static void add_asked(Asked *to, Str name)
{
    NcuValue value = metric_value(to->in, to->launch->result, name);
    bool is_number = value.is_there && !value.is_text && isfinite(value.number);
    if (!is_number || is_told(name) || to->count >= ASKED_MAX)
        return;
    add_number(to->in, to->launch, name, value.number, unit_of(name));
    to->count++;
}

/* "regex:…" and "group:…" are metrics of their own, whose text is the list of what they stand for. */
static void add_asked_all(Asked *to, Str name)
{
    NcuValue list = metric_value(to->in, to->launch->result, name);
    Str rest = list.text, part;
    if (!list.is_text) {
        add_asked(to, name);
        return;
    }
    while (rest.len && to->count < ASKED_MAX) {
        if (!str_cut(rest, ',', &part, &rest)) {
            part = rest;
            rest = (Str){0};
        }
        add_asked(to, str_trim(part));
    }
}

static void add_asked_facts(Ncu *in, const NcuLaunch *launch)
{
    Asked to = {.in = in, .launch = launch};
    Proto result = proto(launch->result);
    for (ProtoField section; proto_next(&result, &section);) {
        if (section.number != NCU_SECTION || section.wire != PROTO_BYTES ||
            !str_starts(ncu_text(section.bytes, SECTION_NAME), S("Command line profiler metrics")))
            continue;
        Proto metrics = proto(ncu_text(section.bytes, SECTION_METRICS));
        for (ProtoField metric; proto_next(&metrics, &metric) && to.count < ASKED_MAX;)
            if (metric.number == 1 && metric.wire == PROTO_BYTES)
                add_asked_all(&to, ncu_text(metric.bytes, 1));
    }
}

/* ------------------------------------------------------------------ all of them */

static void add_facts(Ncu *in, const NcuLaunch *launch, size_t instances)
{
    const NcuLaunches *launches = &in->launches.items[launch->kernel];
    Str full = ncu_text(launch->result, NCU_DEMANGLED);
    add_text(in, launch, S("kernel"), full.len ? full : launch->name);
    if (instances > 1)
        add_number(in, launch, S("template instances"), (double)instances, S("count"));
    add_number(in, launch, S("launches"), (double)launches->count, S("count"));
    if (launches->total_ns)
        add_number(in, launch, S("time of all launches"), (double)launches->total_ns, S("ns"));
    if (launch->duration_ns)
        add_number(in, launch, S("duration"), (double)launch->duration_ns, S("ns"));
    add_size(in, launch, S("grid"), NCU_GRID);
    add_size(in, launch, S("block"), NCU_BLOCK);
    for (size_t i = 0; i < sizeof(FACTS) / sizeof(FACTS[0]); i++) {
        NcuValue value = metric_value(in, launch->result, FACTS[i].ncu);
        if (value.is_text)
            add_text(in, launch, FACTS[i].name, value.text);
        else if (value.is_there && isfinite(value.number))
            add_number(in, launch, FACTS[i].name, value.number, FACTS[i].unit);
    }
    add_top_stall(in, launch);
    add_asked_facts(in, launch);
}

void ncu_take_facts(Ncu *in, const NcuLaunch *launch)
{
    int64_t total_ns = in->launches.items[launch->kernel].total_ns;
    uint32_t *place = idmap_slot(&in->told_of, launch->frame);
    if (!*place) {
        *array_push(in->arena, &in->told) =
            (NcuTold){.frame = launch->frame, .number = launch->number, .total_ns = total_ns};
        *place = (uint32_t)in->told.len;
    }
    NcuTold *told = &in->told.items[*place - 1];
    told->instances++;
    if (total_ns > told->total_ns) {
        told->number = launch->number;
        told->total_ns = total_ns;
    }
}

void ncu_add_facts(Ncu *in)
{
    array_each (NcuTold, told, &in->told) {
        CLEANUP(arena_cleanup) Arena *scratch = arena_new("launch");
        NcuLaunch launch = {.scratch = scratch,
                            .number = told->number,
                            .result = in->report.results.items[told->number],
                            .frame = told->frame};
        ncu_read_kernel(in, &launch);
        add_facts(in, &launch, told->instances);
    }
}
