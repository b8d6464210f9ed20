#include "analysis/profile/nvidia/gpu_summary.h"

#include <math.h>
#include <stdlib.h>

#include "base/strbuf.h"
#include "base/units.h"

enum {
    CLOCK_CHANGE_PERCENT = 5,
    GAP = 5,   /* so many steps without a sample are no part of the recording */
    APART = 5, /* percent of the time */
    FEW = 5,   /* samples that are worth a word: a kernel may run between two of them */
    MEBI = 1024 * 1024,
};

/* ------------------------------------------------------------------ numbers */

static int by_value(const void *a, const void *b)
{
    double left = *(const double *)a, right = *(const double *)b;
    return (left > right) - (left < right);
}

/* Sorts the values; none of them is NaN. */
static double median_of(double *values, size_t len)
{
    qsort(values, len, sizeof(*values), by_value);
    return len % 2 ? values[len / 2] : (values[len / 2 - 1] + values[len / 2]) / 2;
}

static bool at_work(const GpuSample *sample)
{
    double busy = sample->values[GPU_SM_BUSY];
    return !(sample->reasons & GPU_IDLE) && (isnan(busy) || busy > 0);
}

/* `values` has room for all samples. */
static GpuRange range_of(const GpuSeries *series, GpuQuantity quantity, bool only_at_work,
                         double *values)
{
    GpuRange range = {0};
    array_each (GpuSample, sample, &series->samples) {
        double value = sample->values[quantity];
        if (!isfinite(value) || (only_at_work && !at_work(sample)))
            continue;
        values[range.count++] = value;
        range.mean += (value - range.mean) / (double)range.count;
    }
    if (!range.count)
        return range;
    range.median = median_of(values, range.count);
    range.min = values[0];
    range.max = values[range.count - 1];
    return range;
}

/* How long a sample stands for: until the next one. Steps of time that lead nowhere are the usual one. */
static double lasting(const GpuSummary *gpu, const GpuSeries *series, size_t sample)
{
    const GpuSample *items = series->samples.items;
    double step =
        sample + 1 < series->samples.len ? items[sample + 1].at_s - items[sample].at_s : -1;
    return step >= 0 && step <= gpu->step_s * GAP ? step : gpu->step_s;
}

static void add_times(const GpuSeries *series, double *values, GpuSummary *out)
{
    size_t len = 0;
    const GpuSample *items = series->samples.items;
    out->step_s = out->lasts_s = out->throttled_s = NAN;
    for (size_t i = 0; i + 1 < series->samples.len; i++) {
        double step = items[i + 1].at_s - items[i].at_s;
        if (isfinite(step) && step > 0)
            values[len++] = step;
    }
    if (!len)
        return;
    out->step_s = median_of(values, len);
    out->lasts_s = out->throttled_s = 0;
    for (size_t i = 0; i < series->samples.len; i++) {
        double seconds = lasting(out, series, i);
        out->lasts_s += seconds;
        if (items[i].reasons & GPU_THROTTLED)
            out->throttled_s += seconds * items[i].throttled;
    }
}

/* `values` has room for all samples. */
static GpuRange load_between(const GpuSeries *series, double *values)
{
    GpuSeries part = *series;
    while (part.samples.len && !(part.samples.items[0].values[GPU_SM_BUSY] > 0)) {
        part.samples.items++;
        part.samples.len--;
    }
    while (part.samples.len && !(part.samples.items[part.samples.len - 1].values[GPU_SM_BUSY] > 0))
        part.samples.len--;
    return range_of(&part, GPU_SM_BUSY, false, values);
}

GpuSummary gpu_summary_of(Arena *arena, const GpuSeries *series)
{
    GpuSummary out = {.gpu = series->gpu, .name = series->name, .samples = series->samples.len};
    double *values = NEW_ARRAY(arena, double, series->samples.len + 1);
    for (size_t i = 0; i < GPU_QUANTITIES; i++)
        out.values[i] = range_of(series, (GpuQuantity)i, false, values);
    out.sm_clock = range_of(series, GPU_SM_CLOCK, true, values);
    out.memory_clock = range_of(series, GPU_MEMORY_CLOCK, true, values);
    out.between = load_between(series, values);
    array_each (GpuSample, sample, &series->samples) {
        out.reasons |= sample->reasons & GPU_THROTTLED;
        out.throttled_samples += (sample->reasons & GPU_THROTTLED) != 0;
    }
    add_times(series, values, &out);
    return out;
}

GpuSummaries gpu_summaries_of(Arena *arena, const GpuMonitor *monitor)
{
    GpuSummaries out = {0};
    array_each (GpuSeries, series, &monitor->gpus)
        *array_push(arena, &out) = gpu_summary_of(arena, series);
    return out;
}

bool gpu_summary_is_idle(const GpuSummary *gpu)
{
    return gpu->values[GPU_SM_BUSY].count && gpu->values[GPU_SM_BUSY].max <= 0;
}

static bool clock_changed(const GpuRange *clock)
{
    return clock->count && (clock->max - clock->min) * 100 > clock->max * CLOCK_CHANGE_PERCENT;
}

bool gpu_summary_clock_changed(const GpuSummary *gpu)
{
    return clock_changed(&gpu->sm_clock);
}

/* ------------------------------------------------------------------ words */

Str gpu_reasons_text(Arena *arena, uint64_t reasons)
{
    static const struct {
        uint64_t bits;
        const char *text;
    } WORDS[] = {
        {GPU_POWER_CAP, "power cap"},
        {GPU_SW_THERMAL | GPU_HW_THERMAL, "heat"},
        {GPU_POWER_BRAKE, "power brake"},
        {GPU_HW_SLOWDOWN, "hardware slowdown"},
    };
    StrBuf out = strbuf_new(arena);
    for (size_t i = 0; i < sizeof(WORDS) / sizeof(WORDS[0]); i++)
        if (reasons & WORDS[i].bits)
            strbuf_fmt(&out, "%s%s", out.len ? ", " : "", WORDS[i].text);
    return strbuf_str(&out);
}

static Str label(Arena *arena, const GpuSummary *gpu)
{
    return str_fmt(arena, "GPU " STR_FMT "%s" STR_FMT, STR_ARG(gpu->gpu), gpu->name.len ? " " : "",
                   STR_ARG(gpu->name));
}

/* "0.12", "3.1", "10" */
static Str seconds(Arena *arena, double value)
{
    return str_fmt(arena, "%.*f", value < 0.995 ? 2 : value < 9.95 ? 1 : 0, value);
}

/* "throttled for 3.1 of 10 s (power cap)" */
static Str throttled(Arena *arena, const GpuSummary *gpu)
{
    Str why = gpu_reasons_text(arena, gpu->reasons);
    if (isnan(gpu->lasts_s))
        return str_fmt(arena, "throttled in %zu of %zu samples (" STR_FMT ")",
                       gpu->throttled_samples, gpu->samples, STR_ARG(why));
    Str part = seconds(arena, gpu->throttled_s), all = seconds(arena, gpu->lasts_s);
    return str_fmt(arena, "throttled for " STR_FMT " of " STR_FMT " s (" STR_FMT ")", STR_ARG(part),
                   STR_ARG(all), STR_ARG(why));
}

static void add_load(StrBuf *out, const GpuSummary *gpu)
{
    const GpuRange *busy = &gpu->values[GPU_SM_BUSY], *between = &gpu->between;
    if (!busy->count)
        strbuf_add(out, S("its load is not told"));
    else if (gpu_summary_is_idle(gpu))
        strbuf_add(out, S("no kernel was seen"));
    else
        strbuf_fmt(out, "kernels ran %.0f %% of the time (up to %.0f %%", busy->mean, busy->max);
    if (between->count >= FEW && between->mean - busy->mean >= APART)
        strbuf_fmt(out, ", and %.0f %% from the first to the last", between->mean);
    if (between->count)
        strbuf_char(out, ')');
    if (busy->count && busy->count < FEW)
        strbuf_fmt(out, " in %zu sample%s", busy->count, busy->count == 1 ? "" : "s");
}

static void add_memory(Arena *arena, StrBuf *out, const GpuSummary *gpu)
{
    const GpuRange *used = &gpu->values[GPU_MEMORY_USED], *total = &gpu->values[GPU_MEMORY_TOTAL];
    if (!used->count)
        return;
    Str most = units_text(arena, used->max * MEBI, UNIT_BYTES);
    strbuf_fmt(out, ", up to " STR_FMT, STR_ARG(most));
    if (total->count) {
        Str all = units_text(arena, total->max * MEBI, UNIT_BYTES);
        strbuf_fmt(out, " of " STR_FMT, STR_ARG(all));
    }
    strbuf_add(out, S(" in use"));
}

static void add_power(StrBuf *out, const GpuSummary *gpu)
{
    const GpuRange *power = &gpu->values[GPU_POWER], *limit = &gpu->values[GPU_POWER_LIMIT];
    if (!power->count)
        return;
    strbuf_fmt(out, ", %.0f W (up to %.0f", power->mean, power->max);
    if (limit->count)
        strbuf_fmt(out, " of %.0f", limit->max);
    strbuf_char(out, ')');
}

/* "SM clock 1410 to 1980 MHz (median 1845 of 2100)" */
static void add_clock(StrBuf *out, const char *name, const GpuRange *clock, const GpuRange *most)
{
    bool varies = clock->max > clock->min;
    strbuf_fmt(out, ", %s clock %.0f", name, clock->min);
    if (varies)
        strbuf_fmt(out, " to %.0f", clock->max);
    else if (most->count)
        strbuf_fmt(out, " of %.0f", most->max);
    strbuf_add(out, S(" MHz"));
    if (varies)
        strbuf_fmt(out, " (median %.0f", clock->median);
    if (varies && most->count)
        strbuf_fmt(out, " of %.0f", most->max);
    if (varies)
        strbuf_char(out, ')');
}

Str gpu_summary_line(Arena *arena, const GpuSummary *gpu, Str when, bool load)
{
    StrBuf out = strbuf_new(arena);
    const GpuRange *in = &gpu->values[GPU_PCIE_IN], *back = &gpu->values[GPU_PCIE_OUT];
    if (load)
        add_load(&out, gpu);
    add_memory(arena, &out, gpu);
    add_power(&out, gpu);
    if (gpu->sm_clock.count)
        add_clock(&out, "SM", &gpu->sm_clock, &gpu->values[GPU_SM_CLOCK_MAX]);
    /* It has few steps, and mostly stays on one. */
    if (clock_changed(&gpu->memory_clock))
        add_clock(&out, "memory", &gpu->memory_clock, &(GpuRange){0});
    if (gpu->values[GPU_TEMPERATURE].count)
        strbuf_fmt(&out, ", up to %.0f °C", gpu->values[GPU_TEMPERATURE].max);
    if (in->count && back->count && (in->max > 0 || back->max > 0))
        strbuf_fmt(&out, ", PCIe up to %.0f MB/s in and %.0f out", in->max, back->max);
    if (gpu->reasons)
        strbuf_fmt(&out, ", " STR_FMT, STR_ARG(throttled(arena, gpu)));
    Str said = strbuf_str(&out), name = label(arena, gpu);
    return str_fmt(arena, STR_FMT "%s" STR_FMT ": " STR_FMT, STR_ARG(name), when.len ? ", " : "",
                   STR_ARG(when), STR_ARG(str_starts(said, S(", ")) ? str_from(said, 2) : said));
}

Str gpu_summary_throttled(Arena *arena, const GpuSummary *gpu)
{
    if (!gpu->reasons)
        return (Str){0};
    return str_fmt(arena, "GPU " STR_FMT " was " STR_FMT, STR_ARG(gpu->gpu),
                   STR_ARG(throttled(arena, gpu)));
}

/* ------------------------------------------------------------------ every quantity */

static void print_gpu(Arena *arena, StrBuf *out, const GpuSummary *gpu)
{
    static const struct {
        const char *name;
        const char *unit;
    } QUANTITIES[GPU_QUANTITIES] = {
        [GPU_SM_BUSY] = {"kernels running", "%"},     [GPU_MEMORY_BUSY] = {"memory busy", "%"},
        [GPU_MEMORY_USED] = {"memory used", "MiB"},   [GPU_POWER] = {"power", "W"},
        [GPU_TEMPERATURE] = {"temperature", "C"},     [GPU_SM_CLOCK] = {"SM clock", "MHz"},
        [GPU_MEMORY_CLOCK] = {"memory clock", "MHz"}, [GPU_PCIE_IN] = {"PCIe in", "MB/s"},
        [GPU_PCIE_OUT] = {"PCIe out", "MB/s"},
    };
    strbuf_fmt(out, "GPU " STR_FMT "%s" STR_FMT ": %zu sample%s", STR_ARG(gpu->gpu),
               gpu->name.len ? ", " : "", STR_ARG(gpu->name), gpu->samples,
               gpu->samples == 1 ? "" : "s");
    if (!isnan(gpu->lasts_s))
        strbuf_fmt(out, " in " STR_FMT " s", STR_ARG(seconds(arena, gpu->lasts_s)));
    strbuf_char(out, '\n');
    for (size_t i = 0; i < GPU_QUANTITIES; i++) {
        const GpuRange *range = &gpu->values[i];
        if (range->count && QUANTITIES[i].name)
            strbuf_fmt(out, "  %-15s mean %.4g, %.4g to %.4g %s\n", QUANTITIES[i].name, range->mean,
                       range->min, range->max, QUANTITIES[i].unit);
    }
    if (gpu_summary_clock_changed(gpu))
        strbuf_fmt(out, "  the SM clock changed at work: %.4g to %.4g MHz\n", gpu->sm_clock.min,
                   gpu->sm_clock.max);
    if (gpu->reasons)
        strbuf_fmt(out, "  " STR_FMT "\n", STR_ARG(throttled(arena, gpu)));
}

Str gpu_monitor_text(Arena *arena, const GpuMonitor *monitor)
{
    StrBuf out = strbuf_new(arena);
    GpuSummaries all = gpu_summaries_of(arena, monitor);
    array_each (GpuSummary, gpu, &all)
        print_gpu(arena, &out, gpu);
    if (monitor->bad_rows)
        strbuf_fmt(&out, "%zu row%s could not be read\n", monitor->bad_rows,
                   monitor->bad_rows == 1 ? "" : "s");
    return strbuf_str(&out);
}
