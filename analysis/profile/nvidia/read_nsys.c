/*
 * Nsight Systems exports (`nsys export -t sqlite`), every schema since 2021: kernels, copies, calls
 * of the CUDA API, CPU samples (nsys_db.h, nsys_host.c, gpu_wait.h).
 *
 * Costs are times on the device (gpu_time of kernels, gpu_copy_time) and on the host (cuda_api_time;
 * gpu_wait_time is the part of it in calls that wait). What runs on the device has the stack that
 * launched it, when there is one: the ranges the program named (NVTX), then the call chain. nsys
 * knows no source lines: host addresses are looked up by symbolize.h, kernels by their names in the
 * workspace (kernels.h).
 */

#include "analysis/profile/kernel_name.h"
#include "analysis/profile/nvidia/nsys_parts.h"

static const char RUNTIME[] = "CUPTI_ACTIVITY_KIND_RUNTIME";
static const char KERNEL[] = "CUPTI_ACTIVITY_KIND_KERNEL";

static int64_t lasting(int64_t start, int64_t end)
{
    int64_t ns;
    return end > start && !__builtin_sub_overflow(end, start, &ns) ? ns : 0;
}

/* ------------------------------------------------------------------ calls of the CUDA API */

static void add_call(Nsys *in, const NsysCall *call, int64_t name_id, uint32_t host)
{
    Str name = str_copy(in->arena, nsys_call_name(nsys_db_string(in->db, name_id)));
    uint32_t text = profile_add_text(in->build, name);
    ProfileFrame frame = {
        .function = text, .module = profile_add_text(in->build, S("CUDA")), .kind = FRAME_NATIVE};
    int64_t weights[PROFILE_METRICS_MAX] = {0}, ns = lasting(call->start, call->end);
    weights[in->metric.api_time] = ns;
    if (gpu_call_waits(name)) {
        weights[in->metric.wait_time] = ns;
        gpu_waits_add(&in->waits, (GpuWait){.process = nsys_process(call->thread),
                                            .start = call->start,
                                            .end = call->end,
                                            .stack = host,
                                            .call = text});
    }
    uint32_t stack = profile_add_stack(in->build, host, profile_add_frame(in->build, frame));
    profile_add_sample(
        in->build,
        (ProfileSample){.stack = stack, .thread = nsys_host_thread(in, call->thread), .count = 1},
        weights);
}

static void read_calls(Nsys *in)
{
    static const char *const COLUMNS[] = {"start",  "end",         "globalTid", "correlationId",
                                          "nameId", "callchainId", NULL};
    enum {
        START,
        END,
        THREAD,
        CORRELATION,
        NAME,
        CHAIN,
        COUNT
    };
    NsysRows rows = nsys_db_rows(in->db, RUNTIME, COLUMNS, NULL);
    NsysCall last = {.start = 1, .end = 0};
    for (NsysValue value[COUNT]; nsys_rows_next(&rows, value);) {
        NsysCall call = {value[START].number, value[END].number, value[THREAD].number,
                         value[CORRELATION].number};
        if (nsys_call_repeats(&last, &call))
            continue;
        last = call;
        uint32_t host = nsys_host_stack(in, call.thread, call.start, &value[CHAIN]);
        if (host && !value[CORRELATION].is_null)
            nsys_add_launch(in, nsys_process(call.thread), call.correlation, host);
        add_call(in, &call, value[NAME].number, host);
    }
    gpu_waits_ready(&in->waits);
    nsys_sort_launches(in);
}

/* ------------------------------------------------------------------ kernels */

enum {
    K_START,
    K_END,
    K_DEVICE,
    K_STREAM,
    K_CORRELATION,
    K_PROCESS,
    K_FULL,
    K_SHORT,
    K_REGISTERS,
    K_GRID,
    K_BLOCK = K_GRID + 3,
    K_STATIC = K_BLOCK + 3,
    K_DYNAMIC,
    K_COUNT,
};

static const char *const KERNEL_COLUMNS[] = {
    "start",
    "end",
    "deviceId",
    "streamId",
    "correlationId",
    "globalPid",
    "demangledName",
    "shortName",
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

/*
 * What sets kernels of one short name apart: their namespaces, and for a library's kernel which lambda
 * of the user it runs. Instances of a template are one kernel: they have the same lines.
 */
static uint32_t kernel_module(Nsys *in, uint32_t name, const NsysValue *full)
{
    if (full->is_null)
        return name;
    Str text = profile_added_text(in->build, nsys_text(in, full->number)), function;
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

static uint32_t kernel_number(Nsys *in, const NsysValue *value)
{
    int64_t name = value[value[K_SHORT].is_null ? K_FULL : K_SHORT].number;
    int64_t full = value[K_FULL].is_null ? 0 : value[K_FULL].number;
    uint32_t *slot = idmap_slot(&in->kernel_of, idmap_pair((uint32_t)name + 1, (uint32_t)full));
    if (!*slot) {
        uint32_t text = nsys_text(in, name), module = kernel_module(in, text, &value[K_FULL]);
        uint32_t frame = profile_add_frame(
            in->build, (ProfileFrame){.function = text, .module = module, .kind = FRAME_GPU});
        *slot = kernel_of_frame(in, frame);
        if (*slot)
            return *slot - 1;
        *array_push(in->arena, &in->kernels) =
            (NsysKernel){.frame = frame,
                         .name = text,
                         .full = value[K_FULL].is_null ? 0 : nsys_text(in, value[K_FULL].number),
                         .shortest_ns = INT64_MAX,
                         .longest_ns = -1};
        *slot = (uint32_t)in->kernels.len;
    }
    return *slot - 1;
}

static void count_kernel(NsysKernel *kernel, const NsysValue *value, int64_t ns)
{
    kernel->launches++;
    if (__builtin_add_overflow(kernel->total_ns, ns, &kernel->total_ns))
        kernel->total_ns = INT64_MAX;
    if (ns < kernel->shortest_ns)
        kernel->shortest_ns = ns;
    if (ns <= kernel->longest_ns)
        return;
    kernel->longest_ns = ns;
    for (size_t i = 0; i < 3; i++) {
        kernel->grid[i] = value[K_GRID + i].number;
        kernel->block[i] = value[K_BLOCK + i].number;
    }
    kernel->registers = value[K_REGISTERS].number;
    kernel->static_bytes = value[K_STATIC].number;
    kernel->dynamic_bytes = value[K_DYNAMIC].number;
}

/* How long anything ran at all, however many ran at once; rows come by their start. */
typedef struct Busy {
    int64_t first, until, ns;
    bool begun;
} Busy;

static void count_busy(Busy *busy, int64_t start, int64_t end)
{
    if (!busy->begun)
        *busy = (Busy){.first = start, .until = start, .begun = true};
    if (start < busy->until)
        start = busy->until;
    busy->ns += lasting(start, end);
    if (end > busy->until)
        busy->until = end;
}

static void read_kernels(Nsys *in)
{
    Busy busy = {0};
    int64_t total = 0;
    NsysRows rows = nsys_db_rows(in->db, KERNEL, KERNEL_COLUMNS, "start");
    for (NsysValue value[K_COUNT]; nsys_rows_next(&rows, value);) {
        int64_t start = value[K_START].number, end = value[K_END].number;
        int64_t ns = lasting(start, end), weights[PROFILE_METRICS_MAX] = {0};
        uint64_t process = nsys_process(value[K_PROCESS].number);
        uint32_t number = kernel_number(in, value);
        uint32_t host = nsys_launch_host(in, process, value[K_CORRELATION].number);
        int64_t device = value[K_DEVICE].number, stream = value[K_STREAM].number;
        uint32_t thread = nsys_stream_thread(in, value[K_PROCESS].number, device, stream);
        uint32_t stack = profile_add_stack(in->build, host, in->kernels.items[number].frame);
        weights[in->metric.gpu_time] = ns;
        profile_add_sample(in->build, (ProfileSample){.stack = stack, .thread = thread, .count = 1},
                           weights);
        nsys_stream_kernel(in, thread, device, stream, start, end);
        count_kernel(&in->kernels.items[number], value, ns);
        count_busy(&busy, start, end);
        gpu_waits_kernel(&in->waits, process, end, number);
        if (__builtin_add_overflow(total, ns, &total))
            total = INT64_MAX;
    }
    if (total > busy.ns)
        profile_note(in->build,
                     "kernels ran %.4g ms in all, at once for a part of it: the device was busy "
                     "for %.4g of %.4g ms",
                     (double)total * 1e-6, (double)busy.ns * 1e-6,
                     (double)lasting(busy.first, busy.until) * 1e-6);
    else if (in->streams.len > 1)
        profile_note(in->build, "the device was busy with kernels for %.4g of %.4g ms",
                     (double)busy.ns * 1e-6, (double)lasting(busy.first, busy.until) * 1e-6);
}

/* ------------------------------------------------------------------ facts */

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

static void tell_waits(Nsys *in)
{
    uint32_t *names = NEW_ARRAY(in->arena, uint32_t, in->kernels.len + 1);
    for (size_t i = 0; i < in->kernels.len; i++)
        names[i] = in->kernels.items[i].name;
    gpu_waits_tell(&in->waits, names);
    array_each (GpuWait, wait, &in->waits.list) {
        if (!wait->kernel)
            continue;
        NsysKernel *kernel = &in->kernels.items[wait->kernel - 1];
        if (__builtin_add_overflow(kernel->waited_ns, gpu_wait_ns(wait), &kernel->waited_ns))
            kernel->waited_ns = INT64_MAX;
    }
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
        add_size(in, frame, S("grid"), kernel->grid);
        add_size(in, frame, S("block"), kernel->block);
        add_number(in, frame, S("registers per thread"), (double)kernel->registers, S("count"));
        add_number(in, frame, S("static shared memory per block"), (double)kernel->static_bytes,
                   S("bytes"));
        add_number(in, frame, S("dynamic shared memory per block"), (double)kernel->dynamic_bytes,
                   S("bytes"));
        if (kernel->waited_ns)
            add_number(in, frame, S("host waits for it"), (double)kernel->waited_ns, S("ns"));
    }
}

/* ------------------------------------------------------------------ copies */

static void read_copies(Nsys *in, const char *table, bool is_set)
{
    static const char *const COLUMNS[] = {"start",    "end",           "deviceId",
                                          "streamId", "correlationId", "globalPid",
                                          "bytes",    "copyKind",      NULL};
    enum {
        START,
        END,
        DEVICE,
        STREAM,
        CORRELATION,
        PROCESS,
        BYTES,
        KIND,
        COUNT
    };
    NsysRows rows = nsys_db_rows(in->db, table, COLUMNS, NULL);
    for (NsysValue value[COUNT]; nsys_rows_next(&rows, value);) {
        Str name = is_set ? S("[fill memory]") : nsys_copy_name(value[KIND].number);
        uint64_t process = nsys_process(value[PROCESS].number);
        ProfileFrame frame = {.function = profile_add_text(in->build, name), .kind = FRAME_GPU};
        frame.module = frame.function;
        uint32_t host = nsys_launch_host(in, process, value[CORRELATION].number);
        int64_t weights[PROFILE_METRICS_MAX] = {0};
        weights[in->metric.copy_time] = lasting(value[START].number, value[END].number);
        weights[in->metric.copy_bytes] = value[BYTES].number > 0 ? value[BYTES].number : 0;
        profile_add_sample(
            in->build,
            (ProfileSample){
                .stack = profile_add_stack(in->build, host, profile_add_frame(in->build, frame)),
                .thread = nsys_stream_thread(in, value[PROCESS].number, value[DEVICE].number,
                                             value[STREAM].number),
                .count = 1},
            weights);
    }
}

/* ------------------------------------------------------------------ all of it */

static void add_metrics(Nsys *in)
{
    ProfileBuilder *build = in->build;
    bool has_kernels = nsys_db_has(in->db, KERNEL), has_calls = nsys_db_has(in->db, RUNTIME);
    bool has_copies = nsys_db_has(in->db, "CUPTI_ACTIVITY_KIND_MEMCPY") ||
                      nsys_db_has(in->db, "CUPTI_ACTIVITY_KIND_MEMSET");
    bool has_cpu = nsys_db_has(in->db, "SAMPLING_CALLCHAINS");
    if (has_kernels)
        in->metric.gpu_time = profile_add_metric(build, S("gpu_time"), S("ns"), false);
    if (has_cpu) {
        in->metric.cpu_samples = profile_add_metric(build, S("cpu_samples"), S("count"), true);
        in->metric.cpu_cycles = profile_add_metric(build, S("cpu_cycles"), S("count"), true);
    }
    if (has_calls) {
        in->metric.api_time = profile_add_metric(build, S("cuda_api_time"), S("ns"), false);
        in->metric.wait_time = profile_add_metric(build, S("gpu_wait_time"), S("ns"), false);
    }
    if (has_copies) {
        in->metric.copy_time = profile_add_metric(build, S("gpu_copy_time"), S("ns"), false);
        in->metric.copy_bytes = profile_add_metric(build, S("copied"), S("bytes"), false);
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

static bool read_tables(Nsys *in, Err *err)
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
    nsys_read_threads(in);
    nsys_read_ranges(in);
    nsys_read_chains(in);
    read_calls(in);
    read_kernels(in);
    read_copies(in, "CUPTI_ACTIVITY_KIND_MEMCPY", false);
    read_copies(in, "CUPTI_ACTIVITY_KIND_MEMSET", true);
    nsys_tell_streams(in);
    tell_waits(in);
    add_facts(in);
    nsys_read_cpu_samples(in);
    if (nsys_db_damage(in->db))
        profile_note(in->build, "the file is damaged: %s", nsys_db_damage(in->db));
    return true;
}

bool read_nsys(Arena *arena, Str bytes, Profile *out, Err *err)
{
    Nsys in = {.arena = arena, .build = profile_builder_new(arena)};
    IdMap *maps[] = {&in.text_of,      &in.chain_of,    &in.kernel_of, &in.sample_of,
                     &in.process_name, &in.thread_name, &in.stream_of, &in.stream_row};
    for (size_t i = 0; i < sizeof(maps) / sizeof(maps[0]); i++)
        *maps[i] = idmap_new(arena);
    in.waits = gpu_waits_new(arena, in.build);
    in.db = nsys_db_open(arena, bytes, err);
    if (!in.db)
        return false;
    bool ok = read_tables(&in, err);
    nsys_db_close(in.db);
    if (ok)
        *out = profile_build(in.build, S("nsys"), S("nsys sqlite"));
    return ok;
}
