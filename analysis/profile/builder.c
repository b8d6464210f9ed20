/* ProfileBuilder: removes duplicates while a reader adds what it finds (profile.h). */

#include <string.h>

#include "analysis/profile/profile.h"
#include "base/array.h"
#include "base/hash64.h"
#include "base/idmap.h"
#include "base/intern.h"

typedef Array(Str) Notes;
typedef Array(ProfileMetric) Metrics;
typedef Array(ProfileFrame) Frames;
typedef Array(ProfileStack) Stacks;
typedef Array(ProfileThread) Threads;
typedef Array(ProfileCall) Calls;
typedef Array(ProfileModule) Modules;
typedef Array(ProfileAwaited) Awaited;
typedef Array(ProfileFact) Facts;
typedef Array(ProfileFinding) Findings;
typedef Array(ProfileSource) Sources;

/* Columns of one row each: as many as there are metrics. */
typedef struct Columns {
    int64_t *column[PROFILE_METRICS_MAX];
    int64_t sum[PROFILE_METRICS_MAX]; /* of the absolute values */
    size_t room;
} Columns;

struct ProfileBuilder {
    Arena *arena;
    Intern texts;
    Notes notes;
    size_t notes_dropped;
    Metrics metrics;
    Frames frames;
    uint32_t *frame_cells; /* open addressing over frames, id + 1; 0 is empty */
    size_t frame_mask;
    Stacks stacks;
    IdMap children; /* (parent, frame) to stack */
    Threads threads;
    IdMap thread_ids; /* hash of a thread to its number + 1 */
    Modules modules;
    Awaited awaited;
    IdMap module_of; /* text to number + 1 */
    Facts facts;
    Findings findings;
    Sources sources;
    uint32_t *sample_of;    /* by stack: its newest sample + 1 */
    uint32_t *sample_older; /* by sample: the stack's sample before it + 1, of another thread */
    size_t sample_of_room;
    uint32_t *sample_stack;
    uint32_t *sample_thread;
    uint64_t *sample_count;
    size_t samples_len;
    size_t samples_room;
    Columns weights;
    Calls calls;
    Columns call_totals;
    Columns frame_totals;
    bool graph;
};

enum {
    FIRST_CELLS = 256
};

ProfileBuilder *profile_builder_new(Arena *arena)
{
    ProfileBuilder *build = NEW(arena, ProfileBuilder);
    build->arena = arena;
    build->texts = intern_new(arena);
    build->children = idmap_new(arena);
    build->thread_ids = idmap_new(arena);
    build->module_of = idmap_new(arena);
    build->frame_cells = NEW_ARRAY(arena, uint32_t, FIRST_CELLS);
    build->frame_mask = FIRST_CELLS - 1;
    array_push(arena, &build->stacks);
    return build;
}

uint32_t profile_add_text(ProfileBuilder *build, Str text)
{
    return intern_id(&build->texts, text);
}

Str profile_added_text(const ProfileBuilder *build, uint32_t text)
{
    return intern_str(&build->texts, text);
}

size_t profile_add_metric(ProfileBuilder *build, Str name, Str unit, bool sampled)
{
    ProfileMetric metric = {.name = profile_add_text(build, name),
                            .unit = profile_add_text(build, unit),
                            .sampled = sampled};
    array_each (ProfileMetric, old, &build->metrics)
        if (old->name == metric.name && old->unit == metric.unit)
            return (size_t)(old - build->metrics.items);
    if (build->metrics.len == PROFILE_METRICS_MAX)
        return SIZE_MAX;
    *array_push(build->arena, &build->metrics) = metric;
    return build->metrics.len - 1;
}

size_t profile_builder_metrics(const ProfileBuilder *build)
{
    return build->metrics.len;
}

uint32_t profile_added_frame(const ProfileBuilder *build, uint32_t stack)
{
    return build->stacks.items[stack].frame;
}

const ProfileFrame *profile_added_row(const ProfileBuilder *build, uint32_t frame)
{
    return &build->frames.items[frame];
}

uint32_t profile_add_thread(ProfileBuilder *build, ProfileThread thread)
{
    uint32_t *slot =
        idmap_slot(&build->thread_ids, hash64_bytes((const char *)&thread, sizeof(thread)));
    if (!*slot || memcmp(&build->threads.items[*slot - 1], &thread, sizeof(thread)) != 0) {
        *array_push(build->arena, &build->threads) = thread;
        *slot = (uint32_t)build->threads.len;
    }
    return *slot - 1;
}

static ProfileModule *module_row(ProfileBuilder *build, uint32_t module)
{
    uint32_t *slot = idmap_slot(&build->module_of, module);
    if (!*slot) {
        *array_push(build->arena, &build->modules) = (ProfileModule){.module = module};
        *slot = (uint32_t)build->modules.len;
    }
    return &build->modules.items[*slot - 1];
}

void profile_add_module(ProfileBuilder *build, uint32_t module, uint32_t build_id)
{
    ProfileModule *row = module_row(build, module);
    if (!row->build_id)
        row->build_id = build_id;
}

void profile_add_loaded(ProfileBuilder *build, uint32_t module)
{
    module_row(build, module)->loaded = 1;
}

void profile_add_start(ProfileBuilder *build, uint32_t module, uint64_t start)
{
    ProfileModule *row = module_row(build, module);
    if (!row->start)
        row->start = start;
}

void profile_add_awaited(ProfileBuilder *build, Str path, bool module, uint64_t state)
{
    uint32_t text = profile_add_text(build, path);
    *array_push(build->arena, &build->awaited) = (ProfileAwaited){text, module, state};
}

static size_t frame_cell(const ProfileBuilder *build, const ProfileFrame *frame)
{
    size_t at = hash64_bytes((const char *)frame, sizeof(*frame)) & build->frame_mask;
    for (; build->frame_cells[at]; at = (at + 1) & build->frame_mask)
        if (!memcmp(&build->frames.items[build->frame_cells[at] - 1], frame, sizeof(*frame)))
            break;
    return at;
}

static void grow_frame_cells(ProfileBuilder *build)
{
    build->frame_mask = build->frame_mask * 2 + 1;
    build->frame_cells = NEW_ARRAY(build->arena, uint32_t, build->frame_mask + 1);
    for (uint32_t i = 0; i < build->frames.len; i++)
        build->frame_cells[frame_cell(build, &build->frames.items[i])] = i + 1;
}

uint32_t profile_add_frame(ProfileBuilder *build, ProfileFrame frame)
{
    if (build->frames.len * 2 > build->frame_mask)
        grow_frame_cells(build);
    size_t at = frame_cell(build, &frame);
    if (!build->frame_cells[at]) {
        *array_push(build->arena, &build->frames) = frame;
        build->frame_cells[at] = (uint32_t)build->frames.len;
    }
    return build->frame_cells[at] - 1;
}

uint32_t profile_push_stack(ProfileBuilder *build, uint32_t parent, uint32_t frame)
{
    *array_push(build->arena, &build->stacks) = (ProfileStack){parent, frame};
    return (uint32_t)build->stacks.len - 1;
}

uint32_t profile_add_stack(ProfileBuilder *build, uint32_t parent, uint32_t frame)
{
    uint32_t *slot = idmap_slot(&build->children, idmap_pair(parent, frame));
    if (!*slot)
        *slot = profile_push_stack(build, parent, frame);
    return *slot;
}

static void *bigger(Arena *arena, const void *old, size_t len, size_t room, size_t size)
{
    void *copy = arena_alloc(arena, room, size);
    if (len)
        memcpy(copy, old, len * size);
    return copy;
}

static void columns_grow(ProfileBuilder *build, Columns *columns, size_t len)
{
    if (len < columns->room)
        return;
    size_t room = len < 16 ? 16 : len * 2;
    for (size_t m = 0; m < build->metrics.len; m++)
        columns->column[m] =
            bigger(build->arena, columns->column[m], columns->room, room, sizeof(int64_t));
    columns->room = room;
}

/* No column's sum leaves its type, so that nobody who adds one up has to think of overflow. */
static void columns_add(ProfileBuilder *build, Columns *columns, size_t row, const int64_t *values)
{
    for (size_t m = 0; m < build->metrics.len; m++) {
        int64_t value = values[m], sum;
        if (value == INT64_MIN ||
            __builtin_add_overflow(columns->sum[m], value < 0 ? -value : value, &sum)) {
            profile_note(build, "a weight of %lld is beyond all measure and was left out",
                         (long long)value);
            continue;
        }
        columns->sum[m] = sum;
        columns->column[m][row] += value;
    }
}

static void grow_samples(ProfileBuilder *build)
{
    size_t len = build->samples_room, room = len < 16 ? 16 : len * 2;
    build->sample_stack = bigger(build->arena, build->sample_stack, len, room, sizeof(uint32_t));
    build->sample_thread = bigger(build->arena, build->sample_thread, len, room, sizeof(uint32_t));
    build->sample_count = bigger(build->arena, build->sample_count, len, room, sizeof(uint64_t));
    build->sample_older = bigger(build->arena, build->sample_older, len, room, sizeof(uint32_t));
    build->samples_room = room;
}

/* A stack mostly belongs to one thread, and threads come one after the other: newest first. */
static size_t sample_row(ProfileBuilder *build, ProfileSample sample)
{
    if (sample.stack >= build->sample_of_room) {
        size_t room = build->stacks.cap;
        build->sample_of = bigger(build->arena, build->sample_of, build->sample_of_room, room,
                                  sizeof(*build->sample_of));
        build->sample_of_room = room;
    }
    uint32_t newest = build->sample_of[sample.stack];
    for (uint32_t at = newest; at; at = build->sample_older[at - 1])
        if (build->sample_thread[at - 1] == sample.thread)
            return at - 1;
    size_t row = build->samples_len++;
    if (row == build->samples_room)
        grow_samples(build);
    columns_grow(build, &build->weights, row);
    build->sample_stack[row] = sample.stack;
    build->sample_thread[row] = sample.thread;
    build->sample_older[row] = newest;
    build->sample_of[sample.stack] = (uint32_t)row + 1;
    return row;
}

void profile_add_sample(ProfileBuilder *build, ProfileSample sample, const int64_t *weights)
{
    size_t row = sample_row(build, sample);
    build->sample_count[row] += sample.count;
    columns_add(build, &build->weights, row, weights);
}

void profile_add_call(ProfileBuilder *build, ProfileCall call, const int64_t *totals)
{
    build->graph = true;
    columns_grow(build, &build->call_totals, build->calls.len);
    columns_add(build, &build->call_totals, build->calls.len, totals);
    *array_push(build->arena, &build->calls) = call;
}

void profile_add_total(ProfileBuilder *build, uint32_t frame, const int64_t *totals)
{
    build->graph = true;
    columns_grow(build, &build->frame_totals, frame);
    columns_add(build, &build->frame_totals, frame, totals);
}

void profile_add_fact(ProfileBuilder *build, ProfileFact fact)
{
    *array_push(build->arena, &build->facts) = fact;
}

void profile_add_finding(ProfileBuilder *build, ProfileFinding finding)
{
    *array_push(build->arena, &build->findings) = finding;
}

void profile_add_source(ProfileBuilder *build, ProfileSource source)
{
    *array_push(build->arena, &build->sources) = source;
}

static bool has_room_for_note(ProfileBuilder *build)
{
    bool full = build->notes.len == PROFILE_NOTES_MAX;
    build->notes_dropped += full;
    return !full;
}

void profile_note(ProfileBuilder *build, const char *fmt, ...)
{
    if (!has_room_for_note(build))
        return;
    va_list args;
    va_start(args, fmt);
    *array_push(build->arena, &build->notes) = str_vfmt(build->arena, fmt, args);
    va_end(args);
}

void profile_note_count(ProfileBuilder *build, uint64_t count, const char *one, const char *more,
                        const char *fmt, ...)
{
    if (count == 0 || !has_room_for_note(build))
        return;
    va_list args;
    va_start(args, fmt);
    Str rest = str_vfmt(build->arena, fmt, args);
    va_end(args);
    *array_push(build->arena, &build->notes) =
        str_fmt(build->arena, "%llu %s " STR_FMT, (unsigned long long)count,
                count == 1 ? one : more, STR_ARG(rest));
}

Profile profile_build(ProfileBuilder *build, Str tool, Str format)
{
    if (build->notes_dropped)
        *array_push(build->arena, &build->notes) =
            str_fmt(build->arena, "%zu more note%s of this kind", build->notes_dropped,
                    build->notes_dropped == 1 ? "" : "s");
    if (build->threads.len == 0)
        array_push(build->arena, &build->threads);
    if (build->graph)
        columns_grow(build, &build->frame_totals, build->frames.len);
    Profile out = {
        .tool = str_copy(build->arena, tool),
        .format = str_copy(build->arena, format),
        .notes = build->notes.items,
        .notes_len = build->notes.len,
        .text_offsets = build->texts.offsets,
        .text_bytes = build->texts.bytes.ptr,
        .texts_len = build->texts.count,
        .metrics = build->metrics.items,
        .metrics_len = build->metrics.len,
        .frames = build->frames.items,
        .frames_len = build->frames.len,
        .stacks = build->stacks.items,
        .stacks_len = build->stacks.len,
        .threads = build->threads.items,
        .threads_len = build->threads.len,
        .modules = build->modules.items,
        .modules_len = build->modules.len,
        .awaited = build->awaited.items,
        .awaited_len = build->awaited.len,
        .facts = build->facts.items,
        .facts_len = build->facts.len,
        .findings = build->findings.items,
        .findings_len = build->findings.len,
        .sources = build->sources.items,
        .sources_len = build->sources.len,
        .samples_len = build->samples_len,
        .sample_stack = build->sample_stack,
        .sample_thread = build->sample_thread,
        .sample_count = build->sample_count,
        .graph = build->graph,
        .calls = build->calls.items,
        .calls_len = build->calls.len,
    };
    for (size_t m = 0; m < build->metrics.len; m++) {
        out.weights[m] = build->weights.column[m];
        out.call_totals[m] = build->call_totals.column[m];
        out.frame_totals[m] = build->frame_totals.column[m];
    }
    return out;
}
