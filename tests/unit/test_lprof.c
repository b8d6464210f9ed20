#include "analysis/profile/readers.h"

#include <string.h>

#include "analysis/hotspots/hotspot.h"
#include "base/file.h"
#include "tests/lib/check.h"
#include "tests/lib/profiles.h"

/* "time hits" of a line, as the two metrics say. */
static Str line_text(Arena *arena, const Profile *profile, uint32_t line)
{
    int64_t costs[2] = {-1, -1};
    for (size_t metric = 0; metric < 2; metric++) {
        HotSpots spots = hotspots_of(arena, profile, (HotOptions){.metric = metric});
        for (size_t i = 0; i < spots.lines_len; i++)
            if (spots.lines[i].line == line)
                costs[metric] = spots.lines[i].self;
    }
    return str_fmt(arena, "%lld ns %lld hits", (long long)costs[0], (long long)costs[1]);
}

/* Recorded with line_profiler 4.0.2; figures read with Python's own pickle. */
static void a_recording_of_ours_is_read(void **state)
{
    Arena *arena = test_arena(state);
    Profile profile =
        test_profile_at(arena, test_source_path(arena, "tests/profiles/lprof/here_4.0.lprof"));
    assert_str(profile.tool, S("line_profiler"));
    assert_str(line_text(arena, &profile, 13), S("13942791 ns 39900 hits"));
    assert_str(line_text(arena, &profile, 12), S("8008396 ns 39900 hits"));
    assert_str(line_text(arena, &profile, 20), S("24588373 ns 1 hits"));
    assert_str(line_text(arena, &profile, 25), S("471527 ns 465 hits"));
    HotSpots spots = hotspots_of(arena, &profile, (HotOptions){0});
    assert_str(spots.lines[0].file, S("lp.py"));
    assert_str(spots.lines[0].function, S("method"));
    assert_int_equal(spots.functions[spots.lines[0].owner].line, 18);
    assert_false(spots.sampled);
}

/* Windows counts in ticks of 100 ns: main.py:22 took 554 of them, and main.py:18 took 19. */
static void the_unit_of_the_file_is_used(void **state)
{
    Arena *arena = test_arena(state);
    Profile profile = test_profile_shared(arena, "samples/line_profiler/bwthur.lprof");
    assert_str(line_text(arena, &profile, 22), S("55400 ns 28 hits"));
    profile = test_profile_shared(arena, "samples/line_profiler/CollinIGreen.lprof");
    assert_str(line_text(arena, &profile, 18), S("1900 ns 1 hits"));
}

#define NEW_CLASS "\x80\x04\x8c\x1bline_profiler.line_profiler\x8c\x09LineStats\x93)\x81"
#define KEY       "\x8c\x04w.pyK\x01\x8c\x01g\x87"
#define UNIT      "\x8c\x04unitG\x3e\x7a\xd7\xf2\x9a\xbc\xaf\x48" /* 1e-7 */

static void the_class_of_version_5_is_read(void **state)
{
    Arena *arena = test_arena(state);
    Profile profile = test_reading(arena, S(NEW_CLASS "}(\x8c\x07timings}" KEY
                                                      "](K\x02K\x03M\x10\x27\x87" /* 2: 3, 10000 */
                                                      "K\x04K\x05K\x06\x87"
                                                      "es" UNIT "ub."));
    assert_str(line_text(arena, &profile, 2), S("1000000 ns 3 hits"));
    assert_str(line_text(arena, &profile, 4), S("600 ns 5 hits"));
}

static void functions_listed_twice_are_added_up(void **state)
{
    Arena *arena = test_arena(state);
    Profile profile =
        test_reading(arena, S(NEW_CLASS "}(\x8c\x07timings}" KEY "]K\x02K\x03K\x0a\x87"
                                        "as" KEY "]K\x02K\x01K\x05\x87"
                                        "a"
                                        "s" UNIT "ub."));
    assert_str(line_text(arena, &profile, 2), S("1500 ns 4 hits"));
    assert_int_equal(profile_total(&profile, 0), 1500);
}

static void what_is_broken_is_noted_and_left_out(void **state)
{
    Arena *arena = test_arena(state);
    Profile profile = test_reading(arena, S(NEW_CLASS "}(\x8c\x07timings}(" KEY "](K\x02K\x03\x86"
                                                      "K\x04K\x05K\x06\x87"
                                                      "eK\x07]u" UNIT "ub."));
    assert_str(line_text(arena, &profile, 4), S("600 ns 5 hits"));
    assert_str(profile.notes[0], S("2 entries are not of a function or line and were left out"));
}

static void other_pickles_are_refused(void **state)
{
    Arena *arena = test_arena(state);
    test_refused_by(read_lprof, arena, S("\x80\x04K\x01."), "not of line_profiler's LineStats");
    test_refused_by(read_lprof, arena, S(NEW_CLASS "}(\x8c\x07timings}ub."), "without the unit");
    test_refused_by(read_lprof, arena, S(NEW_CLASS "}(\x8c\x07timings}K\x01]s" UNIT "ub."),
                    "not of functions and their lines");
    test_refused_by(read_lprof, arena, S("\x80\x04\x8c\x02os\x8c\x06system\x93"),
                    "asks for os.system");
}

/* One list under a million keys: the work stays in proportion to the file. */
static void a_list_listed_again_and_again_ends(void **state)
{
    Arena *arena = test_arena(state);
    enum {
        TIMES = 20000
    };
    Str head = S(NEW_CLASS "}(\x8c\x07timings}(" KEY "\x94](");
    Str line = S("K\x02K\x03K\x0a\x87"), again = S("h\0h\1"), tail = S("u" UNIT "ub.");
    size_t room = head.len + 2 + TIMES * (line.len + again.len) + tail.len;
    char *bytes = NEW_ARRAY(arena, char, room), *at = bytes;
    memcpy(at, head.ptr, head.len), at += head.len;
    for (int i = 0; i < TIMES; i++)
        memcpy(at, line.ptr, line.len), at += line.len;
    *at++ = 'e', *at++ = '\x94';
    for (int i = 0; i < TIMES; i++)
        memcpy(at, again.ptr, again.len), at += again.len;
    memcpy(at, tail.ptr, tail.len);
    Profile profile = test_reading(arena, (Str){bytes, room});
    assert_true(profile_total(&profile, 1) <= (int64_t)(3 * room));
}

static void every_cut_is_one_error(void **state)
{
    Arena *arena = test_arena(state);
    Err err = {0};
    Str bytes = {0};
    Profile profile;
    Str path = test_source_path(arena, "tests/profiles/lprof/here_4.0.lprof");
    assert_ok(file_read(arena, path, FILE_LIMIT_TEXT, &bytes, &err), &err);
    for (size_t len = 0; len < bytes.len; len++) {
        err = (Err){0};
        assert_false(read_lprof(arena, str_head(bytes, len), &profile, &err));
        assert_non_null(strstr(err.msg, "the file ends"));
    }
}

TEST_MAIN(TEST(a_recording_of_ours_is_read), TEST(the_unit_of_the_file_is_used),
          TEST(the_class_of_version_5_is_read), TEST(functions_listed_twice_are_added_up),
          TEST(what_is_broken_is_noted_and_left_out), TEST(other_pickles_are_refused),
          TEST(a_list_listed_again_and_again_ends), TEST(every_cut_is_one_error))
