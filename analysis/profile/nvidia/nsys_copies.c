/*
 * Nsight Systems: copies and fills of memory: their time and bytes, how fast they were, and which
 * of them went from or to memory of the host that is not pinned.
 */

#include "analysis/profile/nvidia/nsys_parts.h"
#include "base/units.h"

enum {
    KIND_FILL = -1,
    KIND_TO_DEVICE = 1,
    KIND_TO_HOST = 2,
    MEMORY_PAGEABLE = 0,
    MEMORY_UNKNOWN = 7,
};

static int64_t memory(const NsysRow *row, int column)
{
    return nsys_is_null(row, column) ? MEMORY_UNKNOWN : row->value[column];
}

static NsysCopies *copies_of(Nsys *in, uint32_t frame, uint32_t host, const NsysRow *row,
                             int64_t kind)
{
    int64_t from = memory(row, NSYS_FROM), to = memory(row, NSYS_TO);
    uint64_t hash = nsys_mix(nsys_mix(nsys_mix(frame, host), (uint64_t)from), (uint64_t)to);
    uint32_t *slot = idmap_slot(&in->copies_of, hash | 1);
    if (!*slot) {
        *array_push(in->arena, &in->copies) =
            (NsysCopies){.frame = frame, .host = host, .kind = kind, .from = from, .to = to};
        *slot = (uint32_t)in->copies.len;
    }
    return &in->copies.items[*slot - 1];
}

void nsys_take_copy(Nsys *in, const NsysRow *row, bool is_fill)
{
    const int64_t *value = row->value;
    int64_t kind = is_fill ? KIND_FILL : value[NSYS_COPY_KIND];
    Str name = is_fill ? S("[fill memory]") : nsys_copy_name(kind);
    ProfileFrame frame = {.function = profile_add_text(in->build, name), .kind = FRAME_GPU};
    frame.module = frame.function;
    int64_t ns = nsys_lasting(value[NSYS_START], value[NSYS_END]);
    int64_t bytes = value[NSYS_BYTES] > 0 ? value[NSYS_BYTES] : 0;
    NsysEarly work = {.frame = profile_add_frame(in->build, frame),
                      .thread = nsys_stream_thread(in, value[NSYS_PROCESS], value[NSYS_DEVICE],
                                                   value[NSYS_STREAM]),
                      .weights = {ns, bytes}};
    uint64_t process = nsys_work_process(in, row);
    const NsysLaunch *launch = nsys_launch(in, process, value[NSYS_LAUNCHED]);
    nsys_add_work(in, row, &work, launch);
    NsysCopies *copies = copies_of(in, work.frame, launch ? launch->host : 0, row, kind);
    copies->count++;
    copies->bytes = nsys_sum(copies->bytes, bytes);
    copies->ns = nsys_sum(copies->ns, ns);
    copies->largest = bytes > copies->largest ? bytes : copies->largest;
    nsys_idle_work(in, &(NsysWork){.kind = is_fill ? NSYS_FILL : NSYS_COPY,
                                   .process = process,
                                   .device = value[NSYS_DEVICE],
                                   .stream = value[NSYS_STREAM],
                                   .start = value[NSYS_START],
                                   .end = value[NSYS_END],
                                   .bytes = bytes,
                                   .name = frame.function,
                                   .launch = launch});
}

/* ------------------------------------------------------------------ telling */

static double bytes_per_second(const NsysCopies *copies)
{
    return copies->ns ? (double)copies->bytes / ((double)copies->ns * 1e-9) : 0;
}

static bool is_pageable(const NsysCopies *copies)
{
    return (copies->kind == KIND_TO_DEVICE && copies->from == MEMORY_PAGEABLE) ||
           (copies->kind == KIND_TO_HOST && copies->to == MEMORY_PAGEABLE);
}

static Str speed_text(Nsys *in, const NsysCopies *copies)
{
    return str_fmt(in->arena, STR_FMT "/s",
                   STR_ARG(units_text(in->arena, bytes_per_second(copies), UNIT_BYTES)));
}

static void tell_pageable(Nsys *in, const NsysCopies *copies)
{
    Str text = str_fmt(
        in->arena,
        "pageable host memory: use pinned. %llu cop%s %s, " STR_FMT " in " STR_FMT " (" STR_FMT
        "): cudaMallocHost or cudaHostRegister make them faster, and let them run beside the host",
        (unsigned long long)copies->count, copies->count == 1 ? "y" : "ies",
        copies->kind == KIND_TO_DEVICE ? "to the device" : "to the host",
        STR_ARG(units_text(in->arena, (double)copies->bytes, UNIT_BYTES)),
        STR_ARG(units_text(in->arena, (double)copies->ns * 1e-9, UNIT_SECONDS)),
        STR_ARG(speed_text(in, copies)));
    uint32_t frame = copies->host ? profile_added_frame(in->build, copies->host) : copies->frame;
    profile_add_finding(in->build,
                        (ProfileFinding){.frame = frame,
                                         .rule = profile_add_text(in->build, S("pageable memory")),
                                         .message = profile_add_text(in->build, text),
                                         .kind = FINDING_WARNING});
}

static void add_fact(Nsys *in, uint32_t frame, Str name, double value, Str unit)
{
    profile_add_fact(in->build, (ProfileFact){.frame = frame,
                                              .name = profile_add_text(in->build, name),
                                              .unit = profile_add_text(in->build, unit),
                                              .value = value});
}

/* All copies of one name, wherever they were called. */
static void tell_frame(Nsys *in, const NsysCopies *all, int64_t pageable)
{
    bool fill = all->kind == KIND_FILL;
    add_fact(in, all->frame, fill ? S("fills") : S("copies"), (double)all->count, S("count"));
    add_fact(in, all->frame, S("bytes"), (double)all->bytes, S("bytes"));
    add_fact(in, all->frame, S("throughput"), bytes_per_second(all), S("bytes/s"));
    add_fact(in, all->frame, fill ? S("largest fill") : S("largest copy"), (double)all->largest,
             S("bytes"));
    if (pageable)
        add_fact(in, all->frame, S("from or to pageable host memory"), (double)pageable,
                 S("bytes"));
}

static bool was_told(const Nsys *in, size_t place)
{
    for (size_t i = 0; i < place; i++)
        if (in->copies.items[i].frame == in->copies.items[place].frame)
            return true;
    return false;
}

void nsys_tell_copies(Nsys *in)
{
    enum {
        FRAMES = 64 /* there are about twenty names */
    };
    size_t told = 0;
    for (size_t i = 0; i < in->copies.len; i++) {
        if (is_pageable(&in->copies.items[i]))
            tell_pageable(in, &in->copies.items[i]);
        if (told == FRAMES || was_told(in, i))
            continue;
        NsysCopies all = in->copies.items[i];
        int64_t pageable = is_pageable(&all) ? all.bytes : 0;
        for (size_t k = i + 1; k < in->copies.len; k++) {
            const NsysCopies *more = &in->copies.items[k];
            if (more->frame != all.frame)
                continue;
            all.count += more->count;
            all.bytes = nsys_sum(all.bytes, more->bytes);
            all.ns = nsys_sum(all.ns, more->ns);
            all.largest = more->largest > all.largest ? more->largest : all.largest;
            pageable = nsys_sum(pageable, is_pageable(more) ? more->bytes : 0);
        }
        tell_frame(in, &all, pageable);
        told++;
    }
}
