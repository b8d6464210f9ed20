#include "analysis/hotspots/anchor.h"
#include "base/strbuf.h"
#include "tests/lib/check.h"

static Str describe(Arena *arena, const Anchors *anchors)
{
    StrBuf out = strbuf_new(arena);
    for (size_t i = 0; i < anchors->len; i++)
        strbuf_fmt(&out, "%u-%u " STR_FMT "\n", anchors->items[i].was.n, anchors->items[i].now.n,
                   STR_ARG(anchor_state_name(anchors->items[i].state)));
    return strbuf_str(&out);
}

static AnchorSide side_of(Arena *arena, Str bytes)
{
    const Text *text = text_new(arena, bytes);
    Syntax *syntax = syntax_parse(LANG_PYTHON, text, NULL, NULL, 0, NULL);
    Outline *outline = NEW(arena, Outline);
    *outline = outline_of(arena, syntax, text);
    syntax_free(syntax);
    return (AnchorSide){text, outline};
}

static Anchors find(Arena *arena, Str then, Str now, const LineNo *lines, size_t count)
{
    AnchorSide a = side_of(arena, then), b = side_of(arena, now);
    return anchors_find(arena, &a, &b, lines, count);
}

static const LineNo ONE_TO_THREE[] = {{1}, {2}, {3}};

static void lines_below_an_insertion_have_moved(void **state)
{
    Arena *arena = test_arena(state);
    Anchors anchors = find(arena, S("def f(x):\n    y = x\n    return y\n"),
                           S("# new\ndef f(x):\n    y = x\n    return y\n"), ONE_TO_THREE, 3);
    assert_str(describe(arena, &anchors), S("1-2 moved\n2-3 moved\n3-4 moved\n"));
}

static void an_edited_line_is_changed_and_a_deleted_one_gone(void **state)
{
    Arena *arena = test_arena(state);
    Anchors anchors = find(arena, S("def f(x):\n    y = x\n    return y\n"),
                           S("def f(x):\n    return y + 1\n"), ONE_TO_THREE, 3);
    assert_str(describe(arena, &anchors), S("1-1 exact\n2-0 gone\n3-2 changed\n"));
}

static void another_line_end_changes_nothing(void **state)
{
    Arena *arena = test_arena(state);
    Anchors anchors = find(arena, S("def f(x):\n    y = x\n    return y\n"),
                           S("def f(x):\r\n    y = x\r\n    return y\r\n"), ONE_TO_THREE, 3);
    assert_str(describe(arena, &anchors), S("1-1 exact\n2-2 exact\n3-3 exact\n"));
}

/* Old line 4 looks like new line 3, but it became line 5. */
static void a_reindented_block_is_changed_and_not_confused_with_itself(void **state)
{
    Arena *arena = test_arena(state);
    const LineNo lines[] = {{2}, {4}};
    Anchors anchors = find(arena, S("for a in b:\n    total += a\n    if a:\n        total += a\n"),
                           S("with t:\n    for a in b:\n        total += a\n        if a:\n"
                             "            total += a\n"),
                           lines, 2);
    assert_str(describe(arena, &anchors), S("2-3 changed\n4-5 changed\n"));
}

static void one_of_two_equal_lines_deleted_leaves_both_in_doubt(void **state)
{
    Arena *arena = test_arena(state);
    Anchors anchors = find(arena, S("f()\nf()\ng()\n"), S("f()\ng()\n"), ONE_TO_THREE, 3);
    assert_str(describe(arena, &anchors), S("1-1 changed\n2-0 gone\n3-2 moved\n"));
}

static void a_renamed_function_keeps_its_lines(void **state)
{
    Arena *arena = test_arena(state);
    Anchors anchors = find(arena, S("def f(x):\n    y = x\n    return y\n"),
                           S("def g(x):\n    y = x\n    return y\n"), ONE_TO_THREE, 3);
    assert_str(describe(arena, &anchors), S("1-1 changed\n2-2 exact\n3-3 exact\n"));
}

/* `return y` stands in both functions; only the syntax knows which is which. */
static void a_function_that_was_moved_takes_its_lines_along(void **state)
{
    Arena *arena = test_arena(state);
    const LineNo lines[] = {{1}, {2}, {3}};
    Anchors anchors = find(arena,
                           S("def f(x):\n    y = 1\n    return y\n\ndef g(x):\n    y = 2\n"
                             "    z = 3\n    return y\n"),
                           S("def g(x):\n    y = 2\n    z = 3\n    return y\n\ndef f(x):\n"
                             "    y = 1\n    return y\n"),
                           lines, 3);
    assert_str(describe(arena, &anchors), S("1-6 moved\n2-7 moved\n3-8 moved\n"));
}

/* The bytes are the same, but they are called from elsewhere now. */
static void a_line_that_fell_into_another_function_is_changed(void **state)
{
    Arena *arena = test_arena(state);
    const LineNo lines[] = {{2}, {3}};
    Anchors anchors = find(arena, S("def f(x):\n    y = 1\n    z = 2\n"),
                           S("def f(x):\n    y = 1\ndef helper(x):\n    z = 2\n"), lines, 2);
    assert_str(describe(arena, &anchors), S("2-2 exact\n3-4 changed\n"));
}

/* ------------------------------------------------------------------ carrying */

static Anchors carry(Arena *arena, const Anchors *old, const Text **text, uint32_t start,
                     uint32_t end, Str replacement)
{
    TextChange change;
    *text = text_edit(arena, *text, (ByteRange){{start}, {end}}, replacement, &change);
    return anchors_carry(arena, old, &change, *text);
}

static void typing_in_a_line_changes_it_and_undoing_makes_it_exact_again(void **state)
{
    Arena *arena = test_arena(state);
    AnchorSide then = side_of(arena, S("a = 1\nb = 2\nc = 3\n"));
    const Text *text = then.text;
    Anchors anchors = anchors_find(arena, &then, &then, ONE_TO_THREE, 3);
    anchors = carry(arena, &anchors, &text, 11, 11, S("0"));
    assert_str(describe(arena, &anchors), S("1-1 exact\n2-2 changed\n3-3 exact\n"));
    anchors = carry(arena, &anchors, &text, 11, 12, S(""));
    assert_str(describe(arena, &anchors), S("1-1 exact\n2-2 exact\n3-3 exact\n"));
}

static void a_new_line_above_moves_and_enter_at_the_end_does_not(void **state)
{
    Arena *arena = test_arena(state);
    AnchorSide then = side_of(arena, S("a = 1\nb = 2\nc = 3\n"));
    const Text *text = then.text;
    Anchors anchors = anchors_find(arena, &then, &then, ONE_TO_THREE, 3);
    anchors = carry(arena, &anchors, &text, 5, 5, S("\n")); /* Enter behind "a = 1" */
    assert_str(describe(arena, &anchors), S("1-1 exact\n2-3 moved\n3-4 moved\n"));
    anchors = carry(arena, &anchors, &text, 0, 0, S("\n")); /* Enter before it */
    assert_str(describe(arena, &anchors), S("1-2 moved\n2-4 moved\n3-5 moved\n"));
}

static void deleted_lines_are_gone_and_stay_gone(void **state)
{
    Arena *arena = test_arena(state);
    AnchorSide then = side_of(arena, S("a = 1\nb = 2\nc = 3\n"));
    const Text *text = then.text;
    Anchors anchors = anchors_find(arena, &then, &then, ONE_TO_THREE, 3);
    anchors = carry(arena, &anchors, &text, 6, 12, S(""));
    assert_str(describe(arena, &anchors), S("1-1 exact\n2-0 gone\n3-2 moved\n"));
    anchors = carry(arena, &anchors, &text, 6, 6, S("b = 2\n"));
    assert_str(describe(arena, &anchors), S("1-1 exact\n2-0 gone\n3-3 exact\n"));
}

static void replacing_the_whole_text_keeps_what_is_in_both(void **state)
{
    Arena *arena = test_arena(state);
    AnchorSide then = side_of(arena, S("a = 1\nb = 2\nc = 3\n"));
    const Text *text = then.text;
    Anchors anchors = anchors_find(arena, &then, &then, ONE_TO_THREE, 3);
    anchors = carry(arena, &anchors, &text, 0, 18, S("z = 0\na = 1\nb = 7\nc = 3\n"));
    assert_str(describe(arena, &anchors), S("1-2 moved\n2-3 changed\n3-4 moved\n"));
}

static void only_lines_of_the_text_get_an_anchor_and_only_one(void **state)
{
    Arena *arena = test_arena(state);
    const LineNo lines[] = {{2}, {9}, {0}, {2}, {1}};
    Anchors anchors = find(arena, S("a\nb\n"), S("a\nb\n"), lines, 5);
    assert_str(describe(arena, &anchors), S("1-1 exact\n2-2 exact\n"));
    assert_int_equal(anchors_at(&anchors, (LineNo){2})->now.n, 2);
    assert_null(anchors_at(&anchors, (LineNo){9}));
}

TEST_MAIN(TEST(lines_below_an_insertion_have_moved),
          TEST(an_edited_line_is_changed_and_a_deleted_one_gone),
          TEST(another_line_end_changes_nothing),
          TEST(a_reindented_block_is_changed_and_not_confused_with_itself),
          TEST(one_of_two_equal_lines_deleted_leaves_both_in_doubt),
          TEST(a_renamed_function_keeps_its_lines),
          TEST(a_function_that_was_moved_takes_its_lines_along),
          TEST(a_line_that_fell_into_another_function_is_changed),
          TEST(typing_in_a_line_changes_it_and_undoing_makes_it_exact_again),
          TEST(a_new_line_above_moves_and_enter_at_the_end_does_not),
          TEST(deleted_lines_are_gone_and_stay_gone),
          TEST(replacing_the_whole_text_keeps_what_is_in_both),
          TEST(only_lines_of_the_text_get_an_anchor_and_only_one))
