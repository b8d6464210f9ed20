#include "tests/lib/check.h"

#include "base/file.h"
#include "base/path.h"
#include "runners/git/snapshot.h"
#include "tests/lib/repo.h"

/* The tree as lines "mode name-of-blob path", and one blob's text. */
static Str list_tree(Arena *arena, Str top, ObjectId tree)
{
    Str script =
        str_fmt(arena, "git ls-tree -r --full-tree " STR_FMT " | cut -d' ' -f1,3 | tr '\\t' ' '",
                STR_ARG(object_id_hex(arena, tree)));
    return test_sh(arena, top, str_cstr(arena, script));
}

static Str show(Arena *arena, Str top, ObjectId tree, const char *path)
{
    Str script =
        str_fmt(arena, "git show " STR_FMT ":%s", STR_ARG(object_id_hex(arena, tree)), path);
    return test_sh(arena, top, str_cstr(arena, script));
}

static Snapshot take(Arena *arena, Str top, const Overlay *overlay)
{
    Places places = test_places(arena, top);
    Err err = {0};
    Snapshot snapshot;
    CLEANUP(repo_cleanup) Repo *repo = repo_open(&places, &err);
    assert_ok(repo != NULL, &err);
    assert_ok(snapshot_take(arena, repo, &places, overlay, &snapshot, &err), &err);
    return snapshot;
}

static Str fingerprint(Arena *arena, Str top)
{
    return test_sh(arena, top,
                   "git status --porcelain=v2 --ignored; git ls-files -s --debug; "
                   "cksum .git/index; git stash list; git for-each-ref refs/heads");
}

static void a_snapshot_is_what_git_add_all_would_write(void **state)
{
    Arena *arena = test_arena(state);
    Str top = test_repo(arena);
    test_sh(
        arena, top,
        "printf '*.o\\n/out/\\n' > .gitignore; mkdir -p src/deep out; echo a > src/a.py;"
        "echo b > 'src/b c.py'; echo gone > gone; echo x > run.sh; chmod +x run.sh;"
        "ln -s src/a.py link; echo keep > kept.o; git add -f . kept.o; git commit -qm one;"
        "rm gone; echo a2 >> src/a.py; echo staged > staged; git add staged; echo more >> staged;"
        "echo new > src/deep/new.py; echo i > src/i.o; echo o > out/o; git mv 'src/b c.py' "
        "src/d.py;"
        "ln -sf elsewhere link; chmod -x run.sh; touch empty");
    Str before = fingerprint(arena, top);
    Snapshot snapshot = take(arena, top, NULL);
    assert_str(fingerprint(arena, top), before);
    Str want = test_sh(arena, top,
                       "cp .git/index .git/copy; export GIT_INDEX_FILE=.git/copy; git add -A;"
                       "git ls-tree -r $(git write-tree) | cut -d' ' -f1,3 | tr '\\t' ' '");
    assert_str(list_tree(arena, top, snapshot.tree), want);
}

static void a_second_snapshot_sees_what_changed_at_once(void **state)
{
    Arena *arena = test_arena(state);
    Str top = test_repo(arena);
    Places places = test_places(arena, top);
    test_sh(arena, top, "seq 100 > a; git add a; git commit -qm one; touch -d '1 hour ago' a");
    Err err = {0};
    CLEANUP(repo_cleanup) Repo *repo = repo_open(&places, &err);
    assert_ok(repo != NULL, &err);
    for (int i = 0; i < 30; i++) {
        Snapshot snapshot;
        Str text = str_fmt(arena, "%02d\n", i); /* the same size each time */
        assert_ok(file_write(path_join(arena, top, S("a")), text, &err), &err);
        assert_ok(snapshot_take(arena, repo, &places, NULL, &snapshot, &err), &err);
        assert_true(object_id_eq(snapshot.entries.items[0].blob, object_id_of_blob(text)));
    }
}

static void bytes_are_kept_whatever_git_would_convert(void **state)
{
    Arena *arena = test_arena(state);
    Str top = test_repo(arena);
    test_sh(
        arena, top,
        "printf '*.txt text\\n*.bin filter=lfs\\n' > .gitattributes; printf 'a\\r\\nb\\n' > m.txt;"
        "printf 'big\\r\\n' > x.bin; git add .; git commit -qm one");
    Snapshot snapshot = take(arena, top, NULL);
    assert_str(show(arena, top, snapshot.tree, "m.txt"), S("a\r\nb\n"));
    assert_str(show(arena, top, snapshot.tree, "x.bin"), S("big\r\n"));
}

static Overlay one_buffer(Arena *arena, Str top, const char *path, Str text)
{
    Overlay overlay = {0};
    *array_push(arena, &overlay) = (OverlayDocument){
        .path = path_join(arena, top, str_from_c(path)), .dirty = true, .text = text};
    return overlay;
}

static void unsaved_texts_stand_in_for_their_files(void **state)
{
    Arena *arena = test_arena(state);
    Str top = test_repo(arena);
    test_sh(arena, top,
            "printf '\\357\\273\\277one\\r\\ntwo\\r\\n' > dos.py; git add .; git commit -qm one");
    Overlay overlay = one_buffer(arena, top, "dos.py", S("one\nthree\n"));
    *array_push(arena, &overlay) = (OverlayDocument){
        .path = path_join(arena, top, S("fresh/new.py")), .dirty = true, .text = S("n\n")};
    Snapshot snapshot = take(arena, top, &overlay);
    assert_str(show(arena, top, snapshot.tree, "dos.py"), S("\xef\xbb\xbfone\r\nthree\r\n"));
    assert_str(show(arena, top, snapshot.tree, "fresh/new.py"), S("n\n"));
    assert_int_equal(snapshot.unsaved.len, 2);
    overlay = one_buffer(arena, top, "dos.py", S("one\ntwo\n"));
    snapshot = take(arena, top, &overlay);
    assert_int_equal(snapshot.unsaved.len, 0);
}

static void the_last_commit_is_rebuilt_without_the_users_changes(void **state)
{
    Arena *arena = test_arena(state);
    Str top = test_repo(arena);
    test_sh(
        arena, top,
        "printf '*.txt text eol=crlf\\n' > .gitattributes; printf 'a\\r\\n' > a.txt; echo b > b.py;"
        "printf 'c\\r\\n' > c.txt; git add .; git commit -qm one; rm b.py; printf 'x\\r\\n' >> "
        "c.txt;"
        "mkdir -p bench; echo t > bench/t.py; echo junk > junk; echo w > perfloop.toml; git add "
        "bench");
    Places places = test_places(arena, top);
    Err err = {0};
    CLEANUP(repo_cleanup) Repo *repo = repo_open(&places, &err);
    Snapshot now;
    SnapshotPaths also = {0};
    *array_push(arena, &also) = S("bench");
    *array_push(arena, &also) = S("perfloop.toml");
    ObjectId head;
    assert_ok(snapshot_take(arena, repo, &places, NULL, &now, &err), &err);
    assert_ok(snapshot_of_head(arena, repo, &places, &now, &also, &head, &err), &err);
    Str script =
        str_fmt(arena, "git ls-tree -r --name-only " STR_FMT, STR_ARG(object_id_hex(arena, head)));
    assert_str(test_sh(arena, top, str_cstr(arena, script)),
               S(".gitattributes\na.txt\nb.py\nbench/t.py\nc.txt\nperfloop.toml\n"));
    assert_str(show(arena, top, head, "a.txt"), S("a\r\n"));
    assert_str(show(arena, top, head, "c.txt"), S("c\r\n"));
    TreeChanges changes;
    assert_ok(snapshot_compare(arena, repo, head, now.tree, &changes, &err), &err);
    assert_int_equal(changes.len, 3);
    assert_str(changes.items[0].path, S("b.py"));
    assert_int_equal(changes.items[0].to.mode, 0);
    assert_str(changes.items[1].path, S("c.txt"));
    assert_str(changes.items[2].path, S("junk"));
    assert_int_equal(changes.items[2].from.mode, 0);
}

static void a_frozen_tree_holds_files_modes_and_links(void **state)
{
    Arena *arena = test_arena(state);
    Str top = test_repo(arena);
    test_sh(arena, top,
            "mkdir -p s/d; echo a > s/d/a; echo r > r.sh; chmod +x r.sh; ln -s s/d/a l;"
            "git init -q inner; echo i > inner/i; git add s r.sh");
    Places places = test_places(arena, top);
    Err err = {0};
    CLEANUP(repo_cleanup) Repo *repo = repo_open(&places, &err);
    Snapshot now;
    Str a, b;
    assert_ok(snapshot_take(arena, repo, &places, NULL, &now, &err), &err);
    assert_ok(snapshot_freeze(arena, repo, &places, now.tree, &a, &err), &err);
    assert_str(
        test_sh(arena, a, "find . -type f -o -type l | sort; cat l; test -x r.sh; test ! -x s/d/a"),
        S("./l\n./r.sh\n./s/d/a\na\n"));
    test_sh(arena, top, "echo more >> s/d/a");
    assert_ok(snapshot_take(arena, repo, &places, NULL, &now, &err), &err);
    assert_ok(snapshot_freeze(arena, repo, &places, now.tree, &b, &err), &err);
    assert_int_equal(a.len, b.len);
    assert_str(path_dir(a), path_dir(b));
    snapshot_thaw(&places, b, S(""));
    assert_false(file_exists(a));
    assert_true(file_exists(b));
}

static void a_folder_replaced_by_a_link_is_not_followed(void **state)
{
    Arena *arena = test_arena(state);
    Str top = test_repo(arena);
    test_sh(arena, top,
            "mkdir d e; echo 1 > d/x; echo 2 > e/x; git add .; git commit -qm one;"
            "rm -r d; ln -s e d");
    Snapshot snapshot = take(arena, top, NULL);
    assert_int_equal(snapshot.entries.len, 2);
    assert_str(snapshot.entries.items[0].path, S("d"));
    assert_int_equal(snapshot.entries.items[0].mode, GIT_MODE_LINK);
}

static void snapshots_work_without_git(void **state)
{
    Arena *arena = test_arena(state);
    Str top = test_temp_dir(arena);
    test_sh(arena, top, "mkdir src; echo a > src/a.py; mkdir __pycache__; echo j > __pycache__/j");
    Places places = test_places(arena, top);
    Err err = {0};
    CLEANUP(repo_cleanup) Repo *repo = repo_open(&places, &err);
    assert_ok(repo != NULL, &err);
    assert_true(repo_is_private(repo));
    Snapshot snapshot;
    Str dir;
    assert_ok(snapshot_take(arena, repo, &places, NULL, &snapshot, &err), &err);
    assert_int_equal(snapshot.entries.len, 1);
    assert_ok(snapshot_freeze(arena, repo, &places, snapshot.tree, &dir, &err), &err);
    assert_str(test_sh(arena, dir, "cat src/a.py"), S("a\n"));
}

static void submodules_are_part_of_the_snapshot(void **state)
{
    Arena *arena = test_arena(state);
    Str top = test_repo(arena), other = test_repo(arena);
    test_sh(arena, other, "echo lib > lib.py; git add .; git commit -qm lib");
    Str add = str_fmt(arena,
                      "git -c protocol.file.allow=always submodule -q add " STR_FMT
                      " sub; git commit -qm sub; echo edit >> sub/lib.py",
                      STR_ARG(other));
    test_sh(arena, top, str_cstr(arena, add));
    Snapshot snapshot = take(arena, top, NULL);
    assert_str(show(arena, top, snapshot.tree, "sub/lib.py"), S("lib\nedit\n"));
}

static void linked_work_trees_are_their_own(void **state)
{
    Arena *arena = test_arena(state);
    Str top = test_repo(arena);
    test_sh(arena, top,
            "echo a > a; git add a; git commit -qm one; git worktree add -q .git/side;"
            "echo b >> .git/side/a");
    Str side = path_join(arena, top, S(".git/side"));
    Snapshot main_tree = take(arena, top, NULL), side_tree = take(arena, side, NULL);
    assert_str(show(arena, top, main_tree.tree, "a"), S("a\n"));
    assert_str(show(arena, top, side_tree.tree, "a"), S("a\nb\n"));
}

TEST_MAIN(TEST(a_snapshot_is_what_git_add_all_would_write),
          TEST(a_second_snapshot_sees_what_changed_at_once),
          TEST(bytes_are_kept_whatever_git_would_convert),
          TEST(unsaved_texts_stand_in_for_their_files),
          TEST(the_last_commit_is_rebuilt_without_the_users_changes),
          TEST(a_frozen_tree_holds_files_modes_and_links),
          TEST(a_folder_replaced_by_a_link_is_not_followed), TEST(snapshots_work_without_git),
          TEST(submodules_are_part_of_the_snapshot), TEST(linked_work_trees_are_their_own))
