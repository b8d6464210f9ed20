#include "runners/profiling/monitor_import.h"

#include "analysis/profile/nvidia/gpu_summary.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/path.h"

bool monitor_import_is(Arena *arena, Str file)
{
    Err err = {0};
    Str bytes;
    uint64_t size;
    return file_stat(file, NULL, &size) && size <= FILE_LIMIT_TEXT && !file_is_dir(file) &&
           file_read(arena, file, FILE_LIMIT_TEXT, &bytes, &err) && is_gpu_monitor(bytes);
}

/* The one that is named, or the newest with kernels; false, with no error, when there is none. */
static bool find_profile(Arena *arena, const Places *places, const MonitorImport *options,
                         LedgerProfile *found, Err *err)
{
    LedgerProfiles rows = {0};
    if (!options->profile)
        return gpu_beside_find(arena, places, options->workload, found);
    CLEANUP(ledger_cleanup) Ledger *ledger = ledger_open(places, LEDGER_READ, err);
    if (!ledger || !ledger_profiles(arena, ledger, S(""), 0, &rows, err))
        return false;
    array_each (const LedgerProfile, row, &rows)
        if (row->id == options->profile) {
            *found = *row;
            return true;
        }
    return err_set(err, ERR_NOT_FOUND, "there is no profile %lld in the ledger",
                   (long long)options->profile);
}

bool monitor_import(Arena *arena, Report *report, const Places *places,
                    const MonitorImport *options, MonitorImported *out, Err *err)
{
    Str bytes;
    GpuMonitor monitor;
    LedgerProfile beside = {0};
    MonitorImported imported = {0};
    GpuBeside one = {
        .origin = S("imported"), .source = path_normal(arena, options->file), .load_is_ours = true};
    if (!file_read(arena, options->file, FILE_LIMIT_TEXT, &bytes, err))
        return false;
    if (!gpu_monitor_read(arena, bytes, &monitor, err) ||
        !gpu_besides_of(arena, &one, bytes, &imported.gpus, err))
        return err_wrap(err, STR_FMT, STR_ARG(options->file));
    imported.sentence = str_trim(gpu_monitor_text(arena, &monitor));
    if (!find_profile(arena, places, options, &beside, err)) {
        if (err->kind)
            return false;
        report_note(report, "it stands beside no profile: the ledger has none of kernels%s" STR_FMT,
                    options->workload.len ? " of workload " : "", STR_ARG(options->workload));
        *out = imported;
        return true;
    }
    LedgerGpus row = {
        .profile = beside.id,
        .workload = beside.workload,
        .snapshot = beside.snapshot,
        .time_s = clock_unix_s(),
        .origin = one.origin,
        .source = one.source,
    };
    if (!gpu_beside_keep(places, row, bytes, err))
        return false;
    array_each (const Str, note, &imported.gpus.notes)
        report_note(report, STR_FMT, STR_ARG(*note));
    imported.profile = beside.id;
    imported.sentence =
        str_fmt(arena, STR_FMT "\nit stands beside " STR_FMT " profile %lld (perfloop hot)",
                STR_ARG(imported.sentence), STR_ARG(beside.tool), (long long)beside.id);
    *out = imported;
    return true;
}

void monitor_import_fields(JsonOut *out, const void *context)
{
    const MonitorImported *imported = context;
    if (imported->profile)
        json_key_i64(out, "beside", imported->profile);
    gpu_besides_fields(out, &imported->gpus);
}
