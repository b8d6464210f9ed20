/*
 * DHAT's JSON (dhatFileVersion 2), of valgrind --tool=dhat and of the dhat crate:
 *
 *     mode  heap, rust-heap, copy, ad-hoc
 *     bklt  the program points have lifetimes: what was alive at the peak (tg) and at the end (te)
 *     pps   [{tb, tbk: bytes and blocks in all, gb: bytes at the peak, eb: bytes at the end,
 *             rb, wb: bytes read and written (bkacc), fs: frames, innermost first}, ...]
 *     ftbl  the frames: "0x109240: leak (work.c:17)", "0x..: main (in /bin/x)", the crate's
 *           "0x..: app::keep (app/src/lib.rs:10:84)", "???", and "[root]" at number 0
 *
 * Frames with one address are one function and what was inlined into it. The points come before
 * the frames, so they are kept as numbers until the end. valgrind names files without their folder
 * unless it is told otherwise, and the crate keeps the last three parts of a path; a note says so.
 */

#include "analysis/profile/heap/allocator.h"
#include "analysis/profile/readers.h"
#include "base/array.h"
#include "base/json_scan.h"

enum {
    VERSION = 2,
    DEPTH_MAX = 10000,
};

/* The figures of a point, in the order of the metrics; those a file has not are not added. */
typedef enum Figure {
    PEAK,
    ALLOCATED,
    ALLOCATIONS,
    LEAKED,
    BYTES_READ,
    BYTES_WRITTEN,
    FIGURES,
} Figure;

typedef struct Point {
    int64_t figures[FIGURES];
    size_t first; /* of its frames in the list of all */
    size_t len;
} Point;

typedef struct Entry {
    ProfileFrame frame;
    uint32_t address; /* text */
    bool allocator;
} Entry;

typedef struct Dhat {
    Arena *arena;
    ProfileBuilder *build;
    JsonScan scan;
    int64_t version;
    Str mode;
    Str unit; /* of an ad-hoc profile */
    bool lifetimes;
    bool accesses;
    Array(Point) points;
    Array(uint32_t) frames; /* of all points */
    Array(Entry) table;
    size_t with_folder, without_folder, cut_by_crate;
    size_t unknown;
    size_t deep;
} Dhat;

/* ------------------------------------------------------------------ the file */

static void read_frames_of(Dhat *in, Point *point)
{
    point->first = in->frames.len;
    if (!json_enter(&in->scan, '['))
        return;
    while (json_next_item(&in->scan)) {
        int64_t index = json_scan_i64(&in->scan);
        if (in->frames.len - point->first < DEPTH_MAX)
            *array_push(in->arena, &in->frames) =
                index >= 0 && index < UINT32_MAX ? (uint32_t)index : UINT32_MAX;
        else
            in->deep++;
    }
    point->len = in->frames.len - point->first;
}

static void read_point(Dhat *in)
{
    static const Str KEYS[FIGURES] = {
        [PEAK] = STR_CONST("gb"),         [ALLOCATED] = STR_CONST("tb"),
        [ALLOCATIONS] = STR_CONST("tbk"), [LEAKED] = STR_CONST("eb"),
        [BYTES_READ] = STR_CONST("rb"),   [BYTES_WRITTEN] = STR_CONST("wb"),
    };
    Point point = {0};
    if (!json_enter(&in->scan, '{'))
        return;
    for (Str key; json_next_key(&in->scan, &key);) {
        size_t at = 0;
        while (at < FIGURES && !str_eq(key, KEYS[at]))
            at++;
        if (at < FIGURES)
            point.figures[at] = json_scan_i64(&in->scan);
        else if (str_eq(key, S("fs")))
            read_frames_of(in, &point);
        else
            json_skip(&in->scan);
    }
    *array_push(in->arena, &in->points) = point;
}

/* "file:line", "file:line:column", "in object" */
static void read_place(Dhat *in, Str place, ProfileFrame *frame)
{
    Str file, number, before, column = {0};
    uint64_t line, ignored;
    if (str_starts(place, S("in "))) {
        frame->module = profile_add_text(in->build, str_from(place, 3));
        frame->kind = FRAME_NATIVE;
        return;
    }
    if (!str_cut_last(place, ':', &file, &number) || !str_to_u64(number, &line))
        return;
    if (str_cut_last(file, ':', &before, &column) && str_to_u64(column, &ignored)) {
        line = ignored;
        file = before;
        in->cut_by_crate++;
    } else if (str_has(file, S("/"))) {
        in->with_folder++;
    } else {
        in->without_folder++;
    }
    frame->file = profile_add_text(in->build, file);
    frame->line = line < UINT32_MAX ? (uint32_t)line : 0;
}

/* Both may hold parentheses: the last one is closed, so its partner is where the place begins. */
static bool cut_place(Str *function, Str *place)
{
    size_t depth = 0;
    if (!str_ends(*function, S(")")))
        return false;
    for (size_t at = function->len - 1; at > 0; at--) {
        char c = function->ptr[at];
        depth += c == ')';
        if (c != '(' || --depth > 0)
            continue;
        if (function->ptr[at - 1] != ' ')
            return false;
        *place = str_head(str_from(*function, at + 1), function->len - at - 2);
        *function = str_head(*function, at - 1);
        return true;
    }
    return false;
}

static void read_entry(Dhat *in)
{
    Str text = json_scan_str(&in->scan, in->arena), place = {0};
    Entry entry = {0};
    ProfileFrame frame = {0};
    size_t colon = str_find(text, S(": "), 0);
    if (str_starts(text, S("0x")) && colon != SIZE_MAX) {
        entry.address = profile_add_text(in->build, str_head(text, colon));
        text = str_from(text, colon + 2);
    }
    if (cut_place(&text, &place))
        read_place(in, place, &frame);
    if (str_eq(text, S("???")) || str_eq(text, S("[root]"))) {
        frame.kind = FRAME_NATIVE;
        text = entry.address ? profile_added_text(in->build, entry.address) : text;
    }
    if (!frame.file)
        frame.kind = FRAME_NATIVE;
    entry.allocator = is_allocator(text);
    frame.function = profile_add_text(in->build, str_copy(in->arena, text));
    entry.frame = frame;
    *array_push(in->arena, &in->table) = entry;
}

static void read_list(Dhat *in, void read_one(Dhat *in))
{
    if (json_enter(&in->scan, '['))
        while (json_next_item(&in->scan))
            read_one(in);
}

static bool read_bool(Dhat *in)
{
    bool is = json_peek(&in->scan) == 't';
    json_skip(&in->scan);
    return is;
}

static void read_file(Dhat *in)
{
    if (!json_enter(&in->scan, '{'))
        return;
    for (Str key; json_next_key(&in->scan, &key);) {
        if (str_eq(key, S("dhatFileVersion")))
            in->version = json_scan_i64(&in->scan);
        else if (str_eq(key, S("mode")))
            in->mode = json_scan_str(&in->scan, in->arena);
        else if (str_eq(key, S("bu")))
            in->unit = json_scan_str(&in->scan, in->arena);
        else if (str_eq(key, S("bklt")))
            in->lifetimes = read_bool(in);
        else if (str_eq(key, S("bkacc")))
            in->accesses = read_bool(in);
        else if (str_eq(key, S("pps")))
            read_list(in, read_point);
        else if (str_eq(key, S("ftbl")))
            read_list(in, read_entry);
        else
            json_skip(&in->scan);
    }
}

/* ------------------------------------------------------------------ to Profile */

/* What only hands memory out is left off the inner end. */
static uint32_t stack_of(Dhat *in, const Point *point)
{
    uint32_t stack = 0, inner = 0, outer_address = 0;
    for (size_t i = point->len; i-- > 0;) {
        uint32_t index = in->frames.items[point->first + i];
        if (index >= in->table.len) {
            in->unknown++;
            continue;
        }
        const Entry *entry = &in->table.items[index];
        ProfileFrame frame = entry->frame;
        frame.inlined = entry->address && entry->address == outer_address;
        outer_address = entry->address;
        stack = profile_add_stack(in->build, stack, profile_add_frame(in->build, frame));
        if (!entry->allocator)
            inner = stack;
    }
    return inner ? inner : stack;
}

static size_t add_metrics(Dhat *in, Figure figures[FIGURES])
{
    bool copies = str_eq(in->mode, S("copy")), events = str_eq(in->mode, S("ad-hoc"));
    struct {
        bool has;
        Figure figure;
        Str name;
        Str unit;
    } metrics[FIGURES] = {
        {in->lifetimes, PEAK, S("peak"), S("bytes")},
        {true, ALLOCATED, copies ? S("copied") : S("allocated"), S("bytes")},
        {true, ALLOCATIONS, copies ? S("copies") : S("allocations"), S("count")},
        {in->lifetimes, LEAKED, S("leaked"), S("bytes")},
        {in->accesses, BYTES_READ, S("read"), S("bytes")},
        {in->accesses, BYTES_WRITTEN, S("written"), S("bytes")},
    };
    size_t len = 0;
    if (events) { /* of the program's own kind: how many, and what they were said to weigh */
        metrics[1].name = in->unit.len ? in->unit : S("units");
        metrics[1].unit = S("count");
        metrics[2].name = S("events");
    }
    for (size_t i = 0; i < FIGURES; i++) {
        if (!metrics[i].has)
            continue;
        profile_add_metric(in->build, metrics[i].name, metrics[i].unit, false);
        figures[len++] = metrics[i].figure;
    }
    return len;
}

static void add_points(Dhat *in)
{
    Figure figures[FIGURES];
    size_t len = add_metrics(in, figures);
    array_each (Point, point, &in->points) {
        int64_t weights[PROFILE_METRICS_MAX] = {0}, count = point->figures[ALLOCATIONS];
        for (size_t i = 0; i < len; i++)
            weights[i] = point->figures[figures[i]];
        ProfileSample sample = {.stack = stack_of(in, point),
                                .count = count > 0 ? (uint64_t)count : 0};
        profile_add_sample(in->build, sample, weights);
    }
}

static void add_notes(Dhat *in)
{
    if (in->cut_by_crate)
        profile_note(in->build, "the dhat crate keeps the last three parts of a path: files are "
                                "found by their end, and may be mistaken for another's");
    else if (in->without_folder && !in->with_folder)
        profile_note(in->build, "files are named without their folder; valgrind writes it with "
                                "--fullpath-after=");
    profile_note_count(in->build, in->unknown, "frame is not in the list",
                       "frames are not in the list", "of %zu frames", in->table.len);
    if (in->deep)
        profile_note(in->build, "stacks are deeper than %d frames and were cut", DEPTH_MAX);
}

bool read_dhat(Arena *arena, Str bytes, Profile *out, Err *err)
{
    Dhat *in = NEW(arena, Dhat);
    in->arena = arena;
    in->build = profile_builder_new(arena);
    in->scan = json_scan(bytes);
    read_file(in);
    if (!json_scan_ok(&in->scan, err))
        return false;
    if (in->version != VERSION)
        return err_set(err, ERR_UNSUPPORTED, "a DHAT file of version %lld; perfloop reads %d",
                       (long long)in->version, VERSION);
    add_points(in);
    add_notes(in);
    bool crate = str_starts(in->mode, S("rust-")) || in->cut_by_crate;
    *out = profile_build(in->build, crate ? S("dhat") : S("DHAT"), S("dhat"));
    return true;
}
