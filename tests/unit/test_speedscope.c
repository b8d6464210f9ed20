#include "analysis/profile/readers.h"

#include <string.h>

#include "analysis/hotspots/hotspot.h"
#include "base/strbuf.h"
#include "tests/lib/check.h"
#include "tests/lib/golden.h"
#include "tests/lib/profiles.h"

#define HEAD "{\"$schema\":\"https://www.speedscope.app/file-format-schema.json\","
#define ABC  "\"shared\":{\"frames\":[{\"name\":\"a\"},{\"name\":\"b\"},{\"name\":\"c\"}]}"

static void keys_come_in_any_order(void **state)
{
    Arena *arena = test_arena(state);
    Profile one =
        test_reading(arena, S(HEAD ABC ",\"profiles\":[{\"type\":\"sampled\",\"name\":\"t\","
                                       "\"unit\":\"milliseconds\",\"samples\":[[0,1],[0,1],"
                                       "[0,2],[]],\"weights\":[1,2,0.5,4]}]}"));
    Profile two =
        test_reading(arena, S(HEAD "\"profiles\":[{\"weights\":[1,2,0.5,4],\"samples\":"
                                   "[[ 0, 1 ],[0,1],[0,2],[]],\"x\":{\"y\":[1,{}]},"
                                   "\"unit\":\"milliseconds\",\"name\":\"t\"}]," ABC "}"));
    assert_str(profile_print(arena, &two), profile_print(arena, &one));
    assert_str(profile_print(arena, &one), S("profile: tool unknown, format speedscope, stacks\n"
                                             "frames 3, stacks 3, threads 1, samples 3 of 4\n"
                                             "metric time in ns, sampled: total 7500000\n"
                                             "thread 0: t\n"
                                             "4000000 x1 \n"
                                             "3000000 x2 a;b\n"
                                             "500000 x1 a;c\n"));
}

static void events_become_stacks_with_durations(void **state)
{
    Profile profile = test_reading(
        test_arena(state),
        S(HEAD ABC ",\"profiles\":[{\"type\":\"evented\",\"name\":\"t\",\"unit\":\"none\","
                   "\"startValue\":0,\"endValue\":14,\"events\":[{\"type\":\"O\",\"frame\":0,"
                   "\"at\":0},{\"type\":\"O\",\"frame\":1,\"at\":2},{\"at\":6,\"frame\":1,"
                   "\"type\":\"C\"},{\"type\":\"C\",\"frame\":0,\"at\":14}]}]}"));
    assert_str(profile_print(test_arena(state), &profile),
               S("profile: tool unknown, format speedscope, stacks\n"
                 "frames 3, stacks 2, threads 1, samples 2 of 3\n"
                 "metric weight in count, exact: total 14\n"
                 "thread 0: t\n"
                 "10 x2 a\n"
                 "4 x1 a;b\n"));
}

static void two_units_are_two_metrics(void **state)
{
    Profile profile = test_reading(
        test_arena(state),
        S(HEAD ABC ",\"profiles\":[{\"unit\":\"seconds\",\"samples\":[[0]],\"weights\":[1]},"
                   "{\"unit\":\"bytes\",\"samples\":[[0,1],[7,1]],\"weights\":[64,3]}]}"));
    assert_int_equal(profile_total(&profile, profile_metric(&profile, S("time"))), 1000000000);
    assert_int_equal(profile_total(&profile, profile_metric(&profile, S("bytes"))), 67);
    assert_false(profile.metrics[profile_metric(&profile, S("bytes"))].sampled);
    assert_str(profile.notes[0], S("1 stack names a frame that is not in the list of 3 frames"));
}

static void a_million_hundredths_are_exactly_ten_thousand_seconds(void **state)
{
    Arena *arena = test_arena(state);
    StrBuf text = strbuf_new(arena), weights = strbuf_new(arena);
    strbuf_add(&text, S(HEAD ABC ",\"profiles\":[{\"unit\":\"seconds\",\"samples\":[[0]"));
    strbuf_add(&weights, S("0.01"));
    for (int i = 1; i < 1000000; i++) {
        strbuf_add(&text, S(",[0]"));
        strbuf_add(&weights, S(",0.01"));
    }
    strbuf_fmt(&text, "],\"weights\":[" STR_FMT "]}]}", STR_ARG(strbuf_str(&weights)));
    Profile profile = test_reading(arena, strbuf_str(&text));
    assert_int_equal(profile_total(&profile, 0), 10000000000000);
    assert_int_equal(profile_count(&profile), 1000000);
}

/* Recorded with py-spy 0.4 on tests/programs/profiled/work.py. */
static void a_recording_of_ours_is_read(void **state)
{
    Arena *arena = test_arena(state);
    Profile profile = test_profile_source(arena, "tests/profiles/speedscope/work.in");
    assert_golden(arena, profile_print(arena, &profile), "tests/profiles/speedscope/work.expect");
    HotSpots spots = hotspots_of(arena, &profile, (HotOptions){0});
    assert_golden(arena, hotspots_print(arena, &spots), "tests/profiles/speedscope/work.hotspots");
}

/* Figures added up from the file by a short Python program (json, Counter). */
static void a_long_recording_has_its_totals(void **state)
{
    Arena *arena = test_arena(state);
    Profile profile = test_profile_shared(arena, "samples/py-spy/cs336.speedscope.json");
    HotSpots spots = hotspots_of(arena, &profile, (HotOptions){0});
    assert_str(profile.tool, S("py-spy"));
    assert_int_equal(profile.threads_len, 4);
    assert_int_equal(profile.frames_len, 86);
    assert_int_equal(profile_count(&profile), 10181);
    assert_int_equal(spots.total, 101810000000);
    assert_int_equal(test_line(&spots, S("multiprocessing/pool.py"), 531)->self, 31860000000);
    assert_int_equal(test_line(&spots, S("multiprocessing/connection.py"), 396)->self, 31820000000);
    assert_int_equal(test_line(&spots, S("lib/python3.13/threading.py"), 1015)->total, 63740000000);
    assert_int_equal(test_line(&spots, S("cs336_basics/train_bpe.py"), 16)->total, 38070000000);
    assert_int_equal(test_line(&spots, S("cs336_basics/heapmap.py"), 59)->self, 420000000);
}

static void samples_of_the_format_are_read(void **state)
{
    Arena *arena = test_arena(state);
    Profile profile = test_profile_shared(arena, "samples/speedscope/0.0.1_simple.speedscope.json");
    assert_int_equal(profile_total(&profile, 0), 14);
    profile = test_profile_shared(arena, "samples/speedscope/0.1.2_simple-sampled.speedscope.json");
    assert_int_equal(profile_total(&profile, 0), 14000000000);
    profile = test_profile_shared(arena, "samples/speedscope/0.6.0_two-sampled.speedscope.json");
    assert_int_equal(profile.threads_len, 2);
    assert_int_equal(profile_total(&profile, 0), 28000000000);
}

static void broken_events_are_read_with_a_note(void **state)
{
    Arena *arena = test_arena(state);
    Profile profile =
        test_profile_shared(arena, "samples/speedscope/invalid_incomplete-trace.json");
    assert_int_equal(profile_total(&profile, 0), 100);
    assert_str(profile.notes[0], S("profile 'p1': frames still open at the end"));
    profile = test_profile_shared(arena, "samples/speedscope/invalid_out-of-order-events.json");
    assert_str(profile.notes[0], S("profile 'p1': 2 events out of order"));
}

static void every_cut_is_one_error(void **state)
{
    Arena *arena = test_arena(state);
    Str bytes = test_bytes(arena, test_source_path(arena, "tests/profiles/speedscope/work.in"));
    Profile profile;
    for (size_t len = 1; len + 1 < bytes.len; len += 1 + len / 50) {
        Err err = {0};
        ArenaMark mark = arena_mark(arena);
        assert_false(read_speedscope(arena, str_head(bytes, len), &profile, &err));
        assert_non_null(strstr(err.msg, "expected "));
        arena_rollback(arena, mark);
    }
}

TEST_MAIN(TEST(keys_come_in_any_order), TEST(events_become_stacks_with_durations),
          TEST(two_units_are_two_metrics),
          TEST(a_million_hundredths_are_exactly_ten_thousand_seconds),
          TEST(a_recording_of_ours_is_read), TEST(a_long_recording_has_its_totals),
          TEST(samples_of_the_format_are_read), TEST(broken_events_are_read_with_a_note),
          TEST(every_cut_is_one_error))
