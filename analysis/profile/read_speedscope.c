/*
 * speedscope's JSON (file-format-spec.ts of jlfwong/speedscope): shared.frames, and a list of
 * profiles, mostly one per thread, "sampled" (stacks with weights) or "evented" (open and close).
 *
 * py-spy writes the frames after the profiles, and keys may come in any order, so the file is
 * walked once with stacks of plain frame numbers; they get their meaning at the end. Neighbouring
 * samples are mostly equal, letter by letter: those cost one comparison.
 */

#include <math.h>

#include "analysis/profile/prefix_table.h"
#include "analysis/profile/readers.h"
#include "base/array.h"
#include "base/json_scan.h"

enum {
    DEPTH_MAX = 10000,
    BAD_EVENTS_MAX = 1000,
};

/* Stacks as in Profile, with frame numbers of the file. */
typedef struct Node {
    uint64_t hash; /* of all its frames (prefix_table.h) */
    uint32_t parent;
    uint32_t frame;
} Node;

/*
 * What one profile of the list charges to one stack. Samples are rounded to our unit one by one:
 * a million times 0.01 s added up as doubles is off by 170 ns.
 */
typedef struct Charge {
    uint32_t node;
    uint64_t count;
    double weight;
} Charge;

typedef struct Part {
    Str name;
    Str unit;
    bool evented;
    double start, end;
    size_t first_charge;
    size_t charges;
} Part;

typedef struct Scope {
    Arena *arena;
    ProfileBuilder *build;
    JsonScan scan;
    Array(Node) nodes;
    PrefixTable stacks;
    Array(uint32_t) charge_of; /* by node: its charge in this part + 1, if charge.node fits */
    Array(Charge) charges;
    Array(Part) parts;
    Array(ProfileFrame) frames;
    Str exporter;
    Array(uint32_t) samples; /* of the part being read: node of each */
    Array(double) weights;
    uint32_t ids[DEPTH_MAX]; /* of the sample before */
    uint64_t hashes[DEPTH_MAX];
    size_t depth;
    size_t deep;
} Scope;

/* ------------------------------------------------------------------ units */

typedef struct Measure {
    Str unit;   /* the file's word */
    Str name;   /* ours */
    Str metric; /* its unit */
    double scale;
} Measure;

static Measure measure_of(Str unit, bool python)
{
    static const Measure MEASURES[] = {
        {STR_CONST("seconds"), STR_CONST("time"), STR_CONST("ns"), 1e9},
        {STR_CONST("milliseconds"), STR_CONST("time"), STR_CONST("ns"), 1e6},
        {STR_CONST("microseconds"), STR_CONST("time"), STR_CONST("ns"), 1e3},
        {STR_CONST("nanoseconds"), STR_CONST("time"), STR_CONST("ns"), 1},
        {STR_CONST("bytes"), STR_CONST("bytes"), STR_CONST("bytes"), 1},
    };
    Measure out = {S("none"), S("weight"), S("count"), 1};
    for (size_t i = 0; i < sizeof(MEASURES) / sizeof(MEASURES[0]); i++)
        if (str_eq(unit, MEASURES[i].unit))
            out = MEASURES[i];
    if (python && str_eq(out.metric, S("ns")))
        out.name = S("cpu"); /* py-spy leaves idle threads out unless it is told not to */
    return out;
}

/* ------------------------------------------------------------------ stacks */

static uint32_t new_node(Scope *in, uint32_t parent, uint32_t frame, uint64_t hash)
{
    uint32_t node = (uint32_t)in->nodes.len;
    *array_push(in->arena, &in->nodes) = (Node){hash, parent, frame};
    prefix_add(&in->stacks, hash, frame, node);
    return node;
}

static uint32_t find_node(const Scope *in, uint64_t hash, uint32_t frame)
{
    const PrefixCell *cell = prefix_find(&in->stacks, hash);
    return cell && cell->item == frame ? cell->node : 0;
}

static uint32_t child_of(Scope *in, uint32_t parent, uint32_t frame)
{
    uint64_t hash = prefix_hash(in->nodes.items[parent].hash, frame);
    uint32_t node = find_node(in, hash, frame);
    return node ? node : new_node(in, parent, frame, hash);
}

static void charge(Scope *in, size_t first, uint32_t node, double weight)
{
    while (in->charge_of.len <= node)
        *array_push(in->arena, &in->charge_of) = 0;
    uint32_t *at = &in->charge_of.items[node];
    if (*at <= first) {
        *array_push(in->arena, &in->charges) = (Charge){.node = node};
        *at = (uint32_t)in->charges.len;
    }
    in->charges.items[*at - 1].weight += weight;
    in->charges.items[*at - 1].count++;
}

/* ------------------------------------------------------------------ sampled */

/* The node of ids[0..count): the longest known beginning by halving, then new nodes. */
static uint32_t stack_node(Scope *in, size_t count)
{
    size_t known = 0, high = count;
    uint32_t node = 0;
    while (known < high) {
        size_t middle = known + (high - known) / 2;
        uint32_t found = find_node(in, in->hashes[middle], in->ids[middle]);
        if (found) {
            node = found;
            known = middle + 1;
        } else {
            high = middle;
        }
    }
    for (size_t i = known; i < count; i++)
        node = new_node(in, node, in->ids[i], in->hashes[i]);
    return node;
}

static uint32_t read_stack(Scope *in)
{
    uint32_t ids[DEPTH_MAX];
    size_t count = json_scan_ids(&in->scan, ids, DEPTH_MAX), same = 0;
    if (count == SIZE_MAX)
        return 0;
    if (count > DEPTH_MAX) {
        in->deep++;
        count = DEPTH_MAX;
    }
    while (same < count && same < in->depth && ids[same] == in->ids[same])
        same++;
    for (size_t i = same; i < count; i++) {
        in->ids[i] = ids[i];
        in->hashes[i] = prefix_hash(i ? in->hashes[i - 1] : 0, ids[i]);
        prefix_prefetch(&in->stacks, in->hashes[i]);
    }
    in->depth = count;
    return stack_node(in, count);
}

static void read_samples(Scope *in)
{
    Str before = {0};
    uint32_t node = 0;
    in->depth = 0;
    if (!json_enter(&in->scan, '['))
        return;
    while (json_next_item(&in->scan)) {
        json_peek(&in->scan);
        if (!json_scan_same(&in->scan, before)) {
            const char *from = in->scan.at;
            node = read_stack(in);
            before = json_scanned(&in->scan, from);
        }
        *array_push(in->arena, &in->samples) = node;
    }
}

static void read_weights(Scope *in)
{
    if (!json_enter(&in->scan, '['))
        return;
    while (json_next_item(&in->scan))
        *array_push(in->arena, &in->weights) = json_scan_double(&in->scan);
}

static void finish_sampled(Scope *in, const Part *part)
{
    size_t len = in->samples.len;
    if (len != in->weights.len) {
        profile_note(in->build, "profile '" STR_FMT "' has %zu samples and %zu weights",
                     STR_ARG(part->name), len, in->weights.len);
        len = len < in->weights.len ? len : in->weights.len;
    }
    double scale = measure_of(part->unit, false).scale;
    for (size_t i = 0; i < len; i++)
        charge(in, part->first_charge, in->samples.items[i], round(in->weights.items[i] * scale));
}

/* ------------------------------------------------------------------ evented */

typedef struct Event {
    char type;
    uint32_t frame;
    double at;
} Event;

typedef struct Timeline {
    uint32_t node;   /* what is open */
    size_t depth;    /* of it */
    size_t too_deep; /* opened beyond DEPTH_MAX */
    size_t bad;
    double at;
} Timeline;

static Event read_event(Scope *in)
{
    Event event = {0};
    if (!json_enter(&in->scan, '{'))
        return event;
    for (Str key; json_next_key(&in->scan, &key);) {
        if (str_eq(key, S("type"))) {
            Str type = json_scan_raw(&in->scan);
            event.type = type.len == 1 ? type.ptr[0] : 0;
        } else if (str_eq(key, S("frame"))) {
            double frame = json_scan_double(&in->scan);
            event.frame = frame >= 0 && frame < UINT32_MAX ? (uint32_t)frame : UINT32_MAX;
        } else if (str_eq(key, S("at"))) {
            event.at = json_scan_double(&in->scan);
        } else {
            json_skip(&in->scan);
        }
    }
    return event;
}

static void close_frame(Scope *in, Timeline *line, uint32_t frame)
{
    uint32_t node = line->node;
    size_t depth = line->depth;
    if (line->too_deep) {
        line->too_deep--;
        return;
    }
    for (; node && in->nodes.items[node].frame != frame; node = in->nodes.items[node].parent)
        depth--;
    if (node != line->node || !node)
        line->bad++;
    if (!node)
        return; /* it was never opened */
    line->node = in->nodes.items[node].parent;
    line->depth = depth - 1;
}

static void take_event(Scope *in, size_t first, Timeline *line, Event event)
{
    if (event.at > line->at && line->node)
        charge(in, first, line->node, event.at - line->at);
    if (event.at >= line->at)
        line->at = event.at;
    else
        line->bad++;
    if (event.type == 'C') {
        close_frame(in, line, event.frame);
    } else if (event.type == 'O' && line->depth == DEPTH_MAX) {
        line->too_deep++;
        in->deep++;
    } else if (event.type == 'O') {
        line->node = child_of(in, line->node, event.frame);
        line->depth++;
    } else {
        line->bad++;
    }
}

static Timeline read_events(Scope *in, size_t first)
{
    Timeline line = {.at = -INFINITY};
    if (!json_enter(&in->scan, '['))
        return line;
    while (json_next_item(&in->scan)) {
        Event event = read_event(in);
        if (line.bad <= BAD_EVENTS_MAX)
            take_event(in, first, &line, event);
    }
    return line;
}

static void finish_evented(Scope *in, const Part *part, const Timeline *line)
{
    if (line->bad > BAD_EVENTS_MAX)
        profile_note(in->build,
                     "profile '" STR_FMT "': events are not nested; cut after %d of them",
                     STR_ARG(part->name), BAD_EVENTS_MAX);
    else if (line->bad)
        profile_note(in->build, "profile '" STR_FMT "': %zu events out of order",
                     STR_ARG(part->name), line->bad);
    if (!line->node)
        return;
    profile_note(in->build, "profile '" STR_FMT "': frames still open at the end",
                 STR_ARG(part->name));
    if (part->end > line->at)
        charge(in, part->first_charge, line->node, part->end - line->at);
}

/* ------------------------------------------------------------------ the file */

static void read_part(Scope *in)
{
    Part part = {.first_charge = in->charges.len};
    Timeline line = {0};
    in->samples.len = in->weights.len = 0;
    if (!json_enter(&in->scan, '{'))
        return;
    for (Str key; json_next_key(&in->scan, &key);) {
        if (str_eq(key, S("samples"))) {
            read_samples(in);
        } else if (str_eq(key, S("weights"))) {
            read_weights(in);
        } else if (str_eq(key, S("events"))) {
            part.evented = true;
            line = read_events(in, part.first_charge);
        } else if (str_eq(key, S("name"))) {
            part.name = json_scan_str(&in->scan, in->arena);
        } else if (str_eq(key, S("unit"))) {
            part.unit = json_scan_str(&in->scan, in->arena);
        } else if (str_eq(key, S("endValue"))) {
            part.end = json_scan_double(&in->scan);
        } else {
            json_skip(&in->scan);
        }
    }
    if (part.evented)
        finish_evented(in, &part, &line);
    else
        finish_sampled(in, &part);
    part.charges = in->charges.len - part.first_charge;
    *array_push(in->arena, &in->parts) = part;
}

static void read_frame(Scope *in)
{
    Str name = {0}, file = {0};
    double line = 0;
    if (!json_enter(&in->scan, '{'))
        return;
    for (Str key; json_next_key(&in->scan, &key);) {
        if (str_eq(key, S("name")))
            name = json_scan_str(&in->scan, in->arena);
        else if (str_eq(key, S("file")))
            file = json_scan_str(&in->scan, in->arena);
        else if (str_eq(key, S("line")))
            line = json_scan_double(&in->scan);
        else
            json_skip(&in->scan);
    }
    *array_push(in->arena, &in->frames) = (ProfileFrame){
        .function = profile_add_text(in->build, name),
        .file = profile_add_text(in->build, file),
        .line = line >= 1 && line < UINT32_MAX ? (uint32_t)line : 0,
        .kind = (uint16_t)frame_kind_of(name, file),
    };
}

static void read_shared(Scope *in)
{
    if (!json_enter(&in->scan, '{'))
        return;
    for (Str key; json_next_key(&in->scan, &key);) {
        if (!str_eq(key, S("frames")))
            json_skip(&in->scan);
        else if (json_enter(&in->scan, '['))
            while (json_next_item(&in->scan))
                read_frame(in);
    }
}

static void read_file(Scope *in)
{
    if (!json_enter(&in->scan, '{'))
        return;
    for (Str key; json_next_key(&in->scan, &key);) {
        if (str_eq(key, S("profiles")) && json_enter(&in->scan, '[')) {
            while (json_next_item(&in->scan))
                read_part(in);
        } else if (str_eq(key, S("shared"))) {
            read_shared(in);
        } else if (str_eq(key, S("exporter"))) {
            in->exporter = json_scan_str(&in->scan, in->arena);
        } else {
            json_skip(&in->scan);
        }
    }
}

/* ------------------------------------------------------------------ to Profile */

static uint32_t *place_stacks(Scope *in)
{
    uint32_t *stacks = NEW_ARRAY(in->arena, uint32_t, in->nodes.len);
    uint32_t *frames = NEW_ARRAY(in->arena, uint32_t, in->frames.len + 1);
    size_t unknown = 0;
    bool distinct = true; /* so are the stacks, then: no need to look for equal ones again */
    for (size_t i = 0; i < in->frames.len; i++) {
        frames[i] = profile_add_frame(in->build, in->frames.items[i]);
        distinct = distinct && frames[i] == i;
    }
    for (size_t i = 1; i < in->nodes.len; i++) {
        Node node = in->nodes.items[i];
        if (node.frame >= in->frames.len) {
            stacks[i] = stacks[node.parent];
            unknown++;
            continue;
        }
        uint32_t parent = stacks[node.parent];
        stacks[i] = distinct && !unknown ? profile_push_stack(in->build, parent, node.frame)
                                         : profile_add_stack(in->build, parent, frames[node.frame]);
    }
    profile_note_count(in->build, unknown, "stack names a frame", "stacks name a frame",
                       "that is not in the list of %zu frames", in->frames.len);
    return stacks;
}

static void add_part(Scope *in, const Part *part, const uint32_t *stacks, const size_t *metrics)
{
    size_t metric = metrics[part - in->parts.items];
    double scale = part->evented ? measure_of(part->unit, false).scale : 1;
    uint32_t thread = profile_add_thread(
        in->build, (ProfileThread){.name = profile_add_text(in->build, part->name)});
    for (size_t i = 0; i < part->charges; i++) {
        const Charge *from = &in->charges.items[part->first_charge + i];
        int64_t weights[PROFILE_METRICS_MAX] = {0};
        double weight = from->weight * scale;
        if (!(fabs(weight) < 9e18)) {
            profile_note(in->build, "a weight of %g is beyond all measure and was left out",
                         from->weight);
            continue;
        }
        weights[metric] = llround(weight);
        profile_add_sample(
            in->build,
            (ProfileSample){.stack = stacks[from->node], .thread = thread, .count = from->count},
            weights);
    }
}

static bool to_profile(Scope *in, Profile *out, Err *err)
{
    Str tool = in->exporter, version;
    if (!str_cut(in->exporter, '@', &tool, &version))
        tool = in->exporter;
    bool python = str_eq(tool, S("py-spy"));
    size_t *metrics = NEW_ARRAY(in->arena, size_t, in->parts.len + 1);
    for (size_t i = 0; i < in->parts.len; i++) {
        const Part *part = &in->parts.items[i];
        Measure measure = measure_of(part->unit, python);
        bool sampled = !part->evented && !str_eq(measure.metric, S("bytes"));
        metrics[i] = profile_add_metric(in->build, measure.name, measure.metric, sampled);
    }
    if (in->parts.len == 0)
        return err_set(err, ERR_INPUT, "holds no profile");
    const uint32_t *stacks = place_stacks(in);
    for (size_t i = 0; i < in->parts.len; i++)
        add_part(in, &in->parts.items[i], stacks, metrics);
    profile_note_count(in->build, in->deep, "stack was cut: it is", "stacks were cut: they are",
                       "deeper than %d frames", DEPTH_MAX);
    *out = profile_build(in->build, tool, S("speedscope"));
    return true;
}

bool read_speedscope(Arena *arena, Str bytes, Profile *out, Err *err)
{
    Scope *in = NEW(arena, Scope);
    in->arena = arena;
    in->build = profile_builder_new(arena);
    in->scan = json_scan(bytes);
    in->stacks = prefix_table_new(arena);
    array_push(arena, &in->nodes);
    read_file(in);
    return json_scan_ok(&in->scan, err) && to_profile(in, out, err);
}
