/*
 * Random work trees: whatever state they are in, keep, revert and restore touch only the
 * iteration's files, leave the index entries of others alone, and can be undone; and killed at any
 * system call, they leave one of the two states and lose nothing.
 */
#include "tests/lib/check.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/path.h"
#include "base/strbuf.h"
#include "runners/loop/keep.h"
#include "runners/loop/takeback.h"
#include "tests/lib/loopbed.h"
#include "tests/lib/repo.h"

/* PERFLOOP_TRIALS=10 tries ten times as much. */
static unsigned trials(unsigned usual)
{
    const char *times = getenv("PERFLOOP_TRIALS");
    uint64_t number;
    return times && str_to_u64(str_from_c(times), &number) && number > 0 ? usual * (unsigned)number
                                                                         : usual;
}

#define TRIALS  trials(16)
#define CRASHES trials(24)

/* ---- random states, as a shell script */

typedef struct Dice {
    uint64_t state;
} Dice;

static uint32_t roll(Dice *dice, uint32_t sides)
{
    dice->state = dice->state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(dice->state >> 33) % sides;
}

static const char *const PATHS[] = {"a.py",    "b.py",   "dir/c.py", "dir/deep/d.py",
                                    "dos.txt", "run.sh", "bin",      "weird name\xc3\xa9"};
enum {
    PATH_COUNT = sizeof PATHS / sizeof PATHS[0]
};

#define MAKE                                                                                   \
    "mkdir -p dir/deep; for f in a.py b.py dir/c.py dir/deep/d.py 'weird name\xc3\xa9'; do "   \
    "seq 1 40 > \"$f\"; done; seq 1 40 | sed 's/$/\\r/' > dos.txt; seq 1 40 > run.sh; "        \
    "chmod +x run.sh; printf 'x\\0y' > bin; ln -s a.py link; printf '*.log\\n' > .gitignore; " \
    "git add .; git commit -qm base; seq 3 > ignored.log"

/* What a user may have done to a file; %s is its name. */
static const char *const USER_STATES[] = {
    "true",
    "sed -i '2s/$/ user/' \"%s\"",
    "sed -i '2s/$/ staged/' \"%s\"; git add \"%s\"",
    "sed -i '2s/$/ staged/' \"%s\"; git add \"%s\"; sed -i '2s/$/ and more/' \"%s\"",
    "rm \"%s\"",
    "git rm -q -f --ignore-unmatch \"%s\"",
    "git rm -q -f --cached --ignore-unmatch \"%s\"",
    "chmod +x \"%s\"",
    "mkdir -p moved; git mv \"%s\" moved/",
};

static const char *const CHANGES[] = {
    "if [ -f \"%s\" ]; then sed -i '20s/^/fast /' \"%s\"; fi",
    "if [ -f \"%s\" ]; then sed -i '20,25d' \"%s\"; chmod +x \"%s\"; fi",
    "rm -f \"%s\"",
    "mkdir -p \"$(dirname \"%s\")\"; seq 50 80 > \"%s\"",
    "rm -f \"%s\"; mkdir -p \"$(dirname \"%s\")\"; ln -s nowhere \"%s\"",
};

static void add_for(StrBuf *script, const char *format, const char *path)
{
    for (const char *at = format; *at; at++) {
        if (at[0] == '%' && at[1] == 's') {
            strbuf_add(script, str_from_c(path));
            at++;
        } else {
            strbuf_char(script, *at);
        }
    }
    strbuf_char(script, '\n');
}

static Str user_script(Arena *arena, Dice *dice)
{
    StrBuf script = strbuf_new(arena);
    for (size_t i = 0; i < PATH_COUNT; i++)
        if (strcmp(PATHS[i], "bin") != 0)
            add_for(&script, USER_STATES[roll(dice, 2) ? roll(dice, 9) : 0], PATHS[i]);
    if (roll(dice, 2))
        strbuf_add(&script, S("seq 7 > untracked.txt; mkdir -p sub; echo u > sub/u\n"));
    if (roll(dice, 3) == 0)
        strbuf_add(&script, S("echo n > noted; git add -N noted\n"));
    if (roll(dice, 4) == 0)
        strbuf_add(&script, S("git checkout -q --detach\n"));
    return strbuf_str(&script);
}

static Str change_script(Arena *arena, Dice *dice)
{
    StrBuf script = strbuf_new(arena);
    for (size_t i = 0; i < PATH_COUNT; i++)
        if (roll(dice, 3) == 0)
            add_for(&script, CHANGES[roll(dice, 5)], PATHS[i]);
    if (roll(dice, 3) == 0)
        strbuf_add(&script, S("mkdir -p fresh/x; echo new > fresh/x/new.py\n"));
    if (roll(dice, 4) == 0)
        strbuf_add(&script, S("rm -f link; ln -s b.py link\n"));
    strbuf_add(&script, S("echo always > iteration.py\n"));
    return strbuf_str(&script);
}

/* Edits after the measurement: at the ends of files, and of files that are none of its business. */
static Str later_script(Arena *arena, Dice *dice)
{
    StrBuf script = strbuf_new(arena);
    for (size_t i = 0; i < PATH_COUNT; i++)
        if (roll(dice, 4) == 0)
            add_for(&script, "if [ -f \"%s\" ] && [ ! -L \"%s\" ]; then echo later >> \"%s\"; fi",
                    PATHS[i]);
    strbuf_add(&script, S("echo later > later.txt; echo l >> ignored.log\n"));
    return strbuf_str(&script);
}

/* ---- what must not change */

static SnapshotPaths iteration_paths(LoopBed *bed)
{
    SnapshotPaths paths = {0};
    Err err = {0};
    ObjectId base, candidate;
    TreeChanges changes;
    assert_ok(loop_tree(bed->iteration.base, &base, &err), &err);
    assert_ok(loop_tree(bed->iteration.candidate, &candidate, &err), &err);
    assert_ok(snapshot_compare(bed->arena, bed->loop.repo, base, candidate, &changes, &err), &err);
    array_each (TreeChange, change, &changes)
        *array_push(bed->arena, &paths) = change->path;
    return paths;
}

/* Lines of a listing that do not name one of the iteration's paths. */
static Str others(LoopBed *bed, const SnapshotPaths *paths, Str listing)
{
    StrBuf out = strbuf_new(bed->arena);
    for (Str line; str_next_line(&listing, &line);) {
        bool ours = false;
        array_each (const Str, path, paths)
            ours |= str_has(line, str_fmt(bed->arena, " " STR_FMT " ", STR_ARG(*path))) ||
                    str_ends(line, str_fmt(bed->arena, "\t" STR_FMT, STR_ARG(*path)));
        if (!ours)
            strbuf_fmt(&out, STR_FMT "\n", STR_ARG(line));
    }
    return strbuf_str(&out);
}

static Str index_of(LoopBed *bed)
{
    return test_sh(bed->arena, bed->top, "git -c core.quotePath=false ls-files -s");
}

static Str history_of(LoopBed *bed)
{
    return test_sh(bed->arena, bed->top,
                   "git rev-parse HEAD; git symbolic-ref -q HEAD || true; git stash list; "
                   "git for-each-ref refs/heads refs/tags");
}

static Str index_bytes(LoopBed *bed)
{
    return test_sh(bed->arena, bed->top, "cksum \"$(git rev-parse --git-path index)\"");
}

static LoopBed random_bed(Arena *arena, Dice *dice)
{
    Str top = test_repo(arena);
    test_sh(arena, top, MAKE);
    if (roll(dice, 5) == 0) {
        test_sh(arena, top, "git worktree add -q .git/side -b side");
        top = path_join(arena, top, S(".git/side"));
    }
    test_sh(arena, top, str_cstr(arena, user_script(arena, dice)));
    return loopbed_in(arena, top, str_cstr(arena, change_script(arena, dice)));
}

/* A merge that stopped at a conflict, in a file that no iteration touches. */
static void begin_merge(LoopBed *bed)
{
    test_sh(bed->arena, bed->top,
            "git stash list >/dev/null; h=$(git rev-parse HEAD); b=$(printf 'theirs' | git "
            "hash-object -w --stdin);"
            "t=$(printf '100644 blob %s\\tclash\\n' $b | git mktree);"
            "c=$(git commit-tree -m theirs $t); echo $c > $(git rev-parse --git-path MERGE_HEAD);"
            "echo merging > $(git rev-parse --git-path MERGE_MSG);"
            "printf '100644 %s 1\\tclash\\n100644 %s 2\\tclash\\n' $b $b | git update-index "
            "--index-info;"
            "echo '<<<<<<<' > clash");
}

static void reverting_touches_only_the_iteration_and_restore_undoes_it(void **state)
{
    size_t refused = 0, merged = 0;
    for (uint64_t seed = 1; seed <= TRIALS; seed++) {
        CLEANUP(arena_cleanup) Arena *arena = arena_new("trial");
        Dice dice = {seed * 77};
        LoopBed bed = random_bed(arena, &dice);
        SnapshotPaths paths = iteration_paths(&bed);
        bool edited = roll(&dice, 2);
        if (edited)
            test_sh(arena, bed.top, str_cstr(arena, later_script(arena, &dice)));
        if (roll(&dice, 4) == 0)
            begin_merge(&bed);
        Str files = loopbed_files(arena, bed.top), index = index_bytes(&bed);
        Str history = history_of(&bed);
        ObjectId base;
        Takeback takeback;
        Err err = {0};
        bool ok = takeback_revert(&bed.loop, &bed.iteration, NULL, &takeback, &err);
        assert_str(index_bytes(&bed), index);
        assert_str(history_of(&bed), history);
        assert_str(others(&bed, &paths, loopbed_files(arena, bed.top)),
                   others(&bed, &paths, files));
        if (!ok) {
            assert_int_equal(err.kind, ERR_CONFLICT);
            assert_true(edited);
            assert_str(loopbed_files(arena, bed.top), files);
            refused++;
        } else {
            merged += edited;
            assert_ok(loop_tree(bed.iteration.base, &base, &err), &err);
            if (!edited) { /* exactly what was there before the iteration */
                ObjectId now = loopbed_snap(&bed);
                TreeChanges left;
                assert_ok(snapshot_compare(arena, bed.loop.repo, base, now, &left, &err), &err);
                array_each (TreeChange, change, &left)
                    assert_str(change->path, S("clash"));
            }
            loopbed_refresh(&bed);
            assert_ok(takeback_restore(&bed.loop, &bed.iteration, NULL, &takeback, &err), &err);
            assert_str(loopbed_files(arena, bed.top), files);
            assert_str(index_bytes(&bed), index);
        }
        loopbed_close(&bed);
    }
    assert_true(refused > 0 && merged > 0);
    (void)state;
}

static void keeping_commits_only_the_iteration_and_leaves_the_rest_staged(void **state)
{
    size_t kept_count = 0;
    for (uint64_t seed = 1; seed <= TRIALS; seed++) {
        CLEANUP(arena_cleanup) Arena *arena = arena_new("trial");
        Dice dice = {seed * 1013};
        LoopBed bed = random_bed(arena, &dice);
        SnapshotPaths paths = iteration_paths(&bed);
        Str files = loopbed_files(arena, bed.top), index = index_of(&bed);
        Str history = history_of(&bed);
        Keep kept;
        Err err = {0};
        bool ok = keep_iteration(&bed.loop, &bed.iteration, &(KeepOptions){0}, &kept, &err);
        if (!ok)
            print_message("seed %llu: %s\n", (unsigned long long)seed, err.msg);
        assert_str(loopbed_files(arena, bed.top), files);
        if (!ok) {
            assert_str(index_of(&bed), index);
            assert_str(history_of(&bed), history);
            loopbed_close(&bed);
            continue;
        }
        kept_count++;
        assert_str(others(&bed, &paths, index_of(&bed)), others(&bed, &paths, index));
        assert_int_equal(kept.differ.len + kept.more.len, 0);
        Str committed =
            test_sh(arena, bed.top, "git -c core.quotePath=false diff-tree -r --no-commit-id HEAD");
        assert_str(others(&bed, &paths, committed), S(""));
        /* Undone: the files go back, the commit stays; git can take it back as well. */
        loopbed_refresh(&bed);
        Takeback takeback;
        ObjectId base;
        assert_ok(takeback_revert(&bed.loop, &bed.iteration, NULL, &takeback, &err), &err);
        assert_ok(loop_tree(bed.iteration.base, &base, &err), &err);
        assert_true(object_id_eq(loopbed_snap(&bed), base));
        loopbed_close(&bed);
    }
    assert_true(kept_count > TRIALS / 2);
    (void)state;
}

/* ---- kill -9 */

typedef void Deed(LoopBed *bed);

static void do_revert(LoopBed *bed)
{
    Takeback takeback;
    Err err = {0};
    if (!takeback_revert(&bed->loop, &bed->iteration, NULL, &takeback, &err))
        _exit(1);
}

static void do_keep(LoopBed *bed)
{
    Keep kept;
    Err err = {0};
    if (!keep_iteration(&bed->loop, &bed->iteration, &(KeepOptions){0}, &kept, &err))
        _exit(1);
}

static void run_traced(LoopBed *bed, Deed *deed)
{
    if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) < 0)
        _exit(77);
    raise(SIGSTOP);
    deed(bed);
    _exit(0);
}

/*
 * Runs the deed in a process of its own and kills it at its n-th system call stop (0: never).
 * Gives the number of stops it got to. What it started is waited for.
 */
static unsigned kill_at(LoopBed *bed, Deed *deed, unsigned n)
{
    unsigned stops = 0;
    int status;
    loopbed_close(bed); /* the child opens its own; no file description is shared */
    pid_t child = fork();
    if (child == 0) {
        loopbed_reopen(bed);
        run_traced(bed, deed);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    while (WIFSTOPPED(status)) {
        if (n && stops == n) {
            kill(child, SIGKILL);
        } else {
            int number = WSTOPSIG(status);
            ptrace(PTRACE_SYSCALL, child, NULL,
                   number == SIGTRAP || number == SIGSTOP ? 0L : number);
        }
        assert_int_equal(waitpid(child, &status, 0), child);
        stops++;
    }
    if (!n)
        assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    while (waitpid(-1, &status, 0) > 0)
        ; /* the helper and git, now ours: see the subreaper below */
    return stops;
}

static void a_revert_killed_anywhere_is_finished_or_never_happened(void **state)
{
    Arena *arena = test_arena(state);
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    LoopBed bed =
        loopbed_new(arena, MAKE,
                    "sed -i s/5/five/ a.py; rm b.py; echo n > dir/new.py; chmod +x dir/c.py;"
                    "rm link; ln -s b.py link; sed -i s/7/seven/ dos.txt");
    Str candidate = loopbed_files(arena, bed.top), base = (Str){0};
    unsigned all = kill_at(&bed, do_revert, 0);
    base = loopbed_files(arena, bed.top);
    size_t finished = 0, never = 0;
    for (unsigned i = 0; i < CRASHES; i++) {
        CLEANUP(arena_cleanup) Arena *scratch = arena_new("crash");
        Takeback takeback;
        Err err = {0};
        loopbed_reopen(&bed);
        loopbed_refresh(&bed);
        assert_ok(takeback_restore(&bed.loop, &bed.iteration, NULL, &takeback, &err), &err);
        loopbed_refresh(&bed);
        assert_str(loopbed_files(scratch, bed.top), candidate);
        kill_at(&bed, do_revert, 1 + all * i / CRASHES);
        loopbed_reopen(&bed);
        loopbed_refresh(&bed);
        bool done = str_eq(bed.iteration.state, S("reverted"));
        assert_str(loopbed_files(scratch, bed.top), done ? base : candidate);
        finished += done;
        never += !done;
    }
    assert_true(finished > 0 && never > 0);
    loopbed_close(&bed);
}

static void a_keep_killed_anywhere_has_committed_or_not(void **state)
{
    Arena *arena = test_arena(state);
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    LoopBed bed = loopbed_new(arena, MAKE "; echo s > staged; git add staged",
                              "sed -i s/5/five/ a.py; rm b.py; echo n > dir/new.py");
    test_sh(arena, bed.top, "cp .git/index .git/saved-index");
    Str files = loopbed_files(arena, bed.top), index = index_of(&bed);
    unsigned all = kill_at(&bed, do_keep, 0);
    size_t finished = 0, never = 0;
    for (unsigned i = 0; i < CRASHES / 2; i++) {
        Err err = {0};
        test_sh(arena, bed.top,
                "git update-ref HEAD $(git rev-list --max-parents=0 HEAD); cp .git/saved-index "
                ".git/index");
        loopbed_reopen(&bed);
        assert_ok(ledger_set_iteration(bed.loop.ledger, bed.iteration.id, S("measured"), S(""),
                                       S(""), &err),
                  &err);
        loopbed_refresh(&bed);
        kill_at(&bed, do_keep, 1 + all * i / (CRASHES / 2));
        loopbed_reopen(&bed);
        loopbed_refresh(&bed);
        bool done = str_eq(bed.iteration.state, S("kept"));
        assert_str(loopbed_files(arena, bed.top), files);
        assert_str(test_sh(arena, bed.top,
                           "git rev-list --count HEAD; ls .git/*.lock 2>/dev/null || true"),
                   done ? S("2\n") : S("1\n"));
        if (!done)
            assert_str(index_of(&bed), index);
        assert_str(test_sh(arena, bed.top, "git diff --cached --name-only"), S("staged\n"));
        finished += done;
        never += !done;
    }
    assert_true(finished > 0 && never > 0);
    loopbed_close(&bed);
}

TEST_MAIN(TEST(reverting_touches_only_the_iteration_and_restore_undoes_it),
          TEST(keeping_commits_only_the_iteration_and_leaves_the_rest_staged),
          TEST(a_revert_killed_anywhere_is_finished_or_never_happened),
          TEST(a_keep_killed_anywhere_has_committed_or_not))
