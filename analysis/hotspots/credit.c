#include "analysis/hotspots/credit.h"

#include <stdlib.h>

#include "base/array.h"
#include "base/idmap.h"

enum {
    ROUNDS = 16, /* of working out how much of a function is in libraries: deeper than call chains
                    through libraries are */
};

/* What one spot calls. Spots are numbered: lines from 0, functions behind them. */
typedef struct Call {
    uint32_t spot;
    uint32_t function;
    uint32_t frame; /* the hottest one inside the call */
    int64_t frame_cost;
    int64_t cost;
    uint64_t samples;
} Call;

typedef Array(Call) Calls;
typedef Array(int64_t) Costs;

typedef struct Giver {
    Arena *scratch;
    const CreditInput *in;
    IdMap call_ids; /* spot, function → index in calls + 1 */
    Calls calls;
    IdMap inside_ids; /* call, place of the cost → index in inside + 1 */
    Costs inside;
} Giver;

typedef struct Gift {
    uint32_t caller; /* frame that is the user's own */
    uint32_t line;   /* of the caller, as places number them; 0: none */
    uint32_t callee; /* frame that it called */
    uint32_t at;     /* frame where the cost is */
    int64_t cost;
    uint64_t samples;
} Gift;

static HotSpot *spot_of(const CreditInput *in, uint32_t spot)
{
    size_t lines = in->places->lines_len;
    return spot < lines ? &in->lines[spot] : &in->functions[spot - lines];
}

static void note_call(Giver *giver, uint32_t spot, const Gift *gift)
{
    const Places *places = giver->in->places;
    uint32_t function = places->function_of[gift->callee];
    uint32_t *slot = idmap_slot(&giver->call_ids, idmap_pair(spot, function));
    if (!*slot) {
        *array_push(giver->scratch, &giver->calls) =
            (Call){.spot = spot, .function = function, .frame = gift->at};
        *slot = (uint32_t)giver->calls.len;
    }
    uint32_t id = *slot;
    uint32_t line = places->line_of[gift->at];
    uint32_t where = line ? line : (uint32_t)places->lines_len + 1 + places->function_of[gift->at];
    uint32_t *inside = idmap_slot(&giver->inside_ids, idmap_pair(id, where));
    if (!*inside) {
        *array_push(giver->scratch, &giver->inside) = 0;
        *inside = (uint32_t)giver->inside.len;
    }
    int64_t *there = &giver->inside.items[*inside - 1];
    Call *call = &giver->calls.items[id - 1];
    *there += gift->cost;
    if (*there > call->frame_cost) {
        call->frame_cost = *there;
        call->frame = gift->at;
    }
    call->cost += gift->cost;
    call->samples += gift->samples;
}

static void give(Giver *giver, const Gift *gift)
{
    const CreditInput *in = giver->in;
    uint32_t spots[2] = {(uint32_t)in->places->lines_len + in->places->function_of[gift->caller],
                         gift->line - 1};
    for (size_t i = 0; i < (gift->line ? 2 : 1); i++) {
        HotSpot *spot = spot_of(in, spots[i]);
        spot->callee += gift->cost;
        spot->callee_samples += gift->samples;
        note_call(giver, spots[i], gift);
    }
}

/* A parent comes before its children: each node takes over from it who is above. */
static void give_stacks(Giver *giver)
{
    const CreditInput *in = giver->in;
    const Profile *profile = in->profile;
    uint32_t *own = NEW_ARRAY(giver->scratch, uint32_t, profile->stacks_len + 1);
    uint32_t *entry = NEW_ARRAY(giver->scratch, uint32_t, profile->stacks_len + 1);
    for (size_t i = 1; i < profile->stacks_len; i++) {
        uint32_t frame = profile->stacks[i].frame, parent = profile->stacks[i].parent;
        if (in->places->own[frame]) {
            own[i] = (uint32_t)i;
            continue;
        }
        own[i] = own[parent];
        entry[i] = own[parent] == parent ? (uint32_t)i : entry[parent];
        if (!own[i] || (!in->self[i] && !in->self_samples[i]))
            continue;
        uint32_t caller = profile->stacks[own[i]].frame;
        Gift gift = {.caller = caller,
                     .line = in->places->line_of[caller],
                     .callee = profile->stacks[entry[i]].frame,
                     .at = frame,
                     .cost = in->self[i],
                     .samples = in->self_samples[i]};
        give(giver, &gift);
    }
}

/* Function → is one of its frames the user's own? */
static bool *own_functions(Arena *scratch, const CreditInput *in)
{
    bool *own = NEW_ARRAY(scratch, bool, in->places->functions_len + 1);
    for (size_t i = 0; i < in->profile->frames_len; i++)
        if (in->places->own[i])
            own[in->places->function_of[i]] = true;
    return own;
}

/*
 * How much of a library function's total stays in libraries: its self cost, and of each library
 * function it calls that one's part. What it calls back (sorted(key=...)) is the user's own and
 * has its cost itself. From "all of it" the parts only shrink, so few rounds come close.
 */
static double *library_parts(Arena *scratch, const CreditInput *in, const bool *own)
{
    size_t n = in->places->functions_len;
    double *part = NEW_ARRAY(scratch, double, n + 1);
    double *cost = NEW_ARRAY(scratch, double, n + 1);
    for (size_t i = 0; i < n; i++)
        part[i] = 1;
    for (size_t round = 0; round < ROUNDS; round++) {
        for (size_t i = 0; i < n; i++)
            cost[i] = (double)in->functions[i].self;
        for (size_t i = 0; i < in->edges_len; i++) {
            const HotEdge *edge = &in->edges[i];
            if (edge->caller != edge->callee && !own[edge->callee])
                cost[edge->caller] += (double)edge->cost * part[edge->callee];
        }
        for (size_t i = 0; i < n; i++) {
            double total = (double)in->functions[i].total;
            double now = total > 0 ? cost[i] / total : 1;
            if (now < part[i])
                part[i] = now > 0 ? now : 0;
        }
    }
    return part;
}

static void give_calls(Giver *giver)
{
    const CreditInput *in = giver->in;
    const Profile *profile = in->profile;
    const Places *places = in->places;
    const bool *own = own_functions(giver->scratch, in);
    const double *part = library_parts(giver->scratch, in, own);
    IdMap lines = idmap_new(giver->scratch); /* function, line → line of places */
    for (size_t i = 0; i < profile->frames_len; i++)
        if (places->line_of[i])
            *idmap_slot(&lines, idmap_pair(places->function_of[i], profile->frames[i].line)) =
                places->line_of[i];
    for (size_t i = 0; i < profile->calls_len; i++) {
        const ProfileCall *call = &profile->calls[i];
        uint32_t caller = places->function_of[call->caller];
        uint32_t callee = places->function_of[call->callee];
        if (!own[caller] || own[callee])
            continue;
        Gift gift = {.caller = call->caller,
                     .line = call->line ? idmap_get(&lines, idmap_pair(caller, call->line))
                                        : places->line_of[call->caller],
                     .callee = call->callee,
                     .at = call->callee,
                     .cost = (int64_t)((double)profile->call_totals[in->metric][i] * part[callee]),
                     .samples = call->count};
        give(giver, &gift);
    }
    /* Cycles count a call more than once; more than the total it cannot be. */
    for (size_t i = 0; i < places->functions_len + places->lines_len; i++) {
        HotSpot *spot = spot_of(in, (uint32_t)i);
        int64_t room = spot->total > spot->self ? spot->total - spot->self : 0;
        spot->callee = spot->callee < room ? spot->callee : room;
    }
}

static int by_spot(const void *a, const void *b)
{
    const Call *left = a, *right = b;
    if (left->spot != right->spot)
        return left->spot < right->spot ? -1 : 1;
    if (left->cost != right->cost)
        return left->cost < right->cost ? 1 : -1;
    return (left->function > right->function) - (left->function < right->function);
}

HotCallee *credit_give(Arena *arena, const CreditInput *input, size_t *len)
{
    CLEANUP(arena_cleanup) Arena *scratch = arena_new("credit");
    Giver giver = {.scratch = scratch,
                   .in = input,
                   .call_ids = idmap_new(scratch),
                   .inside_ids = idmap_new(scratch)};
    if (input->profile->graph)
        give_calls(&giver);
    else
        give_stacks(&giver);
    if (giver.calls.len)
        qsort(giver.calls.items, giver.calls.len, sizeof(Call), by_spot);
    HotCallee *out = NEW_ARRAY(arena, HotCallee, giver.calls.len + 1);
    *len = 0;
    array_each (Call, call, &giver.calls) {
        HotSpot *spot = spot_of(input, call->spot);
        const ProfileFrame *at = &input->profile->frames[call->frame];
        PathPlace file = places_file(input->places, at->file);
        if (spot->callees_len == HOT_CALLEES_MAX || call->cost <= 0)
            continue;
        if (spot->callees_len++ == 0)
            spot->callees_first = (uint32_t)*len;
        out[(*len)++] = (HotCallee){
            .function = call->function,
            .file = str_copy(arena, file.path),
            .below = str_copy(arena, file.below),
            .source = str_copy(arena, file.source),
            .line = at->line ? at->line : at->def_line,
            .cost = call->cost,
            .samples = call->samples,
        };
    }
    return out;
}
