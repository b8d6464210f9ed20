#include "analysis/hotspots/compare.h"

#include <math.h>
#include <stdlib.h>

#include "analysis/hotspots/compare_match.h"

static const double Z = 2.5758293035489004; /* 99 % */
static const double ALPHA = 0.01;
static const double SAMPLED_FLOOR = 0.01;   /* of the whole */
static const double COUNTED_FLOOR = 0.005;  /* of the whole */
static const double TIMED_FLOOR = 0.01;     /* of the whole */
static const double TIMED_ROW_FLOOR = 0.10; /* of the row */
static const double FEWEST_SAMPLES = 8;     /* fewer on both sides cannot differ at 99 % */

enum {
    MOVERS_MAX = 100, /* rows that are taken out one by one */
};

static const Str PER_NAMES[] = {
    [COMPARE_SHARE] = STR_CONST("share"),
    [COMPARE_COST] = STR_CONST("cost"),
    [COMPARE_BENCHMARK] = STR_CONST("benchmark"),
};

static const Str WORD_NAMES[] = {
    [COMPARE_WITHIN] = STR_CONST("within"),
    [COMPARE_ROSE] = STR_CONST("rose"),
    [COMPARE_FELL] = STR_CONST("fell"),
};

static const Str PLACE_NAMES[] = {
    [COMPARE_SAME] = STR_CONST("same"),       [COMPARE_MOVED] = STR_CONST("moved"),
    [COMPARE_CHANGED] = STR_CONST("changed"), [COMPARE_NEW] = STR_CONST("new"),
    [COMPARE_GONE] = STR_CONST("gone"),       [COMPARE_RECORDED] = STR_CONST("recorded"),
};

static const Str ERROR_NAMES[] = {
    [COMPARE_SAMPLED] = STR_CONST("sampled"),
    [COMPARE_COUNTED] = STR_CONST("counted"),
    [COMPARE_TIMED] = STR_CONST("timed"),
};

Str compare_per_name(ComparePer per)
{
    return PER_NAMES[per];
}

Str compare_word_name(CompareWord word)
{
    return WORD_NAMES[word];
}

Str compare_place_name(ComparePlace place)
{
    return PLACE_NAMES[place];
}

Str compare_error_name(CompareError error)
{
    return ERROR_NAMES[error];
}

/* ------------------------------------------------------------------ one side */

/* A row in one of the two profiles. */
typedef struct Side {
    double value;
    double whole;                 /* what the whole profile stands for */
    double samples, of;           /* how many of how many; of is 0 where nothing was sampled */
    double whole_low, whole_high; /* relative distances of the whole's own interval at 99 % */
    bool poisson;
} Side;

typedef struct Bounds {
    double low, high;
} Bounds;

/* The interval of the number of samples, at z. */
static Bounds count_bounds(const Side *side, double z)
{
    double k = side->samples, n = side->of, zz = z * z;
    if (side->poisson) {
        double half = z * sqrt(k + zz / 4);
        return (Bounds){fmax(0, k + zz / 2 - half), k + zz / 2 + half};
    }
    double middle = (k + zz / 2) / (1 + zz / n);
    double half = z / (1 + zz / n) * sqrt(k * (1 - k / n) + zz / 4);
    return (Bounds){fmax(0, middle - half), fmin(n, middle + half)};
}

/* How far the interval of the value reaches down and up, at z. */
static Bounds reach(const Side *side, double z)
{
    if (side->of <= 0)
        return (Bounds){0};
    Bounds count = count_bounds(side, z);
    double weight = side->samples > 0 ? side->value / side->samples : side->whole / side->of;
    double scale = z / Z * side->value;
    return (Bounds){
        hypot(weight * (side->samples - count.low), scale * side->whole_low),
        hypot(weight * (count.high - side->samples), scale * side->whole_high),
    };
}

static Bounds change_bounds(const Side *then, const Side *now, double z)
{
    Bounds a = reach(then, z), b = reach(now, z);
    double change = now->value - then->value;
    return (Bounds){change - hypot(b.low, a.high), change + hypot(b.high, a.low)};
}

/* The interval grows with z: the largest z that keeps zero out of it. */
static double p_of(const Side *then, const Side *now)
{
    double low = 0, high = 38; /* erfc is 0 in a double beyond */
    if (now->value == then->value)
        return 1;
    for (int i = 0; i < 50; i++) {
        double z = (low + high) / 2;
        Bounds bounds = change_bounds(then, now, z);
        if (bounds.low > 0 || bounds.high < 0)
            low = z;
        else
            high = z;
    }
    return erfc(low / sqrt(2));
}

/* ------------------------------------------------------------------ one row */

typedef struct Judge {
    const CompareOptions *options;
    Comparison *out;
} Judge;

static Side side_of(const Judge *judge, const HotSpots *spots, int64_t cost, uint64_t samples)
{
    const Comparison *out = judge->out;
    const CompareOptions *options = judge->options;
    bool is_now = spots == out->now;
    double whole = is_now ? out->whole_now : out->whole_then;
    Side side = {.whole = whole, .poisson = out->per == COMPARE_COST};
    side.value = spots->total > 0 ? (double)cost / (double)spots->total * whole : 0;
    if (out->per == COMPARE_COST)
        side.value = (double)cost;
    if (spots->sampled && spots->samples) {
        side.of = (double)spots->samples;
        side.samples = fmin((double)samples, side.of);
        if (cost > 0 && samples == 0)
            side.samples = fmin(side.of, side.of * (double)cost / (double)spots->total);
    }
    if (out->per == COMPARE_BENCHMARK && is_now && options->now > 0) {
        side.whole_low = (options->now - options->now_low) / options->now;
        side.whole_high = (options->now_high - options->now) / options->now;
    }
    return side;
}

static void judge_value(const Judge *judge, CompareValue *value)
{
    const Comparison *out = judge->out;
    Side then = side_of(judge, out->then, value->then_cost, value->then_samples);
    Side now = side_of(judge, out->now, value->now_cost, value->now_samples);
    value->then = then.value;
    value->now = now.value;
    value->change = now.value - then.value;
    value->low = value->high = value->change;
    double whole = fmax(out->whole_then, out->whole_now), size = fabs(value->change);
    if (out->error == COMPARE_COUNTED) {
        value->p = value->change == 0 || size < COUNTED_FLOOR * whole ? 1 : 0;
        return;
    }
    if (out->error == COMPARE_TIMED) {
        bool small =
            size < TIMED_FLOOR * whole || size < TIMED_ROW_FLOOR * fmax(value->then, value->now);
        value->low = value->high = (double)NAN;
        value->p = small ? 1 : 0;
        return;
    }
    Bounds bounds = change_bounds(&then, &now, Z);
    value->low = bounds.low;
    value->high = bounds.high;
    value->p = p_of(&then, &now);
}

/* ------------------------------------------------------------------ all rows */

typedef CompareValue *ValueOf(CompareRow *row);

static CompareValue *here_of(CompareRow *row)
{
    return &row->here;
}

static CompareValue *self_of(CompareRow *row)
{
    return &row->self;
}

static CompareValue *total_of(CompareRow *row)
{
    return &row->total;
}

static int by_number(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static bool is_tested(const Comparison *out, const CompareValue *value)
{
    return out->error != COMPARE_SAMPLED ||
           (double)(value->then_samples + value->now_samples) >= FEWEST_SAMPLES;
}

/* Holm: the smallest p is held against all of them, the next one against the others. */
static double p_limit(Arena *scratch, const Comparison *out, CompareRow *rows, size_t len,
                      ValueOf *value_of)
{
    double *all = NEW_ARRAY(scratch, double, len + 1);
    size_t count = 0;
    double limit = -1;
    for (size_t i = 0; i < len; i++)
        if (is_tested(out, value_of(&rows[i])))
            all[count++] = value_of(&rows[i])->p;
    qsort(all, count, sizeof(double), by_number);
    for (size_t i = 0; i < count && all[i] <= ALPHA / (double)(count - i); i++)
        limit = all[i];
    return limit;
}

static CompareWord word_of(double change)
{
    return change > 0 ? COMPARE_ROSE : change < 0 ? COMPARE_FELL : COMPARE_WITHIN;
}

static void find_words(Arena *scratch, const Comparison *out, CompareRow *rows, size_t len,
                       ValueOf *value_of)
{
    double limit = p_limit(scratch, out, rows, len, value_of);
    double floor =
        out->error == COMPARE_SAMPLED ? SAMPLED_FLOOR * fmax(out->whole_then, out->whole_now) : 0;
    for (size_t i = 0; i < len; i++) {
        CompareValue *value = value_of(&rows[i]);
        bool differs = is_tested(out, value) && value->p <= limit && fabs(value->change) >= floor;
        value->word = differs ? word_of(value->change) : COMPARE_WITHIN;
    }
}

/* ------------------------------------------------------------------ among what is left */

/* The rows that did not move so far, as a profile of their own. */
typedef struct Rest {
    const Comparison *out;
    HotSpots then, now;
    Comparison shares; /* of these two */
    Judge judge;
} Rest;

static bool is_own(const CompareRow *row)
{
    return (row->then && row->then->own) || (row->now && row->now->own);
}

/* What is credited to a caller would count twice: a library's row is no part of that sum. */
static bool is_part(const CompareRow *row, ValueOf *value_of)
{
    return value_of != here_of || is_own(row);
}

static void leave(Rest *rest, const CompareValue *value)
{
    rest->then.total -= value->then_cost;
    rest->now.total -= value->now_cost;
    rest->then.samples -= value->then_samples;
    rest->now.samples -= value->now_samples;
}

/*
 * By which the next row is chosen, among those whose shares are clearly apart: when one row moved,
 * it moved by as much as all others together. Of two that share everything either may have; then
 * it is the edited one, and sooner the one that fell.
 */
static double distance(const Rest *rest, const CompareRow *row, const CompareValue *value)
{
    double then = (double)value->then_cost / (double)rest->then.total;
    double now = (double)value->now_cost / (double)rest->now.total;
    double both = (then + now) / 2, size = fabs(now - then);
    bool edited =
        row->place == COMPARE_CHANGED || row->place == COMPARE_NEW || row->place == COMPARE_GONE;
    if (rest->out->error == COMPARE_SAMPLED) {
        double variance = both * (1 - both) / (double)(rest->then.samples + 1) +
                          both * (1 - both) / (double)(rest->now.samples + 1);
        if (size < 2 * sqrt(fmax(variance, 0)))
            return 0;
    }
    return size * (1 + (edited ? 0.05 : 0) + (now < then ? 0.02 : 0));
}

static bool moved(const Rest *rest, const CompareValue *value, size_t left, CompareWord *word)
{
    CompareValue among = *value;
    judge_value(&rest->judge, &among);
    bool large = rest->out->error != COMPARE_SAMPLED || fabs(among.change) >= SAMPLED_FLOOR;
    *word = word_of(among.change);
    return large && among.p <= ALPHA / (double)left;
}

/*
 * Which rows moved by share. The one that moved most is taken out, and the others are compared
 * again by their shares of what is left, so a row that rose only because another one fell is not
 * named.
 */
static CompareWord *words_by_share(Arena *scratch, const Comparison *out, CompareRow *rows,
                                   size_t len, ValueOf *value_of)
{
    static const CompareOptions SHARES = {.per = COMPARE_SHARE};
    CompareWord *words = NEW_ARRAY(scratch, CompareWord, len + 1);
    bool *open = NEW_ARRAY(scratch, bool, len + 1);
    size_t left = 0;
    Rest rest = {.out = out, .then = *out->then, .now = *out->now};
    rest.shares = (Comparison){
        .then = &rest.then, .now = &rest.now, .error = out->error, .whole_then = 1, .whole_now = 1};
    rest.judge = (Judge){&SHARES, &rest.shares};
    for (size_t i = 0; i < len; i++)
        left += open[i] = is_part(&rows[i], value_of) && is_tested(out, value_of(&rows[i]));
    for (size_t step = 0; step < MOVERS_MAX && left; step++, left--) {
        size_t best = len;
        double farthest = 0;
        for (size_t i = 0; i < len && rest.then.total > 0 && rest.now.total > 0; i++) {
            double far = open[i] ? distance(&rest, &rows[i], value_of(&rows[i])) : 0;
            if (far > farthest) {
                farthest = far;
                best = i;
            }
        }
        CompareWord word;
        if (best == len || !moved(&rest, value_of(&rows[best]), left, &word))
            break;
        words[best] = word;
        open[best] = false;
        leave(&rest, value_of(&rows[best]));
    }
    return words;
}

/*
 * The benchmark may contain what the profile does not see: the start of the interpreter, say.
 * Then a row that stayed as it was seems to move against the benchmark, so in that direction it
 * must have moved among what is left as well.
 */
static void check_words(Arena *scratch, const Comparison *out, CompareRow *rows, size_t len,
                        ValueOf *value_of)
{
    CompareWord expected = word_of(out->whole_now - out->whole_then);
    if (out->error == COMPARE_COUNTED || out->per == COMPARE_COST)
        return;
    const CompareWord *words = words_by_share(scratch, out, rows, len, value_of);
    for (size_t i = 0; i < len; i++) {
        CompareValue *value = value_of(&rows[i]);
        if (!is_part(&rows[i], value_of))
            continue;
        if (out->per == COMPARE_SHARE)
            value->word = words[i] == word_of(value->change) ? words[i] : COMPARE_WITHIN;
        else if (value->word != expected && value->word != words[i])
            value->word = COMPARE_WITHIN;
    }
}

static int by_change(const void *a, const void *b)
{
    const CompareRow *x = a, *y = b;
    double left = fabs(x->here.change), right = fabs(y->here.change);
    if (left != right)
        return left < right ? 1 : -1;
    double total_left = fabs(x->total.change), total_right = fabs(y->total.change);
    if (total_left != total_right)
        return total_left < total_right ? 1 : -1;
    int files = str_cmp(x->file, y->file);
    if (files)
        return files;
    if (x->now_line != y->now_line)
        return x->now_line < y->now_line ? -1 : 1;
    if (x->then_line != y->then_line)
        return x->then_line < y->then_line ? -1 : 1;
    return str_cmp(x->function, y->function);
}

static void judge_rows(const Judge *judge, CompareRow *rows, size_t len)
{
    CLEANUP(arena_cleanup) Arena *scratch = arena_new("compare");
    for (size_t i = 0; i < len; i++) {
        judge_value(judge, &rows[i].here);
        judge_value(judge, &rows[i].self);
        judge_value(judge, &rows[i].total);
    }
    find_words(scratch, judge->out, rows, len, here_of);
    find_words(scratch, judge->out, rows, len, self_of);
    find_words(scratch, judge->out, rows, len, total_of);
    check_words(scratch, judge->out, rows, len, here_of);
    check_words(scratch, judge->out, rows, len, self_of);
    for (size_t i = 0; i < len; i++)
        if (!is_own(&rows[i]))
            rows[i].here = rows[i].self;
    if (len)
        qsort(rows, len, sizeof(CompareRow), by_change);
}

static CompareError error_of(const HotSpots *then, const HotSpots *now)
{
    if (then->sampled || now->sampled)
        return COMPARE_SAMPLED;
    return str_eq(now->unit, S("ns")) ? COMPARE_TIMED : COMPARE_COUNTED;
}

Comparison compare_spots(Arena *arena, const HotSpots *then, const HotSpots *now,
                         const CompareOptions *options)
{
    Comparison out = {
        .then = then,
        .now = now,
        .per = options->per,
        .error = error_of(then, now),
        .whole_then = 1,
        .whole_now = 1,
    };
    if (out.per == COMPARE_COST) {
        out.whole_then = (double)then->total;
        out.whole_now = (double)now->total;
    } else if (out.per == COMPARE_BENCHMARK) {
        out.whole_then = options->then;
        out.whole_now = options->now;
    }
    Judge judge = {options, &out};
    compare_match(arena, options, &out);
    judge_rows(&judge, out.lines, out.lines_len);
    judge_rows(&judge, out.functions, out.functions_len);
    return out;
}
