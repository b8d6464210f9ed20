/* Whole files in and out. */

#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/path.h"
#include "tests/lib/check.h"

static void what_is_written_is_read_up_to_the_limit(void **state)
{
    Arena *arena = test_arena(state);
    Str path = path_join(arena, test_temp_dir(arena), S("a.txt")), text;
    Err err = {0};
    assert_ok(file_write(path, S("one"), &err), &err);
    assert_ok(file_write(path, S("another"), &err), &err);
    assert_ok(file_read(arena, path, 7, &text, &err), &err);
    assert_str(text, S("another"));
    assert_false(file_read(arena, path, 6, &text, &err));
    assert_int_equal(err.kind, ERR_INPUT);
    assert_has(str_from_c(err.msg), S("a.txt: larger than 6 bytes"));
}

static void what_is_no_file_is_told_apart(void **state)
{
    Arena *arena = test_arena(state);
    Str dir = test_temp_dir(arena), text;
    FileMap map;
    Err err = {0};
    assert_false(file_read(arena, path_join(arena, dir, S("none")), 9, &text, &err));
    assert_int_equal(err.kind, ERR_NOT_FOUND);
    assert_false(file_read(arena, dir, 9, &text, &err));
    assert_has(str_from_c(err.msg), S(": is a folder"));
    assert_false(file_map(dir, &map, &err));
    assert_has(str_from_c(err.msg), S(": not a regular file"));
}

static void a_map_shows_the_bytes_and_an_empty_file_none(void **state)
{
    Arena *arena = test_arena(state);
    Str path = path_join(arena, test_temp_dir(arena), S("a"));
    CLEANUP(file_unmap) FileMap map = {0};
    Err err = {0};
    assert_ok(file_write(path, S(""), &err), &err);
    assert_ok(file_map(path, &map, &err), &err);
    assert_int_equal(map.bytes.len, 0);
    assert_ok(file_write(path, S("bytes"), &err), &err);
    assert_ok(file_map(path, &map, &err), &err);
    assert_str(map.bytes, S("bytes"));
}

static void a_removed_tree_leaves_what_its_links_point_at(void **state)
{
    Arena *arena = test_arena(state);
    Str dir = test_temp_dir(arena);
    Str tree = path_join(arena, dir, S("tree")), kept = path_join(arena, dir, S("kept"));
    Err err = {0};
    assert_ok(file_make_dirs(path_join(arena, tree, S("a/b")), &err), &err);
    assert_ok(file_make_dirs(kept, &err), &err);
    assert_ok(file_write(path_join(arena, kept, S("x")), S("x"), &err), &err);
    assert_int_equal(
        symlink(str_cstr(arena, kept), str_cstr(arena, path_join(arena, tree, S("a/b/link")))), 0);
    assert_ok(file_remove_tree(tree, &err), &err);
    assert_false(file_exists(tree));
    assert_true(file_exists(path_join(arena, kept, S("x"))));
    assert_ok(file_remove_tree(tree, &err), &err); /* gone already is gone */
}

/* More than a pipe holds: its reader takes what it can, the writer goes on behind. */
static void all_bytes_are_written_in_pieces(void **state)
{
    enum {
        BYTES = 300 * 1000,
    };
    Arena *arena = test_arena(state);
    char *bytes = NEW_ARRAY(arena, char, BYTES);
    int ends[2];
    size_t seen = 0;
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    pid_t writer = fork();
    if (writer == 0)
        _exit(fd_write(ends[1], (Str){bytes, BYTES}) ? 0 : 1);
    fd_close(&ends[1]);
    assert_int_equal(ends[1], -1);
    for (ssize_t got; (got = read(ends[0], bytes, 4096)) > 0;)
        seen += (size_t)got;
    assert_int_equal(seen, BYTES);
    fd_close(&ends[0]);
    int status = -1;
    assert_int_equal(waitpid(writer, &status, 0), writer);
    assert_int_equal(status, 0);
}

static void nobody_reading_is_said(void **state)
{
    (void)state;
    int ends[2];
    signal(SIGPIPE, SIG_IGN);
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    fd_close(&ends[0]);
    assert_false(fd_write(ends[1], S("x")));
    assert_int_equal(errno, EPIPE);
    fd_close(&ends[1]);
    fd_close(&ends[1]); /* none is none */
}

TEST_MAIN(TEST(what_is_written_is_read_up_to_the_limit), TEST(what_is_no_file_is_told_apart),
          TEST(a_map_shows_the_bytes_and_an_empty_file_none),
          TEST(a_removed_tree_leaves_what_its_links_point_at),
          TEST(all_bytes_are_written_in_pieces), TEST(nobody_reading_is_said))
