#include "lsp/edit_lines.h"

#include "analysis/stats/random.h"
#include "base/strbuf.h"
#include "tests/lib/check.h"

enum {
    SEED = 11,
    SCRIPTS = 3000,
    EDITS = 12,
};

static uint32_t pick(uint64_t *drawn, size_t below)
{
    return (uint32_t)random_below(SEED, (*drawn)++, below);
}

static Str piece(Arena *arena, uint64_t *drawn, size_t most)
{
    static const Str PIECES[] = {
        STR_CONST("a"),    STR_CONST("bc"),   STR_CONST("\n"),       STR_CONST("\r"),
        STR_CONST("\r\n"), STR_CONST("\n\r"), STR_CONST("\xC3\xA9"), STR_CONST("\xF0\x9F\x94\xA5"),
        STR_CONST("\xFF"),
    };
    StrBuf out = strbuf_new(arena);
    for (uint32_t n = pick(drawn, most); n > 0; n--)
        strbuf_add(&out, PIECES[pick(drawn, sizeof(PIECES) / sizeof(PIECES[0]))]);
    return strbuf_str(&out);
}

static LspRange range(uint64_t *drawn)
{
    return (LspRange){{pick(drawn, 8), pick(drawn, 6)}, {pick(drawn, 8), pick(drawn, 6)}};
}

/* The oracle is text_edit, one change after the other. */
static void the_result_equals_one_edit_after_the_other(void **state)
{
    Arena *arena = test_arena(state);
    uint64_t drawn = 0;
    for (int script = 0; script < SCRIPTS; script++) {
        ArenaMark mark = arena_mark(arena);
        PositionEncoding encoding = (PositionEncoding)(script % 3);
        const Text *text = text_new(arena, piece(arena, &drawn, 20));
        EditLines *lines = edit_lines_new(arena, text);
        for (int i = 0; i < EDITS; i++) {
            LspRange at = range(&drawn);
            Str now = piece(arena, &drawn, 4);
            text = text_edit(arena, text, text_range_from_lsp(text, at, encoding), now, NULL);
            edit_lines_apply(lines, at, now, encoding);
            assert_str(edit_lines_text(lines), text_bytes(text));
        }
        arena_rollback(arena, mark);
    }
}

static void the_empty_text_can_be_edited(void **state)
{
    Arena *arena = test_arena(state);
    EditLines *lines = edit_lines_new(arena, text_new(arena, S("")));
    edit_lines_apply(lines, (LspRange){{3, 3}, {9, 9}}, S("x\n"), ENCODING_UTF16);
    edit_lines_apply(lines, (LspRange){{1, 0}, {1, 0}}, S("y"), ENCODING_UTF16);
    assert_str(edit_lines_text(lines), S("x\ny"));
    edit_lines_apply(lines, (LspRange){{0, 0}, {9, 9}}, S(""), ENCODING_UTF16);
    assert_str(edit_lines_text(lines), S(""));
}

TEST_MAIN(TEST(the_result_equals_one_edit_after_the_other), TEST(the_empty_text_can_be_edited))
