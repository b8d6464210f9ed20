#include "tests/lib/check.h"

#include "runners/loop/undo.h"
#include "tests/lib/repo.h"

typedef struct Tracker {
    Arena *arena;
    Str top;
    Places places;
    Repo *repo;
} Tracker;

static Tracker track(Arena *arena, const char *script)
{
    Tracker tracker = {.arena = arena, .top = test_repo(arena)};
    Err err = {0};
    test_sh(arena, tracker.top, script);
    tracker.places = test_places(arena, tracker.top);
    tracker.repo = repo_open(&tracker.places, &err);
    assert_ok(tracker.repo != NULL, &err);
    return tracker;
}

static ObjectId snap(Tracker *tracker)
{
    Err err = {0};
    Snapshot snapshot;
    assert_ok(snapshot_take(tracker->arena, tracker->repo, &tracker->places, NULL, &snapshot, &err),
              &err);
    return snapshot.tree;
}

static Str head(Tracker *tracker)
{
    return str_trim(
        test_sh(tracker->arena, tracker->top, "git rev-parse -q --verify HEAD || true"));
}

/* The files of the undo tree as "path: text" lines. */
static Str undo_files(Tracker *tracker, ObjectId base, Str base_head)
{
    Err err = {0};
    ObjectId tree;
    Undo undo = {base, snap(tracker), base_head};
    assert_ok(undo_tree(tracker->arena, tracker->repo, &tracker->places, &undo, &tree, &err), &err);
    Str script = str_fmt(tracker->arena,
                         "for f in $(git ls-tree -r --name-only %s); do "
                         "echo \"$f: $(git cat-file -p %s:$f | tr -d '\\r')\"; done",
                         str_cstr(tracker->arena, object_id_hex(tracker->arena, tree)),
                         str_cstr(tracker->arena, object_id_hex(tracker->arena, tree)));
    Str files = test_sh(tracker->arena, tracker->top, str_cstr(tracker->arena, script));
    repo_free(tracker->repo);
    return files;
}

static void without_commits_it_is_the_base(void **state)
{
    Arena *arena = test_arena(state);
    Tracker tracker =
        track(arena, "echo 1 > a; echo 1 > b; git add .; git commit -qm one; echo dirty > b");
    ObjectId base = snap(&tracker);
    Str at = head(&tracker);
    test_sh(arena, tracker.top, "echo 2 > a; echo 2 > b; echo n > new");
    assert_str(undo_files(&tracker, base, at), S("a: 1\nb: dirty\n"));
}

static void what_was_committed_since_stays(void **state)
{
    Arena *arena = test_arena(state);
    Tracker tracker =
        track(arena, "echo 1 > a; echo 1 > b; echo 1 > c; git add .; git commit -qm one");
    ObjectId base = snap(&tracker);
    Str at = head(&tracker);
    test_sh(arena, tracker.top,
            "echo 2 > b; echo 2 > c; echo n > new; git add .; git commit -qm two;"
            "echo 3 > c; echo 3 > a; echo x > untracked");
    assert_str(undo_files(&tracker, base, at), S("a: 1\nb: 2\nc: 2\nnew: n\n"));
}

static void a_committed_deletion_stays(void **state)
{
    Arena *arena = test_arena(state);
    Tracker tracker = track(arena, "echo 1 > a; echo 1 > b; git add .; git commit -qm one");
    ObjectId base = snap(&tracker);
    Str at = head(&tracker);
    test_sh(arena, tracker.top, "git rm -q b; git commit -qm two; echo 2 > a");
    assert_str(undo_files(&tracker, base, at), S("a: 1\n"));
}

static void commits_are_compared_as_they_are_checked_out(void **state)
{
    Arena *arena = test_arena(state);
    Tracker tracker =
        track(arena, "printf '*.txt text eol=crlf\\n' > .gitattributes; printf '1\\r\\n' > a.txt;"
                     "git add .; git commit -qm one");
    ObjectId base = snap(&tracker);
    Str at = head(&tracker);
    test_sh(arena, tracker.top, "printf '2\\r\\n' > a.txt; git commit -qam two");
    Str files = undo_files(&tracker, base, at);
    assert_true(str_ends(files, S("a.txt: 2\n")));
}

static void a_base_without_commit_is_the_base(void **state)
{
    Arena *arena = test_arena(state);
    Tracker tracker = track(arena, "echo 1 > a");
    ObjectId base = snap(&tracker);
    test_sh(arena, tracker.top, "echo 2 > a");
    assert_str(undo_files(&tracker, base, S("")), S("a: 1\n"));
}

TEST_MAIN(TEST(without_commits_it_is_the_base), TEST(what_was_committed_since_stays),
          TEST(a_committed_deletion_stays), TEST(commits_are_compared_as_they_are_checked_out),
          TEST(a_base_without_commit_is_the_base))
