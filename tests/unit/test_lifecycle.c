/* Which message is legal when, and with which error the others are answered. ctest-labels: threads */

#include "base/strbuf.h"
#include "tests/lib/check.h"
#include "tests/lib/lsp.h"

static TestServer *start(void **state)
{
    return test_server_new(test_arena(state), &(TestServerOptions){.threads = 2});
}

static TestServer *start_ready(void **state)
{
    TestServer *client = start(state);
    test_initialize(client, S("{}"), S(""));
    return client;
}

static void requests_before_initialize_are_refused(void **state)
{
    TestServer *client = start(state);
    test_send(client, "{\"id\":1,\"method\":\"textDocument/hover\",\"params\":{}}");
    test_send(client, "{\"id\":2,\"method\":\"shutdown\"}");
    test_send(client, "{\"method\":\"textDocument/didOpen\",\"params\":{}}");
    assert_str(test_result(client, 1), S("error -32002"));
    assert_str(test_result(client, 2), S("error -32002"));
    assert_int_equal(client->sent.len, 2);
    test_server_free(client);
}

static void initialize_comes_once_and_with_capabilities(void **state)
{
    TestServer *client = start(state);
    test_send(client, "{\"id\":1,\"method\":\"initialize\",\"params\":{\"processId\":null}}");
    test_send(client, "{\"id\":2,\"method\":\"initialize\"}");
    assert_str(test_result(client, 1), S("error -32602"));
    assert_str(test_result(client, 2), S("error -32602"));
    test_initialize(client, S("{}"), S(""));
    assert_has(test_result(client, 0), S("\"name\":\"perfloop\""));
    test_send(client, "{\"id\":3,\"method\":\"initialize\",\"params\":{\"capabilities\":{}}}");
    assert_str(test_result(client, 3), S("error -32600"));
    test_server_free(client);
}

static void after_shutdown_only_exit_is_legal(void **state)
{
    TestServer *client = start_ready(state);
    test_send(client, "{\"id\":1,\"method\":\"shutdown\"}");
    assert_str(test_result(client, 1), S("null"));
    test_send(client, "{\"id\":2,\"method\":\"workspace/executeCommand\",\"params\":{}}");
    test_send(client, "{\"id\":3,\"method\":\"shutdown\"}");
    test_send(client, "{\"id\":4,\"method\":\"initialize\",\"params\":{\"capabilities\":{}}}");
    assert_str(test_result(client, 2), S("error -32600"));
    assert_str(test_result(client, 3), S("error -32600"));
    assert_str(test_result(client, 4), S("error -32600"));
    assert_false(server_is_over(client->server));
    test_send(client, "{\"method\":\"exit\"}");
    assert_true(server_is_over(client->server));
    assert_int_equal(client->server->exit_code, 0);
    test_server_free(client);
}

static void exit_without_shutdown_is_a_failure(void **state)
{
    TestServer *client = start_ready(state);
    test_send(client, "{\"method\":\"exit\"}");
    assert_int_equal(client->server->exit_code, 1);
    test_server_free(client);
    client = start(state);
    test_send(client, "{\"method\":\"exit\"}");
    assert_true(server_is_over(client->server));
    assert_int_equal(client->server->exit_code, 1);
    test_server_free(client);
}

static void the_end_of_input_counts_as_the_clients_death(void **state)
{
    TestServer *client = start_ready(state);
    server_hang_up(client->server, "the input ends");
    assert_true(server_is_over(client->server));
    assert_int_equal(client->server->exit_code, 1);
    test_server_free(client);
}

static void unknown_methods_and_dollar_requests(void **state)
{
    TestServer *client = start_ready(state);
    test_send(client, "{\"id\":1,\"method\":\"textDocument/colour\",\"params\":{}}");
    test_send(client, "{\"id\":2,\"method\":\"$/unheardOf\"}");
    test_send(client, "{\"method\":\"$/unheardOf\",\"params\":{\"a\":1}}");
    test_send(client, "{\"method\":\"workspace/unheardOf\"}");
    test_send(client, "{\"id\":3,\"method\":\"initialized\",\"params\":{}}");
    assert_str(test_result(client, 1), S("error -32601"));
    assert_str(test_result(client, 2), S("error -32601"));
    assert_str(test_result(client, 3), S("error -32600"));
    assert_int_equal(client->sent.len, 4);
    test_server_free(client);
}

static void ids_come_back_as_they_came(void **state)
{
    TestServer *client = start_ready(state);
    test_forget(client);
    test_send(client, "{\"id\":\"a \\\"7\\\"\",\"method\":\"none\"}");
    test_send(client, "{\"id\":-3,\"method\":\"none\"}");
    test_settle(client);
    assert_str(client->sent.items[0].id, S("\"a \\\"7\\\"\""));
    assert_str(client->sent.items[1].id, S("-3"));
    test_server_free(client);
}

static void feed(TestServer *client, Str body)
{
    Str bytes =
        str_fmt(client->arena, "Content-Length: %zu\r\n\r\n" STR_FMT, body.len, STR_ARG(body));
    test_feed(client, bytes);
    test_settle(client);
}

static void what_is_no_message_is_answered_with_its_code(void **state)
{
    static const struct {
        Str body;
        int code;
    } CASES[] = {
        {STR_CONST("{"), -32700},
        {STR_CONST(""), -32700},
        {STR_CONST("nonsense"), -32700},
        {STR_CONST("[]"), -32600},
        {STR_CONST("[{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"x\"}]"), -32600},
        {STR_CONST("7"), -32600},
        {STR_CONST("{}"), -32600},
        {STR_CONST("{\"jsonrpc\":\"1.0\",\"id\":1,\"method\":\"x\"}"), -32600},
        {STR_CONST("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":7}"), -32600},
        {STR_CONST("{\"jsonrpc\":\"2.0\",\"id\":{},\"method\":\"x\"}"), -32600},
        {STR_CONST("{\"jsonrpc\":\"2.0\",\"id\":null,\"method\":\"x\"}"), -32600},
        {STR_CONST("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"x\",\"params\":3}"), -32600},
    };
    TestServer *client = start_ready(state);
    for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
        test_forget(client);
        feed(client, CASES[i].body);
        assert_int_equal(client->sent.len, 1);
        JsonIn error = json_optional(client->sent.items[0].root, "error");
        assert_int_equal(json_opt_i64(error, "code", 0), CASES[i].code);
    }
    assert_false(server_is_over(client->server));
    test_send(client, "{\"id\":9,\"method\":\"shutdown\"}");
    assert_str(test_result(client, 9), S("null"));
    test_server_free(client);
}

static void deep_nesting_is_refused(void **state)
{
    TestServer *client = start_ready(state);
    StrBuf body = strbuf_new(client->arena);
    strbuf_add(&body, S("{\"jsonrpc\":\"2.0\",\"id\":5,\"method\":\"shutdown\",\"params\":"));
    for (int i = 0; i < 100000; i++)
        strbuf_char(&body, '[');
    test_forget(client);
    feed(client, strbuf_str(&body));
    JsonIn error = json_optional(client->sent.items[0].root, "error");
    assert_int_equal(json_opt_i64(error, "code", 0), -32700);
    test_server_free(client);
}

static void garbage_without_end_is_given_up(void **state)
{
    TestServer *client = start_ready(state);
    for (int i = 0; i < 100 && !server_is_over(client->server); i++)
        test_feed(client, S("Content-Length: x\r\n\r\n"));
    assert_true(server_is_over(client->server));
    assert_int_equal(client->server->exit_code, 1);
    test_server_free(client);
}

static void encodings_follow_the_clients_order(void **state)
{
    static const struct {
        const char *offered;
        const char *chosen;
    } CASES[] = {
        {"{}", "utf-16"},
        {"{\"general\":{}}", "utf-16"},
        {"{\"general\":{\"positionEncodings\":[]}}", "utf-16"},
        {"{\"general\":{\"positionEncodings\":[\"utf-16\"]}}", "utf-16"},
        {"{\"general\":{\"positionEncodings\":[\"utf-8\",\"utf-16\"]}}", "utf-8"},
        {"{\"general\":{\"positionEncodings\":[\"utf-32\",\"utf-8\",\"utf-16\"]}}", "utf-32"},
        {"{\"general\":{\"positionEncodings\":[\"ebcdic\",7,\"utf-8\"]}}", "utf-8"},
        {"{\"general\":[],\"textDocument\":{\"callHierarchy\":[{}]}}", "utf-16"},
    };
    for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
        TestServer *client = start(state);
        test_initialize(client, str_from_c(CASES[i].offered), S(""));
        Str want = str_fmt(client->arena, "\"positionEncoding\":\"%s\"", CASES[i].chosen);
        assert_has(test_result(client, 0), want);
        test_server_free(client);
    }
}

TEST_MAIN(TEST(requests_before_initialize_are_refused),
          TEST(initialize_comes_once_and_with_capabilities),
          TEST(after_shutdown_only_exit_is_legal), TEST(exit_without_shutdown_is_a_failure),
          TEST(the_end_of_input_counts_as_the_clients_death),
          TEST(unknown_methods_and_dollar_requests), TEST(ids_come_back_as_they_came),
          TEST(what_is_no_message_is_answered_with_its_code), TEST(deep_nesting_is_refused),
          TEST(garbage_without_end_is_given_up), TEST(encodings_follow_the_clients_order))
