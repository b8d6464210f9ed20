#include "analysis/workload/schema.h"

static const SchemaName ON_REGRESSION[] = {
    {STR_CONST("ask"), STR_CONST("Show the regression and offer Revert first (the default)."), {0}},
    {STR_CONST("revert"),
     STR_CONST("Take the change back at once; `perfloop restore` brings it again."),
     {0}},
    {{0}, {0}, {0}},
};

static const SchemaName EXECUTORS[] = {
    {STR_CONST("local"), STR_CONST("Run on this machine (the default)."), {0}},
    {{0}, {0}, {0}},
};

static const SchemaName PROFILERS[] = {
    {STR_CONST("py-spy"), STR_CONST("Python, CPU time by sampling; sees every line."), {0}},
    {STR_CONST("cprofile"), STR_CONST("Python, CPU time by counting calls; part of Python."), {0}},
    {STR_CONST("line_profiler"),
     STR_CONST("Python, time per line, by counting; slows calls down."),
     {0}},
    {STR_CONST("tracemalloc"), STR_CONST("Python, memory by allocation; part of Python."), {0}},
    {STR_CONST("memray"), STR_CONST("Python, memory, native allocations included."), {0}},
    {STR_CONST("viztracer"), STR_CONST("Python, a trace of every call."), {0}},
    {STR_CONST("perf"), STR_CONST("Rust and native code, CPU time by sampling."), {0}},
    {STR_CONST("flamegraph"), STR_CONST("Rust, CPU time as folded stacks (perf behind it)."), {0}},
    {STR_CONST("heaptrack"), STR_CONST("Rust and native code, memory."), {0}},
    {STR_CONST("dhat"), STR_CONST("Rust and native code, heap use over time."), {0}},
    {STR_CONST("callgrind"), STR_CONST("Native code, instructions by simulation."), {0}},
    {STR_CONST("criterion"),
     STR_CONST("Rust, CPU time of criterion's benchmarks (perf behind it)."),
     {0}},
    {STR_CONST("dhat-crate"), STR_CONST("Rust, heap use as the dhat crate writes it."), {0}},
    {STR_CONST("tracing-chrome"), STR_CONST("Rust, spans of the tracing crate."), {0}},
    {STR_CONST("nsys"), STR_CONST("CUDA, timeline of kernels and transfers."), {0}},
    {STR_CONST("ncu"), STR_CONST("CUDA, counters of single kernels."), {0}},
    {STR_CONST("dmon"),
     STR_CONST("CUDA, load, memory, power and clocks of the device (nvidia-smi)."),
     {0}},
    {STR_CONST("nvidia-smi"), STR_CONST("The same as dmon."), STR_CONST("dmon")},
    {{0}, {0}, {0}},
};

static const SchemaKey KEYS[] = {
    {STR_CONST("benchmark"), SCHEMA_COMMAND,
     STR_CONST("The command that is measured and profiled. A string is split into words like a "
               "shell does, without expansion; an array is taken as it is."),
     STR_CONST("\"pytest benchmarks/test_parse.py\""), NULL},
    {STR_CONST("harness"), SCHEMA_STRING,
     STR_CONST("How numbers come out of the benchmark. Without it the whole process is measured "
               "(`command`)."),
     STR_CONST("\"pytest-benchmark\""), NULL},
    {STR_CONST("metric"), SCHEMA_STRING,
     STR_CONST("The one number that decides. Which ones there are depends on the harness."),
     STR_CONST("\"p50\""), NULL},
    {STR_CONST("target"), SCHEMA_STRING,
     STR_CONST("When to stop: a number in the metric's unit, or a change against the baseline."),
     STR_CONST("\"-30 %\""), NULL},
    {STR_CONST("tests"), SCHEMA_COMMAND,
     STR_CONST("Run before a change is kept; when they fail, nothing is committed."),
     STR_CONST("\"pytest -q\""), NULL},
    {STR_CONST("build"), SCHEMA_COMMAND, STR_CONST("Run in each tree before it is measured."),
     STR_CONST("\"cargo build --release\""), NULL},
    {STR_CONST("shell"), SCHEMA_BOOL,
     STR_CONST("Give the commands of this workload that are strings to `sh -c` instead of "
               "splitting them."),
     STR_CONST("true"), NULL},
    {STR_CONST("inputs"), SCHEMA_STRINGS,
     STR_CONST("Files the benchmark reads. Their contents belong to the conditions: when they "
               "change, a new baseline is needed."),
     STR_CONST("[\"data/corpus.txt\"]"), NULL},
    {STR_CONST("profilers"), SCHEMA_STRINGS,
     STR_CONST("What `perfloop profile` runs; the first one is the usual one."),
     STR_CONST("[\"py-spy\"]"), PROFILERS},
    {STR_CONST("constraints"), SCHEMA_STRINGS,
     STR_CONST("What a change must keep, in words. Shown, not checked."),
     STR_CONST("[\"parse() keeps its signature\"]"), NULL},
    {STR_CONST("load"), SCHEMA_TABLE,
     STR_CONST("What the program meets in real life. Shown beside the numbers."),
     STR_CONST("{ concurrency = 4, peak = \"200 /s\", sustained = \"50 /s\" }"), NULL},
    {STR_CONST("on_regression"), SCHEMA_STRING,
     STR_CONST("What happens when a change is slower: `ask` or `revert`."), STR_CONST("\"ask\""),
     ON_REGRESSION},
    {STR_CONST("executor"), SCHEMA_STRING, STR_CONST("Where the benchmark runs."),
     STR_CONST("\"local\""), EXECUTORS},
    {STR_CONST("path_map"), SCHEMA_TABLE,
     STR_CONST("Folders that have another name in a profile than here: recorded = here."),
     STR_CONST("{ \"/build/src\" = \"src\" }"), NULL},
    {{0}, SCHEMA_STRING, {0}, {0}, NULL},
};

static const SchemaKey LOAD_KEYS[] = {
    {STR_CONST("concurrency"), SCHEMA_NUMBER, STR_CONST("How many requests at a time."),
     STR_CONST("4"), NULL},
    {STR_CONST("peak"), SCHEMA_RATE, STR_CONST("The highest rate."), STR_CONST("\"200 /s\""), NULL},
    {STR_CONST("sustained"), SCHEMA_RATE, STR_CONST("The rate over long times."),
     STR_CONST("\"50 /s\""), NULL},
    {{0}, SCHEMA_STRING, {0}, {0}, NULL},
};

static const SchemaMetric METRICS[] = {
    {STR_CONST("p50"), UNIT_SECONDS, false,
     STR_CONST("Median time of one call; the most robust number.")},
    {STR_CONST("p99"), UNIT_SECONDS, false,
     STR_CONST("Time that 99 of 100 calls stay under; noisy, needs many calls.")},
    {STR_CONST("mean"), UNIT_SECONDS, false, STR_CONST("Mean time of one call.")},
    {STR_CONST("throughput"), UNIT_PER_SECOND, true, STR_CONST("Calls per second.")},
    {STR_CONST("wall"), UNIT_SECONDS, false, STR_CONST("Time of the whole process on the clock.")},
    {STR_CONST("cpu_time"), UNIT_SECONDS, false,
     STR_CONST("CPU time of the whole process, user and system; less noise than `wall`.")},
    {STR_CONST("peak_rss"), UNIT_BYTES, false,
     STR_CONST("Largest resident memory of the process.")},
    {STR_CONST("utilization"), UNIT_PERCENT, true,
     STR_CONST("CPU time over wall time; 400 % is four busy cores.")},
    {STR_CONST("instructions"), UNIT_COUNT, false, STR_CONST("Instructions executed.")},
    {STR_CONST("gpu_time"), UNIT_SECONDS, false, STR_CONST("Time of kernels on the device.")},
    {STR_CONST("real_time"), UNIT_SECONDS, false, STR_CONST("Google Benchmark's wall time.")},
    {{0}, UNIT_COUNT, false, {0}},
};

static const Str COMMAND_METRICS[] = {
    STR_CONST("wall"), STR_CONST("cpu_time"), STR_CONST("peak_rss"), STR_CONST("utilization"), {0},
};
static const Str CALL_METRICS[] = {
    STR_CONST("p50"), STR_CONST("p99"), STR_CONST("mean"), STR_CONST("throughput"), {0},
};
static const Str GOOGLE_METRICS[] = {STR_CONST("real_time"), STR_CONST("cpu_time"), {0}};
static const Str NVBENCH_METRICS[] = {STR_CONST("gpu_time"), STR_CONST("cpu_time"), {0}};

static const SchemaHarness HARNESSES[] = {
    {STR_CONST("command"), STR_CONST("The whole process, from start to exit."), COMMAND_METRICS,
     false, false},
    {STR_CONST("pytest-benchmark"), STR_CONST("Benchmarks of the pytest-benchmark plugin."),
     CALL_METRICS, false, false},
    {STR_CONST("pyperf"), STR_CONST("Python, a pyperf script."), CALL_METRICS, false, false},
    {STR_CONST("criterion"), STR_CONST("Rust, `cargo bench` with criterion."), CALL_METRICS, false,
     false},
    {STR_CONST("google-benchmark"),
     STR_CONST("C++, Google Benchmark; its counters are metrics too."), GOOGLE_METRICS, true,
     false},
    {STR_CONST("nvbench"), STR_CONST("CUDA, NVBench."), NVBENCH_METRICS, true, false},
    {STR_CONST("metric-lines"),
     STR_CONST("Any program that prints lines `name value unit` on standard output; the metric is "
               "such a name."),
     CALL_METRICS, true, false},
    {{0}, {0}, NULL, false, false},
};

const SchemaKey *schema_keys(void)
{
    return KEYS;
}

const SchemaKey *schema_load_keys(void)
{
    return LOAD_KEYS;
}

const SchemaHarness *schema_harnesses(void)
{
    return HARNESSES;
}

const SchemaMetric *schema_metrics(void)
{
    return METRICS;
}

const SchemaKey *schema_key(const SchemaKey *table, Str name)
{
    for (; table->name.len; table++)
        if (str_eq(table->name, name))
            return table;
    return NULL;
}

const SchemaHarness *schema_harness(Str name)
{
    for (const SchemaHarness *harness = HARNESSES; harness->name.len; harness++)
        if (str_eq(harness->name, name))
            return harness;
    return NULL;
}

const SchemaMetric *schema_metric(Str name)
{
    for (const SchemaMetric *metric = METRICS; metric->name.len; metric++)
        if (str_eq(metric->name, name))
            return metric;
    return NULL;
}

bool schema_more_is_better(Str metric)
{
    const SchemaMetric *known = schema_metric(metric);
    if (known)
        return known->higher_is_better;
    return str_ends(metric, S("_per_second")) || str_ends(metric, S("/s")) ||
           str_ends(metric, S("throughput"));
}

bool schema_has_metric(const SchemaHarness *harness, Str metric)
{
    for (const Str *name = harness->metrics; name->len; name++)
        if (str_eq(*name, metric))
            return true;
    return harness->own_metrics && metric.len;
}

enum {
    WORD_MAX = 24
};

static size_t least(size_t a, size_t b, size_t c)
{
    size_t least_ab = a < b ? a : b;
    return least_ab < c ? least_ab : c;
}

/* How many insertions, deletions and replacements turn a into b (Levenshtein); case is free. */
static size_t distance(Str a, Str b)
{
    size_t row[WORD_MAX + 1];
    for (size_t j = 0; j <= b.len; j++)
        row[j] = j;
    for (size_t i = 1; i <= a.len; i++) {
        size_t corner = row[0];
        row[0] = i;
        for (size_t j = 1; j <= b.len; j++) {
            size_t above = row[j];
            bool same = (a.ptr[i - 1] | 0x20) == (b.ptr[j - 1] | 0x20);
            row[j] = least(above + 1, row[j - 1] + 1, corner + !same);
            corner = above;
        }
    }
    return row[b.len];
}

Str schema_nearest(const Str *names, size_t count, Str word)
{
    Str best = {0};
    size_t best_distance = SIZE_MAX;
    for (size_t i = 0; i < count; i++) {
        if (word.len < 2 || word.len > WORD_MAX || names[i].len > WORD_MAX)
            continue;
        size_t steps = distance(word, names[i]);
        if (str_starts(names[i], word) || str_starts(word, names[i]))
            steps = steps > 2 ? 2 : steps;
        if (steps < best_distance && steps <= 2 + word.len / 8 && steps < word.len) {
            best_distance = steps;
            best = names[i];
        }
    }
    return best;
}
