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

static bool is_pageable(const NsysCopies *copies)
{
    return (copies->kind == KIND_TO_DEVICE && copies->from == MEMORY_PAGEABLE) ||
           (copies->kind == KIND_TO_HOST && copies->to == MEMORY_PAGEABLE);
}

static double bytes_per_second(const NsysCopies *copies)
{
    return copies->ns ? (double)copies->bytes / ((double)copies->ns * 1e-9) : 0;
}

/* "2 copies to the device, 10 kB in 1.5 µs (6.67 GB/s)" */
static Str copies_text(Nsys *in, const NsysCopies *copies)
{
    Str what = str_copy(
        in->arena,
        profile_added_text(in->build, profile_added_row(in->build, copies->frame)->function));
    if (copies->kind == KIND_TO_DEVICE || copies->kind == KIND_TO_HOST)
        what = str_fmt(in->arena, "%s %s", copies->count == 1 ? "copy" : "copies",
                       copies->kind == KIND_TO_DEVICE ? "to the device" : "to the host");
    else
        what = str_fmt(in->arena, "times " STR_FMT, STR_ARG(what));
    return str_fmt(in->arena, "%llu " STR_FMT ", " STR_FMT " in " STR_FMT " (" STR_FMT "/s)",
                   (unsigned long long)copies->count, STR_ARG(what),
                   STR_ARG(units_text(in->arena, (double)copies->bytes, UNIT_BYTES)),
                   STR_ARG(units_text(in->arena, (double)copies->ns * 1e-9, UNIT_SECONDS)),
                   STR_ARG(units_text(in->arena, bytes_per_second(copies), UNIT_BYTES)));
}

/* The line that called; a range that the program named is none. */
static uint32_t place_of(const Nsys *in, const NsysCopies *copies)
{
    uint32_t frame = copies->host ? profile_added_frame(in->build, copies->host) : copies->frame;
    return profile_added_row(in->build, frame)->kind == FRAME_LABEL ? copies->frame : frame;
}

static void tell_place(Nsys *in, const NsysCopies *copies)
{
    bool pageable = is_pageable(copies);
    Str text = copies_text(in, copies);
    if (pageable)
        text = str_fmt(in->arena,
                       "pageable host memory: use pinned. " STR_FMT ": cudaMallocHost or "
                       "cudaHostRegister make them faster, and let them run beside the host",
                       STR_ARG(text));
    else if (copies->host == copies->frame)
        return; /* a fact of the copy, and of no line */
    profile_add_finding(
        in->build,
        (ProfileFinding){
            .frame = copies->host,
            .rule = profile_add_text(in->build, pageable ? S("pageable memory") : S("memory copy")),
            .message = profile_add_text(in->build, text),
            .kind = pageable ? FINDING_WARNING : FINDING_NOTE});
}

static void add_fact(Nsys *in, uint32_t frame, Str name, double value, Str unit)
{
    profile_add_fact(in->build, (ProfileFact){.frame = frame,
                                              .name = profile_add_text(in->build, name),
                                              .unit = profile_add_text(in->build, unit),
                                              .value = value});
}

/* All copies of one name; `from` is the bytes of them that are pageable. */
static void tell_name(Nsys *in, const NsysCopies *all)
{
    bool fill = all->kind == KIND_FILL;
    Str text = copies_text(in, all);
    add_fact(in, all->frame, fill ? S("fills") : S("copies"), (double)all->count, S("count"));
    add_fact(in, all->frame, S("bytes"), (double)all->bytes, S("bytes"));
    add_fact(in, all->frame, S("throughput"), bytes_per_second(all), S("bytes/s"));
    add_fact(in, all->frame, fill ? S("largest fill") : S("largest copy"), (double)all->largest,
             S("bytes"));
    if (all->from)
        add_fact(in, all->frame, S("from or to pageable host memory"), (double)all->from,
                 S("bytes"));
    profile_note(in->build, STR_FMT "%s" STR_FMT "%s", STR_ARG(text), all->from ? "; " : "",
                 STR_ARG(all->from ? units_text(in->arena, (double)all->from, UNIT_BYTES) : S("")),
                 all->from ? " of it pageable host memory: use pinned" : "");
}

typedef struct Groups {
    Array(NsysCopies) list;
    IdMap of;
} Groups;

static NsysCopies *group_of(Nsys *in, Groups *groups, uint64_t key, const NsysCopies *one)
{
    uint32_t *slot = idmap_slot(&groups->of, key);
    if (!*slot) {
        *array_push(in->arena, &groups->list) =
            (NsysCopies){.frame = one->frame, .kind = one->kind, .from = one->from, .to = one->to};
        *slot = (uint32_t)groups->list.len;
    }
    NsysCopies *group = &groups->list.items[*slot - 1];
    group->count += one->count;
    group->bytes = nsys_sum(group->bytes, one->bytes);
    group->ns = nsys_sum(group->ns, one->ns);
    group->largest = one->largest > group->largest ? one->largest : group->largest;
    return group;
}

void nsys_tell_copies(Nsys *in)
{
    Groups places = {.of = idmap_new(in->arena)}, names = {.of = idmap_new(in->arena)};
    array_each (NsysCopies, one, &in->copies) {
        uint32_t place = place_of(in, one);
        uint64_t kind = (uint64_t)one->frame << 1 | is_pageable(one);
        group_of(in, &places, nsys_mix(place + 1, kind) | 1, one)->host = place;
        NsysCopies *name = group_of(in, &names, (uint64_t)one->frame + 1, one);
        if (name->host == 0)
            name->from = 0; /* counts bytes from here on */
        name->host = 1;
        name->from = nsys_sum(name->from, is_pageable(one) ? one->bytes : 0);
    }
    array_each (NsysCopies, place, &places.list)
        tell_place(in, place);
    array_each (NsysCopies, name, &names.list)
        tell_name(in, name);
}
