#include "runners/measure/harness.h"

#include <unistd.h>

#include "analysis/stats/readers.h"
#include "base/file.h"
#include "base/strbuf.h"

enum {
    REPORT_LIMIT = 256 * 1024 * 1024
};

struct Harness {
    Str name;
    const Metric *metrics; /* ends with an empty name; the first is the default */
    /* Words added to the command; "%" stands for the report's path. Ends with an empty one. */
    const Str *words;
    SamplesReader *read; /* NULL: no report */
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

static const Str PYTEST_WORDS[] = {STR_CONST("--benchmark-json=%"), {0}};

static const Harness HARNESSES[] = {
    {STR_CONST("command"), PROCESS_METRICS, NULL, NULL},
    {STR_CONST("pytest-benchmark"), CALL_METRICS, PYTEST_WORDS, read_pytest},
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
    return err_set(err, ERR_UNSUPPORTED,
                   "the harness " STR_FMT " cannot measure '" STR_FMT "', only: %.*s",
                   STR_ARG(harness->name), STR_ARG(name), (int)known.len, known.ptr);
}

bool harness_has_report(const Harness *harness)
{
    return harness->read != NULL;
}

Str harness_name(const Harness *harness)
{
    return harness->name;
}

void harness_command(Arena *arena, const Harness *harness, const Str *argv, size_t argc, Str report,
                     Str **out, size_t *out_count)
{
    size_t extra = 0;
    while (harness->words && harness->words[extra].len)
        extra++;
    Str *words = NEW_ARRAY(arena, Str, argc + extra);
    for (size_t i = 0; i < argc; i++)
        words[i] = argv[i];
    for (size_t i = 0; i < extra; i++) {
        Str before, after;
        words[argc + i] = harness->words[i];
        if (str_cut(harness->words[i], '%', &before, &after))
            words[argc + i] = str_fmt(arena, STR_FMT STR_FMT STR_FMT, STR_ARG(before),
                                      STR_ARG(report), STR_ARG(after));
    }
    *out = words;
    *out_count = argc + extra;
}

bool harness_read(Arena *arena, const Harness *harness, Str report, HarnessRun *run, Err *err)
{
    Str bytes;
    run->samples = (Samples){0};
    if (!harness->read)
        return true;
    if (!file_read(arena, report, REPORT_LIMIT, &bytes, err)) {
        if (err->kind != ERR_NOT_FOUND)
            return false;
        return err_set(err, ERR_TOOL,
                       STR_FMT
                       " wrote no report: does the command run it, and select any benchmark?",
                       STR_ARG(harness->name));
    }
    unlink(str_cstr(arena, report));
    return harness->read(arena, bytes, &run->samples, err);
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
        return samples_value(arena, &run->samples, metric->sample);
    }
    return 0;
}
