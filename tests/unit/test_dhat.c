#include "analysis/profile/readers.h"

#include "analysis/hotspots/hotspot.h"
#include "tests/lib/check.h"
#include "tests/lib/golden.h"
#include "tests/lib/profiles.h"

/* Recorded with valgrind 3.19 and the dhat crate 0.3.3; figures of the file, added up by Python's json. */
static void recordings_of_ours_have_their_figures(void **state)
{
    Arena *arena = test_arena(state);
    Profile c = test_profile_source(arena, "tests/profiles/dhat/valgrind_c.json");
    assert_str(c.tool, S("DHAT"));
    assert_int_equal(test_total(&c, "allocated"), 5175296);
    assert_int_equal(test_total(&c, "allocations"), 101);
    assert_int_equal(test_total(&c, "peak"), 2662400);
    assert_int_equal(test_total(&c, "leaked"), 2560000);
    assert_int_equal(test_total(&c, "written"), 5171211);
    assert_str(test_line_text(arena, &c, "allocated", S("work.c"), 17), S("5171200 5171200"));
    assert_str(test_line_text(arena, &c, "allocated", S("work.c"), 28), S("0 5171200"));
    assert_str(c.notes[0], S("files are named without their folder; valgrind writes it with "
                             "--fullpath-after="));
    assert_golden(arena, profile_print(arena, &c), "tests/profiles/dhat/valgrind_c.expect");

    Profile full = test_profile_source(arena, "tests/profiles/dhat/valgrind_c_fullpath.json");
    assert_int_equal(full.notes_len, 0);
    assert_str(test_line_text(arena, &full, "allocated", S("/work.c"), 17), S("5171200 5171200"));

    Profile rust = test_profile_source(arena, "tests/profiles/dhat/valgrind_rust.json");
    assert_int_equal(test_total(&rust, "allocated"), 4518044);
    assert_int_equal(test_total(&rust, "allocations"), 145420);

    Profile crate = test_profile_source(arena, "tests/profiles/dhat/crate.json");
    assert_str(crate.tool, S("dhat"));
    assert_int_equal(test_total(&crate, "allocated"), 95696);
    assert_int_equal(test_total(&crate, "allocations"), 520);
    assert_golden(arena, profile_print(arena, &crate), "tests/profiles/dhat/crate.expect");
}

/* Figures of INDEX.md. */
static void recordings_of_others_have_their_figures(void **state)
{
    Arena *arena = test_arena(state);
    Profile one = test_profile_shared(arena, "samples/dhat/yt-dhat-example.json");
    assert_int_equal(test_total(&one, "allocated"), 1101);
    assert_int_equal(test_total(&one, "allocations"), 3);
    Profile two = test_profile_shared(arena, "samples/dhat/rust-memory-playground.json");
    assert_int_equal(test_total(&two, "allocated"), 1029);
    assert_int_equal(test_total(&two, "allocations"), 2);
}

#define FILE_OF(head, points, frames) \
    "{\"dhatFileVersion\":2," head ",\"pps\":[" points "],\"ftbl\":[\"[root]\"," frames "]}"
#define HEAP "\"mode\":\"heap\",\"bklt\":true,\"bkacc\":false"

static void frames_of_one_address_are_inlined(void **state)
{
    Arena *arena = test_arena(state);
    Profile profile = test_reading(
        arena, S(FILE_OF(HEAP, "{\"tb\":9,\"tbk\":2,\"gb\":5,\"eb\":4,\"fs\":[1,2,3,4]}",
                         "\"0x1: malloc (in /v.so)\",\"0x2: push (a.c:3)\",\"0x2: main (a.c:9)\","
                         "\"0x3: ???\"")));
    assert_str(profile_print(arena, &profile),
               S("profile: tool DHAT, format dhat, stacks\n"
                 "frames 4, stacks 4, threads 1, samples 1 of 2\n"
                 "metric peak in bytes, exact: total 5\n"
                 "metric allocated in bytes, exact: total 9\n"
                 "metric allocations in count, exact: total 2\n"
                 "metric leaked in bytes, exact: total 4\n"
                 "note: files are named without their folder; valgrind writes it with "
                 "--fullpath-after=\n"
                 "5 9 2 4 x2 0x3;main (a.c:9);push (a.c:3) (inlined)\n"));
}

static Str frame_text(Arena *arena, const char *text)
{
    Str file = str_fmt(arena, FILE_OF(HEAP, "{\"tb\":9,\"tbk\":2,\"fs\":[1]}", "\"%s\""), text);
    Profile profile = test_reading(arena, file);
    const ProfileFrame *frame = &profile.frames[profile.stacks[1].frame];
    return str_fmt(arena, STR_FMT " in '" STR_FMT "'%s",
                   STR_ARG(profile_frame_text(arena, &profile, profile.stacks[1].frame)),
                   STR_ARG(profile_text(&profile, frame->module)),
                   frame->kind == FRAME_NATIVE ? " native" : "");
}

static void frames_are_taken_apart_from_their_end(void **state)
{
    Arena *arena = test_arena(state);
    assert_str(frame_text(arena, "0x1: f(int (*)(char)) (/src/a (b)/c.c:3)"),
               S("f(int (*)(char)) (/src/a (b)/c.c:3) in ''"));
    assert_str(frame_text(arena, "0x1: <T as U>::f (a/b/c.rs:10:84)"),
               S("<T as U>::f (a/b/c.rs:10) in ''"));
    assert_str(frame_text(arena, "app::f (a/b/c.rs:10:84)"), S("app::f (a/b/c.rs:10) in ''"));
    assert_str(frame_text(arena, "0x1: operator()(int) (in /usr/lib/x y.so)"),
               S("operator()(int) in '/usr/lib/x y.so' native"));
    assert_str(frame_text(arena, "0x1: f: g (a.c:3)"), S("f: g (a.c:3) in ''"));
    assert_str(frame_text(arena, "0x1: ???"), S("0x1 in '' native"));
    assert_str(frame_text(arena, "???"), S("??? in '' native"));
    assert_str(frame_text(arena, "0x1: f"), S("f in '' native"));
}

static void paths_that_were_cut_are_told(void **state)
{
    Arena *arena = test_arena(state);
    Profile profile =
        test_reading(arena, S(FILE_OF("\"mode\":\"rust-heap\",\"bklt\":true",
                                      "{\"tb\":9,\"tbk\":2,\"fs\":[1]}", "\"f (a/b/c.rs:1:2)\"")));
    assert_str(profile.notes[0], S("the dhat crate keeps the last three parts of a path: files are "
                                   "found by their end, and may be mistaken for another's"));
}

static void other_modes_have_other_figures(void **state)
{
    Arena *arena = test_arena(state);
    Profile copy = test_reading(arena, S(FILE_OF("\"mode\":\"copy\",\"bklt\":false",
                                                 "{\"tb\":9,\"tbk\":2,\"fs\":[1]}", "\"f\"")));
    assert_int_equal(copy.metrics_len, 2);
    assert_int_equal(test_total(&copy, "copied"), 9);
    assert_int_equal(test_total(&copy, "copies"), 2);
    Profile own = test_reading(arena, S(FILE_OF("\"mode\":\"ad-hoc\",\"bklt\":false,\"bu\":\"hit\"",
                                                "{\"tb\":9,\"tbk\":2,\"fs\":[1]}", "\"f\"")));
    assert_int_equal(test_total(&own, "hit"), 9);
    assert_int_equal(test_total(&own, "events"), 2);
}

static void what_is_broken_is_noted(void **state)
{
    Arena *arena = test_arena(state);
    Profile profile =
        test_reading(arena, S(FILE_OF(HEAP, "{\"tb\":9,\"tbk\":2,\"fs\":[7,-1,1],\"acc\":[-3,1]}",
                                      "\"0x1: f (/a.c:3)\"")));
    assert_int_equal(test_total(&profile, "allocated"), 9);
    assert_str(profile.notes[0], S("2 frames are not in the list of 2 frames"));
}

static void a_point_without_frames_keeps_its_cost(void **state)
{
    Arena *arena = test_arena(state);
    Profile profile = test_reading(arena, S(FILE_OF(HEAP, "{\"tb\":9,\"tbk\":2}", "\"f\"")));
    HotSpots spots = hotspots_of(arena, &profile, (HotOptions){.metric = 1});
    assert_int_equal(spots.total, 9);
    assert_int_equal(spots.unmapped, 9);
}

static void other_versions_and_cuts_are_refused(void **state)
{
    Arena *arena = test_arena(state);
    test_refused(arena, S("{\"dhatFileVersion\":3,\"pps\":[],\"ftbl\":[]}"),
                 "version 3; perfloop reads 2");
    Str bytes = S(FILE_OF(HEAP, "{\"tb\":9,\"tbk\":2,\"fs\":[1]}", "\"f\""));
    for (size_t len = 1; len < bytes.len; len++)
        test_refused_by(read_dhat, arena, str_head(bytes, len), "expected ");
}

TEST_MAIN(TEST(recordings_of_ours_have_their_figures),
          TEST(recordings_of_others_have_their_figures), TEST(frames_of_one_address_are_inlined),
          TEST(frames_are_taken_apart_from_their_end), TEST(paths_that_were_cut_are_told),
          TEST(other_modes_have_other_figures), TEST(what_is_broken_is_noted),
          TEST(a_point_without_frames_keeps_its_cost), TEST(other_versions_and_cuts_are_refused))
