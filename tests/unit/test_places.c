#include "runners/places.h"

#include <stdlib.h>

#include "base/file.h"
#include "base/path.h"
#include "tests/lib/check.h"

static void put(Arena *arena, Str dir, const char *name, Str text)
{
    Err err = {0};
    Str path = path_join(arena, dir, str_from_c(name));
    assert_ok(file_make_dirs(path_dir(path), &err), &err);
    assert_ok(file_write(path, text, &err), &err);
}

static void the_workload_file_marks_the_root(void **state)
{
    Arena *arena = test_arena(state);
    Str dir = test_temp_dir(arena);
    put(arena, dir, ".git/HEAD", S("ref: refs/heads/main\n"));
    put(arena, dir, "sub/perfloop.toml", S(""));
    put(arena, dir, "sub/src/a.py", S(""));
    Places places;
    Err err = {0};
    assert_ok(places_find(arena, path_join(arena, dir, S("sub/src/a.py")), &places, &err), &err);
    assert_str(places.root, path_join(arena, dir, S("sub")));
    assert_str(places.git_top, dir);
    assert_str(places.state, path_join(arena, dir, S(".git/perfloop")));
}

static void a_linked_work_tree_shares_the_state(void **state)
{
    Arena *arena = test_arena(state);
    Str dir = test_temp_dir(arena);
    put(arena, dir, "repo/.git/HEAD", S("ref: refs/heads/main\n"));
    put(arena, dir, "repo/.git/worktrees/w/HEAD", S("ref: refs/heads/w\n"));
    put(arena, dir, "repo/.git/worktrees/w/commondir", S("../..\n"));
    put(arena, dir, "w/.git",
        str_fmt(arena, "gitdir: " STR_FMT "/repo/.git/worktrees/w\n", STR_ARG(dir)));
    Places places;
    Err err = {0};
    assert_ok(places_find(arena, path_join(arena, dir, S("w")), &places, &err), &err);
    assert_str(places.root, path_join(arena, dir, S("w")));
    assert_str(places.git_dir, path_join(arena, dir, S("repo/.git/worktrees/w")));
    assert_str(places.state, path_join(arena, dir, S("repo/.git/perfloop")));
}

static void without_git_the_state_is_in_the_workspace(void **state)
{
    Arena *arena = test_arena(state);
    Str dir = test_temp_dir(arena);
    setenv("XDG_CACHE_HOME", "/c", 1);
    setenv("XDG_STATE_HOME", "relative is ignored", 1);
    setenv("HOME", "/home/x", 1);
    Places places;
    Err err = {0};
    assert_ok(places_find(arena, dir, &places, &err), &err);
    assert_str(places.state, path_join(arena, dir, S(".perfloop")));
    assert_int_equal(places.git_dir.len, 0);
    assert_str(places.cache, S("/c/perfloop"));
    assert_str(places.user_state, S("/home/x/.local/state/perfloop"));
    assert_false(places_find(arena, S("/no/such/folder"), &places, &err));
    assert_int_equal(err.kind, ERR_NOT_FOUND);
}

TEST_MAIN(TEST(the_workload_file_marks_the_root), TEST(a_linked_work_tree_shares_the_state),
          TEST(without_git_the_state_is_in_the_workspace))
