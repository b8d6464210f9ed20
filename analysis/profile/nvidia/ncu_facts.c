/*
 * Nsight Compute's numbers of a whole launch, as facts of its kernel, and the verdicts of its rules,
 * as findings at the lines they mark. Of several launches of a kernel the longest is told.
 */

#include <math.h>

#include "analysis/profile/nvidia/ncu_parts.h"
#include "base/strbuf.h"

enum {
    /* RuleResult and what is in it */
    RULE_NAME = 2,
    RULE_BODY = 3,
    RULE_MARKER = 5,
    ITEM_MESSAGE = 1,
    ITEM_SPEEDUP = 10,
    TYPE_WARNING = 2,
    TYPE_ERROR = 3,
    TYPE_OPTIMIZATION = 4,
    MARKERS_MAX = 1000,
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
    {STR_CONST("launch__local_mem_per_thread"), STR_CONST("local memory per thread"),
     STR_CONST("bytes")},
    {STR_CONST("smsp__sass_inst_executed_op_local.sum"),
     STR_CONST("local memory instructions (spills)"), STR_CONST("count")},
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

static NcuValue metric_value(const Ncu *in, Str result, Str name)
{
    Proto fields = proto(result);
    for (ProtoField field; proto_next(&fields, &field);)
        if (field.number == NCU_METRIC && field.wire == PROTO_BYTES &&
            str_eq(metric_name(in, field.bytes), name))
            return ncu_value(proto(ncu_text(field.bytes, 2)));
    return (NcuValue){0};
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
    Intern *kernels = (Intern *)(uintptr_t)&in->kernels; /* known already: nothing is added */
    return in->launches.items[intern_id(kernels, mangled_of(launch->result))].longest ==
           launch->number;
}

void ncu_read_kernel(Ncu *in, NcuLaunch *launch)
{
    launch->mangled = ncu_text(launch->result, NCU_MANGLED);
    launch->name = ncu_text(launch->result, NCU_NAME);
    if (!launch->name.len)
        launch->name = launch->mangled.len ? launch->mangled : S("(unnamed kernel)");
    launch->duration_ns = duration_of(in, launch->result);
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

void ncu_add_facts(Ncu *in, const NcuLaunch *launch)
{
    Intern *kernels = &in->kernels;
    const NcuLaunches *launches =
        &in->launches.items[intern_id(kernels, mangled_of(launch->result))];
    Str full = ncu_text(launch->result, NCU_DEMANGLED);
    if (full.len)
        add_text(in, launch, S("kernel"), full);
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
}

/* ------------------------------------------------------------------ rules */

/* ncu marks links: "@section:Occupancy:Occupancy@", "@url:Guide:https://...@"; the label stays. */
static Str plain(Arena *arena, Str text)
{
    StrBuf out = strbuf_new(arena);
    while (text.len) {
        Str before, rest, mark, after, kind, label, target;
        bool has_mark = str_cut(text, '@', &before, &rest) && str_cut(rest, '@', &mark, &after) &&
                        str_cut(mark, ':', &kind, &label) && str_cut(label, ':', &label, &target);
        if (!has_mark) {
            strbuf_add(&out, text);
            break;
        }
        strbuf_add(&out, before);
        strbuf_add(&out, str_eq(kind, S("url")) ? label : target);
        text = after;
    }
    return str_trim(strbuf_str(&out));
}

static FindingKind kind_of_type(uint64_t type)
{
    switch (type) {
    case TYPE_WARNING:
    case TYPE_ERROR:
        return FINDING_WARNING;
    case TYPE_OPTIMIZATION:
        return FINDING_OPTIMIZATION;
    default:
        return FINDING_NOTE;
    }
}

/* What one rule says in all its parts. */
typedef struct Rule {
    StrBuf message;
    FindingKind kind;
    double speedup;
} Rule;

static void take_item(Rule *rule, Arena *arena, Str item)
{
    Str message = ncu_text(item, ITEM_MESSAGE);
    ProtoField field;
    if (message.len) {
        FindingKind kind =
            kind_of_type(ncu_field(message, 2, PROTO_VARINT, &field) ? field.value : 0);
        if (kind > rule->kind)
            rule->kind = kind;
        strbuf_fmt(&rule->message, "%s" STR_FMT, rule->message.len ? " " : "",
                   STR_ARG(plain(arena, ncu_text(message, 1))));
    }
    if (ncu_field(ncu_text(item, ITEM_SPEEDUP), 2, PROTO_FIXED64, &field)) {
        double percent = ncu_double(field.value);
        if (percent > rule->speedup && percent < 1e6)
            rule->speedup = percent;
    }
}

static void add_finding(Ncu *in, const NcuLaunch *launch, Str name, const Rule *rule)
{
    profile_add_finding(in->build, (ProfileFinding){.frame = launch->frame,
                                                    .rule = profile_add_text(in->build, name),
                                                    .message = profile_add_text(
                                                        in->build, strbuf_str(&rule->message)),
                                                    .kind = rule->kind,
                                                    .speedup = rule->speedup});
}

/* Markers point at single instructions; those of one line with one text are told once. */
static void add_marker(Ncu *in, const NcuLaunch *launch, Str name, const Rule *rule, Str marker,
                       Intern *told)
{
    ProtoField field;
    NcuPlace place = {.file = ncu_text(marker, 6)};
    Str text = plain(launch->scratch, ncu_text(marker, 4));
    if (ncu_field(marker, 2, PROTO_VARINT, &field) && field.value <= INT32_MAX)
        place.line = (uint32_t)field.value;
    else if (ncu_field(marker, 3, PROTO_VARINT, &field))
        place = ncu_place(launch, field.value);
    size_t known = told->count;
    Str key = str_fmt(launch->scratch, STR_FMT ":%u " STR_FMT, STR_ARG(place.file), place.line,
                      STR_ARG(text));
    if (!place.line || !text.len || intern_id(told, key) < known)
        return;
    profile_add_finding(in->build, (ProfileFinding){.frame = launch->frame,
                                                    .file = profile_add_text(in->build, place.file),
                                                    .line = place.line,
                                                    .rule = profile_add_text(in->build, name),
                                                    .message = profile_add_text(in->build, text),
                                                    .kind = rule->kind});
}

static void take_rule(Ncu *in, const NcuLaunch *launch, Str message)
{
    Rule rule = {.message = strbuf_new(launch->scratch)};
    Str name = ncu_text(message, RULE_NAME);
    Proto items = proto(ncu_text(message, RULE_BODY));
    for (ProtoField field; proto_next(&items, &field);)
        if (field.number == 1 && field.wire == PROTO_BYTES)
            take_item(&rule, launch->scratch, field.bytes);
    if (!rule.message.len)
        return;
    add_finding(in, launch, name, &rule);
    Intern told = intern_new(launch->scratch);
    Proto fields = proto(message);
    for (ProtoField field; proto_next(&fields, &field) && told.count < MARKERS_MAX;)
        if (field.number == RULE_MARKER && field.wire == PROTO_BYTES)
            add_marker(in, launch, name, &rule, field.bytes, &told);
}

void ncu_add_findings(Ncu *in, const NcuLaunch *launch)
{
    Proto fields = proto(launch->result);
    for (ProtoField field; proto_next(&fields, &field);)
        if (field.number == NCU_RULE && field.wire == PROTO_BYTES)
            take_rule(in, launch, field.bytes);
}
