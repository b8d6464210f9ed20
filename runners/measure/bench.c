#include "runners/measure/bench.h"

#include <math.h>

#include "analysis/stats/random.h"
#include "analysis/stats/summary.h"
#include "analysis/stats/wilcoxon.h"
#include "base/clock.h"
#include "base/strbuf.h"
#include "runners/measure/gate.h"
#include "runners/measure/session.h"
#include "runners/measure/turn.h"
#include "runners/process.h"

enum {
    PAIRS_MAX = 1280,
    CPU_STREAM = 0x637075, /* keeps the choice of processors apart from the coins */
    DROPS_MIN = 12,        /* attempts before too many drops end it */
    GIVE_UP_FACTOR = 4,    /* needed pairs over what fits */
    SINGLE_RUNS_MIN = 6,
    SINGLE_RUNS_MAX = 60,
};

static const double BUDGET_S = 60;
static const double BUDGET_SINGLE_S = 10;
static const double FIRST_TIMEOUT_S = 600;
static const double RUN_DELAY_MAX = 0.05; /* of a run's wall time: drop the pair */
static const double PRESSURE_MAX = 0.10;  /* the same, of the system's pressure */
static const double DROPPED_MAX = 0.75;
static const double GATE_WAIT_MAX = 0.20; /* of the budget */
static const double OVERRUN = 1.25;       /* of the budget, to come to the next look */
static const double WALL_CONTRADICTS = 0.10;

typedef struct Bench {
    Arena *arena;   /* of the result */
    Arena *scratch; /* of one attempt */
    const BenchOptions *options;
    BenchResult *out;
    Session session;
    VerdictOptions looks;
    int cpus[256];
    size_t cpu_count;
    double budget_s;
    double waited_s; /* before pairs, for a processor */
    uint64_t began_ns;
    Array(double) differences;
    Array(double) rss[2];
} Bench;

static double since_s(uint64_t then_ns)
{
    return (double)(clock_now_ns() - then_ns) * 1e-9;
}

static void tell(const BenchOptions *options, int percent, Str message)
{
    if (options->progress)
        options->progress(options->context, percent, message);
}

/* ---------------------------------------------------------------- one pair */

static void wait_for_processor(Bench *bench)
{
    double left = GATE_WAIT_MAX * bench->budget_s - bench->waited_s;
    bench->waited_s += gate_wait(left, bench->options->cancel);
}

typedef struct Attempt {
    BenchPair pair;
    double rss[2];
    bool dropped;
    bool invalid; /* bench->out->reason says why */
} Attempt;

static bool call_invalid(Bench *bench, Attempt *attempt, Str reason)
{
    attempt->invalid = true;
    bench->out->reason = str_copy(bench->arena, reason);
    return true;
}

static bool judge_runs(Bench *bench, const HarnessRun runs[2], Attempt *attempt)
{
    Arena *arena = bench->scratch;
    double value[2];
    for (size_t side = 0; side < 2; side++) {
        Digest want = bench->out->preflight.output;
        Digest printed = session_output(arena, &bench->session, side, &runs[side]);
        if (!digest_is_zero(want) && !digest_is_zero(printed) && !digest_eq(want, printed))
            return call_invalid(bench, attempt,
                                str_fmt(arena, "the output of the " STR_FMT " changed meanwhile",
                                        STR_ARG(side_text(side))));
        value[side] = harness_value(arena, &bench->out->metric, &runs[side]);
        attempt->rss[side] = (double)runs[side].process.peak_rss_bytes;
        if (!(value[side] > 0))
            return call_invalid(bench, attempt,
                                str_fmt(arena, "the " STR_FMT " of the " STR_FMT " is not positive",
                                        STR_ARG(bench->out->metric.text),
                                        STR_ARG(side_text(side))));
    }
    attempt->pair.base = value[0];
    attempt->pair.candidate = value[1];
    return true;
}

static bool run_same_core(Bench *bench, uint64_t coin, Attempt *attempt, HarnessRun runs[2],
                          Err *err)
{
    uint64_t seed = bench->options->seed;
    int cpu = bench->cpus[random_below(seed ^ CPU_STREAM, coin, bench->cpu_count)];
    size_t first = attempt->pair.candidate_first ? 1 : 0;
    size_t failed;
    if (session_together(bench->scratch, &bench->session, first, cpu, &(SessionRun){.pair = coin},
                         runs, &failed, err)) {
        bench->out->run_s += fmax(runs[0].process.wall_s, runs[1].process.wall_s);
        return true;
    }
    if (failed == 2) {
        call_invalid(bench, attempt, str_from_c(err->msg));
        *err = (Err){0};
        return true;
    }
    return false;
}

static bool run_pair(Bench *bench, uint64_t coin, Attempt *attempt, HarnessRun runs[2], Err *err)
{
    bool gated = bench->out->metric.gated;
    bool system = bench->out->preflight.system_delay;
    if (gated)
        wait_for_processor(bench);
    for (size_t k = 0; k < 2 && !attempt->invalid; k++) {
        size_t side = (k == 0) == attempt->pair.candidate_first ? 1 : 0;
        bool failed;
        double pressure = gated && system ? gate_pressure_s() : 0;
        if (!session_run(bench->scratch, &bench->session, side, &(SessionRun){.pair = coin},
                         &runs[side], &failed, err)) {
            if (!failed || side == 0)
                return false;
            call_invalid(bench, attempt, str_from_c(err->msg));
            *err = (Err){0};
            return true;
        }
        const ProcessResult *process = &runs[side].process;
        bench->out->run_s += process->wall_s;
        if (gated && system)
            attempt->dropped |= gate_pressure_s() - pressure > PRESSURE_MAX * process->wall_s;
        else if (gated)
            attempt->dropped |= process->run_delay_s > RUN_DELAY_MAX * process->wall_s;
    }
    return true;
}

/* Flips the next coin and runs both sides; adds the pair unless it was dropped. */
static bool attempt_pair(Bench *bench, Attempt *attempt, Err *err)
{
    BenchResult *out = bench->out;
    uint64_t coin = out->attempts++;
    HarnessRun runs[2];
    *attempt = (Attempt){.pair.candidate_first = random_coin(out->seed, coin)};
    bool ran = out->design == DESIGN_SAME_CORE ? run_same_core(bench, coin, attempt, runs, err)
                                               : run_pair(bench, coin, attempt, runs, err);
    if (!ran)
        return false;
    if (attempt->invalid || !judge_runs(bench, runs, attempt) || attempt->invalid)
        return true;
    if (attempt->dropped) {
        out->dropped++;
        return true;
    }
    double d = log(attempt->pair.candidate / attempt->pair.base);
    *array_push(bench->arena, &out->pairs) = attempt->pair;
    *array_push(bench->arena, &bench->differences) = out->metric.more_is_better ? -d : d;
    for (size_t side = 0; side < 2; side++) {
        *array_push(bench->arena, &bench->rss[side]) = attempt->rss[side];
        tally_add(bench->arena, &out->parts[side], &runs[side].samples);
    }
    return true;
}

/* ---------------------------------------------------------------- how many */

/* How many looks fit; asks when not even the first does. False: no. */
static bool plan(Bench *bench)
{
    BenchResult *out = bench->out;
    const BenchOptions *options = bench->options;
    size_t most =
        options->max_pairs && options->max_pairs < PAIRS_MAX ? options->max_pairs : PAIRS_MAX;
    double fit = bench->budget_s / fmax(out->preflight.pair_s, 1e-3);
    size_t pairs = out->pairs.len + (fit < PAIRS_MAX ? (size_t)fit : PAIRS_MAX);
    bench->looks = (VerdictOptions){.floor = out->metric.floor,
                                    .same = out->metric.same,
                                    .quick = options->quick,
                                    .n_max = PAIRS_MAX};
    size_t next = verdict_next_look(out->pairs.len, bench->looks);
    bench->looks.n_max = verdict_last_look(pairs < most ? pairs : most, bench->looks);
    if (pairs >= next || most < next)
        return true;
    /* What fits does not reach the next look. */
    double needed_s = (double)(next - out->pairs.len) * out->preflight.pair_s;
    bench->looks.n_max = next;
    if (needed_s <= bench->budget_s * OVERRUN)
        return true;
    if (options->ask_longer && options->ask_longer(options->context, needed_s)) {
        bench->budget_s = needed_s;
        return true;
    }
    out->reason =
        str_fmt(bench->arena,
                "%zu pairs of %.1f s are needed for the %s look, %.0f s in all, but the "
                "budget is %.3g s: measure with --budget %.0f, or a shorter benchmark",
                next - out->pairs.len, out->preflight.pair_s, out->pairs.len ? "next" : "first",
                needed_s, bench->budget_s, ceil(needed_s / 10) * 10);
    return false;
}

static Str progress_text(Bench *bench)
{
    const BenchResult *out = bench->out;
    Str text = str_fmt(bench->scratch, "%zu of at most %zu pairs, " STR_FMT, out->pairs.len,
                       bench->looks.n_max, STR_ARG(out->metric.text));
    if (!out->verdict.n || !isfinite(out->verdict.low) || !isfinite(out->verdict.high))
        return text;
    bool inverted = out->metric.more_is_better;
    double low = verdict_change(inverted ? out->verdict.high : out->verdict.low, inverted) * 100;
    double high = verdict_change(inverted ? out->verdict.low : out->verdict.high, inverted) * 100;
    Str delta = units_delta(bench->scratch, verdict_change(out->verdict.estimate, inverted));
    return str_fmt(bench->scratch, STR_FMT ": " STR_FMT " [%+.1f, %+.1f]", STR_ARG(text),
                   STR_ARG(delta), low, high);
}

static void show_progress(Bench *bench)
{
    double spent = since_s(bench->began_ns) / bench->budget_s;
    double done = (double)bench->out->pairs.len / (double)bench->looks.n_max;
    double share = fmin(1, fmax(spent, done));
    tell(bench->options, 10 + (int)(share * 89), progress_text(bench));
}

/* After a pair: true when there is nothing more to run. */
static bool is_settled(Bench *bench)
{
    BenchResult *out = bench->out;
    size_t n = out->pairs.len;
    double spent = since_s(bench->began_ns);
    if (n && n == verdict_last_look(n, bench->looks)) {
        out->verdict = verdict_decide(bench->differences.items, n, bench->looks);
        if (out->verdict.done)
            return true;
        if (out->verdict.kind == VERDICT_INCONCLUSIVE &&
            out->verdict.needed > GIVE_UP_FACTOR * bench->looks.n_max) {
            out->reason = S("given up early: the budget holds far too few pairs");
            return true;
        }
    }
    if (out->attempts >= DROPS_MIN && spent > GATE_WAIT_MAX * bench->budget_s &&
        out->pairs.len < bench->looks.n_max &&
        (double)out->dropped > DROPPED_MAX * (double)(out->dropped + n)) {
        out->reason = str_fmt(bench->arena,
                              "the machine is too busy for " STR_FMT
                              ": in %zu of %zu pairs a side waited for a processor",
                              STR_ARG(out->metric.text), out->dropped, out->dropped + n);
        return true;
    }
    if (spent > bench->budget_s * OVERRUN) {
        out->reason = str_fmt(bench->arena, "the budget of %.3g s is used up", bench->budget_s);
        return true;
    }
    return false;
}

static bool run_pairs(Bench *bench, Err *err)
{
    BenchResult *out = bench->out;
    bench->began_ns = clock_now_ns();
    if (!plan(bench))
        return true;
    for (Attempt attempt; !is_settled(bench);) {
        ArenaMark mark = arena_mark(bench->scratch);
        show_progress(bench);
        bool ran = attempt_pair(bench, &attempt, err);
        arena_rollback(bench->scratch, mark);
        if (!ran)
            return false;
        if (attempt.invalid) {
            out->verdict = (Verdict){.kind = VERDICT_INVALID, .done = true};
            break;
        }
    }
    out->spent_s = since_s(bench->began_ns);
    return true;
}

/* ---------------------------------------------------------------- the whole */

static Conditions collect(Arena *arena, const BenchOptions *options, size_t side,
                          const Preflight *preflight)
{
    return conditions_collect(arena,
                              &(ConditionsOptions){
                                  .argv = options->sides[side].argv,
                                  .argc = options->sides[side].argc,
                                  .dir = options->sides[side].dir,
                                  .inputs = options->inputs,
                                  .input_count = options->input_count,
                                  .tools = options->tools,
                                  .tool_count = options->tool_count,
                                  .libraries = preflight ? preflight->libraries : (Digest){0},
                                  .gpus = preflight && preflight->uses_gpu,
                              });
}

static void add_notes(Bench *bench, const ConditionDifferences *differences, Str when)
{
    array_each (ConditionDifference, difference, differences)
        *array_push(bench->arena, &bench->out->notes) =
            str_fmt(bench->arena, STR_FMT ", " STR_FMT, STR_ARG(when),
                    STR_ARG(conditions_difference_text(bench->arena, difference)));
}

/* The sides' own conditions: inputs, tools that the trees choose. */
static void compare_sides(Bench *bench)
{
    Arena *arena = bench->arena;
    Conditions base = collect(arena, bench->options, 0, NULL);
    Conditions candidate = collect(arena, bench->options, 1, NULL);
    ConditionDifferences differences =
        conditions_compare(arena, &base, &candidate, CONDITIONS_BETWEEN_SIDES);
    if (conditions_worst(&differences) == CONDITION_INVALID) {
        bench->out->verdict = (Verdict){.kind = VERDICT_INVALID, .done = true};
        array_each (ConditionDifference, difference, &differences)
            if (difference->action == CONDITION_INVALID)
                bench->out->reason =
                    str_fmt(arena, "the sides' conditions differ: " STR_FMT,
                            STR_ARG(conditions_difference_text(arena, difference)));
    }
    add_notes(bench, &differences, S("between the sides"));
}

static void compare_with_start(Bench *bench)
{
    Arena *arena = bench->arena;
    BenchResult *out = bench->out;
    bool wall = out->design == DESIGN_PAIRS && out->metric.gated;
    Conditions end = collect(arena, bench->options, 0, &out->preflight);
    ConditionDifferences differences = conditions_compare(
        arena, &out->conditions, &end, wall ? CONDITIONS_DURING_WALL : CONDITIONS_DURING);
    if (conditions_worst(&differences) >= CONDITION_ABORT && out->verdict.kind != VERDICT_INVALID) {
        out->verdict.kind = VERDICT_CONDITIONS;
        out->verdict.flag = FLAG_NONE;
        array_each (ConditionDifference, difference, &differences)
            if (difference->action >= CONDITION_ABORT)
                out->reason = str_fmt(arena, "the conditions changed meanwhile: " STR_FMT,
                                      STR_ARG(conditions_difference_text(arena, difference)));
    }
    add_notes(bench, &differences, S("meanwhile"));
}

/* All three pairs of the preflight, back to back, contradict the verdict by more than 10 % of wall. */
static void check_wall(Bench *bench)
{
    BenchResult *out = bench->out;
    const PreflightSide *sides = out->preflight.sides;
    bool improved = out->verdict.kind == VERDICT_IMPROVEMENT;
    if (out->design != DESIGN_SAME_CORE || (!improved && out->verdict.kind != VERDICT_REGRESSION))
        return;
    for (size_t i = 0; i < PREFLIGHT_PAIRS; i++) {
        double ratio = sides[1].wall_s[i] / sides[0].wall_s[i];
        if (improved ? ratio <= 1 + WALL_CONTRADICTS : ratio >= 1 - WALL_CONTRADICTS)
            return;
    }
    out->verdict.kind = VERDICT_MIXED;
    out->verdict.flag = FLAG_NONE;
    out->reason = str_fmt(
        bench->arena, "CPU time says %s, but alone its wall time went from %.3g s to %.3g s",
        improved ? "faster" : "slower", summary_median(sides[0].wall_s, PREFLIGHT_PAIRS),
        summary_median(sides[1].wall_s, PREFLIGHT_PAIRS));
}

/* A share of next to nothing is nothing. */
static void check_smallest(Bench *bench)
{
    BenchResult *out = bench->out;
    bool differs =
        out->verdict.kind == VERDICT_IMPROVEMENT || out->verdict.kind == VERDICT_REGRESSION;
    if (!differs || out->metric.floor_units <= 0 ||
        fabs(out->after - out->before) >= out->metric.floor_units)
        return;
    out->verdict.kind = VERDICT_SAME;
    out->verdict.flag = FLAG_NONE;
    Str units = units_text(bench->arena, out->metric.floor_units, out->metric.unit);
    out->reason = str_fmt(bench->arena, "the difference is below " STR_FMT, STR_ARG(units));
}

static void add_medians(Bench *bench)
{
    BenchResult *out = bench->out;
    size_t n = out->pairs.len;
    double *values = NEW_ARRAY(bench->scratch, double, n + 1);
    for (size_t side = 0; side < 2; side++) {
        for (size_t i = 0; i < n; i++)
            values[i] = side == 0 ? out->pairs.items[i].base : out->pairs.items[i].candidate;
        *(side == 0 ? &out->before : &out->after) = summary_median(values, n);
        out->peak_rss[side] = summary_median(bench->rss[side].items, bench->rss[side].len);
    }
}

static void write_sentence(Bench *bench)
{
    BenchResult *out = bench->out;
    VerdictFacts facts = {.before = out->before,
                          .after = out->after,
                          .unit = out->metric.unit,
                          .more_is_better = out->metric.more_is_better,
                          .metric = out->metric.text,
                          .design = design_text(out->design),
                          .reason = out->reason,
                          .same = out->metric.same};
    if (out->verdict.n == 0 && !out->reason.len)
        facts.reason = S("too few pairs for a first look");
    out->sentence = verdict_sentence(bench->arena, &out->verdict, &facts);
}

static bool prepare(Bench *bench, Err *err)
{
    const BenchOptions *options = bench->options;
    BenchResult *out = bench->out;
    Str metric = options->earlier_count ? options->earlier_metric : options->metric;
    const Harness *harness = harness_find(options->harness, err);
    if (!harness || !harness_metric(harness, metric, &out->metric, err))
        return false;
    if (out->metric.own)
        out->metric.more_is_better |= options->more_is_better;
    out->seed = options->seed;
    out->attempts = options->earlier_attempts;
    bench->budget_s = options->budget_s > 0 ? options->budget_s : BUDGET_S;
    for (size_t i = 0; i < options->earlier_count; i++) {
        BenchPair pair = options->earlier[i];
        double d = log(pair.candidate / pair.base);
        *array_push(bench->arena, &out->pairs) = pair;
        *array_push(bench->arena, &bench->differences) = out->metric.more_is_better ? -d : d;
    }
    bench->cpu_count = process_cpus(bench->cpus, sizeof(bench->cpus) / sizeof(bench->cpus[0]));
    bench->session.harness = harness;
    bench->session.seed = options->seed;
    bench->session.cancel = options->cancel;
    bench->session.timeout_s =
        options->run_timeout_s > 0 ? options->run_timeout_s : FIRST_TIMEOUT_S;
    for (size_t side = 0; side < 2; side++)
        bench->session.sides[side] = options->sides[side];
    return true;
}

static bool run_preflight(Bench *bench, Err *err)
{
    const BenchOptions *options = bench->options;
    BenchResult *out = bench->out;
    PreflightOptions how = {.metric_asked = options->metric.len > 0 || options->earlier_count > 0,
                            .design =
                                options->earlier_count ? options->earlier_design : options->design,
                            .root = options->root,
                            .benchmark_changed_ok = options->benchmark_changed_ok};
    tell(options, 0, S("preflight: warm-up, three pairs, which design"));
    if (!preflight_run(bench->arena, &bench->session, &how, &out->metric, &out->preflight, err))
        return false;
    if (out->preflight.invalid.len) {
        out->reason = out->preflight.invalid;
        out->verdict = (Verdict){.kind = VERDICT_INVALID, .done = true};
        return true;
    }
    out->design = out->preflight.design;
    out->preflight.pair_s += out->metric.gated ? GATE_PROBE_S : 0;
    if (options->run_timeout_s <= 0) {
        const PreflightSide *sides = out->preflight.sides;
        double longest = 1;
        for (size_t i = 0; i < PREFLIGHT_PAIRS; i++)
            longest = fmax(longest, fmax(sides[0].wall_s[i], sides[1].wall_s[i]));
        bench->session.timeout_s = 10 * longest;
    }
    if (options->earlier_count && out->design != options->earlier_design) {
        out->reason = str_fmt(
            bench->arena,
            "the earlier pairs were measured " STR_FMT ", which is not possible now: " STR_FMT,
            STR_ARG(design_text(options->earlier_design)), STR_ARG(out->preflight.reason));
        out->verdict = (Verdict){.kind = VERDICT_CONDITIONS, .done = true};
    }
    return true;
}

static bool measure(Bench *bench, Err *err)
{
    BenchResult *out = bench->out;
    if (!session_init(bench->arena, &bench->session, err))
        return false;
    compare_sides(bench);
    if (!out->verdict.done && !run_preflight(bench, err))
        return false;
    out->conditions = collect(bench->arena, bench->options, 0, &out->preflight);
    if (out->verdict.done)
        return true;
    if (!run_pairs(bench, err))
        return false;
    if (out->verdict.kind != VERDICT_INVALID)
        out->verdict =
            verdict_decide(bench->differences.items, bench->differences.len, bench->looks);
    add_medians(bench);
    check_smallest(bench);
    check_wall(bench);
    compare_with_start(bench);
    return true;
}

bool bench_pairs(Arena *arena, const BenchOptions *options, BenchResult *result, Err *err)
{
    CLEANUP(arena_cleanup) Arena *scratch = arena_new("bench");
    CLEANUP(turn_finish) Turn turn = {.fd = -1};
    *result = (BenchResult){0};
    Bench bench = {.arena = arena,
                   .scratch = scratch,
                   .options = options,
                   .out = result,
                   .session.side_count = 2};
    if (!prepare(&bench, err) || !turn_take(&turn, options->user_state, options->cancel,
                                            options->note, options->context, err))
        return false;
    bool measured = measure(&bench, err);
    session_finish(&bench.session);
    if (measured)
        write_sentence(&bench);
    return measured;
}

/* ---------------------------------------------------------------- one side alone */

static bool measure_single(Bench *bench, BenchSingle *out, Err *err)
{
    const BenchOptions *options = bench->options;
    Array(double) samples = {0};
    if (!session_init(bench->arena, &bench->session, err) || !run_preflight(bench, err))
        return false;
    for (size_t i = 0; i < PREFLIGHT_PAIRS; i++)
        *array_push(bench->arena, &samples) = bench->out->preflight.sides[0].values[i];
    bench->began_ns = clock_now_ns();
    double budget_s = options->budget_s > 0 ? options->budget_s : BUDGET_SINGLE_S;
    while (samples.len < SINGLE_RUNS_MIN ||
           (samples.len < SINGLE_RUNS_MAX && since_s(bench->began_ns) < budget_s)) {
        ArenaMark mark = arena_mark(bench->scratch);
        HarnessRun run;
        bool failed;
        double done =
            fmax(since_s(bench->began_ns) / budget_s, (double)samples.len / SINGLE_RUNS_MAX);
        tell(options, 20 + (int)(fmin(done, 1) * 79),
             str_fmt(bench->scratch, "%zu runs, " STR_FMT, samples.len,
                     STR_ARG(bench->out->metric.text)));
        if (bench->out->metric.gated)
            wait_for_processor(bench);
        if (!session_run(bench->scratch, &bench->session, 0, &(SessionRun){.pair = samples.len},
                         &run, &failed, err))
            return false;
        double value = harness_value(bench->scratch, &bench->out->metric, &run);
        tally_add(bench->arena, &bench->out->parts[0], &run.samples);
        arena_rollback(bench->scratch, mark);
        *array_push(bench->arena, &samples) = value;
    }
    Interval interval = median_interval(bench->scratch, samples.items, samples.len, 0.05);
    *out = (BenchSingle){
        .metric = bench->out->metric,
        .value = interval.estimate,
        .low = interval.low,
        .high = interval.high,
        .samples = samples.items,
        .runs = samples.len,
        .preflight = bench->out->preflight,
        .parts = bench->out->parts[0],
        .conditions = collect(bench->arena, options, 0, &bench->out->preflight),
    };
    return true;
}

bool bench_single(Arena *arena, const BenchOptions *options, BenchSingle *result, Err *err)
{
    CLEANUP(arena_cleanup) Arena *scratch = arena_new("bench");
    CLEANUP(turn_finish) Turn turn = {.fd = -1};
    BenchResult out = {0};
    Bench bench = {.arena = arena,
                   .scratch = scratch,
                   .options = options,
                   .out = &out,
                   .session.side_count = 1};
    if (!prepare(&bench, err) || !turn_take(&turn, options->user_state, options->cancel,
                                            options->note, options->context, err))
        return false;
    bool measured = measure_single(&bench, result, err);
    session_finish(&bench.session);
    return measured;
}
