#include "tests/lib/workspace.h"

#include <stdlib.h>

#include "analysis/hotspots/hotspot.h"
#include "analysis/profile/format.h"
#include "analysis/profile/store.h"
#include "base/file.h"
#include "base/map.h"
#include "base/path.h"
#include "runners/ledger/contents.h"
#include "runners/ledger/ledger.h"
#include "tests/lib/check.h"

TestWorkspace test_workspace(Arena *arena)
{
    TestWorkspace space = {.arena = arena};
    Err err = {0};
    Str folder = test_temp_dir(arena);
    Str root = path_join(arena, folder, S("work"));
    assert_ok(file_make_dirs(root, &err), &err);
    setenv("XDG_CACHE_HOME", str_cstr(arena, path_join(arena, folder, S("cache"))), 1);
    setenv("XDG_STATE_HOME", str_cstr(arena, path_join(arena, folder, S("state"))), 1);
    test_write(&(TestWorkspace){.arena = arena, .places = {.root = root}}, "perfloop.toml", S(""));
    assert_ok(places_find(arena, root, &space.places, &err), &err);
    return space;
}

Str test_write(const TestWorkspace *space, const char *path, Str text)
{
    Err err = {0};
    Str whole = path_join(space->arena, space->places.root, str_from_c(path));
    assert_ok(file_make_dirs(path_dir(whole), &err), &err);
    assert_ok(file_write(whole, text, &err), &err);
    return whole;
}

/* The files of the workspace that the profile names, with their texts kept. */
static LedgerFiles keep_files(const TestWorkspace *space, const Profile *profile)
{
    Arena *arena = space->arena;
    LedgerFiles files = {0};
    Map *seen = map_new(arena);
    Err err = {0};
    for (size_t i = 0; i < profile->frames_len; i++) {
        Str path = profile_text(profile, profile->frames[i].file), text;
        Str whole = path_join(arena, space->places.root, path);
        if (path.len == 0 || map_has(seen, path) ||
            !file_read(arena, whole, FILE_LIMIT_TEXT, &text, &err))
            continue;
        map_put(seen, path, NULL);
        LedgerFile *file = array_push(arena, &files);
        file->path = path;
        assert_ok(contents_put(&space->places, text, &file->content, &err), &err);
    }
    return files;
}

int64_t test_profile(const TestWorkspace *space, const char *workload, Str folded, int64_t time_s)
{
    return test_profile_of(space, workload, folded, time_s, (Str){0});
}

int64_t test_profile_of(const TestWorkspace *space, const char *workload, Str folded,
                        int64_t time_s, Str snapshot)
{
    Arena *arena = space->arena;
    Profile *profile = NEW(arena, Profile);
    Err err = {0};
    int64_t id = 0;
    assert_ok(profile_read(arena, S("p.collapsed"), folded, profile, &err), &err);
    Digest content = digest_of(folded);
    Str cached = str_fmt(arena, STR_FMT "/profiles/" STR_FMT ".plp", STR_ARG(space->places.cache),
                         STR_ARG(digest_hex(arena, content)));
    assert_ok(file_make_dirs(path_dir(cached), &err), &err);
    assert_ok(file_write(cached, profile_store_write(arena, profile), &err), &err);
    CLEANUP(ledger_cleanup) Ledger *ledger = ledger_open(&space->places, LEDGER_WRITE, &err);
    assert_ok(ledger != NULL, &err);
    LedgerProfile row = {
        .workload = str_from_c(workload),
        .time_s = time_s,
        .tool = S("py-spy"),
        .format = S("folded"),
        .source = S("p.collapsed"),
        .run_dir = space->places.root,
        .cache = content,
        .metric = S("samples"),
        .snapshot = snapshot,
        .files = keep_files(space, profile),
    };
    assert_ok(ledger_add_profile(ledger, &row, &id, &err), &err);
    return id;
}
