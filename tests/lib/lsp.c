#include "tests/lib/lsp.h"

#include <stdarg.h>
#include <stdlib.h>
#include <uv.h>

#include "base/json_out.h"
#include "base/strbuf.h"
#include "lsp/framer.h"
#include "lsp/uri.h"
#include "tests/lib/check.h"

enum {
    AWAIT_MS = 20 * 1000,
};

TestServer *test_server_new(Arena *arena, const TestServerOptions *options)
{
    TestServer *client = NEW(arena, TestServer);
    client->arena = arena;
    client->loop = NEW(arena, uv_loop_t);
    if (uv_loop_init(client->loop))
        abort();
    client->framer = framer_new(0);
    client->server = server_new(&(ServerOptions){
        .loop = client->loop,
        .threads = options->threads,
        .program = options->program,
    });
    return client;
}

void test_server_free(TestServer *client)
{
    test_forget(client);
    server_stop(client->server);
    server_free(client->server);
    uv_run(client->loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(client->loop), 0);
    framer_free(client->framer);
}

void test_feed(TestServer *client, Str bytes)
{
    Str body;
    Err why = {0};
    framer_feed(client->framer, bytes);
    for (Frame frame; (frame = framer_next(client->framer, &body, &why)) != FRAME_NONE;) {
        if (server_is_over(client->server))
            return;
        if (frame == FRAME_BODY)
            server_receive(client->server, message_from_bytes(body));
        else
            server_garbage(client->server, &why);
    }
}

void test_send(TestServer *client, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    Str text = str_vfmt(client->arena, fmt, args);
    va_end(args);
    Str body = str_fmt(client->arena, "{\"jsonrpc\":\"2.0\"," STR_FMT, STR_ARG(str_from(text, 1)));
    server_receive(client->server, message_from_bytes(body));
}

void test_initialize(TestServer *client, Str capabilities, Str root)
{
    Str uri = root.len ? uri_from_path(client->arena, root) : S("");
    test_send(client,
              "{\"id\":0,\"method\":\"initialize\",\"params\":{\"processId\":null,"
              "\"capabilities\":" STR_FMT ",\"rootUri\":%s" STR_FMT "%s}}",
              STR_ARG(capabilities), root.len ? "\"" : "null", STR_ARG(uri), root.len ? "\"" : "");
    test_send(client, "{\"method\":\"initialized\",\"params\":{}}");
    test_settle(client);
}

void test_open(TestServer *client, Str uri, Str language, Str text)
{
    StrBuf buf = strbuf_new(client->arena);
    JsonOut out = json_out(&buf);
    json_put_str(&out, text);
    test_send(
        client,
        "{\"method\":\"textDocument/didOpen\",\"params\":{\"textDocument\":{\"uri\":\"" STR_FMT
        "\",\"languageId\":\"" STR_FMT "\",\"version\":1,\"text\":" STR_FMT "}}}",
        STR_ARG(uri), STR_ARG(language), STR_ARG(strbuf_str(&buf)));
}

static void check_message(const TestMessage *message)
{
    bool result = json_kind(json_optional(message->root, "result")) != JSON_TYPE_ABSENT;
    bool error = json_kind(json_optional(message->root, "error")) != JSON_TYPE_ABSENT;
    assert_str(json_opt_str(message->root, "jsonrpc", S("")), S("2.0"));
    if (message->method.len)
        assert_false(result || error);
    else
        assert_true(result != error);
}

static void collect(TestServer *client)
{
    Str body;
    while (outbox_pop(client->server->outbox, client->arena, &body)) {
        Err err = {0};
        TestMessage *message = array_push(client->arena, &client->sent);
        message->body = body;
        assert_ok(json_parse(client->arena, body, &message->root, &err), &err);
        message->method = json_opt_str(message->root, "method", S(""));
        JsonIn id = json_optional(message->root, "id");
        if (json_kind(id) != JSON_TYPE_ABSENT)
            message->id = json_text(client->arena, id);
        message->params = json_optional(message->root, "params");
        check_message(message);
    }
}

void test_settle(TestServer *client)
{
    do {
        uv_run(client->loop, pool_busy(client->server->pool) ? UV_RUN_ONCE : UV_RUN_NOWAIT);
    } while (pool_busy(client->server->pool));
    collect(client);
}

static void on_too_late(uv_timer_t *timer)
{
    *(bool *)timer->data = true;
}

TestMessage *test_await(TestServer *client, const char *method, size_t seen)
{
    bool late = false;
    uv_timer_t timer = {.data = &late};
    uv_timer_init(client->loop, &timer);
    uv_timer_start(&timer, on_too_late, AWAIT_MS, 0);
    collect(client);
    while (test_count(client, method) <= seen && !late) {
        uv_run(client->loop, UV_RUN_ONCE);
        collect(client);
    }
    uv_close((uv_handle_t *)&timer, NULL);
    uv_run(client->loop, UV_RUN_NOWAIT);
    if (late)
        fail_msg("no %s came within %d ms", method, AWAIT_MS);
    return test_last(client, method);
}

Str test_result(TestServer *client, int id)
{
    test_settle(client);
    Str want = str_fmt(client->arena, "%d", id);
    for (size_t i = client->sent.len; i-- > 0;) {
        const TestMessage *message = &client->sent.items[i];
        if (message->method.len || !str_eq(message->id, want))
            continue;
        JsonIn error = json_optional(message->root, "error");
        if (json_present(error))
            return str_fmt(client->arena, "error %lld", (long long)json_opt_i64(error, "code", 0));
        return json_text(client->arena, json_optional(message->root, "result"));
    }
    return S("");
}

size_t test_count(const TestServer *client, const char *method)
{
    size_t count = 0;
    array_each (TestMessage, message, &client->sent)
        count += str_eq(message->method, str_from_c(method));
    return count;
}

TestMessage *test_last(TestServer *client, const char *method)
{
    for (size_t i = client->sent.len; i-- > 0;)
        if (str_eq(client->sent.items[i].method, str_from_c(method)))
            return &client->sent.items[i];
    return NULL;
}

void test_forget(TestServer *client)
{
    array_each (TestMessage, message, &client->sent)
        json_done(message->root);
    client->sent.len = 0;
}
