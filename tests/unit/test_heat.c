/* Heat in the server: from a profile in the ledger to what an editor is sent. ctest-labels: threads */

#include "lsp/heat/heat.h"

#include "lsp/documents.h"
#include "lsp/uri.h"
#include "tests/lib/check.h"
#include "tests/lib/editor.h"

/* An editor that has t.py beside this profile, and not open. */
static Editor *start(void **state, Str capabilities, Str profile)
{
    Editor *editor = editor_new(test_arena(state));
    test_profile(&editor->space, "", profile, 1000);
    editor_connect(editor, capabilities);
    return editor;
}

static Editor *start_open(void **state, Str capabilities)
{
    Editor *editor = start(state, capabilities, S(TOKENIZE_FOLDED));
    editor_open(editor, S("python"), S(TOKENIZE_PY));
    return editor;
}

static void an_opened_file_shows_its_heat(void **state)
{
    Editor *editor = start_open(state, S("{}"));
    Str pushed = editor_diagnostics(editor);
    assert_has(pushed, S("\"version\":1"));
    assert_has(pushed, S("62 % ±3 of samples on this line (620 of 1,000)"));
    assert_has(pushed, S("\"start\":{\"line\":7,\"character\":8}"));
    assert_int_equal(test_occurrences(pushed, S("\"source\":\"perfloop\"")), 3);
    Str lenses = editor_ask(editor, 5, "codeLens", "");
    assert_has(lenses, S("\"title\":\"75 % self\""));
    assert_int_equal(test_occurrences(lenses, S("\"command\":{")), 4);
    editor_free(editor);
}

static void heat_moves_and_changes_with_the_text(void **state)
{
    Editor *editor = start_open(state, S(RICH_CLIENT));
    editor_insert(editor, 2, 0, 0, "# new\\n");
    assert_has(editor_diagnostics(editor), S("profiled as line 8"));
    assert_has(editor_diagnostics(editor), S("\"start\":{\"line\":8,\"character\":8}"));
    editor_insert(editor, 3, 8, 8, "x");
    Str pushed = editor_diagnostics(editor);
    assert_has(pushed, S("was 62 % ±3 of samples before this line changed"));
    assert_has(pushed, S("\"tags\":[1]"));
    Str hints = editor_ask(editor, 5, "inlayHint", ASK_OVER(0, 0, 99, 0));
    assert_has(hints, S("\"label\":\"was 62 %\""));
    assert_has(hints, S("\"label\":\"25 %\""));
    Str lenses = editor_ask(editor, 6, "codeLens", "");
    assert_has(lenses, S("was 75 % self, changed since"));
    editor_free(editor);
}

/* Carrying cannot know that the pasted line is the one that was cut; looking again can. */
static void a_line_cut_and_pasted_comes_back_after_a_pause(void **state)
{
    Editor *editor = start_open(state, S("{}"));
    test_send(
        editor->server,
        "{\"method\":\"textDocument/didChange\",\"params\":{\"textDocument\":{\"uri\":\"" STR_FMT
        "\",\"version\":2},\"contentChanges\":[{\"range\":{\"start\":{\"line\":7,\"character\":0},"
        "\"end\":{\"line\":8,\"character\":0}},\"text\":\"\"}]}}",
        STR_ARG(editor->uri));
    test_settle(editor->server);
    assert_int_equal(test_occurrences(editor_diagnostics(editor), S("on this line (620")), 0);
    editor_insert(editor, 3, 7, 0, "        out.append(word.lower())\\n");
    assert_int_equal(test_occurrences(editor_diagnostics(editor), S("on this line (620")), 0);
    documents_find_again(editor->server->server);
    test_settle(editor->server);
    assert_has(editor_diagnostics(editor), S("62 % ±3 of samples on this line (620"));
    editor_free(editor);
}

static void hints_are_cut_to_the_range_that_was_asked_for(void **state)
{
    Editor *editor = start_open(state, S("{}"));
    Str hints = editor_ask(editor, 5, "inlayHint", ASK_OVER(6, 0, 6, 9));
    assert_int_equal(test_occurrences(hints, S("\"label\"")), 1);
    assert_has(hints, S("\"label\":\"13 %\""));
    editor_free(editor);
}

static void a_hover_has_stacks_callers_and_callees(void **state)
{
    Editor *editor = start_open(state, S(RICH_CLIENT));
    Str hover = editor_ask(editor, 5, "hover", ASK_AT(1, 6));
    assert_has(hover, S("\"kind\":\"markdown\""));
    assert_has(hover, S("**25 % of samples** in `split` (as profiled)"));
    assert_has(hover, S("**Top stacks**"));
    assert_has(hover, S("**Callers**"));
    assert_has(hover, S("`tokenize`"));
    assert_has(hover, S("if this line cost nothing: at most -25 %"));
    assert_str(editor_ask(editor, 6, "hover", ASK_AT(2, 0)), S("null"));
    editor_free(editor);
}

static void a_hover_is_plain_where_the_client_says_nothing(void **state)
{
    Editor *editor = start_open(state, S("{}"));
    Str hover = editor_ask(editor, 5, "hover", ASK_AT(1, 6));
    assert_has(hover, S("\"kind\":\"plaintext\""));
    assert_int_equal(test_occurrences(hover, S("**")), 0);
    editor_free(editor);
}

static void actions_have_kinds_and_answer_only(void **state)
{
    Editor *editor = start_open(state, S(RICH_CLIENT));
    Str all = editor_ask(editor, 5, "codeAction", ASK_ACTIONS(7, ""));
    assert_has(all, S("perfloop: show details of line 8"));
    assert_has(all, S("\"kind\":\"source.perfloop\""));
    assert_has(editor_ask(editor, 6, "codeAction", ASK_ACTIONS(7, ",\"only\":[\"source\"]")),
               S("perfloop: show details of line 8"));
    assert_str(editor_ask(editor, 7, "codeAction", ASK_ACTIONS(7, ",\"only\":[\"refactor\"]")),
               S("[]"));
    editor_free(editor);
}

static void a_client_without_literals_gets_bare_commands(void **state)
{
    Editor *editor = start_open(state, S("{}"));
    Str all = editor_ask(editor, 5, "codeAction", ASK_ACTIONS(7, ""));
    assert_int_equal(test_occurrences(all, S("\"kind\"")), 0);
    assert_has(all, S("\"command\":\"perfloop.showDetails\",\"arguments\":[{"));
    editor_free(editor);
}

static void details_come_as_a_message(void **state)
{
    Editor *editor = start_open(state, S("{}"));
    test_send(editor->server,
              "{\"id\":9,\"method\":\"workspace/executeCommand\",\"params\":{\"command\":"
              "\"perfloop.showDetails\",\"arguments\":[{\"uri\":\"" STR_FMT "\",\"line\":8}]}}",
              STR_ARG(editor->uri));
    assert_str(test_result(editor->server, 9), S("null"));
    TestMessage *shown = test_last(editor->server, "window/showMessage");
    assert_non_null(shown);
    assert_has(json_text(editor->arena, shown->params), S("62 % of samples in tokenize"));
    editor_free(editor);
}

static Str show_metric(Editor *editor, int id, const char *metric)
{
    Str argument = str_fmt(editor->arena, "{\"metric\":\"%s\"}", metric);
    return editor_command(editor, id, "perfloop.showMetric", str_cstr(editor->arena, argument));
}

/* Two numbers for each stack are two metrics, "before" and "after". */
static void another_metric_is_an_action_away(void **state)
{
    Editor *editor = start(state, S(RICH_CLIENT),
                           S("tokenize (t.py:8) 620 10\n"
                             "tokenize (t.py:7);split (t.py:2) 250 900\n"
                             "tokenize (t.py:7) 130 90\n"));
    editor_open(editor, S("python"), S(TOKENIZE_PY));
    assert_has(editor_diagnostics(editor), S("of before on this line (620 of 1,000)"));
    Str all = editor_ask(editor, 5, "codeAction", ASK_ACTIONS(7, ""));
    assert_has(all, S("\"title\":\"perfloop: show after (1,000)\""));
    assert_has(all, S("\"command\":\"perfloop.showMetric\",\"arguments\":[{\"metric\":\"after\""));
    assert_str(show_metric(editor, 11, "after"), S("null"));
    assert_has(editor_diagnostics(editor), S("of after on this line (900 of 1,000)"));
    assert_has(editor_ask(editor, 5, "codeAction", ASK_ACTIONS(7, "")),
               S("perfloop: show before (1,000)"));
    assert_str(show_metric(editor, 12, ""), S("null")); /* the next one: there are two */
    assert_has(editor_diagnostics(editor), S("of before on this line (620 of 1,000)"));
    assert_str(show_metric(editor, 13, "bytes"), S("error -32602"));
    editor_configure(editor, "{\"metric\":\"after\"}");
    assert_has(editor_diagnostics(editor), S("of after on this line (900 of 1,000)"));
    editor_configure(editor, "{\"metric\":\"of another tool\"}");
    assert_has(editor_diagnostics(editor), S("of before on this line (620 of 1,000)"));
    editor_free(editor);
}

/* The file of a library that a line of the user calls, when the user goes there. */
static void an_opened_library_shows_heat_and_no_ranks(void **state)
{
    Arena *arena = test_arena(state);
    TestWorkspace elsewhere = test_workspace(arena);
    Str library = test_write(&elsewhere, "lib/python3.11/site-packages/six.py", S(TOKENIZE_PY));
    Str folded = str_fmt(arena, "main (t.py:8);tokenize (" STR_FMT ":8) 900\nmain (t.py:8) 100\n",
                         STR_ARG(library));
    Editor *editor = start(state, S(RICH_CLIENT), folded);
    editor_open(editor, S("python"), S(TOKENIZE_PY));
    assert_has(editor_diagnostics(editor), S("90 % in callee tokenize (six)"));
    editor->uri = uri_from_path(arena, library);
    editor_open(editor, S("python"), S(TOKENIZE_PY));
    assert_has(editor_ask(editor, 9, "inlayHint", ASK_OVER(0, 0, 9, 0)), S("\"label\":\"90 %\""));
    assert_has(editor_ask(editor, 10, "hover", ASK_AT(7, 3)), S("main (t.py:8) → tokenize"));
    assert_has(editor_diagnostics(editor), S("six.py"));
    assert_has(editor_diagnostics(editor), S("\"diagnostics\":[]"));
    editor_free(editor);
}

static Str symbols(Editor *editor, int id, const char *query)
{
    test_send(editor->server,
              "{\"id\":%d,\"method\":\"workspace/symbol\",\"params\":{\"query\":\"%s\"}}", id,
              query);
    return test_result(editor->server, id);
}

static void symbols_are_sorted_by_cost(void **state)
{
    Editor *editor = start(state, S("{}"), S(TOKENIZE_FOLDED));
    Str all = symbols(editor, 5, "");
    assert_has(all, S("tokenize [75 % self, 100 % with calls]"));
    assert_true(str_find(all, S("tokenize ["), 0) < str_find(all, S("split ["), 0));
    assert_int_equal(test_occurrences(symbols(editor, 6, "SPT"), S("\"name\"")), 1);
    editor_free(editor);
}

static void memory_is_told_in_bytes_that_people_read(void **state)
{
    Editor *editor = start(state, S("{}"),
                           S("allocator,num_allocations,size,tid,thread_name,stack_trace\n"
                             "MALLOC,2,12345678,1,MainThread,tokenize;t.py;8\n"
                             "MALLOC,8,4000000,1,MainThread,split;t.py;2|tokenize;t.py;7\n"));
    editor_open(editor, S("python"), S(TOKENIZE_PY));
    assert_has(editor_diagnostics(editor), S("12.3 MB at peak, 76 % on this line; if"));
    assert_has(symbols(editor, 5, "split"), S("split [4 MB, 24 % self, 24 % with calls]"));
    assert_has(editor_ask(editor, 6, "prepareCallHierarchy", ASK_AT(1, 4)),
               S("split [24 %, 4 MB]"));
    editor_free(editor);
}

static void calls_carry_their_cost_in_the_name(void **state)
{
    Editor *editor = start_open(state, S("{}"));
    Str items = editor_ask(editor, 5, "prepareCallHierarchy", ASK_AT(0, 5));
    assert_has(items, S("split [25 %, 250 samples]"));
    Str calls = editor_callers(editor, 6, items);
    assert_has(calls, S("tokenize [25 %, 250 samples]"));
    assert_has(calls, S("\"fromRanges\":[{\"start\""));
    test_profile(&editor->space, "", S("split (t.py:2) 100\n"), 2000);
    editor_files_changed(editor);
    assert_str(editor_callers(editor, 7, items), S("error -32801"));
    editor_free(editor);
}

static void a_new_profile_shows_itself_and_an_old_lens_list_never_empties(void **state)
{
    Editor *editor =
        start_open(state, S("{\"workspace\":{\"codeLens\":{\"refreshSupport\":true}}}"));
    test_write(&editor->space, "u.py", S("def other():\n    return 1\n"));
    test_profile(&editor->space, "", S("other (u.py:2) 100\n"), 2000);
    TestMessage *asked = test_last(editor->server, "workspace/codeLens/refresh");
    if (asked) /* a client answers; the next one is asked for only then */
        test_send(editor->server, "{\"id\":" STR_FMT ",\"result\":null}", STR_ARG(asked->id));
    test_forget(editor->server);
    editor_files_changed(editor);
    assert_has(editor_diagnostics(editor), S("\"diagnostics\":[]"));
    assert_int_equal(test_count(editor->server, "workspace/codeLens/refresh"), 1);
    Str lenses = editor_ask(editor, 5, "codeLens", "");
    assert_has(lenses, S("perfloop: nothing hot in this revision"));
    assert_int_equal(test_occurrences(lenses, S("\"title\"")), 1);
    editor_free(editor);
}

static void the_same_diagnostics_are_sent_again_for_a_new_version(void **state)
{
    Editor *editor = start_open(state, S("{}"));
    test_forget(editor->server);
    editor_insert(editor, 2, 999, 0, "# below all that is hot\\n");
    assert_int_equal(test_count(editor->server, "textDocument/publishDiagnostics"), 1);
    assert_has(editor_diagnostics(editor), S("\"version\":2"));
    assert_has(editor_diagnostics(editor), S("62 % ±3 of samples on this line"));
    editor_free(editor);
}

static void a_closed_hot_file_has_its_diagnostics_until_it_is_opened(void **state)
{
    Editor *editor = start(state, S("{}"), S(TOKENIZE_FOLDED));
    Str pushed = editor_diagnostics(editor);
    assert_has(pushed, S("62 % ±3 of samples on this line"));
    assert_int_equal(test_occurrences(pushed, S("version")), 0);
    test_forget(editor->server);
    editor_open(editor, S("python"), S("# other\n" TOKENIZE_PY));
    assert_int_equal(test_count(editor->server, "textDocument/publishDiagnostics"), 1);
    assert_has(editor_diagnostics(editor), S("\"version\":1"));
    test_forget(editor->server);
    test_send(
        editor->server,
        "{\"method\":\"textDocument/didClose\",\"params\":{\"textDocument\":{\"uri\":\"" STR_FMT
        "\"}}}",
        STR_ARG(editor->uri));
    test_settle(editor->server);
    assert_has(editor_diagnostics(editor), S("\"start\":{\"line\":7,\"character\":8}"));
    assert_int_equal(test_occurrences(editor_diagnostics(editor), S("version")), 0);
    editor_free(editor);
}

static void settings_switch_heat_off(void **state)
{
    Editor *editor = start_open(state, S("{}"));
    editor_configure(editor, "{\"heat\":\"off\"}");
    assert_has(editor_diagnostics(editor), S("\"diagnostics\":[]"));
    assert_has(editor_ask(editor, 5, "codeLens", ""), S("perfloop: heat is off"));
    editor_free(editor);
}

static void a_file_outside_the_workspace_is_quiet(void **state)
{
    Editor *editor = start(state, S("{}"), S(TOKENIZE_FOLDED));
    editor->uri = S("file:///elsewhere/t.py");
    test_open(editor->server, editor->uri, S("python"), S(TOKENIZE_PY));
    assert_str(editor_ask(editor, 5, "codeLens", ""), S("[]"));
    assert_str(editor_ask(editor, 6, "hover", ASK_AT(1, 6)), S("null"));
    editor_free(editor);
}

TEST_MAIN(TEST(an_opened_file_shows_its_heat), TEST(heat_moves_and_changes_with_the_text),
          TEST(a_line_cut_and_pasted_comes_back_after_a_pause),
          TEST(hints_are_cut_to_the_range_that_was_asked_for),
          TEST(a_hover_has_stacks_callers_and_callees),
          TEST(a_hover_is_plain_where_the_client_says_nothing),
          TEST(actions_have_kinds_and_answer_only),
          TEST(a_client_without_literals_gets_bare_commands), TEST(details_come_as_a_message),
          TEST(another_metric_is_an_action_away), TEST(an_opened_library_shows_heat_and_no_ranks),
          TEST(symbols_are_sorted_by_cost), TEST(memory_is_told_in_bytes_that_people_read),
          TEST(calls_carry_their_cost_in_the_name),
          TEST(a_new_profile_shows_itself_and_an_old_lens_list_never_empties),
          TEST(the_same_diagnostics_are_sent_again_for_a_new_version),
          TEST(a_closed_hot_file_has_its_diagnostics_until_it_is_opened),
          TEST(settings_switch_heat_off), TEST(a_file_outside_the_workspace_is_quiet))
