/*
 * Schema: the keys, harnesses, metrics and profilers a workload file may name, as tables.
 *
 * Reading (workload.c), completion and hover (complete.c) and the draft of `perfloop init` use these
 * and nothing else: a new key or harness is one row. The texts are shown to people as they stand.
 */
#ifndef ANALYSIS_WORKLOAD_SCHEMA_H
#define ANALYSIS_WORKLOAD_SCHEMA_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"
#include "base/units.h"

/* Codes of problems: config-syntax, config-duplicate, config-unknown-key, config-type,
 * config-value, config-no-benchmark, config-harness, config-metric, config-no-metric,
 * config-target, config-no-target, config-profiler, config-no-workload. */

typedef enum SchemaType {
    SCHEMA_COMMAND, /* a string, or an array of strings */
    SCHEMA_STRING,
    SCHEMA_STRINGS,
    SCHEMA_BOOL,
    SCHEMA_TABLE,
    SCHEMA_NUMBER, /* an integer above 0 */
    SCHEMA_RATE,   /* "200 /s" */
} SchemaType;

typedef struct SchemaName {
    Str name;
    Str help;
    Str same_as; /* another name of that one; or empty */
} SchemaName;

/* A list of names; `names` ends with an empty one. */
typedef const SchemaName *SchemaNames;

typedef struct SchemaKey {
    Str name;
    SchemaType type;
    Str help;
    Str example;        /* a value, as it would stand in the file */
    SchemaNames values; /* what it may be, where that is a fixed list; else NULL */
} SchemaKey;

typedef struct SchemaMetric {
    Str name;
    Unit unit;
    bool higher_is_better;
    Str help;
} SchemaMetric;

typedef struct SchemaHarness {
    Str name;
    Str help;
    const Str *metrics; /* ends with an empty one; the first is the default */
    bool own_metrics;   /* it may also print metrics that we cannot know */
    bool later;         /* known, and this version cannot measure with it yet */
} SchemaHarness;

/* Tables; each ends with a row whose name is empty. */
const SchemaKey *schema_keys(void);      /* of [workload.NAME] */
const SchemaKey *schema_load_keys(void); /* of load = { } */
const SchemaHarness *schema_harnesses(void);
const SchemaMetric *schema_metrics(void);

/* NULL when there is none of that name. */
const SchemaKey *schema_key(const SchemaKey *table, Str name);
const SchemaHarness *schema_harness(Str name);
const SchemaMetric *schema_metric(Str name);
/* Of a metric that we do not know by its name: "items_per_second", "rows/s". */
bool schema_more_is_better(Str metric);
bool schema_has_metric(const SchemaHarness *harness, Str metric);

/* The one of `names` that a mistyped word most likely meant; empty when none is near. */
Str schema_nearest(const Str *names, size_t count, Str word);

#endif
