#include "analysis/profile/perf/perf_parts.h"

#include <string.h>

#include "analysis/profile/perf/perf_generated.h"
#include "base/path.h"

PerfTotals perf_totals_new(Arena *arena, ProfileBuilder *build)
{
    return (PerfTotals){.arena = arena, .build = build, .row_of = idmap_new(arena)};
}

/* "cycles:uppp" is cycles of user code, precise; "sched:sched_switch" is a name. */
static Str without_modifiers(Str event)
{
    Str name, modifiers;
    if (!str_cut_last(event, ':', &name, &modifiers) || !name.len)
        return event;
    for (size_t i = 0; i < modifiers.len; i++)
        if (!memchr("ukhpPGHSDIWeb", modifiers.ptr[i], 13))
            return event;
    return name;
}

uint32_t perf_totals_event(PerfTotals *totals, Str recorded, bool weighted)
{
    Str name = without_modifiers(recorded);
    array_each (PerfEvent, event, &totals->events) {
        if (str_eq(event->recorded, recorded))
            return (uint32_t)(event - totals->events.items);
        if (str_eq(event->name, name))
            name = recorded;
    }
    if (totals->events.len == PROFILE_METRICS_MAX) {
        totals->events_dropped++;
        return UINT32_MAX;
    }
    *array_push(totals->arena, &totals->events) =
        (PerfEvent){.recorded = str_copy(totals->arena, recorded),
                    .name = str_copy(totals->arena, name),
                    .weighted = weighted};
    return (uint32_t)totals->events.len - 1;
}

/* A stack mostly comes from the thread and event that it came from before. */
static PerfRow *row_of(PerfTotals *totals, PerfSample sample)
{
    if (sample.stack >= totals->newest_room) {
        size_t room = (size_t)sample.stack * 2 + 64;
        uint32_t *newest = NEW_ARRAY(totals->arena, uint32_t, room);
        if (totals->newest_room)
            memcpy(newest, totals->newest, totals->newest_room * sizeof(*newest));
        totals->newest = newest;
        totals->newest_room = room;
    }
    uint32_t newest = totals->newest[sample.stack];
    PerfRow *row = newest ? &totals->rows.items[newest - 1] : NULL;
    if (row && row->thread == sample.thread && row->event == sample.event)
        return row;
    uint32_t owner = sample.thread * PROFILE_METRICS_MAX + sample.event;
    uint32_t *slot = idmap_slot(&totals->row_of, idmap_pair(sample.stack, owner));
    if (!*slot) {
        *array_push(totals->arena, &totals->rows) =
            (PerfRow){.stack = sample.stack, .thread = sample.thread, .event = sample.event};
        *slot = (uint32_t)totals->rows.len;
    }
    totals->newest[sample.stack] = *slot;
    return &totals->rows.items[*slot - 1];
}

void perf_totals_add(PerfTotals *totals, PerfSample sample)
{
    if (sample.event >= totals->events.len)
        return;
    uint64_t weight = totals->events.items[sample.event].weighted ? sample.weight : 1;
    PerfRow *row = row_of(totals, sample);
    row->count++;
    if (weight > INT64_MAX || __builtin_add_overflow(row->weight, (int64_t)weight, &row->weight))
        totals->overflows++;
}

/* perf's two clocks count nanoseconds, whatever the frequency asked for. */
static Str unit_of(const PerfEvent *event)
{
    bool clock = str_eq(event->name, S("cpu-clock")) || str_eq(event->name, S("task-clock")) ||
                 str_starts(event->name, S("cpu-clock:")) ||
                 str_starts(event->name, S("task-clock:"));
    return event->weighted && clock ? S("ns") : S("count");
}

void perf_totals_finish(PerfTotals *totals)
{
    size_t metric[PROFILE_METRICS_MAX] = {0};
    bool used[PROFILE_METRICS_MAX] = {0};
    array_each (PerfRow, row, &totals->rows)
        used[row->event] = true;
    array_each (PerfEvent, event, &totals->events)
        if (used[event - totals->events.items])
            metric[event - totals->events.items] =
                profile_add_metric(totals->build, event->name, unit_of(event), true);
    if (!totals->rows.len)
        profile_add_metric(totals->build, S("samples"), S("count"), true);
    array_each (PerfRow, row, &totals->rows) {
        int64_t weights[PROFILE_METRICS_MAX] = {0};
        weights[metric[row->event]] = row->weight;
        profile_add_sample(totals->build, (ProfileSample){row->stack, row->thread, row->count},
                           weights);
    }
    if (totals->events_dropped)
        profile_note(totals->build, "more than %d events: %llu samples of the others were left out",
                     PROFILE_METRICS_MAX, (unsigned long long)totals->events_dropped);
    profile_note_count(totals->build, totals->overflows, "period is beyond all measure and was",
                       "periods are beyond all measure and were", "left out");
}

/* ------------------------------------------------------------------ modules */

static bool is_kernel_module(Str module)
{
    return str_starts(module, S("[kernel")) || str_starts(module, S("[guest.kernel")) ||
           str_starts(path_base(module), S("vmlinux")) || str_ends(module, S(".ko")) ||
           str_has(path_base(module), S(".ko.")) || str_starts(module, S("bpf_prog_"));
}

bool perf_is_kernel(uint64_t address, Str module)
{
    return is_kernel_module(module) ||
           (address >= 0xffff800000000000u && (!module.len || module.ptr[0] != '/'));
}

FrameKind perf_module_kind(Str module)
{
    static const Str SYSTEM[] = {STR_CONST("/usr/lib"), STR_CONST("/lib"), STR_CONST("["),
                                 STR_CONST("/nix/store/"), STR_CONST("//anon")};
    if (perf_is_map_file(module) || str_starts(path_base(module), S("jitted-")))
        return FRAME_GENERATED;
    for (size_t i = 0; i < sizeof(SYSTEM) / sizeof(SYSTEM[0]); i++)
        if (str_starts(module, SYSTEM[i]))
            return FRAME_NATIVE;
    /* What a profiler put into the program: below /opt/nvidia, or wherever it was unpacked. */
    if (str_has(module, S("/nsight-systems/")) || str_has(module, S("/nsight-compute/")))
        return FRAME_NATIVE;
    return FRAME_USER;
}

Str perf_unknown_name(Arena *arena, Str module)
{
    if (!module.len || module.ptr[0] == '[')
        return module.len ? module : S("[unknown]");
    Str base = path_base(module);
    return str_fmt(arena, "[" STR_FMT "]", STR_ARG(base));
}
