#include "analysis/hotspots/credit.h"

#include <stdlib.h>

#include "base/array.h"
#include "base/idmap.h"

enum {
    ROUNDS = 16, /* of working out how much of a function is in libraries: deeper than call chains
                    through libraries are */
};

#define LINE_UNSURE UINT32_MAX
#define COST_MAX    9e18 /* below INT64_MAX */

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

/* What a file says may be more than there is room for. */
static void add(int64_t *sum, int64_t cost)
{
    if (__builtin_add_overflow(*sum, cost, sum))
        *sum = cost < 0 ? INT64_MIN : INT64_MAX;
}

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
    add(there, gift->cost);
    if (*there > call->frame_cost) {
        call->frame_cost = *there;
        call->frame = gift->at;
    }
    add(&call->cost, gift->cost);
    call->samples += gift->samples;
}

static void give(Giver *giver, const Gift *gift)
{
    const CreditInput *in = giver->in;
    uint32_t spots[2] = {(uint32_t)in->places->lines_len + in->places->function_of[gift->caller],
                         gift->line - 1};
    for (size_t i = 0; i < (gift->line ? 2 : 1); i++) {
        HotSpot *spot = spot_of(in, spots[i]);
        add(&spot->callee, gift->cost);
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
        uint32_t caller = profile->stacks[own[i]].frame, line = in->places->line_of[frame];
        add(&in->functions[in->places->function_of[frame]].credited, in->self[i]);
        if (line)
            add(&in->lines[line - 1].credited, in->self[i]);
        Gift gift = {.caller = caller,
                     .line = in->places->line_of[caller],
                     .callee = profile->stacks[entry[i]].frame,
                     .at = frame,
                     .cost = in->self[i],
                     .samples = in->self_samples[i]};
        give(giver, &gift);
    }
}

/* ------------------------------------------------------------------ graph profiles */

/*
 * A function with what the compiler put into it from other files: places count those as functions
 * of their own files (callgrind's fi=). All of them are one group.
 */
typedef struct Group {
    bool own;       /* the user's function */
    uint32_t frame; /* of the user's: who is credited */
    int64_t most;   /* self cost of that frame's function */
    double self;    /* in code that is not the user's */
    double total;
    double part; /* how much of the total stays in libraries */
} Group;

typedef struct Groups {
    Group *items;
    uint32_t *of; /* by function */
} Groups;

/* "core::slice::sort", "<alloc::vec::Vec<T> as ...>": is it a function of the library itself? */
static bool is_named_after(Str function, Str library)
{
    static const Str STD[] = {STR_CONST("std::"), STR_CONST("core::"), STR_CONST("alloc::")};
    Str name, version;
    size_t len = 0;
    while (function.len && (function.ptr[0] == '<' || function.ptr[0] == '&'))
        function = str_from(function, 1);
    for (size_t i = 0; i < sizeof(STD) / sizeof(STD[0]); i++)
        if (str_starts(function, STD[i]))
            return true;
    if (!str_starts(library, S("crate ")) ||
        !str_cut(str_from(library, sizeof("crate ") - 1), ' ', &name, &version))
        return false;
    while (
        len < name.len && len < function.len &&
        (name.ptr[len] == function.ptr[len] || (name.ptr[len] == '-' && function.ptr[len] == '_')))
        len++;
    return len == name.len && str_starts(str_from(function, len), S("::"));
}

static bool makes_own(const CreditInput *in, const bool *library_entry, uint32_t frame)
{
    const ProfileFrame *at = &in->profile->frames[frame];
    if (!in->places->own[frame])
        return false;
    return !at->inlined || !library_entry[in->places->function_of[frame]];
}

static Groups find_groups(Arena *scratch, const CreditInput *in)
{
    const Profile *profile = in->profile;
    const Places *places = in->places;
    size_t n = places->functions_len;
    Groups groups = {.items = NEW_ARRAY(scratch, Group, n + 1),
                     .of = NEW_ARRAY(scratch, uint32_t, n + 1)};
    IdMap entries = idmap_new(scratch); /* name, module → frame that is not inlined, + 1 */
    bool *library_entry = NEW_ARRAY(scratch, bool, n + 1);
    for (uint32_t i = 0; i < n; i++)
        groups.of[i] = i;
    for (uint32_t i = 0; i < profile->frames_len; i++) {
        const ProfileFrame *frame = &profile->frames[i];
        uint32_t *slot = idmap_slot(&entries, idmap_pair(frame->function, frame->module));
        if (!frame->inlined && !*slot)
            *slot = i + 1;
    }
    for (uint32_t i = 0; i < profile->frames_len; i++) {
        const ProfileFrame *frame = &profile->frames[i];
        uint32_t entry = idmap_get(&entries, idmap_pair(frame->function, frame->module));
        if (!frame->inlined || !entry)
            continue;
        groups.of[places->function_of[i]] = places->function_of[entry - 1];
        library_entry[places->function_of[i]] =
            is_named_after(profile_text(profile, frame->function), places->library[entry - 1]);
    }
    for (uint32_t i = 0; i < profile->frames_len; i++) {
        uint32_t function = places->function_of[i];
        Group *group = &groups.items[groups.of[function]];
        double total = (double)in->functions[function].total;
        group->total = group->total > total ? group->total : total;
        if (!places->own[i])
            group->self += (double)in->frame_self[i];
        if (!makes_own(in, library_entry, i) ||
            (group->own && in->functions[function].self <= group->most))
            continue;
        group->own = true;
        group->frame = i;
        group->most = in->functions[function].self;
    }
    return groups;
}

/*
 * How much of a library function's total stays in libraries: its self cost, and of each library
 * function it calls that one's part. What it calls back (sorted(key=...)) is the user's own and
 * has its cost itself. From "all of it" the parts only shrink, so few rounds come close.
 */
static void find_parts(Arena *scratch, const CreditInput *in, const Groups *groups)
{
    const Profile *profile = in->profile;
    size_t n = in->places->functions_len;
    double *cost = NEW_ARRAY(scratch, double, n + 1);
    for (size_t i = 0; i < n; i++)
        groups->items[i].part = 1;
    for (size_t round = 0; round < ROUNDS; round++) {
        for (size_t i = 0; i < n; i++)
            cost[i] = groups->items[i].self;
        for (size_t i = 0; i < profile->calls_len; i++) {
            uint32_t caller = groups->of[in->places->function_of[profile->calls[i].caller]];
            uint32_t callee = groups->of[in->places->function_of[profile->calls[i].callee]];
            if (caller != callee && !groups->items[callee].own)
                cost[caller] +=
                    (double)profile->call_totals[in->metric][i] * groups->items[callee].part;
        }
        for (size_t i = 0; i < n; i++) {
            Group *group = &groups->items[i];
            double now = group->total > 0 ? cost[i] / group->total : 1;
            if (now < group->part)
                group->part = now > 0 ? now : 0;
        }
    }
}

/* Library code that the compiler put into a function of the user; which line called it is unknown. */
static void give_inlined(Giver *giver, const Groups *groups)
{
    const CreditInput *in = giver->in;
    for (uint32_t i = 0; i < in->profile->frames_len; i++) {
        const Group *group = &groups->items[groups->of[in->places->function_of[i]]];
        if (!group->own || in->places->own[i] || in->frame_self[i] <= 0)
            continue;
        give(giver,
             &(Gift){.caller = group->frame, .callee = i, .at = i, .cost = in->frame_self[i]});
    }
}

/* Group, line → line of places; LINE_UNSURE where the number may be a line of another file. */
static IdMap lines_of_groups(Arena *scratch, const CreditInput *in, const Groups *groups)
{
    IdMap lines = idmap_new(scratch);
    for (size_t i = 0; i < in->profile->frames_len; i++) {
        uint32_t line = in->places->line_of[i];
        if (!line)
            continue;
        uint32_t group = groups->of[in->places->function_of[i]];
        uint32_t *slot = idmap_slot(&lines, idmap_pair(group, in->profile->frames[i].line));
        bool sure = in->places->own[i] && (!*slot || *slot == line);
        *slot = sure ? line : LINE_UNSURE;
    }
    return lines;
}

/* More than the function's total it cannot be; cycles count a call more than once. */
static void keep_in_bounds(HotSpot *spot)
{
    int64_t room;
    if (__builtin_sub_overflow(spot->total, spot->self, &room) || room < 0)
        room = 0;
    spot->callee = spot->callee < room ? spot->callee : room;
}

static void give_calls(Giver *giver)
{
    const CreditInput *in = giver->in;
    const Profile *profile = in->profile;
    const Places *places = in->places;
    Groups groups = find_groups(giver->scratch, in);
    IdMap lines = lines_of_groups(giver->scratch, in, &groups);
    find_parts(giver->scratch, in, &groups);
    give_inlined(giver, &groups);
    for (size_t i = 0; i < profile->calls_len; i++) {
        const ProfileCall *call = &profile->calls[i];
        uint32_t caller = groups.of[places->function_of[call->caller]];
        const Group *from = &groups.items[caller];
        const Group *to = &groups.items[groups.of[places->function_of[call->callee]]];
        if (!from->own || to->own)
            continue;
        uint32_t line = call->line ? idmap_get(&lines, idmap_pair(caller, call->line))
                                   : places->line_of[from->frame];
        double cost = (double)profile->call_totals[in->metric][i] * to->part;
        Gift gift = {.caller = from->frame,
                     .line = line == LINE_UNSURE ? 0 : line,
                     .callee = call->callee,
                     .at = call->callee,
                     .cost = cost < COST_MAX ? (int64_t)cost : (int64_t)COST_MAX,
                     .samples = call->count};
        if (gift.cost > 0)
            give(giver, &gift);
    }
    for (size_t i = 0; i < places->functions_len; i++) {
        const Group *group = &groups.items[groups.of[i]];
        HotSpot *spot = &in->functions[i];
        if (group->own && places->function_of[group->frame] == i && spot->callee > 0 &&
            (double)spot->total < group->total)
            spot->total = group->total < COST_MAX ? (int64_t)group->total : (int64_t)COST_MAX;
        keep_in_bounds(spot);
    }
    for (size_t i = 0; i < places->lines_len; i++)
        keep_in_bounds(&in->lines[i]);
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
