#include "analysis/source/text.h"
#include "base/strbuf.h"
#include "base/utf8.h"
#include "tests/lib/check.h"

static void every_kind_of_line_end_ends_a_line(void **state)
{
    const Text *text = text_new(test_arena(state), S("one\ntwo\r\nthree\rfour"));
    assert_int_equal(text_lines(text), 4);
    assert_str(text_line(text, (LineNo){1}), S("one"));
    assert_str(text_line(text, (LineNo){2}), S("two"));
    assert_str(text_line(text, (LineNo){3}), S("three"));
    assert_str(text_line(text, (LineNo){4}), S("four"));
    assert_str(text_line(text, (LineNo){5}), S(""));
    assert_str(text_line(text, (LineNo){0}), S(""));
}

static void a_final_line_end_opens_an_empty_line(void **state)
{
    assert_int_equal(text_lines(text_new(test_arena(state), S("a\n"))), 2);
    assert_int_equal(text_lines(text_new(test_arena(state), S("a\r"))), 2);
    assert_int_equal(text_lines(text_new(test_arena(state), S("\r\n"))), 2);
    assert_int_equal(text_lines(text_new(test_arena(state), S(""))), 1);
    assert_int_equal(text_lines(text_new(test_arena(state), (Str){0})), 1);
}

static void a_line_end_belongs_to_the_line_it_ends(void **state)
{
    const Text *text = text_new(test_arena(state), S("ab\r\ncd"));
    assert_int_equal(text_line_at(text, (ByteOffset){3}).n, 1);
    assert_int_equal(text_line_at(text, (ByteOffset){4}).n, 2);
    assert_int_equal(text_line_at(text, (ByteOffset){600}).n, 2);
}

static void check_position(const Text *text, PositionEncoding encoding, LspPosition at,
                           uint32_t offset)
{
    assert_int_equal(text_offset_from_lsp(text, at, encoding).n, offset);
    LspPosition back = text_lsp_from_offset(text, (ByteOffset){offset}, encoding);
    assert_int_equal(back.line, at.line);
    assert_int_equal(back.character, at.character);
}

/* "aé€😀b": characters of 1, 2, 3, 4 and 1 bytes; 1, 1, 1, 2 and 1 units of UTF-16. */
static void positions_count_in_the_units_of_the_client(void **state)
{
    const Text *text = text_new(test_arena(state), S("x\na\u00e9\u20ac\U0001F600b\n"));
    const uint32_t offsets[] = {2, 3, 5, 8, 12, 13};
    const uint32_t utf8[] = {0, 1, 3, 6, 10, 11};
    const uint32_t utf16[] = {0, 1, 2, 3, 5, 6};
    const uint32_t utf32[] = {0, 1, 2, 3, 4, 5};
    for (size_t i = 0; i < 6; i++) {
        check_position(text, ENCODING_UTF8, (LspPosition){1, utf8[i]}, offsets[i]);
        check_position(text, ENCODING_UTF16, (LspPosition){1, utf16[i]}, offsets[i]);
        check_position(text, ENCODING_UTF32, (LspPosition){1, utf32[i]}, offsets[i]);
    }
}

static void positions_outside_are_mended(void **state)
{
    const Text *text = text_new(test_arena(state), S("ab\r\n\U0001F600\n"));
    assert_int_equal(text_offset_from_lsp(text, (LspPosition){0, 9}, ENCODING_UTF16).n, 2);
    assert_int_equal(text_offset_from_lsp(text, (LspPosition){7, 0}, ENCODING_UTF16).n, 9);
    /* Half a surrogate pair, and the middle of a sequence of four bytes. */
    assert_int_equal(text_offset_from_lsp(text, (LspPosition){1, 1}, ENCODING_UTF16).n, 4);
    assert_int_equal(text_offset_from_lsp(text, (LspPosition){1, 3}, ENCODING_UTF8).n, 4);
    /* Between "\r" and "\n" is the end of the line. */
    assert_int_equal(text_lsp_from_offset(text, (ByteOffset){3}, ENCODING_UTF16).character, 2);
}

static void bytes_that_are_no_utf8_count_as_characters(void **state)
{
    const Text *text = text_new(test_arena(state), S("\xff\xe2\x82z"));
    assert_int_equal(text_lsp_from_offset(text, (ByteOffset){3}, ENCODING_UTF16).character, 3);
    assert_int_equal(text_offset_from_lsp(text, (LspPosition){0, 3}, ENCODING_UTF32).n, 3);
}

static void an_edit_says_which_lines_it_touched(void **state)
{
    Arena *arena = test_arena(state);
    const Text *old = text_new(arena, S("a\nb\nc\n"));
    TextChange change;
    const Text *now = text_edit(arena, old, (ByteRange){{2}, {4}}, S("x\ny\n"), &change);
    assert_str(text_bytes(now), S("a\nx\ny\nc\n"));
    assert_int_equal(change.first.n, 2);
    assert_int_equal(change.old_lines, 2); /* b, and c, at whose start the edit ends */
    assert_int_equal(change.new_lines, 3);
    assert_int_equal(change.new_end_point.row, 3);
    assert_int_equal(change.new_end_point.column, 0);
}

static void joining_a_carriage_return_and_a_newline_touches_the_line_before(void **state)
{
    Arena *arena = test_arena(state);
    const Text *old = text_new(arena, S("a\rXX\nb"));
    TextChange change;
    const Text *now = text_edit(arena, old, (ByteRange){{2}, {4}}, S(""), &change);
    assert_int_equal(text_lines(now), 2);
    assert_int_equal(change.first.n, 1);
    assert_int_equal(change.old_lines, 2);
    assert_int_equal(change.new_lines, 1);
}

static void a_backward_range_beyond_the_end_is_mended(void **state)
{
    Arena *arena = test_arena(state);
    const Text *now =
        text_edit(arena, text_new(arena, S("abc")), (ByteRange){{900}, {1}}, S("X"), NULL);
    assert_str(text_bytes(now), S("aX"));
}

/* ------------------------------------------------------------------ random edits, free oracle */

static uint64_t next_random(uint64_t *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    return *seed;
}

static Str random_piece(Arena *arena, uint64_t *seed)
{
    static const Str PIECES[] = {
        STR_CONST("\n"), STR_CONST("\r"),         STR_CONST("\r\n"), STR_CONST("ab"),
        STR_CONST("é"),  STR_CONST("\U0001F600"), STR_CONST("\xff"), STR_CONST("\n\n\r"),
    };
    StrBuf out = strbuf_new(arena);
    for (uint64_t left = next_random(seed) % 5; left > 0; left--)
        strbuf_add(&out, PIECES[next_random(seed) % (sizeof(PIECES) / sizeof(PIECES[0]))]);
    return strbuf_str(&out);
}

static void check_equal(const Text *got, const Text *want)
{
    assert_str(text_bytes(got), text_bytes(want));
    assert_true(digest_eq(text_id(got), text_id(want)));
    assert_int_equal(text_lines(got), text_lines(want));
    for (uint32_t n = 1; n <= text_lines(want); n++)
        assert_int_equal(text_line_range(got, (LineNo){n}).start.n,
                         text_line_range(want, (LineNo){n}).start.n);
    ByteOffset end = {(uint32_t)text_bytes(want).len};
    assert_int_equal(text_point_at(got, end).row, text_point_at(want, end).row);
}

static void check_change(const TextChange *change, const Text *now)
{
    const Text *old = change->before;
    assert_int_equal(text_lines(old) - change->old_lines, text_lines(now) - change->new_lines);
    for (uint32_t n = 1; n < change->first.n; n++)
        assert_str(text_line(now, (LineNo){n}), text_line(old, (LineNo){n}));
    for (uint32_t n = change->first.n + change->old_lines; n <= text_lines(old); n++)
        assert_str(text_line(now, (LineNo){n + change->new_lines - change->old_lines}),
                   text_line(old, (LineNo){n}));
}

static void after_any_edits_a_text_equals_a_full_resend(void **state)
{
    Arena *arena = test_arena(state);
    uint64_t seed = 20261122;
    for (int script = 0; script < 2000; script++) {
        ArenaMark mark = arena_mark(arena);
        const Text *text = text_new(arena, random_piece(arena, &seed));
        for (int step = 0; step < 10; step++) {
            uint32_t len = (uint32_t)text_bytes(text).len + 1;
            ByteRange range = {{(uint32_t)next_random(&seed) % len},
                               {(uint32_t)next_random(&seed) % len}};
            TextChange change;
            text = text_edit(arena, text, range, random_piece(arena, &seed), &change);
            check_equal(text, text_new(arena, text_bytes(text)));
            check_change(&change, text);
        }
        arena_rollback(arena, mark);
    }
}

static void every_character_border_survives_the_way_to_lsp_and_back(void **state)
{
    Arena *arena = test_arena(state);
    uint64_t seed = 7;
    for (int round = 0; round < 500; round++) {
        const Text *text = text_new(arena, random_piece(arena, &seed));
        for (PositionEncoding encoding = ENCODING_UTF16; encoding <= ENCODING_UTF32; encoding++)
            for (uint32_t n = 1; n <= text_lines(text); n++) {
                ByteRange line = text_line_range(text, (LineNo){n});
                for (uint32_t at = line.start.n; at < line.end.n;) {
                    LspPosition there = text_lsp_from_offset(text, (ByteOffset){at}, encoding);
                    assert_int_equal(text_offset_from_lsp(text, there, encoding).n, at);
                    size_t step = utf8_sequence(str_from(text_bytes(text), at));
                    at += step ? (uint32_t)step : 1;
                }
            }
    }
}

TEST_MAIN(TEST(every_kind_of_line_end_ends_a_line), TEST(a_final_line_end_opens_an_empty_line),
          TEST(a_line_end_belongs_to_the_line_it_ends),
          TEST(positions_count_in_the_units_of_the_client), TEST(positions_outside_are_mended),
          TEST(bytes_that_are_no_utf8_count_as_characters),
          TEST(an_edit_says_which_lines_it_touched),
          TEST(joining_a_carriage_return_and_a_newline_touches_the_line_before),
          TEST(a_backward_range_beyond_the_end_is_mended),
          TEST(after_any_edits_a_text_equals_a_full_resend),
          TEST(every_character_border_survives_the_way_to_lsp_and_back))
