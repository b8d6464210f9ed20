/*
 * Editor: a workspace with one Python file, a language server for it, and what an editor does with
 * that file. A test of lsp/ that is about what is shown starts here; one about the protocol itself
 * takes tests/lib/lsp.h.
 *
 *     Editor *editor = editor_new(test_arena(state));
 *     test_profile(&editor->space, "", S(TOKENIZE_FOLDED), 1000);
 *     editor_connect(editor, S("{}"));
 *     editor_open(editor, S("python"), S(TOKENIZE_PY));
 *     assert_has(editor_ask(editor, 5, "hover", ASK_AT(1, 6)), S("25 % of samples"));
 *     editor_free(editor);
 *
 * Everything lives in the test's arena except the server, which editor_free ends. Each function
 * settles: jobs are done and their messages there when it returns.
 */
#ifndef TESTS_LIB_EDITOR_H
#define TESTS_LIB_EDITOR_H

#include "base/arena.h"
#include "base/str.h"
#include "tests/lib/lsp.h"
#include "tests/lib/workspace.h"

/* t.py of a new workspace, and a profile of it: 1,000 samples, 620 of them on line 8. */
#define TOKENIZE_PY                      \
    "def split(text):\n"                 \
    "    return text.split(' ')\n"       \
    "\n"                                 \
    "\n"                                 \
    "def tokenize(text):\n"              \
    "    out = []\n"                     \
    "    for word in split(text):\n"     \
    "        out.append(word.lower())\n" \
    "    return out\n"
#define TOKENIZE_FOLDED                      \
    "tokenize (t.py:8) 620\n"                \
    "tokenize (t.py:7);split (t.py:2) 250\n" \
    "tokenize (t.py:7) 127\n"                \
    "tokenize (t.py:6) 3\n"

/* Capabilities of a client that shows tags, kinds, preferred actions and Markdown. */
#define RICH_CLIENT                                                                        \
    "{\"textDocument\":{\"publishDiagnostics\":{\"tagSupport\":{\"valueSet\":[1]}},"       \
    "\"codeAction\":{\"codeActionLiteralSupport\":{\"codeActionKind\":{\"valueSet\":[]}}," \
    "\"isPreferredSupport\":true},\"hover\":{\"contentFormat\":[\"markdown\"]}}}"

/* More parameters for editor_ask; lines and characters from 0. */
#define POSITION(line, character) "{\"line\":" #line ",\"character\":" #character "}"
#define ASK_AT(line, character)   ",\"position\":" POSITION(line, character)
#define ASK_OVER(line, character, end_line, end_character)                            \
    ",\"range\":{\"start\":" POSITION(line, character) ",\"end\":" POSITION(end_line, \
                                                                            end_character) "}"
/* `only` is empty or begins with a comma: ",\"only\":[\"source\"]". */
#define ASK_ACTIONS(line, only) \
    ASK_OVER(line, 0, line, 3) ",\"context\":{\"diagnostics\":[]" only "}"

typedef struct Editor {
    Arena *arena;
    TestWorkspace space;
    TestServer *server; /* NULL before editor_connect */
    Str uri;            /* the document that editor_* means; a test may set another */
} Editor;

/* The workspace with t.py; no server yet, so that a test can put profiles and files there first. */
Editor *editor_new(Arena *arena);
/* Starts the server for a client with these capabilities (JSON). */
void editor_connect(Editor *editor, Str capabilities);
void editor_open(Editor *editor, Str language, Str text);
void editor_free(Editor *editor);

/* The answer to textDocument/METHOD about the document, as test_result; `more` begins with a comma. */
Str editor_ask(Editor *editor, int id, const char *method, const char *more);
/* The answer to callHierarchy/incomingCalls for the first of these items (JSON). */
Str editor_callers(Editor *editor, int id, Str items);
/* The text is JSON between its quotes: "\\n" is a line end. Lines from 0. */
void editor_insert(Editor *editor, int version, int line, int character, const char *text);
/* The answer to a command with one argument (JSON). */
Str editor_command(Editor *editor, int id, const char *command, const char *argument);
/* New settings below "perfloop" (JSON). */
void editor_configure(Editor *editor, const char *settings);
/* Something on disk changed, the ledger perhaps. */
void editor_files_changed(Editor *editor);
/* The newest parameters of publishDiagnostics, of whichever file; empty when there are none. */
Str editor_diagnostics(Editor *editor);

#endif
