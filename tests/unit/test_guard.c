#include "tests/lib/check.h"

#include "base/strbuf.h"
#include "runners/loop/guard.h"
#include "tests/lib/repo.h"

/* The guard's entries between a file's two texts (NULL: absent), one per line. */
static LedgerChanges changes_between(Arena *arena, const char *path, const char *old,
                                     const char *now)
{
    Str top = test_repo(arena);
    Places places = test_places(arena, top);
    Err err = {0};
    CLEANUP(repo_cleanup) Repo *repo = repo_open(&places, &err);
    TreeChanges changes = {0};
    TreeChange *change = array_push(arena, &changes);
    change->path = str_from_c(path);
    if (old) {
        change->from.mode = GIT_MODE_FILE;
        assert_ok(repo_write_blob(repo, str_from_c(old), &change->from.blob, &err), &err);
    }
    if (now) {
        change->to.mode = GIT_MODE_FILE;
        assert_ok(repo_write_blob(repo, str_from_c(now), &change->to.blob, &err), &err);
    }
    LedgerChanges found;
    assert_ok(guard_changes(arena, repo, &changes, &found, &err), &err);
    return found;
}

static Str text_of(Arena *arena, const LedgerChanges *changes)
{
    StrBuf out = strbuf_new(arena);
    array_each (const LedgerChange, change, changes)
        strbuf_fmt(&out, STR_FMT " '" STR_FMT "' %u-%u\n", STR_ARG(change->kind),
                   STR_ARG(change->function), change->first_line, change->last_line);
    return strbuf_str(&out);
}

#define BASE                                                                                  \
    "import re\n\ndef a(x):\n    return x\n\nclass C:\n    n = 1\n    def m(self):\n        " \
    "return 2\n"

static void one_function_is_one_change(void **state)
{
    Arena *arena = test_arena(state);
    LedgerChanges found =
        changes_between(arena, "s.py", BASE,
                        "import re\n\ndef a(x):\n    y = x\n    return y\n\nclass C:\n    n = 1\n  "
                        "  def m(self):\n        return 2\n");
    assert_str(text_of(arena, &found), S("changed 'a' 3-5\n"));
    assert_str(guard_message(arena, &found), S(""));
}

static void two_functions_are_named(void **state)
{
    Arena *arena = test_arena(state);
    LedgerChanges found = changes_between(arena, "s.py", BASE,
                                          "import re\n\ndef a(x):\n    return -x\n\nclass C:\n    "
                                          "n = 1\n    def m(self):\n        return 3\n");
    assert_str(text_of(arena, &found), S("changed 'a' 3-4\nchanged 'C.m' 8-9\n"));
    assert_str(guard_message(arena, &found),
               S("2 functions changed since the last checkpoint (a and C.m): measured together, "
                 "nobody can tell which of them it was"));
}

static void a_new_helper_belongs_to_its_caller(void **state)
{
    Arena *arena = test_arena(state);
    LedgerChanges found =
        changes_between(arena, "s.py", BASE,
                        "import re\n\ndef help(x):\n    return x\n\ndef a(x):\n    return "
                        "help(x)\n\nclass C:\n    n = 1\n    def m(self):\n        return 2\n");
    assert_str(text_of(arena, &found), S("added 'help' 3-4\nchanged 'a' 6-7\n"));
    assert_str(guard_message(arena, &found), S(""));
}

static void a_renamed_function_is_one_change(void **state)
{
    Arena *arena = test_arena(state);
    LedgerChanges found =
        changes_between(arena, "s.py", "def a(x):\n    return x\n", "def b(x):\n    return x\n");
    assert_str(text_of(arena, &found), S("changed 'b' 1-2\n"));
}

static void line_ends_are_no_change(void **state)
{
    Arena *arena = test_arena(state);
    LedgerChanges found = changes_between(arena, "s.py", "def a(x):\n    return x\n\nX = 1\n",
                                          "def a(x):\r\n    return x\r\n\r\nX = 2\r\n");
    assert_str(text_of(arena, &found), S("changed '' 4-4\n"));
}

static void a_change_inside_an_inner_function_is_its_own(void **state)
{
    Arena *arena = test_arena(state);
    LedgerChanges found =
        changes_between(arena, "s.py", "def a(x):\n    def b():\n        return 1\n    return b\n",
                        "def a(x):\n    def b():\n        return 2\n    return b\n");
    assert_int_equal(found.len, 1);
    assert_int_equal(found.items[0].first_line, 2);
}

static void files_without_grammar_and_files_that_come_and_go(void **state)
{
    Arena *arena = test_arena(state);
    LedgerChanges found = changes_between(arena, "n.txt", "a\nb\nc\n", "a\nB\nc\n");
    assert_str(text_of(arena, &found), S("changed '' 2-2\n"));
    found = changes_between(arena, "n.py", NULL, "def f():\n    pass\n");
    assert_str(text_of(arena, &found), S("added 'f' 1-2\n"));
    found = changes_between(arena, "n.py", "def f():\n    pass\n", NULL);
    assert_true(digest_is_zero(found.items[0].content));
    assert_str(found.items[0].kind, S("removed"));
}

TEST_MAIN(TEST(one_function_is_one_change), TEST(two_functions_are_named),
          TEST(a_new_helper_belongs_to_its_caller), TEST(a_renamed_function_is_one_change),
          TEST(line_ends_are_no_change), TEST(a_change_inside_an_inner_function_is_its_own),
          TEST(files_without_grammar_and_files_that_come_and_go))
