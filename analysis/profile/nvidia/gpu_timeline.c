#include "analysis/profile/nvidia/gpu_timeline.h"

#include "base/json_out.h"
#include "base/strbuf.h"
#include "base/units.h"

/* ------------------------------------------------------------------ why */

typedef struct Reason {
    Str has; /* the call's name */
    Str word;
} Reason;

static const Reason REASONS[] = {
    {STR_CONST("Launch"), STR_CONST("launch-bound")},
    {STR_CONST("Synchronize"), STR_CONST("synchronization")},
    {STR_CONST("WaitEvent"), STR_CONST("synchronization")},
    {STR_CONST("emcpy"), STR_CONST("waiting for copies")},
    {STR_CONST("emset"), STR_CONST("waiting for copies")},
    {STR_CONST("Alloc"), STR_CONST("allocation")},
    {STR_CONST("alloc"), STR_CONST("allocation")},
    {STR_CONST("Free"), STR_CONST("allocation")},
    {STR_CONST("Module"), STR_CONST("loading of code")},
    {STR_CONST("Library"), STR_CONST("loading of code")},
};

static Str reason_of(Str call)
{
    if (!call.len)
        return S("host-bound");
    for (size_t i = 0; i < sizeof(REASONS) / sizeof(REASONS[0]); i++)
        if (str_has(call, REASONS[i].has))
            return REASONS[i].word;
    return S("other calls");
}

static Str time_text(Arena *arena, int64_t ns)
{
    return units_text(arena, (double)ns * 1e-9, UNIT_SECONDS);
}

static double percent(int64_t part, int64_t whole)
{
    return whole > 0 ? (double)part / (double)whole * 100 : 0;
}

static Str call_text(Str call)
{
    return call.len ? call : S("no CUDA call");
}

Str gpu_stream_reason(Arena *arena, const GpuStream *stream)
{
    if (!stream->idle_ns)
        return (Str){0};
    if (stream->others_ns > stream->idle_ns / 2)
        return str_fmt(arena, "other streams of the device ran for %.3g %% of the idle time",
                       percent(stream->others_ns, stream->idle_ns));
    if (stream->queued_ns > stream->idle_ns / 2)
        return str_fmt(arena,
                       "queued: for %.3g %% of the idle time the next work was launched already, "
                       "and waited for an event or the device",
                       percent(stream->queued_ns, stream->idle_ns));
    if (!stream->calls_known || !stream->calls_len)
        return S("the host's calls were not recorded");
    const GpuHostTime *most = &stream->calls[0];
    Str where =
        most->call.len ? str_fmt(arena, "in " STR_FMT, STR_ARG(most->call)) : S("in no CUDA call");
    return str_fmt(arena, STR_FMT ": the host was " STR_FMT " for %.3g %% of the idle time",
                   STR_ARG(reason_of(most->call)), STR_ARG(where),
                   percent(most->ns, stream->idle_ns));
}

static void put_gap_calls(Arena *arena, StrBuf *out, const GpuGap *gap)
{
    for (size_t i = 0; i < gap->calls_len; i++)
        strbuf_fmt(out, "%s" STR_FMT " " STR_FMT, i ? ", " : "",
                   STR_ARG(call_text(gap->calls[i].call)),
                   STR_ARG(time_text(arena, gap->calls[i].ns)));
    if (gap->range.len)
        strbuf_fmt(out, "%sin \"" STR_FMT "\"", gap->calls_len ? ", " : "", STR_ARG(gap->range));
}

Str gpu_stream_pause(Arena *arena, const GpuStream *stream)
{
    if (!stream->longest_len)
        return S("no pause");
    const GpuGap *gap = &stream->longest[0];
    StrBuf out = strbuf_new(arena);
    strbuf_fmt(&out, "longest pause " STR_FMT " at %.4g ms, before " STR_FMT,
               STR_ARG(time_text(arena, gap->end - gap->start)), (double)gap->start * 1e-6,
               STR_ARG(gap->next));
    if (gap->calls_len || gap->range.len)
        strbuf_add(&out, S(", the host: "));
    put_gap_calls(arena, &out, gap);
    return strbuf_str(&out);
}

/* ------------------------------------------------------------------ text */

static void put_device_title(StrBuf *out, const GpuTimeline *timeline, int64_t device)
{
    strbuf_fmt(out, "GPU %lld", (long long)device);
    for (size_t i = 0; i < timeline->devices_len; i++)
        if (timeline->devices[i].device == device && timeline->devices[i].name.len)
            strbuf_fmt(out, " " STR_FMT, STR_ARG(timeline->devices[i].name));
}

static void put_device(Arena *arena, StrBuf *out, const GpuTimeline *timeline,
                       const GpuDevice *device)
{
    int64_t span = device->until - device->first;
    put_device_title(out, timeline, device->device);
    strbuf_fmt(out, ": busy %.3g %% of " STR_FMT ", %zu stream%s, each moment counted once\n",
               percent(device->busy_ns, span), STR_ARG(time_text(arena, span)), device->streams,
               device->streams == 1 ? "" : "s");
    strbuf_fmt(out, "  kernels %.3g %% (" STR_FMT ", added up " STR_FMT "), copies %.3g %%",
               percent(device->kernel_ns, span), STR_ARG(time_text(arena, device->kernel_ns)),
               STR_ARG(time_text(arena, device->kernels_sum_ns)), percent(device->copy_ns, span));
    if (device->copy_ns)
        strbuf_fmt(out, " (%.3g %% of them beside kernels)",
                   percent(device->copies_beside_ns, device->copy_ns));
    if (device->streams > 1)
        strbuf_fmt(out, ", two streams or more at once %.3g %%",
                   percent(device->streams_at_once_ns, span));
    strbuf_char(out, '\n');
}

static void put_work(Arena *arena, StrBuf *out, const GpuStream *stream)
{
    int64_t span = stream->until - stream->first;
    strbuf_fmt(out, "    busy %.3g %%: kernels %.3g %% (%llu)", percent(stream->busy_ns, span),
               percent(stream->kernel_ns, span), (unsigned long long)stream->kernels);
    if (stream->copies)
        strbuf_fmt(out, ", copies %.3g %% (%llu, " STR_FMT ")", percent(stream->copy_ns, span),
                   (unsigned long long)stream->copies,
                   STR_ARG(units_text(arena, (double)stream->copied_bytes, UNIT_BYTES)));
    if (stream->fills)
        strbuf_fmt(out, ", fills %.3g %% (%llu)", percent(stream->fill_ns, span),
                   (unsigned long long)stream->fills);
    strbuf_char(out, '\n');
}

static void put_part(Arena *arena, StrBuf *out, const char *what, int64_t ns, int64_t idle)
{
    if (!ns)
        return;
    strbuf_fmt(out, "      %-44s ", what);
    strbuf_right(out, time_text(arena, ns), 8);
    strbuf_fmt(out, "  %.3g %%\n", percent(ns, idle));
}

static void put_idle(Arena *arena, StrBuf *out, const GpuStream *stream)
{
    int64_t span = stream->until - stream->first;
    if (!stream->idle_ns) {
        strbuf_add(out, S("    no gaps\n"));
        return;
    }
    strbuf_fmt(out, "    idle %.3g %%: " STR_FMT " in %llu gap%s; " STR_FMT "\n",
               percent(stream->idle_ns, span), STR_ARG(time_text(arena, stream->idle_ns)),
               (unsigned long long)stream->gaps, stream->gaps == 1 ? "" : "s",
               STR_ARG(gpu_stream_reason(arena, stream)));
    put_part(arena, out, "nothing queued: the next launch came later", stream->unqueued_ns,
             stream->idle_ns);
    put_part(arena, out, "from that launch until it ran", stream->starting_ns, stream->idle_ns);
    put_part(arena, out, "launched before, and waiting", stream->queued_ns, stream->idle_ns);
    put_part(arena, out, "launch not known", stream->unknown_ns, stream->idle_ns);
    put_part(arena, out, "of it while other streams of the device ran", stream->others_ns,
             stream->idle_ns);
    if (stream->calls_len)
        strbuf_add(out, S("    the host meanwhile (threads beside one another each count):\n"));
    for (size_t i = 0; i < stream->calls_len && i < 6; i++)
        put_part(arena, out, str_cstr(arena, call_text(stream->calls[i].call)), stream->calls[i].ns,
                 stream->idle_ns);
}

static void put_gaps(Arena *arena, StrBuf *out, const GpuStream *stream)
{
    if (stream->longest_len)
        strbuf_add(out, S("    longest gaps:\n"));
    for (size_t i = 0; i < stream->longest_len; i++) {
        const GpuGap *gap = &stream->longest[i];
        strbuf_add(out, S("      "));
        strbuf_right(out, time_text(arena, gap->end - gap->start), 8);
        strbuf_fmt(out, " at %.6g ms, before " STR_FMT, (double)gap->start * 1e-6,
                   STR_ARG(gap->next));
        if (gap->launch_known && gap->launched > gap->start)
            strbuf_fmt(out, ", launched " STR_FMT " into it",
                       STR_ARG(time_text(arena, gap->launched - gap->start)));
        else if (gap->launch_known)
            strbuf_fmt(out, ", launched " STR_FMT " before it",
                       STR_ARG(time_text(arena, gap->start - gap->launched)));
        if (gap->calls_len || gap->range.len)
            strbuf_add(out, S("; the host: "));
        put_gap_calls(arena, out, gap);
        strbuf_char(out, '\n');
    }
}

Str gpu_timeline_text(Arena *arena, const GpuTimeline *timeline)
{
    StrBuf out = strbuf_new(arena);
    for (size_t i = 0; i < timeline->devices_len; i++)
        put_device(arena, &out, timeline, &timeline->devices[i]);
    for (size_t i = 0; i < timeline->streams_len; i++) {
        const GpuStream *stream = &timeline->streams[i];
        if (!i || stream[-1].pid != stream->pid)
            strbuf_fmt(&out, "process %llu%s" STR_FMT "\n", (unsigned long long)stream->pid,
                       stream->process.len ? " " : "", STR_ARG(stream->process));
        strbuf_add(&out, S("  "));
        put_device_title(&out, timeline, stream->device);
        strbuf_fmt(&out, ", stream %lld: " STR_FMT " from %.6g ms on\n", (long long)stream->stream,
                   STR_ARG(time_text(arena, stream->until - stream->first)),
                   (double)stream->first * 1e-6);
        put_work(arena, &out, stream);
        put_idle(arena, &out, stream);
        put_gaps(arena, &out, stream);
    }
    return strbuf_str(&out);
}

/* ------------------------------------------------------------------ JSON */

static void json_device(JsonOut *out, const GpuDevice *device)
{
    json_open(out, '{');
    json_key_i64(out, "device", device->device);
    json_key_str(out, "name", device->name);
    json_key_u64(out, "streams", device->streams);
    json_key_i64(out, "first_ns", device->first);
    json_key_i64(out, "until_ns", device->until);
    json_key_i64(out, "busy_ns", device->busy_ns);
    json_key_i64(out, "kernel_ns", device->kernel_ns);
    json_key_i64(out, "kernels_sum_ns", device->kernels_sum_ns);
    json_key_i64(out, "copy_ns", device->copy_ns);
    json_key_i64(out, "copies_beside_kernels_ns", device->copies_beside_ns);
    json_key_i64(out, "streams_at_once_ns", device->streams_at_once_ns);
    json_close(out, '}');
}

static void json_calls(JsonOut *out, const GpuHostTime *calls, size_t len)
{
    json_key(out, "host");
    json_open(out, '[');
    for (size_t i = 0; i < len; i++) {
        json_open(out, '{');
        json_key_str(out, "call", calls[i].call);
        json_key_i64(out, "ns", calls[i].ns);
        json_close(out, '}');
    }
    json_close(out, ']');
}

static void json_gap(JsonOut *out, const GpuGap *gap)
{
    json_open(out, '{');
    json_key_i64(out, "start_ns", gap->start);
    json_key_i64(out, "end_ns", gap->end);
    json_key_str(out, "next", gap->next);
    if (gap->launch_known)
        json_key_i64(out, "launched_ns", gap->launched);
    if (gap->range.len)
        json_key_str(out, "range", gap->range);
    json_calls(out, gap->calls, gap->calls_len);
    json_close(out, '}');
}

static void json_stream(Arena *arena, JsonOut *out, const GpuStream *stream)
{
    json_open(out, '{');
    json_key_u64(out, "pid", stream->pid);
    json_key_str(out, "process", stream->process);
    json_key_i64(out, "device", stream->device);
    json_key_i64(out, "stream", stream->stream);
    json_key_i64(out, "first_ns", stream->first);
    json_key_i64(out, "until_ns", stream->until);
    json_key_i64(out, "busy_ns", stream->busy_ns);
    json_key_i64(out, "kernel_ns", stream->kernel_ns);
    json_key_i64(out, "copy_ns", stream->copy_ns);
    json_key_i64(out, "fill_ns", stream->fill_ns);
    json_key_u64(out, "kernels", stream->kernels);
    json_key_u64(out, "copies", stream->copies);
    json_key_u64(out, "fills", stream->fills);
    json_key_i64(out, "copied_bytes", stream->copied_bytes);
    json_key_i64(out, "idle_ns", stream->idle_ns);
    json_key_u64(out, "gaps", stream->gaps);
    json_key_i64(out, "unqueued_ns", stream->unqueued_ns);
    json_key_i64(out, "starting_ns", stream->starting_ns);
    json_key_i64(out, "queued_ns", stream->queued_ns);
    json_key_i64(out, "unknown_ns", stream->unknown_ns);
    json_key_i64(out, "others_ns", stream->others_ns);
    json_key_str(out, "reason", gpu_stream_reason(arena, stream));
    json_calls(out, stream->calls, stream->calls_len);
    json_key(out, "longest");
    json_open(out, '[');
    for (size_t i = 0; i < stream->longest_len; i++)
        json_gap(out, &stream->longest[i]);
    json_close(out, ']');
    json_close(out, '}');
}

Str gpu_timeline_json(Arena *arena, const GpuTimeline *timeline)
{
    StrBuf text = strbuf_new(arena);
    JsonOut out = json_out(&text);
    json_open(&out, '{');
    json_key(&out, "devices");
    json_open(&out, '[');
    for (size_t i = 0; i < timeline->devices_len; i++)
        json_device(&out, &timeline->devices[i]);
    json_close(&out, ']');
    json_key(&out, "streams");
    json_open(&out, '[');
    for (size_t i = 0; i < timeline->streams_len; i++)
        json_stream(arena, &out, &timeline->streams[i]);
    json_close(&out, ']');
    json_close(&out, '}');
    return strbuf_str(&text);
}
