/* perfloop.toml in the server: what an editor is sent while the user writes it. ctest-labels: threads */

#include "base/path.h"
#include "lsp/uri.h"
#include "tests/lib/check.h"
#include "tests/lib/editor.h"

static void a_workload_file_has_problems_completion_and_hover(void **state)
{
    Editor *editor = editor_new(test_arena(state));
    editor_connect(editor, S(RICH_CLIENT));
    editor->uri = uri_from_path(
        editor->arena, path_join(editor->arena, editor->space.places.root, S("perfloop.toml")));
    editor_open(editor, S("toml"), S("[workload.w]\nbenchmark = \"true\"\nmetrc = \"p50\"\n\n"));
    assert_has(editor_diagnostics(editor), S("config-unknown-key"));
    assert_has(editor_ask(editor, 5, "completion", ASK_AT(3, 0)), S("\"label\":\"tests\""));
    assert_has(editor_ask(editor, 6, "hover", ASK_AT(1, 2)), S("benchmark"));
    assert_has(editor_ask(editor, 7, "codeAction", ASK_ACTIONS(2, "")),
               S("[{\"title\":\"perfloop: write metric\",\"kind\":\"quickfix\","));
    editor_free(editor);
}

TEST_MAIN(TEST(a_workload_file_has_problems_completion_and_hover))
