/*
 * A language server inside the test's process, without transport: a test feeds it bytes or messages
 * and reads what it would have written.
 *
 *     TestServer *client = test_server_new(test_arena(state), &(TestServerOptions){0});
 *     test_initialize(client, S("{}"));
 *     test_send(client, "{\"id\":7,\"method\":\"textDocument/hover\",\"params\":{...}}");
 *     assert_str(test_result(client, 7), S("null"));
 *     test_server_free(client);
 *
 * Every message it sends must be JSON-RPC with exactly one of result and error; test_settle checks.
 */
#ifndef TESTS_LIB_LSP_H
#define TESTS_LIB_LSP_H

#include "base/array.h"
#include "base/json_in.h"
#include "base/str.h"
#include "lsp/server.h"

typedef struct TestServerOptions {
    unsigned threads; /* 0: everything runs on the test's thread, in a fixed order */
    Str program;      /* what commands run; empty: they are refused */
} TestServerOptions;

typedef struct TestMessage {
    Str body;
    Str method;  /* empty for a response */
    Str id;      /* its JSON text; empty for a notification */
    JsonIn root; /* the whole; lives as long as the server */
    JsonIn params;
} TestMessage;

typedef struct TestServer {
    Arena *arena;
    Server *server;
    struct uv_loop_s *loop;
    struct Framer *framer;
    Array(TestMessage) sent; /* by the server, in order */
} TestServer;

TestServer *test_server_new(Arena *arena, const TestServerOptions *options);
/* initialize with these capabilities (JSON), and initialized. The root is `root` or none. */
void test_initialize(TestServer *client, Str capabilities, Str root);
void test_server_free(TestServer *client);

/* Raw bytes with headers, in any pieces. */
void test_feed(TestServer *client, Str bytes);
/* One message without "jsonrpc", as a format. */
void test_send(TestServer *client, const char *fmt, ...) PRINTF_LIKE(2, 3);
void test_open(TestServer *client, Str uri, Str language, Str text);
/* Runs jobs and callbacks until nothing is left to do, and collects what was sent. */
void test_settle(TestServer *client);
/* Runs the loop until the server sent a message with this method, beyond the first `seen`. */
TestMessage *test_await(TestServer *client, const char *method, size_t seen);

/* After settling: the result of the response as JSON text, "error -32601", or "" when there is none. */
Str test_result(TestServer *client, int id);
size_t test_count(const TestServer *client, const char *method);
TestMessage *test_last(TestServer *client, const char *method);
/* Forgets what was sent so far. */
void test_forget(TestServer *client);

#endif
