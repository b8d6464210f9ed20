#include "tests/lib/check.h"

#include "base/file.h"
#include "base/path.h"
#include "runners/ledger/contents.h"

static void a_text_comes_back_byte_for_byte(void **state)
{
    Arena *arena = test_arena(state);
    Places places = {.state = test_temp_dir(arena)};
    Err err = {0};
    Str text = {"a\0b\r\n\xff", 6}, got;
    Digest id, again;
    assert_ok(contents_put(&places, text, &id, &err), &err);
    assert_ok(contents_put(&places, text, &again, &err), &err);
    assert_true(digest_eq(id, again));
    assert_ok(contents_get(arena, &places, id, &got, &err), &err);
    assert_str(got, text);
}

static void a_damaged_text_counts_as_absent(void **state)
{
    Arena *arena = test_arena(state);
    Places places = {.state = test_temp_dir(arena)};
    Err err = {0};
    Digest id;
    Str got;
    assert_ok(contents_put(&places, S("one text"), &id, &err), &err);
    Str file = path_join(arena, places.state,
                         str_fmt(arena, "contents/" STR_FMT, STR_ARG(digest_hex(arena, id))));
    assert_ok(file_write(file, S("other!!!"), &err), &err);
    assert_false(contents_get(arena, &places, id, &got, &err));
    assert_int_equal(err.kind, ERR_NOT_FOUND);
}

TEST_MAIN(TEST(a_text_comes_back_byte_for_byte), TEST(a_damaged_text_counts_as_absent))
