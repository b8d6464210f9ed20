#include "analysis/profile/readers.h"

#include "analysis/hotspots/hotspot.h"
#include "analysis/profile/heap/allocator.h"
#include "tests/lib/check.h"
#include "tests/lib/golden.h"
#include "tests/lib/profiles.h"

/* Recorded with heaptrack 1.4.0; figures of heaptrack_print and of a reader in Python. */
static void recordings_of_ours_have_their_figures(void **state)
{
    Arena *arena = test_arena(state);
    Profile c =
        test_profile_at(arena, test_source_path(arena, "tests/profiles/heaptrack/here_c.zst"));
    assert_str(c.tool, S("heaptrack"));
    assert_int_equal(test_total(&c, "allocations"), 102);
    assert_int_equal(test_total(&c, "allocated"), 5248000);
    assert_int_equal(test_total(&c, "peak"), 2735104);
    assert_int_equal(test_total(&c, "leaked"), 2564096);
    assert_int_equal(test_total(&c, "temporary"), 50);
    assert_str(test_line_text(arena, &c, "allocated", S("work.c"), 17), S("5171200 5171200"));
    assert_str(test_line_text(arena, &c, "allocations", S("work.c"), 28), S("0 100"));
    assert_golden(arena, profile_print(arena, &c), "tests/profiles/heaptrack/here_c.expect");
    Profile rust =
        test_profile_at(arena, test_source_path(arena, "tests/profiles/heaptrack/here_rust.zst"));
    assert_int_equal(test_total(&rust, "allocations"), 145421);
    assert_int_equal(test_total(&rust, "allocated"), 4590748);
    assert_int_equal(test_total(&rust, "peak"), 105156);
    assert_int_equal(test_total(&rust, "leaked"), 544);
    assert_int_equal(test_total(&rust, "temporary"), 115953);
}

/* Figures of INDEX.md; leaked before suppressions. */
static void recordings_of_others_have_their_figures(void **state)
{
    Arena *arena = test_arena(state);
    Profile old = test_profile_shared(arena, "samples/heaptrack/heaptrack.david.18594.gz");
    assert_int_equal(test_total(&old, "allocations"), 2896);
    assert_int_equal(test_total(&old, "peak"), 996970);
    assert_int_equal(test_total(&old, "leaked"), 30463);
    Profile lsan = test_profile_shared(
        arena, "samples/heaptrack/heaptrack.embedded_lsan_suppressions.84207.zst");
    assert_int_equal(test_total(&lsan, "allocations"), 5);
    assert_str(test_line_text(arena, &lsan, "leaked", S("embedded_lsan_suppressions.c"), 60),
               S("4 4"));
    assert_str(lsan.notes[0], S("leaked memory counts everything: 2 suppressions of the program "
                                "are not applied"));
    Profile new = test_profile_shared(arena, "samples/heaptrack/heaptrack.test_sysroot.expected");
    assert_int_equal(test_total(&new, "allocations"), 3);
    assert_int_equal(test_total(&new, "allocated"), 73760);
    assert_str(test_line_text(arena, &new, "allocations", S("test_lib.cpp"), 13), S("0 1"));
}

#define TEXTS "v 10400 3\nX ./a\ns 4 main\ns 3 a.c\ns 5 build\ns 4 push\ns 3 /a\n"
/* main a.c:1 <- build a.c:16 with push a.c:32 inlined */
#define STACK "i 10 5 1 2 1\nt 1 0\ni 20 5 4 2 20 3 2 10\nt 2 1\n"

static void inlined_frames_come_innermost_first(void **state)
{
    Arena *arena = test_arena(state);
    Profile profile = test_reading(arena, S(TEXTS STACK "a 64 2\n+ 0\nc 5\n- 0\na 8 1\n+ 1\n"));
    assert_str(profile_print(arena, &profile),
               S("profile: tool heaptrack, format heaptrack, stacks\n"
                 "frames 3, stacks 3, threads 1, samples 2 of 2\n"
                 "metric peak in bytes, exact: total 100\n"
                 "metric allocated in bytes, exact: total 108\n"
                 "metric allocations in count, exact: total 2\n"
                 "metric temporary in count, exact: total 1\n"
                 "metric leaked in bytes, exact: total 8\n"
                 "100 100 1 1 0 x1 main (a.c:1);build (a.c:16);push (a.c:32) (inlined)\n"
                 "0 8 1 0 8 x1 main (a.c:1)\n"));
}

/*
 * An event between allocation and release makes it lasting, except that heaptrack_print takes
 * number 0 for temporary after any release. The first highest moment is the peak.
 */
static void events_are_counted_in_their_order(void **state)
{
    Arena *arena = test_arena(state);
    Profile profile = test_reading(
        arena, S(TEXTS STACK "a 10 2\na 20 1\n+ 0\n+ 1\n- 1\n- 0\n+ 1\n- 1\n+ 0\n+ 1\n"));
    assert_int_equal(test_total(&profile, "peak"), 0x30);
    assert_int_equal(test_total(&profile, "temporary"), 3);
    assert_int_equal(test_total(&profile, "leaked"), 0x30);
    assert_str(test_line_text(arena, &profile, "peak", S("a.c"), 32), S("16 16"));
    assert_str(test_line_text(arena, &profile, "temporary", S("a.c"), 1), S("2 3"));
}

static void what_came_before_attaching_is_not_counted(void **state)
{
    Arena *arena = test_arena(state);
    Profile profile =
        test_reading(arena, S(TEXTS STACK "a 10 2\na 20 1\n+ 0\n+ 0\n+ 1\nA\n+ 0\n- 0\n+ 1\n"));
    assert_int_equal(test_total(&profile, "allocations"), 2);
    assert_int_equal(test_total(&profile, "peak"), 0x20);
    assert_int_equal(test_total(&profile, "leaked"), 0x20);
}

static void texts_with_a_length_may_hold_a_line_break(void **state)
{
    Arena *arena = test_arena(state);
    Profile profile = test_reading(
        arena, S("v 10400 3\ns 9 ab\n+ 0\n c\ns 3 x.c\ni 1 0 1 2 7\nt 1 0\na 5 1\n+ 0\n"));
    assert_str(profile_frame_text(arena, &profile, 0), S("ab\n+ 0\n c (x.c:7)"));
    assert_int_equal(profile.notes_len, 0);
}

static void code_without_a_name_has_its_address(void **state)
{
    Arena *arena = test_arena(state);
    Profile profile =
        test_reading(arena, S("v 10000 2\ns /lib/x.so\ni 7f00 1\nt 1 0\na 5 1\n+ 0\n"));
    assert_str(profile_frame_text(arena, &profile, 0), S("0x7f00"));
    assert_int_equal(profile.frames[0].kind, FRAME_NATIVE);
    assert_str(profile_text(&profile, profile.frames[0].module), S("/lib/x.so"));
}

static void who_only_hands_memory_out_is_left_out(void **state)
{
    Arena *arena = test_arena(state);
    Profile profile =
        test_reading(arena, S("v 10400 3\ns 1b operator new(unsigned long)\ns 4 main\ns 3 a.c\n"
                              "i 1 0 2 3 9\nt 1 0\ni 2 0 1 3 4\nt 2 1\na 5 2\n+ 0\n"));
    assert_str(test_line_text(arena, &profile, "peak", S("a.c"), 9), S("5 5"));
    assert_true(is_allocator(S("__rust_alloc")));
    assert_true(is_allocator(S("alloc::alloc::exchange_malloc")));
    assert_true(is_allocator(S("_RNvNtCslNYArtu3iFV_5alloc5alloc5alloc")));
    assert_true(is_allocator(S("_RNvXs_NtCslNYArtu3iFV_5alloc5allocNtB4_6GlobalNtNt")));
    assert_true(is_allocator(S("_RNvCs4fVhg_7___rustc12___rust_alloc")));
    assert_false(is_allocator(S("_RNvCs12_4work4pushINtNtCs34_5alloc5alloc6GlobalE")));
    assert_false(is_allocator(S("alloc::vec::Vec<T>::push")));
    assert_false(is_allocator(S("malloc_all_the_things")));
}

static void other_versions_are_refused(void **state)
{
    Arena *arena = test_arena(state);
    test_refused(arena, S("v 10400 4\nX a\n"), "of version 4; perfloop reads versions 1 to 3");
    test_refused(arena, S("v 900\nX a\n"), "before 1.0");
    test_refused(arena, S("v 10400 3\nx 4 main 0 0\nm 1 2\n"), "heaptrack_interpret");
    test_refused(arena, S("v 10400 3\na 1 7\n+ 0\n"), "without allocations");
}

static void what_is_broken_is_noted_and_left_out(void **state)
{
    Arena *arena = test_arena(state);
    Profile profile =
        test_reading(arena, S(TEXTS STACK "a 10 2\n+ 0\n+ 7\n- 9\na zz\nt 9 9\ni\n- 0\n- 0\n+ 0\n"
                                          "s ffffffffffffffff x\n"));
    assert_int_equal(test_total(&profile, "allocations"), 2);
    assert_int_equal(test_total(&profile, "leaked"), 16);
    assert_str(profile.notes[0], S("7 lines are not as heaptrack writes them"));
}

static void a_file_that_ends_inside_a_line_says_so(void **state)
{
    Arena *arena = test_arena(state);
    Profile profile = test_reading(arena, S(TEXTS STACK "a 10 2\na 80 2\n+ 0\n+ 1\n- 1"));
    assert_int_equal(test_total(&profile, "leaked"), 0x90);
    assert_int_equal(profile.notes_len, 1);
    assert_true(str_starts(profile.notes[0], S("the file ends inside a line: ")));
}

static void every_cut_is_read_or_one_error(void **state)
{
    Arena *arena = test_arena(state);
    Str bytes = S(TEXTS STACK "a 64 2\n+ 0\nc 5\n- 0\na 8 1\n+ 1\n");
    for (size_t len = 1; len < bytes.len; len++) {
        Err err = {0};
        Profile profile;
        if (!read_heaptrack(arena, str_head(bytes, len), &profile, &err))
            assert_true(err.msg[0]);
    }
}

TEST_MAIN(TEST(recordings_of_ours_have_their_figures),
          TEST(recordings_of_others_have_their_figures), TEST(inlined_frames_come_innermost_first),
          TEST(events_are_counted_in_their_order), TEST(what_came_before_attaching_is_not_counted),
          TEST(texts_with_a_length_may_hold_a_line_break),
          TEST(code_without_a_name_has_its_address), TEST(who_only_hands_memory_out_is_left_out),
          TEST(other_versions_are_refused), TEST(what_is_broken_is_noted_and_left_out),
          TEST(a_file_that_ends_inside_a_line_says_so), TEST(every_cut_is_read_or_one_error))
