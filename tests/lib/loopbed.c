#include "tests/lib/loopbed.h"

#include <dirent.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/path.h"
#include "base/strbuf.h"
#include "runners/git/workfile.h"
#include "tests/lib/check.h"
#include "tests/lib/repo.h"

ObjectId loopbed_snap(LoopBed *bed)
{
    Err err = {0};
    Snapshot snapshot;
    assert_ok(snapshot_take(bed->arena, bed->loop.repo, &bed->places, NULL, &snapshot, &err), &err);
    return snapshot.tree;
}

void loopbed_reopen(LoopBed *bed)
{
    Err err = {0};
    loopbed_close(bed);
    assert_ok(loop_open(bed->arena, bed->report, &bed->places, LOOP_FILES, &bed->loop, &err), &err);
}

void loopbed_close(LoopBed *bed)
{
    if (bed->loop.arena)
        loop_close(&bed->loop);
}

static void record(LoopBed *bed, ObjectId base, ObjectId candidate)
{
    Err err = {0};
    int64_t workload, id;
    LedgerWorkload row = {.name = S("w"), .metric = S("p50")};
    assert_ok(ledger_put_workload(bed->loop.ledger, &row, &workload, &err), &err);
    LedgerIteration iteration = {.workload = workload,
                                 .time_s = 1,
                                 .base = object_id_hex(bed->arena, base),
                                 .candidate = object_id_hex(bed->arena, candidate),
                                 .undo = object_id_hex(bed->arena, base),
                                 .state = S("measured")};
    LedgerVerdict verdict = {
        .kind = S("improvement"),
        .status = S("faster"),
        .sentence = S("faster: 8.1 ms → 5.5 ms, -32 % [-35, -29] 99 %, 14 pairs"),
        .metric = S("p50"),
        .unit = UNIT_SECONDS,
        .before = 0.0081,
        .after = 0.0055,
        .estimate = -0.387,
        .low = -0.43,
        .high = -0.34,
        .pairs = 14,
        .flag = S("above"),
    };
    assert_ok(ledger_add_iteration(bed->loop.ledger, &iteration, &id, &err), &err);
    assert_ok(ledger_add_verdict(bed->loop.ledger, id, &verdict, &err), &err);
    assert_ok(ledger_iteration(bed->arena, bed->loop.ledger, id, &bed->iteration, &err), &err);
}

LoopBed loopbed_in(Arena *arena, Str top, const char *change)
{
    LoopBed bed = {.arena = arena, .top = top, .places = test_places(arena, top)};
    bed.report = NEW(arena, Report);
    *bed.report = report_new(REPORT_JSON);
    loopbed_reopen(&bed);
    ObjectId base = loopbed_snap(&bed);
    test_sh(arena, top, change);
    record(&bed, base, loopbed_snap(&bed));
    return bed;
}

LoopBed loopbed_new(Arena *arena, const char *before, const char *change)
{
    Str top = test_repo(arena);
    test_sh(arena, top, before);
    return loopbed_in(arena, top, change);
}

void loopbed_refresh(LoopBed *bed)
{
    Err err = {0};
    assert_ok(
        ledger_iteration(bed->arena, bed->loop.ledger, bed->iteration.id, &bed->iteration, &err),
        &err);
}

static void walk(Arena *arena, Str top, Str folder, StrBuf *out)
{
    Str path = path_join(arena, top, folder);
    struct dirent **names;
    int count = scandir(str_cstr(arena, path), &names, NULL, alphasort);
    assert_true(count >= 0);
    for (int i = 0; i < count; i++) {
        Str name = str_copy(arena, str_from_c(names[i]->d_name));
        free(names[i]);
        if (str_eq(name, S(".")) || str_eq(name, S("..")) || str_eq(name, S(".git")))
            continue;
        Str file = folder.len ? path_join(arena, folder, name) : name;
        struct stat st;
        WorkFile content;
        Err err = {0};
        if (workfile_stat(top, file, &st) == WORKFILE_FOLDER) {
            walk(arena, top, file, out);
            continue;
        }
        assert_ok(workfile_read(arena, top, file, SIZE_MAX, &content, &err), &err);
        strbuf_fmt(out, "%o " STR_FMT " " STR_FMT "\n", st.st_mode, STR_ARG(file),
                   STR_ARG(digest_hex(arena, digest_of(content.bytes))));
    }
    free(names);
}

Str loopbed_files(Arena *arena, Str top)
{
    StrBuf out = strbuf_new(arena);
    walk(arena, top, S(""), &out);
    return strbuf_str(&out);
}
