#include "runners/measure/harness.h"

#include <math.h>
#include <stdlib.h>

#include "analysis/stats/readers.h"
#include "analysis/workload/schema.h"
#include "base/file.h"
#include "base/path.h"
#include "base/strbuf.h"
#include "runners/measure/results.h"

enum {
    REPORT_LIMIT = 256 * 1024 * 1024
};

typedef enum ReportKind {
    REPORT_NONE,
    REPORT_FILE,
    REPORT_FOLDER, /* criterion's */
    REPORT_OUTPUT, /* what the command prints */
} ReportKind;

typedef Array(Str) Words;

struct Harness {
    Str name;
    const Metric *metrics; /* ends with an empty name; the first is the default */
    bool own_metrics;      /* the benchmark may have more */
    ReportKind report;
    SamplesReader *read; /* NULL: no report, or the folder's */
    /* Words added to the command; "%" stands for the report's path. Ends with an empty one. */
    const Str *words;
    /* More words, where the command has none of the kind; may be NULL. */
    void (*more)(Arena *arena, const Str *argv, size_t argc, Words *out);
    /* What its output says about the run, beside the report: a note, or empty; may be NULL. */
    Str (*said)(Arena *arena, Str printed);
};

static const Metric PROCESS_METRICS[] = {
    {.name = STR_CONST("wall"),
     .text = STR_CONST("wall time"),
     .unit = UNIT_SECONDS,
     .source = METRIC_WALL,
     .gated = true},
    {.name = STR_CONST("cpu_time"),
     .text = STR_CONST("CPU time"),
     .unit = UNIT_SECONDS,
     .source = METRIC_CPU_TIME},
    {.name = STR_CONST("peak_rss"),
     .text = STR_CONST("peak memory"),
     .unit = UNIT_BYTES,
     .source = METRIC_PEAK_RSS,
     .floor = 0.02,
     .floor_units = 512 * 1024,
     .same = 0.03},
    {.name = STR_CONST("utilization"),
     .text = STR_CONST("CPU time over wall time"),
     .unit = UNIT_PERCENT,
     .more_is_better = true,
     .source = METRIC_UTILIZATION,
     .gated = true},
    {.name = STR_CONST("")},
};

static const Metric CALL_METRICS[] = {
    {.name = STR_CONST("p50"),
     .text = STR_CONST("p50"),
     .unit = UNIT_SECONDS,
     .source = METRIC_REPORT,
     .sample = SAMPLE_P50},
    {.name = STR_CONST("p99"),
     .text = STR_CONST("p99"),
     .unit = UNIT_SECONDS,
     .source = METRIC_REPORT,
     .sample = SAMPLE_P99,
     .floor = 0.05,
     .same = 0.10},
    {.name = STR_CONST("mean"),
     .text = STR_CONST("mean"),
     .unit = UNIT_SECONDS,
     .source = METRIC_REPORT,
     .sample = SAMPLE_MEAN,
     .gated = true},
    {.name = STR_CONST("throughput"),
     .text = STR_CONST("throughput"),
     .unit = UNIT_PER_SECOND,
     .more_is_better = true,
     .source = METRIC_REPORT,
     .sample = SAMPLE_THROUGHPUT,
     .gated = true},
    {.name = STR_CONST("")},
};

static const Metric GOOGLE_METRICS[] = {
    {.name = STR_CONST("real_time"),
     .text = STR_CONST("real time"),
     .unit = UNIT_SECONDS,
     .source = METRIC_REPORT,
     .series = STR_CONST("real_time"),
     .gated = true},
    {.name = STR_CONST("cpu_time"),
     .text = STR_CONST("CPU time"),
     .unit = UNIT_SECONDS,
     .source = METRIC_REPORT,
     .series = STR_CONST("cpu_time")},
    /* What the program measured itself (UseManualTime): on a GPU, the time between two events. */
    {.name = STR_CONST("gpu_time"),
     .text = STR_CONST("GPU time"),
     .unit = UNIT_SECONDS,
     .source = METRIC_REPORT,
     .series = STR_CONST("manual_time")},
    {.name = STR_CONST("")},
};

static const Metric NVBENCH_METRICS[] = {
    {.name = STR_CONST("gpu_time"),
     .text = STR_CONST("GPU time"),
     .unit = UNIT_SECONDS,
     .source = METRIC_REPORT,
     .series = STR_CONST("gpu_time"),
     .sample = SAMPLE_MEAN},
    {.name = STR_CONST("cpu_time"),
     .text = STR_CONST("CPU time"),
     .unit = UNIT_SECONDS,
     .source = METRIC_REPORT,
     .series = STR_CONST("cpu_time"),
     .sample = SAMPLE_MEAN,
     .gated = true},
    {.name = STR_CONST("batch_time"),
     .text = STR_CONST("GPU time in batches"),
     .unit = UNIT_SECONDS,
     .source = METRIC_REPORT,
     .series = STR_CONST("batch_time"),
     .sample = SAMPLE_MEAN},
    {.name = STR_CONST("p50"),
     .text = STR_CONST("p50 of the GPU time"),
     .unit = UNIT_SECONDS,
     .source = METRIC_REPORT,
     .series = STR_CONST("gpu_time"),
     .sample = SAMPLE_P50},
    {.name = STR_CONST("p99"),
     .text = STR_CONST("p99 of the GPU time"),
     .unit = UNIT_SECONDS,
     .source = METRIC_REPORT,
     .series = STR_CONST("gpu_time"),
     .sample = SAMPLE_P99,
     .floor = 0.05,
     .same = 0.10},
    {.name = STR_CONST("")},
};

/* Lines have the names that the program gives them. */
static const Metric LINE_METRICS[] = {
    {.name = STR_CONST("p50"),
     .text = STR_CONST("p50"),
     .source = METRIC_REPORT,
     .series = STR_CONST("p50"),
     .own = true},
    {.name = STR_CONST("")},
};

static bool has_word(const Str *argv, size_t argc, Str word)
{
    for (size_t i = 0; i < argc; i++)
        if (str_starts(argv[i], word) && (argv[i].len == word.len || argv[i].ptr[word.len] == '='))
            return true;
    return false;
}

/*
 * Each run has an empty folder of results (CRITERION_HOME), of which nobody looks at the plots. Only
 * where one bench is named: the tests of a library refuse options of criterion.
 */
static void criterion_more(Arena *arena, const Str *argv, size_t argc, Words *out)
{
    if (!has_word(argv, argc, S("--bench")) || has_word(argv, argc, S("--noplot")))
        return;
    if (!has_word(argv, argc, S("--")))
        *array_push(arena, out) = S("--");
    *array_push(arena, out) = S("--noplot");
}

/* pyperf's worker processes get a bare environment otherwise: both sides' the same, but not ours. */
static void pyperf_more(Arena *arena, const Str *argv, size_t argc, Words *out)
{
    if (!has_word(argv, argc, S("--inherit-environ")) && !has_word(argv, argc, S("--copy-env")))
        *array_push(arena, out) = S("--inherit-environ=PERFLOOP_LOADED,PERFLOOP_PAD,LD_DEBUG,"
                                    "LD_DEBUG_OUTPUT,TMPDIR,BENCH_SIDE,PYTHONHASHSEED,"
                                    "PYTHONDONTWRITEBYTECODE");
}

static const Str PYTEST_WORDS[] = {STR_CONST("--benchmark-json=%"), {0}};
static const Str PYPERF_WORDS[] = {STR_CONST("-o"), STR_CONST("%"), {0}};
static const Str GOOGLE_WORDS[] = {STR_CONST("--benchmark_out=%"),
                                   STR_CONST("--benchmark_out_format=json"),
                                   STR_CONST("--benchmark_report_aggregates_only=false"),
                                   {0}};

static const Str NVBENCH_WORDS[] = {STR_CONST("--jsonbin"), STR_CONST("%"), {0}};

static const Harness HARNESSES[] = {
    {.name = STR_CONST("command"), .metrics = PROCESS_METRICS},
    {.name = STR_CONST("pytest-benchmark"),
     .metrics = CALL_METRICS,
     .report = REPORT_FILE,
     .read = read_pytest,
     .words = PYTEST_WORDS},
    {.name = STR_CONST("pyperf"),
     .metrics = CALL_METRICS,
     .report = REPORT_FILE,
     .read = read_pyperf,
     .words = PYPERF_WORDS,
     .more = pyperf_more},
    {.name = STR_CONST("criterion"),
     .metrics = CALL_METRICS,
     .report = REPORT_FOLDER,
     .more = criterion_more},
    {.name = STR_CONST("google-benchmark"),
     .metrics = GOOGLE_METRICS,
     .own_metrics = true,
     .report = REPORT_FILE,
     .read = read_google,
     .words = GOOGLE_WORDS},
    {.name = STR_CONST("nvbench"),
     .metrics = NVBENCH_METRICS,
     .own_metrics = true,
     .report = REPORT_FILE,
     .read = read_nvbench,
     .words = NVBENCH_WORDS,
     .said = nvbench_said},
    {.name = STR_CONST("metric-lines"),
     .metrics = LINE_METRICS,
     .own_metrics = true,
     .report = REPORT_OUTPUT,
     .read = read_lines},
};
enum {
    HARNESS_COUNT = sizeof(HARNESSES) / sizeof(HARNESSES[0])
};

const Harness *harness_find(Str name, Err *err)
{
    if (!name.len)
        return &HARNESSES[0];
    for (size_t i = 0; i < HARNESS_COUNT; i++)
        if (str_eq(HARNESSES[i].name, name))
            return &HARNESSES[i];
    CLEANUP(arena_cleanup) Arena *scratch = arena_new("harness");
    StrBuf known = strbuf_new(scratch);
    for (size_t i = 0; i < HARNESS_COUNT; i++)
        strbuf_fmt(&known, "%s" STR_FMT, i ? ", " : "", STR_ARG(HARNESSES[i].name));
    err_set(err, ERR_UNSUPPORTED, "cannot measure with the harness '" STR_FMT "' yet, only: %.*s",
            STR_ARG(name), (int)known.len, known.ptr);
    return NULL;
}

bool harness_metric(const Harness *harness, Str name, Metric *out, Err *err)
{
    CLEANUP(arena_cleanup) Arena *scratch = arena_new("metric");
    StrBuf known = strbuf_new(scratch);
    for (const Metric *metric = harness->metrics; metric->name.len; metric++) {
        if (!name.len || str_eq(metric->name, name)) {
            *out = *metric;
            return true;
        }
        strbuf_fmt(&known, "%s" STR_FMT, known.len ? ", " : "", STR_ARG(metric->name));
    }
    if (harness->own_metrics) {
        *out = (Metric){.name = name,
                        .text = name,
                        .source = METRIC_REPORT,
                        .series = name,
                        .own = true,
                        .more_is_better = schema_more_is_better(name)};
        return true;
    }
    return err_set(err, ERR_UNSUPPORTED,
                   "the harness " STR_FMT " cannot measure '" STR_FMT "', only: %.*s",
                   STR_ARG(harness->name), STR_ARG(name), (int)known.len, known.ptr);
}

bool harness_has_report(const Harness *harness)
{
    return harness->report != REPORT_NONE;
}

bool harness_names_benchmark(const Harness *harness)
{
    return harness->report == REPORT_FILE || harness->report == REPORT_FOLDER;
}

Str harness_name(const Harness *harness)
{
    return harness->name;
}

void harness_command(Arena *arena, const Harness *harness, const Str *argv, size_t argc, Str report,
                     Str **out, size_t *out_count)
{
    Words words = {0};
    for (size_t i = 0; i < argc; i++)
        *array_push(arena, &words) = argv[i];
    for (const Str *word = harness->words; word && word->len; word++) {
        Str before, after;
        Str *to = array_push(arena, &words);
        *to = *word;
        if (str_cut(*word, '%', &before, &after))
            *to = str_fmt(arena, STR_FMT STR_FMT STR_FMT, STR_ARG(before), STR_ARG(report),
                          STR_ARG(after));
    }
    if (harness->more)
        harness->more(arena, argv, argc, &words);
    *out = words.items;
    *out_count = words.len;
}

Str harness_cargo_target(Arena *arena, size_t side)
{
    Str users = str_from_c(getenv("CARGO_TARGET_DIR"));
    if (!path_is_absolute(users))
        return (Str){0};
    return path_join(arena, users, side == 0 ? S("perfloop-a") : S("perfloop-b"));
}

void harness_env(Arena *arena, const Harness *harness, size_t side, Str report, HarnessEnv *env)
{
    Str target = harness_cargo_target(arena, side);
    bool criterion = harness->report == REPORT_FOLDER;
    if (target.len)
        *array_push(arena, env) = str_fmt(arena, "CARGO_TARGET_DIR=" STR_FMT, STR_ARG(target));
    else if (criterion && !getenv("CARGO_TARGET_DIR"))
        *array_push(arena, env) = S("CARGO_TARGET_DIR=target");
    if (criterion && report.len)
        *array_push(arena, env) = str_fmt(arena, "CRITERION_HOME=" STR_FMT, STR_ARG(report));
}

static bool no_report(const Harness *harness, Err *err)
{
    return err_set(err, ERR_TOOL,
                   STR_FMT " wrote no report: does the command run it, and select any benchmark?",
                   STR_ARG(harness->name));
}

static bool read_file(Arena *arena, const Harness *harness, Str report, Samples *out, Err *err)
{
    Str bytes;
    if (!file_read(arena, report, REPORT_LIMIT, &bytes, err))
        return err->kind == ERR_NOT_FOUND ? no_report(harness, err) : false;
    if (!harness->read(arena, bytes, out, err))
        return false;
    results_take_files(arena, report, out);
    return true;
}

static bool read_folder(Arena *arena, const Harness *harness, Str report, Samples *out, Err *err)
{
    if (!file_exists(report))
        return no_report(harness, err);
    return results_read(arena, report, out, err);
}

bool harness_read(Arena *arena, const Harness *harness, Str report, HarnessRun *run, Err *err)
{
    Samples *out = &run->samples;
    Err ignored = {0};
    bool read = true;
    *out = (Samples){0};
    if (harness->report == REPORT_FILE)
        read = read_file(arena, harness, report, out, err);
    else if (harness->report == REPORT_FOLDER)
        read = read_folder(arena, harness, report, out, err);
    else if (harness->report == REPORT_OUTPUT)
        read = harness->read(arena, run->process.out, out, err);
    /* What stays would be taken for the next run's. */
    if (!results_remove(report, read ? err : &ignored))
        return false;
    Str said = read && harness->said ? harness->said(arena, run->process.out) : (Str){0};
    if (said.len)
        *array_push(arena, &out->notes) = said;
    return read;
}

bool harness_settle(Arena *arena, const HarnessRun *run, Metric *metric, Err *err)
{
    double value;
    Unit unit;
    if (metric->source != METRIC_REPORT)
        return true;
    if (!samples_series_value(arena, &run->samples, metric->series, metric->sample, &value, &unit,
                              err)) {
        err->kind = ERR_INPUT;
        return false;
    }
    if (isnan(value))
        return err_set(err, ERR_INPUT, "the report of " STR_FMT " has no number for '" STR_FMT "'",
                       STR_ARG(run->samples.harness), STR_ARG(metric->name));
    if (metric->own)
        metric->unit = unit;
    return true;
}

static double report_value(Arena *arena, const Metric *metric, const Samples *samples)
{
    double value;
    Unit unit;
    Err err = {0};
    bool has =
        samples_series_value(arena, samples, metric->series, metric->sample, &value, &unit, &err);
    return has && unit == metric->unit ? value : NAN;
}

double harness_value(Arena *arena, const Metric *metric, const HarnessRun *run)
{
    const ProcessResult *process = &run->process;
    double runs = process->runs ? process->runs : 1;
    switch (metric->source) {
    case METRIC_WALL:
        return process->wall_s / runs;
    case METRIC_CPU_TIME:
        return process->cpu_s / runs;
    case METRIC_PEAK_RSS:
        return (double)process->peak_rss_bytes;
    case METRIC_UTILIZATION:
        return process->cpu_s / process->wall_s;
    case METRIC_REPORT:
        return report_value(arena, metric, &run->samples);
    }
    return 0;
}
