#include "runners/measure/preflight.h"

#include <math.h>
#include <string.h>

#include "analysis/stats/random.h"
#include "analysis/stats/summary.h"
#include "base/file.h"
#include "base/path.h"
#include "runners/measure/harness.h"
#include "runners/measure/loaded.h"
#include "runners/measure/session.h"
#include "runners/process.h"

enum {
    COIN_STREAM = 0x707265, /* keeps these coins apart from those of the pairs */
    WATCH_MS = 5,
    WATCH_SHORT_MS = 1,
    TRIALS_MAX = 3,
};

static const double WARM_DIFFERENCE = 0.25; /* the sides' warm-ups differ by more: warm up again */
static const double SHORT_RUN_S = 0.005;    /* run shorter commands several times in a row, */
static const double UNIT_PAIRS_S = 0.030;   /* so long in P */
static const double UNIT_SAME_CORE_S = 0.150; /* and so long, of CPU time, in S */
static const double INFLATION_MAX = 1.10;
static const double MEMORY_FACTOR = 2.2;

static const struct {
    Str word;
    Str text;
} DESIGNS[] = {
    [DESIGN_AUTO] = {STR_CONST(""), STR_CONST("")},
    [DESIGN_SAME_CORE] = {STR_CONST("S"), STR_CONST("same core")},
    [DESIGN_PAIRS] = {STR_CONST("P"), STR_CONST("back to back")},
};

Str design_word(BenchDesign design)
{
    return DESIGNS[design].word;
}

Str design_text(BenchDesign design)
{
    return DESIGNS[design].text;
}

bool design_from_word(Str word, BenchDesign *out)
{
    for (size_t i = 0; i < sizeof(DESIGNS) / sizeof(DESIGNS[0]); i++) {
        if (str_eq(DESIGNS[i].word, word)) {
            *out = (BenchDesign)i;
            return true;
        }
    }
    return false;
}

typedef struct Flight {
    Arena *arena;
    Session *session;
    const PreflightOptions *options;
    Metric *metric;
    Preflight *out;
    double warm_s[2];
} Flight;

/*
 * A failed run of the baseline is an error: there is nothing to compare with. One of the candidate
 * is an answer. True when the preflight may go on or has its answer.
 */
static bool judge_failure(Flight *flight, size_t side, Err *err)
{
    if (side == 0)
        return false;
    flight->out->invalid = str_copy(flight->arena, str_from_c(err->msg));
    *err = (Err){0};
    return true;
}

static bool is_over(const Flight *flight)
{
    return flight->out->invalid.len > 0;
}

/* ---------------------------------------------------------------- warm-up, and what was loaded */

static bool warm_up(Flight *flight, size_t side, Err *err)
{
    Arena *arena = flight->arena;
    Session *session = flight->session;
    Str folder = str_fmt(arena, STR_FMT "/loaded-%zu", STR_ARG(session->scratch), side);
    LoadedEnv env = {0};
    Loaded loaded = {0};
    HarnessRun run;
    bool failed;
    if (!loaded_prepare(arena, folder, &env, err))
        return false;
    bool listed = session_run(arena, session, side, &(SessionRun){.env = &env}, &run, &failed, err);
    if (!listed) {
        /* Perhaps it cannot bear being listed. */
        if (!failed)
            return false;
        *err = (Err){0};
        if (!session_run(arena, session, side, &(SessionRun){0}, &run, &failed, err))
            return failed && judge_failure(flight, side, err);
    }
    flight->warm_s[side] = run.process.wall_s / (double)run.process.runs;
    if (side == 0 && !harness_settle(arena, &run, flight->metric, err))
        return false;
    LoadedWhere where = {.side = side_text(side),
                         .dir = session->sides[side].dir,
                         .other = session->sides[1 - side].dir,
                         .root = flight->options->root,
                         .argv = session->sides[side].argv,
                         .argc = session->sides[side].argc};
    if (!loaded_read(arena, folder, &loaded, err) || !loaded_check(arena, &loaded, &where, err) ||
        !file_remove_tree(folder, err))
        return false;
    Str built = harness_cargo_target(arena, side);
    Digest libraries = loaded_libraries(arena, &loaded, where.dir, built);
    if (side == 0)
        flight->out->libraries = libraries;
    flight->out->uses_gpu |= loaded_has(&loaded, S("libcuda.so"));
    return true;
}

static bool warm_up_again(Flight *flight, Err *err)
{
    for (size_t side = 0; side < flight->session->side_count && !is_over(flight); side++) {
        HarnessRun run;
        bool failed;
        if (session_run(flight->arena, flight->session, side, &(SessionRun){0}, &run, &failed, err))
            flight->warm_s[side] = run.process.wall_s / (double)run.process.runs;
        else if (!failed || !judge_failure(flight, side, err))
            return false;
    }
    return true;
}

/* ---------------------------------------------------------------- three pairs back to back */

static bool measure_side(Flight *flight, size_t side, size_t index, Digest *output, Err *err)
{
    HarnessRun run;
    bool failed;
    double run_s = flight->warm_s[side];
    SessionRun how = {.watch_ms = run_s < 0.1 ? WATCH_SHORT_MS : WATCH_MS, .pair = index};
    if (!session_run(flight->arena, flight->session, side, &how, &run, &failed, err))
        return failed && judge_failure(flight, side, err);
    PreflightSide *to = &flight->out->sides[side];
    const ProcessResult *process = &run.process;
    double runs = process->runs;
    to->wall_s[index] = process->wall_s / runs;
    to->cpu_s[index] = process->cpu_s / runs;
    to->delay_s[index] = process->run_delay_s / runs;
    to->values[index] = harness_value(flight->arena, flight->metric, &run);
    if (process->peak_rss_bytes > to->peak_rss_bytes)
        to->peak_rss_bytes = process->peak_rss_bytes;
    to->threads = process->threads > to->threads ? process->threads : to->threads;
    to->processes = process->processes > to->processes ? process->processes : to->processes;
    Digest printed = session_output(flight->arena, flight->session, side, &run);
    to->repeats_output =
        index == 0 ? !digest_is_zero(printed) : to->repeats_output && digest_eq(printed, *output);
    *output = printed;
    return true;
}

static void finish_side(PreflightSide *side)
{
    double shares[PREFLIGHT_PAIRS];
    for (size_t i = 0; i < PREFLIGHT_PAIRS; i++) {
        double ready = side->wall_s[i] - side->delay_s[i];
        shares[i] = ready > 0 ? side->cpu_s[i] / ready : 0;
    }
    side->share = summary_median(shares, PREFLIGHT_PAIRS);
}

/* Both repeat themselves and still differ: not the same work. */
static void compare_outputs(Flight *flight, const Digest printed[2])
{
    Preflight *out = flight->out;
    bool repeats = out->sides[0].repeats_output;
    if (flight->session->side_count == 2) {
        repeats = repeats && out->sides[1].repeats_output;
        if (repeats && !digest_eq(printed[0], printed[1]))
            out->invalid = S("the candidate's output differs from the baseline's");
    }
    if (repeats)
        out->output = printed[0];
}

static bool measure_pairs(Flight *flight, Err *err)
{
    Session *session = flight->session;
    Digest printed[2] = {0};
    for (size_t i = 0; i < PREFLIGHT_PAIRS; i++) {
        size_t first =
            session->side_count == 2 && random_coin(session->seed ^ COIN_STREAM, i) ? 1 : 0;
        for (size_t k = 0; k < session->side_count && !is_over(flight); k++) {
            size_t side = k == 0 ? first : 1 - first;
            if (!measure_side(flight, side, i, &printed[side], err))
                return false;
        }
    }
    if (is_over(flight))
        return true;
    for (size_t side = 0; side < session->side_count; side++)
        finish_side(&flight->out->sides[side]);
    compare_outputs(flight, printed);
    return true;
}

/* ---------------------------------------------------------------- which design */

static double median3(const double *values)
{
    return summary_median(values, PREFLIGHT_PAIRS);
}

static uint64_t memory_available(Arena *arena)
{
    Err err = {0};
    Str text;
    uint64_t kib = 0;
    if (!file_read(arena, S("/proc/meminfo"), 1024 * 1024, &text, &err))
        return 0;
    for (Str line; str_next_line(&text, &line);) {
        Str value = str_trim(str_from(line, sizeof("MemAvailable:") - 1));
        if (str_starts(line, S("MemAvailable:")) &&
            str_to_u64(str_head(value, str_find(value, S(" "), 0)), &kib))
            return kib * 1024;
    }
    return 0;
}

/* Why it is no serial program that computes; empty when it is one. */
static Str why_not_serial(Flight *flight)
{
    for (size_t i = 0; i < flight->session->side_count; i++) {
        const PreflightSide *side = &flight->out->sides[i];
        Str name = side_text(i);
        if (side->threads > 1)
            return str_fmt(flight->arena, "the " STR_FMT " has %u threads", STR_ARG(name),
                           side->threads);
        if (side->share > 1.1)
            return str_fmt(flight->arena, "the " STR_FMT " keeps %.1f processors busy",
                           STR_ARG(name), side->share);
        if (side->share < 0.9)
            return str_fmt(flight->arena,
                           "the " STR_FMT " waits: %.0f %% of its time on a processor",
                           STR_ARG(name), side->share * 100);
    }
    return (Str){0};
}

static void use_pairs(Flight *flight, Str reason)
{
    Preflight *out = flight->out;
    double run_s =
        fmin(median3(out->sides[0].wall_s),
             flight->session->side_count == 2 ? median3(out->sides[1].wall_s) : INFINITY);
    out->design = DESIGN_PAIRS;
    out->reason = reason;
    out->repeat = 1;
    if (run_s < SHORT_RUN_S && flight->metric->source != METRIC_PEAK_RSS)
        out->repeat = (uint32_t)ceil(UNIT_PAIRS_S / fmax(run_s, 1e-4));
    out->pair_s = 0;
    for (size_t i = 0; i < flight->session->side_count; i++) {
        out->pair_s += median3(out->sides[i].wall_s) * out->repeat + 0.002;
        out->system_delay |= out->sides[i].threads > 1 || out->sides[i].processes > 1;
    }
}

/* One trial of both sides on one processor; *ok is false when a side fails so but not alone. */
static bool try_together(Flight *flight, size_t trial, double cpu_s[2], bool *ok, Err *err)
{
    Session *session = flight->session;
    HarnessRun runs[2];
    int cpus[256];
    size_t failed;
    size_t count = process_cpus(cpus, 256);
    if (count == 0) {
        *ok = false;
        return true;
    }
    uint64_t seed = session->seed ^ COIN_STREAM;
    int cpu = cpus[random_below(seed, 100 + trial, count)];
    size_t first = random_coin(seed, 200 + trial);
    *ok = session_together(flight->arena, session, first, cpu, &(SessionRun){.pair = trial}, runs,
                           &failed, err);
    if (!*ok && failed) {
        *err = (Err){0};
        return true;
    }
    for (size_t side = 0; *ok && side < 2; side++)
        cpu_s[side] = runs[side].process.cpu_s / (double)runs[side].process.runs;
    return *ok;
}

/* Tries S. Sets the design when it does, and *why when it does not. */
static bool try_same_core(Flight *flight, Str *why, Err *err)
{
    Preflight *out = flight->out;
    Session *session = flight->session;
    double alone[2] = {median3(out->sides[0].cpu_s), median3(out->sides[1].cpu_s)};
    double needed =
        MEMORY_FACTOR * (double)(out->sides[0].peak_rss_bytes > out->sides[1].peak_rss_bytes
                                     ? out->sides[0].peak_rss_bytes
                                     : out->sides[1].peak_rss_bytes);
    uint64_t available = memory_available(flight->arena);
    if (available && (double)available < needed) {
        *why = S("there is not enough free memory to run both at once");
        return true;
    }
    double tries[2][TRIALS_MAX];
    double shorter = fmin(alone[0], alone[1]);
    out->repeat =
        shorter < UNIT_SAME_CORE_S ? (uint32_t)ceil(UNIT_SAME_CORE_S / fmax(shorter, 1e-4)) : 1;
    session->repeat = out->repeat;
    for (size_t trial = 0; trial < TRIALS_MAX; trial++) {
        double cpu_s[2] = {0};
        bool ok;
        if (!try_together(flight, trial, cpu_s, &ok, err))
            return false;
        if (!ok) {
            *why = S("it fails when both sides run at once");
            return true;
        }
        out->inflation = 0;
        for (size_t side = 0; side < 2; side++) {
            tries[side][trial] = cpu_s[side];
            out->sides[side].same_core_s = summary_median(tries[side], trial + 1);
            out->inflation = fmax(out->inflation, out->sides[side].same_core_s / alone[side]);
        }
        if (out->inflation <= INFLATION_MAX)
            break;
    }
    if (out->inflation > INFLATION_MAX && flight->options->design != DESIGN_SAME_CORE) {
        *why = str_fmt(flight->arena, "sharing a core costs it %.0f %% more CPU time (caches)",
                       (out->inflation - 1) * 100);
        return true;
    }
    out->design = DESIGN_SAME_CORE;
    out->reason =
        out->inflation > INFLATION_MAX
            ? str_fmt(flight->arena, "asked for; under cache contention, %.0f %% more CPU time",
                      (out->inflation - 1) * 100)
            : str_fmt(flight->arena, "serial and computing: %.0f and %.0f %% on a processor",
                      out->sides[0].share * 100, out->sides[1].share * 100);
    out->pair_s = out->repeat * (out->sides[0].same_core_s + out->sides[1].same_core_s) + 0.002;
    return true;
}

static bool use_metric(Flight *flight, const char *name, Err *err)
{
    double values[2][PREFLIGHT_PAIRS];
    if (!harness_metric(flight->session->harness, str_from_c(name), flight->metric, err))
        return false;
    for (size_t side = 0; side < 2; side++) {
        const PreflightSide *from = &flight->out->sides[side];
        memcpy(values[side], flight->metric->source == METRIC_CPU_TIME ? from->cpu_s : from->wall_s,
               sizeof(values[side]));
        memcpy(flight->out->sides[side].values, values[side], sizeof(values[side]));
    }
    return true;
}

static bool choose(Flight *flight, Err *err)
{
    Preflight *out = flight->out;
    const PreflightOptions *options = flight->options;
    Str why = {0};
    if (harness_has_report(flight->session->harness)) {
        use_pairs(flight, str_fmt(flight->arena, STR_FMT " takes its own samples",
                                  STR_ARG(harness_name(flight->session->harness))));
        return true;
    }
    if (options->metric_asked && flight->metric->source != METRIC_CPU_TIME) {
        use_pairs(flight,
                  str_fmt(flight->arena, STR_FMT " was asked for", STR_ARG(flight->metric->text)));
        return true;
    }
    Str parallel = why_not_serial(flight);
    bool wants_same_core = options->design == DESIGN_SAME_CORE;
    if (parallel.len && !wants_same_core) {
        use_pairs(flight, parallel);
        return options->metric_asked || use_metric(flight, "wall", err);
    }
    if (!use_metric(flight, "cpu_time", err))
        return false;
    if (flight->session->side_count == 1 || options->design == DESIGN_PAIRS) {
        use_pairs(flight, S("serial and computing"));
        return true;
    }
    if (!try_same_core(flight, &why, err))
        return false;
    if (out->design == DESIGN_AUTO)
        use_pairs(flight, why);
    return true;
}

/* ---------------------------------------------------------------- the benchmark's own files */

static bool same_file(Arena *arena, Str a, Str b)
{
    ArenaMark mark = arena_mark(arena);
    FileMap left, right;
    Err err = {0};
    bool same = false;
    if (file_map(a, &left, &err)) {
        if (file_map(b, &right, &err)) {
            same = str_eq(left.bytes, right.bytes);
            file_unmap(&right);
        }
        file_unmap(&left);
    }
    arena_rollback(arena, mark);
    return same;
}

/* The word, or the file that cargo's `--bench NAME` means by it. */
static Str benchmark_file(Arena *arena, const Session *session, size_t index)
{
    Str word = session->sides[0].argv[index], option = S("--bench=");
    if (index && str_eq(session->sides[0].argv[index - 1], S("--bench")))
        return str_fmt(arena, "benches/" STR_FMT ".rs", STR_ARG(word));
    if (str_starts(word, option))
        return str_fmt(arena, "benches/" STR_FMT ".rs", STR_ARG(str_from(word, option.len)));
    return word;
}

/*
 * A harness' command names the files that measure ("pytest benchmarks/test_x.py"). If those differ,
 * the sides do not do the same work. A plain command names what is measured, which may differ.
 */
static void compare_benchmark_files(Flight *flight)
{
    const Session *session = flight->session;
    if (session->side_count < 2 || !harness_names_benchmark(session->harness) ||
        flight->options->benchmark_changed_ok)
        return;
    for (size_t i = 0; i < session->sides[0].argc; i++) {
        Str word = benchmark_file(flight->arena, session, i);
        size_t end = str_find(word, S("::"), 0);
        word = end == SIZE_MAX ? word : str_head(word, end);
        Str base = path_join(flight->arena, session->sides[0].dir, word);
        Str candidate = path_join(flight->arena, session->sides[1].dir, word);
        if (!(str_ends(word, S(".py")) || str_ends(word, S(".rs"))) || !file_exists(base) ||
            same_file(flight->arena, base, candidate))
            continue;
        flight->out->invalid = str_fmt(
            flight->arena, "the change touches the benchmark itself (" STR_FMT ")", STR_ARG(word));
        return;
    }
}

bool preflight_run(Arena *arena, Session *session, const PreflightOptions *options, Metric *metric,
                   Preflight *out, Err *err)
{
    *out = (Preflight){.repeat = 1};
    Flight flight = {
        .arena = arena, .session = session, .options = options, .metric = metric, .out = out};
    compare_benchmark_files(&flight);
    session->repeat = 1;
    for (size_t side = 0; side < session->side_count && !is_over(&flight); side++)
        if (!warm_up(&flight, side, err))
            return false;
    if (is_over(&flight))
        return true;
    double difference =
        session->side_count == 2 ? fabs(log(flight.warm_s[1] / flight.warm_s[0])) : 0;
    if (difference > log(1 + WARM_DIFFERENCE) && !warm_up_again(&flight, err))
        return false;
    if (!is_over(&flight) && !measure_pairs(&flight, err))
        return false;
    if (is_over(&flight))
        return true;
    if (!choose(&flight, err))
        return false;
    session->repeat = out->repeat;
    return true;
}
