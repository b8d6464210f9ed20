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
        str_fmt(arena, "recording-" STR_FMT, STR_ARG(digest_hex(arena, digest_of_map(&map))));
    Str folder = path_join(arena, places->cache, S("profiles"));
    Str kept = path_join(arena, folder, name);
    bool fits = map.bytes.len <= RECORDING_BYTES_MAX;
    file_unmap(&map);
    if (!fits || !file_make_dirs(folder, &err) ||
        rename(str_cstr(arena, capture->file), str_cstr(arena, kept)) != 0)
        return capture->file;
    return kept;
}

/* ------------------------------------------------------------------ nvidia-smi's recording */

static Str with_lines(Arena *arena, Str sentence, const GpuBesides *gpus)
{
    array_each (const Str, line, &gpus->lines)
        sentence = str_fmt(arena, STR_FMT "\n" STR_FMT, STR_ARG(sentence), STR_ARG(*line));
    return sentence;
}

/* `row` says what it belongs to. */
static bool keep_gpus(Arena *arena, Report *report, const Places *places, const Capture *capture,
                      LedgerGpus row, Profiled *out, Err *err)
{
    Str text;
    GpuBeside beside = {
        .origin = row.origin,
        .source = row.source,
        .load_is_ours = !str_eq(capture->tool, S("ncu")),
    };
    if (!file_read(arena, capture->gpus, FILE_LIMIT_TEXT, &text, err) ||
        !gpu_besides_of(arena, &beside, text, &out->gpus, err) ||
        !gpu_beside_keep(places, row, text, err))
        return false;
    array_each (const Str, note, &out->gpus.notes)
        report_note(report, STR_FMT, STR_ARG(*note));
    return true;
}

/* Beside a profile: that it could not be read is worth a word, and the profile stands. */
static void keep_beside(Arena *arena, Report *report, const Places *places, const Capture *capture,
                        const ImportOptions *import, Profiled *out)
{
    Err err = {0};
    LedgerGpus row = {
        .profile = out->imported.id,
        .workload = import->workload,
        .snapshot = import->snapshot,
        .time_s = import->recorded_s,
        .origin = S("profiler"),
        .source = S("nvidia-smi"),
    };
    if (capture->gpus.len && !keep_gpus(arena, report, places, capture, row, out, &err))
        report_note(report, "what nvidia-smi saw of the GPUs is not known: %s", err.msg);
}

static Str alone_sentence(Arena *arena, const GpuBesides *gpus, const Capture *capture)
{
    const GpuBeside *only = &gpus->recordings.items[0];
    const GpuSummary *first = &only->gpus.items[0];
    return str_fmt(arena, "nvidia-smi: %zu sample%s of %zu GPU%s in %.3g s of the benchmark",
                   first->samples, first->samples == 1 ? "" : "s", only->gpus.len,
                   only->gpus.len == 1 ? "" : "s", capture->wall_s);
}

/*
 * A recording without a profiler stands beside every profile of the same version; where versions
 * cannot be told, beside the newest one of kernels.
 */
static bool keep_alone(Arena *arena, Report *report, const Places *places, const Capture *capture,
                       const ImportOptions *import, Profiled *out, Err *err)
{
    LedgerProfile newest = {0};
    bool found = gpu_beside_find(arena, places, import->workload, &newest);
    bool same = found && (!import->snapshot.len || !newest.snapshot.len ||
                          str_eq(newest.snapshot, import->snapshot));
    LedgerGpus row = {
        .profile = same && !import->snapshot.len ? newest.id : 0,
        .workload = import->workload,
        .snapshot = import->snapshot,
        .time_s = import->recorded_s,
        .origin = S("alone"),
        .source = S("nvidia-smi"),
    };
    if (!keep_gpus(arena, report, places, capture, row, out, err))
        return false;
    out->sentence = with_lines(arena, alone_sentence(arena, &out->gpus, capture), &out->gpus);
    if (same)
        out->sentence =
            str_fmt(arena, STR_FMT "\nit stands beside " STR_FMT " profile %lld (perfloop hot)",
                    STR_ARG(out->sentence), STR_ARG(newest.tool), (long long)newest.id);
    else
        report_note(report, "there is no profile of kernels of this version yet: perfloop profile "
                            "--with nsys makes one, and this stands beside it");
    return true;
}

/* ------------------------------------------------------------------ all of it */

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
    *out = (Profiled){0};
    CLEANUP(capture_finish) Capture capture = {0};
    int64_t started_s = clock_unix_s();
    Str before = take_snapshot(arena, report, places);
    if (!capture_run(arena, report, &run, &capture, err))
        return false;
    /* Somebody typed on meanwhile: it is of neither version. */
    Str after = before.len ? take_snapshot(arena, report, places) : (Str){0};
    ImportOptions import = {.snapshot = str_eq(before, after) ? after : (Str){0},
                            .workload = workload->name,
                            .run_dir = capture.run_dir,
                            .recorded_s = started_s};
    out->version = capture.version;
    out->wall_s = capture.wall_s;
    if (str_eq(capture.file, capture.gpus))
        return keep_alone(arena, report, places, &capture, &import, out, err);
    import.file = keep_recording(arena, places, &capture);
    if (!import_profile(arena, report, places, &import, &out->imported, err))
        return false;
    keep_beside(arena, report, places, &capture, &import, out);
    out->sentence = with_lines(arena, out->imported.sentence, &out->gpus);
    return true;
}
