#include "tests/lib/editor.h"

#include "base/json_in.h"
#include "lsp/uri.h"
#include "tests/lib/check.h"

Editor *editor_new(Arena *arena)
{
    Editor *editor = NEW(arena, Editor);
    editor->arena = arena;
    editor->space = test_workspace(arena);
    editor->uri = uri_from_path(arena, test_write(&editor->space, "t.py", S(TOKENIZE_PY)));
    return editor;
}

void editor_connect(Editor *editor, Str capabilities)
{
    editor->server = test_server_new(editor->arena, &(TestServerOptions){.threads = 2});
    test_initialize(editor->server, capabilities, editor->space.places.root);
}

void editor_open(Editor *editor, Str language, Str text)
{
    test_open(editor->server, editor->uri, language, text);
    test_settle(editor->server);
}

void editor_free(Editor *editor)
{
    test_server_free(editor->server);
}

Str editor_ask(Editor *editor, int id, const char *method, const char *more)
{
    test_send(
        editor->server,
        "{\"id\":%d,\"method\":\"textDocument/%s\",\"params\":{\"textDocument\":{\"uri\":\"" STR_FMT
        "\"}%s}}",
        id, method, STR_ARG(editor->uri), more);
    return test_result(editor->server, id);
}

Str editor_callers(Editor *editor, int id, Str items)
{
    CLEANUP(json_cleanup) JsonIn root = {0};
    Err err = {0};
    assert_ok(json_parse(editor->arena, items, &root, &err), &err);
    test_send(editor->server,
              "{\"id\":%d,\"method\":\"callHierarchy/incomingCalls\",\"params\":{\"item\":" STR_FMT
              "}}",
              id, STR_ARG(json_text(editor->arena, json_item(root, 0))));
    return test_result(editor->server, id);
}

void editor_insert(Editor *editor, int version, int line, int character, const char *text)
{
    test_send(
        editor->server,
        "{\"method\":\"textDocument/didChange\",\"params\":{\"textDocument\":{\"uri\":\"" STR_FMT
        "\",\"version\":%d},\"contentChanges\":[{\"range\":{\"start\":{\"line\":%d,"
        "\"character\":%d},\"end\":{\"line\":%d,\"character\":%d}},\"text\":\"%s\"}]}}",
        STR_ARG(editor->uri), version, line, character, line, character, text);
    test_settle(editor->server);
}

Str editor_command(Editor *editor, int id, const char *command, const char *argument)
{
    test_send(editor->server,
              "{\"id\":%d,\"method\":\"workspace/executeCommand\",\"params\":{\"command\":\"%s\","
              "\"arguments\":[%s]}}",
              id, command, argument);
    return test_result(editor->server, id);
}

void editor_configure(Editor *editor, const char *settings)
{
    test_send(editor->server,
              "{\"method\":\"workspace/didChangeConfiguration\",\"params\":{\"settings\":"
              "{\"perfloop\":%s}}}",
              settings);
    test_settle(editor->server);
}

void editor_files_changed(Editor *editor)
{
    test_send(editor->server,
              "{\"method\":\"workspace/didChangeWatchedFiles\",\"params\":{\"changes\":[]}}");
    test_settle(editor->server);
}

Str editor_diagnostics(Editor *editor)
{
    TestMessage *message = test_last(editor->server, "textDocument/publishDiagnostics");
    return message ? json_text(editor->arena, message->params) : S("");
}
