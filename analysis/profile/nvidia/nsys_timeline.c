#include "analysis/profile/nvidia/nsys_timeline.h"

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
};

typedef Array(Str) Names;

typedef struct Writer {
    Arena *arena;
    Arena *scratch; /* of one event */
    NsysDb *db;
    StrBuf text;
    JsonOut out;
    NsysSink *sink;
    void *to;
    Err *err;
    bool stopped;
    NsysTimeline told;
    Names names;
    IdMap process_name, device_name, thread_name; /* key + 1 to number + 1 in names */
    IdMap process_of; /* process + 1 to its number + 1, in the order of appearance */
    uint32_t processes;
    IdMap named;    /* process or thread of the trace that has its name */
    IdMap track_of; /* what one track is for, to its number */
    uint32_t tracks;
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

/* The format counts in microseconds. */
static void put_us(Writer *in, const char *key, int64_t ns)
{
    uint64_t size = ns < 0 ? 0 - (uint64_t)ns : (uint64_t)ns;
    ArenaMark mark = arena_mark(in->scratch);
    json_key_raw(&in->out, key,
                 str_fmt(in->scratch, "%s%llu.%03llu", ns < 0 ? "-" : "",
                         (unsigned long long)(size / 1000), (unsigned long long)(size % 1000)));
    arena_rollback(in->scratch, mark);
}

static void open_event(Writer *in, const char *phase, Track track, Str name, Str category)
{
    json_open(&in->out, '{');
    json_key_str(&in->out, "ph", str_from_c(phase));
    json_key_str(&in->out, "name", name);
    json_key_str(&in->out, "cat", category);
    json_key_u64(&in->out, "pid", track.process);
    json_key_u64(&in->out, "tid", track.thread);
}

static void close_event(Writer *in)
{
    json_close(&in->out, '}');
    flush(in, PIECE);
}

/* Leaves "args" open. */
static void open_complete(Writer *in, Track track, Str name, Str category, int64_t start,
                          int64_t end)
{
    int64_t ns;
    open_event(in, "X", track, name, category);
    put_us(in, "ts", start);
    put_us(in, "dur", end > start && !__builtin_sub_overflow(end, start, &ns) ? ns : 0);
    json_key_open(&in->out, "args", '{');
}

static void close_complete(Writer *in)
{
    json_close(&in->out, '}');
    close_event(in);
}

static void put_arrow(Writer *in, const char *phase, Track track, uint64_t launch, int64_t at)
{
    open_event(in, phase, track, S("ac2g"), S("ac2g"));
    put_us(in, "ts", at);
    json_key_u64(&in->out, "id", launch);
    if (phase[0] == 'f')
        json_key_str(&in->out, "bp", S("e"));
    close_event(in);
}

static void put_name(Writer *in, const char *what, Track track, Str name)
{
    json_open(&in->out, '{');
    json_key_str(&in->out, "ph", S("M"));
    json_key_str(&in->out, "name", str_from_c(what));
    json_key_u64(&in->out, "pid", track.process);
    json_key_u64(&in->out, "tid", track.thread);
    json_key_open(&in->out, "args", '{');
    json_key_str(&in->out, "name", name);
    json_close(&in->out, '}');
    close_event(in);
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
        put_name(in, "process_name", track, name.len ? name : S("process"));
    }
    if (is_new(&in->named, (uint64_t)1 << 63 | (uint64_t)global)) {
        Str name = name_in(in, &in->thread_name, (uint64_t)global);
        put_name(in, "thread_name", track, name.len ? name : S("thread"));
    }
    return track;
}

static void name_device(Writer *in, Track track, int64_t device)
{
    if (!is_new(&in->named, track.process))
        return;
    ArenaMark mark = arena_mark(in->scratch);
    Str name = name_in(in, &in->device_name, (uint64_t)device);
    put_name(in, "process_name", track,
             str_fmt(in->scratch, "GPU %lld%s" STR_FMT, (long long)device, name.len ? " " : "",
                     STR_ARG(name)));
    arena_rollback(in->scratch, mark);
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
    ArenaMark mark = arena_mark(in->scratch);
    Str name =
        stream < 0 ? S("all streams") : str_fmt(in->scratch, "stream %lld", (long long)stream);
    put_name(in, "thread_name", track,
             str_fmt(in->scratch, "%s" STR_FMT " of process %llu", waits ? "waits for " : "",
                     STR_ARG(name), (unsigned long long)process));
    arena_rollback(in->scratch, mark);
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

static void write_calls(Writer *in)
{
    static const char *const COLUMNS[] = {"start",         "end",    "globalTid",
                                          "correlationId", "nameId", NULL};
    NsysRows rows = nsys_db_rows(in->db, "CUPTI_ACTIVITY_KIND_RUNTIME", COLUMNS, NULL);
    NsysCall last = {.start = 1, .end = 0};
    for (NsysValue value[5]; !in->stopped && nsys_rows_next(&rows, value);) {
        NsysCall call = {value[0].number, value[1].number, value[2].number, value[3].number};
        if (nsys_call_repeats(&last, &call))
            continue;
        last = call;
        Str name = nsys_call_name(nsys_db_string(in->db, value[4].number));
        Track track = host_track(in, call.thread);
        uint64_t launch = launch_id(in, track.process, call.correlation);
        open_complete(in, track, name,
                      str_starts(name, S("cuda")) ? S("cuda_runtime") : S("cuda_driver"),
                      call.start, call.end);
        json_key_u64(&in->out, "correlation", launch);
        if (gpu_call_waits(name))
            json_key_bool(&in->out, "waits", true);
        close_complete(in);
        if (launches(name))
            put_arrow(in, "s", track, launch, call.start);
        in->told.calls++;
    }
}

static void put_size(Writer *in, const char *key, const NsysValue *size)
{
    json_key_open(&in->out, key, '[');
    for (size_t i = 0; i < 3; i++)
        json_put_i64(&in->out, size[i].number);
    json_close(&in->out, ']');
}

static void write_kernels(Writer *in)
{
    static const char *const COLUMNS[] = {
        "start",     "end",           "deviceId",  "streamId", "correlationId",
        "globalPid", "demangledName", "shortName", "gridX",    "gridY",
        "gridZ",     "blockX",        "blockY",    "blockZ",   "registersPerThread",
        NULL};
    NsysRows rows = nsys_db_rows(in->db, "CUPTI_ACTIVITY_KIND_KERNEL", COLUMNS, NULL);
    for (NsysValue value[15]; !in->stopped && nsys_rows_next(&rows, value);) {
        uint64_t process = nsys_process(value[5].number);
        uint64_t launch = launch_id(in, process, value[4].number);
        Track track = device_track(in, process, value[2].number, value[3].number, false);
        Str name = nsys_db_string(in->db, value[value[7].is_null ? 6 : 7].number);
        open_complete(in, track, name, S("kernel"), value[0].number, value[1].number);
        json_key_u64(&in->out, "correlation", launch);
        json_key_i64(&in->out, "device", value[2].number);
        json_key_i64(&in->out, "stream", value[3].number);
        if (!value[6].is_null && !value[7].is_null)
            json_key_str(&in->out, "kernel", nsys_db_string(in->db, value[6].number));
        put_size(in, "grid", &value[8]);
        put_size(in, "block", &value[11]);
        json_key_i64(&in->out, "registers per thread", value[14].number);
        close_complete(in);
        put_arrow(in, "f", track, launch, value[0].number);
        in->told.kernels++;
    }
}

static void write_copies(Writer *in, const char *table, bool is_set)
{
    static const char *const COLUMNS[] = {"start",    "end",           "deviceId",
                                          "streamId", "correlationId", "globalPid",
                                          "bytes",    "copyKind",      NULL};
    NsysRows rows = nsys_db_rows(in->db, table, COLUMNS, NULL);
    for (NsysValue value[8]; !in->stopped && nsys_rows_next(&rows, value);) {
        uint64_t process = nsys_process(value[5].number);
        uint64_t launch = launch_id(in, process, value[4].number);
        Track track = device_track(in, process, value[2].number, value[3].number, false);
        open_complete(in, track, is_set ? S("[fill memory]") : nsys_copy_name(value[7].number),
                      is_set ? S("gpu_memset") : S("gpu_memcpy"), value[0].number, value[1].number);
        json_key_u64(&in->out, "correlation", launch);
        json_key_i64(&in->out, "bytes", value[6].number);
        close_complete(in);
        if (!value[4].is_null && value[4].number)
            put_arrow(in, "f", track, launch, value[0].number);
        in->told.copies++;
    }
}

static Str wait_name(int64_t type)
{
    static const Str NAMES[] = {STR_CONST("Wait"), STR_CONST("Event Sync"),
                                STR_CONST("Stream Wait Event"), STR_CONST("Stream Sync"),
                                STR_CONST("Context Sync")};
    return type >= 0 && type < (int64_t)(sizeof(NAMES) / sizeof(NAMES[0])) ? NAMES[type] : NAMES[0];
}

static void write_waits(Writer *in)
{
    static const char *const COLUMNS[] = {"start",         "end",       "deviceId", "streamId",
                                          "correlationId", "globalPid", "syncType", NULL};
    NsysRows rows = nsys_db_rows(in->db, "CUPTI_ACTIVITY_KIND_SYNCHRONIZATION", COLUMNS, NULL);
    for (NsysValue value[7]; !in->stopped && nsys_rows_next(&rows, value);) {
        uint64_t process = nsys_process(value[5].number);
        bool one =
            value[6].number == SYNC_STREAM && value[3].number >= 0 && value[3].number < UINT32_MAX;
        Track track = device_track(in, process, value[2].number, one ? value[3].number : -1, true);
        open_complete(in, track, wait_name(value[6].number), S("cuda_sync"), value[0].number,
                      value[1].number);
        json_key_u64(&in->out, "correlation", launch_id(in, process, value[4].number));
        close_complete(in);
        in->told.waits++;
    }
}

/* Pushed ranges nest on their thread; those with a start and an end of their own may cross. */
static void write_range(Writer *in, Track track, Str name, const NsysValue *value)
{
    bool nested = value[2].number == NVTX_PUSH_POP;
    if (nested && !value[1].is_null) {
        open_complete(in, track, name, S("nvtx"), value[0].number, value[1].number);
        close_complete(in);
        return;
    }
    open_event(in, nested ? "B" : "b", track, name, S("nvtx"));
    put_us(in, "ts", value[0].number);
    json_key_u64(&in->out, "id", in->told.ranges);
    close_event(in);
    if (nested || value[1].is_null)
        return;
    open_event(in, "e", track, name, S("nvtx"));
    put_us(in, "ts", value[1].number);
    json_key_u64(&in->out, "id", in->told.ranges);
    close_event(in);
}

static void write_ranges(Writer *in)
{
    static const char *const COLUMNS[] = {"start",  "end",       "eventType", "text",
                                          "textId", "globalTid", NULL};
    NsysRows rows = nsys_db_rows(in->db, "NVTX_EVENTS", COLUMNS, NULL);
    for (NsysValue value[6]; !in->stopped && nsys_rows_next(&rows, value);) {
        int64_t type = value[2].number;
        if ((type != NVTX_PUSH_POP && type != NVTX_START_END) || value[0].is_null ||
            (value[3].is_null && value[4].is_null))
            continue;
        in->told.ranges++;
        Str name = value[3].is_null ? nsys_db_string(in->db, value[4].number) : value[3].text;
        write_range(in, host_track(in, value[5].number), name, value);
    }
}

/* ------------------------------------------------------------------ all of it */

static bool write_tables(Writer *in)
{
    if (!nsys_db_has(in->db, "StringIds"))
        return err_set(in->err, ERR_UNSUPPORTED,
                       "a SQLite file, but no export of Nsight Systems: it has no table StringIds");
    in->out = json_out(&in->text);
    json_open(&in->out, '{');
    json_key_str(&in->out, "displayTimeUnit", S("ns"));
    json_key_open(&in->out, "traceEvents", '[');
    read_names(in);
    write_ranges(in);
    write_calls(in);
    write_kernels(in);
    write_copies(in, "CUPTI_ACTIVITY_KIND_MEMCPY", false);
    write_copies(in, "CUPTI_ACTIVITY_KIND_MEMSET", true);
    write_waits(in);
    json_close(&in->out, ']');
    json_close(&in->out, '}');
    const NsysTimeline *told = &in->told;
    if (!in->stopped && !(told->kernels + told->copies + told->calls + told->ranges + told->waits))
        return err_set(in->err, ERR_INPUT,
                       "an export of Nsight Systems without kernels, CUDA calls or NVTX ranges: "
                       "record with `nsys profile -t cuda,nvtx`");
    flush(in, 1);
    return !in->stopped;
}

bool nsys_timeline_write(Arena *arena, Str bytes, NsysSink *sink, void *to, NsysTimeline *told,
                         Err *err)
{
    CLEANUP(arena_cleanup) Arena *scratch = arena_new("nsys timeline");
    Writer in = {.arena = arena, .scratch = scratch, .sink = sink, .to = to, .err = err};
    IdMap *maps[] = {&in.process_name, &in.device_name, &in.thread_name,
                     &in.process_of,   &in.named,       &in.track_of};
    for (size_t i = 0; i < sizeof(maps) / sizeof(maps[0]); i++)
        *maps[i] = idmap_new(arena);
    in.text = strbuf_new(arena);
    in.db = nsys_db_open(arena, bytes, err);
    if (!in.db)
        return false;
    bool ok = write_tables(&in);
    in.told.damage = nsys_db_damage(in.db);
    nsys_db_close(in.db);
    if (ok)
        *told = in.told;
    return ok;
}
