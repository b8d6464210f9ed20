#include "runners/profiling/profiling.h"

#include <stdio.h>

#include "base/clock.h"
#include "base/digest.h"
#include "base/file.h"
#include "base/path.h"
#include "runners/allow.h"
#include "runners/git/snapshot.h"

enum {
    RECORDING_BYTES_MAX = 64 << 20,
};

/* The tree the profile is of; empty, with a note, when it cannot be told. */
static Str take_snapshot(Arena *arena, Report *report, const Places *places)
{
    Err err = {0};
    Snapshot now;
    CLEANUP(repo_cleanup) Repo *repo = repo_open(places, &err);
    if (repo && snapshot_take(arena, repo, places, NULL, &now, &err))
        return object_id_hex(arena, now.tree);
    report_note(report, "which version this is a profile of is not known: %s", err.msg);
    return (Str){0};
}

/*
 * What the profiler wrote stays in the cache as long as what was made of it, so that a newer reader
 * can read it again; large ones are not worth their room. The place of the file, wherever it is now.
 */
static Str keep_recording(Arena *arena, const Places *places, const Capture *capture)
{
    FileMap map = {0};
    Err err = {0};
    if (!file_map(capture->file, &map, &err))
        return capture->file;
    Str name =
        str_fmt(arena, "recording-" STR_FMT, STR_ARG(digest_hex(arena, digest_of(map.bytes))));
    Str folder = path_join(arena, places->cache, S("profiles"));
    Str kept = path_join(arena, folder, name);
    bool fits = map.bytes.len <= RECORDING_BYTES_MAX;
    file_unmap(&map);
    if (!fits || !file_make_dirs(folder, &err) ||
        rename(str_cstr(arena, capture->file), str_cstr(arena, kept)) != 0)
        return capture->file;
    return kept;
}

bool profile_workload(Arena *arena, Report *report, const Places *places, const Workload *workload,
                      const CaptureOptions *options, Profiled *out, Err *err)
{
    if (!allow_check(arena, report, places, &workload->build, err) ||
        !allow_check(arena, report, places, &workload->benchmark, err))
        return false;
    CaptureOptions run = *options;
    run.places = places;
    run.workload = workload;
    run.cancel = &report_cancelled;
    CLEANUP(capture_finish) Capture capture = {0};
    int64_t started_s = clock_unix_s();
    Str before = take_snapshot(arena, report, places);
    if (!capture_run(arena, report, &run, &capture, err))
        return false;
    /* Somebody typed on meanwhile: it is of neither version. */
    Str after = before.len ? take_snapshot(arena, report, places) : (Str){0};
    ImportOptions import = {.file = keep_recording(arena, places, &capture),
                            .snapshot = str_eq(before, after) ? after : (Str){0},
                            .workload = workload->name,
                            .run_dir = capture.run_dir,
                            .recorded_s = started_s};
    out->version = capture.version;
    out->wall_s = capture.wall_s;
    return import_profile(arena, report, places, &import, &out->imported, err);
}
