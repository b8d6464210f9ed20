#include "runners/loop/keep_check.h"

#include "base/clock.h"
#include "base/map.h"
#include "base/path.h"
#include "base/strbuf.h"
#include "runners/git/git_program.h"
#include "runners/process.h"

enum {
    TESTS_TIMEOUT_S = 3600,
};

/* ---- the files */

static bool holds_measured(Loop *loop, const TreeChange *change, Err *err)
{
    CLEANUP(arena_cleanup) Arena *scratch = arena_new("measured");
    WorkFile now;
    Str bytes = {0};
    if (!change->to.mode)
        return workfile_stat(repo_top(loop->repo), change->path, NULL) == WORKFILE_ABSENT;
    if (!repo_read_blob(scratch, loop->repo, change->to.blob, &bytes, err))
        return false;
    if (snapshot_is_note(bytes))
        return true; /* too large to compare; git sees what it sees */
    WorkFile measured = {
        .kind = change->to.mode == GIT_MODE_LINK ? WORKFILE_LINK : WORKFILE_REGULAR,
        .program = change->to.mode == GIT_MODE_PROGRAM,
        .bytes = bytes,
    };
    return workfile_read(scratch, repo_top(loop->repo), change->path, SNAPSHOT_FILE_MAX, &now,
                         err) &&
           workfile_eq(now, measured);
}

/* Would saving change the file? A text we cannot compare counts as unsaved. */
static bool is_unsaved(Loop *loop, const OverlayDocument *document, Str path)
{
    CLEANUP(arena_cleanup) Arena *scratch = arena_new("unsaved");
    Err ignored = {0};
    WorkFile file;
    Str bytes;
    if (!document->dirty)
        return false;
    return !workfile_read(scratch, repo_top(loop->repo), path, SNAPSHOT_FILE_MAX, &file,
                          &ignored) ||
           !overlay_bytes(scratch, document, file.bytes, &bytes, &ignored) ||
           !str_eq(bytes, file.bytes);
}

static bool check_file(Loop *loop, const TreeChange *change, const Overlay *overlay, Err *err)
{
    const OverlayDocument *document =
        overlay_find(overlay, path_join(loop->arena, repo_top(loop->repo), change->path));
    if (document && is_unsaved(loop, document, change->path))
        return err_set(err, ERR_CONFLICT, "save " STR_FMT " first", STR_ARG(change->path));
    if (!holds_measured(loop, change, err))
        return err->kind ? false
                         : err_set(err, ERR_CONFLICT,
                                   STR_FMT " changed after it was measured: measure again",
                                   STR_ARG(change->path));
    return true;
}

bool keep_check_files(Loop *loop, const TreeChanges *changes, const Overlay *overlay, Keep *keep,
                      Err *err)
{
    GitFiles files;
    keep->paths = keep->added = keep->unknown = (SnapshotPaths){0};
    if (!repo_list(loop->arena, loop->repo, &files, err))
        return false;
    Map *tracked = map_new(loop->arena);
    array_each (GitFile, file, &files) {
        if (file->in_submodule)
            map_put(tracked, file->path, file);
        else if (file->tracked)
            map_put(tracked, file->path, tracked);
    }
    array_each (const TreeChange, change, changes) {
        const void *known = map_get(tracked, change->path);
        if (known && known != tracked)
            return err_set(err, ERR_UNSUPPORTED,
                           STR_FMT " lies in a submodule: commit it there first",
                           STR_ARG(change->path));
        if (!check_file(loop, change, overlay, err))
            return false;
        if (!known && !change->to.mode)
            continue; /* was never tracked, and is gone */
        if (!known)
            *array_push(loop->arena, &keep->unknown) = change->path;
        if (!change->from.mode)
            *array_push(loop->arena, &keep->added) = change->path;
        *array_push(loop->arena, &keep->paths) = change->path;
    }
    return keep->paths.len || err_set(err, ERR_CONFLICT, "git tracks none of its files");
}

/* ---- tests */

/* The last words of the tests are their progress. */
static void show_output(void *context, int stream, Str bytes)
{
    Loop *loop = context;
    Str line, last = {0};
    (void)stream;
    while (str_next_line(&bytes, &line))
        if (str_trim(line).len)
            last = str_trim(line);
    if (last.len)
        report_progress(loop->report, -1, "tests: " STR_FMT, STR_ARG(str_head(last, 80)));
}

bool keep_tests(Loop *loop, const LedgerIteration *iteration, const Workload *workload, bool *green,
                Str *last, Err *err)
{
    ObjectId candidate;
    Str dir;
    int lock = -1;
    if (!loop_lock(loop, LOOP_TREES, &lock, err))
        return false;
    ProcessOptions options = {
        .argv = workload->tests.argv,
        .argc = workload->tests.argc,
        .timeout_s = TESTS_TIMEOUT_S,
        .cancel = &report_cancelled,
        .on_output = show_output,
        .context = loop,
    };
    ProcessResult result;
    report_progress(loop->report, -1, "tests: " STR_FMT, STR_ARG(workload->tests.text));
    bool ok = loop_tree(iteration->candidate, &candidate, err) &&
              loop_freeze(loop, candidate, workload, &dir, err);
    options.cwd = ok ? dir : S("");
    ok = ok && process_run(loop->arena, &options, &result, err);
    loop_unlock(&lock);
    if (!ok)
        return err_wrap(err, "tests");
    Err red = {0};
    *green = process_check(&result, workload->tests.text, &red);
    *last = str_copy(loop->arena, str_from_c(red.msg));
    return true;
}

/* ---- what is staged */

bool keep_save_staged(Loop *loop, const LedgerIteration *iteration, Keep *keep, Err *err)
{
    GitHead head;
    GitEntries committed = {0}, saved = {0};
    if (!repo_head(loop->arena, loop->repo, &head, err) ||
        (!head.unborn && !repo_read_tree(loop->arena, loop->repo, head.commit, &committed, err)))
        return false;
    Map *known = map_new(loop->arena);
    array_each (GitEntry, entry, &committed)
        map_put(known, entry->path, entry);
    array_each (Str, path, &keep->paths) {
        GitEntry staged;
        const GitEntry *old = map_get(known, *path);
        if (!repo_staged(loop->repo, *path, &staged) || staged.mode == GIT_MODE_SUBMODULE ||
            object_id_eq(staged.blob, object_id_of_blob(S(""))) ||
            (old && object_id_eq(old->blob, staged.blob)))
            continue;
        ObjectId file;
        if (!keep_blob_of_file(loop, *path, &file, err))
            return false;
        if (object_id_eq(file, staged.blob))
            continue;
        *array_push(loop->arena, &saved) = staged;
        *array_push(loop->arena, &keep->staged) = *path;
    }
    ObjectId tree;
    Str ref = str_fmt(loop->arena, "refs/perfloop/staged/%lld", (long long)iteration->id);
    return !saved.len || (repo_write_tree(loop->repo, &saved, &tree, err) &&
                          repo_keep(loop->repo, ref, tree, S("staged before perfloop keep"), err));
}

/* ---- afterwards */

/* What git calls the bytes that were measured: through its filters. */
static bool blob_measured(Loop *loop, const TreeChange *change, ObjectId *blob, Err *err)
{
    GitFilter filter = repo_filter_of(loop->arena, loop->repo, change->path);
    Str bytes, stored;
    *blob = change->to.blob;
    if (change->to.mode == GIT_MODE_LINK || (!filter.converts && !filter.driver.len))
        return true;
    if (!repo_read_blob(loop->arena, loop->repo, change->to.blob, &bytes, err))
        return false;
    if (filter.driver.len)
        return git_program_blob_id(loop->arena, &loop->places, change->path, bytes, blob, err);
    if (!repo_to_git(loop->arena, loop->repo, change->path, bytes, &stored, err))
        return false;
    *blob = object_id_of_blob(stored);
    return true;
}

bool keep_blob_of_file(Loop *loop, Str path, ObjectId *blob, Err *err)
{
    WorkFile now;
    TreeChange change = {.path = path, .to = {.path = path, .mode = GIT_MODE_FILE}};
    if (!workfile_read(loop->arena, repo_top(loop->repo), path, SNAPSHOT_FILE_MAX, &now, err) ||
        !repo_write_blob(loop->repo, now.bytes, &change.to.blob, err))
        return false;
    if (now.kind == WORKFILE_LINK)
        change.to.mode = GIT_MODE_LINK;
    return blob_measured(loop, &change, blob, err);
}

static bool verify_path(Loop *loop, const TreeChange *change, const Map *head, Keep *keep, Err *err)
{
    const GitEntry *committed = map_get(head, change->path);
    ObjectId wanted;
    bool same = !committed && !change->to.mode;
    if (committed && change->to.mode) {
        if (!blob_measured(loop, change, &wanted, err))
            return false;
        same = object_id_eq(committed->blob, wanted) && committed->mode == change->to.mode;
    }
    if (!same)
        *array_push(loop->arena, &keep->differ) = change->path;
    return true;
}

static Map *entries_by_path(Arena *arena, const GitEntries *entries)
{
    Map *map = map_new(arena);
    array_each (GitEntry, entry, entries)
        map_put(map, entry->path, entry);
    return map;
}

/* Paths that the commit changed although they are not of the iteration. */
static bool find_more(Loop *loop, bool first_commit, const Map *ours, Keep *keep, Err *err)
{
    ObjectId parent;
    TreeChanges committed;
    if (first_commit)
        return true;
    if (!repo_parent(loop->repo, keep->commit, &parent, err) ||
        !snapshot_compare(loop->arena, loop->repo, parent, keep->commit, &committed, err))
        return false;
    array_each (TreeChange, change, &committed)
        if (!map_has(ours, change->path))
            *array_push(loop->arena, &keep->more) = change->path;
    return true;
}

/* Other files of the candidate that differ from HEAD: they were measured too. */
static bool find_besides(Loop *loop, const Map *ours, Keep *keep, Err *err)
{
    GitFiles files;
    if (!repo_list(loop->arena, loop->repo, &files, err))
        return false;
    array_each (GitFile, file, &files)
        if (file->differs && file->tracked && !map_has(ours, file->path))
            *array_push(loop->arena, &keep->besides) = file->path;
    return true;
}

bool keep_verify(Loop *loop, const LedgerIteration *iteration, const TreeChanges *changes,
                 bool first_commit, Keep *keep, Err *err)
{
    GitEntries head;
    (void)iteration;
    if (!repo_read_tree(loop->arena, loop->repo, keep->commit, &head, err))
        return false;
    Map *committed = entries_by_path(loop->arena, &head), *ours = map_new(loop->arena);
    array_each (Str, path, &keep->paths)
        map_put(ours, *path, path);
    array_each (const TreeChange, change, changes)
        if (map_has(ours, change->path) && !verify_path(loop, change, committed, keep, err))
            return false;
    return find_more(loop, first_commit, ours, keep, err) && find_besides(loop, ours, keep, err);
}

/* ---- the note */

static Str note_json(Loop *loop, const LedgerIteration *iteration, Str conditions)
{
    StrBuf buf = strbuf_new(loop->arena);
    JsonOut out = json_out(&buf);
    const LedgerVerdict *verdict = &iteration->verdict;
    json_open(&out, '{');
    json_key_i64(&out, "iteration", iteration->id);
    json_key_str(&out, "base_tree", iteration->base);
    json_key_str(&out, "candidate_tree", iteration->candidate);
    json_key_str(&out, "measured", clock_iso(loop->arena, verdict->time_s));
    json_key_str(&out, "verdict", verdict->kind);
    json_key_str(&out, "sentence", verdict->sentence);
    json_key_str(&out, "metric", verdict->metric);
    json_key_double(&out, "before", verdict->before);
    json_key_double(&out, "after", verdict->after);
    json_key_double(&out, "ln_ratio", verdict->estimate);
    json_key_double(&out, "low", verdict->low);
    json_key_double(&out, "high", verdict->high);
    json_key_u64(&out, "pairs", verdict->pairs);
    json_key_str(&out, "design", verdict->design);
    json_key_u64(&out, "seed", verdict->seed);
    if (verdict->evidence.len)
        json_key_raw(&out, "evidence", verdict->evidence);
    if (conditions.len)
        json_key_raw(&out, "conditions", conditions);
    json_close(&out, '}');
    strbuf_char(&buf, '\n');
    return strbuf_str(&buf);
}

bool keep_note(Loop *loop, const LedgerIteration *iteration, const Keep *keep, Err *err)
{
    Str conditions;
    if (!ledger_conditions(loop->arena, loop->ledger, iteration->verdict.conditions, &conditions,
                           err))
        return false;
    Str args[] = {S("notes"), S("--ref=refs/notes/perfloop"),          S("add"), S("-f"), S("-F"),
                  S("-"),     object_id_hex(loop->arena, keep->commit)};
    GitCall call = {.args = args, .count = 7, .input = note_json(loop, iteration, conditions)};
    return git_program_must(loop->arena, &loop->places, &call, NULL, err);
}
