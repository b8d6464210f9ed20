/*
 * gprof2dot's own JSON (gprof2dot.py, "json" format; memray transform gprof2dot):
 *
 *     {"version": 0,
 *      "costs": [{"description": "Memory", "unit": "bytes"}],
 *      "events": [{"callchain": [2, 1, 0], "cost": [1340]}, ...],    numbers of functions, innermost first
 *      "functions": [{"name": "parse", "module": "/w/parse.py"}, ...]}
 *
 * Functions stand behind the events that name them, so the text is walked twice. There are no lines.
 */

#include <ctype.h>
#include <math.h>

#include "analysis/profile/readers.h"
#include "base/array.h"
#include "base/json_scan.h"

enum {
    VERSION = 0,
    DEPTH_MAX = 10000,
    COSTS_MAX = 8,
};

typedef struct Graph {
    Arena *arena;
    ProfileBuilder *build;
    JsonScan scan;
    int64_t version;
    double scale[COSTS_MAX];
    size_t costs, more_costs;
    bool is_memray;
    Array(uint32_t) frames; /* of the functions */
    Array(uint32_t) chain;
    size_t unknown, deep, bad;
} Graph;

/* ------------------------------------------------------------------ costs and functions */

static Str lower(Arena *arena, Str text)
{
    char *copy = str_cstr(arena, text);
    for (size_t i = 0; i < text.len; i++)
        copy[i] = (char)tolower((unsigned char)copy[i]);
    return (Str){copy, text.len};
}

static void add_cost(Graph *in, Str name, Str unit)
{
    bool seconds = str_eq(unit, S("s")) || str_eq(unit, S("seconds"));
    if (in->costs == COSTS_MAX) {
        in->more_costs++;
        return;
    }
    if (in->costs == 0)
        in->is_memray = str_eq(name, S("Memory")) && str_eq(unit, S("bytes"));
    in->scale[in->costs++] = seconds ? 1e9 : 1;
    name = in->is_memray && in->costs == 1 ? S("peak")
           : name.len                      ? lower(in->arena, name)
                                           : S("cost");
    unit = seconds ? S("ns") : str_eq(unit, S("bytes")) ? unit : S("count");
    profile_add_metric(in->build, name, unit, false);
}

static void read_cost(Graph *in)
{
    Str name = {0}, unit = {0};
    if (!json_enter(&in->scan, '{'))
        return;
    for (Str key; json_next_key(&in->scan, &key);) {
        if (str_eq(key, S("description")))
            name = json_scan_str(&in->scan, in->arena);
        else if (str_eq(key, S("unit")))
            unit = json_scan_str(&in->scan, in->arena);
        else
            json_skip(&in->scan);
    }
    add_cost(in, name, unit);
}

static void read_function(Graph *in)
{
    Str name = {0}, file = {0};
    if (!json_enter(&in->scan, '{'))
        return;
    for (Str key; json_next_key(&in->scan, &key);) {
        if (str_eq(key, S("name")))
            name = json_scan_str(&in->scan, in->arena);
        else if (str_eq(key, S("module")))
            file = json_scan_str(&in->scan, in->arena);
        else
            json_skip(&in->scan);
    }
    ProfileFrame frame = {.function = profile_add_text(in->build, name),
                          .file = profile_add_text(in->build, file),
                          .kind = (uint16_t)frame_kind_of(name, file)};
    *array_push(in->arena, &in->frames) = profile_add_frame(in->build, frame);
}

static void read_heads(Graph *in)
{
    if (!json_enter(&in->scan, '{'))
        return;
    for (Str key; json_next_key(&in->scan, &key);) {
        bool costs = str_eq(key, S("costs"));
        if (str_eq(key, S("version")))
            in->version = json_scan_i64(&in->scan);
        else if (!costs && !str_eq(key, S("functions")))
            json_skip(&in->scan);
        else if (json_enter(&in->scan, '['))
            while (json_next_item(&in->scan))
                costs ? read_cost(in) : read_function(in);
    }
}

/* ------------------------------------------------------------------ events */

static void read_chain(Graph *in)
{
    in->chain.len = 0;
    if (!json_enter(&in->scan, '['))
        return;
    while (json_next_item(&in->scan)) {
        int64_t function = json_scan_i64(&in->scan);
        if (function < 0 || (uint64_t)function >= in->frames.len)
            in->unknown++;
        else if (in->chain.len == DEPTH_MAX)
            in->deep++;
        else
            *array_push(in->arena, &in->chain) = in->frames.items[function];
    }
}

static bool read_weights(Graph *in, int64_t *weights)
{
    size_t count = 0;
    bool good = true;
    if (!json_enter(&in->scan, '['))
        return false;
    for (; json_next_item(&in->scan); count++) {
        double value = json_scan_double(&in->scan) * (count < COSTS_MAX ? in->scale[count] : 1);
        if (count >= in->costs)
            continue;
        good = good && isfinite(value) && fabs(value) < 9e18;
        weights[count] = good ? (int64_t)llround(value) : 0;
    }
    return good && count >= in->costs;
}

static void read_event(Graph *in)
{
    int64_t weights[COSTS_MAX] = {0};
    bool good = false;
    uint32_t stack = 0;
    in->chain.len = 0;
    if (!json_enter(&in->scan, '{'))
        return;
    for (Str key; json_next_key(&in->scan, &key);) {
        if (str_eq(key, S("callchain")))
            read_chain(in);
        else if (str_eq(key, S("cost")))
            good = read_weights(in, weights);
        else
            json_skip(&in->scan);
    }
    if (!good) {
        in->bad++;
        return;
    }
    for (size_t i = in->chain.len; i > 0; i--)
        stack = profile_add_stack(in->build, stack, in->chain.items[i - 1]);
    profile_add_sample(in->build, (ProfileSample){.stack = stack, .count = 1}, weights);
}

static void read_events(Graph *in)
{
    if (!json_enter(&in->scan, '{'))
        return;
    for (Str key; json_next_key(&in->scan, &key);) {
        if (!str_eq(key, S("events")))
            json_skip(&in->scan);
        else if (json_enter(&in->scan, '['))
            while (json_next_item(&in->scan))
                read_event(in);
    }
}

/* ------------------------------------------------------------------ the file */

static void add_notes(Graph *in)
{
    if (in->is_memray)
        profile_note(in->build, "memray's file does not say what it holds; taken as memory at its "
                                "peak, not as --leaks or --temporary-allocations");
    profile_note(in->build, "gprof2dot's file has functions without lines%s",
                 in->is_memray ? ": `memray transform csv` has them" : "");
    profile_note_count(in->build, in->more_costs, "cost was", "costs were", "left out: at most %d",
                       COSTS_MAX);
    profile_note_count(in->build, in->bad, "event was left out: it has",
                       "events were left out: they have", "not a number for each cost");
    profile_note_count(in->build, in->unknown, "caller is", "callers are",
                       "not in the list of %zu functions", in->frames.len);
    profile_note_count(in->build, in->deep, "caller was", "callers were",
                       "left out: deeper than %d frames", DEPTH_MAX);
}

bool is_gprof2dot(Str bytes)
{
    Str head = str_head(bytes, 4096);
    return str_starts(str_trim(head), S("{")) && str_has(head, S("\"costs\"")) &&
           str_has(head, S("\"description\"")) && str_has(bytes, S("\"callchain\"")) &&
           str_has(bytes, S("\"functions\""));
}

bool read_gprof2dot(Arena *arena, Str bytes, Profile *out, Err *err)
{
    Graph in = {.arena = arena, .build = profile_builder_new(arena), .scan = json_scan(bytes)};
    read_heads(&in);
    if (!json_scan_ok(&in.scan, err))
        return false;
    if (in.version != VERSION || !in.costs)
        return err_set(err, ERR_UNSUPPORTED,
                       "gprof2dot's JSON of version %lld with %zu costs; perfloop reads version %d",
                       (long long)in.version, in.costs, VERSION);
    in.scan = json_scan(bytes);
    read_events(&in);
    if (!json_scan_ok(&in.scan, err))
        return false;
    add_notes(&in);
    *out = profile_build(in.build, in.is_memray ? S("memray") : S("gprof2dot"), S("gprof2dot"));
    return true;
}
