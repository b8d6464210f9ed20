/*
 * line_profiler's .lprof: a pickled LineStats,
 *
 *     timings: (file, first line, function) -> [(line, hits, time), ...]
 *     unit: seconds per tick of `time`; 1e-9, 1e-7 (Windows) and 1e-6 (before 4.0) are real
 *
 * Every line is a stack of its own. The time of a line is taken from its start to its end, so it
 * holds what the line called, on every level of a recursion: lines of two profiled functions, one
 * of which calls the other, share time. These are the figures `python -m line_profiler` prints.
 * A function made several times (a closure) is listed several times; its lines are added up.
 */

#include <math.h>

#include "analysis/profile/python/pickle.h"
#include "analysis/profile/readers.h"

static const Str CLASSES[] = {
    STR_CONST("line_profiler.line_profiler.LineStats"),  /* 5.0 and later */
    STR_CONST("line_profiler._line_profiler.LineStats"), /* before */
};

enum {
    CLASSES_LEN = sizeof(CLASSES) / sizeof(CLASSES[0]),
};

typedef struct Lines {
    ProfileBuilder *build;
    double ns_per_tick;
    size_t functions;
    size_t bad;
    size_t left; /* lines to read: a hostile file may list one list a million times */
} Lines;

static uint32_t line_no(int64_t line)
{
    return line > 0 && line < UINT32_MAX ? (uint32_t)line : 0;
}

static bool add_line(Lines *in, ProfileFrame frame, const Pickle *entry)
{
    const Pickle *line = pickle_item(entry, 0, PICKLE_INT);
    const Pickle *hits = pickle_item(entry, 1, PICKLE_INT);
    const Pickle *time = pickle_item(entry, 2, PICKLE_INT);
    if (!line || !hits || !time || hits->integer < 0)
        return false;
    double ns = (double)time->integer * in->ns_per_tick;
    if (!(fabs(ns) < 9e18))
        return false;
    frame.line = line_no(line->integer);
    uint32_t stack = profile_add_stack(in->build, 0, profile_add_frame(in->build, frame));
    profile_add_sample(in->build, (ProfileSample){.stack = stack, .count = (uint64_t)hits->integer},
                       (int64_t[]){llround(ns), hits->integer});
    return true;
}

static void add_function(Lines *in, const Pickle *key, const Pickle *lines)
{
    const Pickle *file = pickle_item(key, 0, PICKLE_TEXT);
    const Pickle *first = pickle_item(key, 1, PICKLE_INT);
    const Pickle *name = pickle_item(key, 2, PICKLE_TEXT);
    if (!file || !first || !name || lines->type != PICKLE_LIST) {
        in->bad++;
        return;
    }
    in->functions++;
    ProfileFrame frame = {
        .function = profile_add_text(in->build, name->text),
        .file = profile_add_text(in->build, file->text),
        .def_line = line_no(first->integer),
        .kind = (uint16_t)frame_kind_of(name->text, file->text),
    };
    for (size_t i = 0; i < lines->items.len && in->left; i++, in->left--)
        if (!add_line(in, frame, lines->items.items[i]))
            in->bad++;
}

static bool read_unit(Lines *in, const Pickle *unit, Err *err)
{
    double seconds = 0;
    if (unit && unit->type == PICKLE_FLOAT)
        seconds = unit->number;
    else if (unit && unit->type == PICKLE_INT)
        seconds = (double)unit->integer;
    if (!(seconds > 0 && seconds <= 3600))
        return err_set(err, ERR_INPUT, "a LineStats without the unit of its times");
    in->ns_per_tick = seconds * 1e9;
    return true;
}

bool read_lprof(Arena *arena, Str bytes, Profile *out, Err *err)
{
    const Pickle *root = pickle_read(arena, bytes, CLASSES, CLASSES_LEN, err), *state = NULL;
    if (!root)
        return false;
    for (size_t i = 0; i < CLASSES_LEN && !state; i++)
        state = pickle_state(root, CLASSES[i]);
    const Pickle *timings = pickle_get(state, S("timings"));
    if (!timings || timings->type != PICKLE_DICT)
        return err_set(err, ERR_INPUT, "a pickle, but not of line_profiler's LineStats");
    Lines in = {.build = profile_builder_new(arena), .left = bytes.len};
    if (!read_unit(&in, pickle_get(state, S("unit")), err))
        return false;
    profile_add_metric(in.build, S("wall"), S("ns"), false);
    profile_add_metric(in.build, S("hits"), S("count"), false);
    for (size_t i = 0; i + 1 < timings->items.len; i += 2)
        add_function(&in, timings->items.items[i], timings->items.items[i + 1]);
    if (in.bad && !in.functions)
        return err_set(err, ERR_INPUT, "a LineStats, but not of functions and their lines");
    profile_note_count(in.build, in.bad, "entry is not of a function or line and was",
                       "entries are not of a function or line and were", "left out");
    profile_note(in.build, "the time of a line holds what it calls: lines of functions that call "
                           "each other share time, and a recursive call counts at every level");
    *out = profile_build(in.build, S("line_profiler"), S("lprof"));
    return true;
}
