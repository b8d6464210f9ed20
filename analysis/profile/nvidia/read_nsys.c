/*
 * Nsight Systems exports (`nsys export -t sqlite`), every schema since 2021: kernels, copies, calls
 * of the CUDA API, CPU samples (nsys_parts.h has the parts).
 *
 * Costs are times on the device (gpu_time of kernels, gpu_copy_time) and on the host (cuda_api_time;
 * gpu_wait_time is the part of it in calls that wait). What runs on the device has the stack that
 * launched it, when there is one: the ranges the program named (NVTX), then the call chain. nsys
 * knows no source lines: host addresses are looked up by symbolize.h, kernels by their names in the
 * workspace (kernels.h).
 *
 * All tables are read once, side by side, in the order of time (nsys_sweep.h).
 */

#include <stdlib.h>

#include "analysis/profile/kernel_name.h"
#include "analysis/profile/nvidia/nsys_parts.h"
#include "base/path.h"
#include "base/strbuf.h"

enum {
    STREAMS_TOLD = 6, /* the busiest */
};

/* ------------------------------------------------------------------ calls of the CUDA API */

static const NsysName *name_row(Nsys *in, int64_t name_id)
{
    uint32_t *slot = idmap_slot(&in->name_of, (uint64_t)name_id + 1);
    if (!*slot) {
        Str name = nsys_call_name(nsys_db_string(in->db, name_id));
        ProfileFrame frame = {.function = profile_add_text(in->build, name),
                              .module = profile_add_text(in->build, S("CUDA")),
                              .kind = FRAME_NATIVE};
        *array_push(in->arena, &in->names) =
            (NsysName){.text = frame.function,
                       .frame = profile_add_frame(in->build, frame),
                       .waits = gpu_call_waits(name),
                       .launches = nsys_call_launches(name)};
        *slot = (uint32_t)in->names.len;
    }
    return &in->names.items[*slot - 1];
}

static void add_call(Nsys *in, NsysThread *thread, const NsysCall *call, const NsysName *name,
                     uint32_t host)
{
    int64_t weights[PROFILE_METRICS_MAX] = {0}, ns = nsys_lasting(call->start, call->end);
    weights[in->metric.api_time] = ns;
    if (name->waits) {
        weights[in->metric.wait_time] = ns;
        nsys_add_wait(in,
                      (NsysOpenWait){.process = in->any_process ? 0 : thread->process,
                                     .start = call->start,
                                     .end = call->end,
                                     .frame = host ? profile_added_frame(in->build, host) + 1 : 0,
                                     .call = name->text});
    }
    profile_add_sample(in->build,
                       (ProfileSample){.stack = profile_add_stack(in->build, host, name->frame),
                                       .thread = nsys_host_thread(in, thread, call->thread),
                                       .count = 1},
                       weights);
}

static void take_call(Nsys *in, const NsysRow *row)
{
    const int64_t *value = row->value;
    NsysThread *thread = nsys_thread_row(in, value[NSYS_PROCESS]);
    NsysCall call = {value[NSYS_START], value[NSYS_END], value[NSYS_PROCESS], value[NSYS_LAUNCHED]};
    if (nsys_call_repeats(&thread->last, &call))
        return;
    thread->last = call;
    const NsysName *name = name_row(in, value[NSYS_NAME]);
    uint32_t host = nsys_host_stack(in, thread, call.start, row);
    if (name->launches && !nsys_is_null(row, NSYS_LAUNCHED))
        nsys_add_launch(in, in->any_process ? 0 : thread->process, call.correlation,
                        (NsysLaunch){.start = call.start,
                                     .host = host,
                                     .range = nsys_range_text(thread, call.start)});
    add_call(in, thread, &call, name, host);
    nsys_idle_call(in, in->any_process ? 0 : thread->process, name->text, call.start, call.end);
}

/* ------------------------------------------------------------------ kernels */

/*
 * What sets kernels of one short name apart: their namespaces, and for a library's kernel which lambda
 * of the user it runs. Instances of a template are one kernel: they have the same lines.
 */
static uint32_t kernel_module(Nsys *in, uint32_t name, const NsysRow *row)
{
    if (nsys_is_null(row, NSYS_FULL))
        return name;
    Str text = profile_added_text(in->build, nsys_text(in, row->value[NSYS_FULL])), function;
    Str module = kernel_qualified_name(in->arena, kernel_name(text).qualified);
    uint32_t number;
    if (kernel_lambda(text, &function, &number))
        module = str_fmt(in->arena, STR_FMT "[lambda %u of " STR_FMT "]", STR_ARG(module), number,
                         STR_ARG(function));
    return module.len ? profile_add_text(in->build, module) : name;
}

static uint32_t kernel_of_frame(const Nsys *in, uint32_t frame)
{
    for (size_t i = 0; i < in->kernels.len; i++)
        if (in->kernels.items[i].frame == frame)
            return (uint32_t)i + 1;
    return 0;
}

static uint32_t kernel_number(Nsys *in, const NsysRow *row)
{
    bool has_full = !nsys_is_null(row, NSYS_FULL);
    int64_t name = row->value[nsys_is_null(row, NSYS_SHORT) ? NSYS_FULL : NSYS_SHORT];
    int64_t full = has_full ? row->value[NSYS_FULL] : 0;
    uint32_t *slot = idmap_slot(&in->kernel_of, idmap_pair((uint32_t)name + 1, (uint32_t)full));
    if (!*slot) {
        uint32_t text = nsys_text(in, name), module = kernel_module(in, text, row);
        uint32_t frame = profile_add_frame(
            in->build, (ProfileFrame){.function = text, .module = module, .kind = FRAME_GPU});
        *slot = kernel_of_frame(in, frame);
        if (*slot)
            return *slot - 1;
        *array_push(in->arena, &in->kernels) =
            (NsysKernel){.frame = frame,
                         .name = text,
                         .full = has_full ? nsys_text(in, full) : 0,
                         .shortest_ns = INT64_MAX,
                         .longest_ns = -1};
        *slot = (uint32_t)in->kernels.len;
    }
    return *slot - 1;
}

static void count_kernel(NsysKernel *kernel, const NsysRow *row, int64_t ns)
{
    kernel->launches++;
    kernel->total_ns = nsys_sum(kernel->total_ns, ns);
    if (ns < kernel->shortest_ns)
        kernel->shortest_ns = ns;
    if (ns <= kernel->longest_ns)
        return;
    kernel->longest_ns = ns;
    kernel->longest_row = row->value[NSYS_ROW];
}

uint64_t nsys_work_process(const Nsys *in, const NsysRow *row)
{
    return in->any_process ? 0 : nsys_process(row->value[NSYS_PROCESS]);
}

void nsys_add_work(Nsys *in, const NsysRow *row, const NsysEarly *work, const NsysLaunch *launch)
{
    int64_t weights[PROFILE_METRICS_MAX] = {0};
    if (!launch && row->value[NSYS_LAUNCHED] && in->metric.api_time != SIZE_MAX) {
        nsys_add_early(in, nsys_work_process(in, row), row->value[NSYS_LAUNCHED], *work);
        return;
    }
    weights[work->is_kernel ? in->metric.gpu_time : in->metric.copy_time] = work->weights[0];
    if (!work->is_kernel)
        weights[in->metric.copy_bytes] = work->weights[1];
    profile_add_sample(in->build,
                       (ProfileSample){.stack = profile_add_stack(
                                           in->build, launch ? launch->host : 0, work->frame),
                                       .thread = work->thread,
                                       .count = 1},
                       weights);
}

static void take_kernel(Nsys *in, const NsysRow *row)
{
    const int64_t *value = row->value;
    int64_t start = value[NSYS_START], end = value[NSYS_END], ns = nsys_lasting(start, end);
    uint64_t process = nsys_work_process(in, row);
    uint32_t number = kernel_number(in, row);
    NsysKernel *kernel = &in->kernels.items[number];
    NsysEarly work = {.frame = kernel->frame,
                      .thread = nsys_stream_thread(in, value[NSYS_PROCESS], value[NSYS_DEVICE],
                                                   value[NSYS_STREAM]),
                      .weights = {ns},
                      .is_kernel = true};
    const NsysLaunch *launch = nsys_launch(in, process, value[NSYS_LAUNCHED]);
    nsys_add_work(in, row, &work, launch);
    count_kernel(kernel, row, ns);
    nsys_wait_kernel(in, process, start, end, number);
    nsys_idle_work(in, &(NsysWork){.kind = NSYS_KERNEL,
                                   .process = process,
                                   .device = value[NSYS_DEVICE],
                                   .stream = value[NSYS_STREAM],
                                   .start = start,
                                   .end = end,
                                   .name = kernel->name,
                                   .launch = launch});
}

/* ------------------------------------------------------------------ facts */

enum {
    D_REGISTERS,
    D_GRID,
    D_BLOCK = D_GRID + 3,
    D_STATIC = D_BLOCK + 3,
    D_DYNAMIC,
    D_COUNT,
};

static const char *const DETAILS[] = {
    "registersPerThread",
    "gridX",
    "gridY",
    "gridZ",
    "blockX",
    "blockY",
    "blockZ",
    "staticSharedMemory",
    "dynamicSharedMemory",
    NULL,
};

static void add_number(Nsys *in, uint32_t frame, Str name, double value, Str unit)
{
    profile_add_fact(in->build, (ProfileFact){.frame = frame,
                                              .name = profile_add_text(in->build, name),
                                              .unit = profile_add_text(in->build, unit),
                                              .value = value});
}

static void add_text(Nsys *in, uint32_t frame, Str name, uint32_t text)
{
    profile_add_fact(
        in->build,
        (ProfileFact){.frame = frame, .name = profile_add_text(in->build, name), .text = text});
}

static void add_size(Nsys *in, uint32_t frame, Str name, const int64_t size[3])
{
    Str text = str_fmt(in->arena, "%lld × %lld × %lld", (long long)size[0], (long long)size[1],
                       (long long)size[2]);
    add_text(in, frame, name, profile_add_text(in->build, text));
}

/* Of the longest launch. */
static void add_details(Nsys *in, const NsysKernel *kernel)
{
    uint32_t frame = kernel->frame, nulls = 0;
    int64_t value[D_COUNT] = {0};
    NsysRows rows =
        nsys_db_rows_of(in->db, nsys_table(NSYS_KERNEL), DETAILS, "rowid", kernel->longest_row);
    if (!nsys_rows_numbers(&rows, value, &nulls))
        return;
    nsys_rows_end(&rows);
    if (!(nulls >> D_GRID & 1))
        add_size(in, frame, S("grid"), &value[D_GRID]);
    if (!(nulls >> D_BLOCK & 1))
        add_size(in, frame, S("block"), &value[D_BLOCK]);
    if (!(nulls >> D_REGISTERS & 1))
        add_number(in, frame, S("registers per thread"), (double)value[D_REGISTERS], S("count"));
    if (!(nulls >> D_STATIC & 1))
        add_number(in, frame, S("static shared memory per block"), (double)value[D_STATIC],
                   S("bytes"));
    if (!(nulls >> D_DYNAMIC & 1))
        add_number(in, frame, S("dynamic shared memory per block"), (double)value[D_DYNAMIC],
                   S("bytes"));
}

static void add_facts(Nsys *in)
{
    array_each (NsysKernel, kernel, &in->kernels) {
        uint32_t frame = kernel->frame;
        if (kernel->full)
            add_text(in, frame, S("kernel"), kernel->full);
        add_number(in, frame, S("launches"), (double)kernel->launches, S("count"));
        add_number(in, frame, S("time of all launches"), (double)kernel->total_ns, S("ns"));
        add_number(in, frame, S("duration"), (double)kernel->longest_ns, S("ns"));
        add_number(in, frame, S("shortest launch"), (double)kernel->shortest_ns, S("ns"));
        add_details(in, kernel);
        if (kernel->waited_ns)
            add_number(in, frame, S("host waits for it"), (double)kernel->waited_ns, S("ns"));
    }
}

/* ------------------------------------------------------------------ streams */

static double part_of(int64_t part, int64_t whole)
{
    return whole > 0 ? (double)part / (double)whole * 100 : 0;
}

/* ", 12 copies for 1.2 ms (13 %)": what copies take is no kernel's time. */
static void add_work(StrBuf *out, const char *what, const char *more, uint64_t count, int64_t ns,
                     int64_t span)
{
    if (count)
        strbuf_fmt(out, "%s%llu %s for %.4g ms (%.3g %%)", out->len ? ", " : "",
                   (unsigned long long)count, count == 1 ? what : more, (double)ns * 1e-6,
                   part_of(ns, span));
}

static void tell_device(Nsys *in, const GpuDevice *device)
{
    int64_t span = device->until - device->first;
    StrBuf copies = strbuf_new(in->arena);
    if (device->copy_ns)
        strbuf_fmt(&copies,
                   ", with copies and fills for %.4g ms (%.3g %%), %.3g %% of that beside kernels",
                   (double)device->copy_ns * 1e-6, part_of(device->copy_ns, span),
                   part_of(device->copies_beside_ns, device->copy_ns));
    if (device->kernels_sum_ns > device->kernel_ns)
        profile_note(in->build,
                     "GPU %lld: kernels ran %.4g ms in all, at once for a part of it: the device "
                     "was busy with them for %.4g of %.4g ms" STR_FMT,
                     (long long)device->device, (double)device->kernels_sum_ns * 1e-6,
                     (double)device->kernel_ns * 1e-6, (double)span * 1e-6,
                     STR_ARG(strbuf_str(&copies)));
    else if (device->streams > 1)
        profile_note(in->build, "GPU %lld: busy with kernels for %.4g of %.4g ms (%.3g %%)" STR_FMT,
                     (long long)device->device, (double)device->kernel_ns * 1e-6,
                     (double)span * 1e-6, part_of(device->kernel_ns, span),
                     STR_ARG(strbuf_str(&copies)));
}

static void tell_stream(Nsys *in, const GpuStream *stream)
{
    int64_t span = stream->until - stream->first;
    Str reason = gpu_stream_reason(in->arena, stream);
    Str pause = gpu_stream_pause(in->arena, stream);
    StrBuf work = strbuf_new(in->arena);
    add_work(&work, "kernel", "kernels", stream->kernels, stream->kernel_ns, span);
    add_work(&work, "copy", "copies", stream->copies, stream->copy_ns, span);
    add_work(&work, "fill", "fills", stream->fills, stream->fill_ns, span);
    profile_note(in->build, "GPU %lld stream %lld: in %.4g ms " STR_FMT "; " STR_FMT "%s" STR_FMT,
                 (long long)stream->device, (long long)stream->stream, (double)span * 1e-6,
                 STR_ARG(strbuf_str(&work)), STR_ARG(reason), reason.len ? "; " : "",
                 STR_ARG(pause));
}

static int by_busy(const void *a, const void *b)
{
    const GpuStream *left = a, *right = b;
    if (left->busy_ns != right->busy_ns)
        return left->busy_ns < right->busy_ns ? 1 : -1;
    return (left->first > right->first) - (left->first < right->first);
}

static void tell_timeline(Nsys *in, const GpuTimeline *timeline)
{
    size_t len = timeline->streams_len;
    GpuStream *streams = NEW_ARRAY(in->arena, GpuStream, len + 1);
    for (size_t i = 0; i < len; i++)
        streams[i] = timeline->streams[i];
    if (len)
        qsort(streams, len, sizeof(*streams), by_busy);
    for (size_t i = 0; i < timeline->devices_len; i++)
        tell_device(in, &timeline->devices[i]);
    for (size_t i = 0; i < len && i < STREAMS_TOLD; i++)
        tell_stream(in, &streams[i]);
    profile_note_count(in->build, len > STREAMS_TOLD ? len - STREAMS_TOLD : 0, "more stream was",
                       "more streams were", "less busy: `perfloop dump timeline FILE` shows all");
}

/* ------------------------------------------------------------------ all of it */

static void add_metrics(Nsys *in)
{
    ProfileBuilder *build = in->build;
    NsysMetrics *metric = &in->metric;
    *metric = (NsysMetrics){SIZE_MAX, SIZE_MAX, SIZE_MAX, SIZE_MAX, SIZE_MAX, SIZE_MAX, SIZE_MAX};
    if (nsys_db_has(in->db, nsys_table(NSYS_KERNEL)))
        metric->gpu_time = profile_add_metric(build, S("gpu_time"), S("ns"), false);
    if (nsys_db_has(in->db, "SAMPLING_CALLCHAINS")) {
        metric->cpu_samples = profile_add_metric(build, S("cpu_samples"), S("count"), true);
        metric->cpu_cycles = profile_add_metric(build, S("cpu_cycles"), S("count"), true);
    }
    if (nsys_db_has(in->db, nsys_table(NSYS_CALL))) {
        metric->api_time = profile_add_metric(build, S("cuda_api_time"), S("ns"), false);
        metric->wait_time = profile_add_metric(build, S("gpu_wait_time"), S("ns"), false);
    }
    if (nsys_db_has(in->db, nsys_table(NSYS_COPY)) || nsys_db_has(in->db, nsys_table(NSYS_FILL))) {
        metric->copy_time = profile_add_metric(build, S("gpu_copy_time"), S("ns"), false);
        metric->copy_bytes = profile_add_metric(build, S("copied"), S("bytes"), false);
    }
}

static Str version_of(Nsys *in)
{
    static const char *const TABLES[] = {"META_DATA_EXPORT", "EXPORT_META_DATA"};
    static const char *const COLUMNS[] = {"name", "value", NULL};
    for (size_t i = 0; i < 2; i++) {
        NsysRows rows = nsys_db_rows(in->db, TABLES[i], COLUMNS, NULL);
        Str found = {0};
        for (NsysValue value[2]; nsys_rows_next(&rows, value);)
            if (str_eq(value[0].text, S("EXPORT_SCHEMA_VERSION")))
                found = str_copy(in->arena, value[1].text);
        if (found.len)
            return found;
    }
    return (Str){0};
}

static void take_row(Nsys *in, NsysKind kind, const NsysRow *row)
{
    if (kind == NSYS_RANGE)
        nsys_take_range(in, row);
    else if (kind == NSYS_CALL)
        take_call(in, row);
    else if (kind == NSYS_SAMPLE)
        nsys_take_cpu_sample(in, row);
    else if (kind == NSYS_KERNEL)
        take_kernel(in, row);
    else
        nsys_take_copy(in, row, kind == NSYS_FILL);
}

static void sweep_tables(Nsys *in)
{
    static const uint32_t KINDS = 1u << NSYS_RANGE | 1u << NSYS_CALL | 1u << NSYS_SAMPLE |
                                  1u << NSYS_KERNEL | 1u << NSYS_COPY | 1u << NSYS_FILL;
    NsysSweep *sweep = nsys_sweep_new(in->arena, in->db, KINDS, false);
    NsysKind kind;
    nsys_sampled_begin(in);
    for (const NsysRow *row; (row = nsys_sweep_next(sweep, &kind));)
        take_row(in, kind, row);
    nsys_sweep_end(sweep);
    nsys_sampled_end(in);
    nsys_launches_end(in);
}

static bool read_tables(Nsys *in, GpuTimeline *timeline, Err *err)
{
    if (!nsys_db_has(in->db, "StringIds"))
        return err_set(err, ERR_UNSUPPORTED,
                       "a SQLite file, but no export of Nsight Systems: it has no table StringIds");
    add_metrics(in);
    if (!profile_builder_metrics(in->build))
        return err_set(err, ERR_INPUT,
                       "an export of Nsight Systems%s" STR_FMT
                       " without kernels, CUDA calls or CPU samples: record with `nsys profile "
                       "-t cuda --sample=process-tree`",
                       version_of(in).len ? " of schema " : "", STR_ARG(version_of(in)));
    in->any_process = nsys_db_has(in->db, nsys_table(NSYS_KERNEL)) &&
                      !nsys_db_has_column(in->db, nsys_table(NSYS_KERNEL), "globalPid");
    nsys_tell_missing(in);
    nsys_read_threads(in);
    nsys_read_chains(in);
    sweep_tables(in);
    *timeline = nsys_idle_end(in);
    tell_timeline(in, timeline);
    nsys_tell_waits(in);
    add_facts(in);
    nsys_tell_copies(in);
    if (nsys_db_damage(in->db))
        profile_note(in->build, "the file is damaged: %s", nsys_db_damage(in->db));
    return true;
}

bool nsys_read(Arena *arena, NsysDb *db, size_t bytes, Profile *out, GpuTimeline *timeline,
               Err *err)
{
    Nsys in = {.arena = arena, .db = db, .build = profile_builder_new(arena)};
    IdMap *maps[] = {&in.text_of,     &in.thread_of, &in.name_of,      &in.chain_of,
                     &in.chain_by_id, &in.chained,   &in.process_name, &in.thread_name,
                     &in.stream_of,   &in.kernel_of, &in.copies_of,    &in.waits.sum_of};
    for (size_t i = 0; i < sizeof(maps) / sizeof(maps[0]); i++)
        *maps[i] = idmap_new(arena);
    in.idle = nsys_idle_new(arena);
    nsys_launches_init(&in, bytes);
    bool ok = read_tables(&in, timeline, err);
    if (ok)
        *out = profile_build(in.build, S("nsys"), S("nsys sqlite"));
    return ok;
}

bool read_nsys(Arena *arena, Str bytes, Profile *out, Err *err)
{
    GpuTimeline timeline;
    NsysDb *db = nsys_db_open(arena, bytes, err);
    bool ok = db && nsys_read(arena, db, bytes.len, out, &timeline, err);
    nsys_db_close(db);
    return ok;
}

static bool read_file(Arena *arena, Str path, Profile *out, GpuTimeline *timeline, Err *err)
{
    NsysDb *db = nsys_db_open_file(arena, path, err);
    bool ok = db && nsys_read(arena, db, nsys_db_bytes(db), out, timeline, err);
    nsys_db_close(db);
    return ok;
}

bool read_nsys_file(Arena *arena, Str path, Profile *out, Err *err)
{
    GpuTimeline timeline;
    return read_file(arena, path, out, &timeline, err);
}

bool nsys_gpu_timeline(Arena *arena, Str path, GpuTimeline *out, Err *err)
{
    Profile profile;
    return read_file(arena, path, &profile, out, err) ||
           err_wrap(err, STR_FMT, STR_ARG(path_base(path)));
}
