#include "runners/profiling/hot_gpu.h"

#include "analysis/hints/hints_gpu.h"
#include "base/map.h"

static Str key_of(Arena *arena, const HotSpot *spot)
{
    return str_fmt(arena, STR_FMT ":%u " STR_FMT, STR_ARG(spot->file), spot->line,
                   STR_ARG(spot->function));
}

/* What each row has of one more metric. */
static void take_metric(Arena *arena, const Profile *profile, HotOptions options, Map *index,
                        bool by_function, HeatValue **values, size_t at)
{
    HotSpots spots = hotspots_of(arena, profile, options);
    const HotSpot *from = by_function ? spots.functions : spots.lines;
    size_t len = by_function ? spots.functions_len : spots.lines_len;
    for (size_t i = 0; i < len; i++) {
        HeatValue **row = from[i].self ? map_get(index, key_of(arena, &from[i])) : NULL;
        if (row)
            values[row - values][at].self += (double)from[i].self;
    }
}

static void say(Arena *arena, const HotFile *file, const HeatValue *values, HotRow *row)
{
    row->stalls_len = gpu_stall_shares(file, values, row->stalls, HOT_STALLS_MAX);
    for (size_t i = 0; i < file->n_metrics; i++)
        if (str_eq(file->metrics[i].name, S("gpu_time")))
            row->gpu_time_ns = (int64_t)values[i].self;
    row->hurts = gpu_stalls(arena, file, values);
}

void hot_gpu_rows(Arena *arena, const Profile *profile, HotOptions options, HotRow *rows,
                  size_t len, bool by_function)
{
    HeatMetric *metrics = NEW_ARRAY(arena, HeatMetric, profile->metrics_len + 1);
    HotFile file = {.metrics = metrics};
    Map *index = map_new(arena);
    HeatValue **values = NEW_ARRAY(arena, HeatValue *, len + 1);
    if (profile_metric(profile, S("gpu_samples")) == SIZE_MAX)
        return;
    for (size_t i = 0; i < len; i++) {
        values[i] = NEW_ARRAY(arena, HeatValue, profile->metrics_len + 1);
        map_put(index, key_of(arena, &rows[i].spot), &values[i]);
    }
    for (size_t i = 0; i < profile->metrics_len; i++) {
        Str name = profile_text(profile, profile->metrics[i].name);
        if (!str_eq(name, S("gpu_samples")) && !str_eq(name, S("gpu_time")) &&
            !str_starts(name, S("stall_")))
            continue;
        options.metric = i;
        take_metric(arena, profile, options, index, by_function, values, file.n_metrics);
        metrics[file.n_metrics++].name = str_copy(arena, name);
    }
    for (size_t i = 0; i < len; i++)
        say(arena, &file, values[i], &rows[i]);
}
