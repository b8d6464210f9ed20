/*
 * cProfile's .prof (pstats): a marshalled dict
 *
 *     (file, first line, name) -> (primitive calls, calls, self s, cumulative s, callers)
 *     callers: (file, first line, name) -> (calls, primitive calls, self s, cumulative s)
 *
 * The order of the first two differs between a function and its callers (Lib/cProfile.py,
 * snapshot_stats; _lsprof). The old profile module writes callers as plain call counts.
 *
 * Everything is per function: costs stand on the line of the definition. cProfile counts every
 * call, so there is no sampling error. Its clock is the wall clock.
 */

#include <math.h>

#include "analysis/profile/python/marshal.h"
#include "analysis/profile/readers.h"

enum {
    WALL, /* metrics, in the order they are added */
    CALLS,
    METRICS,
};

typedef struct Stats {
    Arena *arena;
    ProfileBuilder *build;
    size_t bad;
} Stats;

static bool is_list(const Marshal *value, size_t len)
{
    return value->type == MARSHAL_LIST && value->len >= len;
}

static bool add_function(Stats *in, const Marshal *key, uint32_t *frame)
{
    if (!is_list(key, 3) || key->items[0]->type != MARSHAL_TEXT ||
        key->items[1]->type != MARSHAL_INT || key->items[2]->type != MARSHAL_TEXT)
        return false;
    Str file = key->items[0]->text, name = key->items[2]->text;
    int64_t line = key->items[1]->integer;
    uint32_t at = line > 0 && line < UINT32_MAX ? (uint32_t)line : 0;
    FrameKind kind = frame_kind_of(name, file);
    *frame = profile_add_frame(in->build, (ProfileFrame){
                                              .function = profile_add_text(in->build, name),
                                              .file = profile_add_text(in->build, file),
                                              .line = at,
                                              .def_line = at,
                                              .kind = (uint16_t)kind,
                                          });
    return true;
}

static int64_t nanoseconds(double seconds)
{
    double ns = seconds * 1e9;
    return ns > 0 && ns < 9e18 ? llround(ns) : 0; /* clocks have been seen to step back */
}

static int64_t calls_of(const Marshal *value)
{
    return value->type == MARSHAL_INT && value->integer > 0 ? value->integer : 0;
}

static void add_callers(Stats *in, uint32_t callee, const Marshal *callers)
{
    for (size_t i = 0; callers->type == MARSHAL_DICT && i + 1 < callers->len; i += 2) {
        const Marshal *value = callers->items[i + 1];
        ProfileCall call = {.callee = callee};
        int64_t totals[METRICS] = {0};
        if (!add_function(in, callers->items[i], &call.caller)) {
            in->bad++;
            continue;
        }
        if (is_list(value, 4)) {
            totals[CALLS] = calls_of(value->items[0]);
            totals[WALL] = nanoseconds(marshal_number(value->items[3]));
        } else {
            totals[CALLS] = calls_of(value);
        }
        call.count = (uint64_t)totals[CALLS];
        profile_add_call(in->build, call, totals);
    }
}

static void add_entry(Stats *in, const Marshal *key, const Marshal *value)
{
    uint32_t frame;
    if (!is_list(value, 5) || !add_function(in, key, &frame)) {
        in->bad++;
        return;
    }
    int64_t calls = calls_of(value->items[1]);
    int64_t self[METRICS] = {nanoseconds(marshal_number(value->items[2])), calls};
    int64_t totals[METRICS] = {nanoseconds(marshal_number(value->items[3])), calls};
    profile_add_sample(
        in->build,
        (ProfileSample){.stack = profile_add_stack(in->build, 0, frame), .count = (uint64_t)calls},
        self);
    profile_add_total(in->build, frame, totals);
    add_callers(in, frame, value->items[4]);
}

bool read_pstats(Arena *arena, Str bytes, Profile *out, Err *err)
{
    const Marshal *root = marshal_read(arena, bytes, err);
    if (!root)
        return false;
    if (root->type != MARSHAL_DICT)
        return err_set(err, ERR_INPUT, "a marshal file, but not a dict of functions");
    Stats in = {.arena = arena, .build = profile_builder_new(arena)};
    profile_add_metric(in.build, S("wall"), S("ns"), false);
    profile_add_metric(in.build, S("calls"), S("count"), false);
    for (size_t i = 0; i + 1 < root->len; i += 2)
        add_entry(&in, root->items[i], root->items[i + 1]);
    if (in.bad * 2 >= root->len)
        return err_set(err, ERR_INPUT, "a marshalled dict, but not of functions and their times");
    profile_note_count(in.build, in.bad, "entry is not of a function and was",
                       "entries are not of a function and were", "left out");
    *out = profile_build(in.build, S("cProfile"), S("pstats"));
    return true;
}
