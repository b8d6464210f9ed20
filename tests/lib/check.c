#include "tests/lib/check.h"

#include <stdlib.h>
#include <string.h>

#include "base/file.h"

int test_open_arena(void **state)
{
    *state = arena_new("test");
    return 0;
}

int test_close_arena(void **state)
{
    arena_free(*state);
    return 0;
}

void check_str(Str got, Str want, const char *file, int line)
{
    if (str_eq(got, want))
        return;
    print_error("got  \"" STR_FMT "\"\nwant \"" STR_FMT "\"\n", STR_ARG(got), STR_ARG(want));
    _fail(file, line);
}

void check_has(Str text, Str needle, const char *file, int line)
{
    if (str_has(text, needle))
        return;
    print_error("no  \"" STR_FMT "\"\nin  \"" STR_FMT "\"\n", STR_ARG(needle), STR_ARG(text));
    _fail(file, line);
}

size_t test_occurrences(Str text, Str needle)
{
    size_t n = 0;
    for (size_t at = 0; (at = str_find(text, needle, at)) != SIZE_MAX; at++)
        n++;
    return n;
}

void check_ok(bool ok, const Err *err, const char *file, int line)
{
    if (ok)
        return;
    print_error("%s\n", err->msg);
    _fail(file, line);
}

static char temp_root[64];

static void remove_temp_root(void)
{
    Err err = {0};
    if (!file_remove_tree(str_from_c(temp_root), &err))
        print_error("%s\n", err.msg);
}

Str test_temp_dir(Arena *arena)
{
    static int made;
    if (!temp_root[0]) {
        memcpy(temp_root, "/tmp/perfloop-test-XXXXXX", sizeof("/tmp/perfloop-test-XXXXXX"));
        if (!mkdtemp(temp_root))
            abort();
        atexit(remove_temp_root);
    }
    Str dir = str_fmt(arena, "%s/%d", temp_root, made++);
    Err err = {0};
    assert_ok(file_make_dirs(dir, &err), &err);
    return dir;
}

Str test_source_path(Arena *arena, const char *relative)
{
    const char *root = getenv("PERFLOOP_SOURCE");
    return str_fmt(arena, "%s/%s", root ? root : ".", relative);
}

Str test_shared_path(Arena *arena, const char *relative)
{
    const char *root = getenv("PERFLOOP_SHARED");
    if (!root || !*root)
        return (Str){0};
    return str_fmt(arena, "%s/%s", root, relative);
}

Str test_bytes(Arena *arena, Str path)
{
    Err err = {0};
    Str bytes = {0};
    assert_ok(file_read(arena, path, FILE_LIMIT_TEXT, &bytes, &err), &err);
    return bytes;
}

int test_run(int argc, char **argv, const struct CMUnitTest *tests, size_t count)
{
    if (argc > 1)
        cmocka_set_test_filter(argv[1]);
    return _cmocka_run_group_tests(argv[0], tests, count, NULL, NULL);
}
