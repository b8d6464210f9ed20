/*
 * Nsight Systems: how long each stream of the device was busy with kernels, and what the host did
 * in the longest pause between two of them. Kernels that overlap on a stream count once.
 */

#include <stdlib.h>

#include "analysis/profile/nvidia/nsys_parts.h"

enum {
    TOLD = 6, /* streams, the busiest first */
};

static int64_t lasting(int64_t start, int64_t end)
{
    int64_t ns;
    return end > start && !__builtin_sub_overflow(end, start, &ns) ? ns : 0;
}

void nsys_stream_kernel(Nsys *in, uint32_t thread, int64_t device, int64_t stream, int64_t start,
                        int64_t end)
{
    uint32_t *slot = idmap_slot(&in->stream_row, (uint64_t)thread + 1);
    if (!*slot) {
        *array_push(in->arena, &in->streams) =
            (NsysStream){.device = device, .stream = stream, .first = start, .until = start};
        *slot = (uint32_t)in->streams.len;
    }
    NsysStream *row = &in->streams.items[*slot - 1];
    row->kernels++;
    if (lasting(row->until, start) > lasting(row->pause_start, row->pause_end)) {
        row->pause_start = row->until;
        row->pause_end = start;
    }
    row->busy_ns += lasting(start < row->until ? row->until : start, end);
    if (end > row->until)
        row->until = end;
}

/* ------------------------------------------------------------------ the host in the pauses */

typedef struct Overlap {
    uint32_t stream; /* place in in->streams */
    uint32_t call;   /* text */
    int64_t thread;  /* globalTid of the first such call */
    int64_t ns;
} Overlap;

typedef struct Overlaps {
    Array(Overlap) list;
    IdMap of; /* stream and call to place + 1 */
} Overlaps;

static void add_overlap(Nsys *in, Overlaps *found, uint32_t stream, int64_t thread, int64_t name,
                        int64_t ns)
{
    uint32_t call = profile_add_text(in->build, nsys_call_name(nsys_db_string(in->db, name)));
    uint32_t *slot = idmap_slot(&found->of, idmap_pair(stream + 1, call));
    if (!*slot) {
        *array_push(in->arena, &found->list) = (Overlap){stream, call, thread, 0};
        *slot = (uint32_t)found->list.len;
    }
    int64_t *sum = &found->list.items[*slot - 1].ns;
    if (__builtin_add_overflow(*sum, ns, sum))
        *sum = INT64_MAX;
}

static void read_overlaps(Nsys *in, Overlaps *found, uint32_t told)
{
    static const char *const COLUMNS[] = {"start",         "end",    "globalTid",
                                          "correlationId", "nameId", NULL};
    NsysRows rows = nsys_db_rows(in->db, "CUPTI_ACTIVITY_KIND_RUNTIME", COLUMNS, NULL);
    NsysCall last = {.start = 1, .end = 0};
    for (NsysValue value[5]; nsys_rows_next(&rows, value);) {
        NsysCall call = {value[0].number, value[1].number, value[2].number, value[3].number};
        if (nsys_call_repeats(&last, &call))
            continue;
        last = call;
        for (uint32_t i = 0; i < told; i++) {
            const NsysStream *row = &in->streams.items[i];
            int64_t ns = lasting(call.start > row->pause_start ? call.start : row->pause_start,
                                 call.end < row->pause_end ? call.end : row->pause_end);
            if (ns)
                add_overlap(in, found, i, call.thread, value[4].number, ns);
        }
    }
}

/* The call that took most of the pause; several threads may add up to more than it. */
static const Overlap *longest_in(const Overlaps *found, uint32_t stream)
{
    const Overlap *longest = NULL;
    for (size_t i = 0; i < found->list.len; i++) {
        const Overlap *one = &found->list.items[i];
        if (one->stream == stream && (!longest || one->ns > longest->ns))
            longest = one;
    }
    return longest;
}

/* ------------------------------------------------------------------ telling */

static int by_busy(const void *a, const void *b)
{
    const NsysStream *left = a, *right = b;
    if (left->busy_ns != right->busy_ns)
        return left->busy_ns < right->busy_ns ? 1 : -1;
    return (left->first > right->first) - (left->first < right->first);
}

static Str pause_text(Nsys *in, const Overlaps *found, uint32_t stream)
{
    const NsysStream *row = &in->streams.items[stream];
    int64_t pause = lasting(row->pause_start, row->pause_end);
    if (!pause)
        return S("no pause");
    const Overlap *call = longest_in(found, stream);
    Str doing = S("no CUDA call");
    if (call) {
        Str name = str_copy(in->arena, profile_added_text(in->build, call->call));
        Str range = nsys_range_name(in, call->thread, row->pause_start + pause / 2);
        doing = str_fmt(in->arena, "%.4g ms of it in " STR_FMT "%s" STR_FMT "%s",
                        (double)(call->ns < pause ? call->ns : pause) * 1e-6, STR_ARG(name),
                        range.len ? ", at its middle in \"" : "", STR_ARG(range),
                        range.len ? "\"" : "");
    }
    return str_fmt(in->arena, "longest pause %.4g ms at %.4g ms, the host: " STR_FMT,
                   (double)pause * 1e-6, (double)row->pause_start * 1e-6, STR_ARG(doing));
}

void nsys_tell_streams(Nsys *in)
{
    Overlaps found = {.of = idmap_new(in->arena)};
    if (!in->streams.len)
        return;
    qsort(in->streams.items, in->streams.len, sizeof(NsysStream), by_busy);
    uint32_t told = in->streams.len < TOLD ? (uint32_t)in->streams.len : TOLD;
    read_overlaps(in, &found, told);
    for (uint32_t i = 0; i < told; i++) {
        const NsysStream *row = &in->streams.items[i];
        int64_t span = lasting(row->first, row->until);
        Str pause = pause_text(in, &found, i);
        profile_note(
            in->build,
            "GPU %lld stream %lld: busy with %llu kernel%s for %.4g of %.4g ms (%.3g %%); " STR_FMT,
            (long long)row->device, (long long)row->stream, (unsigned long long)row->kernels,
            row->kernels == 1 ? "" : "s", (double)row->busy_ns * 1e-6, (double)span * 1e-6,
            span ? (double)row->busy_ns / (double)span * 100 : 0.0, STR_ARG(pause));
    }
    profile_note_count(in->build, in->streams.len - told, "more stream was", "more streams were",
                       "less busy");
}
