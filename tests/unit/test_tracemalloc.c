#include "analysis/profile/readers.h"

#include <string.h>

#include "analysis/hotspots/hotspot.h"
#include "base/file.h"
#include "tests/lib/check.h"
#include "tests/lib/golden.h"
#include "tests/lib/profiles.h"

/* "self total" of a line of snap.py, in bytes, and its blocks. */
static Str line_text(Arena *arena, const Profile *profile, uint32_t line)
{
    HotSpots bytes = hotspots_of(arena, profile, (HotOptions){0});
    HotSpots blocks = hotspots_of(arena, profile, (HotOptions){.metric = 1});
    int64_t self = -1, total = -1, count = -1;
    for (size_t i = 0; i < bytes.lines_len; i++)
        if (bytes.lines[i].line == line && str_ends(bytes.lines[i].file, S("snap.py"))) {
            self = bytes.lines[i].self;
            total = bytes.lines[i].total;
        }
    for (size_t i = 0; i < blocks.lines_len; i++)
        if (blocks.lines[i].line == line && str_ends(blocks.lines[i].file, S("snap.py")))
            count = blocks.lines[i].self;
    return str_fmt(arena, "%lld %lld in %lld", (long long)self, (long long)total, (long long)count);
}

/*
 * Taken of tests/programs/memory/snap.py; figures printed there by
 * Snapshot.statistics("lineno") and, for totals, statistics("lineno", True).
 */
static void recordings_of_ours_are_read(void **state)
{
    Arena *arena = test_arena(state);
    Profile old = test_profile_source(arena, "tests/profiles/tracemalloc/snap_3.8.snap");
    Profile new = test_profile_source(arena, "tests/profiles/tracemalloc/snap_3.13.snap");
    assert_str(old.tool, S("tracemalloc"));
    assert_golden(arena, profile_print(arena, &old), "tests/profiles/tracemalloc/snap_3.8.expect");
    assert_golden(arena, profile_print(arena, &new), "tests/profiles/tracemalloc/snap_3.13.expect");
    assert_str(line_text(arena, &old, 8), S("106548 106548 in 201"));
    assert_str(line_text(arena, &new, 8), S("106564 106564 in 201"));
    assert_str(line_text(arena, &new, 12), S("0 106564 in 0"));
}

#define HEAD                                                                               \
    "\x80\x04\x8c\x0btracemalloc\x94\x8c\x08Snapshot\x93)\x81}(\x8c\x06tracesh\0\x8c\x07_" \
    "Traces\x93)\x81}\x8c\x07_traces]("
#define FRAME(line) "\x8c\x04s.py" line "\x86"
#define TAIL        "esb\x8c\x0ftraceback_limitK\x02ub."

static void frames_come_most_recent_first(void **state)
{
    Arena *arena = test_arena(state);
    Profile profile = test_reading(arena, S(HEAD "(K\0K\x40(" FRAME("K\x07")
                                                FRAME("K\x03") "tK\x02tK\0K\x20(" FRAME("K\x07")
                                                    FRAME("K\x03") "t\x87" TAIL));
    assert_str(profile_print(arena, &profile),
               S("profile: tool tracemalloc, format tracemalloc, stacks\n"
                 "frames 2, stacks 2, threads 1, samples 1 of 2\n"
                 "metric live in bytes, exact: total 96\n"
                 "metric blocks in count, exact: total 2\n"
                 "96 2 x2  (s.py:3); (s.py:7)\n"));
}

static void cut_stacks_are_told(void **state)
{
    Arena *arena = test_arena(state);
    Profile profile =
        test_reading(arena, S(HEAD "(K\0K\x40(" FRAME("K\x07") FRAME("K\x03") "tK\x09t" TAIL));
    assert_str(profile.notes[0],
               S("1 block comes from stacks deeper than 2 frames, of which the outer ones are "
                 "missing (python -X tracemalloc=N keeps N)"));
}

static void code_without_python_has_no_place(void **state)
{
    Arena *arena = test_arena(state);
    Profile profile = test_reading(arena, S(HEAD "(K\0K\x40(\x8c\x09<unknown>K\0\x86tK\x01t" TAIL));
    HotSpots spots = hotspots_of(arena, &profile, (HotOptions){0});
    assert_int_equal(spots.total, 64);
    assert_int_equal(spots.unmapped, 64);
    assert_str(profile.notes[0], S("1 stack was allocated while no Python code was running"));
}

static void what_is_broken_is_noted_or_refused(void **state)
{
    Arena *arena = test_arena(state);
    Profile profile = test_reading(arena, S(HEAD "K\x01(K\0K\x40(" FRAME("K\x07") "tK\x01t" TAIL));
    assert_int_equal(profile_total(&profile, 0), 64);
    assert_str(profile.notes[0], S("1 entry is not of a block or a frame and was left out"));
    test_refused_by(read_tracemalloc, arena, S(HEAD "K\x01" TAIL),
                    "not of blocks and their stacks");
    test_refused_by(read_tracemalloc, arena, S("\x80\x04]."), "not of tracemalloc's Snapshot");
    test_refused_by(read_tracemalloc, arena, S("\x80\x04\x8c\x0btracemalloc\x8c\x05start\x93"),
                    "asks for tracemalloc.start");
}

static void every_cut_is_one_error(void **state)
{
    Arena *arena = test_arena(state);
    Err err = {0};
    Str bytes = {0};
    Profile profile;
    Str path = test_source_path(arena, "tests/profiles/tracemalloc/snap_3.13.snap");
    assert_ok(file_read(arena, path, FILE_LIMIT_TEXT, &bytes, &err), &err);
    for (size_t len = 0; len < bytes.len; len++) {
        err = (Err){0};
        assert_false(read_tracemalloc(arena, str_head(bytes, len), &profile, &err));
        assert_non_null(strstr(err.msg, "the file ends"));
    }
}

TEST_MAIN(TEST(recordings_of_ours_are_read), TEST(frames_come_most_recent_first),
          TEST(cut_stacks_are_told), TEST(code_without_python_has_no_place),
          TEST(what_is_broken_is_noted_or_refused), TEST(every_cut_is_one_error))
