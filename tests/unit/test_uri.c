#include "lsp/uri.h"

#include "tests/lib/check.h"

static void check_path(Arena *arena, Str uri, Str want, int line)
{
    Str path = S("(none)");
    if (!uri_to_path(arena, uri, &path))
        path = S("(none)");
    check_str(path, want, __FILE__, line);
}
#define CHECK(uri, want) check_path(test_arena(state), S(uri), S(want), __LINE__)

static void file_uris_become_normal_paths(void **state)
{
    CHECK("file:///a/b.py", "/a/b.py");
    CHECK("FILE:///a//./c/../b.py", "/a/b.py");
    CHECK("file:/a/b.py", "/a/b.py");
    CHECK("file://localhost/a/b.py", "/a/b.py");
    CHECK("file:///a%20b/%C3%A9.py", "/a b/\xC3\xA9.py");
    CHECK("file:///c%3A/x", "/c:/x");
    CHECK("file:///a%2", "/a%2");
    CHECK("file:///a%zz", "/a%zz");
    CHECK("file:///a.py?x#y", "/a.py");
}

static void what_is_no_local_file_has_no_path(void **state)
{
    CHECK("", "(none)");
    CHECK("untitled:Untitled-1", "(none)");
    CHECK("vscode-notebook-cell:/a/b.ipynb#W0", "(none)");
    CHECK("file://server/share/a.py", "(none)");
    CHECK("file:relative.py", "(none)");
    CHECK("file:///a%00b", "(none)");
}

static void a_path_survives_the_way_there_and_back(void **state)
{
    Arena *arena = test_arena(state);
    static const Str PATHS[] = {
        STR_CONST("/a/b.py"),
        STR_CONST("/with space/percent%20/#?.py"),
        STR_CONST("/\xF0\x9F\x94\xA5/\xFF.cu"),
    };
    for (size_t i = 0; i < sizeof(PATHS) / sizeof(PATHS[0]); i++)
        check_path(arena, uri_from_path(arena, PATHS[i]), PATHS[i], __LINE__);
    assert_str(uri_from_path(arena, S("/a b")), S("file:///a%20b"));
}

TEST_MAIN(TEST(file_uris_become_normal_paths), TEST(what_is_no_local_file_has_no_path),
          TEST(a_path_survives_the_way_there_and_back))
