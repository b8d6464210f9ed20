/*
 * The statistics beside numbers from elsewhere.
 *
 * Constants here were printed by scipy 1.10 (wilcoxon, exact), by numpy (quantile), or stand in
 * tables of the signed-rank distribution; each test says which. When PERFLOOP_SHARED is set, every
 * case of measure_vectors.json is checked as well.
 */
#include <math.h>
#include <stdlib.h>

#include "analysis/stats/random.h"
#include "analysis/stats/readers.h"
#include "analysis/stats/summary.h"
#include "analysis/stats/verdict.h"
#include "analysis/stats/wilcoxon.h"
#include "base/file.h"
#include "base/json_in.h"
#include "tests/lib/check.h"

static void assert_near(double got, double want)
{
    if (got == want || fabs(got - want) < 1e-9)
        return;
    print_error("got %.17g, want %.17g\n", got, want);
    fail();
}

/* ---------------------------------------------------------------- the distribution */

/* Counted by hand: of the 2^3 subsets of {1,2,3} one each has sum 0, 1, 2, 4, 5, 6 and two have 3. */
static void the_distribution_for_three_is_the_one_counted_by_hand(void **state)
{
    const double want[] = {1 / 8., 2 / 8., 3 / 8., 5 / 8., 6 / 8., 7 / 8., 1};
    for (int t = 0; t < 7; t++)
        assert_near(wilcoxon_cdf(test_arena(state), 3, t), want[t]);
}

/* Critical values of the two-sided signed-rank test, alpha 5 % (any printed table). */
static void critical_values_equal_the_printed_table(void **state)
{
    const int table[][2] = {{6, 0}, {7, 2}, {8, 3}, {9, 5}, {10, 8}, {12, 13}, {15, 25}, {20, 52}};
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
        assert_int_equal(wilcoxon_critical(test_arena(state), (size_t)table[i][0], 0.05),
                         table[i][1]);
    assert_int_equal(wilcoxon_critical(test_arena(state), 5, 0.05), -1);
}

/* Walks all 2^n sign patterns: P(T+ <= c) <= alpha/2 and one more would be too many. */
static void critical_values_equal_brute_force(void **state)
{
    const double alphas[] = {0.2, 0.05, 0.01, 2.0 / 1024};
    for (size_t n = 1; n <= 12; n++) {
        size_t count[100] = {0};
        for (unsigned signs = 0; signs < 1u << n; signs++) {
            size_t sum = 0;
            for (size_t r = 0; r < n; r++)
                sum += signs >> r & 1 ? r + 1 : 0;
            count[sum]++;
        }
        for (size_t a = 0; a < 4; a++) {
            int64_t want = -1;
            double seen = 0;
            for (size_t t = 0; t <= n * (n + 1) / 2; t++) {
                seen += (double)count[t];
                if (seen / (double)(1u << n) > alphas[a] / 2)
                    break;
                want = (int64_t)t;
            }
            assert_int_equal(wilcoxon_critical(test_arena(state), n, alphas[a]), want);
        }
    }
}

/* The approximation above 160 stays on the safe side of the exact constant of the looks. */
static void the_approximation_is_a_little_conservative(void **state)
{
    const size_t looks[][2] = {{320, 20106}, {640, 86783}, {1280, 365280}};
    for (int i = 0; i < 3; i++) {
        int64_t near = wilcoxon_critical(test_arena(state), looks[i][0], 0.00073 * (1 + 1e-9));
        assert_in_range(near, looks[i][1] - looks[i][1] / 200, looks[i][1]);
        assert_int_equal(wilcoxon_critical(test_arena(state), looks[i][0], 0.00073), looks[i][1]);
    }
}

/* ---------------------------------------------------------------- intervals */

static const double TEN[] = {.012, -.004, .021, .008, .015, -.001, .03, .017, .006, .011};

/* scipy.stats.wilcoxon(TEN).pvalue and a sort of the 55 averages by hand. */
static void an_estimate_and_its_interval(void **state)
{
    Interval at5 = wilcoxon_interval(test_arena(state), TEN, 10, 0.05);
    assert_near(at5.estimate, 0.0115);
    assert_near(at5.low, 0.004);
    assert_near(at5.high, 0.019);
    Interval all = wilcoxon_interval(test_arena(state), TEN, 10, 2.0 / 1024);
    assert_near(all.low, -0.004); /* the smallest and the largest value */
    assert_near(all.high, 0.03);
    assert_near(wilcoxon_p(test_arena(state), TEN, 10), 0.009765625);
    Interval none = wilcoxon_interval(test_arena(state), TEN, 9, 2.0 / 1024);
    assert_true(isinf(none.low) && none.low < 0 && isinf(none.high) && none.high > 0);
}

/* An interval holds 0 exactly when the test does not reject: for 400 random samples. */
static void interval_and_test_say_the_same(void **state)
{
    int rejected = 0;
    for (uint64_t trial = 0; trial < 400; trial++) {
        size_t n = 6 + (size_t)random_below(1, trial, 30);
        double d[40];
        for (size_t i = 0; i < n; i++)
            d[i] = (double)random_below(trial, i, 1u << 30) / (double)(1u << 30) - 0.4;
        Interval interval = wilcoxon_interval(test_arena(state), d, n, 0.05);
        bool holds_zero = interval.low <= 0 && interval.high >= 0;
        rejected += !holds_zero;
        assert_int_equal(wilcoxon_p(test_arena(state), d, n) > 0.05, holds_zero);
    }
    assert_in_range(rejected, 40, 360);
}

/* numpy.quantile, default method */
static void summaries(void **state)
{
    (void)state;
    const double values[] = {9, 1, 7, 3, 100};
    assert_near(summary_median(values, 5), 7);
    assert_near(summary_median(values, 4), 5);
    assert_near(summary_quantile(values, 5, 0.99), 96.36);
    assert_near(summary_quantile(values, 1, 0.99), 9);
    assert_near(summary_mean(values, 4), 5);
    assert_near(summary_geometric_mean((const double[]){2, 8}, 2), 4);
    assert_near(summary_mad_sd(values, 5), 1.4826 * 4);
    assert_true(isnan(summary_median(values, 0)));
}

/* splitmix64 with seed 0, from the reference implementation's own test */
static void random_numbers_are_the_published_ones(void **state)
{
    (void)state;
    assert_true(random_at(0, 0) == 0xe220a8397b1dcdafu);
    assert_true(random_at(0, 1) == 0x6e789e6aa1b965f4u);
    int heads = 0;
    for (uint64_t i = 0; i < 10000; i++) {
        heads += random_coin(7, i);
        assert_true(random_below(7, i, 10) < 10);
    }
    assert_in_range(heads, 4800, 5200);
}

/* ---------------------------------------------------------------- verdicts */

/* measure_eval.py lcg_pairs(seed, n, effect, sd): pseudo noise without a library. */
static double lcg(uint64_t *x)
{
    *x = *x * 6364136223846793005u + 1442695040888963407u;
    return (double)(*x >> 11) / 9007199254740992.0;
}

static void lcg_differences(uint64_t seed, size_t n, double effect, double sd, double *d)
{
    for (size_t i = 0; i < n; i++) {
        double z = (lcg(&seed) + lcg(&seed) + lcg(&seed) + lcg(&seed) - 2) * sqrt(3);
        double base = 0.1 * (1 + 0.2 * lcg(&seed));
        double candidate = base * exp(effect + sd * z);
        d[i] = log(candidate / base);
    }
}

/* The results were printed by `measure_eval.py vectors` (group "decide") on Python 3.11. */
static void sessions_end_as_in_the_reference(void **state)
{
    (void)state;
    const struct {
        uint64_t seed;
        double effect, sd;
        VerdictKind kind;
        size_t n;
        double estimate, low, high;
        VerdictFlag flag;
    } cases[] = {
        {1, .88, .02, VERDICT_IMPROVEMENT, 10, -0.124854943117, -0.160857196253, -0.0926081496718,
         FLAG_ABOVE},
        {2, .96, .01, VERDICT_IMPROVEMENT, 20, -0.0429553583801, -0.0552721269461, -0.0309474842785,
         FLAG_BELOW_ABOUT},
        {3, 1, .01, VERDICT_SAME, 14, 0.0020124380334, -0.0145322713653, 0.0172091741625,
         FLAG_NONE},
        {4, 1, .08, VERDICT_INCONCLUSIVE, 80, -0.0105275693515, -0.043661622496, 0.0204772471065,
         FLAG_NONE},
        {5, 1.02, .01, VERDICT_REGRESSION, 40, 0.0188096752358, 0.0125500408491, 0.0238204105351,
         FLAG_NONE},
        {6, .94, .04, VERDICT_IMPROVEMENT, 40, -0.0625690082001, -0.0836435508503, -0.0350510429995,
         FLAG_ABOVE_ABOUT},
        {7, 1.05, .02, VERDICT_REGRESSION, 10, 0.0427942964187, 0.0110622717207, 0.0795871702561,
         FLAG_NONE},
        {8, .99, .005, VERDICT_SAME, 10, -0.00706993709527, -0.0169726305027, 0.00175149262571,
         FLAG_NONE},
        {9, .8, .1, VERDICT_IMPROVEMENT, 10, -0.253658248976, -0.361744248783, -0.173819924054,
         FLAG_ABOVE},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        double d[80];
        lcg_differences(cases[i].seed, 80, log(cases[i].effect), cases[i].sd, d);
        Verdict verdict = verdict_decide(d, 80, (VerdictOptions){0});
        assert_int_equal(verdict.kind, cases[i].kind);
        assert_int_equal(verdict.n, cases[i].n);
        assert_int_equal(verdict.flag, cases[i].flag);
        assert_near(verdict.estimate, cases[i].estimate);
        assert_near(verdict.low, cases[i].low);
        assert_near(verdict.high, cases[i].high);
        assert_true(verdict.done);
    }
}

static void no_verdict_before_the_first_look(void **state)
{
    (void)state;
    double d[20] = {0};
    for (size_t n = 0; n < 10; n++) {
        Verdict verdict = verdict_decide(d, n, (VerdictOptions){0});
        assert_int_equal(verdict.kind, VERDICT_INCONCLUSIVE);
        assert_int_equal(verdict.n, 0);
        assert_false(verdict.done);
    }
    assert_int_equal(verdict_decide(d, 10, (VerdictOptions){0}).kind, VERDICT_SAME);
}

static void more_pairs_continue_the_same_sequence(void **state)
{
    (void)state;
    double d[160];
    lcg_differences(4, 160, 0, 0.08, d);
    Verdict at80 = verdict_decide(d, 160, (VerdictOptions){.n_max = 80});
    Verdict at160 = verdict_decide(d, 160, (VerdictOptions){.n_max = 160});
    assert_int_equal(at80.kind, VERDICT_INCONCLUSIVE);
    assert_int_equal(at80.n, 80);
    assert_true(at80.needed > 80);
    assert_true(at160.n > 80);
    assert_true(at160.low >= at80.low && at160.high <= at80.high);
}

static void contradicting_looks_are_unstable(void **state)
{
    (void)state;
    double d[40];
    for (size_t i = 0; i < 40; i++)
        d[i] = i < 12 ? -0.004 + 0.001 * (double)i : 0.5 + 0.001 * (double)i;
    Verdict verdict = verdict_decide(d, 40, (VerdictOptions){.same = 1e-9});
    assert_int_equal(verdict.kind, VERDICT_UNSTABLE);
    assert_true(verdict.low > verdict.high);
}

static void a_quick_look_needs_six_pairs_and_says_so(void **state)
{
    (void)state;
    const double d[] = {-.2, -.21, -.19, -.22, -.2, -.18};
    assert_int_equal(verdict_decide(d, 6, (VerdictOptions){0}).n, 0);
    Verdict verdict = verdict_decide(d, 6, (VerdictOptions){.quick = true});
    assert_int_equal(verdict.kind, VERDICT_IMPROVEMENT);
    assert_true(verdict.quick);
}

static void guards_share_the_error_rate(void **state)
{
    (void)state;
    double d[20];
    for (size_t i = 0; i < 20; i++)
        d[i] = -0.3 - 0.001 * (double)i;
    assert_int_equal(verdict_decide(d, 20, (VerdictOptions){0}).n, 10);
    assert_int_equal(verdict_decide(d, 20, (VerdictOptions){.m = 3}).n, 14);
    assert_int_equal(verdict_decide(d, 20, (VerdictOptions){.m = 10}).n, 20);
}

static void looks_follow_the_limit(void **state)
{
    (void)state;
    assert_int_equal(verdict_next_look(0, (VerdictOptions){0}), 10);
    assert_int_equal(verdict_next_look(56, (VerdictOptions){0}), 80);
    assert_int_equal(verdict_next_look(80, (VerdictOptions){0}), 0);
    assert_int_equal(verdict_next_look(80, (VerdictOptions){.n_max = 112}), 112);
    assert_int_equal(verdict_last_look(5, (VerdictOptions){0}), 10);
    assert_int_equal(verdict_last_look(100, (VerdictOptions){0}), 80);
    assert_int_equal(verdict_last_look(9999, (VerdictOptions){0}), 1280);
}

static void sentences_hold_the_numbers(void **state)
{
    Arena *arena = test_arena(state);
    VerdictFacts facts = {.before = 0.0081,
                          .after = 0.0055,
                          .unit = UNIT_SECONDS,
                          .metric = S("CPU time"),
                          .design = S("same core")};
    Verdict verdict = {.kind = VERDICT_IMPROVEMENT,
                       .flag = FLAG_ABOVE,
                       .n = 14,
                       .estimate = log(.68),
                       .low = log(.65),
                       .high = log(.71)};
    assert_str(verdict_sentence(arena, &verdict, &facts),
               S("faster: 8.1 ms → 5.5 ms, -32 % [-35, -29] 99 %, 14 pairs, CPU time, same core"));
    verdict = (Verdict){.kind = VERDICT_INCONCLUSIVE,
                        .n = 80,
                        .estimate = log(.988),
                        .low = log(.959),
                        .high = log(1.019),
                        .needed = 160};
    facts.design = (Str){0};
    assert_str(
        verdict_sentence(arena, &verdict, &facts),
        S("unclear: 8.1 ms → 5.5 ms, -1.2 % [-4.1, +1.9] 99 %, 80 pairs, CPU time; about 160 "
          "pairs may settle it"));
    facts = (VerdictFacts){.before = 100,
                           .after = 125,
                           .unit = UNIT_PER_SECOND,
                           .more_is_better = true,
                           .metric = S("throughput")};
    verdict = (Verdict){.kind = VERDICT_IMPROVEMENT,
                        .n = 10,
                        .estimate = log(.8),
                        .low = log(.75),
                        .high = log(.85)};
    assert_str(verdict_sentence(arena, &verdict, &facts),
               S("faster: 100 /s → 125 /s, +25 % [+18, +33] 99 %, 10 pairs, throughput"));
    verdict = (Verdict){.kind = VERDICT_INVALID};
    facts.reason = S("the candidate prints something else");
    assert_str(verdict_sentence(arena, &verdict, &facts),
               S("unclear (invalid): the candidate prints something else"));
}

/* ---------------------------------------------------------------- the shared vectors */

static double number_or_infinity(JsonIn in, const char *key)
{
    JsonIn value = json_optional(in, key);
    if (json_kind(value) == JSON_TYPE_STRING)
        return str_eq(json_as_str(value), S("inf")) ? INFINITY : -INFINITY;
    return json_as_double(value);
}

static size_t read_numbers(Arena *arena, JsonIn list, double **out)
{
    size_t n = json_len(list);
    *out = NEW_ARRAY(arena, double, n + 1);
    for (size_t i = 0; i < n; i++)
        (*out)[i] = json_as_double(json_item(list, i));
    return n;
}

static void check_interval(Interval got, JsonIn want)
{
    assert_near(got.estimate, json_double(want, "est"));
    assert_near(got.low, number_or_infinity(want, "lo"));
    assert_near(got.high, number_or_infinity(want, "hi"));
}

static void check_vector(Arena *arena, Str group, JsonIn in)
{
    double *d;
    size_t n = read_numbers(arena, json_optional(in, "d"), &d);
    double alpha = json_opt_double(in, "alpha", 0);
    if (str_eq(group, S("wilcoxon_cdf"))) {
        assert_near(wilcoxon_cdf(arena, json_u32(in, "n"), json_i64(in, "t")),
                    json_double(in, "p"));
    } else if (str_eq(group, S("wilcoxon_crit")) || str_eq(group, S("wilcoxon_crit_m"))) {
        assert_int_equal(wilcoxon_critical(arena, json_u32(in, "n"), alpha), json_i64(in, "c"));
    } else if (str_eq(group, S("sign_crit"))) {
        assert_int_equal(sign_critical(json_u32(in, "n"), alpha), json_i64(in, "c"));
    } else if (str_eq(group, S("hl_ci"))) {
        check_interval(wilcoxon_interval(arena, d, n, alpha), in);
    } else if (str_eq(group, S("median_ci"))) {
        check_interval(median_interval(arena, d, n, alpha), in);
    } else if (str_eq(group, S("signedrank_p"))) {
        assert_near(wilcoxon_p(arena, d, n), json_double(in, "p"));
    } else if (str_eq(group, S("decide"))) {
        JsonIn pairs = json_optional(in, "pairs");
        size_t count = json_len(pairs);
        double *differences = NEW_ARRAY(arena, double, count);
        for (size_t i = 0; i < count; i++) {
            double *pair;
            read_numbers(arena, json_item(pairs, i), &pair);
            differences[i] = log(pair[1] / pair[0]);
        }
        Verdict verdict = verdict_decide(differences, count, (VerdictOptions){0});
        assert_str(verdict_word(verdict.kind), json_str(in, "verdict"));
        assert_int_equal(verdict.n, json_u32(in, "n"));
        assert_str(verdict_flag_word(verdict.flag), json_opt_str(in, "flag", S("")));
        check_interval((Interval){verdict.estimate, verdict.low, verdict.high}, in);
    } else {
        print_error("unknown group of vectors: " STR_FMT "\n", STR_ARG(group));
        fail();
    }
}

static void every_shared_vector_agrees(void **state)
{
    Arena *arena = test_arena(state);
    Str path = test_shared_path(arena, "measure/measure_vectors.json");
    if (!path.len) {
        print_message("skipped: PERFLOOP_SHARED is not set\n");
        skip();
    }
    Err err = {0};
    Str text;
    CLEANUP(json_cleanup) JsonIn root = {0};
    assert_ok(file_read(arena, path, FILE_LIMIT_TEXT, &text, &err), &err);
    assert_ok(json_parse(arena, text, &root, &err), &err);
    size_t checked = 0;
    Str group;
    JsonIn list;
    for (void *at = NULL; json_next(root, &at, &group, &list);) {
        for (size_t i = 0; i < json_len(list); i++, checked++)
            check_vector(arena, group, json_item(list, i));
    }
    assert_ok(json_ok(root, &err), &err);
    assert_in_range(checked, 70, 10000);
}

/* ---------------------------------------------------------------- reports */

static const char REPORT[] =
    "{\"machine_info\": {\"python_implementation\": \"CPython\", \"python_version\": \"3.11.2\"},"
    " \"version\": \"5.1.0\", \"benchmarks\": ["
    "  {\"fullname\": \"b.py::one\", \"stats\": {\"iterations\": 4, \"data\": [0.002, 0.001, "
    "0.003]}},"
    "  {\"fullname\": \"b.py::two\", \"stats\": {\"iterations\": 1, \"data\": [0.008, -1, 0.008]}},"
    "  {\"fullname\": \"b.py::off\", \"stats\": {\"rounds\": 3}}]}";

static double geometric_mean(Arena *arena, const Samples *samples, SampleMetric metric)
{
    double value = 0;
    Unit unit;
    Err err = {0};
    assert_ok(samples_series_value(arena, samples, S(""), metric, &value, &unit, &err), &err);
    return value;
}

static void a_report_gives_each_benchmark_and_their_geometric_mean(void **state)
{
    Arena *arena = test_arena(state);
    Err err = {0};
    Samples samples;
    assert_ok(samples_read(arena, str_from_c(REPORT), &samples, &err), &err);
    assert_near(geometric_mean(arena, &samples, SAMPLE_P50), 0.004);
    assert_near(samples_metric(&samples.benchmarks.items[0], SAMPLE_P99), 0.00298);
    assert_near(geometric_mean(arena, &samples, SAMPLE_THROUGHPUT), 250);
    assert_str(
        samples_text(arena, &samples),
        S("harness pytest-benchmark 5.1.0, CPython 3.11.2\n"
          "benchmark b.py::one: 3 rounds of 4, p50 2 ms, p99 2.98 ms, mean 2 ms, throughput 500 "
          "/s (p99 of fewer than 1000 rounds is rough)\n"
          "benchmark b.py::two: 2 rounds of 1, p50 8 ms, p99 8 ms, mean 8 ms, throughput 125 /s "
          "(p99 of fewer than 1000 rounds is rough)\n"
          "geometric mean: p50 4 ms, p99 4.88 ms, mean 4 ms, throughput 250 /s\n"
          "note b.py::two: 1 of 3 rounds are not positive times and are left out\n"
          "note b.py::off: no times of its rounds\n"));
}

static void a_report_without_benchmarks_is_refused(void **state)
{
    Err err = {0};
    Samples samples;
    Arena *arena = test_arena(state);
    assert_false(samples_read(arena, S("{\"benchmarks\": []}"), &samples, &err));
    assert_int_equal(err.kind, ERR_INPUT);
    assert_string_equal(err.msg, "the report of pytest-benchmark holds no benchmark");
    assert_false(samples_read(arena, S("{\"benchmarks\": 7}"), &samples, &err));
    assert_false(
        samples_read(arena, S("{\"benchmarks\": [1, {\"stats\": 4}, null]}"), &samples, &err));
    assert_false(samples_read(arena, S("hello"), &samples, &err));
    assert_int_equal(err.kind, ERR_UNSUPPORTED);
}

TEST_MAIN(TEST(the_distribution_for_three_is_the_one_counted_by_hand),
          TEST(critical_values_equal_the_printed_table), TEST(critical_values_equal_brute_force),
          TEST(the_approximation_is_a_little_conservative), TEST(an_estimate_and_its_interval),
          TEST(interval_and_test_say_the_same), TEST(summaries),
          TEST(random_numbers_are_the_published_ones), TEST(sessions_end_as_in_the_reference),
          TEST(no_verdict_before_the_first_look), TEST(more_pairs_continue_the_same_sequence),
          TEST(contradicting_looks_are_unstable), TEST(a_quick_look_needs_six_pairs_and_says_so),
          TEST(guards_share_the_error_rate), TEST(looks_follow_the_limit),
          TEST(sentences_hold_the_numbers), TEST(every_shared_vector_agrees),
          TEST(a_report_gives_each_benchmark_and_their_geometric_mean),
          TEST(a_report_without_benchmarks_is_refused))
