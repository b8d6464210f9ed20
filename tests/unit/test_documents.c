/* Open files in the server: versions, edits, analyses. ctest-labels: threads */

#include "lsp/documents.h"

#include "analysis/stats/random.h"
#include "base/strbuf.h"
#include "tests/lib/check.h"
#include "tests/lib/lsp.h"

#define URI "file:///nowhere/a.py"

static TestServer *start(void **state, unsigned threads, Str capabilities)
{
    TestServer *client =
        test_server_new(test_arena(state), &(TestServerOptions){.threads = threads});
    test_initialize(client, capabilities, S(""));
    return client;
}

static Str text_of(TestServer *client)
{
    DocVersion *version = documents_current(client->server, S(URI));
    return version ? text_bytes(version->text) : S("(closed)");
}

static void change(TestServer *client, int version, const char *changes)
{
    test_send(client,
              "{\"method\":\"textDocument/didChange\",\"params\":{\"textDocument\":{\"uri\":"
              "\"" URI "\",\"version\":%d},\"contentChanges\":%s}}",
              version, changes);
}

static void ask_symbols(TestServer *client, int id)
{
    test_send(client,
              "{\"id\":%d,\"method\":\"textDocument/documentSymbol\",\"params\":{"
              "\"textDocument\":{\"uri\":\"" URI "\"}}}",
              id);
}

#define AT(l1, c1, l2, c2, text)                                                            \
    "{\"range\":{\"start\":{\"line\":" #l1 ",\"character\":" #c1 "},\"end\":{\"line\":" #l2 \
    ",\"character\":" #c2 "}},\"text\":\"" text "\"}"

static void changes_apply_in_order_each_on_the_result_before(void **state)
{
    TestServer *client = start(state, 2, S("{}"));
    test_open(client, S(URI), S("python"), S("one\ntwo\n"));
    change(client, 2, "[" AT(0, 0, 0, 3, "1\\n2") "," AT(1, 1, 1, 1, "x") "]");
    assert_str(text_of(client), S("1\n2x\ntwo\n"));
    test_settle(client);
    assert_true(documents_are_ready(client->server));
    test_server_free(client);
}

static void a_change_without_a_range_replaces_everything(void **state)
{
    TestServer *client = start(state, 2, S("{}"));
    test_open(client, S(URI), S("python"), S("old"));
    change(client, 2, "[" AT(0, 0, 0, 0, "a") ",{\"text\":\"x\\ny\"}," AT(1, 0, 1, 1, "Y") "]");
    assert_str(text_of(client), S("x\nY"));
    change(client, 3, "[{\"range\":null,\"text\":\"\"}]");
    assert_str(text_of(client), S(""));
    test_settle(client);
    test_server_free(client);
}

static void places_beyond_the_text_are_its_end(void **state)
{
    TestServer *client = start(state, 2, S("{}"));
    test_open(client, S(URI), S("python"), S("ab\ncd"));
    change(client, 2, "[" AT(0, 99, 0, 99, "!") "]");
    assert_str(text_of(client), S("ab!\ncd"));
    change(client, 3, "[" AT(99, 0, 100, 0, "?") "]");
    assert_str(text_of(client), S("ab!\ncd?"));
    change(client, 4, "[" AT(1, 3, 0, 1, "-") "]");
    assert_str(text_of(client), S("a-"));
    test_server_free(client);
}

static void malformed_changes_leave_the_text_alone(void **state)
{
    TestServer *client = start(state, 2, S("{}"));
    test_open(client, S(URI), S("python"), S("ab"));
    change(client, 2, "[{\"range\":{\"start\":{\"line\":-1,\"character\":0}},\"text\":\"x\"}]");
    change(client, 3, "[{\"range\":7,\"text\":\"x\"}]");
    change(client, 4, "[{\"text\":7}]");
    change(client, 5, "{}");
    test_send(client, "{\"method\":\"textDocument/didChange\",\"params\":[]}");
    test_send(client, "{\"method\":\"textDocument/didChange\"}");
    test_send(client, "{\"method\":\"textDocument/didOpen\",\"params\":{\"textDocument\":{}}}");
    assert_str(text_of(client), S("ab"));
    test_settle(client);
    test_server_free(client);
}

static void encodings_place_the_same_edit(void **state)
{
    static const struct {
        const char *encoding;
        const char *edit;
    } CASES[] = {
        {"utf-8", "[" AT(0, 7, 0, 8, "b") "]"},
        {"utf-16", "[" AT(0, 4, 0, 5, "b") "]"},
        {"utf-32", "[" AT(0, 3, 0, 4, "b") "]"},
    };
    for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
        Str capabilities = str_fmt(
            test_arena(state), "{\"general\":{\"positionEncodings\":[\"%s\"]}}", CASES[i].encoding);
        TestServer *client = start(state, 2, capabilities);
        test_open(client, S(URI), S("python"), S("\xF0\x9F\x94\xA5\xC3\xA9=x"));
        change(client, 2, CASES[i].edit);
        assert_str(text_of(client), S("\xF0\x9F\x94\xA5\xC3\xA9=b"));
        test_server_free(client);
    }
}

static void what_clients_send_that_is_not_unicode_keeps_the_document(void **state)
{
    TestServer *client = start(state, 2, S("{}"));
    test_open(client, S(URI), S("python"), S("ab"));
    change(client, 2, "[" AT(0, 1, 0, 1, "\\ud800") "]");
    change(client, 3, "[" AT(0, 0, 0, 1, "\\u0000") "]");
    assert_str(text_of(client), S("\0\xEF\xBF\xBD"
                                  "b"));
    test_settle(client);
    test_server_free(client);
}

enum {
    SEED = 7,
};

static uint32_t pick(uint64_t *drawn, size_t below)
{
    return (uint32_t)random_below(SEED, (*drawn)++, below);
}

/* A random piece of text with everything that makes positions hard. */
static Str random_piece(Arena *arena, uint64_t *drawn)
{
    static const Str PIECES[] = {
        STR_CONST("a"),
        STR_CONST("\n"),
        STR_CONST("\r\n"),
        STR_CONST("\r"),
        STR_CONST("\xC3\xA9"),
        STR_CONST("\xF0\x9F\x94\xA5"),
        STR_CONST("def f(x):\n    return [y for y in x]\n"),
        STR_CONST("  "),
        STR_CONST("class A:\n"),
        STR_CONST("'''"),
    };
    StrBuf out = strbuf_new(arena);
    for (uint32_t n = pick(drawn, 4); n > 0; n--)
        strbuf_add(&out, PIECES[pick(drawn, sizeof(PIECES) / sizeof(PIECES[0]))]);
    return strbuf_str(&out);
}

static Str json_string(Arena *arena, Str text)
{
    StrBuf buf = strbuf_new(arena);
    JsonOut out = json_out(&buf);
    json_put_str(&out, text);
    return strbuf_str(&buf);
}

/*
 * The oracle: a second server gets the whole text each time. Text and outline
 * must be the same after every edit, whatever the analysis jobs were doing.
 */
static void random_edits_equal_a_full_resend(void **state)
{
    Arena *arena = test_arena(state);
    uint64_t drawn = 0;
    TestServer *edits = start(state, 2, S("{}"));
    TestServer *whole = start(state, 0, S("{}"));
    test_open(edits, S(URI), S("python"), S(""));
    test_open(whole, S(URI), S("python"), S(""));
    for (int i = 0; i < 400; i++) {
        const DocVersion *now = documents_current(edits->server, S(URI));
        size_t len = text_bytes(now->text).len;
        ByteRange range = {{pick(&drawn, len + 1)}, {0}};
        range.end.n = range.start.n + pick(&drawn, 12);
        LspRange at = text_lsp_from_range(now->text, range, ENCODING_UTF16);
        Str piece = json_string(arena, random_piece(arena, &drawn));
        Str edit = str_fmt(arena,
                           "[{\"range\":{\"start\":{\"line\":%u,\"character\":%u},\"end\":{"
                           "\"line\":%u,\"character\":%u}},\"text\":" STR_FMT "}]",
                           at.start.line, at.start.character, at.end.line, at.end.character,
                           STR_ARG(piece));
        change(edits, i + 2, str_cstr(arena, edit));
        if (i % 7)
            continue; /* several edits for one analysis */
        Str text = json_string(arena, text_of(edits));
        change(whole, i + 2,
               str_cstr(arena, str_fmt(arena, "[{\"text\":" STR_FMT "}]", STR_ARG(text))));
        assert_str(text_of(whole), text_of(edits));
        ask_symbols(edits, i + 1);
        ask_symbols(whole, i + 1);
        Str want = test_result(whole, i + 1);
        assert_str(test_result(edits, i + 1), want);
        test_forget(edits);
        test_forget(whole);
    }
    test_server_free(edits);
    test_server_free(whole);
}

static void a_read_sees_the_edits_before_it_and_none_after(void **state)
{
    TestServer *client = start(state, 2, S("{}"));
    test_open(client, S(URI), S("python"), S("def f0(): pass\n"));
    for (int i = 1; i <= 20; i++) {
        Str edit = str_fmt(client->arena, "[{\"text\":\"def f%d(): pass\\n\"}]", i);
        change(client, i + 1, str_cstr(client->arena, edit));
        ask_symbols(client, i);
    }
    change(client, 99, "[{\"text\":\"\"}]");
    for (int i = 1; i <= 20; i++)
        assert_has(test_result(client, i), str_fmt(client->arena, "\"f%d\"", i));
    test_server_free(client);
}

static void typing_faster_than_analysis_ends_at_the_newest(void **state)
{
    TestServer *client = start(state, 2, S("{}"));
    test_open(client, S(URI), S("python"), S("def f(): pass\n"));
    for (int i = 0; i < 500; i++)
        change(client, i + 2, "[" AT(0, 5, 0, 5, "x") "]");
    ask_symbols(client, 1);
    Str name = S("xxxxxxxxxxxxxxxxxxxx");
    assert_has(test_result(client, 1), name);
    assert_true(documents_are_ready(client->server));
    test_server_free(client);
}

static void a_closed_document_answers_and_forgets(void **state)
{
    TestServer *client = start(state, 2, S("{}"));
    test_open(client, S(URI), S("python"), S("def f(): pass\n"));
    ask_symbols(client, 1);
    test_send(client, "{\"method\":\"textDocument/didClose\",\"params\":{\"textDocument\":{"
                      "\"uri\":\"" URI "\"}}}");
    Str result = test_result(client, 1);
    assert_true(str_eq(result, S("error -32801")) || str_has(result, S("\"f\"")));
    assert_str(text_of(client), S("(closed)"));
    ask_symbols(client, 2);
    assert_str(test_result(client, 2), S("null"));
    change(client, 3, "[{\"text\":\"x\"}]");
    test_open(client, S(URI), S("python"), S("def g(): pass\n"));
    ask_symbols(client, 3);
    assert_has(test_result(client, 3), S("\"g\""));
    test_server_free(client);
}

static void an_empty_language_is_told_by_the_name(void **state)
{
    TestServer *client = start(state, 2, S("{}"));
    test_open(client, S("file:///x/k.cu"), S(""), S("__global__ void k() {}\n"));
    test_open(client, S("file:///x/unknown"), S("cuda-cpp"), S("__global__ void k() {}\n"));
    test_open(client, S("file:///x/plain.txt"), S("text"), S("def f(): pass\n"));
    assert_int_equal(documents_current(client->server, S("file:///x/k.cu"))->lang, LANG_CUDA);
    assert_int_equal(documents_current(client->server, S("file:///x/unknown"))->lang, LANG_CUDA);
    assert_int_equal(documents_current(client->server, S("file:///x/plain.txt"))->lang, LANG_NONE);
    test_settle(client);
    assert_true(documents_are_ready(client->server));
    test_server_free(client);
}

static void cancelled_requests_are_answered_once(void **state)
{
    TestServer *client = start(state, 2, S("{}"));
    test_open(client, S(URI), S("python"), S("def f(): pass\n"));
    for (int i = 1; i <= 50; i++) {
        ask_symbols(client, i);
        test_send(client, "{\"method\":\"$/cancelRequest\",\"params\":{\"id\":%d}}", i);
    }
    test_send(client, "{\"method\":\"$/cancelRequest\",\"params\":{\"id\":\"nobody\"}}");
    test_send(client, "{\"method\":\"$/cancelRequest\"}");
    test_settle(client);
    size_t answers = 0;
    array_each (TestMessage, message, &client->sent)
        answers += message->method.len == 0 && !str_eq(message->id, S("0"));
    assert_int_equal(answers, 50);
    for (int i = 1; i <= 50; i++)
        assert_str(test_result(client, i), S("error -32800"));
    test_server_free(client);
}

static void an_id_that_is_open_cannot_be_used_again(void **state)
{
    TestServer *client = start(state, 0, S("{}"));
    test_open(client, S(URI), S("python"), S("def f(): pass\n"));
    test_forget(client);
    ask_symbols(client, 1);
    ask_symbols(client, 1);
    test_settle(client);
    size_t refused = 0, answered = 0;
    array_each (TestMessage, message, &client->sent) {
        refused += str_has(message->body, S("-32600"));
        answered += str_has(message->body, S("\"f\""));
    }
    assert_int_equal(refused, 1);
    assert_int_equal(answered, 1);
    test_server_free(client);
}

static void thousands_of_changes_in_one_message_are_one_edit(void **state)
{
    enum {
        LINES = 20000
    };
    TestServer *client = start(state, 2, S("{}"));
    StrBuf text = strbuf_new(client->arena), want = strbuf_new(client->arena);
    StrBuf changes = strbuf_new(client->arena);
    for (int i = 0; i < LINES; i++) {
        strbuf_add(&text, S("word = 1\n"));
        strbuf_add(&want, S("renamed = 1\n"));
        strbuf_fmt(&changes,
                   "%c{\"range\":{\"start\":{\"line\":%d,\"character\":0},\"end\":{\"line\":%d,"
                   "\"character\":4}},\"text\":\"renamed\"}",
                   i ? ',' : '[', i, i);
    }
    strbuf_add(&changes, S("]"));
    test_open(client, S(URI), S("python"), strbuf_str(&text));
    change(client, 2, str_cstr(client->arena, strbuf_str(&changes)));
    assert_str(text_of(client), strbuf_str(&want));
    test_settle(client);
    assert_true(documents_are_ready(client->server));
    test_server_free(client);
}

static void many_documents_are_all_analysed(void **state)
{
    TestServer *client = start(state, 2, S("{}"));
    for (int i = 0; i < 2000; i++)
        test_open(client, str_fmt(client->arena, "file:///x/f%d.py", i), S("python"),
                  S("def f(): pass\n"));
    test_settle(client);
    assert_true(documents_are_ready(client->server));
    assert_int_equal(test_count(client, "textDocument/publishDiagnostics"), 2000);
    test_server_free(client);
}

TEST_MAIN(TEST(changes_apply_in_order_each_on_the_result_before),
          TEST(a_change_without_a_range_replaces_everything),
          TEST(places_beyond_the_text_are_its_end), TEST(malformed_changes_leave_the_text_alone),
          TEST(encodings_place_the_same_edit),
          TEST(what_clients_send_that_is_not_unicode_keeps_the_document),
          TEST(random_edits_equal_a_full_resend),
          TEST(a_read_sees_the_edits_before_it_and_none_after),
          TEST(typing_faster_than_analysis_ends_at_the_newest),
          TEST(a_closed_document_answers_and_forgets), TEST(an_empty_language_is_told_by_the_name),
          TEST(cancelled_requests_are_answered_once), TEST(an_id_that_is_open_cannot_be_used_again),
          TEST(thousands_of_changes_in_one_message_are_one_edit),
          TEST(many_documents_are_all_analysed))
