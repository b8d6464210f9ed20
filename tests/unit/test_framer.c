#include "lsp/framer.h"

#include "base/strbuf.h"
#include "tests/lib/check.h"

/* Feeds bytes in pieces of `step` and writes down what comes out: "[body]" and "!". */
static Str frames_of(Arena *arena, Str bytes, size_t step)
{
    Framer *framer = framer_new(1000);
    StrBuf out = strbuf_new(arena);
    for (size_t at = 0; at < bytes.len; at += step) {
        Str body;
        Err why = {0};
        framer_feed(framer, str_head(str_from(bytes, at), step));
        for (Frame frame; (frame = framer_next(framer, &body, &why)) != FRAME_NONE;) {
            strbuf_add(&out, frame == FRAME_BODY ? S("[") : S("!"));
            strbuf_add(&out, frame == FRAME_BODY ? body : S(""));
            strbuf_add(&out, frame == FRAME_BODY ? S("]") : S(""));
        }
    }
    framer_free(framer);
    return strbuf_str(&out);
}

static void check_all_pieces(Arena *arena, Str bytes, Str want, int line)
{
    for (size_t step = 1; step <= bytes.len; step++)
        check_str(frames_of(arena, bytes, step), want, __FILE__, line);
}
#define CHECK(bytes, want) check_all_pieces(test_arena(state), S(bytes), S(want), __LINE__)

static void messages_come_whole_however_they_are_cut(void **state)
{
    CHECK("Content-Length: 2\r\n\r\n{}Content-Length: 5\r\n\r\n[1,2]", "[{}][[1,2]]");
    CHECK("Content-Length: 0\r\n\r\nContent-Length: 1\r\n\r\n7", "[][7]");
}

static void header_names_come_in_any_case_and_company(void **state)
{
    CHECK("content-length:2\r\n\r\n{}", "[{}]");
    CHECK("CONTENT-LENGTH :  2 \r\nX-More: a:b\r\n\r\n{}", "[{}]");
    CHECK("Content-Type: application/vscode-jsonrpc; charset=utf8\r\nContent-Length: 2\r\n\r\n{}",
          "[{}]");
}

static void bare_newlines_end_lines_too(void **state)
{
    CHECK("Content-Length: 2\n\n{}", "[{}]");
    CHECK("Content-Length: 2\n\r\n{}\r\nContent-Length: 2\r\n\r\n{}", "[{}][{}]");
}

static void the_last_of_several_lengths_counts(void **state)
{
    CHECK("Content-Length: 9\r\nContent-Length: 2\r\n\r\n{}", "[{}]");
}

static void a_bad_header_costs_one_message(void **state)
{
    CHECK("Content-Length: two\r\n\r\n{}Content-Length: 2\r\n\r\n{}", "![{}]");
    CHECK("Content-Length: -2\r\n\r\n{}Content-Length: 2\r\n\r\n{}", "![{}]");
    CHECK("Content-Type: x\r\n\r\n{}Content-Length: 2\r\n\r\n{}", "![{}]");
    CHECK("garbage\r\n\r\nmore CONTENT-Length: 2\r\n\r\n{}", "![{}]");
}

static void a_length_over_the_limit_is_never_waited_for(void **state)
{
    CHECK("Content-Length: 4294967296\r\n\r\n{}Content-Length: 2\r\n\r\n{}", "![{}]");
    CHECK("Content-Length: 9999999999999999\r\n\r\nContent-Length: 2\r\n\r\n{}", "![{}]");
    CHECK("Content-Length: 99999999999999999999999\r\n\r\nContent-Length: 2\r\n\r\n{}", "![{}]");
    CHECK("Content-Length: 1001\r\n\r\nContent-Length: 2\r\n\r\n{}", "![{}]");
}

static void endless_headers_are_bounded(void **state)
{
    Arena *arena = test_arena(state);
    StrBuf bytes = strbuf_new(arena);
    for (int i = 0; i < 40000; i++)
        strbuf_add(&bytes, S("X: 1\r\n"));
    strbuf_add(&bytes, S("Content-Length: 2\r\n\r\n{}"));
    Framer *framer = framer_new(1000);
    size_t most = 0, bad = 0, good = 0;
    for (size_t at = 0; at < bytes.len; at += 512) {
        Str body;
        Err why = {0};
        framer_feed(framer, str_head(str_from(strbuf_str(&bytes), at), 512));
        for (Frame frame; (frame = framer_next(framer, &body, &why)) != FRAME_NONE;)
            *(frame == FRAME_BAD ? &bad : &good) += 1;
        most = framer_pending(framer) > most ? framer_pending(framer) : most;
    }
    framer_free(framer);
    assert_int_equal(bad, 1);
    assert_int_equal(good, 1);
    assert_true(most <= FRAMER_HEADER_MAX + 1024);
}

static void nul_bytes_are_bytes(void **state)
{
    Arena *arena = test_arena(state);
    assert_str(frames_of(arena, S("Content-Length: 3\r\n\r\na\0b"), 4), S("[a\0b]"));
    assert_str(frames_of(arena, S("\0\0\r\n\r\nContent-Length: 1\r\n\r\n1"), 3), S("![1]"));
}

static void pending_tells_a_message_that_was_cut_off(void **state)
{
    (void)state;
    Str body;
    Err why = {0};
    Framer *framer = framer_new(0);
    framer_feed(framer, S("Content-Length: 10\r\n\r\n{\"a\""));
    assert_int_equal(framer_next(framer, &body, &why), FRAME_NONE);
    assert_int_equal(framer_pending(framer), 4);
    framer_feed(framer, S(":1234}"));
    assert_int_equal(framer_next(framer, &body, &why), FRAME_BODY);
    assert_int_equal(framer_pending(framer), 0);
    framer_free(framer);
}

TEST_MAIN(TEST(messages_come_whole_however_they_are_cut),
          TEST(header_names_come_in_any_case_and_company), TEST(bare_newlines_end_lines_too),
          TEST(the_last_of_several_lengths_counts), TEST(a_bad_header_costs_one_message),
          TEST(a_length_over_the_limit_is_never_waited_for), TEST(endless_headers_are_bounded),
          TEST(nul_bytes_are_bytes), TEST(pending_tells_a_message_that_was_cut_off))
