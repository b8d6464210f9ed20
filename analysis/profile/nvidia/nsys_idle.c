/*
 * Nsight Systems: how busy each stream was, and what the host did while it was idle
 * (gpu_timeline.h).
 *
 * Calls and work come by their start; a heap gives their ends in turn, so that at every moment it
 * is known what runs. A clock counts how long at least one of its kind ran. When a stream falls
 * idle, the clocks of its host and of its device are noted; when it works again, the differences
 * are what happened in the gap. Memory is what runs at once.
 */

#include <stdlib.h>
#include <string.h>

#include "analysis/profile/nvidia/nsys_parts.h"

enum {
    CALLS = 40, /* names of calls told apart, by process; the rest is one more */
};

typedef struct Clock {
    int64_t active, since, total;
} Clock;

typedef struct Host {
    uint64_t process;
    Clock any;
    Clock calls[CALLS];
    uint32_t names[CALLS]; /* texts; the last one: others */
    size_t calls_len;
} Host;

typedef struct Device {
    int64_t device;
    uint32_t streams;
    int64_t first, until, kernels_sum;
    Clock work, kernels, copies, beside, at_once;
} Device;

typedef struct Stream {
    uint64_t process;
    uint32_t device_row, host_row;
    GpuStream told;
    Clock work, kernels, copies, fills;
    int64_t idle_from;
    int64_t device_then;          /* clocks when it fell idle */
    int64_t host_then[CALLS + 1]; /* the last: any call */
    int64_t in_gaps[CALLS + 1];
    uint32_t next_text[GPU_GAPS], range_text[GPU_GAPS], call_text[GPU_GAPS][GPU_GAP_CALLS];
} Stream;

/* Something that runs, and when it ends. */
typedef struct End {
    int64_t time;
    NsysKind kind;
    uint32_t row;  /* of the host or the stream */
    uint32_t call; /* place in the host's calls */
} End;

struct NsysIdle {
    Arena *arena;
    Array(Host) hosts;
    Array(Device) devices;
    Array(Stream) streams;
    IdMap host_of, device_of, stream_of;
    Array(End) ends; /* a heap, the next one first */
};

NsysIdle *nsys_idle_new(Arena *arena)
{
    NsysIdle *idle = NEW(arena, NsysIdle);
    idle->arena = arena;
    idle->host_of = idmap_new(arena);
    idle->device_of = idmap_new(arena);
    idle->stream_of = idmap_new(arena);
    return idle;
}

/* ------------------------------------------------------------------ clocks */

static void clock_start(Clock *clock, int64_t now)
{
    if (!clock->active++)
        clock->since = now;
}

static void clock_stop(Clock *clock, int64_t now)
{
    if (!--clock->active)
        clock->total = nsys_sum(clock->total, nsys_lasting(clock->since, now));
}

static int64_t clock_at(const Clock *clock, int64_t now)
{
    return clock->active ? nsys_sum(clock->total, nsys_lasting(clock->since, now)) : clock->total;
}

/* ------------------------------------------------------------------ what runs */

static void push_end(NsysIdle *idle, End end)
{
    size_t at = idle->ends.len;
    *array_push(idle->arena, &idle->ends) = end;
    while (at && idle->ends.items[(at - 1) / 2].time > end.time) {
        idle->ends.items[at] = idle->ends.items[(at - 1) / 2];
        at = (at - 1) / 2;
    }
    idle->ends.items[at] = end;
}

static End pop_end(NsysIdle *idle)
{
    End *ends = idle->ends.items, first = ends[0], last = ends[--idle->ends.len];
    size_t at = 0, len = idle->ends.len;
    for (size_t child; (child = at * 2 + 1) < len; at = child) {
        if (child + 1 < len && ends[child + 1].time < ends[child].time)
            child++;
        if (ends[child].time >= last.time)
            break;
        ends[at] = ends[child];
    }
    if (len)
        ends[at] = last;
    return first;
}

static void note_clocks(NsysIdle *idle, Stream *stream, int64_t now)
{
    const Host *host = &idle->hosts.items[stream->host_row];
    stream->idle_from = now;
    stream->device_then = clock_at(&idle->devices.items[stream->device_row].work, now);
    for (size_t i = 0; i < host->calls_len; i++)
        stream->host_then[i] = clock_at(&host->calls[i], now);
    for (size_t i = host->calls_len; i < CALLS; i++)
        stream->host_then[i] = 0; /* of calls that are not known yet */
    stream->host_then[CALLS] = clock_at(&host->any, now);
}

static Clock *clock_of_kind(Stream *stream, NsysKind kind)
{
    return kind == NSYS_KERNEL ? &stream->kernels
           : kind == NSYS_COPY ? &stream->copies
                               : &stream->fills;
}

/* Kernels beside copies, and streams beside one another. */
static void device_beside(Device *device, int64_t now, bool was_beside)
{
    bool beside = device->kernels.active && device->copies.active;
    if (beside && !was_beside)
        clock_start(&device->beside, now);
    if (!beside && was_beside)
        clock_stop(&device->beside, now);
}

static void device_streams(Device *device, int64_t now, int change)
{
    bool before = device->work.active > 1;
    if (change > 0)
        clock_start(&device->work, now);
    else
        clock_stop(&device->work, now);
    if (device->work.active > 1 && !before)
        clock_start(&device->at_once, now);
    if (device->work.active <= 1 && before)
        clock_stop(&device->at_once, now);
}

static void end_work(NsysIdle *idle, const End *end)
{
    Stream *stream = &idle->streams.items[end->row];
    Device *device = &idle->devices.items[stream->device_row];
    bool beside = device->kernels.active && device->copies.active;
    clock_stop(clock_of_kind(stream, end->kind), end->time);
    clock_stop(end->kind == NSYS_KERNEL ? &device->kernels : &device->copies, end->time);
    device_beside(device, end->time, beside);
    clock_stop(&stream->work, end->time);
    if (stream->work.active)
        return;
    device_streams(device, end->time, -1);
    note_clocks(idle, stream, end->time);
}

static void go_on(NsysIdle *idle, int64_t now)
{
    while (idle->ends.len && idle->ends.items[0].time <= now) {
        End end = pop_end(idle);
        if (end.kind != NSYS_CALL) {
            end_work(idle, &end);
            continue;
        }
        clock_stop(&idle->hosts.items[end.row].calls[end.call], end.time);
        clock_stop(&idle->hosts.items[end.row].any, end.time);
    }
}

/* ------------------------------------------------------------------ the host */

static uint32_t host_row(NsysIdle *idle, uint64_t process)
{
    uint32_t *slot = idmap_slot(&idle->host_of, process + 1);
    if (!*slot) {
        *array_push(idle->arena, &idle->hosts) = (Host){.process = process};
        *slot = (uint32_t)idle->hosts.len;
    }
    return *slot - 1;
}

static uint32_t call_row(Host *host, uint32_t name)
{
    uint32_t place = 0;
    while (place < host->calls_len && host->names[place] != name)
        place++;
    if (place == CALLS)
        return CALLS - 1;
    if (place == host->calls_len)
        host->names[host->calls_len++] = place == CALLS - 1 ? 0 : name;
    return place;
}

void nsys_idle_call(Nsys *in, uint64_t process, uint32_t name, int64_t start, int64_t end)
{
    NsysIdle *idle = in->idle;
    go_on(idle, start);
    uint32_t row = host_row(idle, process), call = call_row(&idle->hosts.items[row], name);
    clock_start(&idle->hosts.items[row].calls[call], start);
    clock_start(&idle->hosts.items[row].any, start);
    push_end(idle, (End){end > start ? end : start, NSYS_CALL, row, call});
}

/* ------------------------------------------------------------------ gaps */

typedef struct Meanwhile {
    uint32_t call; /* place in the host's calls; CALLS: none of them */
    int64_t ns;
} Meanwhile;

static int by_ns(const void *a, const void *b)
{
    const Meanwhile *left = a, *right = b;
    if (left->ns != right->ns)
        return left->ns < right->ns ? 1 : -1;
    return (left->call > right->call) - (left->call < right->call);
}

/* What the host did in the gap, longest first; gives their number. */
static size_t meanwhile(const Stream *stream, const Host *host, int64_t start, int64_t end,
                        Meanwhile *out)
{
    size_t len = 0;
    int64_t none =
        nsys_lasting(start, end) - (clock_at(&host->any, end) - stream->host_then[CALLS]);
    for (uint32_t i = 0; i < host->calls_len; i++) {
        int64_t ns = clock_at(&host->calls[i], end) - stream->host_then[i];
        if (ns > 0)
            out[len++] = (Meanwhile){i, ns};
    }
    if (none > 0)
        out[len++] = (Meanwhile){CALLS, none};
    return len;
}

static void keep_gap(Stream *stream, const Host *host, const NsysWork *work, Meanwhile *did,
                     size_t did_len)
{
    GpuStream *told = &stream->told;
    int64_t ns = nsys_lasting(stream->idle_from, work->start);
    size_t at = told->longest_len;
    if (at == GPU_GAPS &&
        ns <= nsys_lasting(told->longest[at - 1].start, told->longest[at - 1].end))
        return;
    if (at == GPU_GAPS)
        at--;
    else
        told->longest_len++;
    for (; at && ns > nsys_lasting(told->longest[at - 1].start, told->longest[at - 1].end); at--) {
        told->longest[at] = told->longest[at - 1];
        stream->next_text[at] = stream->next_text[at - 1];
        stream->range_text[at] = stream->range_text[at - 1];
        memcpy(stream->call_text[at], stream->call_text[at - 1], sizeof(stream->call_text[at]));
    }
    GpuGap *gap = &told->longest[at];
    *gap = (GpuGap){.start = stream->idle_from, .end = work->start};
    if (work->launch) {
        gap->launch_known = true;
        gap->launched = work->launch->start;
    }
    stream->next_text[at] = work->name;
    stream->range_text[at] = work->launch ? work->launch->range : 0;
    if (did_len)
        qsort(did, did_len, sizeof(*did), by_ns);
    for (; gap->calls_len < GPU_GAP_CALLS && gap->calls_len < did_len; gap->calls_len++) {
        const Meanwhile *one = &did[gap->calls_len];
        gap->calls[gap->calls_len].ns = one->ns;
        stream->call_text[at][gap->calls_len] = one->call == CALLS       ? 0
                                                : host->names[one->call] ? host->names[one->call]
                                                                         : UINT32_MAX;
    }
}

static void why_idle(GpuStream *told, const NsysWork *work, int64_t from)
{
    int64_t ns = nsys_lasting(from, work->start);
    if (!work->launch) {
        told->unknown_ns = nsys_sum(told->unknown_ns, ns);
    } else if (work->launch->start <= from) {
        told->queued_ns = nsys_sum(told->queued_ns, ns);
    } else {
        int64_t called = work->launch->start < work->start ? work->launch->start : work->start;
        told->unqueued_ns = nsys_sum(told->unqueued_ns, nsys_lasting(from, called));
        told->starting_ns = nsys_sum(told->starting_ns, nsys_lasting(called, work->start));
    }
}

static void end_gap(Nsys *in, Stream *stream, const NsysWork *work)
{
    NsysIdle *idle = in->idle;
    const Host *host = &idle->hosts.items[stream->host_row];
    Device *device = &idle->devices.items[stream->device_row];
    GpuStream *told = &stream->told;
    Meanwhile did[CALLS + 1];
    int64_t ns = nsys_lasting(stream->idle_from, work->start);
    if (!ns)
        return;
    size_t len = meanwhile(stream, host, stream->idle_from, work->start, did);
    for (size_t i = 0; i < len; i++)
        stream->in_gaps[did[i].call] = nsys_sum(stream->in_gaps[did[i].call], did[i].ns);
    told->gaps++;
    told->idle_ns = nsys_sum(told->idle_ns, ns);
    told->others_ns =
        nsys_sum(told->others_ns, clock_at(&device->work, work->start) - stream->device_then);
    why_idle(told, work, stream->idle_from);
    keep_gap(stream, host, work, did, len);
}

/* ------------------------------------------------------------------ work of the device */

static uint32_t device_row(NsysIdle *idle, const NsysWork *work)
{
    uint32_t *slot = idmap_slot(&idle->device_of, (uint64_t)work->device + 1);
    if (!*slot) {
        *array_push(idle->arena, &idle->devices) =
            (Device){.device = work->device, .first = work->start, .until = work->start};
        *slot = (uint32_t)idle->devices.len;
    }
    return *slot - 1;
}

static Stream *stream_row(NsysIdle *idle, const NsysWork *work, uint32_t *row)
{
    uint64_t hash =
        nsys_mix(nsys_mix(work->process, (uint64_t)work->device), (uint64_t)work->stream);
    uint32_t *slot = idmap_slot(&idle->stream_of, hash | 1);
    if (!*slot) {
        uint32_t device = device_row(idle, work), host = host_row(idle, work->process);
        idle->devices.items[device].streams++;
        *array_push(idle->arena, &idle->streams) = (Stream){.process = work->process,
                                                            .device_row = device,
                                                            .host_row = host,
                                                            .told = {.pid = work->process,
                                                                     .device = work->device,
                                                                     .stream = work->stream,
                                                                     .first = work->start,
                                                                     .until = work->start}};
        *slot = (uint32_t)idle->streams.len;
    }
    *row = *slot - 1;
    return &idle->streams.items[*slot - 1];
}

static void count_work(GpuStream *told, Device *device, const NsysWork *work, int64_t end)
{
    told->kernels += work->kind == NSYS_KERNEL;
    told->copies += work->kind == NSYS_COPY;
    told->fills += work->kind == NSYS_FILL;
    if (work->kind == NSYS_COPY && work->bytes > 0)
        told->copied_bytes = nsys_sum(told->copied_bytes, work->bytes);
    if (work->kind == NSYS_KERNEL)
        device->kernels_sum = nsys_sum(device->kernels_sum, nsys_lasting(work->start, end));
    if (end > told->until)
        told->until = end;
    if (end > device->until)
        device->until = end;
    if (work->start < device->first)
        device->first = work->start;
}

void nsys_idle_work(Nsys *in, const NsysWork *work)
{
    NsysIdle *idle = in->idle;
    uint32_t row;
    int64_t end = work->end > work->start ? work->end : work->start;
    go_on(idle, work->start);
    Stream *stream = stream_row(idle, work, &row);
    Device *device = &idle->devices.items[stream->device_row];
    bool beside = device->kernels.active && device->copies.active;
    bool new_one = !(stream->told.kernels + stream->told.copies + stream->told.fills);
    if (!stream->work.active && !new_one)
        end_gap(in, stream, work);
    if (!stream->work.active)
        device_streams(device, work->start, 1);
    clock_start(&stream->work, work->start);
    clock_start(clock_of_kind(stream, work->kind), work->start);
    clock_start(work->kind == NSYS_KERNEL ? &device->kernels : &device->copies, work->start);
    device_beside(device, work->start, beside);
    count_work(&stream->told, device, work, end);
    push_end(idle, (End){end, work->kind, row, 0});
}

/* ------------------------------------------------------------------ telling */

static Str text_of(const Nsys *in, uint32_t text)
{
    return text == UINT32_MAX ? S("other calls")
                              : str_copy(in->arena, profile_added_text(in->build, text));
}

static void tell_calls(Nsys *in, Stream *stream, const Host *host)
{
    Meanwhile did[CALLS + 1];
    GpuStream *told = &stream->told;
    size_t len = 0;
    told->calls_known = host->calls_len > 0;
    for (uint32_t i = 0; i <= CALLS && told->calls_known; i++)
        if (stream->in_gaps[i])
            did[len++] = (Meanwhile){i, stream->in_gaps[i]};
    if (len)
        qsort(did, len, sizeof(*did), by_ns);
    told->calls = NEW_ARRAY(in->arena, GpuHostTime, len + 1);
    for (; told->calls_len < len; told->calls_len++) {
        const Meanwhile *one = &did[told->calls_len];
        uint32_t name = one->call == CALLS ? 0 : host->names[one->call];
        told->calls[told->calls_len] = (GpuHostTime){
            one->call == CALLS ? (Str){0} : text_of(in, name ? name : UINT32_MAX), one->ns};
    }
}

static void tell_stream(Nsys *in, Stream *stream)
{
    const Host *host = &in->idle->hosts.items[stream->host_row];
    GpuStream *told = &stream->told;
    uint32_t name = idmap_get(&in->process_name, stream->process + 1);
    told->process = name ? text_of(in, name - 1) : (Str){0};
    told->busy_ns = stream->work.total;
    told->kernel_ns = stream->kernels.total;
    told->copy_ns = stream->copies.total;
    told->fill_ns = stream->fills.total;
    tell_calls(in, stream, host);
    for (size_t i = 0; i < told->longest_len; i++) {
        GpuGap *gap = &told->longest[i];
        gap->next = text_of(in, stream->next_text[i]);
        gap->range = text_of(in, stream->range_text[i]);
        if (!told->calls_known)
            gap->calls_len = 0;
        for (size_t k = 0; k < gap->calls_len; k++)
            gap->calls[k].call = text_of(in, stream->call_text[i][k]);
    }
}

static Str device_name(const Nsys *in, int64_t device)
{
    static const char *const COLUMNS[] = {"id", "deviceId", "name", NULL};
    NsysRows rows = nsys_db_rows(in->db, "TARGET_INFO_GPU", COLUMNS, NULL);
    Str found = {0};
    for (NsysValue value[3]; nsys_rows_next(&rows, value);)
        if (value[value[0].is_null ? 1 : 0].number == device && !found.len)
            found = str_copy(in->arena, value[2].text);
    return found;
}

static int by_number(const void *a, const void *b)
{
    const GpuDevice *left = a, *right = b;
    return (left->device > right->device) - (left->device < right->device);
}

static int by_place(const void *a, const void *b)
{
    const GpuStream *left = a, *right = b;
    if (left->pid != right->pid)
        return left->pid < right->pid ? -1 : 1;
    if (left->device != right->device)
        return left->device < right->device ? -1 : 1;
    if (left->busy_ns != right->busy_ns)
        return left->busy_ns < right->busy_ns ? 1 : -1;
    return (left->first > right->first) - (left->first < right->first);
}

GpuTimeline nsys_idle_end(Nsys *in)
{
    NsysIdle *idle = in->idle;
    GpuTimeline out = {.devices = NEW_ARRAY(in->arena, GpuDevice, idle->devices.len + 1),
                       .streams = NEW_ARRAY(in->arena, GpuStream, idle->streams.len + 1)};
    go_on(idle, INT64_MAX);
    array_each (Stream, stream, &idle->streams) {
        tell_stream(in, stream);
        out.streams[out.streams_len++] = stream->told;
    }
    array_each (Device, device, &idle->devices)
        out.devices[out.devices_len++] = (GpuDevice){.device = device->device,
                                                     .name = device_name(in, device->device),
                                                     .streams = device->streams,
                                                     .first = device->first,
                                                     .until = device->until,
                                                     .busy_ns = device->work.total,
                                                     .kernel_ns = device->kernels.total,
                                                     .kernels_sum_ns = device->kernels_sum,
                                                     .copy_ns = device->copies.total,
                                                     .copies_beside_ns = device->beside.total,
                                                     .streams_at_once_ns = device->at_once.total};
    if (out.devices_len)
        qsort(out.devices, out.devices_len, sizeof(GpuDevice), by_number);
    if (out.streams_len)
        qsort(out.streams, out.streams_len, sizeof(GpuStream), by_place);
    return out;
}
