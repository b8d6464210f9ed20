/*
 * Harness: how a benchmark command yields a number.
 *
 * A run of the command becomes one value per metric: of the whole process (harness `command`), or
 * computed from the samples that the harness wrote into its report. Adding a harness is a row in
 * harness.c and a reader in analysis/stats.
 */
#ifndef RUNNERS_MEASURE_HARNESS_H
#define RUNNERS_MEASURE_HARNESS_H

#include <stdbool.h>
#include <stddef.h>

#include "analysis/stats/samples.h"
#include "base/arena.h"
#include "base/array.h"
#include "base/attr.h"
#include "base/err.h"
#include "base/str.h"
#include "base/units.h"
#include "runners/process.h"

typedef enum MetricSource {
    METRIC_WALL,
    METRIC_CPU_TIME,
    METRIC_PEAK_RSS,
    METRIC_UTILIZATION,
    METRIC_REPORT, /* of the harness' own samples: their series `series` */
} MetricSource;

/* One number to compare. */
typedef struct Metric Metric;
struct Metric {
    Str name; /* as in perfloop.toml: "cpu_time" */
    Str text; /* for people: "CPU time" */
    Unit unit;
    bool more_is_better;
    MetricSource source;
    SampleMetric sample; /* for METRIC_REPORT */
    Str series;          /* for METRIC_REPORT; empty: the first */
    bool own;            /* the benchmark's own: its unit is known after a run (harness_settle) */
    bool gated;          /* waiting for a processor makes it wrong (docs/MEASURING.md 2.4) */
    double floor;        /* a difference must exceed this share; 0: the default */
    double floor_units;  /* and this much; 0: nothing */
    double same;         /* 0: the default */
};

typedef struct Harness Harness;

/* ERR_UNSUPPORTED with the names we know. An empty name is "command". */
const Harness *harness_find(Str name, Err *err) MUST_CHECK;
/*
 * An empty name: the harness' first. ERR_UNSUPPORTED with the names it has; a harness with metrics of
 * the benchmark's own takes any.
 */
bool harness_metric(const Harness *harness, Str name, Metric *out, Err *err) MUST_CHECK;
/* True when the harness takes samples itself, so that the process' own times say little. */
bool harness_has_report(const Harness *harness);
/* True when files that the command names are what measures, and not what is measured. */
bool harness_names_benchmark(const Harness *harness);
Str harness_name(const Harness *harness);

/* The command with what makes the harness write its report to that file. */
void harness_command(Arena *arena, const Harness *harness, const Str *argv, size_t argc, Str report,
                     Str **out, size_t *out_count);

/*
 * What is added to the environment of a run, and of the build before it (then `report` is empty).
 * Each side has a cargo target folder of its own: the trees' packages have the same name and hash, so
 * that in a common one (CARGO_TARGET_DIR, build.target-dir) either side could run the other's program.
 */
typedef Array(Str) HarnessEnv;
void harness_env(Arena *arena, const Harness *harness, size_t side, Str report, HarnessEnv *env);
/* The folder that `side` builds into below the user's CARGO_TARGET_DIR; empty when that is not set. */
Str harness_cargo_target(Arena *arena, size_t side);

/* What one run gave: values of the process per run of it, and the report when there is one. */
typedef struct HarnessRun {
    ProcessResult process;
    Samples samples; /* no benchmarks without a report */
} HarnessRun;

/* Reads the report after a run that succeeded, and removes the file. */
bool harness_read(Arena *arena, const Harness *harness, Str report, HarnessRun *run,
                  Err *err) MUST_CHECK;
/*
 * Learns the unit of the benchmark's own metric from a run. ERR_INPUT with the names there are when
 * the run gave no such numbers.
 */
bool harness_settle(Arena *arena, const HarnessRun *run, Metric *metric, Err *err) MUST_CHECK;
/* The run's value of the metric, in its base unit; NaN when the run does not have it. */
double harness_value(Arena *arena, const Metric *metric, const HarnessRun *run);

#endif
