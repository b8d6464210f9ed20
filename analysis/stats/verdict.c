#include "analysis/stats/verdict.h"

#include <math.h>

#include "analysis/stats/summary.h"
#include "analysis/stats/wilcoxon.h"

typedef struct Look {
    size_t n;
    double alpha; /* two-sided */
} Look;

/* 2/1024 is the smallest p of 10 pairs; all together 0.00998. */
static const Look LOOKS[] = {
    {10, 2.0 / 1024}, {14, 0.00073},  {20, 0.00073},  {28, 0.00073},
    {40, 0.00073},    {56, 0.00073},  {80, 0.00073},  {112, 0.00073},
    {160, 0.00073},   {320, 0.00073}, {640, 0.00073}, {1280, 0.00073},
};
/* 0.04925 in all. */
static const Look QUICK_LOOKS[] = {{6, 2.0 / 64}, {10, 0.006}, {14, 0.006}, {20, 0.006}};

typedef struct Plan {
    const Look *looks;
    size_t count;
} Plan;

static Plan plan_of(const VerdictOptions *options)
{
    if (options->quick)
        return (Plan){QUICK_LOOKS, sizeof(QUICK_LOOKS) / sizeof(QUICK_LOOKS[0])};
    return (Plan){LOOKS, sizeof(LOOKS) / sizeof(LOOKS[0])};
}

static VerdictOptions with_defaults(VerdictOptions options)
{
    options.n_max = options.n_max ? options.n_max : 80;
    options.floor = options.floor > 0 ? options.floor : options.floor < 0 ? 0 : 0.01;
    options.same = options.same > 0 ? options.same : 0.02;
    options.flag = options.flag > 0 ? options.flag : 0.05;
    options.m = options.m ? options.m : 1;
    return options;
}

size_t verdict_next_look(size_t n, VerdictOptions options)
{
    options = with_defaults(options);
    Plan plan = plan_of(&options);
    for (size_t i = 0; i < plan.count && plan.looks[i].n <= options.n_max; i++)
        if (plan.looks[i].n > n)
            return plan.looks[i].n;
    return 0;
}

size_t verdict_last_look(size_t n, VerdictOptions options)
{
    Plan plan = plan_of(&options);
    size_t last = plan.looks[0].n;
    for (size_t i = 0; i < plan.count && plan.looks[i].n <= n; i++)
        last = plan.looks[i].n;
    return last;
}

/*
 * Roughly how many pairs settle it, with s the spread of one pair: to be clear of the floor, or to
 * fit inside the bounds of "same", whichever comes first; rounded up to a look.
 */
static size_t pairs_needed(const double *d, size_t n, double estimate,
                           const VerdictOptions *options)
{
    double s = summary_mad_sd(d, n);
    double size = fabs(estimate);
    double needed = INFINITY;
    if (size > options->floor)
        needed = pow(3.4 * s / (size - options->floor), 2);
    if (size < options->same)
        needed = fmin(needed, pow(3.4 * s / (options->same - size), 2));
    Plan plan = plan_of(options);
    for (size_t i = 0; i < plan.count; i++)
        if ((double)plan.looks[i].n >= needed && plan.looks[i].n > n)
            return plan.looks[i].n;
    /* Spent although it looked settled: the next look; too far away: the number itself. */
    return needed < 1e6 && needed > (double)n ? (size_t)ceil(needed) : 0;
}

static VerdictFlag flag_of(const Verdict *verdict, double limit)
{
    if (verdict->high <= limit)
        return FLAG_ABOVE;
    if (verdict->low >= limit)
        return FLAG_BELOW;
    return verdict->estimate <= limit ? FLAG_ABOVE_ABOUT : FLAG_BELOW_ABOUT;
}

Verdict verdict_decide(const double *d, size_t n, VerdictOptions options)
{
    options = with_defaults(options);
    CLEANUP(arena_cleanup) Arena *scratch = arena_new("verdict");
    const double floor_low = log(1 - options.floor);
    const double floor_high = log(1 + options.floor);
    const double same_low = log(1 - options.same);
    const double same_high = log(1 + options.same);
    const double flag_limit = log(1 - options.flag);
    Plan plan = plan_of(&options);
    Verdict out = {.low = -INFINITY, .high = INFINITY, .quick = options.quick};
    size_t stop_at = options.n_max;
    for (size_t i = 0; i < plan.count && !out.done; i++) {
        Look look = plan.looks[i];
        if (look.n > stop_at) {
            out.done = true;
            break;
        }
        if (look.n > n)
            break;
        Interval interval = wilcoxon_interval(scratch, d, look.n, look.alpha / (double)options.m);
        out.n = look.n;
        out.estimate = interval.estimate;
        out.low = fmax(out.low, interval.low);
        out.high = fmin(out.high, interval.high);
        out.done = look.n == plan.looks[plan.count - 1].n;
        if (out.low > out.high) {
            out.kind = VERDICT_UNSTABLE;
            out.done = true;
        } else if (out.kind == VERDICT_IMPROVEMENT || out.high < floor_low) {
            if (out.kind != VERDICT_IMPROVEMENT && 2 * look.n < stop_at)
                stop_at = 2 * look.n;
            out.kind = VERDICT_IMPROVEMENT;
            out.done |= out.high <= flag_limit || out.low >= flag_limit;
        } else if (out.low > floor_high) {
            out.kind = VERDICT_REGRESSION;
            out.done = true;
        } else if (out.low > same_low && out.high < same_high) {
            out.kind = VERDICT_SAME;
            out.done = true;
        }
    }
    if (out.kind == VERDICT_IMPROVEMENT)
        out.flag = flag_of(&out, flag_limit);
    if (out.kind == VERDICT_INCONCLUSIVE && out.n)
        out.needed = pairs_needed(d, out.n, out.estimate, &options);
    return out;
}
