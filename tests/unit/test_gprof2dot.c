#include "analysis/profile/readers.h"

#include "analysis/hotspots/hotspot.h"
#include "base/file.h"
#include "tests/lib/check.h"
#include "tests/lib/profiles.h"

static Profile read_seed(Arena *arena, const char *name)
{
    return test_profile_source(
        arena, str_cstr(arena, str_fmt(arena, "tests/fuzz/corpus/gprof2dot/%s", name)));
}

static const HotSpot *function_of(const HotSpots *spots, const char *name)
{
    return test_function(spots, S(""), str_from_c(name));
}

static void chains_are_innermost_first_and_functions_follow(void **state)
{
    Arena *arena = test_arena(state);
    Profile profile = read_seed(arena, "memray.json");
    assert_str(profile.tool, S("memray"));
    assert_str(profile_text(&profile, profile.metrics[0].name), S("peak"));
    assert_str(profile_text(&profile, profile.metrics[0].unit), S("bytes"));
    HotSpots spots = hotspots_of(arena, &profile, (HotOptions){0});
    assert_int_equal(spots.total, 4708);
    assert_int_equal(function_of(&spots, "grow")->self, 4096);
    assert_int_equal(function_of(&spots, "load")->total, 4608);
    assert_int_equal(function_of(&spots, "<module>")->total, 4708);
    assert_str(function_of(&spots, "grow")->file, S("/w/rows.py"));
    assert_int_equal(spots.lines_len, 0);
    assert_int_equal(profile.notes_len, 2);
}

static void costs_have_their_units_and_broken_events_a_note(void **state)
{
    Arena *arena = test_arena(state);
    Profile profile = read_seed(arena, "times.json");
    assert_str(profile.tool, S("gprof2dot"));
    assert_int_equal(profile.metrics_len, 2);
    assert_str(profile_text(&profile, profile.metrics[0].unit), S("ns"));
    assert_int_equal(profile_total(&profile, 0), 250000000);
    assert_str(profile_text(&profile, profile.metrics[1].name), S("calls"));
    assert_int_equal(profile_total(&profile, 1), 3);
    assert_str(profile.notes[1], S("2 events were left out: they have not a number for each cost"));
    assert_str(profile.notes[2], S("2 callers are not in the list of 2 functions"));
}

static void other_json_is_told_apart(void **state)
{
    Arena *arena = test_arena(state);
    test_refused_by(read_gprof2dot, arena,
                    S("{\"version\": 3, \"costs\": [{\"description\": \"Time\"}]}"),
                    "of version 3 with 1 costs; perfloop reads version 0");
    test_refused_by(read_gprof2dot, arena, S("{\"version\": 0, \"costs\": []"), "expected");
    assert_false(is_gprof2dot(S("{\"costs\": [{\"description\": \"x\"}], \"functions\": []}")));
}

TEST_MAIN(TEST(chains_are_innermost_first_and_functions_follow),
          TEST(costs_have_their_units_and_broken_events_a_note), TEST(other_json_is_told_apart))
