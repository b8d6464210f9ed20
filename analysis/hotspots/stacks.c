/* hot_stacks: the most expensive stacks that go through a line or a function (hotspot.h). */

#include <stdlib.h>

#include "analysis/hotspots/hotspot.h"
#include "analysis/hotspots/places.h"
#include "analysis/symbols/short_name.h"
#include "base/strbuf.h"

enum {
    SHOWN_DEPTH = 60, /* inner frames that are written out of a deeper stack */
};

typedef struct Candidate {
    uint32_t stack;
    int64_t cost;
    uint64_t samples;
} Candidate;

static bool frame_is_spot(const Profile *profile, const Places *places, uint32_t frame,
                          const HotSpot *spot)
{
    const ProfileFrame *at = &profile->frames[frame];
    if (!str_eq(places_file(places, at->file).path, spot->file))
        return false;
    if (!spot->is_function)
        return frame_has_line(at) && at->line == spot->line;
    return str_eq(profile_text(profile, at->function), spot->function) &&
           (!spot->is_definition || at->def_line == spot->line);
}

/* By stack: does it pass through the spot? A parent comes before its children. */
static bool *stacks_through(Arena *scratch, const Profile *profile, const Places *places,
                            const HotSpot *spot)
{
    bool *frames = NEW_ARRAY(scratch, bool, profile->frames_len + 1);
    bool *through = NEW_ARRAY(scratch, bool, profile->stacks_len + 1);
    for (uint32_t i = 0; i < profile->frames_len; i++)
        frames[i] = frame_is_spot(profile, places, i, spot);
    for (size_t i = 1; i < profile->stacks_len; i++)
        through[i] = through[profile->stacks[i].parent] || frames[profile->stacks[i].frame];
    return through;
}

static int by_cost(const void *a, const void *b)
{
    const Candidate *left = a, *right = b;
    if (left->cost != right->cost)
        return left->cost < right->cost ? 1 : -1;
    return (left->stack > right->stack) - (left->stack < right->stack);
}

static Str stack_text(Arena *arena, const Profile *profile, const Places *places, uint32_t stack)
{
    uint32_t path[SHOWN_DEPTH];
    size_t depth = 0;
    for (; stack && depth < SHOWN_DEPTH; stack = profile->stacks[stack].parent)
        path[depth++] = profile->stacks[stack].frame;
    StrBuf out = strbuf_new(arena);
    if (stack)
        strbuf_add(&out, S("… → "));
    while (depth-- > 0) {
        const ProfileFrame *frame = &profile->frames[path[depth]];
        strbuf_add(&out,
                   short_name(arena, profile_text(profile, frame->function), SHORT_NAME_WORDS));
        if (frame_has_line(frame))
            strbuf_fmt(&out, " (" STR_FMT ":%u)", STR_ARG(places_file(places, frame->file).path),
                       frame->line);
        if (depth)
            strbuf_add(&out, S(" → "));
    }
    return strbuf_str(&out);
}

HotStacks hot_stacks(Arena *arena, const Profile *profile, HotOptions options, const HotSpot *spot,
                     size_t top)
{
    CLEANUP(arena_cleanup) Arena *scratch = arena_new("hot_stacks");
    Places places = places_of(scratch, profile, options.map);
    bool *through = stacks_through(scratch, profile, &places, spot);
    Candidate *by_stack = NEW_ARRAY(scratch, Candidate, profile->stacks_len + 1);
    size_t count = 0;
    for (size_t i = 0; i < profile->samples_len; i++) {
        Candidate *at = &by_stack[profile->sample_stack[i]];
        at->stack = profile->sample_stack[i];
        at->cost += profile->weights[options.metric][i];
        at->samples += profile->sample_count[i];
    }
    for (size_t i = 1; i < profile->stacks_len; i++)
        if (through[i] && by_stack[i].cost > 0)
            by_stack[count++] = by_stack[i];
    qsort(by_stack, count, sizeof(*by_stack), by_cost);
    HotStacks out = {.len = count < top ? count : top};
    out.items = NEW_ARRAY(arena, HotStack, out.len + 1);
    for (size_t i = 0; i < out.len; i++)
        out.items[i] = (HotStack){.text = stack_text(arena, profile, &places, by_stack[i].stack),
                                  .cost = by_stack[i].cost,
                                  .samples = by_stack[i].samples};
    return out;
}
