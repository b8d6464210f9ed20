#include "analysis/profile/nvidia/nsys_timeline.h"

#include <string.h>

#include "analysis/profile/nvidia/nsys_parts.h"
#include "base/json_out.h"
#include "base/strbuf.h"

enum {
    PIECE = 1 << 16, /* bytes that leave at once */
    /* Devices are processes of the trace; nsys keeps 24 bits of a real one's number. */
    DEVICE_PROCESS = 1 << 24,
    NVTX_PUSH_POP = 59,
    NVTX_START_END = 60,
    SYNC_STREAM = 3,
    EVENT = 1024, /* bytes of an event beside its names */
};

typedef Array(Str) Names;

/* A name of the table of strings, as JSON. */
typedef struct NsysSaid {
    Str name, call; /* call: without the version */
    bool is_runtime, waits, launches;
} NsysSaid;

typedef struct Writer {
    Arena *arena;
    NsysDb *db;
    StrBuf text;
    char *at; /* while an event is written: where in its room */
    StrBuf quoted;
    NsysSink *sink;
    void *to;
    Err *err;
    bool stopped;
    bool has_event;
    NsysTimeline told;
    Names names;
    IdMap process_name, device_name, thread_name; /* key + 1 to number + 1 in names */
    Array(NsysSaid) said;
    IdMap said_of;    /* string + 1 to number + 1 in said */
    IdMap process_of; /* process + 1 to its number + 1, in the order of appearance */
    uint32_t processes;
    IdMap named;    /* process or thread of the trace that has its name */
    IdMap track_of; /* what one track is for, to its number */
    uint32_t tracks;
    NsysCall last; /* the newest call */
} Writer;

/* Where an event stands in the trace. */
typedef struct Track {
    uint64_t process, thread;
} Track;

static void flush(Writer *in, size_t least)
{
    if (in->text.len < least)
        return;
    if (!in->stopped && !in->sink(in->to, strbuf_str(&in->text), in->err))
        in->stopped = true;
    strbuf_clear(&in->text);
}

/* ------------------------------------------------------------------ one event */

/*
 * Ten million events are five gigabytes: so numbers are written here, and not by printf, into room
 * that was asked for once.
 */
static void put(Writer *in, Str text)
{
    memcpy(in->at, text.ptr, text.len);
    in->at += text.len;
}

static void put_u64(Writer *in, uint64_t value)
{
    char digits[20];
    size_t len = 0;
    do
        digits[len++] = (char)('0' + value % 10);
    while (value /= 10);
    while (len)
        *in->at++ = digits[--len];
}

static void put_i64(Writer *in, int64_t value)
{
    if (value < 0)
        *in->at++ = '-';
    put_u64(in, value < 0 ? 0 - (uint64_t)value : (uint64_t)value);
}

/* The format counts in microseconds. */
static void put_us(Writer *in, int64_t ns)
{
    uint64_t size = ns < 0 ? 0 - (uint64_t)ns : (uint64_t)ns, rest = size % 1000;
    if (ns < 0)
        *in->at++ = '-';
    put_u64(in, size / 1000);
    *in->at++ = '.';
    *in->at++ = (char)('0' + rest / 100);
    *in->at++ = (char)('0' + rest / 10 % 10);
    *in->at++ = (char)('0' + rest % 10);
}

/* Names are JSON already. `more`: bytes of other texts that follow. */
static void open_event(Writer *in, Str phase, Track track, Str name, Str category, size_t more)
{
    in->at = strbuf_reserve(&in->text, EVENT + name.len + more);
    put(in, in->has_event ? S(",{\"ph\":\"") : S("{\"ph\":\""));
    put(in, phase);
    put(in, S("\",\"name\":"));
    put(in, name);
    if (category.len) {
        put(in, S(",\"cat\":\""));
        put(in, category);
        put(in, S("\""));
    }
    put(in, S(",\"pid\":"));
    put_u64(in, track.process);
    put(in, S(",\"tid\":"));
    put_u64(in, track.thread);
    in->has_event = true;
}

static void close_event(Writer *in)
{
    put(in, S("}"));
    in->text.len = (size_t)(in->at - in->text.ptr);
    flush(in, PIECE);
}

/* Leaves "args" open. */
static void open_complete(Writer *in, Track track, Str name, Str category, int64_t start,
                          int64_t end, size_t more)
{
    open_event(in, S("X"), track, name, category, more);
    put(in, S(",\"ts\":"));
    put_us(in, start);
    put(in, S(",\"dur\":"));
    put_us(in, nsys_lasting(start, end));
    put(in, S(",\"args\":{"));
}

static void close_complete(Writer *in)
{
    put(in, S("}"));
    close_event(in);
}

static void put_arrow(Writer *in, Str phase, Track track, uint64_t launch, int64_t at)
{
    open_event(in, phase, track, S("\"ac2g\""), S("ac2g"), 0);
    put(in, S(",\"ts\":"));
    put_us(in, at);
    put(in, S(",\"id\":"));
    put_u64(in, launch);
    if (phase.ptr[0] == 'f')
        put(in, S(",\"bp\":\"e\""));
    close_event(in);
}

/* Valid until the next. */
static Str quote(Writer *in, Str text)
{
    strbuf_clear(&in->quoted);
    JsonOut out = json_out(&in->quoted);
    json_put_str(&out, text);
    return strbuf_str(&in->quoted);
}

static void put_name(Writer *in, Str what, Track track, Str name)
{
    Str quoted = quote(in, name);
    open_event(in, S("M"), track, what, (Str){0}, quoted.len);
    put(in, S(",\"args\":{\"name\":"));
    put(in, quoted);
    close_complete(in);
}

static bool launches(Str call)
{
    static const Str CALLS[] = {
        STR_CONST("cudaLaunch"),      STR_CONST("cuLaunch"),      STR_CONST("cudaMemcpy"),
        STR_CONST("cuMemcpy"),        STR_CONST("cudaMemset"),    STR_CONST("cuMemset"),
        STR_CONST("cudaGraphLaunch"), STR_CONST("cuGraphLaunch"), STR_CONST("cudaMemPrefetch"),
    };
    for (size_t i = 0; i < sizeof(CALLS) / sizeof(CALLS[0]); i++)
        if (str_starts(call, CALLS[i]))
            return true;
    return false;
}

static NsysSaid said_of(Writer *in, int64_t string)
{
    uint32_t *slot = idmap_slot(&in->said_of, (uint64_t)string + 1);
    if (!*slot) {
        Str name = nsys_db_string(in->db, string), call = nsys_call_name(name);
        NsysSaid said = {.is_runtime = str_starts(call, S("cuda")),
                         .waits = gpu_call_waits(call),
                         .launches = launches(call)};
        said.name = str_copy(in->arena, quote(in, name));
        said.call = str_copy(in->arena, quote(in, call));
        *array_push(in->arena, &in->said) = said;
        *slot = (uint32_t)in->said.len;
    }
    return in->said.items[*slot - 1];
}

/* ------------------------------------------------------------------ tracks */

static Str name_in(const Writer *in, const IdMap *map, uint64_t key)
{
    uint32_t number = idmap_get(map, key + 1);
    return number ? in->names.items[number - 1] : (Str){0};
}

static void keep_name(Writer *in, IdMap *map, uint64_t key, Str name)
{
    *array_push(in->arena, &in->names) = str_copy(in->arena, name);
    *idmap_slot(map, key + 1) = (uint32_t)in->names.len;
}

static void read_names(Writer *in)
{
    static const char *const PROCESS[] = {"globalPid", "name", NULL};
    static const char *const THREAD[] = {"globalTid", "nameId", NULL};
    static const char *const DEVICE[] = {"id", "deviceId", "name", NULL};
    NsysValue value[3];
    NsysRows rows = nsys_db_rows(in->db, "PROCESSES", PROCESS, NULL);
    while (nsys_rows_next(&rows, value))
        keep_name(in, &in->process_name, nsys_process(value[0].number), value[1].text);
    rows = nsys_db_rows(in->db, "ThreadNames", THREAD, NULL);
    while (nsys_rows_next(&rows, value))
        keep_name(in, &in->thread_name, (uint64_t)value[0].number,
                  nsys_db_string(in->db, value[1].number));
    rows = nsys_db_rows(in->db, "TARGET_INFO_GPU", DEVICE, NULL);
    while (nsys_rows_next(&rows, value))
        keep_name(in, &in->device_name, (uint64_t)value[value[0].is_null ? 1 : 0].number,
                  value[2].text);
}

/* True the first time. */
static bool is_new(IdMap *map, uint64_t key)
{
    uint32_t *slot = idmap_slot(map, key + 1);
    if (*slot)
        return false;
    *slot = 1;
    return true;
}

static Track host_track(Writer *in, int64_t global)
{
    Track track = {nsys_process(global), nsys_thread(global)};
    if (is_new(&in->named, track.process)) {
        Str name = name_in(in, &in->process_name, track.process);
        put_name(in, S("\"process_name\""), track, name.len ? name : S("process"));
    }
    if (is_new(&in->named, (uint64_t)1 << 63 | (uint64_t)global)) {
        Str name = name_in(in, &in->thread_name, (uint64_t)global);
        put_name(in, S("\"thread_name\""), track, name.len ? name : S("thread"));
    }
    return track;
}

static void name_device(Writer *in, Track track, int64_t device)
{
    if (!is_new(&in->named, track.process))
        return;
    Str name = name_in(in, &in->device_name, (uint64_t)device);
    put_name(in, S("\"process_name\""), track,
             str_fmt(in->arena, "GPU %lld%s" STR_FMT, (long long)device, name.len ? " " : "",
                     STR_ARG(name)));
}

/* Streams have numbers of their process; a wait stands beside what it waits for. */
static Track device_track(Writer *in, uint64_t process, int64_t device, int64_t stream, bool waits)
{
    uint64_t key =
        process << 40 ^ (uint64_t)device << 33 ^ (uint64_t)stream ^ (uint64_t)waits << 39;
    uint32_t *slot = idmap_slot(&in->track_of, key + 1);
    Track track = {DEVICE_PROCESS + ((uint64_t)device & 0xffff), *slot};
    if (*slot)
        return track;
    *slot = ++in->tracks;
    track.thread = *slot;
    name_device(in, track, device);
    Str name = stream < 0 ? S("all streams") : str_fmt(in->arena, "stream %lld", (long long)stream);
    put_name(in, S("\"thread_name\""), track,
             str_fmt(in->arena, "%s" STR_FMT " of process %llu", waits ? "waits for " : "",
                     STR_ARG(name), (unsigned long long)process));
    return track;
}

/* Correlations have 32 bits and are counted by process. */
static uint64_t launch_id(Writer *in, uint64_t process, int64_t correlation)
{
    uint32_t *slot = idmap_slot(&in->process_of, process + 1);
    if (!*slot)
        *slot = ++in->processes;
    return (uint64_t)(*slot - 1) << 32 | (uint32_t)correlation;
}

/* ------------------------------------------------------------------ tables */

static void write_call(Writer *in, const NsysRow *row)
{
    const int64_t *value = row->value;
    NsysCall call = {value[NSYS_START], value[NSYS_END], value[NSYS_PROCESS], value[NSYS_LAUNCHED]};
    if (nsys_call_repeats(&in->last, &call))
        return;
    in->last = call;
    NsysSaid said = said_of(in, value[NSYS_NAME]);
    Track track = host_track(in, call.thread);
    uint64_t launch = launch_id(in, track.process, call.correlation);
    open_complete(in, track, said.call, said.is_runtime ? S("cuda_runtime") : S("cuda_driver"),
                  call.start, call.end, 0);
    put(in, S("\"correlation\":"));
    put_u64(in, launch);
    if (said.waits)
        put(in, S(",\"waits\":true"));
    close_complete(in);
    if (said.launches)
        put_arrow(in, S("s"), track, launch, call.start);
    in->told.calls++;
}

static void put_size(Writer *in, Str key, const int64_t *size)
{
    put(in, key);
    for (size_t i = 0; i < 3; i++) {
        put(in, i ? S(",") : S(":["));
        put_i64(in, size[i]);
    }
    put(in, S("]"));
}

static void write_kernel(Writer *in, const NsysRow *row)
{
    const int64_t *value = row->value;
    bool has_short = !nsys_is_null(row, NSYS_SHORT), has_full = !nsys_is_null(row, NSYS_FULL);
    uint64_t process = nsys_process(value[NSYS_PROCESS]);
    uint64_t launch = launch_id(in, process, value[NSYS_LAUNCHED]);
    Track track = device_track(in, process, value[NSYS_DEVICE], value[NSYS_STREAM], false);
    Str name = said_of(in, value[has_short ? NSYS_SHORT : NSYS_FULL]).name;
    Str full = has_short && has_full ? said_of(in, value[NSYS_FULL]).name : (Str){0};
    open_complete(in, track, name, S("kernel"), value[NSYS_START], value[NSYS_END], full.len);
    put(in, S("\"correlation\":"));
    put_u64(in, launch);
    put(in, S(",\"device\":"));
    put_i64(in, value[NSYS_DEVICE]);
    put(in, S(",\"stream\":"));
    put_i64(in, value[NSYS_STREAM]);
    if (full.len) {
        put(in, S(",\"kernel\":"));
        put(in, full);
    }
    put_size(in, S(",\"grid\""), &value[NSYS_GRID]);
    put_size(in, S(",\"block\""), &value[NSYS_GRID + 3]);
    put(in, S(",\"registers per thread\":"));
    put_i64(in, value[NSYS_REGISTERS]);
    close_complete(in);
    put_arrow(in, S("f"), track, launch, value[NSYS_START]);
    in->told.kernels++;
}

static void write_copy(Writer *in, const NsysRow *row, bool is_fill)
{
    const int64_t *value = row->value;
    uint64_t process = nsys_process(value[NSYS_PROCESS]);
    uint64_t launch = launch_id(in, process, value[NSYS_LAUNCHED]);
    Track track = device_track(in, process, value[NSYS_DEVICE], value[NSYS_STREAM], false);
    Str name = quote(in, is_fill ? S("[fill memory]") : nsys_copy_name(value[NSYS_COPY_KIND]));
    open_complete(in, track, name, is_fill ? S("gpu_memset") : S("gpu_memcpy"), value[NSYS_START],
                  value[NSYS_END], 0);
    put(in, S("\"correlation\":"));
    put_u64(in, launch);
    put(in, S(",\"bytes\":"));
    put_i64(in, value[NSYS_BYTES]);
    close_complete(in);
    if (value[NSYS_LAUNCHED])
        put_arrow(in, S("f"), track, launch, value[NSYS_START]);
    in->told.copies++;
}

static Str wait_name(int64_t type)
{
    static const Str NAMES[] = {STR_CONST("\"Wait\""), STR_CONST("\"Event Sync\""),
                                STR_CONST("\"Stream Wait Event\""), STR_CONST("\"Stream Sync\""),
                                STR_CONST("\"Context Sync\"")};
    return type >= 0 && type < (int64_t)(sizeof(NAMES) / sizeof(NAMES[0])) ? NAMES[type] : NAMES[0];
}

static void write_wait(Writer *in, const NsysRow *row)
{
    const int64_t *value = row->value;
    uint64_t process = nsys_process(value[NSYS_PROCESS]);
    int64_t stream = value[NSYS_STREAM];
    bool one = value[NSYS_WAIT_TYPE] == SYNC_STREAM && stream >= 0 && stream < UINT32_MAX;
    Track track = device_track(in, process, value[NSYS_DEVICE], one ? stream : -1, true);
    open_complete(in, track, wait_name(value[NSYS_WAIT_TYPE]), S("cuda_sync"), value[NSYS_START],
                  value[NSYS_END], 0);
    put(in, S("\"correlation\":"));
    put_u64(in, launch_id(in, process, value[NSYS_LAUNCHED]));
    close_complete(in);
    in->told.waits++;
}

static void put_range_mark(Writer *in, Str phase, Track track, Str name, int64_t at)
{
    open_event(in, phase, track, name, S("nvtx"), 0);
    put(in, S(",\"ts\":"));
    put_us(in, at);
    put(in, S(",\"id\":"));
    put_u64(in, in->told.ranges);
    close_event(in);
}

/* Pushed ranges nest on their thread; those with a start and an end of their own may cross. */
static void write_range(Writer *in, const NsysRow *row)
{
    const int64_t *value = row->value;
    bool nested = value[NSYS_TYPE] == NVTX_PUSH_POP, has_text = !nsys_is_null(row, NSYS_TEXT);
    bool has_end = !nsys_is_null(row, NSYS_END);
    if ((!nested && value[NSYS_TYPE] != NVTX_START_END) || nsys_is_null(row, NSYS_START) ||
        (!has_text && nsys_is_null(row, NSYS_TEXT_ID)))
        return;
    Track track = host_track(in, value[NSYS_PROCESS]);
    Str name = has_text ? quote(in, row->text) : said_of(in, value[NSYS_TEXT_ID]).name;
    in->told.ranges++;
    if (nested && has_end) {
        open_complete(in, track, name, S("nvtx"), value[NSYS_START], value[NSYS_END], 0);
        close_complete(in);
        return;
    }
    put_range_mark(in, nested ? S("B") : S("b"), track, name, value[NSYS_START]);
    if (!nested && has_end)
        put_range_mark(in, S("e"), track, name, value[NSYS_END]);
}

/* ------------------------------------------------------------------ all of it */

static void write_row(Writer *in, NsysKind kind, const NsysRow *row)
{
    if (kind == NSYS_RANGE)
        write_range(in, row);
    else if (kind == NSYS_CALL)
        write_call(in, row);
    else if (kind == NSYS_KERNEL)
        write_kernel(in, row);
    else if (kind == NSYS_WAIT)
        write_wait(in, row);
    else
        write_copy(in, row, kind == NSYS_FILL);
}

/* One table after the other: the format asks for no order. */
static void write_rows(Writer *in)
{
    static const NsysKind KINDS[] = {NSYS_RANGE, NSYS_CALL, NSYS_KERNEL,
                                     NSYS_COPY,  NSYS_FILL, NSYS_WAIT};
    for (size_t i = 0; i < sizeof(KINDS) / sizeof(KINDS[0]); i++) {
        CLEANUP(arena_cleanup) Arena *scratch = arena_new("nsys table");
        NsysSweep *sweep = nsys_sweep_new(scratch, in->db, 1u << KINDS[i], true);
        NsysKind kind;
        in->last = (NsysCall){.start = 1};
        for (const NsysRow *row; !in->stopped && (row = nsys_sweep_next(sweep, &kind));)
            write_row(in, kind, row);
        nsys_sweep_end(sweep);
    }
}

static bool write_tables(Writer *in)
{
    if (!nsys_db_has(in->db, "StringIds"))
        return err_set(in->err, ERR_UNSUPPORTED,
                       "a SQLite file, but no export of Nsight Systems: it has no table StringIds");
    strbuf_add(&in->text, S("{\"displayTimeUnit\":\"ns\",\"traceEvents\":["));
    read_names(in);
    write_rows(in);
    strbuf_add(&in->text, S("]}"));
    const NsysTimeline *told = &in->told;
    if (!in->stopped && !(told->kernels + told->copies + told->calls + told->ranges + told->waits))
        return err_set(in->err, ERR_INPUT,
                       "an export of Nsight Systems without kernels, CUDA calls or NVTX ranges: "
                       "record with `nsys profile -t cuda,nvtx`");
    flush(in, 1);
    return !in->stopped;
}

static bool write_db(Arena *arena, NsysDb *db, NsysSink *sink, void *to, NsysTimeline *told,
                     Err *err)
{
    Writer in = {.arena = arena, .db = db, .sink = sink, .to = to, .err = err};
    IdMap *maps[] = {&in.process_name, &in.device_name, &in.thread_name, &in.said_of,
                     &in.process_of,   &in.named,       &in.track_of};
    for (size_t i = 0; i < sizeof(maps) / sizeof(maps[0]); i++)
        *maps[i] = idmap_new(arena);
    in.text = strbuf_new(arena);
    in.quoted = strbuf_new(arena);
    bool ok = db && write_tables(&in);
    if (ok) {
        *told = in.told;
        told->damage = nsys_db_damage(db);
    }
    nsys_db_close(db);
    return ok;
}

bool nsys_timeline_write(Arena *arena, Str bytes, NsysSink *sink, void *to, NsysTimeline *told,
                         Err *err)
{
    return write_db(arena, nsys_db_open(arena, bytes, err), sink, to, told, err);
}

bool nsys_timeline_write_file(Arena *arena, Str path, NsysSink *sink, void *to, NsysTimeline *told,
                              Err *err)
{
    return write_db(arena, nsys_db_open_file(arena, path, err), sink, to, told, err);
}
