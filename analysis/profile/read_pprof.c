/*
 * pprof's profile.proto (github.com/google/pprof): what Go, gperftools, pprof-rs, Pyroscope and
 * many others write, mostly in gzip.
 *
 * Samples come before the tables they point into, and the text of every name is last, so the
 * message is walked twice: tables first, then samples. A location is one address, with several
 * lines when functions were inlined there: the innermost first. Without lines it is named by its
 * mapping, and looked up there later (address.h); so it is two frames, one where it is a leaf, and
 * one where it called. Comments and the drop_frames and keep_frames expressions only steer
 * pprof's own display; nothing of them is used.
 *
 * The metric that the file calls the default, or else the last, comes first.
 */

#include <math.h>
#include <string.h>

#include "analysis/profile/address.h"
#include "analysis/profile/prefix_table.h"
#include "analysis/profile/readers.h"
#include "base/array.h"
#include "base/idmap.h"
#include "base/proto.h"

enum {
    DEPTH_MAX = 10000,
    INLINES_MAX = 200,
    /* Stack nodes per byte of the file; real ones have less than one. */
    NODES_PER_BYTE = 8,
    TYPES_MAX = PROFILE_METRICS_MAX,
};

typedef struct ValueType {
    uint64_t type; /* texts of the file */
    uint64_t unit;
    size_t metric; /* ours; SIZE_MAX when there was no room */
    double scale;
} ValueType;

typedef struct Function {
    uint64_t name;
    uint64_t system_name;
    uint64_t file;
    uint64_t start_line;
} Function;

typedef struct Location {
    uint64_t mapping;
    uint64_t address;
    Str lines;          /* of the file, where its first line begins: the whole message */
    uint32_t first[2];  /* [1]: as a caller; in `frames`, outermost first; valid when frames > 0 */
    uint32_t frames[2]; /* 0: not made yet */
} Location;

typedef struct Mapping {
    AddressRange range;
    uint64_t file; /* texts of the file */
    uint64_t build_id;
} Mapping;

/* Ids of the file to places in a table; mostly they count up from 1. */
typedef struct Ids {
    IdMap map;
    size_t len;
} Ids;

typedef struct Pprof {
    Arena *arena;
    ProfileBuilder *build;
    Str bytes;
    Array(Str) texts;
    Array(ValueType) types;
    Array(Function) functions;
    Array(Location) locations;
    Array(Mapping) mappings;
    Ids function_ids, location_ids, mapping_ids;
    uint64_t default_type;
    Array(uint32_t) frames; /* of all locations */
    Array(uint64_t) path;   /* of the sample being read */
    Array(uint64_t) prefixes;
    PrefixTable stacks;
    size_t nodes_max;
    size_t last_node;
    size_t samples;
    size_t count_type; /* the metric that counts samples, or SIZE_MAX */
    size_t unknown;    /* locations that are not in the table */
    size_t deep;
    size_t bad; /* messages inside which something was wrong */
} Pprof;

static Str text_at(const Pprof *in, uint64_t text)
{
    return text < in->texts.len ? in->texts.items[text] : (Str){0};
}

/* ------------------------------------------------------------------ tables */

static void ids_add(Ids *ids, uint64_t id)
{
    *idmap_slot(&ids->map, id) = (uint32_t)++ids->len;
}

/* Place in the table, + 1; 0 when it is not there. */
static uint32_t ids_find(const Ids *ids, uint64_t id)
{
    return idmap_get(&ids->map, id);
}

/* Fields 1 to `len` of a message that are numbers; what else there is, is left out. */
static void take_numbers(Pprof *in, Proto message, uint64_t *numbers, size_t len)
{
    for (ProtoField field; proto_next(&message, &field);)
        if (field.number <= len && field.wire == PROTO_VARINT)
            numbers[field.number - 1] = field.value;
    in->bad += message.problem != NULL;
}

static void read_type(Pprof *in, Proto message)
{
    uint64_t numbers[2] = {0};
    take_numbers(in, message, numbers, 2);
    if (in->types.len < TYPES_MAX)
        *array_push(in->arena, &in->types) = (ValueType){.type = numbers[0], .unit = numbers[1]};
}

static void read_mapping(Pprof *in, Proto message)
{
    uint64_t numbers[6] = {0};
    take_numbers(in, message, numbers, 6);
    ids_add(&in->mapping_ids, numbers[0]);
    *array_push(in->arena, &in->mappings) = (Mapping){
        .range = {.start = numbers[1], .end = numbers[2], .offset = numbers[3]},
        .file = numbers[4],
        .build_id = numbers[5],
    };
}

static void read_location(Pprof *in, Proto message, Str bytes)
{
    uint64_t numbers[3] = {0};
    take_numbers(in, message, numbers, 3);
    ids_add(&in->location_ids, numbers[0]);
    *array_push(in->arena, &in->locations) =
        (Location){.mapping = numbers[1], .address = numbers[2], .lines = bytes};
}

static void read_function(Pprof *in, Proto message)
{
    uint64_t numbers[5] = {0};
    take_numbers(in, message, numbers, 5);
    ids_add(&in->function_ids, numbers[0]);
    *array_push(in->arena, &in->functions) = (Function){.name = numbers[1],
                                                        .system_name = numbers[2],
                                                        .file = numbers[3],
                                                        .start_line = numbers[4]};
}

static void read_tables(Pprof *in, Proto *file)
{
    for (ProtoField field; proto_next(file, &field);) {
        if (field.wire != PROTO_BYTES) {
            if (field.number == 14 && field.wire == PROTO_VARINT)
                in->default_type = field.value;
            continue;
        }
        Proto inside = proto_inside(file, field.bytes);
        switch (field.number) {
        case 1:
            read_type(in, inside);
            break;
        case 3:
            read_mapping(in, inside);
            break;
        case 4:
            read_location(in, inside, field.bytes);
            break;
        case 5:
            read_function(in, inside);
            break;
        case 6:
            *array_push(in->arena, &in->texts) = field.bytes;
            break;
        default:
            break;
        }
    }
}

/* ------------------------------------------------------------------ metrics */

typedef struct Unit {
    Str unit;
    Str ours;
    double scale;
} Unit;

static Unit unit_of(Str unit)
{
    static const Unit UNITS[] = {
        {STR_CONST("nanoseconds"), STR_CONST("ns"), 1},
        {STR_CONST("nanosecond"), STR_CONST("ns"), 1},
        {STR_CONST("ns"), STR_CONST("ns"), 1},
        {STR_CONST("microseconds"), STR_CONST("ns"), 1e3},
        {STR_CONST("us"), STR_CONST("ns"), 1e3},
        {STR_CONST("milliseconds"), STR_CONST("ns"), 1e6},
        {STR_CONST("ms"), STR_CONST("ns"), 1e6},
        {STR_CONST("seconds"), STR_CONST("ns"), 1e9},
        {STR_CONST("s"), STR_CONST("ns"), 1e9},
        {STR_CONST("bytes"), STR_CONST("bytes"), 1},
        {STR_CONST("byte"), STR_CONST("bytes"), 1},
        {STR_CONST("kilobytes"), STR_CONST("bytes"), 1024},
        {STR_CONST("kb"), STR_CONST("bytes"), 1024},
        {STR_CONST("megabytes"), STR_CONST("bytes"), 1048576},
        {STR_CONST("mb"), STR_CONST("bytes"), 1048576},
    };
    for (size_t i = 0; i < sizeof(UNITS) / sizeof(UNITS[0]); i++)
        if (str_eq(unit, UNITS[i].unit))
            return UNITS[i];
    return (Unit){unit, S("count"), 1};
}

/* "samples" or "cpu" in "count"s: how often the clock ticked. */
static bool counts_samples(const Pprof *in, const ValueType *type)
{
    Str name = text_at(in, type->type);
    return str_eq(unit_of(text_at(in, type->unit)).ours, S("count")) &&
           (str_eq(name, S("samples")) || str_eq(name, S("sample")) || str_eq(name, S("cpu")));
}

/* Times and bytes are sampled; a count without a number of samples (cycles) is taken as exact. */
static void add_metric(Pprof *in, ValueType *type)
{
    Unit unit = unit_of(text_at(in, type->unit));
    Str name = text_at(in, type->type);
    bool sampled = in->count_type != SIZE_MAX || !str_eq(unit.ours, S("count"));
    type->metric = profile_add_metric(in->build, name.len ? name : S("weight"), unit.ours, sampled);
    type->scale = unit.scale;
}

static void add_metrics(Pprof *in)
{
    size_t first = in->types.len - 1;
    for (size_t i = 0; in->default_type && i < in->types.len; i++)
        if (in->types.items[i].type == in->default_type)
            first = i;
    in->count_type = SIZE_MAX;
    for (size_t i = 0; i < in->types.len; i++)
        if (counts_samples(in, &in->types.items[i]))
            in->count_type = i;
    add_metric(in, &in->types.items[first]);
    for (size_t i = 0; i < in->types.len; i++)
        if (i != first)
            add_metric(in, &in->types.items[i]);
}

/* ------------------------------------------------------------------ frames */

/* Writers without debug information say so in place of a file. */
static bool is_no_file(Str file)
{
    static const Str NAMES[] = {STR_CONST("Unknown"), STR_CONST("unknown"), STR_CONST("<unknown>"),
                                STR_CONST("??"), STR_CONST("?")};
    for (size_t i = 0; i < sizeof(NAMES) / sizeof(NAMES[0]); i++)
        if (str_eq(file, NAMES[i]))
            return true;
    return false;
}

static uint32_t line_number(uint64_t line)
{
    return line < UINT32_MAX ? (uint32_t)line : 0; /* signed in the file; none is below 0 */
}

/* Go has build ids of its own, which no ELF file carries in its notes. */
static bool is_build_id(Str text)
{
    for (size_t i = 0; i < text.len; i++)
        if (!memchr("0123456789abcdef", text.ptr[i], 16))
            return false;
    return text.len >= 16 && text.len % 2 == 0;
}

/* NULL when the location names none. */
static const AddressRange *range_of(Pprof *in, const Location *location)
{
    uint32_t found = ids_find(&in->mapping_ids, location->mapping);
    if (!found)
        return NULL;
    Mapping *mapping = &in->mappings.items[found - 1];
    Str build_id = text_at(in, mapping->build_id);
    mapping->range.file = text_at(in, mapping->file);
    if (mapping->range.file.len && is_build_id(build_id))
        profile_add_module(in->build, profile_add_text(in->build, mapping->range.file),
                           profile_add_text(in->build, build_id));
    return &mapping->range;
}

static ProfileFrame frame_of_line(Pprof *in, const AddressRange *range, Proto message)
{
    uint64_t numbers[2] = {0};
    take_numbers(in, message, numbers, 2);
    uint32_t found = ids_find(&in->function_ids, numbers[0]);
    Function function = found ? in->functions.items[found - 1] : (Function){0};
    Str name = text_at(in, function.name), file = text_at(in, function.file);
    if (!name.len)
        name = text_at(in, function.system_name);
    if (is_no_file(file))
        file = (Str){0};
    return (ProfileFrame){
        .function = profile_add_text(in->build, name.len ? name : S("?")),
        .file = profile_add_text(in->build, file),
        .module = profile_add_text(in->build, range ? range->file : (Str){0}),
        .line = file.len ? line_number(numbers[1]) : 0,
        .def_line = file.len ? line_number(function.start_line) : 0,
        .kind = (uint16_t)frame_kind_of(name, file),
    };
}

static void push_frame(Pprof *in, Location *location, bool caller, ProfileFrame frame)
{
    *array_push(in->arena, &in->frames) = profile_add_frame(in->build, frame);
    location->frames[caller]++;
}

/* The file has the innermost line first, a stack the outermost. A function that is known by name
 * only, without lines, is looked up like an address. */
static void make_frames(Pprof *in, Location *location, bool caller)
{
    Str lines[INLINES_MAX];
    size_t len = 0;
    Proto message = proto(location->lines);
    const AddressRange *range = range_of(in, location);
    for (ProtoField field; proto_next(&message, &field);)
        if (field.number == 4 && field.wire == PROTO_BYTES && len < INLINES_MAX)
            lines[len++] = field.bytes;
    location->first[caller] = (uint32_t)in->frames.len;
    for (size_t i = len; i-- > 0;) {
        ProfileFrame frame = frame_of_line(in, range, proto(lines[i]));
        frame.inlined = i + 1 < len;
        if (len == 1 && !frame.line && range && location->address)
            frame.address = address_in_file(range, location->address - caller);
        push_frame(in, location, caller, frame);
    }
    if (len == 0)
        push_frame(in, location, caller,
                   address_frame(in->build, range, location->address, caller));
}

/* ------------------------------------------------------------------ samples */

/* New nodes are numbered upwards; there may be no more of them than the file can mean. */
static uint32_t child_of(Pprof *in, uint32_t parent, Location *location, bool caller)
{
    if (!location->frames[caller])
        make_frames(in, location, caller);
    for (uint32_t i = 0; i < location->frames[caller] && in->last_node < in->nodes_max; i++) {
        parent =
            profile_add_stack(in->build, parent, in->frames.items[location->first[caller] + i]);
        if (parent > in->last_node)
            in->last_node = parent;
    }
    return parent;
}

/* Hashes of all beginnings of the path; prefixes[i] goes as far in as the i-th from its end. */
static void hash_path(Pprof *in, size_t depth)
{
    uint64_t prefix = 0;
    while (in->prefixes.len < depth)
        array_push(in->arena, &in->prefixes);
    for (size_t i = depth; i-- > 0;) {
        prefix = prefix_hash(prefix, hash64_number(in->path.items[i]) + (i > 0));
        in->prefixes.items[i] = prefix;
        prefix_prefetch(&in->stacks, prefix);
    }
}

static bool is_known(const Pprof *in, size_t at, uint32_t *stack)
{
    const PrefixCell *cell = prefix_find(&in->stacks, in->prefixes.items[at]);
    if (!cell || cell->item != (uint32_t)in->path.items[at])
        return false;
    *stack = cell->node;
    return true;
}

/* How many of the outermost frames are known together, and their stack. */
static size_t known_of(const Pprof *in, size_t depth, uint32_t *stack)
{
    size_t known = 0, beyond = depth + 1;
    uint32_t found;
    if (depth && is_known(in, 0, stack))
        return depth;
    while (known + 1 < beyond) {
        size_t middle = known + (beyond - known) / 2;
        if (is_known(in, depth - middle, &found)) {
            *stack = found;
            known = middle;
        } else {
            beyond = middle;
        }
    }
    return known;
}

/* The path in the file is leaf first. */
static uint32_t stack_of(Pprof *in)
{
    uint32_t stack = 0;
    size_t depth = in->path.len;
    if (depth > DEPTH_MAX) {
        in->deep++;
        depth = DEPTH_MAX;
    }
    hash_path(in, depth);
    for (size_t i = depth - known_of(in, depth, &stack); i-- > 0;) {
        uint32_t found = ids_find(&in->location_ids, in->path.items[i]);
        if (found)
            stack = child_of(in, stack, &in->locations.items[found - 1], i > 0);
        else
            in->unknown++;
        if (stack)
            prefix_add(&in->stacks, in->prefixes.items[i], (uint32_t)in->path.items[i], stack);
    }
    return stack;
}

/* A label {key 1, text 2}; pprof-rs and austin name the thread so. */
static void read_label(Pprof *in, Proto message, uint32_t *thread)
{
    uint64_t numbers[2] = {0};
    take_numbers(in, message, numbers, 2);
    Str key = text_at(in, numbers[0]), text = text_at(in, numbers[1]);
    if (text.len && (str_eq(key, S("thread")) || str_eq(key, S("thread_name"))))
        *thread = profile_add_text(in->build, text);
}

static void add_sample(Pprof *in, const int64_t *values, uint32_t thread)
{
    int64_t weights[PROFILE_METRICS_MAX] = {0};
    uint64_t count = 1;
    for (size_t i = 0; i < in->types.len; i++) {
        const ValueType *type = &in->types.items[i];
        double weight = (double)values[i] * type->scale;
        if (type->metric == SIZE_MAX)
            continue;
        if (type->scale == 1)
            weights[type->metric] = values[i];
        else if (fabs(weight) < 9e18)
            weights[type->metric] = llround(weight);
    }
    if (in->count_type < in->types.len && values[in->count_type] >= 0)
        count = (uint64_t)values[in->count_type];
    ProfileSample sample = {.stack = stack_of(in), .count = count};
    if (thread)
        sample.thread = profile_add_thread(in->build, (ProfileThread){.name = thread});
    else
        sample.thread = profile_add_thread(in->build, (ProfileThread){0});
    profile_add_sample(in->build, sample, weights);
    in->samples++;
}

static void read_sample(Pprof *in, Proto message)
{
    int64_t values[TYPES_MAX] = {0};
    size_t len = 0;
    uint32_t thread = 0;
    in->path.len = 0;
    for (ProtoField field; proto_next(&message, &field);) {
        if (field.number == 3 && field.wire == PROTO_BYTES)
            read_label(in, proto_inside(&message, field.bytes), &thread);
        if (field.number != 1 && field.number != 2)
            continue;
        Proto numbers = proto_numbers(&message, &field);
        for (uint64_t number; proto_next_number(&numbers, &field, &number);) {
            if (field.number == 1)
                *array_push(in->arena, &in->path) = number;
            else if (len < in->types.len)
                values[len++] = (int64_t)number;
        }
        in->bad += numbers.problem != NULL;
    }
    in->bad += message.problem != NULL;
    add_sample(in, values, thread);
}

static void read_samples(Pprof *in)
{
    Proto file = proto(in->bytes);
    for (ProtoField field; proto_next(&file, &field);)
        if (field.number == 2 && field.wire == PROTO_BYTES)
            read_sample(in, proto_inside(&file, field.bytes));
}

static void add_notes(Pprof *in, const Proto *file)
{
    Err err = {0};
    if (!proto_ok(file, &err))
        profile_note(in->build, "the file is cut or damaged: %s", err.msg);
    profile_note_count(in->build, in->bad, "message ends", "messages end",
                       "in the middle of a field");
    profile_note_count(in->build, in->unknown, "time a stack names", "times a stack names",
                       "a location that is not in the file");
    profile_note_count(in->build, in->deep, "stack was cut: it is", "stacks were cut: they are",
                       "deeper than %d frames", DEPTH_MAX);
    if (in->last_node >= in->nodes_max)
        profile_note(in->build, "the stacks unfold to more than the file can mean; some were cut");
}

bool read_pprof(Arena *arena, Str bytes, Profile *out, Err *err)
{
    Pprof *in = NEW(arena, Pprof);
    *in = (Pprof){.arena = arena,
                  .build = profile_builder_new(arena),
                  .bytes = bytes,
                  .nodes_max = bytes.len * NODES_PER_BYTE,
                  .function_ids = {.map = idmap_new(arena)},
                  .location_ids = {.map = idmap_new(arena)},
                  .mapping_ids = {.map = idmap_new(arena)},
                  .stacks = prefix_table_new(arena)};
    Proto file = proto(bytes);
    read_tables(in, &file);
    if (in->types.len == 0) {
        Err cause = {0};
        bool whole = proto_ok(&file, &cause);
        return err_set(err, ERR_INPUT, "%s",
                       whole ? "says nothing of what it measures" : cause.msg);
    }
    add_metrics(in);
    read_samples(in);
    if (in->samples == 0 && !proto_ok(&file, err))
        return false;
    add_notes(in, &file);
    *out = profile_build(in->build, (Str){0}, S("pprof"));
    return true;
}
