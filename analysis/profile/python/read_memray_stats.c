/*
 * memray stats --json (1.8 and later): what was allocated in the whole run, not only at the peak,
 *
 *     total_bytes_allocated, total_num_allocations
 *     top_allocations_by_size   [{location: "function:file:line", size}, ...]
 *     top_allocations_by_count  [{location, count}, ...]
 *
 * for the heaviest lines only (memray stats -n). There are no stacks; the rest of both totals is
 * kept on the empty stack, so that shares are of everything.
 */

#include "analysis/profile/readers.h"
#include "base/json_scan.h"

enum {
    ALLOCATED, /* metrics, in the order they are added */
    ALLOCATIONS,
    METRICS,
};

typedef struct Stats {
    Arena *arena;
    ProfileBuilder *build;
    JsonScan scan;
    int64_t totals[METRICS];
    int64_t placed[METRICS];
    size_t lines;
    size_t bad;
} Stats;

static bool add_line(Stats *in, Str location, size_t metric, int64_t value)
{
    Str rest, number, function, file;
    uint64_t line;
    int64_t weights[METRICS] = {0}, sum;
    if (!str_cut_last(location, ':', &rest, &number) || !str_to_u64(number, &line) ||
        !str_cut_last(rest, ':', &function, &file) || value < 0 ||
        __builtin_add_overflow(in->placed[metric], value, &sum))
        return false;
    ProfileFrame frame = {
        .function = profile_add_text(in->build, function),
        .file = profile_add_text(in->build, file),
        .line = line < UINT32_MAX ? (uint32_t)line : 0,
        .kind = (uint16_t)frame_kind_of(function, file),
    };
    in->placed[metric] = sum;
    weights[metric] = value;
    ProfileSample sample = {
        .stack = profile_add_stack(in->build, 0, profile_add_frame(in->build, frame)),
        .count = metric == ALLOCATIONS ? (uint64_t)value : 0,
    };
    profile_add_sample(in->build, sample, weights);
    in->lines++;
    return true;
}

static void read_line(Stats *in, size_t metric)
{
    Str location = {0};
    int64_t value = -1;
    if (!json_enter(&in->scan, '{'))
        return;
    for (Str key; json_next_key(&in->scan, &key);) {
        if (str_eq(key, S("location")))
            location = json_scan_str(&in->scan, in->arena);
        else if (str_eq(key, metric == ALLOCATED ? S("size") : S("count")))
            value = json_scan_i64(&in->scan);
        else
            json_skip(&in->scan);
    }
    if (!add_line(in, location, metric, value))
        in->bad++;
}

static void read_lines(Stats *in, size_t metric)
{
    if (json_enter(&in->scan, '['))
        while (json_next_item(&in->scan))
            read_line(in, metric);
}

static void read_file(Stats *in)
{
    if (!json_enter(&in->scan, '{'))
        return;
    for (Str key; json_next_key(&in->scan, &key);) {
        if (str_eq(key, S("total_bytes_allocated")))
            in->totals[ALLOCATED] = json_scan_i64(&in->scan);
        else if (str_eq(key, S("total_num_allocations")))
            in->totals[ALLOCATIONS] = json_scan_i64(&in->scan);
        else if (str_eq(key, S("top_allocations_by_size")))
            read_lines(in, ALLOCATED);
        else if (str_eq(key, S("top_allocations_by_count")))
            read_lines(in, ALLOCATIONS);
        else
            json_skip(&in->scan);
    }
}

static void add_rest(Stats *in)
{
    int64_t rest[METRICS] = {0};
    for (size_t m = 0; m < METRICS; m++)
        if (in->totals[m] > in->placed[m])
            rest[m] = in->totals[m] - in->placed[m];
    if (rest[ALLOCATED] || rest[ALLOCATIONS])
        profile_add_sample(in->build, (ProfileSample){.count = (uint64_t)rest[ALLOCATIONS]}, rest);
    profile_note(in->build, "memray's statistics list the heaviest lines only (memray stats -n), "
                            "without what called them");
    profile_note_count(in->build, in->bad, "line is not as", "lines are not as",
                       "memray writes them");
}

bool is_memray_stats(Str bytes)
{
    Str head = str_head(bytes, 4096);
    return str_starts(str_trim(head), S("{")) && str_has(head, S("\"total_bytes_allocated\"")) &&
           str_has(head, S("\"total_num_allocations\""));
}

bool read_memray_stats(Arena *arena, Str bytes, Profile *out, Err *err)
{
    Stats in = {.arena = arena, .build = profile_builder_new(arena), .scan = json_scan(bytes)};
    profile_add_metric(in.build, S("allocated"), S("bytes"), false);
    profile_add_metric(in.build, S("allocations"), S("count"), false);
    read_file(&in);
    if (!json_scan_ok(&in.scan, err))
        return false;
    if (!in.lines && in.bad)
        return err_set(err, ERR_INPUT, "memray's statistics, but without lines");
    add_rest(&in);
    *out = profile_build(in.build, S("memray"), S("memray stats"));
    return true;
}
