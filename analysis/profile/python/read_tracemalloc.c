/*
 * tracemalloc's Snapshot.dump(): a pickled Snapshot,
 *
 *     traceback_limit: how many frames were kept
 *     traces._traces: [(domain, size, frames[, how many frames there were]), ...]
 *     frames: ((file, line), ...), the most recent call first
 *
 * The fourth number came with Python 3.9; a stack it says is longer was cut at its root. What is
 * counted is what was alive when the snapshot was taken: one trace is one block. There are no
 * names of functions. Equal stacks are one tuple in the file, so each is looked at once.
 */

#include "analysis/profile/python/pickle.h"
#include "analysis/profile/readers.h"
#include "base/idmap.h"

static const Str CLASSES[] = {
    STR_CONST("tracemalloc.Snapshot"),
    STR_CONST("tracemalloc._Traces"),
};

enum {
    CLASSES_LEN = sizeof(CLASSES) / sizeof(CLASSES[0]),
    DEPTH_MAX = 10000,
};

typedef struct Traces {
    ProfileBuilder *build;
    IdMap stacks; /* by the address of the tuple: the stack + 1 */
    size_t bad;
    size_t cut;
    size_t no_place;
} Traces;

static bool add_frame(Traces *in, const Pickle *at, uint32_t *stack)
{
    const Pickle *file = pickle_item(at, 0, PICKLE_TEXT), *line = pickle_item(at, 1, PICKLE_INT);
    if (!file || !line)
        return false;
    bool known = line->integer > 0 && line->integer < UINT32_MAX;
    if (!known && str_eq(file->text, S("<unknown>"))) { /* no Python code was running */
        in->no_place++;
        return true;
    }
    ProfileFrame frame = {
        .file = profile_add_text(in->build, file->text),
        .line = known ? (uint32_t)line->integer : 0,
        .kind = (uint16_t)frame_kind_of(S(""), file->text),
    };
    *stack = profile_add_stack(in->build, *stack, profile_add_frame(in->build, frame));
    return true;
}

static uint32_t stack_of(Traces *in, const Pickle *frames)
{
    uint64_t key = (uint64_t)(uintptr_t)frames;
    uint32_t known = idmap_get(&in->stacks, key), stack = 0;
    if (known)
        return known - 1;
    size_t depth = frames->items.len < DEPTH_MAX ? frames->items.len : DEPTH_MAX;
    for (size_t i = depth; i-- > 0;)
        if (!add_frame(in, frames->items.items[i], &stack))
            in->bad++;
    *idmap_slot(&in->stacks, key) = stack + 1;
    return stack;
}

static void add_trace(Traces *in, const Pickle *trace)
{
    const Pickle *size = pickle_item(trace, 1, PICKLE_INT);
    const Pickle *frames = pickle_item(trace, 2, PICKLE_TUPLE);
    const Pickle *depth = pickle_item(trace, 3, PICKLE_INT);
    if (!size || !frames || size->integer < 0) {
        in->bad++;
        return;
    }
    if (depth && depth->integer > (int64_t)frames->items.len)
        in->cut++;
    profile_add_sample(in->build, (ProfileSample){.stack = stack_of(in, frames), .count = 1},
                       (int64_t[]){size->integer, 1});
}

static void add_notes(Traces *in, const Pickle *limit)
{
    profile_note_count(in->build, in->bad, "entry is not of a block or a frame and was",
                       "entries are not of a block or a frame and were", "left out");
    profile_note_count(in->build, in->no_place, "stack was allocated", "stacks were allocated",
                       "while no Python code was running");
    if (in->cut && limit && limit->type == PICKLE_INT)
        profile_note_count(in->build, in->cut, "block comes from stacks", "blocks come from stacks",
                           "deeper than %lld frames, of which the outer ones are missing (python "
                           "-X tracemalloc=N keeps N)",
                           (long long)limit->integer);
}

bool read_tracemalloc(Arena *arena, Str bytes, Profile *out, Err *err)
{
    const Pickle *root = pickle_read(arena, bytes, CLASSES, CLASSES_LEN, err);
    if (!root)
        return false;
    const Pickle *snapshot = pickle_state(root, CLASSES[0]);
    const Pickle *traces = pickle_get(snapshot, S("traces"));
    const Pickle *list = traces ? pickle_get(pickle_state(traces, CLASSES[1]), S("_traces")) : NULL;
    if (!list || (list->type != PICKLE_LIST && list->type != PICKLE_TUPLE))
        return err_set(err, ERR_INPUT, "a pickle, but not of tracemalloc's Snapshot");
    Traces in = {.build = profile_builder_new(arena), .stacks = idmap_new(arena)};
    profile_add_metric(in.build, S("live"), S("bytes"), false);
    profile_add_metric(in.build, S("blocks"), S("count"), false);
    for (size_t i = 0; i < list->items.len; i++)
        add_trace(&in, list->items.items[i]);
    if (list->items.len && in.bad >= list->items.len)
        return err_set(err, ERR_INPUT, "a Snapshot, but not of blocks and their stacks");
    add_notes(&in, pickle_get(snapshot, S("traceback_limit")));
    *out = profile_build(in.build, S("tracemalloc"), S("tracemalloc"));
    return true;
}
