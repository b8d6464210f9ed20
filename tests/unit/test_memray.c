#include "analysis/profile/readers.h"

#include <string.h>

#include "analysis/hotspots/hotspot.h"
#include "analysis/profile/format.h"
#include "base/strbuf.h"
#include "tests/lib/check.h"
#include "tests/lib/golden.h"
#include "tests/lib/profiles.h"

#define HEAD "allocator,num_allocations,size,tid,thread_name,stack_trace\r\n"

static int64_t total_of_line(Arena *arena, const Profile *profile, Str file_end, uint32_t line)
{
    HotSpots spots = hotspots_of(arena, profile, (HotOptions){0});
    for (size_t i = 0; i < spots.lines_len; i++)
        if (spots.lines[i].line == line && str_ends(spots.lines[i].file, file_end))
            return spots.lines[i].total;
    return -1;
}

/* Made by memray 1.9.1; figures added up from the csv by a short Python program (csv, Counter). */
static void a_recording_of_ours_is_read(void **state)
{
    Arena *arena = test_arena(state);
    Profile profile =
        test_profile_at(arena, test_source_path(arena, "tests/profiles/memray/work.csv"));
    assert_str(profile.tool, S("memray"));
    assert_int_equal(profile_total(&profile, 0), 6343296);
    assert_int_equal(profile_total(&profile, 1), 53);
    assert_int_equal(total_of_line(arena, &profile, S("work.py"), 29), 3212896);
    assert_golden(arena, profile_print(arena, &profile), "tests/profiles/memray/work.expect");
}

/* Figures of INDEX.md. */
static void a_recording_of_others_has_its_totals(void **state)
{
    Arena *arena = test_arena(state);
    Str path = test_shared_path(arena, "samples/memray/vscode-flamegraph.example.csv");
    if (!path.len)
        skip();
    Profile profile = test_profile_at(arena, path);
    assert_int_equal(profile_total(&profile, 0), 411072404);
    assert_int_equal(total_of_line(arena, &profile, S("main.py"), 8), 321937408);
}

static void stacks_are_leaf_first_and_what_started_them_is_left_out(void **state)
{
    Arena *arena = test_arena(state);
    Profile profile = test_reading(
        arena, S(HEAD "MALLOC,2,64,1,0x1,f;a.py;3|<module>;a.py;9|run_path;<frozen runpy>;280|"
                      "_run_tracker;/v/memray/commands/run.py;66\r\n"
                      "MMAP,1,8,1,0x1,_run_tracker;/v/memray/commands/run.py;66\r\n"));
    assert_str(profile_print(arena, &profile),
               S("profile: tool memray, format memray csv, stacks\n"
                 "frames 4, stacks 3, threads 1, samples 2 of 3\n"
                 "metric peak in bytes, exact: total 72\n"
                 "metric allocations in count, exact: total 3\n"
                 "thread 0: 0x1\n"
                 "note: memray's csv does not say what it holds; taken as memory at its peak, not "
                 "as --leaks or --temporary-allocations\n"
                 "64 2 x2 <module> (a.py:9);f (a.py:3)\n"
                 "8 1 x1 _run_tracker (/v/memray/commands/run.py:66)\n"));
}

static void ours_names_its_metrics_and_may_say_something(void **state)
{
    Arena *arena = test_arena(state);
    Profile profile;
    Err err = {0};
    assert_true(profile_read(arena, S("x.csv"),
                             S("perfloop stacks,memray,peak:bytes,leaked:bytes,blocks:count\r\n"
                               "note,\"a, sentence\"\r\n"
                               "64,0,2,f;a.py;3|<module>;a.py;9\r\n8,8,1,\r\n0,5,1,f;a.py;3\r\n"
                               "1,2\r\n1,-2,3,f;a.py;3\r\n"),
                             &profile, &err));
    assert_str(profile_print(arena, &profile),
               S("profile: tool memray, format memory stacks, stacks\n"
                 "frames 2, stacks 3, threads 1, samples 3 of 4\n"
                 "metric peak in bytes, exact: total 72\n"
                 "metric leaked in bytes, exact: total 13\n"
                 "metric blocks in count, exact: total 4\n"
                 "note: a, sentence\n"
                 "note: 2 rows or frames are not as perfloop writes them\n"
                 "64 0 2 x2 <module> (a.py:9);f (a.py:3)\n"
                 "8 8 1 x1 \n"
                 "0 5 1 x1 f (a.py:3)\n"));
}

static void ours_without_metrics_or_rows_is_refused(void **state)
{
    Arena *arena = test_arena(state);
    Profile profile;
    Err err = {0};
    StrBuf many = strbuf_new(arena);
    strbuf_add(&many, S("perfloop stacks,memray"));
    for (int i = 0; i < 1000; i++)
        strbuf_add(&many, S(",a:bytes"));
    assert_false(read_memory_stacks(arena, S("perfloop stacks,memray\n"), &profile, &err));
    assert_non_null(strstr(err.msg, "stacks with 0 metrics"));
    assert_false(read_memory_stacks(arena, strbuf_str(&many), &profile, &err));
    assert_non_null(strstr(err.msg, "stacks with 1000 metrics"));
    assert_false(
        read_memory_stacks(arena, S("perfloop stacks,memray,a:bytes\nx,y\n"), &profile, &err));
    assert_non_null(strstr(err.msg, "without a row"));
}

static void names_of_native_code_may_hold_anything(void **state)
{
    Arena *arena = test_arena(state);
    Profile profile =
        test_reading(arena, S(HEAD "MALLOC,1,7,1,\"main \"\"x\"\", y\",\"operator|(a, b);;x.cpp;3|"
                                   "void f<a|b>(int, int);f.cpp;4|g;a;b.py;5\"\r\n"));
    assert_int_equal(profile.frames_len, 3);
    assert_str(profile_frame_text(arena, &profile, profile.stacks[1].frame), S("g;a (b.py:5)"));
    assert_str(profile_frame_text(arena, &profile, profile.stacks[2].frame),
               S("void f<a|b>(int, int) (f.cpp:4)"));
    assert_str(profile_frame_text(arena, &profile, profile.stacks[3].frame),
               S("operator|(a, b); (x.cpp:3)"));
    assert_str(profile_text(&profile, profile.threads[0].name), S("main \"x\", y"));
}

static void what_is_broken_is_noted_and_left_out(void **state)
{
    Arena *arena = test_arena(state);
    Profile profile =
        test_reading(arena, S(HEAD "MALLOC,1,7,1,t,f;a.py;3\r\nMALLOC,x,7,1,t,f;a.py;3\r\n"
                                   "MALLOC,1,-7,1,t,f;a.py;3\r\nMALLOC,1\r\n\r\n"
                                   "MALLOC,1,5,1,t,no place\r\n"));
    assert_int_equal(profile_total(&profile, 0), 12);
    assert_str(profile.notes[1], S("4 rows or frames are not as memray writes them"));
    Err err = {0};
    assert_false(read_memray_csv(arena, S(HEAD "MALLOC\r\n"), &profile, &err));
    assert_non_null(strstr(err.msg, "without its rows"));
}

static void a_recording_of_nothing_is_empty(void **state)
{
    Profile profile = test_reading(test_arena(state), S(HEAD));
    assert_int_equal(profile_total(&profile, 0), 0);
}

static void deep_stacks_are_cut(void **state)
{
    Arena *arena = test_arena(state);
    StrBuf row = strbuf_new(arena);
    strbuf_add(&row, S(HEAD "MALLOC,1,7,1,t,f;a.py;3"));
    for (int i = 0; i < 20000; i++)
        strbuf_add(&row, S("|f;a.py;4"));
    Profile profile = test_reading(arena, strbuf_str(&row));
    assert_int_equal(profile.stacks_len, 10001);
    assert_str(profile.notes[1], S("1 stack was cut: it is deeper than 10000 frames"));
}

/* Made by memray 1.9.1; figures as they stand in the file. */
static void statistics_of_ours_are_read(void **state)
{
    Arena *arena = test_arena(state);
    Profile profile =
        test_profile_at(arena, test_source_path(arena, "tests/profiles/memray/work.stats.json"));
    assert_int_equal(profile_total(&profile, profile_metric(&profile, S("allocated"))), 12852908);
    assert_int_equal(profile_total(&profile, profile_metric(&profile, S("allocations"))), 282);
    assert_int_equal(total_of_line(arena, &profile, S("json/encoder.py"), 258), 8758085);
    assert_int_equal(total_of_line(arena, &profile, S("work.py"), 29), 3733280);
}

static void statistics_of_lines_are_split_from_their_end(void **state)
{
    Arena *arena = test_arena(state);
    Profile profile = test_reading(
        arena, S("{\"total_num_allocations\":3,\"total_bytes_allocated\":9,"
                 "\"top_allocations_by_size\":[{\"location\":\"std::f:a b.c:3\",\"size\":7},"
                 "{\"location\":\"x\",\"size\":1},{\"location\":\"f:a.c:3\",\"size\":-1}],"
                 "\"top_allocations_by_count\":[{\"location\":\"std::f:a b.c:3\",\"count\":2}]}"));
    assert_str(
        profile_print(arena, &profile),
        S("profile: tool memray, format memray stats, stacks\n"
          "frames 1, stacks 1, threads 1, samples 2 of 3\n"
          "metric allocated in bytes, exact: total 9\n"
          "metric allocations in count, exact: total 3\n"
          "note: memray's statistics list the heaviest lines only (memray stats -n), without "
          "what called them\n"
          "note: 2 lines are not as memray writes them\n"
          "7 2 x2 std::f (a b.c:3)\n"
          "2 1 x1 \n"));
}

static void the_private_format_is_named(void **state)
{
    Arena *arena = test_arena(state);
    test_refused(arena, S("memray\0\x0c\0\0\0"), "memray transform csv");
    test_refused(arena, S("\x04\x22\x4d\x18\x40\x40"), "memray transform csv");
}

TEST_MAIN(TEST(a_recording_of_ours_is_read), TEST(a_recording_of_others_has_its_totals),
          TEST(stacks_are_leaf_first_and_what_started_them_is_left_out),
          TEST(ours_names_its_metrics_and_may_say_something),
          TEST(ours_without_metrics_or_rows_is_refused),
          TEST(names_of_native_code_may_hold_anything), TEST(what_is_broken_is_noted_and_left_out),
          TEST(a_recording_of_nothing_is_empty), TEST(deep_stacks_are_cut),
          TEST(statistics_of_ours_are_read), TEST(statistics_of_lines_are_split_from_their_end),
          TEST(the_private_format_is_named))
