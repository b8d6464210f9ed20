#include "analysis/source/sources.h"
#include "tests/lib/check.h"

static bool read_counted(void *data, Arena *arena, Str path, Str *bytes, Err *err)
{
    ++*(int *)data;
    if (str_ends(path, S("missing")))
        return err_set(err, ERR_NOT_FOUND, "no file " STR_FMT, STR_ARG(path));
    *bytes = str_copy(arena, S("from disk\n"));
    return true;
}

static void a_buffer_comes_before_the_disk(void **state)
{
    Arena *arena = test_arena(state);
    int reads = 0;
    Sources *sources = sources_new(arena, read_counted, &reads);
    sources_put(sources, S("/a"), text_new(arena, S("typed")));
    Err err = {0};
    assert_str(text_bytes(sources_text(sources, S("/a"), &err)), S("typed"));
    assert_int_equal(reads, 0);
    assert_str(text_bytes(sources_text(sources, S("/b"), &err)), S("from disk\n"));
    assert_null(sources_open(sources, S("/b")));
}

static void a_file_is_read_once(void **state)
{
    int reads = 0;
    Sources *sources = sources_new(test_arena(state), read_counted, &reads);
    Err err = {0};
    const Text *first = sources_text(sources, S("/b"), &err);
    assert_ptr_equal(sources_text(sources, S("/b"), &err), first);
    assert_int_equal(reads, 1);
}

static void what_cannot_be_read_is_an_error(void **state)
{
    int reads = 0;
    Sources *sources = sources_new(test_arena(state), read_counted, &reads);
    Err err = {0};
    assert_null(sources_text(sources, S("/missing"), &err));
    assert_int_equal(err.kind, ERR_NOT_FOUND);
    Sources *buffers = sources_new(test_arena(state), NULL, NULL);
    assert_null(sources_text(buffers, S("/b"), &err));
    assert_string_equal(err.msg, "/b: not open");
}

TEST_MAIN(TEST(a_buffer_comes_before_the_disk), TEST(a_file_is_read_once),
          TEST(what_cannot_be_read_is_an_error))
