#include "runners/git/change.h"

#include <string.h>

#include "base/path.h"

typedef struct Planning {
    Arena *arena;
    Repo *repo;
    const Overlay *overlay;
    ChangePlan *plan;
} Planning;

static WorkFile file_of(const GitEntry *entry, Str bytes)
{
    if (!entry->mode)
        return (WorkFile){0};
    return (WorkFile){
        .kind = entry->mode == GIT_MODE_LINK ? WORKFILE_LINK : WORKFILE_REGULAR,
        .program = entry->mode == GIT_MODE_PROGRAM,
        .bytes = bytes,
    };
}

static bool read_side(Planning *planning, const GitEntry *entry, WorkFile *out, Err *err)
{
    Str bytes = {0};
    if (entry->mode && !repo_read_blob(planning->arena, planning->repo, entry->blob, &bytes, err))
        return err_wrap(err, STR_FMT, STR_ARG(entry->path));
    *out = file_of(entry, bytes);
    return true;
}

static bool conflict(Err *err, Str path, const char *why)
{
    return err_set(err, ERR_CONFLICT, STR_FMT " %s: nothing was changed", STR_ARG(path), why);
}

static uint32_t hunk_first(uint32_t first, uint32_t count)
{
    return count ? first : first + 1;
}

/* Two changes of one text clash when their lines overlap or touch, as in git's merge. */
static bool hunks_clash(const GitHunk *a, const GitHunk *b)
{
    uint32_t a_first = hunk_first(a->old_first, a->old_count);
    uint32_t b_first = hunk_first(b->old_first, b->old_count);
    return a_first <= b_first + b->old_count && b_first <= a_first + a->old_count;
}

/* Names the first lines of the file, as it is now, that stand in the way. */
static bool name_conflict(Planning *planning, Str path, Str from, Str now, Str to, Err *err)
{
    GitHunks edits, wanted;
    if (!diff_texts(planning->arena, from, now, &edits, err) ||
        !diff_texts(planning->arena, from, to, &wanted, err))
        return false;
    const GitHunk *found = edits.len ? &edits.items[0] : NULL;
    for (size_t i = edits.len; i-- > 0;)
        for (size_t k = 0; k < wanted.len; k++)
            if (hunks_clash(&edits.items[i], &wanted.items[k]))
                found = &edits.items[i];
    uint32_t first = found && found->new_first ? found->new_first : 1;
    uint32_t last = first + (found && found->new_count > 1 ? found->new_count - 1 : 0);
    if (first == last)
        return err_set(err, ERR_CONFLICT,
                       STR_FMT ", line %u: edited since, where it would have to change; nothing "
                               "was changed",
                       STR_ARG(path), first);
    return err_set(err, ERR_CONFLICT,
                   STR_FMT ", lines %u-%u: edited since, where they would have to change; nothing "
                           "was changed",
                   STR_ARG(path), first, last);
}

static bool is_binary(Str bytes)
{
    return bytes.len && memchr(bytes.ptr, 0, bytes.len);
}

/* Later edits stay where they are. */
static bool merge_around(Planning *planning, ChangeStep *step, WorkFile from, WorkFile to, Err *err)
{
    WorkFile now = step->before;
    if (now.kind == WORKFILE_FOLDER || now.kind == WORKFILE_OTHER)
        return conflict(err, step->path, "is no file any more");
    if (from.kind == WORKFILE_ABSENT)
        return conflict(err, step->path, "was made again since");
    if (now.kind == WORKFILE_ABSENT)
        return conflict(err, step->path, "was deleted since");
    if (to.kind == WORKFILE_ABSENT)
        return conflict(err, step->path, "would have to go, and was edited since");
    if (now.kind != WORKFILE_REGULAR || from.kind != now.kind || to.kind != now.kind)
        return conflict(err, step->path, "was replaced since");
    step->after = now;
    step->after.program = from.program == now.program ? to.program : now.program;
    step->merged = true;
    if (str_eq(from.bytes, to.bytes))
        return true; /* only the mode is to change */
    if (str_eq(now.bytes, from.bytes)) {
        step->after.bytes = to.bytes;
        return true;
    }
    if (str_eq(now.bytes, to.bytes))
        return true;
    if (is_binary(from.bytes) || is_binary(now.bytes) || is_binary(to.bytes))
        return conflict(err, step->path, "is binary and was edited since");
    bool clean = false;
    if (!merge_texts(planning->arena, from.bytes, now.bytes, to.bytes, &clean, &step->after.bytes,
                     err))
        return false;
    return clean || name_conflict(planning, step->path, from.bytes, now.bytes, to.bytes, err);
}

/* What is there now: the editor's text comes before the disk's. */
static bool read_now(Planning *planning, ChangeStep *step, const OverlayDocument *document,
                     Str *disk, bool *unsaved, Err *err)
{
    *unsaved = false;
    if (!workfile_read(planning->arena, repo_top(planning->repo), step->path, SIZE_MAX,
                       &step->before, err))
        return false;
    *disk = step->before.bytes;
    if (!document || !document->dirty)
        return true;
    if (step->before.kind != WORKFILE_REGULAR)
        return conflict(err, step->path, "has unsaved changes, but no file: save it first");
    if (!overlay_bytes(planning->arena, document, *disk, &step->before.bytes, err))
        return false;
    *unsaved = !str_eq(step->before.bytes, *disk);
    return true;
}

/* An open document takes its new text by an edit; what an edit cannot do needs it saved first. */
static bool hand_to_editor(Planning *planning, ChangeStep *step, const OverlayDocument *document,
                           Str disk, bool unsaved, Err *err)
{
    bool text_only = step->before.kind == WORKFILE_REGULAR &&
                     step->after.kind == WORKFILE_REGULAR &&
                     step->before.program == step->after.program;
    if (!text_only && unsaved)
        return conflict(err, step->path, "has unsaved changes: save it first");
    if (!text_only)
        return true;
    step->in_editor = true;
    step->text = overlay_text(planning->arena, document, disk, step->after.bytes);
    return true;
}

static bool plan_path(Planning *planning, const TreeChange *change, Err *err)
{
    ChangeStep step = {.path = change->path};
    WorkFile from, to;
    Str disk;
    bool unsaved;
    if (!read_side(planning, &change->from, &from, err) ||
        !read_side(planning, &change->to, &to, err))
        return false;
    if (snapshot_is_note(from.bytes) || snapshot_is_note(to.bytes)) {
        *array_push(planning->arena, &planning->plan->left) = change->path;
        return true;
    }
    const OverlayDocument *document = overlay_find(
        planning->overlay, path_join(planning->arena, repo_top(planning->repo), change->path));
    if (!read_now(planning, &step, document, &disk, &unsaved, err))
        return false;
    if (workfile_eq(step.before, to))
        return true;
    if (workfile_eq(step.before, from))
        step.after = to;
    else if (!merge_around(planning, &step, from, to, err))
        return false;
    if (workfile_eq(step.before, step.after))
        return true;
    if (document && !hand_to_editor(planning, &step, document, disk, unsaved, err))
        return false;
    *array_push(planning->arena, &planning->plan->steps) = step;
    return true;
}

static bool add_to_tree(Arena *arena, Repo *repo, GitEntries *entries, Str path, WorkFile file,
                        Err *err)
{
    GitEntry entry = {.path = path, .mode = GIT_MODE_FILE};
    if (file.kind == WORKFILE_ABSENT)
        return true;
    if (file.kind == WORKFILE_LINK)
        entry.mode = GIT_MODE_LINK;
    else if (file.program)
        entry.mode = GIT_MODE_PROGRAM;
    if (!repo_write_blob(repo, file.bytes, &entry.blob, err))
        return false;
    *array_push(arena, entries) = entry;
    return true;
}

static bool write_trees(Planning *planning, Err *err)
{
    GitEntries before = {0}, after = {0};
    array_each (ChangeStep, step, &planning->plan->steps)
        if (!add_to_tree(planning->arena, planning->repo, &before, step->path, step->before, err) ||
            !add_to_tree(planning->arena, planning->repo, &after, step->path, step->after, err))
            return false;
    return repo_write_tree(planning->repo, &before, &planning->plan->before, err) &&
           repo_write_tree(planning->repo, &after, &planning->plan->after, err);
}

bool change_plan(Arena *arena, Repo *repo, const TreeChanges *changes, const Overlay *overlay,
                 ChangePlan *out, Err *err)
{
    ChangePlan plan = {0};
    Planning planning = {.arena = arena, .repo = repo, .overlay = overlay, .plan = &plan};
    array_each (const TreeChange, change, changes)
        if (!plan_path(&planning, change, err))
            return false;
    if (!write_trees(&planning, err))
        return false;
    *out = plan;
    return true;
}

bool change_apply(Str top, const ChangePlan *plan, Str token, Err *err)
{
    size_t done = 0;
    for (; done < plan->steps.len; done++) {
        const ChangeStep *step = &plan->steps.items[done];
        if (!step->in_editor &&
            !workfile_replace(top, step->path, step->before, step->after, token, err))
            break;
    }
    if (done == plan->steps.len)
        return true;
    while (done-- > 0) {
        const ChangeStep *step = &plan->steps.items[done];
        Err ignored = {0};
        if (!step->in_editor &&
            !workfile_replace(top, step->path, step->after, step->before, token, &ignored))
            err_wrap(err, STR_FMT " could not be put back (%s)", STR_ARG(step->path), ignored.msg);
    }
    return false;
}

bool change_between(Arena *arena, Repo *repo, ObjectId before, ObjectId after, ChangePlan *out,
                    Err *err)
{
    ChangePlan plan = {.before = before, .after = after};
    Planning planning = {.arena = arena, .repo = repo, .plan = &plan};
    TreeChanges changes;
    if (!snapshot_compare(arena, repo, before, after, &changes, err))
        return false;
    array_each (TreeChange, change, &changes) {
        ChangeStep step = {.path = change->path};
        if (!read_side(&planning, &change->from, &step.before, err) ||
            !read_side(&planning, &change->to, &step.after, err))
            return false;
        *array_push(arena, &plan.steps) = step;
    }
    *out = plan;
    return true;
}
