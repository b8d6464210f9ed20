#include "runners/profiling/benches/bench_run.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/stats/readers.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/path.h"
#include "base/strbuf.h"
#include "runners/allow.h"
#include "runners/measure/leftovers.h"
#include "runners/measure/results.h"
#include "runners/measure/turn.h"
#include "runners/process.h"
#include "runners/profiling/benches/bench_numbers.h"
#include "runners/profiling/benches/bench_sources.h"
#include "runners/said.h"
#include "runners/workloads.h"

enum {
    IDS_SHOWN = 5,
};

typedef struct RunJob RunJob;

/* How one harness is started for one benchmark. */
typedef struct BenchRunner {
    OutlineHarness harness;
    /* The usual command where no workload fits; NULL: there is none. */
    void (*usual)(RunJob *job);
    /* Words behind the command: which benchmark, and where to write the report. */
    void (*select)(RunJob *job);
    /* What it wrote; NULL: the report file. */
    Str (*results)(RunJob *job);
    bool prints; /* the report is what it prints */
} BenchRunner;

struct RunJob {
    Arena *arena;
    Report *report;
    const Places *places;
    Str path; /* below the root */
    const Bench *bench;
    const BenchRunner *runner;
    WorkloadFile workloads;
    const Workload *workload; /* NULL: the usual command */
    WorkloadCommand command;  /* what the user agreed to */
    StrList argv;             /* and what is started */
    Str cwd;
    Str report_file;
    Str scratch;
    int64_t began_s;
    uint64_t began_ns;
    uint64_t told_s;
};

static void push(RunJob *job, Str word)
{
    *array_push(job->arena, &job->argv) = word;
}

static void set_command(RunJob *job, const Str *words, size_t count)
{
    Str *argv = NEW_ARRAY(job->arena, Str, count);
    for (size_t i = 0; i < count; i++)
        argv[i] = words[i];
    job->command = (WorkloadCommand){
        .text = workload_join(job->arena, words, count), .argv = argv, .argc = count};
}

/* As a regular expression: the id itself, whatever a format string leaves open. */
static void add_pattern(StrBuf *out, Str id)
{
    bool in_format = false;
    for (size_t i = 0; i < id.len; i++) {
        char c = id.ptr[i];
        if (c == '{')
            strbuf_add(out, S(".*"));
        in_format = c == '{' || (in_format && c != '}');
        if (in_format || c == '}')
            continue;
        if (strchr("\\.+*?()|[]^$", c))
            strbuf_char(out, '\\');
        strbuf_char(out, c);
    }
}

/* ------------------------------------------------------------------ pytest */

static Str python_of(RunJob *job)
{
    Str found;
    return process_find(job->arena, S("python"), S(""), job->cwd, &found) ? S("python")
                                                                          : S("python3");
}

static void pytest_usual(RunJob *job)
{
    Str words[] = {python_of(job), S("-m"), S("pytest")};
    set_command(job, words, 3);
}

/*
 * The workload's command names the file already, perhaps with others: -k narrows it to the names;
 * what else fits them runs too. The usual command is given the very test.
 */
static void pytest_select(RunJob *job)
{
    Str id = job->bench->id, report = job->report_file;
    if (job->workload) {
        StrBuf words = strbuf_new(job->arena);
        for (size_t at; (at = str_find(id, S("::"), 0)) != SIZE_MAX; id = str_from(id, at + 2))
            strbuf_fmt(&words, STR_FMT " and ", STR_ARG(str_head(id, at)));
        strbuf_add(&words, id);
        push(job, S("-k"));
        push(job, strbuf_str(&words));
    } else {
        push(job, str_fmt(job->arena, STR_FMT "::" STR_FMT, STR_ARG(job->path), STR_ARG(id)));
    }
    push(job, S("-p"));
    push(job, S("no:cacheprovider"));
    push(job, str_fmt(job->arena, "--benchmark-json=" STR_FMT, STR_ARG(report)));
}

/* ------------------------------------------------------------------ cargo bench */

/* In the package that the file belongs to. */
static void cargo_usual(RunJob *job)
{
    static const Str WORDS[] = {STR_CONST("cargo"), STR_CONST("bench")};
    Str folder = path_dir(path_join(job->arena, job->places->root, job->path)), rest;
    for (; path_inside(job->places->root, folder, &rest); folder = path_dir(folder)) {
        if (file_exists(path_join(job->arena, folder, S("Cargo.toml"))))
            break;
        if (str_eq(folder, job->places->root))
            break;
    }
    job->cwd = folder;
    set_command(job, WORDS, 2);
}

/* Words for criterion that stand alone; others that begin with a dash have a value behind them. */
static bool criterion_flag(Str word)
{
    static const Str FLAGS[] = {STR_CONST("--bench"),   STR_CONST("--discard-baseline"),
                                STR_CONST("--exact"),   STR_CONST("--list"),
                                STR_CONST("--noplot"),  STR_CONST("--quick"),
                                STR_CONST("--quiet"),   STR_CONST("--test"),
                                STR_CONST("--verbose"), STR_CONST("-n"),
                                STR_CONST("-v")};
    for (size_t i = 0; i < sizeof(FLAGS) / sizeof(FLAGS[0]); i++)
        if (str_eq(word, FLAGS[i]))
            return true;
    return str_has(word, S("="));
}

/* criterion takes one filter: ours takes the place of the command's own. */
static void drop_filter(RunJob *job)
{
    size_t kept = 0, dashes = job->argv.len;
    for (size_t i = 0; i < job->argv.len; i++) {
        Str word = job->argv.items[i];
        bool is_value = i > dashes + 1 && str_starts(job->argv.items[i - 1], S("-")) &&
                        !criterion_flag(job->argv.items[i - 1]);
        if (i < dashes && str_eq(word, S("--")))
            dashes = i;
        if (i <= dashes || is_value || str_starts(word, S("-")))
            job->argv.items[kept++] = word;
    }
    job->argv.len = kept;
    if (dashes == kept)
        push(job, S("--"));
}

static void criterion_select(RunJob *job)
{
    StrBuf pattern = strbuf_new(job->arena);
    drop_filter(job);
    strbuf_add(&pattern, job->bench->open_front ? S("(^|/)") : S("^"));
    add_pattern(&pattern, job->bench->id);
    strbuf_add(&pattern, job->bench->open_end ? S("/") : S("(/|$)"));
    push(job, strbuf_str(&pattern));
}

/* A folder of this run's own; a criterion too old to be told writes beside what was built. */
static Str criterion_results(RunJob *job)
{
    Str own = path_join(job->arena, job->scratch, S("criterion"));
    return file_is_dir(own) ? own : leftovers_criterion(job->arena, job->places->root, job->cwd);
}

/* ------------------------------------------------------------------ others */

/* The module that the file stands for is not known here: what else has the name's end runs too. */
static void libtest_select(RunJob *job)
{
    push(job, S("--"));
    push(job, job->bench->id);
}

/* A pyperf script runs all it has. */
static void pyperf_usual(RunJob *job)
{
    Str words[] = {python_of(job), job->path};
    set_command(job, words, 2);
}

static void pyperf_select(RunJob *job)
{
    push(job, S("-o"));
    push(job, job->report_file);
}

static void gbench_select(RunJob *job)
{
    StrBuf pattern = strbuf_new(job->arena);
    strbuf_add(&pattern, S("--benchmark_filter=^"));
    add_pattern(&pattern, job->bench->id);
    strbuf_add(&pattern, S("([/<:]|$)"));
    push(job, strbuf_str(&pattern));
    push(job, str_fmt(job->arena, "--benchmark_out=" STR_FMT, STR_ARG(job->report_file)));
    push(job, S("--benchmark_out_format=json"));
}

static const BenchRunner RUNNERS[] = {
    {OUTLINE_PYTEST, pytest_usual, pytest_select, NULL, false},
    {OUTLINE_CRITERION, cargo_usual, criterion_select, criterion_results, false},
    {OUTLINE_LIBTEST, cargo_usual, libtest_select, NULL, true},
    {OUTLINE_PYPERF, pyperf_usual, pyperf_select, NULL, false},
    {OUTLINE_GBENCH, NULL, gbench_select, NULL, false},
};

/* ------------------------------------------------------------------ which one */

static bool find_runner(RunJob *job, Err *err)
{
    for (size_t i = 0; i < sizeof(RUNNERS) / sizeof(RUNNERS[0]); i++)
        if (RUNNERS[i].harness == job->bench->harness)
            job->runner = &RUNNERS[i];
    if (!job->runner)
        return err_set(err, ERR_UNSUPPORTED,
                       STR_FMT ": benchmarks of " STR_FMT " cannot be run one by one yet",
                       STR_ARG(job->path), STR_ARG(outline_harness_name(job->bench->harness)));
    return true;
}

static bool unknown_id(RunJob *job, const Benches *benches, Str id, Err *err)
{
    StrBuf known = strbuf_new(job->arena);
    for (size_t i = 0; i < benches->len && i < IDS_SHOWN; i++)
        strbuf_fmt(&known, "%s" STR_FMT, i ? ", " : "", STR_ARG(benches->items[i].id));
    if (benches->len > IDS_SHOWN)
        strbuf_fmt(&known, " and %zu more", benches->len - IDS_SHOWN);
    return err_set(err, ERR_NOT_FOUND, STR_FMT " as saved defines no benchmark '" STR_FMT "'%s%.*s",
                   STR_ARG(job->path), STR_ARG(id), known.len ? ", but " : "", (int)known.len,
                   known.ptr ? known.ptr : "");
}

static bool find_bench(RunJob *job, Str target, Err *err)
{
    Benches benches = {0};
    Str below;
    size_t cut = str_find(target, S("::"), 0);
    if (cut == SIZE_MAX || cut == 0 || cut + 2 == target.len)
        return err_set(err, ERR_INPUT, "'" STR_FMT "': which benchmark? FILE::ID is needed",
                       STR_ARG(target));
    Str full = path_join(job->arena, job->places->root, str_head(target, cut));
    if (!path_inside(job->places->root, full, &below) || !below.len || below.ptr[0] == '-')
        return err_set(err, ERR_INPUT, STR_FMT " is not in the workspace", STR_ARG(full));
    job->path = below;
    if (!bench_source(job->arena, job->places, below, &benches, err))
        return false;
    Str id = str_from(target, cut + 2);
    array_each (Bench, bench, &benches)
        if (!job->bench && str_eq(bench->id, id))
            job->bench = bench;
    return (job->bench || unknown_id(job, &benches, id, err)) && find_runner(job, err);
}

/* Does the command run this file: it names it, a folder above it, a test in it, or no file at all? */
static bool runs_file(RunJob *job, const WorkloadCommand *command)
{
    bool names_any = false;
    for (size_t i = 1; i < command->argc; i++) {
        Str word = command->argv[i], rest;
        size_t test = str_find(word, S("::"), 0);
        word = path_normal(job->arena, str_head(word, test == SIZE_MAX ? word.len : test));
        if (!file_exists(path_join(job->arena, job->places->root, word)))
            continue;
        names_any = true;
        if (str_eq(word, S(".")) || path_inside(word, job->path, &rest))
            return true;
    }
    return !names_any;
}

static bool find_command(RunJob *job, Err *err)
{
    Err ignored = {0};
    Str harness = outline_harness_name(job->bench->harness);
    job->cwd = job->places->root;
    if (!workloads_load(job->arena, job->places->root, NULL, &job->workloads, &ignored))
        job->workloads = (WorkloadFile){0};
    bool by_file = job->bench->harness == OUTLINE_PYTEST || job->bench->harness == OUTLINE_PYPERF;
    array_each (const Workload, workload, &job->workloads.workloads)
        if (!job->workload && workload->usable && !workload->benchmark.shell &&
            str_eq(workload->harness, harness) &&
            (!by_file || runs_file(job, &workload->benchmark)))
            job->workload = workload;
    if (job->workload) {
        job->command = job->workload->benchmark;
    } else if (job->runner->usual) {
        job->runner->usual(job);
    } else {
        return err_set(err, ERR_NOT_FOUND,
                       "no workload has the harness " STR_FMT
                       ": say in perfloop.toml which program has this benchmark",
                       STR_ARG(harness));
    }
    return true;
}

/* ------------------------------------------------------------------ the run */

static void on_tick(void *context)
{
    RunJob *job = context;
    uint64_t seconds = (clock_now_ns() - job->began_ns) / 1000000000;
    if (seconds == job->told_s)
        return;
    job->told_s = seconds;
    report_progress(job->report, -1, "running " STR_FMT ", %llu s", STR_ARG(job->bench->id),
                    (unsigned long long)seconds);
}

static void on_wait(void *context, Str message)
{
    RunJob *job = context;
    report_note(job->report, STR_FMT, STR_ARG(message));
}

static bool start(RunJob *job, const Str *argv, size_t argc, Str text, Str *printed, Err *err)
{
    Str env[] = {
        S("PYTHONDONTWRITEBYTECODE=1"),
        str_fmt(job->arena, "CRITERION_HOME=" STR_FMT "/criterion", STR_ARG(job->scratch))};
    ProcessOptions options = {.argv = argv,
                              .argc = argc,
                              .cwd = job->cwd,
                              .env = env,
                              .env_count = 2,
                              .cancel = &report_cancelled,
                              .on_tick = on_tick,
                              .context = job};
    ProcessResult result;
    if (!process_run(job->arena, &options, &result, err))
        return false;
    if (result.status > 0)
        return err_set(err, ERR_TOOL, STR_FMT " failed with status %d: " STR_FMT, STR_ARG(text),
                       result.status, STR_ARG(said_why(result.out, result.errors)));
    *printed = result.out;
    return process_check(&result, argv[0], err);
}

static bool run_build(RunJob *job, Err *err)
{
    if (!job->workload || job->workload->build.argc == 0)
        return true;
    report_progress(job->report, -1, "building: " STR_FMT, STR_ARG(job->workload->build.text));
    Str ignored;
    const WorkloadCommand *build = &job->workload->build;
    return start(job, build->argv, build->argc, build->text, &ignored, err);
}

static bool make_scratch(RunJob *job, Err *err)
{
    Str base = str_from_c(getenv("TMPDIR"));
    char *made = str_cstr(job->arena, str_fmt(job->arena, STR_FMT "/perfloop-run-XXXXXX",
                                              STR_ARG(path_is_absolute(base) ? base : S("/tmp"))));
    if (!mkdtemp(made))
        return err_set(err, ERR_IO, "cannot make %s: %s", made, strerror(errno));
    job->scratch = str_from_c(made);
    job->report_file = path_join(job->arena, job->scratch, S("report.json"));
    return true;
}

/* Of the results those of this run, and of these those of the benchmark. */
static void keep_own(RunJob *job, Samples *samples)
{
    size_t kept = 0;
    array_each (BenchmarkSamples, benchmark, &samples->benchmarks) {
        if (benchmark->time_s && benchmark->time_s < job->began_s)
            continue;
        if (bench_score(job->bench, job->path, samples->harness, benchmark->name) == 0)
            continue;
        samples->benchmarks.items[kept++] = *benchmark;
    }
    samples->benchmarks.len = kept;
}

static bool run_it(RunJob *job, Samples *samples, Err *err)
{
    CLEANUP(turn_finish) Turn turn = {.fd = -1};
    if (!turn_take(&turn, job->places->user_state, &report_cancelled, on_wait, job, err) ||
        !run_build(job, err))
        return false;
    for (size_t i = 0; i < job->command.argc; i++)
        push(job, job->command.argv[i]);
    job->runner->select(job);
    report_progress(job->report, -1, "running " STR_FMT, STR_ARG(job->bench->id));
    job->began_s = clock_unix_s();
    job->began_ns = clock_now_ns();
    Str printed;
    if (!start(job, job->argv.items, job->argv.len, job->command.text, &printed, err))
        return false;
    Str results = job->runner->results ? job->runner->results(job) : job->report_file;
    bool read = job->runner->prints ? samples_read(job->arena, printed, samples, err)
                                    : results_read(job->arena, results, samples, err);
    if (!read)
        return err_wrap(err, STR_FMT " left no result", STR_ARG(job->command.text));
    keep_own(job, samples);
    if (samples->benchmarks.len)
        return true;
    return err_set(err, ERR_NOT_FOUND, STR_FMT " ran, but not the benchmark " STR_FMT,
                   STR_ARG(job->command.text), STR_ARG(job->bench->id));
}

bool bench_run(Arena *arena, Report *report, const Places *places, Str target, bool list,
               BenchImported *out, Err *err)
{
    RunJob job = {.arena = arena, .report = report, .places = places};
    Samples samples = {0};
    Tally tally = {0};
    if (!find_bench(&job, target, err) || !find_command(&job, err) ||
        !allow_check(arena, report, places, &job.command, err) ||
        (job.workload && !allow_check(arena, report, places, &job.workload->build, err)) ||
        !make_scratch(&job, err))
        return false;
    bool ran = run_it(&job, &samples, err);
    Err left = {0};
    if (!file_remove_tree(job.scratch, &left))
        log_warn("run: %s", left.msg);
    if (!ran)
        return false;
    array_each (Str, note, &samples.notes)
        report_note(report, STR_FMT, STR_ARG(*note));
    LedgerReport row = {.workload = job.workload ? job.workload->name : S(""),
                        .time_s = clock_unix_s(),
                        .origin = S("run"),
                        .source = job.command.text};
    tally_add(arena, &tally, &samples);
    return bench_import_tally(arena, places, &tally, &row, list, out, err);
}
