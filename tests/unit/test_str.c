#include "base/str.h"

#include "base/units.h"
#include "tests/lib/check.h"

static void trim_keeps_inner_space(void **state UNUSED)
{
    assert_str(str_trim(S(" a b\n")), S("a b"));
    assert_str(str_trim(S("\t \n")), S(""));
}

static void cut_splits_at_the_first(void **state UNUSED)
{
    Str before, after;
    assert_true(str_cut(S("a=b=c"), '=', &before, &after));
    assert_str(before, S("a"));
    assert_str(after, S("b=c"));
    assert_false(str_cut(S("abc"), '=', &before, &after));
}

static void cut_last_splits_at_the_last(void **state UNUSED)
{
    Str before, after;
    assert_true(str_cut_last(S("a=b=c"), '=', &before, &after));
    assert_str(before, S("a=b"));
    assert_str(after, S("c"));
}

static void last_line_may_lack_its_newline(void **state UNUSED)
{
    Str rest = S("a\n\nb"), line;
    assert_true(str_next_line(&rest, &line));
    assert_str(line, S("a"));
    assert_true(str_next_line(&rest, &line));
    assert_str(line, S(""));
    assert_true(str_next_line(&rest, &line));
    assert_str(line, S("b"));
    assert_false(str_next_line(&rest, &line));
}

static void order_puts_the_prefix_first(void **state UNUSED)
{
    assert_true(str_cmp(S("ab"), S("abc")) < 0);
    assert_true(str_cmp(S("b"), S("abc")) > 0);
    assert_int_equal(str_cmp(S("ab"), S("ab")), 0);
}

static void find_answers_size_max_for_nothing(void **state UNUSED)
{
    assert_int_equal(str_find(S("abcabc"), S("ca"), 0), 2);
    assert_int_equal(str_find(S("abcabc"), S("abc"), 1), 3);
    assert_true(str_find(S("abc"), S("x"), 0) == SIZE_MAX);
    assert_true(str_find(S("abc"), S("a"), 9) == SIZE_MAX);
}

static void numbers_take_the_whole_text_or_nothing(void **state UNUSED)
{
    uint64_t u = 7;
    int64_t i = 7;
    double d = 7;
    assert_true(str_to_u64(S("18446744073709551615"), &u));
    assert_true(u == UINT64_MAX);
    assert_false(str_to_u64(S("18446744073709551616"), &u));
    assert_false(str_to_u64(S("12x"), &u));
    assert_false(str_to_u64(S(""), &u));
    assert_true(str_to_i64(S("-9223372036854775808"), &i));
    assert_true(i == INT64_MIN);
    assert_false(str_to_i64(S("9223372036854775808"), &i));
    assert_true(str_to_double(S("-1.5e3"), &d));
    assert_true(d == -1500);
    assert_false(str_to_double(S("inf"), &d));
    assert_false(str_to_double(S("1 "), &d));
}

static void units_print_three_digits(void **state)
{
    Arena *arena = test_arena(state);
    assert_str(units_text(arena, 0.0081, UNIT_SECONDS), S("8.1 ms"));
    assert_str(units_text(arena, 0.99996, UNIT_SECONDS), S("1 s"));
    assert_str(units_text(arena, 90, UNIT_SECONDS), S("90 s"));
    assert_str(units_text(arena, 200, UNIT_SECONDS), S("3.33 min"));
    assert_str(units_text(arena, 123456789, UNIT_BYTES), S("123 MB"));
    assert_str(units_text(arena, 12300, UNIT_PER_SECOND), S("12,300 /s"));
    assert_str(units_text(arena, 0, UNIT_SECONDS), S("0 ns"));
    assert_str(units_text(arena, 42, UNIT_COUNT), S("42"));
    assert_str(units_delta(arena, -0.321), S("-32 %"));
    assert_str(units_delta(arena, 0.0042), S("+0.4 %"));
}

static void units_read_what_people_write(void **state UNUSED)
{
    double value;
    Unit unit;
    assert_true(units_parse(S("8 ms"), &value, &unit));
    assert_true(value == 0.008 && unit == UNIT_SECONDS);
    assert_true(units_parse(S("12000 /s"), &value, &unit));
    assert_true(value == 12000 && unit == UNIT_PER_SECOND);
    assert_true(units_parse(S("-30%"), &value, &unit));
    assert_true(value == -0.30 && unit == UNIT_PERCENT);
    assert_true(units_parse(S("512 KiB"), &value, &unit));
    assert_true(value == 524288 && unit == UNIT_BYTES);
    assert_true(units_parse(S("1e6"), &value, &unit));
    assert_true(value == 1e6 && unit == UNIT_COUNT);
    assert_false(units_parse(S("fast"), &value, &unit));
    assert_false(units_parse(S("8 parsecs"), &value, &unit));
}

TEST_MAIN(TEST(trim_keeps_inner_space), TEST(cut_splits_at_the_first),
          TEST(cut_last_splits_at_the_last), TEST(last_line_may_lack_its_newline),
          TEST(order_puts_the_prefix_first), TEST(find_answers_size_max_for_nothing),
          TEST(numbers_take_the_whole_text_or_nothing), TEST(units_print_three_digits),
          TEST(units_read_what_people_write))
