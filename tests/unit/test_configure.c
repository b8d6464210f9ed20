/* Settings from three sources, our requests to the client, refreshes. ctest-labels: threads */

#include "lsp/configure.h"

#include "base/path.h"
#include "tests/lib/check.h"
#include "tests/lib/lsp.h"

static const Settings *settings(TestServer *client)
{
    return &client->server->choice->settings;
}

static TestServer *start(void **state, Str capabilities, const char *options)
{
    TestServer *client = test_server_new(test_arena(state), &(TestServerOptions){.threads = 2});
    Str root = test_temp_dir(test_arena(state));
    test_send(client,
              "{\"id\":0,\"method\":\"initialize\",\"params\":{\"processId\":null,\"rootPath\":"
              "\"" STR_FMT "\",\"capabilities\":" STR_FMT ",\"initializationOptions\":%s}}",
              STR_ARG(root), STR_ARG(capabilities), options);
    test_send(client, "{\"method\":\"initialized\",\"params\":{}}");
    test_settle(client);
    return client;
}

static void did_change(TestServer *client, const char *value)
{
    test_send(client,
              "{\"method\":\"workspace/didChangeConfiguration\",\"params\":{\"settings\":%s}}",
              value);
    test_settle(client);
}

static void answer(TestServer *client, const TestMessage *request, const char *result)
{
    test_send(client, "{\"id\":" STR_FMT ",\"result\":%s}", STR_ARG(request->id), result);
    test_settle(client);
}

static void initialization_options_come_first(void **state)
{
    TestServer *client = start(state, S("{}"), "{\"heat\":\"all\",\"top\":7,\"threshold\":0.5}");
    assert_int_equal(settings(client)->heat, SHOW_ALL);
    assert_int_equal(settings(client)->top, 7);
    assert_true(settings(client)->threshold > 0.4);
    assert_int_equal(test_count(client, "workspace/configuration"), 0);
    test_server_free(client);
}

static void nothing_in_a_change_changes_nothing(void **state)
{
    TestServer *client = start(state, S("{}"), "{\"perfloop\":{\"heat\":\"off\"}}");
    static const char *const EMPTY[] = {"{}",
                                        "null",
                                        "[]",
                                        "7",
                                        "{\"perfloop\":null}",
                                        "{\"perfloop\":{\"heat\":3,\"top\":\"x\"}}"};
    for (size_t i = 0; i < sizeof(EMPTY) / sizeof(EMPTY[0]); i++) {
        did_change(client, EMPTY[i]);
        assert_int_equal(settings(client)->heat, SHOW_OFF);
        assert_int_equal(settings(client)->top, 5);
    }
    test_send(client, "{\"method\":\"workspace/didChangeConfiguration\"}");
    did_change(client, "{\"perfloop\":{\"heat\":\"top\"},\"other\":{}}");
    assert_int_equal(settings(client)->heat, SHOW_TOP);
    test_server_free(client);
}

static void numbers_out_of_range_are_not_taken(void **state)
{
    TestServer *client = start(state, S("{}"), "{\"top\":-1,\"threshold\":2}");
    assert_int_equal(settings(client)->top, 5);
    assert_true(settings(client)->threshold < 0.02);
    test_server_free(client);
}

#define PULL                                                              \
    "{\"workspace\":{\"configuration\":true,\"didChangeConfiguration\":{" \
    "\"dynamicRegistration\":true}}}"

static void a_client_that_answers_is_asked(void **state)
{
    TestServer *client = start(state, S(PULL), "null");
    TestMessage *ask = test_last(client, "workspace/configuration");
    assert_non_null(ask);
    assert_int_equal(test_count(client, "client/registerCapability"), 1);
    Str text = json_text(client->arena, ask->params);
    assert_has(text, S("\"scopeUri\":\"file:///tmp/"));
    assert_has(text, S("\"section\":\"perfloop\""));
    answer(client, ask, "[{\"heat\":\"all\"}]");
    assert_int_equal(settings(client)->heat, SHOW_ALL);
    did_change(client, "{\"perfloop\":{\"heat\":\"off\"}}"); /* what it carries does not count */
    assert_int_equal(settings(client)->heat, SHOW_ALL);
    ask = test_last(client, "workspace/configuration");
    answer(client, ask, "[null]");
    assert_int_equal(settings(client)->heat, SHOW_ALL);
    did_change(client, "null");
    test_send(client, "{\"id\":" STR_FMT ",\"error\":{\"code\":-32601,\"message\":\"no\"}}",
              STR_ARG(test_last(client, "workspace/configuration")->id));
    assert_int_equal(settings(client)->heat, SHOW_ALL);
    test_server_free(client);
}

static void trust_is_only_ever_taken_away(void **state)
{
    TestServer *client = start(state, S("{}"), "{\"trusted\":false}");
    assert_false(settings(client)->trusted);
    did_change(client, "{\"perfloop\":{\"trusted\":true}}");
    assert_false(settings(client)->trusted);
    test_server_free(client);
    client = start(state, S("{}"), "{\"trusted\":true}");
    assert_true(settings(client)->trusted);
    did_change(client, "{\"perfloop\":{\"trusted\":false}}");
    assert_false(settings(client)->trusted);
    test_server_free(client);
}

static void refreshes_go_where_they_are_supported_one_at_a_time(void **state)
{
    TestServer *client = start(state, S("{}"), "null");
    did_change(client, "{\"perfloop\":{\"heat\":\"all\"}}");
    assert_int_equal(test_count(client, "workspace/codeLens/refresh"), 0);
    assert_int_equal(test_count(client, "workspace/inlayHint/refresh"), 0);
    test_server_free(client);
    client = start(state, S("{\"workspace\":{\"codeLens\":{\"refreshSupport\":true}}}"), "null");
    for (int i = 1; i < 6; i++)
        did_change(client, i % 2 ? "{\"perfloop\":{\"heat\":\"all\"}}"
                                 : "{\"perfloop\":{\"heat\":\"off\"}}");
    assert_int_equal(test_count(client, "workspace/codeLens/refresh"), 1); /* not answered yet */
    assert_int_equal(test_count(client, "workspace/inlayHint/refresh"), 0);
    answer(client, test_last(client, "workspace/codeLens/refresh"), "null");
    assert_int_equal(test_count(client, "workspace/codeLens/refresh"), 2); /* for what came since */
    answer(client, test_last(client, "workspace/codeLens/refresh"), "null");
    assert_int_equal(test_count(client, "workspace/codeLens/refresh"), 2);
    did_change(client, "{\"perfloop\":{\"heat\":\"top\"}}");
    assert_int_equal(test_count(client, "workspace/codeLens/refresh"), 3);
    test_server_free(client);
}

static void answers_nobody_waits_for_are_ignored(void **state)
{
    TestServer *client = start(state, S("{}"), "null");
    size_t before = client->sent.len;
    test_send(client, "{\"id\":99,\"result\":null}");
    test_send(client, "{\"id\":\"x\",\"result\":null}");
    test_send(client, "{\"id\":null,\"error\":{\"code\":1,\"message\":\"?\"}}");
    test_send(client, "{\"id\":1,\"error\":7}");
    test_settle(client);
    assert_int_equal(client->sent.len, before);
    test_server_free(client);
}

static void trace_tells_what_came_in_only_when_asked(void **state)
{
    TestServer *client = start(state, S("{}"), "null");
    test_send(client, "{\"id\":1,\"method\":\"workspace/symbol\",\"params\":{\"query\":\"\"}}");
    test_settle(client);
    assert_int_equal(test_count(client, "$/logTrace"), 0);
    test_send(client, "{\"method\":\"$/setTrace\",\"params\":{\"value\":\"messages\"}}");
    test_settle(client);
    test_send(client, "{\"id\":2,\"method\":\"workspace/symbol\",\"params\":{\"query\":\"\"}}");
    test_settle(client);
    Str text = json_text(client->arena, test_last(client, "$/logTrace")->params);
    assert_str(text, S("{\"message\":\"got workspace/symbol\"}"));
    test_send(client, "{\"method\":\"$/setTrace\",\"params\":{\"value\":\"verbose\"}}");
    test_send(client, "{\"id\":3,\"method\":\"workspace/symbol\",\"params\":{\"query\":\"\"}}");
    test_settle(client);
    text = json_text(client->arena, test_last(client, "$/logTrace")->params);
    assert_has(text, S("\"verbose\":"));
    test_server_free(client);
}

TEST_MAIN(TEST(initialization_options_come_first), TEST(nothing_in_a_change_changes_nothing),
          TEST(numbers_out_of_range_are_not_taken), TEST(a_client_that_answers_is_asked),
          TEST(trust_is_only_ever_taken_away),
          TEST(refreshes_go_where_they_are_supported_one_at_a_time),
          TEST(answers_nobody_waits_for_are_ignored),
          TEST(trace_tells_what_came_in_only_when_asked))
