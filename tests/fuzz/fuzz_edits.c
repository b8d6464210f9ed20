/*
 * Edit scripts. The first byte picks language and encoding; then comes the text up to a NUL byte,
 * then edits of eight bytes and a piece of text: start and end as line and character (two bytes
 * each, one for the line), the length of the text. Beyond not crashing:
 *
 *   - a text after an edit equals one made from all its bytes,
 *   - lines said to be untouched are,
 *   - an updated outline equals one of the same tree,
 *   - whatever is called exact or moved has the bytes of the profiled line.
 */

#include <stdlib.h>

#include "analysis/hotspots/anchor.h"
#include "analysis/source/benches.h"

enum {
    EDITS_MOST = 32,
    TEXT_MOST = 16 * 1024,
    HEAD_BYTES = 6,
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
    if (!holds)
        abort();
}

static void check_text(Arena *arena, const Text *text, const TextChange *change)
{
    const Text *anew = text_new(arena, text_bytes(text)), *old = change->before;
    must(text_lines(text) == text_lines(anew) && digest_eq(text_id(text), text_id(anew)));
    for (uint32_t n = 1; n <= text_lines(text); n++)
        must(str_eq(text_line(text, (LineNo){n}), text_line(anew, (LineNo){n})));
    uint32_t shift = change->new_lines - change->old_lines;
    for (uint32_t n = 1; n <= text_lines(old); n++)
        if (n < change->first.n)
            must(str_eq(text_line(old, (LineNo){n}), text_line(text, (LineNo){n})));
        else if (n >= change->first.n + change->old_lines)
            must(str_eq(text_line(old, (LineNo){n}), text_line(text, (LineNo){n + shift})));
}

static void check_anchors(const Anchors *anchors, const Text *then, const Text *now)
{
    for (size_t i = 0; i < anchors->len; i++) {
        const Anchor *anchor = &anchors->items[i];
        must((anchor->state == ANCHOR_GONE) == (anchor->now.n == 0));
        must(anchor->now.n <= text_lines(now));
        if (anchor->state == ANCHOR_EXACT || anchor->state == ANCHOR_MOVED)
            must(str_eq(text_line(then, anchor->was), text_line(now, anchor->now)));
        must((anchor->state == ANCHOR_EXACT) <= (anchor->now.n == anchor->was.n));
    }
}

static void check_outline(const Outline *got, const Outline *want)
{
    must(got->len == want->len);
    for (size_t i = 0; i < got->len; i++) {
        const OutlineItem *a = &got->items[i], *b = &want->items[i];
        must(a->kind == b->kind && a->parent == b->parent && str_eq(a->name, b->name));
        must(a->first.n == b->first.n && a->last.n == b->last.n);
        must(a->range.start.n == b->range.start.n && a->range.end.n == b->range.end.n);
        must(digest_eq(a->body, b->body));
    }
}

typedef struct State {
    LangId lang;
    PositionEncoding encoding;
    AnchorSide then;
    const Text *text;
    Syntax *syntax;
    Outline outline;
    Anchors anchors;
} State;

static void open_text(Arena *arena, State *state, Str bytes)
{
    state->text = text_new(arena, bytes);
    state->syntax = syntax_parse(state->lang, state->text, NULL, NULL, 0, NULL);
    state->outline = outline_of(arena, state->syntax, state->text);
    Outline *outline = NEW(arena, Outline);
    *outline = state->outline;
    state->then = (AnchorSide){state->text, outline};
    uint32_t count = text_lines(state->text);
    LineNo *lines = NEW_ARRAY(arena, LineNo, count);
    for (uint32_t i = 0; i < count; i++)
        lines[i].n = i + 1;
    state->anchors = anchors_find(arena, &state->then, &state->then, lines, count);
}

static Str take(Str *rest, size_t len)
{
    Str taken = str_head(*rest, len);
    *rest = str_from(*rest, taken.len);
    return taken;
}

/* The names in reports are hostile as well: here they are whatever stands in the text. */
static void check_benches(Arena *arena, const Outline *outline, const Text *text)
{
    static const Str HARNESSES[] = {STR_CONST("pytest-benchmark"), STR_CONST("criterion"),
                                    STR_CONST("google-benchmark"), STR_CONST("libtest")};
    Benches benches = benches_of(arena, outline, text);
    array_each (const Bench, bench, &benches) {
        if (!bench->id.len || bench->line.n == 0 || bench->line.n > text_lines(text))
            abort();
        for (size_t i = 0; i < sizeof(HARNESSES) / sizeof(HARNESSES[0]); i++)
            benches_find(&benches, S("b/t.py"), HARNESSES[i], text_line(text, bench->line));
    }
}

static void edit(Arena *arena, State *state, Str *rest)
{
    Str head = take(rest, HEAD_BYTES);
    if (head.len < HEAD_BYTES)
        return;
    const unsigned char *b = (const unsigned char *)head.ptr;
    LspRange range = {{b[0], b[1]}, {b[0] + (b[2] & 15U), b[3]}};
    Str replacement = take(rest, b[4]);
    TextChange change;
    ByteRange where = text_range_from_lsp(state->text, range, state->encoding);
    const Text *text = text_edit(arena, state->text, where, replacement, &change);
    check_text(arena, text, &change);
    state->anchors = anchors_carry(arena, &state->anchors, &change, text);
    check_anchors(&state->anchors, state->then.text, text);
    Syntax *syntax = syntax_parse(state->lang, text, state->syntax, &change, 1, NULL);
    Outline same = outline_of(arena, syntax, text);
    state->outline = outline_update(arena, &state->outline, syntax, text);
    check_outline(&state->outline, &same);
    check_benches(arena, &state->outline, text);
    syntax_free(state->syntax);
    state->syntax = syntax;
    state->text = text;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    Arena *arena = arena_new("fuzz");
    State state = {.lang = (LangId)(data[0] % 4), .encoding = (PositionEncoding)(data[0] / 4 % 3)};
    Str rest = {(const char *)data + 1, size - 1}, text;
    if (!str_cut(rest, '\0', &text, &rest))
        text = rest, rest = S("");
    open_text(arena, &state, str_head(text, TEXT_MOST));
    for (int i = 0; i < EDITS_MOST && rest.len; i++)
        edit(arena, &state, &rest);
    AnchorSide now = {state.text, &state.outline};
    LineNo *lines = NEW_ARRAY(arena, LineNo, state.anchors.len);
    for (size_t i = 0; i < state.anchors.len; i++)
        lines[i] = state.anchors.items[i].was;
    Anchors found = anchors_find(arena, &state.then, &now, lines, state.anchors.len);
    check_anchors(&found, state.then.text, state.text);
    syntax_free(state.syntax);
    arena_free(arena);
    return 0;
}
