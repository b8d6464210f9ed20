#include "runners/profiling/gpu_beside.h"

#include <math.h>

#include "base/path.h"
#include "runners/ledger/contents.h"
#include "runners/profiling/convert.h"

enum {
    PROFILES_LOOKED_AT = 50,
};

/* ------------------------------------------------------------------ lines */

static Str when(Arena *arena, const GpuBeside *beside)
{
    if (str_eq(beside->origin, S("profiler")))
        return S("meanwhile");
    if (str_eq(beside->origin, S("nsys")))
        return S("under nsys");
    if (str_eq(beside->origin, S("alone")))
        return S("in a run without a profiler");
    return str_fmt(arena, "by " STR_FMT, STR_ARG(path_base(beside->source)));
}

static void add_lines(Arena *arena, const GpuBeside *beside, GpuBesides *out)
{
    size_t idle = 0;
    Str at = when(arena, beside);
    array_each (const GpuSummary, gpu, &beside->gpus) {
        if (beside->gpus.len > 1 && gpu_summary_is_idle(gpu)) {
            idle++;
            continue;
        }
        *array_push(arena, &out->lines) = gpu_summary_line(arena, gpu, at, beside->load_is_ours);
        Str throttled = gpu_summary_throttled(arena, gpu);
        bool is_meanwhile =
            str_eq(beside->origin, S("profiler")) || str_eq(beside->origin, S("imported"));
        if (throttled.len && is_meanwhile)
            *array_push(arena, &out->notes) =
                str_fmt(arena, STR_FMT " while this was recorded: its times are of lower clocks",
                        STR_ARG(throttled));
    }
    if (idle)
        *array_push(arena, &out->lines) =
            str_fmt(arena, "%zu %sGPU%s, " STR_FMT ": no kernel was seen", idle,
                    idle < beside->gpus.len ? "more " : "", idle == 1 ? "" : "s", STR_ARG(at));
}

static bool add(Arena *arena, Str text, GpuBeside beside, GpuBesides *out, Err *err)
{
    GpuMonitor monitor;
    if (!gpu_monitor_read(arena, text, &monitor, err))
        return false;
    beside.gpus = gpu_summaries_of(arena, &monitor);
    *array_push(arena, &out->recordings) = beside;
    add_lines(arena, &beside, out);
    return true;
}

bool gpu_besides_of(Arena *arena, const GpuBeside *one, Str text, GpuBesides *out, Err *err)
{
    return add(arena, text, *one, out, err);
}

static void add_row(Arena *arena, const Places *places, const LedgerProfile *profile,
                    const LedgerGpus *row, GpuBesides *out)
{
    Str text;
    Err gone = {0};
    bool with_ncu = str_eq(row->origin, S("profiler")) && str_eq(profile->tool, S("ncu"));
    GpuBeside one = {.origin = row->origin, .source = row->source, .load_is_ours = !with_ncu};
    if (contents_get(arena, places, row->content, &text, &gone))
        (void)add(arena, text, one, out, &gone);
}

GpuBesides gpu_besides(Arena *arena, const Places *places, Ledger *ledger,
                       const LedgerProfile *profile)
{
    static const Str ORIGINS[] = {STR_CONST("profiler"), STR_CONST("nsys"), STR_CONST("alone"),
                                  STR_CONST("imported")};
    GpuBesides out = {0};
    LedgerGpusList rows = {0};
    Err unreadable = {0};
    if (!ledger_gpus(arena, ledger, profile, &rows, &unreadable))
        return out;
    for (size_t i = 0; i < sizeof(ORIGINS) / sizeof(ORIGINS[0]); i++)
        array_each (const LedgerGpus, row, &rows)
            if (str_eq(row->origin, ORIGINS[i]))
                add_row(arena, places, profile, row, &out);
    return out;
}

/* ------------------------------------------------------------------ the ledger */

bool gpu_beside_keep(const Places *places, LedgerGpus row, Str text, Err *err)
{
    CLEANUP(ledger_cleanup) Ledger *ledger = ledger_open(places, LEDGER_WRITE, err);
    return ledger && contents_put(places, text, &row.content, err) &&
           ledger_add_gpus(ledger, &row, err);
}

static bool has_kernels(Arena *arena, const Places *places, const LedgerProfile *row)
{
    OpenProfile open = {0};
    Err gone = {0};
    bool found = false;
    if (!profile_open(arena, places->cache, row->cache, &open, &gone))
        return false;
    for (size_t i = 0; i < open.profile.frames_len && !found; i++)
        found = open.profile.frames[i].kind == FRAME_GPU;
    profile_close(&open);
    return found;
}

bool gpu_beside_find(Arena *arena, const Places *places, Str workload, LedgerProfile *out)
{
    Err none = {0};
    LedgerProfiles rows = {0};
    CLEANUP(ledger_cleanup) Ledger *ledger = ledger_open(places, LEDGER_READ, &none);
    if (!ledger || !ledger_profiles(arena, ledger, workload, PROFILES_LOOKED_AT, &rows, &none))
        return false;
    array_each (const LedgerProfile, row, &rows)
        if (has_kernels(arena, places, row)) {
            *out = *row;
            return true;
        }
    return false;
}

/* ------------------------------------------------------------------ JSON */

static void range_fields(JsonOut *out, const char *name, const char *unit, const GpuRange *range)
{
    if (!range->count)
        return;
    json_key(out, name);
    json_open(out, '{');
    json_key_str(out, "unit", str_from_c(unit));
    json_key_double(out, "mean", range->mean);
    json_key_double(out, "median", range->median);
    json_key_double(out, "min", range->min);
    json_key_double(out, "max", range->max);
    json_close(out, '}');
}

static void reasons_fields(JsonOut *out, uint64_t reasons)
{
    json_key(out, "reasons");
    json_open(out, '[');
    for (uint64_t bit = 1; bit <= GPU_THROTTLED; bit <<= 1) {
        CLEANUP(arena_cleanup) Arena *scratch = arena_new("reasons");
        if (reasons & bit)
            json_put_str(out, gpu_reasons_text(scratch, bit));
    }
    json_close(out, ']');
}

static void gpu_fields(JsonOut *out, const GpuBeside *beside, const GpuSummary *gpu)
{
    json_open(out, '{');
    json_key_str(out, "origin", beside->origin);
    json_key_str(out, "source", beside->source);
    json_key_str(out, "gpu", gpu->gpu);
    json_key_str(out, "name", gpu->name);
    json_key_u64(out, "samples", gpu->samples);
    if (!isnan(gpu->lasts_s))
        json_key_double(out, "seconds", gpu->lasts_s);
    if (beside->load_is_ours) {
        range_fields(out, "kernels_running", "%", &gpu->values[GPU_SM_BUSY]);
        range_fields(out, "memory_busy", "%", &gpu->values[GPU_MEMORY_BUSY]);
    }
    range_fields(out, "memory_used", "MiB", &gpu->values[GPU_MEMORY_USED]);
    range_fields(out, "memory_total", "MiB", &gpu->values[GPU_MEMORY_TOTAL]);
    range_fields(out, "power", "W", &gpu->values[GPU_POWER]);
    range_fields(out, "power_limit", "W", &gpu->values[GPU_POWER_LIMIT]);
    range_fields(out, "temperature", "C", &gpu->values[GPU_TEMPERATURE]);
    range_fields(out, "sm_clock", "MHz", &gpu->sm_clock);
    range_fields(out, "sm_clock_limit", "MHz", &gpu->values[GPU_SM_CLOCK_MAX]);
    range_fields(out, "memory_clock", "MHz", &gpu->memory_clock);
    range_fields(out, "pcie_in", "MB/s", &gpu->values[GPU_PCIE_IN]);
    range_fields(out, "pcie_out", "MB/s", &gpu->values[GPU_PCIE_OUT]);
    json_key_u64(out, "throttled_samples", gpu->throttled_samples);
    if (!isnan(gpu->throttled_s))
        json_key_double(out, "throttled_seconds", gpu->throttled_s);
    reasons_fields(out, gpu->reasons);
    json_close(out, '}');
}

void gpu_besides_fields(JsonOut *out, const GpuBesides *besides)
{
    if (!besides->recordings.len)
        return;
    json_key(out, "gpus");
    json_open(out, '[');
    array_each (const GpuBeside, beside, &besides->recordings)
        array_each (const GpuSummary, gpu, &beside->gpus)
            gpu_fields(out, beside, gpu);
    json_close(out, ']');
}
