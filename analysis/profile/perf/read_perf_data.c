/*
 * perf.data as the kernel and `perf record` wrote it: addresses, and what was mapped where.
 *
 * The records come in the order of time (perf_file.h). Mappings, forks and names of threads are
 * followed as they happen (perf_maps.h), so each sample's addresses are taken to a module and a
 * place in its file. Symbols and lines are not looked up here: frames leave with module and address, and
 * the profile lists the modules' build ids (symbols/symbolize.h).
 *
 * How it is fast: the hashes of all beginnings of a stack are made from the raw addresses, and the
 * longest known one is found by halving (prefix_table.h); only what is new is looked up in the
 * mappings. The mappings' state is part of the hash, since an address means something else after
 * the next exec or dlopen.
 *
 * Not done: unwinding of stacks that were copied (--call-graph dwarf); `perf script` does that.
 * A guest's kernel is one frame. Memory without a file is called /tmp/perf-PID.map, where compilers at run time say what they
 * made; there, and in the kernel, a frame's address is the one in memory.
 */

#include <string.h>

#include "analysis/profile/perf/perf_file.h"
#include "analysis/profile/perf/perf_generated.h"
#include "analysis/profile/perf/perf_maps.h"
#include "analysis/profile/perf/perf_parts.h"
#include "analysis/profile/prefix_table.h"
#include "analysis/profile/readers.h"

enum {
    CPU_MODE = 7,
    CPU_KERNEL = 1,
    CPU_HYPERVISOR = 3,
    CPU_GUEST_KERNEL = 4,
    MISC_MMAP_DATA = 1 << 13,
    MISC_COMM_EXEC = 1 << 13,
    MISC_MMAP_BUILD_ID = 1 << 14,
    BUILD_ID_BYTES = 20,
    FORKED_MAPS = 1000000,
    SHALLOW_LEAST = 20,
};

/* What stands between the addresses of a stack: whose the following ones are. */
static const uint64_t CONTEXT_LEAST = (uint64_t)-4095;
static const uint64_t CONTEXT_KERNEL = (uint64_t)-128;
static const uint64_t CONTEXT_USER = (uint64_t)-512;

typedef enum Owner {
    OWNER_USER,
    OWNER_KERNEL,
    OWNER_OTHER, /* a hypervisor, or the kernel or a program of its guest */
} Owner;

typedef struct Thread {
    uint32_t comm;
    uint32_t pid;
    uint32_t number; /* the profile's, or UINT32_MAX until it has a sample */
} Thread;

typedef struct Entry {
    uint64_t ip;
    uint64_t prefix;
    Owner owner;
    bool exact; /* not the address that a call returns to */
} Entry;

typedef struct Recording {
    Arena *arena;
    ProfileBuilder *build;
    PerfFile file;
    PerfTotals totals;
    PerfMaps *maps;
    PrefixTable stacks;
    Array(Thread) threads;
    IdMap thread_of;        /* (pid, tid) to place in threads + 1 */
    Array(Entry) chain;     /* innermost first */
    uint32_t *event_of;     /* by attribute: event + 1 */
    uint32_t kernel_name;   /* text, "[kernel]" */
    uint32_t kernel_module; /* text */
    size_t samples;
    size_t cut;
    size_t copied_stacks;
    size_t flat;
    size_t walked;  /* samples whose user stack was followed by frame pointers */
    size_t shallow; /* of them, with one frame */
    uint64_t lost;
} Recording;

/* ------------------------------------------------------------------ processes */

static Thread *thread_of(Recording *in, uint32_t pid, uint32_t tid)
{
    uint32_t *slot = idmap_slot(&in->thread_of, idmap_pair(pid, tid));
    if (!*slot) {
        *array_push(in->arena, &in->threads) = (Thread){.pid = pid, .number = UINT32_MAX};
        *slot = (uint32_t)in->threads.len;
    }
    return &in->threads.items[*slot - 1];
}

static void name_thread(Recording *in, uint32_t pid, uint32_t tid, uint32_t comm)
{
    Thread *thread = thread_of(in, pid, tid);
    thread->comm = comm;
    thread->number = UINT32_MAX;
}

static void read_comm(Recording *in, const PerfRecord *record)
{
    PerfBytes body = perf_record_body(record);
    uint32_t pid = perf_u32(&body), tid = perf_u32(&body);
    Str comm = perf_text(&body, body.left);
    if (perf_record_misc(record) & MISC_COMM_EXEC)
        perf_process_exec(in->maps, pid);
    name_thread(in, pid, tid, profile_add_text(in->build, comm));
}

static void read_fork(Recording *in, const PerfRecord *record)
{
    PerfBytes body = perf_record_body(record);
    uint32_t pid = perf_u32(&body), parent = perf_u32(&body);
    uint32_t tid = perf_u32(&body), parent_tid = perf_u32(&body);
    if (body.cut)
        return;
    perf_process_fork(in->maps, pid, parent);
    name_thread(in, pid, tid, thread_of(in, parent, parent_tid)->comm);
}

static void read_map(Recording *in, const PerfRecord *record)
{
    PerfBytes body = perf_record_body(record);
    uint32_t pid = perf_u32(&body);
    perf_skip(&body, 4);
    PerfMap map = {.start = perf_u64(&body)};
    uint64_t len = perf_u64(&body);
    Str build_id = {0};
    map.end = map.start + len;
    map.offset = perf_u64(&body);
    if (perf_record_type(record) == PERF_RECORD_MMAP2) {
        PerfBytes id = body;
        size_t id_len = perf_u32(&id) & 0xff;
        if ((perf_record_misc(record) & MISC_MMAP_BUILD_ID) && id_len <= BUILD_ID_BYTES &&
            id.left >= BUILD_ID_BYTES)
            build_id = (Str){id.at, id_len};
        perf_skip(&body, 32); /* and what may be done with it */
    }
    Str name = perf_text(&body, body.left);
    if (body.cut || (perf_record_misc(record) & MISC_MMAP_DATA))
        return;
    if (pid == UINT32_MAX) { /* of the kernel: "[kernel.kallsyms]_text" at that symbol's address */
        if (str_starts(name, S("[kernel.kallsyms]")))
            profile_add_start(in->build, in->kernel_module, map.offset);
        return;
    }
    if (perf_is_anonymous(name)) {
        name = perf_map_file(in->arena, pid);
        map.offset = map.start;
    }
    map.module = profile_add_text(in->build, name);
    if (build_id.len)
        profile_add_module(in->build, map.module,
                           profile_add_text(in->build, perf_hex(in->arena, build_id)));
    perf_map_add(in->maps, perf_process(in->maps, pid), map);
}

/* ------------------------------------------------------------------ stacks */

/* The module of a place without a name; a map file is not one that anybody knows. */
static Str unknown_name(Recording *in, Str module)
{
    return perf_unknown_name(in->arena, perf_is_map_file(module) ? S("//anon") : module);
}

static uint32_t frame_of(Recording *in, const PerfProcess *process, const Entry *entry)
{
    uint64_t ip = entry->exact || !entry->ip ? entry->ip : entry->ip - 1;
    if (entry->owner != OWNER_USER)
        return profile_add_frame(in->build,
                                 (ProfileFrame){.function = in->kernel_name,
                                                .module = in->kernel_module,
                                                .kind = FRAME_KERNEL,
                                                .address = entry->owner == OWNER_KERNEL ? ip : 0});
    const PerfMap *map = perf_map_find(process, ip);
    ProfileFrame frame = {.kind = FRAME_NATIVE};
    Str module = map ? str_copy(in->arena, profile_added_text(in->build, map->module)) : (Str){0};
    frame.module = map ? map->module : 0;
    if (str_starts(module, S("/")) && !str_starts(module, S("//")))
        frame.address = ip - map->start + map->offset;
    frame.function = profile_add_text(in->build, unknown_name(in, module));
    return profile_add_frame(in->build, frame);
}

static uint64_t number_of(const Entry *entry)
{
    return hash64_number(entry->ip) + entry->exact + 2u * (unsigned)entry->owner;
}

static bool is_known(const Recording *in, const Entry *entry, uint32_t *node)
{
    const PrefixCell *cell = prefix_find(&in->stacks, entry->prefix);
    if (!cell || cell->item != (uint32_t)entry->ip)
        return false;
    *node = cell->node;
    return true;
}

static uint32_t stack_of(Recording *in, uint32_t pid)
{
    const PerfProcess *process = perf_process(in->maps, pid);
    size_t depth = in->chain.len, known = 0, beyond = depth + 1;
    uint64_t prefix = hash64_number(process->state);
    uint32_t node = 0, found;
    for (size_t i = depth; i-- > 0;) {
        prefix = prefix_hash(prefix, number_of(&in->chain.items[i]));
        in->chain.items[i].prefix = prefix;
        prefix_prefetch(&in->stacks, prefix);
    }
    if (depth && is_known(in, &in->chain.items[0], &found))
        return found;
    while (known + 1 < beyond) {
        size_t middle = known + (beyond - known) / 2;
        if (is_known(in, &in->chain.items[depth - middle], &found)) {
            node = found;
            known = middle;
        } else {
            beyond = middle;
        }
    }
    for (; known < depth; known++) {
        const Entry *entry = &in->chain.items[depth - 1 - known];
        node = profile_add_stack(in->build, node, frame_of(in, process, entry));
        prefix_add(&in->stacks, entry->prefix, (uint32_t)entry->ip, node);
    }
    return node;
}

static void push_entry(Recording *in, uint64_t ip, Owner owner, bool exact)
{
    bool other = owner == OWNER_OTHER;
    if (other && in->chain.len && in->chain.items[in->chain.len - 1].owner == OWNER_OTHER)
        return; /* all of it is one frame */
    *array_push(in->arena, &in->chain) =
        (Entry){.ip = other ? 0 : ip, .owner = owner, .exact = exact || other};
}

static void read_chain(Recording *in, PerfBytes *body, Owner owner)
{
    uint64_t len = perf_u64(body), ip;
    bool exact = true;
    if (len > body->left / 8) {
        body->cut = true;
        len = body->left / 8;
    }
    for (uint64_t i = 0; i < len; i++) {
        memcpy(&ip, body->at + 8 * i, sizeof(ip));
        if (ip >= CONTEXT_LEAST) {
            owner = ip == CONTEXT_USER     ? OWNER_USER
                    : ip == CONTEXT_KERNEL ? OWNER_KERNEL
                                           : OWNER_OTHER;
            exact = true;
            continue;
        }
        push_entry(in, ip, owner, exact);
        exact = false;
    }
    perf_skip(body, 8 * len);
}

/* ------------------------------------------------------------------ samples */

/* Where frame pointers are missing, the walk ends at once: even main has a caller. */
static void count_frames(Recording *in)
{
    size_t user = 0;
    array_each (const Entry, entry, &in->chain)
        user += entry->owner == OWNER_USER;
    in->walked += user > 0;
    in->shallow += user == 1;
}

/* The counters read with the sample; how many there are depends on the format. */
static void skip_read(PerfBytes *body, uint64_t format)
{
    enum {
        ENABLED = 1,
        RUNNING = 2,
        ID = 4,
        GROUP = 8,
        LOST = 16
    };
    uint64_t each = 8u + (format & ID ? 8u : 0) + (format & LOST ? 8u : 0);
    uint64_t times = (format & ENABLED ? 8u : 0) + (format & RUNNING ? 8u : 0);
    uint64_t count = format & GROUP ? perf_u64(body) : 1;
    perf_skip(body, times);
    perf_skip(body, count > body->left / 8 ? UINT64_MAX : count * each);
}

static bool is_weighted(const PerfAttr *attr)
{
    return (attr->sample_type & PERF_HAS_PERIOD) || !attr->by_frequency;
}

static uint32_t event_of(Recording *in, const PerfAttr *attr)
{
    size_t at = (size_t)(attr - in->file.attrs.items);
    if (!in->event_of[at])
        in->event_of[at] = perf_totals_event(&in->totals, attr->name, is_weighted(attr)) + 1;
    return in->event_of[at] - 1;
}

static uint32_t thread_number(Recording *in, uint32_t pid, uint32_t tid)
{
    Thread *thread = thread_of(in, pid, tid);
    if (thread->number == UINT32_MAX)
        thread->number = profile_add_thread(
            in->build, (ProfileThread){.name = thread->comm, .pid = pid, .tid = tid});
    return thread->number;
}

static void read_sample(Recording *in, const PerfRecord *record)
{
    const PerfAttr *attr = perf_sample_attr(&in->file, record);
    PerfBytes body = perf_record_body(record);
    uint64_t type = attr->sample_type, ip = 0, period = attr->by_frequency ? 1 : attr->period;
    uint32_t pid = 0, tid = 0, mode = perf_record_misc(record) & CPU_MODE;
    Owner owner = mode == CPU_KERNEL                                   ? OWNER_KERNEL
                  : mode == CPU_HYPERVISOR || mode == CPU_GUEST_KERNEL ? OWNER_OTHER
                                                                       : OWNER_USER;
    perf_skip(&body, type & PERF_HAS_IDENTIFIER ? 8 : 0);
    if (type & PERF_HAS_IP)
        ip = perf_u64(&body);
    if (type & PERF_HAS_TID) {
        pid = perf_u32(&body);
        tid = perf_u32(&body);
    }
    static const uint64_t SKIPPED[] = {PERF_HAS_TIME, PERF_HAS_ADDR, PERF_HAS_ID,
                                       PERF_HAS_STREAM_ID, PERF_HAS_CPU};
    for (size_t i = 0; i < sizeof(SKIPPED) / sizeof(SKIPPED[0]); i++)
        perf_skip(&body, type & SKIPPED[i] ? 8 : 0);
    if (type & PERF_HAS_PERIOD)
        period = perf_u64(&body);
    if (type & PERF_HAS_READ)
        skip_read(&body, attr->read_format);
    in->chain.len = 0;
    if (type & PERF_HAS_CALLCHAIN)
        read_chain(in, &body, owner);
    else
        in->flat++;
    if (!in->chain.len && (type & PERF_HAS_IP))
        push_entry(in, ip, owner, true);
    if (body.cut) {
        in->cut++;
        return;
    }
    in->copied_stacks += (type & PERF_HAS_STACK_USER) != 0;
    if ((type & PERF_HAS_CALLCHAIN) && !(type & PERF_HAS_STACK_USER))
        count_frames(in);
    in->samples++;
    uint32_t thread = thread_number(in, pid, tid);
    perf_totals_add(&in->totals,
                    (PerfSample){.stack = stack_of(in, pid),
                                 .thread = thread < UINT32_MAX / PROFILE_METRICS_MAX ? thread : 0,
                                 .event = event_of(in, attr),
                                 .weight = period});
}

static void read_record(Recording *in, const PerfRecord *record)
{
    switch (perf_record_type(record)) {
    case PERF_RECORD_MMAP:
    case PERF_RECORD_MMAP2:
        read_map(in, record);
        break;
    case PERF_RECORD_COMM:
        read_comm(in, record);
        break;
    case PERF_RECORD_FORK:
        read_fork(in, record);
        break;
    case PERF_RECORD_SAMPLE:
        read_sample(in, record);
        break;
    case PERF_RECORD_LOST: {
        PerfBytes body = perf_record_body(record);
        perf_skip(&body, 8);
        uint64_t lost = perf_u64(&body);
        in->lost = lost > UINT64_MAX - in->lost ? UINT64_MAX : in->lost + lost;
        break;
    }
    default:
        break;
    }
}

static void add_notes(Recording *in)
{
    for (size_t i = 0; i < in->file.notes.len; i++)
        profile_note(in->build, STR_FMT, STR_ARG(in->file.notes.items[i]));
    profile_note_count(in->build, in->cut, "sample is shorter than it says and was",
                       "samples are shorter than they say and were", "left out");
    if (in->lost)
        profile_note(in->build, "perf lost %llu record%s while recording",
                     (unsigned long long)in->lost, in->lost == 1 ? "" : "s");
    profile_note_count(in->build, in->copied_stacks, "sample holds", "samples hold",
                       "a copy of the stack (--call-graph dwarf), of which only the innermost "
                       "frame is read here; the text of `perf script` has them all");
    if (in->walked >= SHALLOW_LEAST && in->shallow > in->walked / 2)
        profile_note(
            in->build,
            "%zu of %zu stacks have one frame: the program was built without frame "
            "pointers (-C force-frame-pointers=yes, -fno-omit-frame-pointer); without them "
            "record with --call-graph dwarf",
            in->shallow, in->walked);
    profile_note_count(in->build, in->flat, "sample was recorded", "samples were recorded",
                       "without stacks (perf record -g)");
    profile_note_count(in->build, perf_maps_dropped(in->maps), "mapping is one too many and was",
                       "mappings are too many and were", "left out");
}

bool is_perf_data(Str bytes)
{
    return perf_file_is(bytes);
}

static bool without(const PerfFile *file, const char *what, Err *err)
{
    if (file->cut)
        return err_set(err, ERR_INPUT,
                       "perf.data is cut off before its first %s: copy it again, or record again",
                       what);
    return err_set(err, ERR_INPUT, "perf.data without %s %s", *what == 'e' ? "an" : "a", what);
}

bool read_perf_data(Arena *arena, Str bytes, Profile *out, Err *err)
{
    Recording in = {.arena = arena, .build = profile_builder_new(arena)};
    if (!perf_file_open(arena, bytes, &in.file, err))
        return false;
    if (!in.file.attrs.len)
        return without(&in.file, "event", err);
    in.totals = perf_totals_new(arena, in.build);
    in.maps = perf_maps_new(arena, FORKED_MAPS);
    in.stacks = prefix_table_new(arena);
    in.thread_of = idmap_new(arena);
    in.event_of = NEW_ARRAY(arena, uint32_t, in.file.attrs.len);
    in.kernel_name = profile_add_text(in.build, S("[kernel]"));
    in.kernel_module = profile_add_text(in.build, S("[kernel.kallsyms]"));
    array_each (PerfBuildId, id, &in.file.build_ids)
        profile_add_module(in.build, profile_add_text(in.build, id->module),
                           profile_add_text(in.build, id->hex));
    array_each (PerfAttr, attr, &in.file.attrs) /* metrics in the order they were asked for */
        if (attr - in.file.attrs.items < PROFILE_METRICS_MAX)
            event_of(&in, attr);
    for (size_t i = 0; i < in.file.records_len; i++)
        read_record(&in, &in.file.records[i]);
    if (!in.samples)
        return without(&in.file, "sample", err);
    add_notes(&in);
    perf_totals_finish(&in.totals);
    *out = profile_build(in.build, S("perf"), S("perf.data"));
    return true;
}
