#include "analysis/profile/readers.h"

#include <string.h>

#include "analysis/hotspots/hotspot.h"
#include "analysis/profile/python/marshal.h"
#include "tests/lib/check.h"
#include "tests/lib/golden.h"
#include "tests/lib/profiles.h"

/* Printed by pstats: Stats("tests/profiles/pstats/work_3.13.prof").stats, times 1e9. */
static void functions_have_what_pstats_says(void **state)
{
    Arena *arena = test_arena(state);
    Profile profile = test_profile_source(arena, "tests/profiles/pstats/work_3.13.prof");
    HotSpots spots = hotspots_of(arena, &profile, (HotOptions){0});
    assert_true(profile.graph);
    assert_str(profile.tool, S("cProfile"));
    assert_false(spots.sampled);
    assert_golden(arena, hotspots_print(arena, &spots), "tests/profiles/pstats/work_3.13.hotspots");
    const HotSpot *fib = test_function(&spots, S(""), S("fib"));
    assert_str(fib->file, S("work.py"));
    assert_int_equal(fib->line, 6);
    assert_true(fib->is_definition);
    assert_int_equal(fib->samples, 5);
    assert_int_equal(test_function(&spots, S(""), S("squares"))->samples, 3001);
    assert_int_equal(test_function(&spots, S(""), S("<module>"))->line, 1);
    assert_int_equal(test_function(&spots, S(""), S("<built-in method builtins.print>"))->kind,
                     FRAME_BUILTIN);
}

static void the_oldest_and_the_newest_python_agree_in_their_calls(void **state)
{
    Arena *arena = test_arena(state);
    const char *files[] = {"tests/profiles/pstats/work_3.8.prof",
                           "tests/profiles/pstats/work_3.13.prof"};
    for (size_t i = 0; i < 2; i++) {
        Profile profile = test_profile_source(arena, files[i]);
        size_t calls = profile_metric(&profile, S("calls"));
        HotSpots spots = hotspots_of(arena, &profile, (HotOptions){.metric = calls});
        assert_int_equal(test_function(&spots, S(""), S("squares"))->self, 3001);
        assert_int_equal(test_function(&spots, S(""), S("fib"))->self, 5);
        assert_int_equal(test_function(&spots, S(""), S("main"))->self, 1);
    }
}

static void a_value_that_holds_itself_is_refused(void **state)
{
    Err err = {0};
    assert_null(marshal_read(test_arena(state), S("\xdb\x01\0\0\0r\0\0\0\0"), &err));
    assert_string_equal(err.msg, "byte 10: a value that holds itself");
}

static void lengths_are_checked_before_they_are_believed(void **state)
{
    Err err = {0};
    assert_null(marshal_read(test_arena(state), S("{(\xff\xff\xff\x7f"), &err));
    assert_string_equal(err.msg, "byte 6: a length beyond the end of the file");
    assert_null(marshal_read(test_arena(state), S("u\xff\xff\xff\xff"), &err));
    assert_null(marshal_read(test_arena(state), S("l\0\0\0\x80"), &err));
    assert_null(marshal_read(test_arena(state), S("c\0\0\0\0"), &err));
    assert_string_equal(err.msg, "byte 0: not a value that a profile is made of");
    char deep[400];
    memset(deep, ')', sizeof(deep));
    for (size_t i = 1; i < sizeof(deep); i += 2)
        deep[i] = 1;
    assert_null(marshal_read(test_arena(state), (Str){deep, sizeof(deep)}, &err));
    assert_non_null(strstr(err.msg, "nested too deeply"));
}

static void numbers_of_all_spellings_are_read(void **state)
{
    Arena *arena = test_arena(state);
    Err err = {0};
    const Marshal *list = marshal_read(arena,
                                       S(")\x06"
                                         "i\xfe\xff\xff\xff"
                                         "l\x02\0\0\0\x01\0\x01\0"
                                         "l\xff\xff\xff\xff\x05\0"
                                         "f\x03"
                                         "1.5"
                                         "TN"),
                                       &err);
    assert_non_null(list);
    assert_int_equal(list->items[0]->integer, -2);
    assert_int_equal(list->items[1]->integer, 32769);
    assert_int_equal(list->items[2]->integer, -5);
    assert_true(marshal_number(list->items[3]) == 1.5);
    assert_int_equal(list->items[4]->integer, 1);
    assert_int_equal(list->items[5]->type, MARSHAL_NONE);
}

static void every_cut_is_one_error(void **state)
{
    Arena *arena = test_arena(state);
    Str bytes = test_bytes(arena, test_source_path(arena, "tests/profiles/pstats/work_3.8.prof"));
    Profile profile;
    for (size_t len = 1; len < bytes.len; len += 1 + len / 50) {
        Err err = {0};
        ArenaMark mark = arena_mark(arena);
        assert_false(read_pstats(arena, str_head(bytes, len), &profile, &err));
        assert_non_null(strstr(err.msg, "byte "));
        arena_rollback(arena, mark);
    }
}

TEST_MAIN(TEST(functions_have_what_pstats_says),
          TEST(the_oldest_and_the_newest_python_agree_in_their_calls),
          TEST(a_value_that_holds_itself_is_refused),
          TEST(lengths_are_checked_before_they_are_believed),
          TEST(numbers_of_all_spellings_are_read), TEST(every_cut_is_one_error))
