/*
 * Nsight Compute's .ncu-rep (ncu_report.h): per-instruction numbers onto the lines of the kernel's
 * source, by the line table of the embedded cubin (cubin.h).
 *
 * The stack of an instruction is the launching host stack when the report has one, the kernel, and
 * what was inlined there; its cost is on the innermost line, as in NVIDIA's own source page.
 * An instruction without a line, or a kernel without a line table, costs its function or kernel.
 * Metrics: samples of the program counter (first, when there are any), the kernel's time spread by
 * them, what was executed, memory sectors and wavefronts, and one per stall reason. Numbers of the
 * whole launch (duration, occupancy, throughput) are facts of the kernel, those of its longest
 * launch (ncu_facts.c); ncu's rules are findings at the place they mark (ncu_rules.c).
 */

#include <math.h>

#include "analysis/profile/nvidia/ncu_parts.h"

#define STALL S("smsp__pcsamp_warps_issue_stalled_")

typedef struct SourceMetric {
    Str ncu;
    Str name;
} SourceMetric;

static const SourceMetric SOURCE_METRICS[] = {
    {STR_CONST("inst_executed"), STR_CONST("instructions")},
    {STR_CONST("thread_inst_executed"), STR_CONST("thread_instructions")},
    {STR_CONST("thread_inst_executed_true"), STR_CONST("predicated_on_thread_instructions")},
    {STR_CONST("memory_l2_theoretical_sectors_global"), STR_CONST("global_sectors")},
    {STR_CONST("memory_l2_theoretical_sectors_global_ideal"), STR_CONST("global_sectors_ideal")},
    {STR_CONST("memory_l2_theoretical_sectors_local"), STR_CONST("local_sectors")},
    {STR_CONST("memory_l1_wavefronts_shared"), STR_CONST("shared_wavefronts")},
    {STR_CONST("memory_l1_wavefronts_shared_ideal"), STR_CONST("shared_wavefronts_ideal")},
    {STR_CONST("smsp__branch_targets_threads_divergent"), STR_CONST("divergent_branches")},
    /* as 2020.3 and 2021.1 call them */
    {STR_CONST("memory_l2_sectors_global"), STR_CONST("global_sectors")},
    {STR_CONST("memory_l2_sectors_global_ideal"), STR_CONST("global_sectors_ideal")},
    {STR_CONST("memory_l2_sectors_local"), STR_CONST("local_sectors")},
    {STR_CONST("memory_l1_sectors_shared"), STR_CONST("shared_wavefronts")},
    {STR_CONST("memory_l1_sectors_shared_ideal"), STR_CONST("shared_wavefronts_ideal")},
    /* 2020.2 */
    {STR_CONST("memory_l2_transactions_global"), STR_CONST("global_sectors")},
    {STR_CONST("memory_ideal_l2_transactions_global"), STR_CONST("global_sectors_ideal")},
    {STR_CONST("memory_l2_transactions_local"), STR_CONST("local_sectors")},
    {STR_CONST("memory_shared_transactions"), STR_CONST("shared_wavefronts")},
    {STR_CONST("memory_ideal_shared_transactions"), STR_CONST("shared_wavefronts_ideal")},
};

/* ------------------------------------------------------------------ which metrics there are */

Str ncu_source_metric(Arena *arena, Str ncu)
{
    for (size_t i = 0; i < sizeof(SOURCE_METRICS) / sizeof(SOURCE_METRICS[0]); i++)
        if (str_eq(SOURCE_METRICS[i].ncu, ncu))
            return SOURCE_METRICS[i].name;
    if (!str_starts(ncu, STALL) || str_ends(ncu, S("_not_issued")))
        return (Str){0};
    return str_fmt(arena, "stall_" STR_FMT, STR_ARG(str_from(ncu, STALL.len)));
}

typedef struct Columns {
    IdMap of; /* id of a name in the report to the metric + 1 */
    IdMap is_stall;
    uint64_t samples;                /* id + 1; 0: the report has no count of samples */
    uint64_t space, operation, size; /* id + 1 of what memory is used, and how */
} Columns;

static bool has_list(Str metric)
{
    ProtoField field;
    return ncu_field(metric, 3, PROTO_BYTES, &field);
}

static bool metric_id(Str metric, uint64_t *id)
{
    ProtoField field;
    bool found = ncu_field(metric, 1, PROTO_VARINT, &field);
    *id = found ? field.value : 0;
    return found;
}

static void note_metric(Ncu *in, Columns *columns, Str metric)
{
    uint64_t id;
    if (!metric_id(metric, &id) || idmap_get(&columns->of, id + 1) || !has_list(metric))
        return;
    Str ncu = ncu_report_string(&in->report, id);
    if (str_eq(ncu, S("smsp__pcsamp_sample_count")))
        columns->samples = id + 1;
    else if (str_eq(ncu, S("memory_type")))
        columns->space = id + 1;
    else if (str_eq(ncu, S("memory_access_type")))
        columns->operation = id + 1;
    else if (str_eq(ncu, S("memory_access_size_type")))
        columns->size = id + 1;
    Str name = ncu_source_metric(in->arena, ncu);
    if (!name.len)
        return;
    *array_push(in->arena, &in->named) = (NcuColumn){.id = id, .name = name};
    *idmap_slot(&columns->of, id + 1) = (uint32_t)in->named.len;
    if (str_starts(name, S("stall_")))
        *idmap_slot(&columns->is_stall, id + 1) = 1;
}

static void note_metrics(Ncu *in, Columns *columns)
{
    for (size_t i = 0; i < in->report.results.len; i++) {
        Proto fields = proto(in->report.results.items[i]);
        for (ProtoField field; proto_next(&fields, &field);)
            if (field.number == NCU_METRIC && field.wire == PROTO_BYTES)
                note_metric(in, columns, field.bytes);
        in->report.broken += fields.problem != NULL;
    }
}

/* Samples first, then time, then the rest in the order of the table above, stalls last. */
static void add_metrics(Ncu *in, Columns *columns)
{
    note_metrics(in, columns);
    bool sampled = columns->samples || columns->is_stall.used;
    in->samples = SIZE_MAX;
    if (sampled)
        in->samples = profile_add_metric(in->build, S("gpu_samples"), S("count"), true);
    in->time = profile_add_metric(in->build, S("gpu_time"), S("ns"), sampled);
    for (size_t i = 0; i < sizeof(SOURCE_METRICS) / sizeof(SOURCE_METRICS[0]); i++)
        array_each (NcuColumn, column, &in->named)
            if (str_eq(column->name, SOURCE_METRICS[i].name))
                profile_add_metric(in->build, column->name, S("count"), false);
    array_each (NcuColumn, column, &in->named) {
        bool is_stall = str_starts(column->name, S("stall_"));
        size_t metric = profile_add_metric(in->build, column->name, S("count"), is_stall);
        *idmap_slot(&columns->of, column->id + 1) =
            metric == SIZE_MAX ? UINT32_MAX : (uint32_t)metric + 1;
    }
}

/* ------------------------------------------------------------------ numbers of one launch */

typedef struct Instruction {
    uint64_t pc;
    NcuAccess access;
    int64_t weights[PROFILE_METRICS_MAX];
} Instruction;

typedef struct Instructions {
    Arena *arena;
    Instruction *items;
    size_t len;
    size_t cap;
    IdMap of; /* pc + 1 to number + 1 */
} Instructions;

static Instruction *instruction_at(Instructions *all, uint64_t pc)
{
    uint32_t *slot = idmap_slot(&all->of, pc + 1);
    if (!*slot) {
        array_push(all->arena, all)->pc = pc;
        *slot = (uint32_t)all->len;
    }
    return &all->items[*slot - 1];
}

static int64_t whole(NcuValue value)
{
    if (value.is_text || !(value.number >= 0 && value.number < 9e18))
        return 0;
    return value.whole && value.whole <= INT64_MAX ? (int64_t)value.whole : llround(value.number);
}

static void add_capped(int64_t *sum, int64_t value)
{
    if (__builtin_add_overflow(*sum, value, sum))
        *sum = INT64_MAX;
}

/* Adds a list of (address, value) to one metric, and to a second one. */
static void take_list(Instructions *all, Proto metric, size_t column, size_t also)
{
    for (ProtoField field; proto_next(&metric, &field);) {
        if (field.number != 3 || field.wire != PROTO_BYTES)
            continue;
        NcuValue pc = ncu_value(proto(ncu_text(field.bytes, 1)));
        int64_t value = whole(ncu_value(proto(ncu_text(field.bytes, 2))));
        if (!pc.is_there || pc.is_text)
            continue;
        Instruction *at = instruction_at(all, pc.whole);
        add_capped(&at->weights[column], value);
        if (also != SIZE_MAX)
            add_capped(&at->weights[also], value);
    }
}

static void take_access(Instructions *all, const Columns *columns, uint64_t column, Proto metric)
{
    for (ProtoField field; proto_next(&metric, &field);) {
        if (field.number != 3 || field.wire != PROTO_BYTES)
            continue;
        NcuValue pc = ncu_value(proto(ncu_text(field.bytes, 1)));
        NcuValue bits = ncu_value(proto(ncu_text(field.bytes, 2)));
        if (!pc.is_there || pc.is_text || !bits.whole || bits.whole > UINT8_MAX)
            continue;
        NcuAccess *access = &instruction_at(all, pc.whole)->access;
        uint8_t *to = column == columns->space       ? &access->space
                      : column == columns->operation ? &access->operation
                                                     : &access->size;
        *to = (uint8_t)bits.whole;
    }
}

static bool counts_samples(const Columns *columns, Str result)
{
    Proto fields = proto(result);
    uint64_t id;
    for (ProtoField field; columns->samples && proto_next(&fields, &field);)
        if (field.number == NCU_METRIC && field.wire == PROTO_BYTES &&
            metric_id(field.bytes, &id) && id + 1 == columns->samples && has_list(field.bytes))
            return true;
    return false;
}

/* Reports of 2020 have no count of samples; every sample has one stall reason, though. */
static Instructions take_metrics(const Ncu *in, const Columns *columns, const NcuLaunch *launch)
{
    Instructions all = {.arena = launch->scratch, .of = idmap_new(launch->scratch)};
    bool counted = counts_samples(columns, launch->result), taken[PROFILE_METRICS_MAX] = {0};
    Proto fields = proto(launch->result);
    for (ProtoField field; proto_next(&fields, &field);) {
        uint64_t id;
        if (field.number != NCU_METRIC || field.wire != PROTO_BYTES || !metric_id(field.bytes, &id))
            continue;
        Proto metric = proto_inside(&fields, field.bytes);
        uint32_t column = idmap_get(&columns->of, id + 1);
        bool is_samples = !counted && idmap_get(&columns->is_stall, id + 1);
        if (counted && id + 1 == columns->samples)
            take_list(&all, metric, in->samples, SIZE_MAX);
        else if (id + 1 == columns->space || id + 1 == columns->operation ||
                 id + 1 == columns->size)
            take_access(&all, columns, id + 1, metric);
        else if (column && column != UINT32_MAX && has_list(field.bytes) && !taken[column - 1]) {
            taken[column - 1] = true; /* a version that gives it under two names */
            take_list(&all, metric, column - 1, is_samples ? in->samples : SIZE_MAX);
        }
    }
    return all;
}

/* The kernel's time over its instructions by samples, to the last nanosecond. False: no samples. */
static bool spread_time(const Ncu *in, const NcuLaunch *launch, Instructions *all)
{
    double samples = 0;
    int64_t given = 0;
    Instruction *most = all->items;
    for (size_t i = 0; in->samples != SIZE_MAX && i < all->len; i++)
        samples += (double)all->items[i].weights[in->samples];
    if (!(samples > 0))
        return false;
    for (size_t i = 0; i < all->len; i++) {
        int64_t *weights = all->items[i].weights;
        weights[in->time] =
            (int64_t)((double)launch->duration_ns * ((double)weights[in->samples] / samples));
        given += weights[in->time];
        if (weights[in->samples] > most->weights[in->samples])
            most = &all->items[i];
    }
    most->weights[in->time] += launch->duration_ns - given;
    return true;
}

static void add_samples(Ncu *in, NcuLaunch *launch, Instructions *all)
{
    if (!spread_time(in, launch, all)) {
        int64_t weights[PROFILE_METRICS_MAX] = {0};
        weights[in->time] = launch->duration_ns;
        uint32_t stack = profile_add_stack(in->build, launch->host, launch->frame);
        profile_add_sample(in->build, (ProfileSample){.stack = stack, .count = 1}, weights);
    }
    for (size_t i = 0; i < all->len; i++) {
        const Instruction *at = &all->items[i];
        int64_t samples = in->samples == SIZE_MAX ? 0 : at->weights[in->samples];
        ProfileSample sample = {.stack = ncu_stack(in, launch, at->pc, samples),
                                .count = (uint64_t)samples};
        profile_add_sample(in->build, sample, at->weights);
    }
}

static void add_accesses(Ncu *in, const NcuLaunch *launch, const Instructions *all)
{
    for (size_t i = 0; i < all->len; i++) {
        const Instruction *at = &all->items[i];
        if (!at->access.space)
            continue;
        NcuPlace place = ncu_place(launch, at->pc);
        ncu_access_add(&in->accesses, launch->frame, profile_add_text(in->build, place.file),
                       place.line, at->access);
    }
}

static void note_lines(Ncu *in, const NcuLaunch *launch, size_t instructions)
{
    if (!instructions)
        profile_note(in->build,
                     STR_FMT ": no numbers per line; ncu collects them with --section "
                             "SourceCounters, or --set full",
                     STR_ARG(launch->name));
    else if (!launch->cubin->has_lines)
        profile_note(in->build,
                     STR_FMT ": built without -lineinfo, so its numbers are the whole kernel's",
                     STR_ARG(launch->name));
    else if (launch->unmapped)
        profile_note(
            in->build, STR_FMT ": %llu instructions of " STR_FMT " with %lld samples have no line",
            STR_ARG(launch->name), (unsigned long long)launch->unmapped,
            STR_ARG(launch->unmapped_in.len ? launch->unmapped_in : S("an unknown function")),
            (long long)launch->unmapped_samples);
}

static void take_result(Ncu *in, const Columns *columns, size_t number)
{
    CLEANUP(arena_cleanup) Arena *scratch = arena_new("launch");
    NcuLaunch launch = {
        .scratch = scratch, .number = number, .result = in->report.results.items[number]};
    ncu_read_kernel(in, &launch);
    ncu_find_lines(in, &launch);
    Instructions all = take_metrics(in, columns, &launch);
    add_samples(in, &launch, &all);
    ncu_take_rules(in, &launch);
    if (ncu_is_longest(in, &launch)) {
        note_lines(in, &launch, all.len);
        add_accesses(in, &launch, &all);
        ncu_take_facts(in, &launch);
    }
}

/* With --import-source a report carries the texts its lines belong to. */
static void add_sources(Ncu *in)
{
    array_each (NcuSource, source, &in->report.sources)
        array_each (NcuFile, file, &source->files)
            if (file->name.len && file->content.len)
                profile_add_source(in->build,
                                   (ProfileSource){profile_add_text(in->build, file->name),
                                                   profile_add_text(in->build, file->content)});
}

static bool has_others(const NcuReport *report)
{
    uint64_t count = 0;
    for (size_t i = 0; i < NCU_OTHERS; i++)
        count |= report->others[i];
    return count != 0;
}

/* Results that are not of a single kernel, and have no lines. */
static void note_others(Ncu *in)
{
    static const char *const KINDS[NCU_OTHERS] = {
        [NCU_RANGES] = "ranges of launches (--replay-mode range)",
        [NCU_COMMAND_LISTS] = "command lists",
        [NCU_GRAPHS] = "CUDA graphs as a whole (--graph-profiling graph)",
        [NCU_UNKNOWN] = "a kind not known here",
    };
    for (size_t i = 0; i < NCU_OTHERS; i++)
        if (in->report.others[i])
            profile_note(in->build, "%llu results of %s are not read, only those of kernels",
                         (unsigned long long)in->report.others[i], KINDS[i]);
}

bool read_ncu(Arena *arena, Str bytes, Profile *out, Err *err)
{
    Ncu in = {.arena = arena,
              .build = profile_builder_new(arena),
              .cubin_of = idmap_new(arena),
              .told_of = idmap_new(arena),
              .said_keys = intern_new(arena),
              .accesses = ncu_accesses_new(arena)};
    Columns columns = {.of = idmap_new(arena), .is_stall = idmap_new(arena)};
    if (!ncu_report_read(arena, bytes, &in.report, err))
        return false;
    if (!in.report.results.len)
        return err_set(err, ERR_INPUT, "a report without a profiled kernel%s%s",
                       has_others(&in.report) ? ", only ranges, graphs or command lists" : "",
                       in.report.cut ? ", and cut off" : "");
    ncu_count_launches(&in);
    add_metrics(&in, &columns);
    for (size_t i = 0; i < in.report.results.len; i++)
        take_result(&in, &columns, i);
    ncu_add_facts(&in);
    ncu_add_findings(&in);
    ncu_access_findings(&in.accesses, in.build);
    note_others(&in);
    add_sources(&in);
    if (in.report.cut)
        profile_note(in.build, "the report is cut off; %zu launches could be read",
                     in.report.results.len);
    profile_note_count(in.build, in.report.broken, "part of the report", "parts of the report",
                       "could not be read");
    *out = profile_build(in.build, S("ncu"), S("ncu report"));
    return true;
}
