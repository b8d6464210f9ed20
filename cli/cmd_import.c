/*
 * perfloop import: a profile file becomes the heat of the workspace, a benchmark report becomes
 * numbers at its benchmarks.
 */

#include <argp.h>
#include <stdlib.h>

#include "base/path.h"
#include "cli/args.h"
#include "cli/commands.h"
#include "runners/profiling/benches/bench_import.h"
#include "runners/profiling/benches/bench_run.h"
#include "runners/profiling/import.h"
#include "runners/profiling/monitor_import.h"

typedef struct Import {
    Args common;
    Str file;
    Str run_dir;
    Str workload;
    Str run;
    bool as_baseline;
    int64_t beside;
} Import;

enum {
    KEY_RUN = 0x1300,
    KEY_BASELINE,
    KEY_BESIDE,
};

static const struct argp_option OPTIONS[] = {
    {"workload", 'w', "NAME", 0, "the profile belongs to this workload", 0},
    {"run-dir", 'd', "DIR", 0,
     "the folder the profiled command ran in, for relative paths (default: the current one)", 0},
    {"run", KEY_RUN, "FILE::ID", 0,
     "instead of a file: run this benchmark of the source by itself, and take its number", 0},
    {"baseline", KEY_BASELINE, NULL, 0,
     "of a benchmark report: later numbers are compared with these", 0},
    {"beside", KEY_BESIDE, "NUMBER", 0,
     "of what nvidia-smi saw: the profile of the ledger that it belongs to (default: the newest of "
     "GPU kernels)",
     0},
    {0},
};

static const char DOC[] =
    "Reads a profile, finds its files in the workspace, and keeps it in the ledger: hot lines show "
    "up in the editor and in `perfloop hot`. Reads what every profiler that `perfloop doctor` "
    "lists "
    "writes, and pprof, speedscope, Chrome traces, callgrind, perf.data, the text of `perf "
    "script`, "
    "and folded stacks; gzip and zstd are unpacked. A report of benchmarks (pytest-benchmark, "
    "criterion's folder or JSON lines, and others) gives each benchmark of the source its number. "
    "What nvidia-smi saw of the GPUs is summed up, and stands beside the newest profile of "
    "kernels.";

static error_t parse(int key, char *arg, struct argp_state *state)
{
    Import *import = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &import->common;
        return 0;
    case 'w':
        import->workload = str_from_c(arg);
        return 0;
    case 'd':
        import->run_dir = str_from_c(arg);
        return 0;
    case KEY_RUN:
        import->run = str_from_c(arg);
        return 0;
    case KEY_BESIDE:
        if (!str_to_i64(str_from_c(arg), &import->beside) || import->beside < 1)
            argp_error(state, "--beside is the number of a profile in the ledger");
        return 0;
    case KEY_BASELINE:
        import->as_baseline = true;
        return 0;
    case ARGP_KEY_ARG:
        if (import->file.len || import->run.len)
            return ARGP_ERR_UNKNOWN;
        import->file = str_from_c(arg);
        return 0;
    case ARGP_KEY_NO_ARGS:
        if (!import->run.len)
            argp_usage(state);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp ARGP = {OPTIONS, parse, "FILE", DOC, args_children, NULL, NULL};

/* Without symbolic links, as the places are; a path that does not exist stays as it is. */
static Str real_path(Arena *arena, Str path)
{
    char *real = realpath(str_cstr(arena, path), NULL);
    Str out = real ? str_copy(arena, str_from_c(real)) : path;
    free(real);
    return out;
}

static bool run_bench(Arena *arena, const Import *import, Str file, Report *report,
                      const Places *places, Err *err)
{
    BenchImported imported;
    BenchImportOptions options = {
        .file = file,
        .workload = import->workload,
        .as_baseline = import->as_baseline,
        .list = report->mode == REPORT_TEXT,
    };
    bool ok = import->run.len
                  ? bench_run(arena, report, places, import->run, options.list, &imported, err)
                  : bench_import(arena, report, places, &options, &imported, err);
    if (ok)
        report_result(report, S("ok"), imported.sentence, bench_import_fields, &imported);
    return ok;
}

static bool run(Arena *arena, const Import *import, Report *report, Err *err)
{
    Places places;
    Imported imported;
    if (!args_begin(arena, &import->common, report, &places, err))
        return false;
    if (import->run.len && import->file.len)
        return err_set(err, ERR_INPUT, "either a file or --run");
    Str file = real_path(arena, import->file);
    if (import->run.len || bench_import_is_report(arena, file))
        return run_bench(arena, import, file, report, &places, err);
    if (monitor_import_is(arena, file)) {
        MonitorImported seen;
        MonitorImport what = {
            .file = file, .workload = import->workload, .profile = import->beside};
        if (!monitor_import(arena, report, &places, &what, &seen, err))
            return false;
        report_result(report, S("ok"), seen.sentence, monitor_import_fields, &seen);
        return true;
    }
    ImportOptions options = {
        .file = file,
        .workload = import->workload,
        .run_dir = real_path(arena, import->run_dir.len ? import->run_dir : S(".")),
    };
    if (!import_profile(arena, report, &places, &options, &imported, err))
        return false;
    report_result(report, S("ok"), imported.sentence, import_fields, &imported);
    return true;
}

int cmd_import(int argc, char **argv)
{
    Import import = {0};
    args_parse("perfloop import", &ARGP, argc, argv, &import);
    CLEANUP(arena_cleanup) Arena *arena = arena_new("import");
    Report report = report_new(import.common.mode);
    Err err = {0};
    return run(arena, &import, &report, &err) ? EXIT_OK : report_failure(&report, &err);
}
