/*
 * Chrome's trace events ("Trace Event Format"), as viztracer, tracing-chrome, py-spy, PyTorch and
 * browsers write them: an array of events, or an object with one in "traceEvents". Begins and ends
 * (B, E), complete events (X) and asynchronous spans (b, e) are read; M events name threads.
 * Instants, counters, flows, objects and samples carry no time and are left out.
 *
 * The text is walked once and nothing of it is kept but 16 bytes per event and each distinct name.
 * A file that ends early is normal: the format wants it read (the writer was killed).
 *
 * What runs on a GPU has metrics of its own, gpu_time of kernels and gpu_copy_time: it passes beside
 * the host's time. A kernel is put below the call that launched it (args.correlation), or below the
 * operator it belongs to ("External id"). Calls that wait for a kernel say so (gpu_wait.h).
 */

#include <math.h>
#include <string.h>

#include "analysis/profile/readers.h"
#include "analysis/profile/trace/chrome_trace.h"
#include "base/hash64.h"
#include "base/json_scan.h"

typedef struct Event {
    char phase;
    double at; /* us */
    double duration;
    double thread_duration; /* tdur, where dur is missing */
    Str name;               /* raw, as the other texts */
    Str pid;
    Str tid;
    Str id;
    Str category;
    Str file;
    double line;
    bool has_place; /* .file: only tracing-chrome has it */
    Str named;      /* args.name of an M event */
    Str call_stack;
    uint64_t correlation;
    uint64_t external;
} Event;

typedef struct Reader {
    ChromeTrace trace;
    JsonScan scan;
    size_t room;  /* of trace.events */
    double first; /* us of the first event; times are counted from here, to stay exact */
    bool begun;
    IdMap what_ids;
    IdMap name_ids;
    IdMap lane_ids;
    Str tool;
    bool overflow;
    size_t bad;
} Reader;

/* ------------------------------------------------------------------ one event */

/* A text or a number, as it stands. */
static Str scan_raw(Reader *in)
{
    char c = json_peek(&in->scan);
    if (c == '"')
        return json_scan_raw(&in->scan);
    const char *from = in->scan.at;
    json_skip(&in->scan);
    return c == '{' || c == '[' ? (Str){0} : json_scanned(&in->scan, from);
}

static double scan_number(Reader *in)
{
    Str raw = scan_raw(in);
    double number;
    return str_to_double(raw, &number) ? number : NAN;
}

static Str scan_text(Reader *in)
{
    if (json_peek(&in->scan) == '"')
        return json_scan_raw(&in->scan);
    json_skip(&in->scan);
    return (Str){0};
}

/* Of correlations: a number from 1; else 0. */
static uint64_t scan_id(Reader *in)
{
    double number = scan_number(in);
    return number >= 1 && number < 9e15 ? (uint64_t)number : 0;
}

static void read_args(Reader *in, Event *event)
{
    if (json_peek(&in->scan) != '{') {
        json_skip(&in->scan);
        return;
    }
    json_enter(&in->scan, '{');
    for (Str key; json_next_key(&in->scan, &key);) {
        if (str_eq(key, S("filename")))
            event->file = scan_text(in);
        else if (str_eq(key, S("line")))
            event->line = scan_number(in);
        else if (str_eq(key, S("correlation")))
            event->correlation = scan_id(in);
        else if (str_eq(key, S("External id")))
            event->external = scan_id(in);
        else if (str_eq(key, S("Call stack")))
            event->call_stack = scan_text(in);
        else if (str_eq(key, S("name")) && event->phase != 'X')
            event->named = scan_text(in);
        else
            json_skip(&in->scan);
    }
}

static bool read_key(Reader *in, Str key, Event *event)
{
    if (str_eq(key, S("name")))
        event->name = scan_text(in);
    else if (str_eq(key, S("ts")))
        event->at = scan_number(in);
    else if (str_eq(key, S("dur")))
        event->duration = scan_number(in);
    else if (str_eq(key, S("tdur")))
        event->thread_duration = scan_number(in);
    else if (str_eq(key, S("pid")))
        event->pid = scan_raw(in);
    else if (str_eq(key, S("tid")))
        event->tid = scan_raw(in);
    else if (str_eq(key, S("cat")))
        event->category = scan_text(in);
    else if (str_eq(key, S("id")))
        event->id = scan_raw(in);
    else if (str_eq(key, S(".file"))) {
        event->file = scan_text(in);
        event->has_place = event->file.len > 0;
    } else if (str_eq(key, S(".line")))
        event->line = scan_number(in);
    else
        return false;
    return true;
}

static Event read_event(Reader *in)
{
    Event event = {.at = NAN, .duration = NAN, .thread_duration = NAN};
    if (json_peek(&in->scan) != '{') {
        json_skip(&in->scan);
        return event;
    }
    json_enter(&in->scan, '{');
    for (Str key; json_next_key(&in->scan, &key);) {
        if (str_eq(key, S("ph"))) {
            Str phase = scan_text(in);
            event.phase = phase.len == 1 ? phase.ptr[0] : 0;
        } else if (str_eq(key, S("args"))) {
            read_args(in, &event);
        } else if (!read_key(in, key, &event)) {
            json_skip(&in->scan);
        }
    }
    return event;
}

/* ------------------------------------------------------------------ to ids */

static uint32_t lane_of(Reader *in, const Event *event, bool async)
{
    ChromeTrace *trace = &in->trace;
    uint32_t pid = intern_id(&trace->texts, event->pid);
    uint32_t tid = intern_id(&trace->texts, async ? event->id : event->tid);
    uint32_t *slot = idmap_slot(&in->lane_ids, idmap_pair(pid, tid) ^ (uint64_t)async << 63);
    if (!*slot) {
        *array_push(trace->arena, &trace->lanes) =
            (TraceLane){.pid = pid, .tid = tid, .async = async};
        *slot = (uint32_t)trace->lanes.len;
    }
    return *slot - 1;
}

static uint32_t name_of(Reader *in, const Event *event)
{
    ChromeTrace *trace = &in->trace;
    double line = event->line;
    TraceName name = {
        .name = intern_id(&trace->texts, event->name),
        .category = intern_id(&trace->texts, event->category),
        .file = intern_id(&trace->texts, event->file),
        .line = line >= 1 && line < UINT32_MAX ? (uint32_t)line : 0,
    };
    uint64_t hash = hash64_bytes((const char *)&name, sizeof(name));
    uint32_t *slot = idmap_slot(&in->name_ids, hash);
    if (!*slot || memcmp(&trace->names.items[*slot - 1], &name, sizeof(name)) != 0) {
        *array_push(trace->arena, &trace->names) = name;
        *slot = (uint32_t)trace->names.len;
    }
    return *slot - 1;
}

static uint32_t what_of(Reader *in, TraceWhat what)
{
    ChromeTrace *trace = &in->trace;
    uint64_t key = hash64_bytes((const char *)&what, sizeof(what));
    uint32_t *slot = idmap_slot(&in->what_ids, key);
    if (!*slot || memcmp(&trace->whats.items[*slot - 1], &what, sizeof(what)) != 0) {
        *array_push(trace->arena, &trace->whats) = what;
        *slot = (uint32_t)trace->whats.len;
    }
    return *slot - 1;
}

/* Nanoseconds since the first event; false when that is no time. */
static bool time_of(Reader *in, double at, int64_t *out)
{
    double ns = (at - in->first) * 1000;
    if (!(fabs(ns) < 4e18))
        return false;
    *out = llround(ns);
    return true;
}

static uint32_t duration_of(Reader *in, const Event *event)
{
    ChromeTrace *trace = &in->trace;
    double us = isnan(event->duration) ? event->thread_duration : event->duration;
    double ns = round(us * 1000);
    if (!(ns > 0))
        return 0;
    if (ns < TRACE_LONG)
        return (uint32_t)ns;
    *array_push(trace->arena, &trace->durations) = ns < 4e18 ? (int64_t)ns : (int64_t)4e18;
    return TRACE_LONG | (uint32_t)(trace->durations.len - 1);
}

static TraceKind complete_kind(Str category)
{
    if (str_eq(category, S("kernel")))
        return TRACE_KERNEL;
    bool copy = str_eq(category, S("gpu_memcpy")) || str_eq(category, S("gpu_memset"));
    return copy ? TRACE_COPY : TRACE_COMPLETE;
}

/* Rows that PyTorch adds for the eye: the whole recording, annotations repeated on the GPU's row. */
static bool is_decoration(Str category)
{
    return str_eq(category, S("Trace")) || str_eq(category, S("gpu_user_annotation")) ||
           str_eq(category, S("cuda_sync"));
}

static void know_tool(Reader *in, const Event *event)
{
    if (in->tool.len)
        return;
    if (str_eq(event->category, S("py-spy")))
        in->tool = S("py-spy");
    else if (str_eq(event->category, S("FEE")))
        in->tool = S("viztracer");
    else if (event->has_place)
        in->tool = S("tracing-chrome");
    else if (str_eq(event->category, S("cpu_op")) ||
             complete_kind(event->category) != TRACE_COMPLETE)
        in->tool = S("PyTorch");
}

static void add_event(Reader *in, const Event *event, TraceKind kind, bool async)
{
    ChromeTrace *trace = &in->trace;
    TraceEvent out = {0};
    if (!in->begun && !isnan(event->at)) {
        in->begun = true;
        in->first = event->at;
    }
    if (!time_of(in, event->at, &out.at) || trace->len == in->room) {
        in->bad++;
        return;
    }
    know_tool(in, event);
    if (kind != TRACE_BEGIN && kind != TRACE_END)
        out.duration = duration_of(in, event);
    out.what = what_of(in, (TraceWhat){
                               .lane = lane_of(in, event, async),
                               .name = name_of(in, event),
                               .kind = kind,
                               .call_stack = intern_id(&trace->texts, event->call_stack),
                               .correlation = event->correlation,
                               .external = event->external,
                           });
    trace->has_sync = trace->has_sync || !async;
    trace->has_kernels = trace->has_kernels || kind == TRACE_KERNEL;
    trace->has_copies = trace->has_copies || kind == TRACE_COPY;
    trace->events[trace->len++] = out;
}

static void name_thread(Reader *in, const Event *event)
{
    ChromeTrace *trace = &in->trace;
    uint32_t name = intern_id(&trace->texts, json_unescape(trace->arena, event->named));
    if (str_eq(event->name, S("thread_name"))) {
        uint32_t lane = lane_of(in, event, false);
        trace->lanes.items[lane].name = name;
    } else if (str_eq(event->name, S("process_name"))) {
        *idmap_slot(&trace->process_names, intern_id(&trace->texts, event->pid)) = name;
    }
}

static void take_event(Reader *in, const Event *event)
{
    if (is_decoration(event->category))
        return;
    switch (event->phase) {
    case 'B':
        add_event(in, event, TRACE_BEGIN, false);
        break;
    case 'E':
        add_event(in, event, TRACE_END, false);
        break;
    case 'X':
        add_event(in, event, complete_kind(event->category), false);
        break;
    case 'b':
        add_event(in, event, TRACE_BEGIN, true);
        break;
    case 'e':
        add_event(in, event, TRACE_END, true);
        break;
    case 'M':
        name_thread(in, event);
        break;
    default:
        break;
    }
}

static void read_events(Reader *in)
{
    if (!json_enter(&in->scan, '['))
        return;
    while (json_next_item(&in->scan) && !json_close_after_comma(&in->scan, ']')) {
        Event event = read_event(in);
        if (!in->scan.problem)
            take_event(in, &event);
    }
}

/* ------------------------------------------------------------------ viztracer's own */

static void read_function(Reader *in, Str name)
{
    ChromeTrace *trace = &in->trace;
    TraceName place = {0};
    if (!json_enter(&in->scan, '['))
        return;
    for (size_t i = 0; json_next_item(&in->scan); i++) {
        if (i == 0) {
            place.file = intern_id(&trace->texts, scan_text(in));
        } else if (i == 1) {
            double line = scan_number(in);
            place.line = line >= 1 && line < UINT32_MAX ? (uint32_t)line : 0;
        } else {
            json_skip(&in->scan);
        }
    }
    *array_push(trace->arena, &trace->function_places) = place;
    *idmap_slot(&trace->function_files, intern_id(&trace->texts, name)) =
        (uint32_t)trace->function_places.len;
}

static void read_file_info(Reader *in)
{
    if (!json_enter(&in->scan, '{'))
        return;
    for (Str key; json_next_key(&in->scan, &key);) {
        if (!str_eq(key, S("functions")) || json_peek(&in->scan) != '{') {
            json_skip(&in->scan);
            continue;
        }
        json_enter(&in->scan, '{');
        for (Str name; json_next_key(&in->scan, &name);) {
            if (json_peek(&in->scan) == '[')
                read_function(in, name);
            else
                json_skip(&in->scan);
        }
    }
}

static void read_metadata(Reader *in)
{
    in->trace.is_viztracer = true;
    in->tool = S("viztracer");
    if (!json_enter(&in->scan, '{'))
        return;
    for (Str key; json_next_key(&in->scan, &key);) {
        if (str_eq(key, S("overflow")))
            in->overflow = json_peek(&in->scan) == 't';
        json_skip(&in->scan);
    }
}

static void read_file(Reader *in)
{
    if (json_peek(&in->scan) == '[') {
        read_events(in);
        return;
    }
    if (!json_enter(&in->scan, '{'))
        return;
    for (Str key; json_next_key(&in->scan, &key);) {
        char c = json_peek(&in->scan);
        if (str_eq(key, S("traceEvents")) && c == '[')
            read_events(in);
        else if (str_eq(key, S("file_info")) && c == '{')
            read_file_info(in);
        else if (str_eq(key, S("viztracer_metadata")) && c == '{')
            read_metadata(in);
        else
            json_skip(&in->scan);
    }
}

/* ------------------------------------------------------------------ to Profile */

static void add_notes(Reader *in)
{
    ChromeTrace *trace = &in->trace;
    Err err = {0};
    if (!json_scan_ok(&in->scan, &err))
        profile_note(trace->build, "the trace ends early: %s", err.msg);
    if (in->overflow)
        profile_note(trace->build, "viztracer's buffer was full: the oldest events are missing "
                                   "(a shorter run fits; --tracer_entries makes it larger)");
    profile_note_count(trace->build, in->bad, "event has no usable time and was",
                       "events have no usable time and were", "left out");
    profile_note_count(trace->build, trace->unmatched, "end has no begin and was",
                       "ends have no begin and were", "left out");
    profile_note_count(trace->build, trace->crossing,
                       "event reaches beyond what it began in and was",
                       "events reach beyond what they began in and were", "cut there");
    profile_note_count(trace->build, trace->open_at_end, "event has no end; it ends",
                       "events have no end; they end", "with the last event");
    profile_note_count(trace->build, trace->async_left_out, "asynchronous event was",
                       "asynchronous events were", "left out: they overlap");
    profile_note_count(trace->build, trace->deep, "event was left out: it is nested",
                       "events were left out: they are nested", "deeper than %d", TRACE_DEPTH_MAX);
}

/* Every event has this key; inside texts it would stand with backslashes. */
static size_t count_events(Str bytes)
{
    size_t count = 0;
    for (size_t at = 0; (at = str_find(bytes, S("\"ph\""), at)) != SIZE_MAX; at += 4)
        count++;
    return count;
}

bool read_chrome_trace(Arena *arena, Str bytes, Profile *out, Err *err)
{
    Reader *in = NEW(arena, Reader);
    in->scan = json_scan(bytes);
    in->what_ids = idmap_new(arena);
    in->name_ids = idmap_new(arena);
    in->lane_ids = idmap_new(arena);
    in->room = count_events(bytes);
    in->trace = (ChromeTrace){.arena = arena,
                              .build = profile_builder_new(arena),
                              .texts = intern_new(arena),
                              .events = NEW_ARRAY(arena, TraceEvent, in->room + 1),
                              .process_names = idmap_new(arena),
                              .function_files = idmap_new(arena),
                              .launch_of = idmap_new(arena),
                              .operator_of = idmap_new(arena),
                              .kernel_of = idmap_new(arena)};
    in->trace.waits = gpu_waits_new(arena, in->trace.build);
    read_file(in);
    if (in->trace.len == 0) {
        if (!json_scan_ok(&in->scan, err))
            return false;
        return err_set(err, ERR_INPUT, "a trace without an event that has a duration");
    }
    bool py_spy = str_eq(in->tool, S("py-spy"));
    profile_add_metric(in->trace.build, py_spy ? S("cpu") : S("wall"), S("ns"), py_spy);
    if (in->trace.has_kernels)
        in->trace.kernel_metric =
            profile_add_metric(in->trace.build, S("gpu_time"), S("ns"), false);
    if (in->trace.has_copies)
        in->trace.copy_metric =
            profile_add_metric(in->trace.build, S("gpu_copy_time"), S("ns"), false);
    trace_nest(&in->trace);
    add_notes(in);
    *out = profile_build(in->trace.build, in->tool, S("Chrome trace"));
    return true;
}
