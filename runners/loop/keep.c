#include "runners/loop/keep.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/json_in.h"
#include "base/log.h"
#include "base/path.h"
#include "base/strbuf.h"
#include "runners/allow.h"
#include "runners/git/git_program.h"
#include "runners/loop/keep_check.h"

enum {
    TESTS_AND_HOOKS_S = 700, /* longer than a git of ours can be running */
};

typedef struct Keeping {
    Loop *loop;
    const LedgerIteration *iteration;
    const KeepOptions *options;
    TreeChanges changes; /* undo → candidate: what is not committed yet */
    GitHead head;        /* before */
    LedgerWorkload workload;
    Keep *keep;
} Keeping;

/* ---- may it be committed */

static bool ask_small(Keeping *keeping, Err *err)
{
    const LedgerVerdict *verdict = &keeping->iteration->verdict;
    static const Str CHOICES[] = {STR_CONST("Keep"), STR_CONST("No")};
    bool same = str_eq(verdict->status, S("same"));
    bool small = str_starts(verdict->flag, S("below"));
    if (!same && !small)
        return true;
    Question question = {
        .id = same ? S("keep-same") : S("small-improvement"),
        .message = str_fmt(keeping->loop->arena, STR_FMT ". %s", STR_ARG(verdict->sentence),
                           same ? "It changes nothing measurable: keep it as a refactoring?"
                                : "Is it worth its complexity?"),
        .flag = S("--yes"),
        .choices = CHOICES,
        .choice_count = 2,
    };
    size_t choice;
    if (!report_ask(keeping->loop->report, &question, &choice, err))
        return false;
    return choice == 0 || err_set(err, ERR_CANCELLED, "not kept");
}

static bool check_verdict(Keeping *keeping, Err *err)
{
    const LedgerIteration *iteration = keeping->iteration;
    if (str_eq(iteration->state, S("kept")))
        return err_set(err, ERR_CONFLICT, "it is kept already, as " STR_FMT,
                       STR_ARG(str_head(iteration->checkpoint, 10)));
    if (!str_eq(iteration->state, S("measured")))
        return err_set(err, ERR_CONFLICT, "it was " STR_FMT ": measure again",
                       STR_ARG(iteration->state));
    if (!str_eq(iteration->verdict.status, S("faster")) &&
        !str_eq(iteration->verdict.status, S("same")))
        return err_set(
            err, ERR_CONFLICT, "its verdict is " STR_FMT ": " STR_FMT,
            STR_ARG(iteration->verdict.status.len ? iteration->verdict.status : S("missing")),
            STR_ARG(iteration->verdict.sentence));
    if (!keeping->changes.len)
        return err_set(err, ERR_CONFLICT, "it changed nothing");
    return true;
}

static bool check_repository(Keeping *keeping, Err *err)
{
    Loop *loop = keeping->loop;
    if (repo_is_private(loop->repo))
        return err_set(err, ERR_UNSUPPORTED,
                       "not a git repository: keep, revert and restore are "
                       "off; git init makes one");
    if (!repo_head(loop->arena, loop->repo, &keeping->head, err))
        return false;
    if (keeping->head.busy.len)
        return err_set(err, ERR_CONFLICT,
                       STR_FMT " is in progress: git commits all or nothing then; finish it first",
                       STR_ARG(keeping->head.busy));
    keeping->keep->detached = keeping->head.detached;
    return true;
}

/* ---- tests */

static bool run_tests(Keeping *keeping, Err *err)
{
    Loop *loop = keeping->loop;
    const Workload *workload = keeping->options->workload;
    if (!workload || workload->tests.argc == 0) {
        report_note(loop->report, "no tests in the workload file: committed untested");
        return true;
    }
    bool green = false;
    Str last;
    if (!allow_check(loop->arena, loop->report, &loop->places, &workload->tests, err) ||
        !keep_tests(loop, keeping->iteration, workload, &green, &last, err))
        return false;
    if (!ledger_set_iteration(loop->ledger, keeping->iteration->id, S(""),
                              green ? S("green") : S("red"), S(""), err))
        return false;
    return green || err_set(err, ERR_TOOL, "the tests are red, so nothing was committed: " STR_FMT,
                            STR_ARG(last));
}

/* ---- the commit */

static bool run_commit(Keeping *keeping, Str message, Err *err)
{
    Arena *arena = keeping->loop->arena;
    static const Str START[] = {STR_CONST("commit"), STR_CONST("--quiet"),
                                STR_CONST("--only"), STR_CONST("--cleanup=whitespace"),
                                STR_CONST("-F"),     STR_CONST("-"),
                                STR_CONST("--")};
    size_t start = sizeof START / sizeof START[0];
    const SnapshotPaths *paths = &keeping->keep->paths;
    Str *args = NEW_ARRAY(arena, Str, start + paths->len);
    memcpy(args, START, sizeof START);
    for (size_t i = 0; i < paths->len; i++)
        args[start + i] = paths->items[i];
    GitCall call = {.args = args, .count = start + paths->len, .input = message};
    ProcessResult result;
    if (!git_program_run(arena, &keeping->loop->places, &call, &result, err))
        return false;
    return process_check(&result, S("git commit"), err);
}

static bool index_paths(Keeping *keeping, Str command, Str option, const SnapshotPaths *paths,
                        Err *err)
{
    Arena *arena = keeping->loop->arena;
    if (!paths->len)
        return true;
    Str *args = NEW_ARRAY(arena, Str, paths->len + 3);
    args[0] = command;
    args[1] = option;
    args[2] = S("--");
    for (size_t i = 0; i < paths->len; i++)
        args[i + 3] = paths->items[i];
    GitCall call = {.args = args, .count = paths->len + 3};
    return git_program_must(arena, &keeping->loop->places, &call, NULL, err);
}

/* git commits only paths it knows: new files are announced first, and forgotten when it fails. */
static bool announce(Keeping *keeping, Err *err)
{
    return index_paths(keeping, S("add"), S("--intent-to-add"), &keeping->keep->unknown, err);
}

static void withdraw(Keeping *keeping)
{
    Err problem = {0};
    if (!index_paths(keeping, S("rm"), S("--cached"), &keeping->keep->unknown, &problem))
        log_warn("keep: %s", problem.msg);
}

static Str action_detail(Arena *arena, const Keep *keep)
{
    StrBuf buf = strbuf_new(arena);
    JsonOut out = json_out(&buf);
    json_open(&out, '{');
    json_key_strs(&out, "announced", keep->unknown.items, keep->unknown.len);
    json_close(&out, '}');
    return strbuf_str(&buf);
}

static bool begin_action(Keeping *keeping, int64_t *action, Err *err)
{
    Loop *loop = keeping->loop;
    LedgerAction row = {
        .iteration = keeping->iteration->id,
        .time_s = clock_unix_s(),
        .kind = S("keep"),
        .state = S("begun"),
        .before = keeping->head.unborn ? S("") : object_id_hex(loop->arena, keeping->head.commit),
        .detail = action_detail(loop->arena, keeping->keep),
    };
    return ledger_add_action(loop->ledger, &row, action, err);
}

static bool end_action(Loop *loop, int64_t action, int64_t iteration, ObjectId commit, Err *err)
{
    Str hex = object_id_hex(loop->arena, commit);
    bool ok = ledger_begin(loop->ledger, err) &&
              ledger_set_action(loop->ledger, action, S("done"), hex, err) &&
              ledger_set_iteration(loop->ledger, iteration, S("kept"), S(""), hex, err) &&
              ledger_commit(loop->ledger, err);
    if (!ok)
        ledger_rollback(loop->ledger);
    return ok;
}

static bool commit(Keeping *keeping, Err *err)
{
    Loop *loop = keeping->loop;
    int64_t action;
    Str message = keep_message(loop->arena, keeping->iteration, &keeping->workload,
                               keeping->options->subject);
    if (!begin_action(keeping, &action, err))
        return false;
    report_progress(loop->report, -1, "committing " STR_FMT,
                    STR_ARG(loop_list(loop->arena, &keeping->keep->paths)));
    GitHead now;
    bool made = announce(keeping, err) && run_commit(keeping, message, err);
    if (!repo_head(loop->arena, loop->repo, &now, made ? err : &(Err){0}))
        return false;
    if (!made && object_id_eq(now.commit, keeping->head.commit)) {
        Err ignored = {0};
        withdraw(keeping);
        if (!ledger_set_action(loop->ledger, action, S("undone"), S(""), &ignored))
            log_warn("keep: %s", ignored.msg);
        return false;
    }
    keeping->keep->commit = now.commit; /* made, even when a late hook complained */
    return end_action(loop, action, keeping->iteration->id, now.commit, err);
}

/* ---- the sentence */

static void add_part(StrBuf *text, const char *before, Arena *arena, const SnapshotPaths *paths)
{
    if (paths->len)
        strbuf_fmt(text, "; %s" STR_FMT, before, STR_ARG(loop_list(arena, paths)));
}

static Str sentence(Keeping *keeping)
{
    Arena *arena = keeping->loop->arena;
    const Keep *keep = keeping->keep;
    StrBuf text = strbuf_new(arena);
    strbuf_fmt(&text, "kept iteration %lld as " STR_FMT " (" STR_FMT ")%s: " STR_FMT,
               (long long)keep->iteration,
               STR_ARG(str_head(object_id_hex(arena, keep->commit), 10)),
               STR_ARG(loop_list(arena, &keep->paths)), keep->detached ? " on no branch" : "",
               STR_ARG(keeping->iteration->verdict.sentence));
    add_part(&text, "new: ", arena, &keep->added);
    add_part(&text,
             "the commit differs from what was measured, a hook changed it, measure again: ", arena,
             &keep->differ);
    add_part(&text, "a hook committed too: ", arena, &keep->more);
    add_part(&text, "measured together with what is not committed: ", arena, &keep->besides);
    if (keep->staged.len)
        strbuf_fmt(&text, "; what was staged of " STR_FMT " stays as refs/perfloop/staged/%lld",
                   STR_ARG(loop_list(arena, &keep->staged)), (long long)keep->iteration);
    return strbuf_str(&text);
}

static bool prepare(Keeping *keeping, Err *err)
{
    Loop *loop = keeping->loop;
    ObjectId base, candidate;
    LedgerWorkloads workloads;
    if (!loop_tree(keeping->iteration->undo, &base, err) ||
        !loop_tree(keeping->iteration->candidate, &candidate, err) ||
        !snapshot_compare(loop->arena, loop->repo, base, candidate, &keeping->changes, err) ||
        !ledger_workloads(loop->arena, loop->ledger, &workloads, err))
        return false;
    array_each (LedgerWorkload, workload, &workloads)
        if (workload->id == keeping->iteration->workload)
            keeping->workload = *workload;
    return true;
}

bool keep_iteration(Loop *loop, const LedgerIteration *iteration, const KeepOptions *options,
                    Keep *out, Err *err)
{
    Keep keep = {.iteration = iteration->id};
    Keeping keeping = {.loop = loop, .iteration = iteration, .options = options, .keep = &keep};
    bool ok = prepare(&keeping, err) && check_verdict(&keeping, err) &&
              check_repository(&keeping, err) &&
              keep_check_files(loop, &keeping.changes, options->overlay, &keep, err) &&
              ask_small(&keeping, err) && run_tests(&keeping, err) &&
              /* The tests took a while: the files may have changed again. */
              keep_check_files(loop, &keeping.changes, options->overlay, &keep, err) &&
              keep_save_staged(loop, iteration, &keep, err) && commit(&keeping, err);
    if (!ok)
        return err_wrap(err, "cannot keep iteration %lld", (long long)iteration->id);
    if (!keep_verify(loop, iteration, &keeping.changes, keeping.head.unborn, &keep, err))
        return err_wrap(err, "committed, but not verified");
    Err problem = {0};
    if (!keep_note(loop, iteration, &keep, &problem))
        report_note(loop->report, "the note with the evidence was not written: %s", problem.msg);
    keep.sentence = sentence(&keeping);
    *out = keep;
    return true;
}

/* ---- after a crash */

/* HEAD is a child of what it was, and carries our trailers: the commit was made. */
static bool was_committed(Loop *loop, const LedgerAction *action, const GitHead *head)
{
    Err ignored = {0};
    ObjectId parent;
    Str message;
    if (head->unborn || !repo_parent(loop->repo, head->commit, &parent, &ignored) ||
        !repo_commit_message(loop->arena, loop->repo, head->commit, &message, &ignored))
        return false;
    Str parent_hex = object_id_is_zero(parent) ? S("") : object_id_hex(loop->arena, parent);
    return str_eq(parent_hex, action->before) && str_has(message, S("\nPerfloop-Verdict: "));
}

/* New files that were announced to git and not committed are untracked again. */
static bool withdraw_action(Loop *loop, const LedgerAction *action, Err *err)
{
    CLEANUP(json_cleanup) JsonIn root = {0};
    SnapshotPaths announced = {0};
    if (!json_parse(loop->arena, action->detail, &root, err))
        return false;
    JsonIn list = json_optional(root, "announced");
    for (size_t i = 0; i < json_len(list); i++) {
        GitEntry entry;
        Str path = json_as_str(json_item(list, i));
        if (repo_staged(loop->repo, path, &entry) &&
            object_id_eq(entry.blob, object_id_of_blob(S(""))))
            *array_push(loop->arena, &announced) = path;
    }
    Keeping keeping = {.loop = loop};
    return index_paths(&keeping, S("rm"), S("--cached"), &announced, err) &&
           ledger_set_action(loop->ledger, action->id, S("undone"), S(""), err);
}

/*
 * The git we started may outlive us by the grace its ending gets (process.h), and it holds the
 * index lock from its beginning to its end. A lock that stays was left by something else.
 */
static void wait_for_git(const Loop *loop, const LedgerAction *action)
{
    enum {
        PAUSE_MS = 50,
        GRACE_MS = 400,
        LONGEST_MS = 5000
    };
    const struct timespec pause = {.tv_nsec = PAUSE_MS * 1000000};
    Str lock = path_join(loop->arena, loop->places.git_dir, S("index.lock"));
    bool recent = clock_unix_s() - action->time_s < TESTS_AND_HOOKS_S;
    for (unsigned waited = 0; recent && waited < LONGEST_MS; waited += PAUSE_MS) {
        if (waited >= GRACE_MS && !file_exists(lock))
            return;
        nanosleep(&pause, NULL);
    }
}

bool keep_recover(Loop *loop, Err *err)
{
    LedgerActions begun;
    GitHead head;
    if (!ledger_actions(loop->arena, loop->ledger, 0, &begun, err))
        return false;
    array_each (LedgerAction, action, &begun) {
        if (!str_eq(action->kind, S("keep")))
            continue;
        wait_for_git(loop, action);
        if (!repo_head(loop->arena, loop->repo, &head, err))
            return false;
        bool made = was_committed(loop, action, &head);
        if (!(made ? end_action(loop, action->id, action->iteration, head.commit, err)
                   : withdraw_action(loop, action, err)))
            return err_wrap(err, "finishing the keep of iteration %lld",
                            (long long)action->iteration);
        report_note(loop->report, "the keep of iteration %lld was interrupted: %s",
                    (long long)action->iteration,
                    made ? "the commit was made" : "nothing was committed");
    }
    return true;
}

/* ---- the result */

static void put_list(JsonOut *out, const char *key, const SnapshotPaths *paths)
{
    json_key_strs(out, key, paths->items, paths->len);
}

void keep_write(JsonOut *out, const Loop *loop, const Keep *keep)
{
    json_key_i64(out, "iteration", keep->iteration);
    json_key_str(out, "commit", object_id_hex(loop->arena, keep->commit));
    json_key_bool(out, "detached", keep->detached);
    put_list(out, "paths", &keep->paths);
    put_list(out, "added", &keep->added);
    put_list(out, "differ", &keep->differ);
    put_list(out, "more", &keep->more);
    put_list(out, "besides", &keep->besides);
    put_list(out, "staged", &keep->staged);
}
