#include "runners/measure/gpus.h"

#include <math.h>

#include "analysis/profile/nvidia/gpu_summary.h"
#include "runners/process.h"

enum {
    TIMEOUT_S = 10,
    CLOCK_CHANGE_PERCENT = 5,
};

static const Str NOT_THROTTLED = STR_CONST("no");

/* Drivers call the reasons by one of two names, and refuse the whole question for a wrong one. */
static bool ask(Arena *arena, Str query, GpuMonitor *out)
{
    const Str argv[] = {S("nvidia-smi"), query, S("--format=csv")};
    ProcessOptions options = {.argv = argv, .argc = 3, .timeout_s = TIMEOUT_S};
    ProcessResult result;
    Err err = {0};
    return process_run(arena, &options, &result, &err) &&
           process_check(&result, S("nvidia-smi"), &err) &&
           gpu_monitor_read(arena, result.out, out, &err);
}

static void add(Arena *arena, Conditions *list, const GpuSeries *gpu, const char *what, Str value)
{
    if (value.len)
        *array_push(arena, list) =
            (Condition){.group = S("gpu"),
                        .key = str_fmt(arena, "GPU " STR_FMT "%s", STR_ARG(gpu->gpu), what),
                        .value = value};
}

static Str clock_text(Arena *arena, const GpuSample *sample, GpuQuantity clock)
{
    if (sample->reasons & GPU_IDLE)
        return S("idle");
    return isnan(sample->values[clock]) ? (Str){0}
                                        : str_fmt(arena, "%.0f MHz", sample->values[clock]);
}

void gpus_collect(Arena *arena, Conditions *list)
{
    GpuMonitor seen = {0};
    if (!ask(arena, S("--query-gpu=index,name,clocks.sm,clocks.mem,clocks_throttle_reasons.active"),
             &seen) &&
        !ask(arena, S("--query-gpu=index,name,clocks.sm,clocks.mem,clocks_event_reasons.active"),
             &seen))
        return;
    array_each (GpuSeries, gpu, &seen.gpus) {
        const GpuSample *sample = &gpu->samples.items[0];
        uint64_t throttled = sample->reasons & GPU_THROTTLED;
        add(arena, list, gpu, "", gpu->name);
        add(arena, list, gpu, " SM clock", clock_text(arena, sample, GPU_SM_CLOCK));
        add(arena, list, gpu, " memory clock", clock_text(arena, sample, GPU_MEMORY_CLOCK));
        add(arena, list, gpu, " throttled",
            throttled ? gpu_reasons_text(arena, throttled) : NOT_THROTTLED);
    }
}

/* "1695 MHz"; false: "idle". */
static bool megahertz(Str value, double *out)
{
    Str number, unit;
    return str_cut(value, ' ', &number, &unit) && str_to_double(number, out);
}

bool gpus_differ(const Condition *before, Str now)
{
    double was, is;
    if (!now.len)
        return false;
    if (str_ends(before->key, S(" throttled")))
        return !str_eq(before->value, NOT_THROTTLED) || !str_eq(now, NOT_THROTTLED);
    if (str_ends(before->key, S(" clock")))
        return megahertz(before->value, &was) && megahertz(now, &is) &&
               fabs(was - is) * 100 > fmax(was, is) * CLOCK_CHANGE_PERCENT;
    return !str_eq(before->value, now);
}

Str gpus_difference_text(Arena *arena, const Condition *before, Str now)
{
    Str gpu = before->key;
    if (!str_eq(before->group, S("gpu")) || !str_ends(gpu, S(" throttled")))
        return (Str){0};
    gpu.len -= S(" throttled").len;
    bool is_now = !str_eq(now, NOT_THROTTLED);
    return str_fmt(arena, "gpu: " STR_FMT " %s throttled (" STR_FMT ")", STR_ARG(gpu),
                   is_now ? "is" : "was", STR_ARG(is_now ? now : before->value));
}
