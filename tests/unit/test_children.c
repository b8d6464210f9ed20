/* Commands behind the editor's back, with a scripted program in place of ours. ctest-labels: threads */

#include "lsp/child.h"

#include <signal.h>
#include <sys/stat.h>
#include <uv.h>

#include "base/file.h"
#include "base/path.h"
#include "base/strbuf.h"
#include "tests/lib/check.h"
#include "tests/lib/lsp.h"

#define ALL                                                                        \
    "{\"window\":{\"workDoneProgress\":true,\"showDocument\":{\"support\":true}}," \
    "\"workspace\":{\"applyEdit\":true,\"codeLens\":{\"refreshSupport\":true},"    \
    "\"workspaceEdit\":{\"documentChanges\":true}}}"

static Str root;

/* A server whose commands run this shell script. */
static TestServer *start(void **state, Str capabilities, const char *script)
{
    Arena *arena = test_arena(state);
    Err err = {0};
    root = test_temp_dir(arena);
    Str program = path_join(arena, root, S("program.sh"));
    assert_ok(file_write(program, str_fmt(arena, "#!/bin/sh\n%s\n", script), &err), &err);
    assert_int_equal(chmod(str_cstr(arena, program), 0700), 0);
    TestServer *client =
        test_server_new(arena, &(TestServerOptions){.threads = 2, .program = program});
    test_initialize(client, capabilities, root);
    return client;
}

static void run_command(TestServer *client, int id, const char *command)
{
    test_send(client,
              "{\"id\":%d,\"method\":\"workspace/executeCommand\",\"params\":{\"command\":"
              "\"perfloop.%s\",\"arguments\":[{}],\"title\":\"extra\"}}",
              id, command);
}

static Str params_text(TestServer *client, const TestMessage *message)
{
    return json_text(client->arena, message->params);
}

static void answer(TestServer *client, const TestMessage *request, const char *result)
{
    test_send(client, "{\"id\":" STR_FMT ",\"result\":%s}", STR_ARG(request->id), result);
}

static void wait_until_idle(TestServer *client)
{
    while (children_running(client->server, client->arena).id.len)
        uv_run(client->loop, UV_RUN_ONCE);
    test_settle(client);
}

#define RESULT "echo '{\"event\":\"result\",\"status\":\"faster\",\"message\":\"faster: 2 s\"}'"

static void a_command_answers_at_once_and_its_result_is_a_message(void **state)
{
    TestServer *client = start(state, S("{}"), RESULT);
    run_command(client, 1, "measure");
    assert_str(test_result(client, 1), S("{\"job\":\"job-1\"}"));
    wait_until_idle(client);
    Str last = params_text(client, test_last(client, "window/showMessage"));
    assert_str(last, S("{\"type\":3,\"message\":\"perfloop: faster: 2 s\"}"));
    test_server_free(client);
}

static void progress_has_one_begin_and_one_end(void **state)
{
    TestServer *client = start(state, S(ALL),
                               "echo '{\"event\":\"progress\",\"message\":\"a\",\"percent\":10}'\n"
                               "sleep 0.2\n"
                               "echo '{\"event\":\"progress\",\"message\":\"b\",\"percent\":5}'\n"
                               "echo '{\"event\":\"progress\",\"message\":\"c\"}'\n" RESULT);
    run_command(client, 1, "measure");
    const TestMessage *create = test_await(client, "window/workDoneProgress/create", 0);
    assert_int_equal(test_count(client, "$/progress"), 0);
    answer(client, create, "null");
    wait_until_idle(client);
    StrBuf kinds = strbuf_new(client->arena);
    array_each (TestMessage, message, &client->sent) {
        JsonIn value = json_optional(message->params, "value");
        if (!str_eq(message->method, S("$/progress")))
            continue;
        assert_str(json_opt_str(message->params, "token", S("")),
                   json_opt_str(create->params, "token", S("none")));
        strbuf_fmt(&kinds, STR_FMT "%lld ", STR_ARG(json_opt_str(value, "kind", S(""))),
                   (long long)json_opt_i64(value, "percentage", -1));
    }
    Str got = strbuf_str(&kinds);
    assert_true(str_starts(got, S("begin0 ")));
    assert_true(str_ends(got, S("end-1 ")));
    assert_false(str_has(got, S("report5"))); /* never falls */
    test_server_free(client);
}

static void a_refused_token_means_messages(void **state)
{
    TestServer *client = start(state, S(ALL), "sleep 0.2\n" RESULT);
    run_command(client, 1, "measure");
    const TestMessage *create = test_await(client, "window/workDoneProgress/create", 0);
    test_send(client, "{\"id\":" STR_FMT ",\"error\":{\"code\":-32603,\"message\":\"no\"}}",
              STR_ARG(create->id));
    wait_until_idle(client);
    assert_int_equal(test_count(client, "$/progress"), 0);
    assert_int_equal(test_count(client, "window/showMessage"), 2);
    test_server_free(client);
}

static void without_progress_there_are_two_messages(void **state)
{
    TestServer *client = start(
        state, S("{}"),
        "for i in 1 2 3 4 5; do echo '{\"event\":\"progress\",\"message\":\"a\"}'; done\n" RESULT);
    run_command(client, 1, "measure");
    wait_until_idle(client);
    assert_int_equal(test_count(client, "window/workDoneProgress/create"), 0);
    assert_int_equal(test_count(client, "window/showMessage"), 2);
    test_server_free(client);
}

#define ASKING                                                                              \
    "echo '{\"event\":\"ask\",\"id\":\"t\",\"message\":\"Run it?\",\"choices\":[\"Allow\"," \
    "\"No\"]}'\n"                                                                           \
    "read -r line\n"                                                                        \
    "printf '{\"event\":\"result\",\"message\":\"got %s\"}\\n' "                            \
    "\"$(echo \"$line\" | sed 's/[\"{}]//g')\""

static void a_question_goes_to_the_user_and_the_answer_back(void **state)
{
    TestServer *client = start(state, S("{}"), ASKING);
    run_command(client, 1, "measure");
    TestMessage *ask = test_await(client, "window/showMessageRequest", 0);
    assert_str(params_text(client, ask),
               S("{\"type\":3,\"message\":\"Run it?\",\"actions\":[{\"title\":\"Allow\"},"
                 "{\"title\":\"No\"}]}"));
    answer(client, ask, "{\"title\":\"No\"}");
    wait_until_idle(client);
    assert_true(
        str_has(params_text(client, test_last(client, "window/showMessage")), S("got answer:No")));
    test_server_free(client);
}

static void a_dismissed_question_is_null(void **state)
{
    TestServer *client = start(state, S("{}"), ASKING);
    run_command(client, 1, "measure");
    answer(client, test_await(client, "window/showMessageRequest", 0), "null");
    wait_until_idle(client);
    assert_has(params_text(client, test_last(client, "window/showMessage")), S("got answer:null"));
    test_server_free(client);
}

static void an_answer_after_the_end_does_nothing(void **state)
{
    TestServer *client = start(
        state, S("{}"), "echo '{\"event\":\"ask\",\"message\":\"?\",\"choices\":[]}'\n" RESULT);
    run_command(client, 1, "measure");
    TestMessage *ask = test_await(client, "window/showMessageRequest", 0);
    wait_until_idle(client);
    answer(client, ask, "null");
    answer(client, ask, "null");
    test_settle(client);
    test_server_free(client);
}

#define HANGING                                                                 \
    "trap 'echo \"{\\\"event\\\":\\\"error\\\",\\\"kind\\\":\\\"cancelled\\\"," \
    "\\\"message\\\":\\\"cancelled\\\"}\"; exit 130' TERM\n"                    \
    "echo '{\"event\":\"progress\",\"message\":\"up\"}'\n"                      \
    "sleep 100 & echo $! > grandchild\n"                                        \
    "while :; do sleep 0.05; done"

static bool grandchild_is_alive(TestServer *client)
{
    Err err = {0};
    Str text;
    uint64_t pid;
    Str path = path_join(client->arena, root, S("grandchild"));
    assert_ok(file_read(client->arena, path, 100, &text, &err), &err);
    assert_true(str_to_u64(str_trim(text), &pid));
    return kill((pid_t)pid, 0) == 0;
}

static void wait_for_file(TestServer *client, Str name)
{
    int64_t changed;
    uint64_t bytes = 0;
    while (!file_stat(path_join(client->arena, root, name), &changed, &bytes) || !bytes) {
        uv_run(client->loop, UV_RUN_NOWAIT);
        uv_sleep(2);
    }
}

static void cancel_ends_the_whole_group(void **state)
{
    TestServer *client = start(state, S("{}"), HANGING);
    run_command(client, 1, "measure");
    wait_for_file(client, S("grandchild"));
    run_command(client, 2, "cancel");
    assert_str(test_result(client, 2), S("null"));
    wait_until_idle(client);
    for (int i = 0; i < 1000 && grandchild_is_alive(client); i++)
        uv_sleep(2); /* a killed orphan stays until init reaps it */
    assert_false(grandchild_is_alive(client));
    Str last = params_text(client, test_last(client, "window/showMessage"));
    assert_has(last, S("cancelled"));
    test_server_free(client);
}

static void the_cancel_button_does_the_same(void **state)
{
    TestServer *client = start(state, S(ALL), HANGING);
    run_command(client, 1, "measure");
    TestMessage *create = test_await(client, "window/workDoneProgress/create", 0);
    Str token = json_opt_str(create->params, "token", S(""));
    answer(client, create, "null");
    wait_for_file(client, S("grandchild"));
    test_send(client, "{\"method\":\"window/workDoneProgress/cancel\",\"params\":{\"token\":7}}");
    test_send(client,
              "{\"method\":\"window/workDoneProgress/cancel\",\"params\":{\"token\":\"" STR_FMT
              "\"}}",
              STR_ARG(token));
    wait_until_idle(client);
    test_server_free(client);
}

static void the_end_of_the_server_ends_the_command(void **state)
{
    TestServer *client = start(state, S("{}"), HANGING);
    run_command(client, 1, "measure");
    wait_for_file(client, S("grandchild"));
    Arena *arena = client->arena;
    server_hang_up(client->server, "the input ends");
    test_server_free(client);
    client = &(TestServer){.arena = arena};
    for (int i = 0; i < 1000 && grandchild_is_alive(client); i++)
        uv_sleep(2);
    assert_false(grandchild_is_alive(client));
}

static void shutdown_is_answered_when_the_command_is_gone(void **state)
{
    TestServer *client = start(state, S("{}"), HANGING);
    run_command(client, 1, "measure");
    wait_for_file(client, S("grandchild"));
    test_send(client, "{\"id\":2,\"method\":\"shutdown\"}");
    while (!test_result(client, 2).len)
        uv_run(client->loop, UV_RUN_ONCE);
    assert_str(test_result(client, 2), S("null"));
    assert_int_equal(children_running(client->server, client->arena).id.len, 0);
    test_server_free(client);
}

static void the_newest_command_replaces_the_one_that_waits(void **state)
{
    TestServer *client =
        start(state, S("{}"), "echo $1 >> ran; while [ ! -e go ]; do sleep 0.02; done\n" RESULT);
    Err err = {0};
    run_command(client, 1, "baseline");
    run_command(client, 2, "profile");
    run_command(client, 3, "measure");
    assert_str(test_result(client, 3), S("{\"job\":\"job-3\"}"));
    assert_ok(file_write(path_join(client->arena, root, S("go")), S("x"), &err), &err);
    wait_until_idle(client);
    Str ran;
    assert_ok(file_read(client->arena, path_join(client->arena, root, S("ran")), 100, &ran, &err),
              &err);
    assert_str(ran, S("baseline\nmeasure\n"));
    test_server_free(client);
}

static void a_silent_death_is_told_with_its_last_words(void **state)
{
    TestServer *client = start(state, S("{}"), "echo 'no such thing' >&2; exit 3");
    run_command(client, 1, "measure");
    wait_until_idle(client);
    assert_str(params_text(client, test_last(client, "window/showMessage")),
               S("{\"type\":1,\"message\":\"perfloop: measure: ended with status 3 and no result: "
                 "no such thing\"}"));
    test_server_free(client);
}

static void nonsense_from_a_command_is_survived(void **state)
{
    TestServer *client = start(state, S(ALL),
                               "echo 'nonsense'; echo '{'; echo '[]'; echo '{\"event\":7}'\n"
                               "echo '{\"event\":\"result\",\"edits\":7}'; printf 'no newline'");
    run_command(client, 1, "measure");
    answer(client, test_await(client, "window/workDoneProgress/create", 0), "null");
    wait_until_idle(client);
    test_server_free(client);
}

static void a_program_that_cannot_start_is_told(void **state)
{
    TestServer *client = start(state, S("{}"), "");
    client->server->options.program = S("/nowhere/program");
    run_command(client, 1, "measure");
    wait_until_idle(client);
    assert_has(params_text(client, test_last(client, "window/showMessage")),
               S("cannot start /nowhere/program: no such file"));
    test_server_free(client);
}

static void untrusted_workspaces_run_nothing(void **state)
{
    TestServer *client = start(state, S("{}"), RESULT);
    test_send(client, "{\"method\":\"workspace/didChangeConfiguration\",\"params\":{\"settings\":{"
                      "\"perfloop\":{\"trusted\":false}}}}");
    static const char *const ACTING[] = {"measure", "baseline", "profile", "keep",  "revert",
                                         "restore", "trust",    "init",    "import"};
    for (int i = 0; i < (int)(sizeof(ACTING) / sizeof(ACTING[0])); i++) {
        run_command(client, i + 1, ACTING[i]);
        assert_str(test_result(client, i + 1), S("error -32803"));
    }
    run_command(client, 50, "status");
    assert_str(test_result(client, 50), S("{\"job\":\"job-1\"}"));
    run_command(client, 51, "unheardOf");
    assert_str(test_result(client, 51), S("error -32602"));
    wait_until_idle(client);
    test_server_free(client);
}

#define EDITING                                                                                  \
    "echo '{\"event\":\"result\",\"message\":\"reverted\",\"edits\":[{\"path\":\"'$PWD'/a.py\"," \
    "\"text\":\"one\\\\n2\\\\nthree\\\\n\"}]}'"

static TestMessage *edit_with(void **state, Str capabilities, TestServer **client)
{
    *client = start(state, capabilities, EDITING);
    Str uri = str_fmt((*client)->arena, "file://" STR_FMT "/a.py", STR_ARG(root));
    test_open(*client, uri, S("python"), S("one\ntwo\nthree\n"));
    run_command(*client, 1, "revert");
    return test_await(*client, "workspace/applyEdit", 0);
}

static void a_revert_is_an_edit_of_what_differs(void **state)
{
    TestServer *client;
    TestMessage *edit = edit_with(state, S(ALL), &client);
    Str text = params_text(client, edit);
    assert_has(text, S("\"label\":\"perfloop: revert\""));
    assert_has(text, S("\"documentChanges\":[{\"textDocument\":{\"uri\":\"file://"));
    assert_has(text, S("/a.py\",\"version\":1}"));
    assert_has(text, S("\"edits\":[{\"range\":{\"start\":{\"line\":1,\"character\":0},"
                       "\"end\":{\"line\":1,\"character\":3}},\"newText\":\"2\"}]"));
    answer(client, edit, "{\"applied\":true}");
    wait_until_idle(client);
    test_server_free(client);
}

static void old_clients_get_changes(void **state)
{
    TestServer *client;
    TestMessage *edit = edit_with(state, S("{}"), &client);
    assert_has(params_text(client, edit), S("\"edit\":{\"changes\":{\"file://"));
    answer(client, edit, "{\"applied\":false,\"failureReason\":\"read only\"}");
    assert_has(params_text(client, test_last(client, "window/showMessage")), S(""));
    wait_until_idle(client);
    size_t told = 0;
    array_each (TestMessage, message, &client->sent)
        told += str_has(message->body, S("did not apply the edit: read only"));
    assert_int_equal(told, 1);
    test_server_free(client);
}

static void a_document_that_moved_on_is_not_edited(void **state)
{
    TestServer *client = start(state, S(ALL), "while [ ! -e go ]; do sleep 0.02; done\n" EDITING);
    Err err = {0};
    Str uri = str_fmt(client->arena, "file://" STR_FMT "/a.py", STR_ARG(root));
    test_open(client, uri, S("python"), S("one\ntwo\nthree\n"));
    run_command(client, 1, "revert");
    test_send(client,
              "{\"method\":\"textDocument/didChange\",\"params\":{\"textDocument\":{\"uri\":"
              "\"" STR_FMT "\",\"version\":2},\"contentChanges\":[{\"text\":\"mine\"}]}}",
              STR_ARG(uri));
    assert_ok(file_write(path_join(client->arena, root, S("go")), S("x"), &err), &err);
    wait_until_idle(client);
    assert_int_equal(test_count(client, "workspace/applyEdit"), 0);
    size_t told = 0;
    array_each (TestMessage, message, &client->sent)
        told += str_has(message->body, S("changed meanwhile and was left as it is"));
    assert_int_equal(told, 1);
    test_server_free(client);
}

static void the_overlay_has_every_open_text(void **state)
{
    TestServer *client =
        start(state, S("{}"),
              "while [ $# -gt 1 ]; do [ $1 = --overlay ] && cp $2 seen; shift; done\n" RESULT);
    Err err = {0};
    Str saved = path_join(client->arena, root, S("saved.py"));
    assert_ok(file_write(saved, S("same\n"), &err), &err);
    test_open(client, str_fmt(client->arena, "file://" STR_FMT, STR_ARG(saved)), S("python"),
              S("same\n"));
    test_open(client, str_fmt(client->arena, "file://" STR_FMT "/new.py", STR_ARG(root)),
              S("python"), S("older\n"));
    test_open(client, S("untitled:Untitled-1"), S("python"), S("no path\n"));
    test_settle(client);
    test_send(client,
              "{\"method\":\"textDocument/didChange\",\"params\":{\"textDocument\":{\"uri\":"
              "\"file://" STR_FMT
              "/new.py\",\"version\":2},\"contentChanges\":[{\"text\":\"unsaved\\n\"}]}}",
              STR_ARG(root));
    run_command(client, 1, "measure");
    wait_until_idle(client);
    Str seen;
    assert_ok(
        file_read(client->arena, path_join(client->arena, root, S("seen")), 10000, &seen, &err),
        &err);
    assert_str(seen,
               str_fmt(client->arena,
                       "{\"documents\":[{\"path\":\"" STR_FMT "\",\"version\":1,\"dirty\":false,"
                       "\"text\":\"same\\n\"},{\"path\":\"" STR_FMT "/new.py\",\"version\":2,"
                       "\"dirty\":true,\"text\":\"unsaved\\n\"}]}",
                       STR_ARG(saved), STR_ARG(root)));
    test_server_free(client);
}

static void background_work_waits_while_a_benchmark_runs(void **state)
{
    TestServer *client = start(state, S(ALL), "while [ ! -e go ]; do sleep 0.02; done\n" RESULT);
    Err err = {0};
    test_open(client, S("file:///nowhere/a.py"), S("python"), S("def f(): pass\n"));
    test_settle(client);
    run_command(client, 1, "measure");
    answer(client, test_await(client, "window/workDoneProgress/create", 0), "null");
    uint64_t generation = client->server->world->generation;
    test_send(client,
              "{\"method\":\"workspace/didChangeWatchedFiles\",\"params\":{\"changes\":[]}}");
    test_send(client, "{\"id\":2,\"method\":\"textDocument/documentSymbol\",\"params\":{"
                      "\"textDocument\":{\"uri\":\"file:///nowhere/a.py\"}}}");
    assert_has(test_result(client, 2), S("\"f\""));
    assert_int_equal(client->server->world->generation, generation);
    assert_ok(file_write(path_join(client->arena, root, S("go")), S("x"), &err), &err);
    wait_until_idle(client);
    assert_true(client->server->world->generation > generation);
    test_server_free(client);
}

TEST_MAIN(TEST(a_command_answers_at_once_and_its_result_is_a_message),
          TEST(progress_has_one_begin_and_one_end), TEST(a_refused_token_means_messages),
          TEST(without_progress_there_are_two_messages),
          TEST(a_question_goes_to_the_user_and_the_answer_back), TEST(a_dismissed_question_is_null),
          TEST(an_answer_after_the_end_does_nothing), TEST(cancel_ends_the_whole_group),
          TEST(the_cancel_button_does_the_same), TEST(the_end_of_the_server_ends_the_command),
          TEST(shutdown_is_answered_when_the_command_is_gone),
          TEST(the_newest_command_replaces_the_one_that_waits),
          TEST(a_silent_death_is_told_with_its_last_words),
          TEST(nonsense_from_a_command_is_survived), TEST(a_program_that_cannot_start_is_told),
          TEST(untrusted_workspaces_run_nothing), TEST(a_revert_is_an_edit_of_what_differs),
          TEST(old_clients_get_changes), TEST(a_document_that_moved_on_is_not_edited),
          TEST(the_overlay_has_every_open_text), TEST(background_work_waits_while_a_benchmark_runs))
