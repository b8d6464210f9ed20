#include "analysis/hints/words.h"

#include <math.h>

#include "analysis/hints/hints_gpu.h"
#include "analysis/symbols/short_name.h"
#include "base/strbuf.h"

Str words_share(Arena *arena, double share)
{
    double percent = share * 100;
    int decimals = percent >= 9.95 || percent < 0.05 ? 0 : 1;
    return str_fmt(arena, "%.*f %%", decimals, percent);
}

Str words_share_error(Arena *arena, double share, double error)
{
    double points = error * 100;
    if (points < 0.05)
        return words_share(arena, share);
    return points >= 0.95
               ? str_fmt(arena, STR_FMT " ±%.0f", STR_ARG(words_share(arena, share)), points)
               : str_fmt(arena, "%.1f %% ±%.1f", share * 100, points);
}

Str words_share_change(Arena *arena, double before, double now)
{
    double points = (now - before) * 100;
    return fabs(points) < 0.5 ? S("±0 pt") : str_fmt(arena, "%+.0f pt", points);
}

Str words_since(Arena *arena, const HotSince *since, double share)
{
    StrBuf out = strbuf_new(arena);
    if (isnan(since->share))
        return S("");
    if (since->is_new)
        return S("new since the baseline");
    Str base = words_share(arena, since->share);
    Str change = words_share_change(arena, since->share, share);
    if (since->word != COMPARE_WITHIN)
        strbuf_fmt(&out, STR_FMT " from " STR_FMT " at the baseline, " STR_FMT,
                   STR_ARG(compare_word_name(since->word)), STR_ARG(base), STR_ARG(change));
    else
        strbuf_fmt(&out, "at the baseline " STR_FMT, STR_ARG(base));
    if (since->word == COMPARE_WITHIN && since->apart)
        strbuf_fmt(&out, ", " STR_FMT, STR_ARG(change));
    if (!isnan(since->then))
        strbuf_fmt(&out, ", " STR_FMT " → " STR_FMT " a run",
                   STR_ARG(units_text(arena, since->then, UNIT_SECONDS)),
                   STR_ARG(units_text(arena, since->now, UNIT_SECONDS)));
    if (!since->apart)
        strbuf_add(&out, S(", within the error"));
    return strbuf_str(&out);
}

Str words_cost(Arena *arena, const HeatMetric *metric, double value)
{
    return units_text(arena, value * metric->scale, metric->unit);
}

Str words_metric(Arena *arena, const HeatMetric *metric)
{
    static const struct {
        Str name;
        Unit unit;
        Str words;
    } ROWS[] = {
        {STR_CONST("cpu"), UNIT_SECONDS, STR_CONST("cpu time")},
        {STR_CONST("wall"), UNIT_SECONDS, STR_CONST("wall time")},
        {STR_CONST("peak"), UNIT_BYTES, STR_CONST("bytes at peak")},
        {STR_CONST("allocated"), UNIT_BYTES, STR_CONST("bytes allocated")},
        {STR_CONST("leaked"), UNIT_BYTES, STR_CONST("bytes leaked")},
        {STR_CONST("live"), UNIT_BYTES, STR_CONST("bytes live")},
        {STR_CONST("temporary"), UNIT_COUNT, STR_CONST("temporary allocations")},
        {STR_CONST("gpu"), UNIT_SECONDS, STR_CONST("GPU time")},
        {STR_CONST("gpu_time"), UNIT_SECONDS, STR_CONST("GPU time")},
        {STR_CONST("gpu_samples"), UNIT_COUNT, STR_CONST("GPU samples")},
        {STR_CONST("gpu_copy_time"), UNIT_SECONDS, STR_CONST("GPU copy time")},
        {STR_CONST("gpu_wait_time"), UNIT_SECONDS, STR_CONST("time waiting for the GPU")},
        {STR_CONST("cuda_api_time"), UNIT_SECONDS, STR_CONST("time in CUDA calls")},
        {STR_CONST("cpu_samples"), UNIT_COUNT, STR_CONST("CPU samples")},
        {STR_CONST("cpu_cycles"), UNIT_COUNT, STR_CONST("CPU cycles")},
        {STR_CONST("thread_instructions"), UNIT_COUNT, STR_CONST("thread instructions")},
        {STR_CONST("global_sectors"), UNIT_COUNT, STR_CONST("global memory sectors")},
        {STR_CONST("global_sectors_ideal"), UNIT_COUNT, STR_CONST("global memory sectors needed")},
        {STR_CONST("local_sectors"), UNIT_COUNT, STR_CONST("local memory sectors")},
        {STR_CONST("shared_wavefronts"), UNIT_COUNT, STR_CONST("shared memory wavefronts")},
        {STR_CONST("shared_wavefronts_ideal"), UNIT_COUNT,
         STR_CONST("shared memory wavefronts needed")},
        {STR_CONST("divergent_branches"), UNIT_COUNT, STR_CONST("divergent branches")},
    };
    for (size_t i = 0; i < sizeof(ROWS) / sizeof(ROWS[0]); i++)
        if (str_eq(ROWS[i].name, metric->name) && ROWS[i].unit == metric->unit)
            return ROWS[i].words;
    Str stall = gpu_stall_words(metric->name);
    if (stall.len)
        return str_fmt(arena, STR_FMT " stalls", STR_ARG(stall));
    return metric->name.len ? str_copy(arena, metric->name) : S("samples");
}

Str words_metric_of(Arena *arena, const HotSpots *spots)
{
    HeatMetric metric = {.name = spots->metric};
    if (!str_has(spots->metric, S("_")))
        return spots->metric;
    heat_metric_unit(spots->unit, &metric.unit, &metric.scale);
    return words_metric(arena, &metric);
}

bool words_has_self(const HeatMetric *metric, const HeatValue *value)
{
    return value->callee <= 0 || heat_self_share(metric, value) >= 0.005;
}

bool words_has_callee(const HeatMetric *metric, const HeatValue *value)
{
    return value->callee > 0 && heat_callee_share(metric, value) >= 0.005;
}

Str words_callees(Arena *arena, const HeatCallee *callees, size_t n)
{
    StrBuf out = strbuf_new(arena);
    if (n == 0)
        return S("");
    strbuf_add(&out, short_name(arena, callees[0].name, SHORT_NAME_WORDS));
    if (callees[0].library.len)
        strbuf_fmt(&out, " (" STR_FMT ")", STR_ARG(callees[0].library));
    if (n > 1 && callees[1].cost >= callees[0].cost / 4)
        strbuf_fmt(&out, ", " STR_FMT,
                   STR_ARG(short_name(arena, callees[1].name, SHORT_NAME_WORDS)));
    return strbuf_str(&out);
}

Str words_benchmark(Arena *arena, const WorkloadFacts *workload)
{
    if (!workload)
        return S("");
    if (!workload->has_baseline)
        return S("no baseline yet");
    Str baseline = units_text(arena, workload->baseline, workload->unit);
    if (!workload->has_current)
        return str_fmt(arena, STR_FMT " " STR_FMT " at the baseline", STR_ARG(workload->metric),
                       STR_ARG(baseline));
    Str current = units_text(arena, workload->current, workload->unit);
    Str change = units_delta(arena, workload->change);
    return str_fmt(arena, STR_FMT " " STR_FMT ", " STR_FMT " vs baseline",
                   STR_ARG(workload->metric), STR_ARG(current), STR_ARG(change));
}

Str words_ceiling(Arena *arena, double share)
{
    Str percent = words_share(arena, share);
    return str_fmt(arena, "at most -" STR_FMT, STR_ARG(percent));
}

Str words_sparkline(Arena *arena, const double *values, size_t n)
{
    static const char *const STEPS[] = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
    enum {
        KEEP = 20
    };
    StrBuf out = strbuf_new(arena);
    size_t start = n > KEEP ? n - KEEP : 0;
    double largest = 0;
    for (size_t i = start; i < n; i++)
        largest = isfinite(values[i]) ? fmax(largest, values[i]) : largest;
    for (size_t i = start; i < n; i++) {
        double part = largest > 0 ? fmax(values[i], 0) / largest : 0;
        strbuf_add(&out, isfinite(values[i]) ? str_from_c(STEPS[(int)lround(part * 7)]) : S(" "));
    }
    return strbuf_str(&out);
}

size_t words_width(Str text)
{
    size_t width = 0;
    for (size_t i = 0; i < text.len; i++)
        width += (text.ptr[i] & 0xC0) != 0x80;
    return width;
}

/* Does a sentence have a figure that was measured: "22.9", "57%"? (Not "32 threads".) */
static bool has_figure(Str sentence)
{
    for (size_t i = 1; i < sentence.len; i++) {
        bool digit = sentence.ptr[i - 1] >= '0' && sentence.ptr[i - 1] <= '9';
        bool more =
            i + 1 < sentence.len && sentence.ptr[i + 1] >= '0' && sentence.ptr[i + 1] <= '9';
        if (digit && (sentence.ptr[i] == '%' || (sentence.ptr[i] == '.' && more)))
            return true;
    }
    return false;
}

/* The bytes of the first sentence, with what ends it. */
static size_t sentence_len(Str text)
{
    for (size_t i = 0; i + 2 < text.len; i++)
        if (text.ptr[i] == '.' && text.ptr[i + 1] == ' ' && text.ptr[i + 2] >= 'A' &&
            text.ptr[i + 2] <= 'Z')
            return i + 1;
    return text.len;
}

/* At most `limit` bytes, cut between words. */
static Str cut_short(Arena *arena, Str text, size_t limit)
{
    if (text.len <= limit)
        return text;
    size_t len = limit;
    while (len > limit / 2 && text.ptr[len] != ' ')
        len--;
    while (len > 0 && (text.ptr[len] & 0xC0) == 0x80)
        len--;
    return str_fmt(arena, STR_FMT " …", STR_ARG(str_head(text, len)));
}

/*
 * What a tool's rule says, in `limit` bytes or little more: all of it where it fits, else the first
 * sentence with a figure of the kernel's and those behind it that fit.
 */
static Str gist_of(Arena *arena, Str message, size_t limit)
{
    Str rest = message, from = message;
    if (message.len <= limit)
        return message;
    while (rest.len) {
        size_t len = sentence_len(rest);
        if (has_figure(str_head(rest, len))) {
            from = rest;
            break;
        }
        rest = str_trim(str_from(rest, len));
    }
    size_t kept = sentence_len(from);
    while (kept < from.len) {
        size_t more = kept + 1 + sentence_len(str_from(from, kept + 1));
        if (more > limit)
            break;
        kept = more;
    }
    return cut_short(arena, str_head(from, kept), limit);
}

Str words_note(Arena *arena, const HotNote *note, size_t limit)
{
    Str waits_for = str_fmt(arena, "waits for kernel " STR_FMT, STR_ARG(note->rule));
    if (note->kind != FINDING_LAUNCH && str_starts(note->message, waits_for))
        return str_fmt(arena, "waits for kernel " STR_FMT STR_FMT,
                       STR_ARG(short_name(arena, note->rule, SHORT_NAME_WORDS)),
                       STR_ARG(str_from(note->message, waits_for.len)));
    if (note->kind == FINDING_WAIT || note->kind == FINDING_WAIT_PART ||
        note->kind == FINDING_LAUNCH)
        return note->message;
    Str gain = note->speedup > 0 ? str_fmt(arena, ", estimated %sspeedup %.0f %%",
                                           note->local ? "local " : "", note->speedup)
                                 : S("");
    Str where = note->is_function
                    ? S("")
                    : str_fmt(arena, " (kernel " STR_FMT ")", STR_ARG(note->function));
    Str gist = gist_of(arena, note->message, limit);
    return str_fmt(arena, STR_FMT STR_FMT ": " STR_FMT STR_FMT, STR_ARG(note->rule), STR_ARG(gain),
                   STR_ARG(gist), STR_ARG(where));
}
