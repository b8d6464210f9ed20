#include "runners/loop/takeback.h"

#include "base/clock.h"
#include "base/json_in.h"
#include "base/log.h"
#include "base/path.h"
#include "base/strbuf.h"

static Str action_ref(Arena *arena, int64_t action, const char *side)
{
    return str_fmt(arena, "refs/perfloop/actions/%lld/%s", (long long)action, side);
}

static Str token_of(Arena *arena, int64_t action)
{
    return str_fmt(arena, "%lld", (long long)action);
}

static bool keep_sides(Loop *loop, int64_t action, ObjectId before, ObjectId after, Err *err)
{
    Str message = str_fmt(loop->arena, "perfloop action %lld", (long long)action);
    return repo_keep(loop->repo, action_ref(loop->arena, action, "before"), before, message, err) &&
           repo_keep(loop->repo, action_ref(loop->arena, action, "after"), after, message, err);
}

static Str detail_json(Arena *arena, const ChangePlan *plan)
{
    StrBuf buf = strbuf_new(arena);
    JsonOut out = json_out(&buf);
    json_open(&out, '{');
    json_key_open(&out, "in_editor", '[');
    array_each (const ChangeStep, step, &plan->steps)
        if (step->in_editor)
            json_put_str(&out, step->path);
    json_close(&out, ']');
    json_close(&out, '}');
    return strbuf_str(&buf);
}

/* The action and the iteration's new state become true together. */
static bool finish(Loop *loop, int64_t action, int64_t iteration, Str state, Err *err)
{
    bool ok = ledger_begin(loop->ledger, err) &&
              ledger_set_action(loop->ledger, action, S("done"), S(""), err) &&
              ledger_set_iteration(loop->ledger, iteration, state, S(""), S(""), err) &&
              ledger_commit(loop->ledger, err);
    if (!ok)
        ledger_rollback(loop->ledger);
    return ok;
}

static Str state_after(Str kind, const LedgerIteration *iteration)
{
    if (str_eq(kind, S("revert")))
        return S("reverted");
    return iteration->checkpoint.len ? S("kept") : S("measured");
}

static bool act(Loop *loop, const LedgerIteration *iteration, Str kind, const ChangePlan *plan,
                int64_t *action, Err *err)
{
    LedgerAction row = {
        .iteration = iteration->id,
        .time_s = clock_unix_s(),
        .kind = kind,
        .state = S("begun"),
        .before = object_id_hex(loop->arena, plan->before),
        .after = object_id_hex(loop->arena, plan->after),
        .detail = detail_json(loop->arena, plan),
    };
    if (!ledger_add_action(loop->ledger, &row, action, err) ||
        !keep_sides(loop, *action, plan->before, plan->after, err))
        return false;
    Str token = token_of(loop->arena, *action);
    if (!change_apply(repo_top(loop->repo), plan, token, err)) {
        Err ignored = {0};
        if (!ledger_set_action(loop->ledger, *action, S("undone"), S(""), &ignored))
            log_warn("loop: %s", ignored.msg);
        return false;
    }
    return finish(loop, *action, iteration->id, state_after(kind, iteration), err);
}

static SnapshotPaths paths_of(Arena *arena, const ChangePlan *plan)
{
    SnapshotPaths paths = {0};
    array_each (const ChangeStep, step, &plan->steps)
        *array_push(arena, &paths) = step->path;
    return paths;
}

static size_t count_merged(const ChangePlan *plan)
{
    size_t merged = 0;
    array_each (const ChangeStep, step, &plan->steps)
        merged += step->merged;
    return merged;
}

static Str sentence_of(Loop *loop, const LedgerIteration *iteration, Str kind,
                       const ChangePlan *plan)
{
    Arena *arena = loop->arena;
    bool back = str_eq(kind, S("revert"));
    StrBuf text = strbuf_new(arena);
    SnapshotPaths paths = paths_of(arena, plan);
    strbuf_fmt(&text, "iteration %lld %s: ", (long long)iteration->id,
               back ? "reverted" : "restored");
    if (paths.len)
        strbuf_fmt(&text, STR_FMT " %s", STR_ARG(loop_list(arena, &paths)),
                   back ? "as before it" : "as it made them");
    else
        strbuf_fmt(&text, "the files %s already", back ? "were as before it" : "held its change");
    if (count_merged(plan))
        strbuf_fmt(&text, ", later edits kept");
    if (plan->left.len)
        strbuf_fmt(&text, "; too large to have been kept, left as it is: " STR_FMT,
                   STR_ARG(loop_list(arena, &plan->left)));
    if (back && iteration->checkpoint.len)
        strbuf_fmt(&text, "; its commit " STR_FMT " stays, commit the reverse yourself",
                   STR_ARG(str_head(iteration->checkpoint, 10)));
    else if (back && paths.len)
        strbuf_fmt(&text, "; perfloop restore %lld brings it again", (long long)iteration->id);
    return strbuf_str(&text);
}

static bool run(Loop *loop, const LedgerIteration *iteration, Str kind, const TreeChanges *changes,
                const Overlay *overlay, Takeback *out, Err *err)
{
    Takeback takeback = {.iteration = iteration->id};
    if (!change_plan(loop->arena, loop->repo, changes, overlay, &takeback.plan, err))
        return false;
    if (takeback.plan.steps.len) {
        if (!act(loop, iteration, kind, &takeback.plan, &takeback.action, err))
            return false;
    } else if (!ledger_set_iteration(loop->ledger, iteration->id, state_after(kind, iteration),
                                     S(""), S(""), err)) {
        return false;
    }
    takeback.sentence = sentence_of(loop, iteration, kind, &takeback.plan);
    *out = takeback;
    return true;
}

static bool refuse_without_git(const Loop *loop, Err *err)
{
    if (!repo_is_private(loop->repo))
        return true;
    return err_set(err, ERR_UNSUPPORTED,
                   "not a git repository: keep, revert and restore are off; git init makes one");
}

static bool changes_of(Loop *loop, Str from, Str to, TreeChanges *changes, Err *err)
{
    ObjectId a, b;
    return loop_tree(from, &a, err) && loop_tree(to, &b, err) &&
           snapshot_compare(loop->arena, loop->repo, a, b, changes, err);
}

bool takeback_revert(Loop *loop, const LedgerIteration *iteration, const Overlay *overlay,
                     Takeback *out, Err *err)
{
    TreeChanges changes;
    if (!refuse_without_git(loop, err) ||
        !changes_of(loop, iteration->candidate, iteration->undo, &changes, err) ||
        !run(loop, iteration, S("revert"), &changes, overlay, out, err))
        return err_wrap(err, "cannot revert iteration %lld", (long long)iteration->id);
    return true;
}

/* The trees to go between: those of the last revert when there was one that changed anything. */
static bool restore_sides(Loop *loop, const LedgerIteration *iteration, Str *from, Str *to,
                          Err *err)
{
    LedgerActions actions;
    *from = iteration->undo;
    *to = iteration->candidate;
    if (!ledger_actions(loop->arena, loop->ledger, iteration->id, &actions, err))
        return false;
    array_each (LedgerAction, action, &actions) {
        if (!str_eq(action->kind, S("revert")) || !str_eq(action->state, S("done")))
            continue;
        *from = action->after;
        *to = action->before;
    }
    return true;
}

bool takeback_restore(Loop *loop, const LedgerIteration *iteration, const Overlay *overlay,
                      Takeback *out, Err *err)
{
    TreeChanges changes;
    Str from, to;
    if (!refuse_without_git(loop, err) || !restore_sides(loop, iteration, &from, &to, err) ||
        !changes_of(loop, from, to, &changes, err) ||
        !run(loop, iteration, S("restore"), &changes, overlay, out, err))
        return err_wrap(err, "cannot restore iteration %lld", (long long)iteration->id);
    return true;
}

/* ---- after a crash */

static bool was_in_editor(Arena *arena, const LedgerAction *action, Str path)
{
    CLEANUP(json_cleanup) JsonIn root = {0};
    Err ignored = {0};
    if (!json_parse(arena, action->detail, &root, &ignored))
        return false;
    JsonIn list = json_optional(root, "in_editor");
    for (size_t i = 0; i < json_len(list); i++)
        if (str_eq(json_as_str(json_item(list, i)), path))
            return true;
    return false;
}

/*
 * The temporary file of an interrupted swap holds `after` or the beginning of it, or `before`. In
 * the rarest case it is an edit saved in the very moment of the swap: that must not get lost.
 */
static bool save_stray(Loop *loop, const ChangeStep *step, WorkFile left, WorkFile *now, Err *err)
{
    Str top = repo_top(loop->repo), path = step->path;
    if (left.kind == WORKFILE_ABSENT || workfile_eq(left, step->before) ||
        (left.kind == step->after.kind && str_starts(step->after.bytes, left.bytes)))
        return true;
    if (now->kind == WORKFILE_ABSENT)
        *now = left;
    else
        path = str_fmt(loop->arena, STR_FMT ".perfloop-saved", STR_ARG(path));
    report_note(loop->report,
                "an edit of " STR_FMT " made in the moment of the interruption is in " STR_FMT,
                STR_ARG(step->path), STR_ARG(path));
    return workfile_replace(top, path, (WorkFile){0}, left, S("saved"), err);
}

static bool finish_step(Loop *loop, const ChangeStep *step, Str token, SnapshotPaths *edited,
                        Err *err)
{
    Str top = repo_top(loop->repo);
    WorkFile left, now;
    if (!workfile_peek(loop->arena, top, step->path, token, &left, err) ||
        !workfile_read(loop->arena, top, step->path, SIZE_MAX, &now, err) ||
        !save_stray(loop, step, left, &now, err) || !workfile_tidy(top, step->path, token, err))
        return false;
    if (workfile_eq(now, step->before))
        return workfile_replace(top, step->path, step->before, step->after, token, err);
    if (!workfile_eq(now, step->after))
        *array_push(loop->arena, edited) = step->path;
    return true;
}

static bool finish_action(Loop *loop, const LedgerAction *action, Err *err)
{
    ObjectId before, after;
    ChangePlan plan;
    LedgerIteration iteration;
    SnapshotPaths edited = {0};
    Str token = token_of(loop->arena, action->id);
    if (!loop_tree(action->before, &before, err) || !loop_tree(action->after, &after, err) ||
        !change_between(loop->arena, loop->repo, before, after, &plan, err) ||
        !keep_sides(loop, action->id, before, after, err))
        return false;
    array_each (ChangeStep, step, &plan.steps)
        if (!was_in_editor(loop->arena, action, step->path) &&
            !finish_step(loop, step, token, &edited, err))
            return false;
    if (!ledger_iteration(loop->arena, loop->ledger, action->iteration, &iteration, err))
        return false;
    report_note(loop->report,
                "finished the " STR_FMT " of iteration %lld that was interrupted%s" STR_FMT,
                STR_ARG(action->kind), (long long)action->iteration,
                edited.len ? "; edited meanwhile and left alone: " : "",
                STR_ARG(loop_list(loop->arena, &edited)));
    return finish(loop, action->id, action->iteration, state_after(action->kind, &iteration), err);
}

bool takeback_recover(Loop *loop, Err *err)
{
    LedgerActions begun;
    if (!ledger_actions(loop->arena, loop->ledger, 0, &begun, err))
        return false;
    array_each (LedgerAction, action, &begun)
        if (!str_eq(action->kind, S("keep")) && !finish_action(loop, action, err))
            return err_wrap(err, "finishing the " STR_FMT " of iteration %lld",
                            STR_ARG(action->kind), (long long)action->iteration);
    return true;
}

/* ---- the result */

void takeback_write(JsonOut *out, const Loop *loop, const Takeback *takeback)
{
    json_key_i64(out, "iteration", takeback->iteration);
    json_key_open(out, "paths", '[');
    array_each (const ChangeStep, step, &takeback->plan.steps)
        json_put_str(out, step->path);
    json_close(out, ']');
    json_key_open(out, "edits", '[');
    array_each (const ChangeStep, step, &takeback->plan.steps) {
        if (!step->in_editor)
            continue;
        json_open(out, '{');
        json_key_str(out, "path", path_join(loop->arena, repo_top(loop->repo), step->path));
        json_key_str(out, "text", step->text);
        json_close(out, '}');
    }
    json_close(out, ']');
}
