#include "runners/loop/loop.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/file.h"
#include "base/path.h"
#include "base/strbuf.h"
#include "runners/loop/keep.h"
#include "runners/loop/takeback.h"

bool loop_lock(const Loop *loop, LoopLock which, int *fd, Err *err)
{
    Str name = which == LOOP_TREES ? S("trees.lock") : S("files.lock");
    Str path = path_join(loop->arena, loop->places.state, name);
    if (!file_make_dirs(loop->places.state, err))
        return false;
    int lock = open(str_cstr(loop->arena, path), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (lock < 0)
        return err_set(err, ERR_IO, STR_FMT ": %s", STR_ARG(path), strerror(errno));
    if (flock(lock, LOCK_EX | LOCK_NB) < 0) {
        close(lock);
        return err_set(err, ERR_CONFLICT, "another perfloop is %s here: wait for it or cancel it",
                       which == LOOP_TREES ? "measuring" : "writing files");
    }
    *fd = lock;
    return true;
}

void loop_unlock(int *fd)
{
    fd_close(fd);
}

bool loop_open(Arena *arena, Report *report, const Places *places, LoopLock lock, Loop *out,
               Err *err)
{
    Loop loop = {.arena = arena, .report = report, .places = *places, .lock = -1};
    if (!loop_lock(&loop, lock, &loop.lock, err))
        return false;
    loop.repo = repo_open(places, err);
    if (loop.repo)
        loop.ledger = ledger_open(places, LEDGER_WRITE, err);
    bool ok = loop.ledger != NULL;
    if (ok && lock == LOOP_FILES)
        ok = takeback_recover(&loop, err) && keep_recover(&loop, err);
    if (ok)
        *out = loop;
    else
        loop_close(&loop);
    return ok;
}

void loop_close(Loop *loop)
{
    ledger_free(loop->ledger);
    repo_free(loop->repo);
    if (loop->arena)
        loop_unlock(&loop->lock);
    *loop = (Loop){.lock = -1};
}

bool loop_tree(Str hex, ObjectId *tree, Err *err)
{
    if (!object_id_from_hex(hex, tree))
        return err_set(err, ERR_INPUT, "ledger: '" STR_FMT "' is no tree", STR_ARG(hex));
    return true;
}

/* An input that is in no snapshot, because git ignores it, is the same file on both sides. */
static bool link_input(Loop *loop, Str dir, Str input, Err *err)
{
    Arena *arena = loop->arena;
    Str inside = path_join(arena, dir, input), original, rest;
    original = path_join(arena, loop->places.root, input);
    if (!path_inside(dir, inside, &rest) || file_exists(inside) || !file_exists(original))
        return true;
    if (!file_make_dirs(path_dir(inside), err))
        return false;
    if (symlink(str_cstr(arena, original), str_cstr(arena, inside)) < 0)
        return err_set(err, ERR_IO, STR_FMT ": %s", STR_ARG(inside), strerror(errno));
    return true;
}

bool loop_freeze(Loop *loop, ObjectId tree, const Workload *workload, Str *dir, Err *err)
{
    Str top, folder;
    if (!snapshot_freeze(loop->arena, loop->repo, &loop->places, tree, &top, err))
        return false;
    *dir = top;
    if (path_inside(repo_top(loop->repo), loop->places.root, &folder) && folder.len)
        *dir = path_join(loop->arena, top, folder);
    if (!file_make_dirs(*dir, err))
        return false;
    array_each (const Str, input, &workload->inputs)
        if (!link_input(loop, *dir, *input, err))
            return false;
    return true;
}

static bool newest(Loop *loop, Str workload, Str state, Str or_state, LedgerIteration *out,
                   Err *err)
{
    LedgerWorkloads workloads;
    LedgerIteration best = {0};
    if (!ledger_workloads(loop->arena, loop->ledger, &workloads, err))
        return false;
    array_each (LedgerWorkload, row, &workloads) {
        LedgerIterations all;
        if (workload.len && !str_eq(row->name, workload))
            continue;
        if (!ledger_iterations(loop->arena, loop->ledger, row->id, 0, &all, err))
            return false;
        array_each (LedgerIteration, iteration, &all)
            if (iteration->id > best.id &&
                (str_eq(iteration->state, state) || str_eq(iteration->state, or_state)))
                best = *iteration;
    }
    *out = best;
    return true;
}

bool loop_pick(Loop *loop, int64_t id, Str workload, Str state, Str or_state, LedgerIteration *out,
               Err *err)
{
    if (id)
        return ledger_iteration(loop->arena, loop->ledger, id, out, err);
    if (!newest(loop, workload, state, or_state, out, err))
        return false;
    if (!out->id)
        return err_set(err, ERR_NOT_FOUND,
                       "no iteration is " STR_FMT ": see perfloop log, or measure first",
                       STR_ARG(state));
    return true;
}

Str loop_list(Arena *arena, const SnapshotPaths *paths)
{
    enum {
        SHOWN = 3
    };
    StrBuf text = strbuf_new(arena);
    for (size_t i = 0; i < paths->len && i < SHOWN; i++) {
        bool last = i + 1 == paths->len;
        strbuf_fmt(&text, "%s" STR_FMT,
                   i == 0 ? ""
                   : last ? " and "
                          : ", ",
                   STR_ARG(paths->items[i]));
    }
    if (paths->len > SHOWN)
        strbuf_fmt(&text, " and %zu more", paths->len - SHOWN);
    return strbuf_str(&text);
}
