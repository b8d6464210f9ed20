#include "analysis/source/linemap.h"

#include <string.h>

#include "base/strbuf.h"
#include "tests/lib/check.h"

/* "1=1 2~3 3-": same, altered, gone. */
static Str map_text(Arena *arena, Str old, Str now)
{
    LineMap map = linemap_of(arena, text_new(arena, old), text_new(arena, now));
    StrBuf out = strbuf_new(arena);
    for (uint32_t i = 0; i < map.len; i++) {
        const LineTo *line = &map.lines[i];
        strbuf_fmt(&out, i ? " %u" : "%u", i + 1);
        if (line->fate == LINE_GONE)
            strbuf_char(&out, '-');
        else
            strbuf_fmt(&out, "%c%u", line->fate == LINE_SAME ? '=' : '~', line->to.n);
    }
    return strbuf_str(&out);
}

static void equal_texts_are_the_same_line_by_line(void **state)
{
    assert_str(map_text(test_arena(state), S("a\na\nb"), S("a\na\nb")), S("1=1 2=2 3=3"));
}

static void insertions_and_deletions_shift(void **state)
{
    assert_str(map_text(test_arena(state), S("a\nb\nc\nd"), S("x\na\nb\nd")), S("1=2 2=3 3- 4=4"));
}

static void an_edited_line_is_altered_in_its_place(void **state)
{
    assert_str(map_text(test_arena(state), S("a\nb = 1\nc"), S("a\nb = 2\nc")), S("1=1 2~2 3=3"));
}

static void an_edited_line_is_told_from_a_new_one_by_likeness(void **state)
{
    assert_str(map_text(test_arena(state), S("a\nvalue = f(1, 2)\nc"),
                        S("a\nsomething()\nvalue = f(1, 3)\nc")),
               S("1=1 2~3 3=4"));
}

static void a_line_unlike_all_others_takes_the_first_place(void **state)
{
    assert_str(map_text(test_arena(state), S("a\nqqqq\nc"), S("a\nxx()\nyyy\nc")),
               S("1=1 2~2 3=4"));
}

static void a_reindented_block_is_followed_but_altered(void **state)
{
    assert_str(map_text(test_arena(state), S("a\nb\nc"), S("if x:\n    a\n    b\n    c")),
               S("1~2 2~3 3~4"));
}

static void two_swapped_lines_are_both_found(void **state)
{
    assert_str(map_text(test_arena(state), S("a\nb\nc\nd"), S("a\nc\nb\nd")), S("1=1 2=3 3=2 4=4"));
}

/* Which of the three is left? */
static void equal_lines_are_in_doubt_when_one_is_missing(void **state)
{
    assert_str(map_text(test_arena(state), S("a\nx\nx\nx\nb"), S("a\nx\nx\nb")),
               S("1=1 2~2 3~3 4- 5=4"));
}

static void a_copy_does_not_put_its_original_in_doubt(void **state)
{
    assert_str(map_text(test_arena(state), S("a\nhot()\nb"), S("a\nhot()\nhot()\nb")),
               S("1=1 2=2 3=4"));
}

static void a_bracket_far_from_its_neighbours_is_in_doubt(void **state)
{
    assert_str(map_text(test_arena(state), S("f {\nx\n}\ng {\ny\n}"), S("h {\nz\n}\ng {\ny\n}")),
               S("1~1 2~2 3~3 4=4 5=5 6=6"));
}

static void line_ends_are_no_part_of_a_line(void **state)
{
    assert_str(map_text(test_arena(state), S("a\nb\n"), S("a\r\nb\r\n")), S("1=1 2=2 3=3"));
}

static void empty_texts_are_no_trouble(void **state)
{
    assert_str(map_text(test_arena(state), S(""), S("")), S("1=1"));
    assert_str(map_text(test_arena(state), S("a\nb"), S("")), S("1~1 2-"));
    assert_str(map_text(test_arena(state), S(""), S("a\nb")), S("1~1"));
}

static Str repeated(Arena *arena, const char *pattern, uint32_t count)
{
    StrBuf out = strbuf_new(arena);
    for (uint32_t i = 0; i < count; i++)
        strbuf_fmt(&out, "%c\n", pattern[i % strlen(pattern)]);
    return strbuf_str(&out);
}

/* Quadratic in such a text would be minutes, not a moment. */
static void many_equal_lines_take_bounded_time(void **state)
{
    Arena *arena = test_arena(state);
    Str old = repeated(arena, "aab", 60000), now = repeated(arena, "abb", 50000);
    LineMap map = linemap_of(arena, text_new(arena, old), text_new(arena, now));
    assert_int_equal(map.len, 60001);
    assert_int_equal(map.lines[60000].to.n, 50001);
}

/* Each level of the patience finds one more unique line. */
static void deeply_nested_uniqueness_takes_bounded_time(void **state)
{
    Arena *arena = test_arena(state);
    StrBuf old = strbuf_new(arena), now = strbuf_new(arena);
    for (uint32_t i = 0; i < 20000; i++) {
        strbuf_fmt(&old, "%u\n%u\n", i, i + 1);
        strbuf_fmt(&now, "%u\n%u\n", i + 1, i);
    }
    LineMap map =
        linemap_of(arena, text_new(arena, strbuf_str(&old)), text_new(arena, strbuf_str(&now)));
    assert_int_equal(map.len, 40001);
}

TEST_MAIN(TEST(equal_texts_are_the_same_line_by_line), TEST(insertions_and_deletions_shift),
          TEST(an_edited_line_is_altered_in_its_place),
          TEST(an_edited_line_is_told_from_a_new_one_by_likeness),
          TEST(a_line_unlike_all_others_takes_the_first_place),
          TEST(a_reindented_block_is_followed_but_altered), TEST(two_swapped_lines_are_both_found),
          TEST(equal_lines_are_in_doubt_when_one_is_missing),
          TEST(a_copy_does_not_put_its_original_in_doubt),
          TEST(a_bracket_far_from_its_neighbours_is_in_doubt),
          TEST(line_ends_are_no_part_of_a_line), TEST(empty_texts_are_no_trouble),
          TEST(many_equal_lines_take_bounded_time),
          TEST(deeply_nested_uniqueness_takes_bounded_time))
