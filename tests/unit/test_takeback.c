#include "tests/lib/check.h"

#include "base/file.h"
#include "base/path.h"
#include "runners/loop/keep.h"
#include "runners/loop/takeback.h"
#include "tests/lib/loopbed.h"
#include "tests/lib/repo.h"

static Takeback revert(LoopBed *bed)
{
    Takeback takeback;
    Err err = {0};
    assert_ok(takeback_revert(&bed->loop, &bed->iteration, NULL, &takeback, &err), &err);
    loopbed_refresh(bed);
    return takeback;
}

static Takeback restore(LoopBed *bed)
{
    Takeback takeback;
    Err err = {0};
    assert_ok(takeback_restore(&bed->loop, &bed->iteration, NULL, &takeback, &err), &err);
    loopbed_refresh(bed);
    return takeback;
}

static Str refused(LoopBed *bed)
{
    Takeback takeback;
    Err err = {0};
    Str before =
        test_sh(bed->arena, bed->top, "git status --porcelain; cat $(git ls-files -co) || true");
    assert_false(takeback_revert(&bed->loop, &bed->iteration, NULL, &takeback, &err));
    assert_int_equal(err.kind, ERR_CONFLICT);
    assert_str(
        test_sh(bed->arena, bed->top, "git status --porcelain; cat $(git ls-files -co) || true"),
        before);
    return str_copy(bed->arena, str_from_c(err.msg));
}

#define TEN "seq 10 > a.py; seq 10 > b.py; git add .; git commit -qm base;"

static void revert_gives_the_base_and_restore_the_candidate(void **state)
{
    Arena *arena = test_arena(state);
    LoopBed bed = loopbed_new(
        arena,
        TEN "printf 'x\\r\\n' > crlf; mkdir d; echo o > d/old; ln -s a.py l; echo m > m;"
            "git add .; git commit -qm more",
        "sed -i s/5/five/ a.py; printf 'y\\r\\n' >> crlf; rm -r d; ln -sf b.py l;"
        "chmod +x m; mkdir -p new/deep; echo n > new/deep/n; printf 'a\\0b' > bin");
    ObjectId candidate = loopbed_snap(&bed), base;
    assert_true(object_id_from_hex(bed.iteration.base, &base));
    Takeback back = revert(&bed);
    assert_int_equal(back.plan.steps.len, 7);
    assert_true(object_id_eq(loopbed_snap(&bed), base));
    assert_false(file_exists(path_join(arena, bed.top, S("new"))));
    assert_str(bed.iteration.state, S("reverted"));
    restore(&bed);
    assert_true(object_id_eq(loopbed_snap(&bed), candidate));
    assert_str(bed.iteration.state, S("measured"));
    revert(&bed);
    assert_int_equal(revert(&bed).plan.steps.len, 0);
    assert_true(object_id_eq(loopbed_snap(&bed), base));
    loopbed_close(&bed);
}

static void later_edits_stay_and_come_back_with_restore(void **state)
{
    Arena *arena = test_arena(state);
    LoopBed bed = loopbed_new(arena, TEN, "sed -i s/3/three/ a.py");
    test_sh(arena, bed.top, "sed -i s/9/nine/ a.py; echo mine > other.py; echo 11 >> b.py");
    Takeback back = revert(&bed);
    assert_true(back.plan.steps.items[0].merged);
    assert_str(test_sh(arena, bed.top,
                       "git diff -U0 a.py | grep '^[-+][^-+]'; cat other.py; tail -1 b.py"),
               S("-9\n+nine\nmine\n11\n"));
    test_sh(arena, bed.top, "sed -i s/7/seven/ a.py");
    restore(&bed);
    assert_str(test_sh(arena, bed.top, "sed -n '3p;7p;9p' a.py"), S("three\nseven\nnine\n"));
    loopbed_close(&bed);
}

static void overlapping_edits_are_refused_with_file_and_lines(void **state)
{
    Arena *arena = test_arena(state);
    LoopBed bed = loopbed_new(arena, TEN, "sed -i s/5/five/ a.py; echo 11 >> b.py");
    test_sh(arena, bed.top, "sed -i '1i new first line' a.py; sed -i s/five/FIVE/ a.py");
    Str why = refused(&bed);
    assert_has(why, S("a.py, line 6: edited since"));
    test_sh(arena, bed.top, "rm a.py");
    assert_has(refused(&bed), S("a.py was deleted since"));
    test_sh(arena, bed.top, "mkdir a.py");
    assert_has(refused(&bed), S("a.py is no file any more"));
    loopbed_close(&bed);
}

static void an_added_file_that_was_edited_is_not_deleted(void **state)
{
    Arena *arena = test_arena(state);
    LoopBed bed = loopbed_new(arena, TEN, "echo made > made.py; sed -i s/5/five/ b.py");
    test_sh(arena, bed.top, "echo more >> made.py");
    assert_has(refused(&bed), S("made.py would have to go, and was edited since"));
    loopbed_close(&bed);
}

static void binary_files_are_not_merged(void **state)
{
    Arena *arena = test_arena(state);
    LoopBed bed = loopbed_new(arena, "printf 'a\\0b' > x; git add .; git commit -qm one",
                              "printf 'a\\0c' > x");
    test_sh(arena, bed.top, "printf 'a\\0cd' > x");
    assert_has(refused(&bed), S("x is binary and was edited since"));
    loopbed_close(&bed);
}

static Overlay open_document(LoopBed *bed, const char *path, bool dirty, Str text)
{
    Overlay overlay = {0};
    *array_push(bed->arena, &overlay) = (OverlayDocument){
        .path = path_join(bed->arena, bed->top, str_from_c(path)), .dirty = dirty, .text = text};
    return overlay;
}

static void files_open_in_the_editor_become_edits(void **state)
{
    Arena *arena = test_arena(state);
    LoopBed bed = loopbed_new(
        arena, "printf 'a\\r\\nb\\r\\nc\\r\\n' > x; echo y > y; git add .; git commit -qm one",
        "printf 'a\\r\\nB\\r\\nc\\r\\n' > x; echo Y > y");
    Overlay overlay = open_document(&bed, "x", true, S("new\na\nB\nc\n"));
    Takeback back;
    Err err = {0};
    assert_ok(takeback_revert(&bed.loop, &bed.iteration, &overlay, &back, &err), &err);
    assert_int_equal(back.plan.steps.len, 2);
    assert_true(back.plan.steps.items[0].in_editor);
    assert_str(back.plan.steps.items[0].text, S("new\na\nb\nc\n"));
    assert_str(test_sh(arena, bed.top, "cat x y"), S("a\r\nB\r\nc\r\ny\n"));
    loopbed_close(&bed);
}

static void a_link_put_in_the_way_is_not_followed(void **state)
{
    Arena *arena = test_arena(state);
    LoopBed bed =
        loopbed_new(arena, "mkdir d; echo 1 > d/f; git add .; git commit -qm one", "echo 2 > d/f");
    test_sh(arena, bed.top,
            "mkdir .git/outside; echo 2 > .git/outside/f; rm -r d; ln -s .git/outside d");
    refused(&bed);
    assert_str(test_sh(arena, bed.top, "cat .git/outside/f"), S("2\n"));
    loopbed_close(&bed);
}

static Keep keep(LoopBed *bed)
{
    Keep kept;
    Err err = {0};
    assert_ok(keep_iteration(&bed->loop, &bed->iteration, &(KeepOptions){0}, &kept, &err), &err);
    loopbed_refresh(bed);
    return kept;
}

static Str keep_refused(LoopBed *bed, const Overlay *overlay)
{
    Keep kept;
    Err err = {0};
    Str before = test_sh(bed->arena, bed->top, "git log --oneline; git status --porcelain=v2");
    assert_false(keep_iteration(&bed->loop, &bed->iteration, &(KeepOptions){.overlay = overlay},
                                &kept, &err));
    assert_str(test_sh(bed->arena, bed->top, "git log --oneline; git status --porcelain=v2"),
               before);
    return str_copy(bed->arena, str_from_c(err.msg));
}

static void keep_commits_only_the_iteration_with_its_numbers(void **state)
{
    Arena *arena = test_arena(state);
    LoopBed bed = loopbed_new(arena, TEN "echo 1 > staged; git add staged",
                              "sed -i s/5/five/ a.py; echo n > n.py; rm b.py");
    test_sh(arena, bed.top, "echo junk > untracked; echo 2 >> staged");
    Keep kept = keep(&bed);
    assert_int_equal(kept.paths.len, 3);
    assert_int_equal(kept.differ.len + kept.more.len + kept.staged.len, 0);
    assert_str(test_sh(arena, bed.top, "git show --format= --name-status HEAD"),
               S("M\ta.py\nD\tb.py\nA\tn.py\n"));
    assert_str(test_sh(arena, bed.top, "git status --porcelain"), S("AM staged\n?? untracked\n"));
    Str message = test_sh(arena, bed.top, "git log -1 --format=%B");
    assert_true(str_starts(message, S("w: p50 8.1 ms → 5.5 ms, -32 %\n\nfaster: ")));
    assert_str(test_sh(arena, bed.top, "git log -1 --format='%(trailers)' | cut -d: -f1"),
               S("Perfloop-Metric\nPerfloop-Before\nPerfloop-After\nPerfloop-Delta\nPerfloop-"
                 "Verdict\n\n"));
    assert_has(test_sh(arena, bed.top, "git notes --ref=refs/notes/perfloop show HEAD"),
               S("\"pairs\":14"));
    assert_str(bed.iteration.state, S("kept"));
    assert_str(bed.iteration.checkpoint, object_id_hex(arena, kept.commit));
    loopbed_close(&bed);
}

static void keep_refuses_what_was_not_measured(void **state)
{
    Arena *arena = test_arena(state);
    LoopBed bed = loopbed_new(arena, TEN, "sed -i s/5/five/ a.py");
    Overlay overlay = open_document(&bed, "a.py", true, S("x"));
    assert_has(keep_refused(&bed, &overlay), S("save a.py first"));
    test_sh(arena, bed.top, "chmod +x a.py");
    assert_has(keep_refused(&bed, NULL), S("a.py changed after it was measured"));
    test_sh(arena, bed.top,
            "chmod -x a.py; git checkout -qb side; echo s > s; git add s; git commit -qm s;"
            "git checkout -q main; echo t > s; git add s; git commit -qm t;"
            "git merge -q side >/dev/null 2>&1 || true");
    assert_has(keep_refused(&bed, NULL), S("a merge is in progress"));
    loopbed_close(&bed);
}

static void a_hook_that_says_no_leaves_everything_as_it_was(void **state)
{
    Arena *arena = test_arena(state);
    LoopBed bed = loopbed_new(arena, TEN, "sed -i s/5/five/ a.py; echo n > n.py");
    test_sh(arena, bed.top,
            "printf '#!/bin/sh\\necho not today >&2\\nexit 1\\n' > .git/hooks/pre-commit;"
            "chmod +x .git/hooks/pre-commit");
    assert_has(keep_refused(&bed, NULL), S("not today"));
    loopbed_refresh(&bed);
    assert_str(bed.iteration.state, S("measured"));
    loopbed_close(&bed);
}

static void a_hook_that_changes_the_commit_is_told(void **state)
{
    Arena *arena = test_arena(state);
    LoopBed bed = loopbed_new(arena, TEN, "sed -i s/5/five/ a.py");
    test_sh(arena, bed.top,
            "printf '#!/bin/sh\\nsed -i s/five/FIVE/ a.py; echo gen > gen; git add a.py gen\\n'"
            "> .git/hooks/pre-commit; chmod +x .git/hooks/pre-commit");
    Keep kept = keep(&bed);
    assert_int_equal(kept.differ.len, 1);
    assert_str(kept.differ.items[0], S("a.py"));
    assert_str(kept.more.items[0], S("gen"));
    assert_has(kept.sentence, S("measure again"));
    loopbed_close(&bed);
}

static void line_ends_and_filters_are_gits_business(void **state)
{
    Arena *arena = test_arena(state);
    LoopBed bed = loopbed_new(
        arena,
        "git config filter.up.clean 'tr a-z A-Z'; git config filter.up.smudge 'tr A-Z a-z';"
        "printf '*.txt text\\n*.up filter=up\\n' > .gitattributes; printf 'a\\r\\n' > a.txt;"
        "echo big > b.up; git add .; git commit -qm one",
        "printf 'b\\r\\n' >> a.txt; echo bigger > b.up");
    Keep kept = keep(&bed);
    assert_int_equal(kept.paths.len, 2);
    assert_int_equal(kept.differ.len, 0);
    assert_str(test_sh(arena, bed.top, "git show HEAD:a.txt HEAD:b.up; cat a.txt b.up"),
               S("a\nb\nBIGGER\na\r\nb\r\nbigger\n"));
    revert(&bed);
    assert_str(test_sh(arena, bed.top, "cat a.txt b.up"), S("a\r\nbig\n"));
    assert_str(bed.iteration.state, S("reverted"));
    loopbed_close(&bed);
}

static void what_was_staged_otherwise_is_kept_aside(void **state)
{
    Arena *arena = test_arena(state);
    LoopBed bed = loopbed_new(arena, TEN, "echo staged only > a.py; git add a.py; seq 12 > a.py");
    Keep kept = keep(&bed);
    assert_int_equal(kept.staged.len, 1);
    Str show =
        str_fmt(arena, "git show refs/perfloop/staged/%lld:a.py", (long long)bed.iteration.id);
    assert_str(test_sh(arena, bed.top, str_cstr(arena, show)), S("staged only\n"));
    loopbed_close(&bed);
}

static void it_works_detached_and_before_the_first_commit(void **state)
{
    Arena *arena = test_arena(state);
    LoopBed bed = loopbed_new(arena, TEN "git checkout -q --detach", "sed -i s/5/five/ a.py");
    assert_true(keep(&bed).detached);
    loopbed_close(&bed);
    bed = loopbed_new(arena, "seq 3 > a; git add a; seq 3 > c", "seq 4 > a");
    Keep kept = keep(&bed);
    assert_int_equal(kept.paths.len, 1);
    assert_str(
        test_sh(arena, bed.top, "git show --format= --name-only HEAD; git status --porcelain"),
        S("a\n?? c\n"));
    loopbed_close(&bed);
}

TEST_MAIN(TEST(revert_gives_the_base_and_restore_the_candidate),
          TEST(later_edits_stay_and_come_back_with_restore),
          TEST(overlapping_edits_are_refused_with_file_and_lines),
          TEST(an_added_file_that_was_edited_is_not_deleted), TEST(binary_files_are_not_merged),
          TEST(files_open_in_the_editor_become_edits), TEST(a_link_put_in_the_way_is_not_followed),
          TEST(keep_commits_only_the_iteration_with_its_numbers),
          TEST(keep_refuses_what_was_not_measured),
          TEST(a_hook_that_says_no_leaves_everything_as_it_was),
          TEST(a_hook_that_changes_the_commit_is_told),
          TEST(line_ends_and_filters_are_gits_business),
          TEST(what_was_staged_otherwise_is_kept_aside),
          TEST(it_works_detached_and_before_the_first_commit))
