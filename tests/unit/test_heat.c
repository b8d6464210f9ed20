/* Heat in the server: from a profile in the ledger to what an editor is sent. ctest-labels: threads */

#include "lsp/heat/heat.h"

#include <math.h>

#include "base/path.h"
#include "base/strbuf.h"
#include "lsp/documents.h"
#include "lsp/uri.h"
#include "runners/ledger/ledger.h"
#include "runners/profiling/libraries.h"
#include "tests/lib/check.h"
#include "tests/lib/lsp.h"
#include "tests/lib/workspace.h"

#define SOURCE                           \
    "def split(text):\n"                 \
    "    return text.split(' ')\n"       \
    "\n"                                 \
    "\n"                                 \
    "def tokenize(text):\n"              \
    "    out = []\n"                     \
    "    for word in split(text):\n"     \
    "        out.append(word.lower())\n" \
    "    return out\n"
#define PROFILE                              \
    "tokenize (t.py:8) 620\n"                \
    "tokenize (t.py:7);split (t.py:2) 250\n" \
    "tokenize (t.py:7) 127\n"                \
    "tokenize (t.py:6) 3\n"
#define RICH                                                                               \
    "{\"textDocument\":{\"publishDiagnostics\":{\"tagSupport\":{\"valueSet\":[1]}},"       \
    "\"codeAction\":{\"codeActionLiteralSupport\":{\"codeActionKind\":{\"valueSet\":[]}}," \
    "\"isPreferredSupport\":true},\"hover\":{\"contentFormat\":[\"markdown\"]}}}"

typedef struct Editor {
    Arena *arena;
    TestWorkspace space;
    TestServer *server;
    Str uri;
} Editor;

static Editor *start(void **state, Str capabilities, Str folded)
{
    Editor *editor = NEW(test_arena(state), Editor);
    editor->arena = test_arena(state);
    editor->space = test_workspace(editor->arena);
    Str path = test_write(&editor->space, "t.py", S(SOURCE));
    editor->uri = uri_from_path(editor->arena, path);
    if (folded.len)
        test_profile(&editor->space, "", folded, 1000);
    editor->server = test_server_new(editor->arena, &(TestServerOptions){.threads = 2});
    test_initialize(editor->server, capabilities, editor->space.places.root);
    return editor;
}

static Editor *start_open(void **state, Str capabilities)
{
    Editor *editor = start(state, capabilities, S(PROFILE));
    test_open(editor->server, editor->uri, S("python"), S(SOURCE));
    test_settle(editor->server);
    return editor;
}

static void stop(Editor *editor)
{
    test_server_free(editor->server);
}

/* The answer to a request about the document; more params begin with a comma. */
static Str ask(Editor *editor, int id, const char *method, const char *more)
{
    test_send(
        editor->server,
        "{\"id\":%d,\"method\":\"textDocument/%s\",\"params\":{\"textDocument\":{\"uri\":\"" STR_FMT
        "\"}%s}}",
        id, method, STR_ARG(editor->uri), more);
    test_settle(editor->server);
    return test_result(editor->server, id);
}

static void insert(Editor *editor, int version, int line, int character, const char *text)
{
    test_send(
        editor->server,
        "{\"method\":\"textDocument/didChange\",\"params\":{\"textDocument\":{\"uri\":\"" STR_FMT
        "\",\"version\":%d},\"contentChanges\":[{\"range\":{\"start\":{\"line\":%d,"
        "\"character\":%d},\"end\":{\"line\":%d,\"character\":%d}},\"text\":\"%s\"}]}}",
        STR_ARG(editor->uri), version, line, character, line, character, text);
    test_settle(editor->server);
}

static Str diagnostics(Editor *editor)
{
    TestMessage *message = test_last(editor->server, "textDocument/publishDiagnostics");
    return message ? json_text(editor->arena, message->params) : S("");
}

static size_t count(Str text, Str needle)
{
    size_t n = 0;
    for (size_t at = str_find(text, needle, 0); at != SIZE_MAX; at = str_find(text, needle, at + 1))
        n++;
    return n;
}

#define assert_has(text, needle)                                             \
    do {                                                                     \
        Str has_text = (text);                                               \
        if (!str_has(has_text, S(needle)))                                   \
            fail_msg("'%s' is not in: " STR_FMT, needle, STR_ARG(has_text)); \
    } while (0)

static void an_opened_file_shows_its_heat(void **state)
{
    Editor *editor = start_open(state, S("{}"));
    Str pushed = diagnostics(editor);
    assert_has(pushed, "\"version\":1");
    assert_has(pushed, "62 % ±3 of samples on this line (620 of 1,000)");
    assert_has(pushed, "\"start\":{\"line\":7,\"character\":8}");
    assert_int_equal(count(pushed, S("\"source\":\"perfloop\"")), 3);
    Str lenses = ask(editor, 5, "codeLens", "");
    assert_has(lenses, "\"title\":\"75 % self\"");
    assert_int_equal(count(lenses, S("\"command\":{")), 4);
    stop(editor);
}

static void heat_moves_and_changes_with_the_text(void **state)
{
    Editor *editor = start_open(state, S(RICH));
    insert(editor, 2, 0, 0, "# new\\n");
    assert_has(diagnostics(editor), "profiled as line 8");
    assert_has(diagnostics(editor), "\"start\":{\"line\":8,\"character\":8}");
    insert(editor, 3, 8, 8, "x");
    Str pushed = diagnostics(editor);
    assert_has(pushed, "was 62 % ±3 of samples before this line changed");
    assert_has(pushed, "\"tags\":[1]");
    Str hints = ask(editor, 5, "inlayHint",
                    ",\"range\":{\"start\":{\"line\":0,\"character\":0},\"end\":{\"line\":99,"
                    "\"character\":0}}");
    assert_has(hints, "\"label\":\"was 62 %\"");
    assert_has(hints, "\"label\":\"25 %\"");
    Str lenses = ask(editor, 6, "codeLens", "");
    assert_has(lenses, "was 75 % self, changed since");
    stop(editor);
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
    assert_int_equal(count(diagnostics(editor), S("on this line (620")), 0);
    insert(editor, 3, 7, 0, "        out.append(word.lower())\\n");
    assert_int_equal(count(diagnostics(editor), S("on this line (620")), 0);
    documents_find_again(editor->server->server);
    test_settle(editor->server);
    assert_has(diagnostics(editor), "62 % ±3 of samples on this line (620");
    stop(editor);
}

static void hints_are_cut_to_the_range_that_was_asked_for(void **state)
{
    Editor *editor = start_open(state, S("{}"));
    Str hints = ask(editor, 5, "inlayHint",
                    ",\"range\":{\"start\":{\"line\":6,\"character\":0},\"end\":{\"line\":6,"
                    "\"character\":9}}");
    assert_int_equal(count(hints, S("\"label\"")), 1);
    assert_has(hints, "\"label\":\"13 %\"");
    stop(editor);
}

static void a_hover_has_stacks_callers_and_callees(void **state)
{
    Editor *editor = start_open(state, S(RICH));
    Str hover = ask(editor, 5, "hover", ",\"position\":{\"line\":1,\"character\":6}");
    assert_has(hover, "\"kind\":\"markdown\"");
    assert_has(hover, "**25 % of samples** in `split` (as profiled)");
    assert_has(hover, "**Top stacks**");
    assert_has(hover, "**Callers**");
    assert_has(hover, "`tokenize`");
    assert_has(hover, "if this line cost nothing: at most -25 %");
    assert_str(ask(editor, 6, "hover", ",\"position\":{\"line\":2,\"character\":0}"), S("null"));
    stop(editor);
}

static void a_hover_is_plain_where_the_client_says_nothing(void **state)
{
    Editor *editor = start_open(state, S("{}"));
    Str hover = ask(editor, 5, "hover", ",\"position\":{\"line\":1,\"character\":6}");
    assert_has(hover, "\"kind\":\"plaintext\"");
    assert_int_equal(count(hover, S("**")), 0);
    stop(editor);
}

static const char ACTIONS_AT_8[] =
    ",\"range\":{\"start\":{\"line\":7,\"character\":0},\"end\":{\"line\":7,\"character\":3}},"
    "\"context\":{\"diagnostics\":[]%s}";

static Str actions(Editor *editor, int id, const char *only)
{
    Str more = str_fmt(editor->arena, "%s", "");
    StrBuf buf = strbuf_new(editor->arena);
    Str text = str_from_c(ACTIONS_AT_8);
    size_t at = str_find(text, S("%s"), 0);
    strbuf_add(&buf, str_head(text, at));
    strbuf_add(&buf, str_from_c(only));
    strbuf_add(&buf, str_from(text, at + 2));
    more = strbuf_str(&buf);
    return ask(editor, id, "codeAction", str_cstr(editor->arena, more));
}

static void actions_have_kinds_and_answer_only(void **state)
{
    Editor *editor = start_open(state, S(RICH));
    Str all = actions(editor, 5, "");
    assert_has(all, "perfloop: show details of line 8");
    assert_has(all, "\"kind\":\"source.perfloop\"");
    assert_has(actions(editor, 6, ",\"only\":[\"source\"]"), "perfloop: show details of line 8");
    assert_str(actions(editor, 7, ",\"only\":[\"refactor\"]"), S("[]"));
    stop(editor);
}

static void a_client_without_literals_gets_bare_commands(void **state)
{
    Editor *editor = start_open(state, S("{}"));
    Str all = actions(editor, 5, "");
    assert_int_equal(count(all, S("\"kind\"")), 0);
    assert_has(all, "\"command\":\"perfloop.showDetails\",\"arguments\":[{");
    stop(editor);
}

static void details_come_as_a_message(void **state)
{
    Editor *editor = start_open(state, S("{}"));
    test_send(editor->server,
              "{\"id\":9,\"method\":\"workspace/executeCommand\",\"params\":{\"command\":"
              "\"perfloop.showDetails\",\"arguments\":[{\"uri\":\"" STR_FMT "\",\"line\":8}]}}",
              STR_ARG(editor->uri));
    test_settle(editor->server);
    assert_str(test_result(editor->server, 9), S("null"));
    TestMessage *shown = test_last(editor->server, "window/showMessage");
    assert_non_null(shown);
    assert_has(json_text(editor->arena, shown->params), "62 % of samples in tokenize");
    stop(editor);
}

static void run_metric(Editor *editor, int id, const char *metric)
{
    test_send(editor->server,
              "{\"id\":%d,\"method\":\"workspace/executeCommand\",\"params\":{\"command\":"
              "\"perfloop.showMetric\",\"arguments\":[{\"metric\":\"%s\"}]}}",
              id, metric);
    test_settle(editor->server);
}

static Str diagnostics_now(Editor *editor)
{
    return json_text(editor->arena,
                     test_last(editor->server, "textDocument/publishDiagnostics")->params);
}

/* Two numbers for each stack are two metrics, "before" and "after". */
static void another_metric_is_an_action_away(void **state)
{
    Editor *editor = start(state, S(RICH),
                           S("tokenize (t.py:8) 620 10\n"
                             "tokenize (t.py:7);split (t.py:2) 250 900\n"
                             "tokenize (t.py:7) 130 90\n"));
    test_open(editor->server, editor->uri, S("python"), S(SOURCE));
    test_settle(editor->server);
    assert_has(diagnostics_now(editor), "of before on this line (620 of 1,000)");
    Str all = actions(editor, 5, "");
    assert_has(all, "\"title\":\"perfloop: show after (1,000)\"");
    assert_has(all, "\"command\":\"perfloop.showMetric\",\"arguments\":[{\"metric\":\"after\"");
    run_metric(editor, 11, "after");
    assert_str(test_result(editor->server, 11), S("null"));
    assert_has(diagnostics_now(editor), "of after on this line (900 of 1,000)");
    assert_has(actions(editor, 5, ""), "perfloop: show before (1,000)");
    run_metric(editor, 12, ""); /* the next one: there are two */
    assert_has(diagnostics_now(editor), "of before on this line (620 of 1,000)");
    run_metric(editor, 13, "bytes");
    assert_str(test_result(editor->server, 13), S("error -32602"));
    test_send(editor->server, "{\"method\":\"workspace/didChangeConfiguration\",\"params\":"
                              "{\"settings\":{\"perfloop\":{\"metric\":\"after\"}}}}");
    test_settle(editor->server);
    assert_has(diagnostics_now(editor), "of after on this line (900 of 1,000)");
    test_send(editor->server, "{\"method\":\"workspace/didChangeConfiguration\",\"params\":"
                              "{\"settings\":{\"perfloop\":{\"metric\":\"of another tool\"}}}}");
    test_settle(editor->server);
    assert_has(diagnostics_now(editor), "of before on this line (620 of 1,000)");
    stop(editor);
}

/* No toolchain but those below this folder; a real one has the same three things. */
static void sources_of_libraries_are_found_in_known_folders(void **state)
{
    Arena *arena = test_arena(state);
    TestWorkspace space = test_workspace(arena);
    test_write(&space, "rustup/toolchains/t/lib/rustlib/multirust-channel-manifest.toml",
               S("[pkg.rust]\nversion = \"1.95.0 (aaaaaaaaa 2026-04-14)\"\n"
                 "[pkg.rustc]\nversion = \"1.95.0 (59807616e 2026-04-14)\"\n"));
    test_write(&space, "rustup/toolchains/t/lib/rustlib/src/rust/library/core/src/lib.rs", S(""));
    test_write(&space, "rustup/toolchains/bare/lib/rustlib/multirust-channel-manifest.toml",
               S("[pkg.rustc]\nversion = \"1.94.0 (bbbbbbbbb 2026-03-14)\"\n"));
    test_write(&space, "cargo/registry/src/index-1/serde_json-1.0.1/src/de.rs", S(""));
    Str root = space.places.root;
    Libraries found = libraries_in(arena, path_join(arena, root, S("rustup")),
                                   path_join(arena, root, S("cargo")));
    assert_int_equal(found.len, 2);
    assert_str(found.items[0].from, S("59807616e"));
    assert_str(found.items[0].to,
               path_join(arena, root, S("rustup/toolchains/t/lib/rustlib/src/rust")));
    assert_str(found.items[1].from, S("serde_json-1.0.1"));
    assert_int_equal(libraries_in(arena, S("/nowhere"), S("/nowhere")).len, 0);
}

/* The file of a library that a line of the user calls, when the user goes there. */
static void an_opened_library_shows_heat_and_no_ranks(void **state)
{
    Arena *arena = test_arena(state);
    TestWorkspace elsewhere = test_workspace(arena);
    Str library = test_write(&elsewhere, "lib/python3.11/site-packages/six.py", S(SOURCE));
    Str folded = str_fmt(arena, "main (t.py:8);tokenize (" STR_FMT ":8) 900\nmain (t.py:8) 100\n",
                         STR_ARG(library));
    Editor *editor = start(state, S(RICH), folded);
    Str uri = uri_from_path(arena, library);
    test_open(editor->server, editor->uri, S("python"), S(SOURCE));
    test_settle(editor->server);
    assert_has(diagnostics_now(editor), "90 % in callee tokenize (six)");
    test_open(editor->server, uri, S("python"), S(SOURCE));
    test_settle(editor->server);
    test_send(
        editor->server,
        "{\"id\":9,\"method\":\"textDocument/inlayHint\",\"params\":{\"textDocument\":{\"uri\":"
        "\"" STR_FMT "\"},\"range\":{\"start\":{\"line\":0,\"character\":0},"
        "\"end\":{\"line\":9,\"character\":0}}}}",
        STR_ARG(uri));
    assert_has(test_result(editor->server, 9), "\"label\":\"90 %\"");
    test_send(editor->server,
              "{\"id\":10,\"method\":\"textDocument/hover\",\"params\":{\"textDocument\":{\"uri\":"
              "\"" STR_FMT "\"},\"position\":{\"line\":7,\"character\":3}}}",
              STR_ARG(uri));
    assert_has(test_result(editor->server, 10), "main (t.py:8) → tokenize");
    assert_has(diagnostics_now(editor), "six.py");
    assert_has(diagnostics_now(editor), "\"diagnostics\":[]");
    stop(editor);
}

static void symbols_are_sorted_by_cost(void **state)
{
    Editor *editor = start(state, S("{}"), S(PROFILE));
    test_send(editor->server,
              "{\"id\":5,\"method\":\"workspace/symbol\",\"params\":{\"query\":\"\"}}");
    test_settle(editor->server);
    Str symbols = test_result(editor->server, 5);
    assert_has(symbols, "tokenize [75 % self, 100 % with calls]");
    assert_true(str_find(symbols, S("tokenize ["), 0) < str_find(symbols, S("split ["), 0));
    test_send(editor->server,
              "{\"id\":6,\"method\":\"workspace/symbol\",\"params\":{\"query\":\"SPT\"}}");
    test_settle(editor->server);
    assert_int_equal(count(test_result(editor->server, 6), S("\"name\"")), 1);
    stop(editor);
}

static void memory_is_told_in_bytes_that_people_read(void **state)
{
    Editor *editor = start(state, S("{}"),
                           S("allocator,num_allocations,size,tid,thread_name,stack_trace\n"
                             "MALLOC,2,12345678,1,MainThread,tokenize;t.py;8\n"
                             "MALLOC,8,4000000,1,MainThread,split;t.py;2|tokenize;t.py;7\n"));
    test_open(editor->server, editor->uri, S("python"), S(SOURCE));
    test_settle(editor->server);
    assert_has(diagnostics_now(editor), "12.3 MB at peak, 76 % on this line; if");
    test_send(editor->server,
              "{\"id\":5,\"method\":\"workspace/symbol\",\"params\":{\"query\":\"split\"}}");
    assert_has(test_result(editor->server, 5), "split [4 MB, 24 % self, 24 % with calls]");
    test_send(editor->server,
              "{\"id\":6,\"method\":\"textDocument/prepareCallHierarchy\",\"params\":{"
              "\"textDocument\":{\"uri\":\"" STR_FMT "\"},"
              "\"position\":{\"line\":1,\"character\":4}}}",
              STR_ARG(editor->uri));
    assert_has(test_result(editor->server, 6), "split [24 %, 4 MB]");
    stop(editor);
}

/* The answer to callHierarchy/incomingCalls for the first of the items. */
static Str callers_of(Editor *editor, int id, Str items)
{
    CLEANUP(json_cleanup) JsonIn root = {0};
    Err err = {0};
    assert_ok(json_parse(editor->arena, items, &root, &err), &err);
    test_send(editor->server,
              "{\"id\":%d,\"method\":\"callHierarchy/incomingCalls\",\"params\":{\"item\":" STR_FMT
              "}}",
              id, STR_ARG(json_text(editor->arena, json_item(root, 0))));
    test_settle(editor->server);
    return test_result(editor->server, id);
}

static void calls_carry_their_cost_in_the_name(void **state)
{
    Editor *editor = start_open(state, S("{}"));
    Str items =
        ask(editor, 5, "prepareCallHierarchy", ",\"position\":{\"line\":0,\"character\":5}");
    assert_has(items, "split [25 %, 250 samples]");
    Str calls = callers_of(editor, 6, items);
    assert_has(calls, "tokenize [25 %, 250 samples]");
    assert_has(calls, "\"fromRanges\":[{\"start\"");
    test_profile(&editor->space, "", S("split (t.py:2) 100\n"), 2000);
    test_send(editor->server,
              "{\"method\":\"workspace/didChangeWatchedFiles\",\"params\":{\"changes\":[]}}");
    test_settle(editor->server);
    assert_str(callers_of(editor, 7, items), S("error -32801"));
    stop(editor);
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
    test_send(editor->server,
              "{\"method\":\"workspace/didChangeWatchedFiles\",\"params\":{\"changes\":[]}}");
    test_settle(editor->server);
    assert_has(diagnostics(editor), "\"diagnostics\":[]");
    assert_int_equal(test_count(editor->server, "workspace/codeLens/refresh"), 1);
    Str lenses = ask(editor, 5, "codeLens", "");
    assert_has(lenses, "perfloop: nothing hot in this revision");
    assert_int_equal(count(lenses, S("\"title\"")), 1);
    stop(editor);
}

static void the_same_diagnostics_are_sent_again_for_a_new_version(void **state)
{
    Editor *editor = start_open(state, S("{}"));
    test_forget(editor->server);
    insert(editor, 2, 999, 0, "# below all that is hot\\n");
    assert_int_equal(test_count(editor->server, "textDocument/publishDiagnostics"), 1);
    assert_has(diagnostics(editor), "\"version\":2");
    assert_has(diagnostics(editor), "62 % ±3 of samples on this line");
    stop(editor);
}

static void a_closed_hot_file_has_its_diagnostics_until_it_is_opened(void **state)
{
    Editor *editor = start(state, S("{}"), S(PROFILE));
    Str pushed = diagnostics(editor);
    assert_has(pushed, "62 % ±3 of samples on this line");
    assert_int_equal(count(pushed, S("version")), 0);
    test_forget(editor->server);
    test_open(editor->server, editor->uri, S("python"), S("# other\n" SOURCE));
    test_settle(editor->server);
    assert_int_equal(test_count(editor->server, "textDocument/publishDiagnostics"), 1);
    assert_has(diagnostics(editor), "\"version\":1");
    test_forget(editor->server);
    test_send(
        editor->server,
        "{\"method\":\"textDocument/didClose\",\"params\":{\"textDocument\":{\"uri\":\"" STR_FMT
        "\"}}}",
        STR_ARG(editor->uri));
    test_settle(editor->server);
    assert_has(diagnostics(editor), "\"start\":{\"line\":7,\"character\":8}");
    assert_int_equal(count(diagnostics(editor), S("version")), 0);
    stop(editor);
}

static void settings_switch_heat_off(void **state)
{
    Editor *editor = start_open(state, S("{}"));
    test_send(editor->server, "{\"method\":\"workspace/didChangeConfiguration\",\"params\":{"
                              "\"settings\":{\"perfloop\":{\"heat\":\"off\"}}}}");
    test_settle(editor->server);
    assert_has(diagnostics(editor), "\"diagnostics\":[]");
    assert_has(ask(editor, 5, "codeLens", ""), "perfloop: heat is off");
    stop(editor);
}

/* A baseline of 8 ms and an iteration that changed tokenize, with this verdict. */
static void record_iteration(Editor *editor, Str status, double after, double estimate)
{
    Err err = {0};
    int64_t workload = 0, baseline = 0, iteration = 0;
    CLEANUP(ledger_cleanup)
    Ledger *ledger = ledger_open(&editor->space.places, LEDGER_WRITE, &err);
    assert_ok(ledger != NULL, &err);
    LedgerWorkload row = {.name = S("w"), .metric = S("p50"), .target_value = (double)NAN};
    assert_ok(ledger_put_workload(ledger, &row, &workload, &err), &err);
    LedgerBaseline base = {.workload = workload,
                           .time_s = 500,
                           .snapshot = S("a"),
                           .metric = S("p50"),
                           .unit = UNIT_SECONDS,
                           .value = 0.008,
                           .runs = 9};
    assert_ok(ledger_add_baseline(ledger, &base, &baseline, &err), &err);
    LedgerIteration tried = {.workload = workload,
                             .time_s = 600,
                             .baseline = baseline,
                             .base = S("a"),
                             .candidate = S("b"),
                             .state = S("measured")};
    *array_push(editor->arena, &tried.changes) = (LedgerChange){.path = S("t.py"),
                                                                .kind = S("changed"),
                                                                .function = S("tokenize"),
                                                                .first_line = 5,
                                                                .last_line = 9};
    assert_ok(ledger_add_iteration(ledger, &tried, &iteration, &err), &err);
    LedgerVerdict verdict = {.time_s = 601,
                             .kind = S("regression"),
                             .status = status,
                             .sentence = S("slower: 8 ms → 9.8 ms, +22 %"),
                             .metric = S("p50"),
                             .unit = UNIT_SECONDS,
                             .before = 0.008,
                             .after = after,
                             .estimate = estimate,
                             .low = 0.1,
                             .high = 0.3,
                             .pairs = 12};
    assert_ok(ledger_add_verdict(ledger, iteration, &verdict, &err), &err);
}

static Editor *start_loop(void **state, Str status, double after, double estimate)
{
    Editor *editor = NEW(test_arena(state), Editor);
    editor->arena = test_arena(state);
    editor->space = test_workspace(editor->arena);
    editor->uri = uri_from_path(editor->arena, test_write(&editor->space, "t.py", S(SOURCE)));
    test_write(&editor->space, "perfloop.toml", S("[workload.w]\nbenchmark = \"true\"\n"));
    test_profile(&editor->space, "w", S(PROFILE), 1000);
    record_iteration(editor, status, after, estimate);
    editor->server = test_server_new(editor->arena, &(TestServerOptions){.threads = 2});
    test_initialize(editor->server, S(RICH), editor->space.places.root);
    test_open(editor->server, editor->uri, S("python"), S(SOURCE));
    test_settle(editor->server);
    return editor;
}

static void calls_are_listed_although_the_ledger_was_written_in_between(void **state)
{
    Editor *editor = start_loop(state, S("slower"), 0.0098, 0.2);
    Str items =
        ask(editor, 5, "prepareCallHierarchy", ",\"position\":{\"line\":0,\"character\":5}");
    Str before = diagnostics(editor);
    record_iteration(editor, S("unclear"), 0.0098, 0.2);
    test_send(editor->server,
              "{\"method\":\"workspace/didChangeWatchedFiles\",\"params\":{\"changes\":[]}}");
    test_settle(editor->server);
    assert_false(str_eq(diagnostics(editor), before)); /* the ledger was read again */
    assert_has(callers_of(editor, 6, items), "tokenize [25 %, 250 samples]");
    stop(editor);
}

/* Both profiles know their trees: what a line costs in one run is share times what was measured. */
static void lines_that_rose_in_a_regression_are_named(void **state)
{
    Editor *editor = NEW(test_arena(state), Editor);
    editor->arena = test_arena(state);
    editor->space = test_workspace(editor->arena);
    Str path = test_write(&editor->space, "t.py", S("# old\n" SOURCE));
    editor->uri = uri_from_path(editor->arena, path);
    test_write(&editor->space, "perfloop.toml", S("[workload.w]\nbenchmark = \"true\"\n"));
    test_profile_of(&editor->space, "w", S("tokenize (t.py:9) 300\nsplit (t.py:3) 700\n"), 550,
                    S("a"));
    test_write(&editor->space, "t.py", S(SOURCE));
    test_profile_of(&editor->space, "w", S("tokenize (t.py:8) 420\nsplit (t.py:2) 580\n"), 700,
                    S("b"));
    record_iteration(editor, S("slower"), 0.0098, 0.2);
    editor->server = test_server_new(editor->arena, &(TestServerOptions){.threads = 2});
    test_initialize(editor->server, S(RICH), editor->space.places.root);
    test_open(editor->server, editor->uri, S("python"), S(SOURCE));
    test_settle(editor->server);
    Str pushed = diagnostics(editor);
    assert_has(pushed, "\"severity\":2,\"code\":\"regressed-here\"");
    assert_int_equal(count(pushed, S("\"regressed-here\"")), 1);
    assert_has(pushed, "w: regressed here: 42 %, rose from 30 % at the baseline, +12 pt, "
                       "2.4 ms → 4.1 ms a run; p50 +22 %");
    assert_has(pushed, "at the baseline 70 %, 5.6 ms → 5.67 ms a run, within the error");
    stop(editor);
}

static void a_regression_warns_where_the_function_is_now(void **state)
{
    Editor *editor = start_loop(state, S("slower"), 0.0098, 0.2);
    insert(editor, 2, 0, 0, "# new\\n");
    Str pushed = diagnostics(editor);
    assert_has(pushed, "\"start\":{\"line\":5,\"character\":0}");
    assert_has(pushed, "\"severity\":2,\"code\":\"regression\"");
    assert_has(pushed, "w: slower: 8 ms → 9.8 ms, +22 %; revert it");
    assert_has(pushed, "p50 9.8 ms, +22 % vs baseline");
    assert_has(ask(editor, 5, "codeLens", ""),
               "\"title\":\"Revert (+22 %)\",\"command\":\"perfloop.revert\"");
    Str offered = actions(editor, 6, "");
    assert_int_equal(
        str_find(offered, S("[{\"title\":\"perfloop: revert iteration 1 of w (+22 %)\""), 0), 0);
    assert_int_equal(count(offered, S("\"isPreferred\":true")), 1);
    assert_has(offered, "{\"workload\":\"w\",\"iteration\":1,");
    assert_has(offered, "perfloop: trust the commands of w");
    stop(editor);
}

static void two_edited_functions_are_one_too_many(void **state)
{
    Editor *editor = start(state, S("{}"), S(""));
    test_write(&editor->space, "perfloop.toml", S("[workload.w]\nbenchmark = \"true\"\n"));
    test_profile(&editor->space, "w", S(PROFILE), 1000);
    test_send(editor->server,
              "{\"method\":\"workspace/didChangeWatchedFiles\",\"params\":{\"changes\":[]}}");
    test_open(editor->server, editor->uri, S("python"), S(SOURCE));
    test_settle(editor->server);
    insert(editor, 2, 1, 0, "    text = text.strip()\\n");
    assert_int_equal(count(diagnostics(editor), S("one-change")), 0);
    insert(editor, 3, 6, 0, "    text = text.lower()\\n");
    assert_int_equal(count(diagnostics(editor), S("\"code\":\"one-change\"")), 2);
    assert_has(diagnostics(editor),
               "2 functions changed since the last checkpoint (split, tokenize)");
    stop(editor);
}

static void an_unclear_iteration_does_not_change_the_number(void **state)
{
    Editor *editor = start_loop(state, S("unclear"), 0.0098, 0.2);
    assert_has(diagnostics(editor), "\"code\":\"unclear\"");
    assert_has(diagnostics(editor), "p50 8 ms at the baseline");
    assert_int_equal(count(actions(editor, 5, ""), S("perfloop.revert")), 0);
    stop(editor);
}

static void a_workload_file_has_problems_completion_and_hover(void **state)
{
    Editor *editor = start(state, S(RICH), S(""));
    editor->uri = uri_from_path(
        editor->arena, path_join(editor->arena, editor->space.places.root, S("perfloop.toml")));
    test_open(editor->server, editor->uri, S("toml"),
              S("[workload.w]\nbenchmark = \"true\"\nmetrc = \"p50\"\n\n"));
    test_settle(editor->server);
    assert_has(diagnostics(editor), "config-unknown-key");
    assert_has(ask(editor, 5, "completion", ",\"position\":{\"line\":3,\"character\":0}"),
               "\"label\":\"tests\"");
    assert_has(ask(editor, 6, "hover", ",\"position\":{\"line\":1,\"character\":2}"), "benchmark");
    assert_has(ask(editor, 7, "codeAction",
                   ",\"range\":{\"start\":{\"line\":2,\"character\":0},\"end\":{\"line\":2,"
                   "\"character\":0}},\"context\":{\"diagnostics\":[]}"),
               "[{\"title\":\"perfloop: write metric\",\"kind\":\"quickfix\",");
    stop(editor);
}

static void a_file_outside_the_workspace_is_quiet(void **state)
{
    Editor *editor = start(state, S("{}"), S(PROFILE));
    editor->uri = S("file:///elsewhere/t.py");
    test_open(editor->server, editor->uri, S("python"), S(SOURCE));
    assert_str(ask(editor, 5, "codeLens", ""), S("[]"));
    assert_str(ask(editor, 6, "hover", ",\"position\":{\"line\":1,\"character\":6}"), S("null"));
    stop(editor);
}

TEST_MAIN(TEST(an_opened_file_shows_its_heat), TEST(heat_moves_and_changes_with_the_text),
          TEST(a_line_cut_and_pasted_comes_back_after_a_pause),
          TEST(hints_are_cut_to_the_range_that_was_asked_for),
          TEST(a_hover_has_stacks_callers_and_callees),
          TEST(a_hover_is_plain_where_the_client_says_nothing),
          TEST(actions_have_kinds_and_answer_only),
          TEST(a_client_without_literals_gets_bare_commands), TEST(details_come_as_a_message),
          TEST(another_metric_is_an_action_away),
          TEST(sources_of_libraries_are_found_in_known_folders),
          TEST(an_opened_library_shows_heat_and_no_ranks), TEST(symbols_are_sorted_by_cost),
          TEST(memory_is_told_in_bytes_that_people_read), TEST(calls_carry_their_cost_in_the_name),
          TEST(a_new_profile_shows_itself_and_an_old_lens_list_never_empties),
          TEST(calls_are_listed_although_the_ledger_was_written_in_between),
          TEST(lines_that_rose_in_a_regression_are_named),
          TEST(a_regression_warns_where_the_function_is_now),
          TEST(two_edited_functions_are_one_too_many),
          TEST(an_unclear_iteration_does_not_change_the_number),
          TEST(the_same_diagnostics_are_sent_again_for_a_new_version),
          TEST(a_closed_hot_file_has_its_diagnostics_until_it_is_opened),
          TEST(settings_switch_heat_off), TEST(a_workload_file_has_problems_completion_and_hover),
          TEST(a_file_outside_the_workspace_is_quiet))
