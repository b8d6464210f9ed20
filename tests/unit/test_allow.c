/* The trust store: exactly this command, in exactly this root. */

#include "runners/allow.h"

#include "base/file.h"
#include "base/path.h"
#include "tests/lib/check.h"

static Places places_in(Arena *arena, const char *root)
{
    return (Places){.root = str_from_c(root),
                    .user_state = path_join(arena, test_temp_dir(arena), S("s"))};
}

static WorkloadCommand command(Arena *arena, const char *text)
{
    WorkloadCommand out = {.text = str_from_c(text)};
    assert_true(workload_split(arena, out.text, &out.argv, &out.argc));
    return out;
}

static void only_the_same_command_in_the_same_root_is_agreed(void **state)
{
    Arena *arena = test_arena(state);
    Places places = places_in(arena, "/w/a"), other = places;
    other.root = S("/w/b");
    Err err = {0};
    WorkloadCommand pytest = command(arena, "pytest -q"), joined = command(arena, "'pytest -q'");
    WorkloadCommand longer = command(arena, "pytest -q -x"), shell = pytest;
    Str words[] = {S("/bin/sh"), S("-c"), S("pytest -q")};
    shell.argv = words;
    shell.argc = 3;
    assert_false(allow_is_agreed(arena, &places, &pytest));
    assert_ok(allow_add(arena, &places, &pytest, &err), &err);
    assert_true(allow_is_agreed(arena, &places, &pytest));
    assert_false(allow_is_agreed(arena, &other, &pytest));
    assert_false(allow_is_agreed(arena, &places, &joined));
    assert_false(allow_is_agreed(arena, &places, &longer));
    assert_false(allow_is_agreed(arena, &places, &shell));
}

static void words_that_are_not_text_are_kept_apart(void **state)
{
    Arena *arena = test_arena(state);
    Places places = places_in(arena, "/w");
    Err err = {0};
    WorkloadCommand one = command(arena, "run \xff"), two = command(arena, "run \xfe");
    WorkloadCommand three = command(arena, "run '{\"bytes\":\"ff\"}'");
    assert_ok(allow_add(arena, &places, &one, &err), &err);
    assert_true(allow_is_agreed(arena, &places, &one));
    assert_false(allow_is_agreed(arena, &places, &two));
    assert_false(allow_is_agreed(arena, &places, &three));
}

static void revoking_takes_back_this_root_only(void **state)
{
    Arena *arena = test_arena(state);
    Places places = places_in(arena, "/w/a"), other = places;
    other.root = S("/w/b");
    Err err = {0};
    size_t removed;
    AllowedList list;
    WorkloadCommand one = command(arena, "one"), two = command(arena, "two");
    assert_ok(allow_add(arena, &places, &one, &err), &err);
    assert_ok(allow_add(arena, &places, &one, &err), &err);
    assert_ok(allow_add(arena, &places, &two, &err), &err);
    assert_ok(allow_add(arena, &other, &one, &err), &err);
    assert_ok(allow_list(arena, &places, true, &list, &err), &err);
    assert_int_equal(list.len, 3);
    assert_ok(allow_revoke(arena, &places, &removed, &err), &err);
    assert_int_equal(removed, 2);
    assert_false(allow_is_agreed(arena, &places, &one));
    assert_true(allow_is_agreed(arena, &other, &one));
}

static void a_broken_store_agrees_to_nothing_and_can_be_used(void **state)
{
    Arena *arena = test_arena(state);
    Places places = places_in(arena, "/w");
    Err err = {0};
    WorkloadCommand one = command(arena, "one");
    assert_ok(file_make_dirs(places.user_state, &err), &err);
    Str path = path_join(arena, places.user_state, S("trust"));
    assert_ok(file_write(path, S("{\"key\":[\"/w\",\"one\"]\nrubbish\n[]"), &err), &err);
    assert_false(allow_is_agreed(arena, &places, &one));
    assert_ok(allow_add(arena, &places, &one, &err), &err);
    assert_true(allow_is_agreed(arena, &places, &one));
}

TEST_MAIN(TEST(only_the_same_command_in_the_same_root_is_agreed),
          TEST(words_that_are_not_text_are_kept_apart), TEST(revoking_takes_back_this_root_only),
          TEST(a_broken_store_agrees_to_nothing_and_can_be_used))
