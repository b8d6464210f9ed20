/* Which profile is shown, which one it is compared with, and both mapped and rolled up. */

#include "base/clock.h"
#include "base/strbuf.h"
#include "lsp/heat/heat_data.h"
#include "runners/profiling/gpu_beside.h"
#include "runners/profiling/versions.h"

PathMap *heat_path_map(Arena *arena, const Heat *heat, const HeatProfile *profile)
{
    Str *files = NEW_ARRAY(arena, Str, profile->row.files.len + 1);
    for (size_t i = 0; i < profile->row.files.len; i++)
        files[i] = profile->row.files.items[i].path;
    return pathmap_new(arena, (PathMapOptions){
                                  .root = heat->root,
                                  .run_dir = profile->row.run_dir,
                                  .files = files,
                                  .files_len = profile->row.files.len,
                                  .rules = heat->rules,
                                  .rules_len = heat->n_rules,
                                  .libraries = heat->libraries.items,
                                  .libraries_len = heat->libraries.len,
                              });
}

static void use_path_rules(Heat *heat, Str workload_name)
{
    array_each (Workload, workload, &heat->workload_file.workloads) {
        if (!str_eq(workload->name, workload_name))
            continue;
        heat->rules = NEW_ARRAY(heat->arena, PathRule, workload->path_map.len + 1);
        for (size_t i = 0; i < workload->path_map.len; i++)
            heat->rules[heat->n_rules++] = (PathRule){
                .from = workload->path_map.items[i].from,
                .to = workload->path_map.items[i].to,
            };
    }
}

bool heat_has_metric(const Heat *heat, Str metric)
{
    return metric.len == 0 || (heat && heat->now.present &&
                               profile_metric(&heat->now.open.profile, metric) != SIZE_MAX);
}

static Str metric_name(const Profile *profile, size_t metric)
{
    return profile_text(profile, profile->metrics[metric].name);
}

Str heat_next_metric(const Heat *heat)
{
    if (!heat || !heat->now.present)
        return S("");
    const Profile *profile = &heat->now.open.profile;
    return metric_name(profile, (heat->now.metric + 1) % profile->metrics_len);
}

Str heat_metric_names(Arena *arena, const Heat *heat)
{
    StrBuf out = strbuf_new(arena);
    for (size_t i = 0; heat && heat->now.present && i < heat->now.open.profile.metrics_len; i++)
        strbuf_fmt(&out, "%s" STR_FMT, i ? ", " : "",
                   STR_ARG(metric_name(&heat->now.open.profile, i)));
    return strbuf_str(&out);
}

/* The metric of this name, else the other one. */
static size_t metric_or(const Profile *profile, Str name, size_t otherwise)
{
    size_t found = name.len ? profile_metric(profile, name) : SIZE_MAX;
    return found == SIZE_MAX ? otherwise : found;
}

/* The ranking metric first, then the others in the profile's order. */
static void roll_up(Heat *heat, HeatProfile *out, Str wanted, bool every_metric)
{
    const Profile *profile = &out->open.profile;
    size_t usual = metric_or(profile, out->row.metric, 0);
    out->metric = metric_or(profile, wanted, usual);
    out->spots = NEW_ARRAY(heat->arena, HotSpots, profile->metrics_len);
    PathMap *map = heat_path_map(heat->arena, heat, out);
    out->spots[out->n_spots++] =
        hotspots_of(heat->arena, profile, (HotOptions){.metric = out->metric, .map = map});
    out->said = said_of(heat->arena, profile, map);
    for (size_t i = 0; every_metric && i < profile->metrics_len; i++)
        if (i != out->metric) {
            if (i == usual)
                out->usual = out->n_spots;
            out->spots[out->n_spots++] =
                hotspots_of(heat->arena, profile, (HotOptions){.metric = i, .map = map});
        }
}

static bool open_profile(Heat *heat, const Places *places, const LedgerProfile *row, Str wanted,
                         bool every_metric, HeatProfile *out)
{
    Err err = {0};
    if (!profile_open(heat->arena, places->cache, row->cache, &out->open, &err)) {
        heat_note(heat, "profile %lld (" STR_FMT "): %s; import it again, or profile again",
                  (long long)row->id, STR_ARG(row->source), err.msg);
        return false;
    }
    out->row = *row;
    out->recorded = clock_iso(heat->arena, row->time_s);
    out->present = true;
    roll_up(heat, out, wanted, every_metric);
    return true;
}

static bool is_wanted(const LedgerProfile *row, Str wanted)
{
    uint64_t id = 0;
    if (wanted.len == 0)
        return true;
    return (str_to_u64(wanted, &id) && row->id == (int64_t)id) || str_ends(row->source, wanted);
}

/* The same comparison as `perfloop hot --against baseline`. */
static void compare_with_base(Heat *heat, const Places *places, const LedgerProfiles *all,
                              const LedgerProfile *now)
{
    const LoopWorkload *loop = loop_view_find(&heat->loop, now->workload);
    if (!loop || now->workload.len == 0)
        return;
    const LedgerProfile *base = versions_baseline(all, now, &loop->baseline, &loop->iterations);
    if (!base || !open_profile(heat, places, base, heat->now.spots[0].metric, false, &heat->base))
        return;
    const HotSpots *then = heat->base.spots, *spots = heat->now.spots;
    CompareOptions options = {0};
    if (then->total <= 0 || spots->total <= 0 || !str_eq(then->metric, spots->metric) ||
        !str_eq(then->unit, spots->unit))
        return;
    versions_files(heat->arena, places, base, now, &options);
    versions_measured(spots, &loop->baseline, &loop->iterations, base, now, &options);
    Comparison *compared = NEW(heat->arena, Comparison);
    *compared = compare_spots(heat->arena, then, spots, &options);
    heat->compared = compared;
}

void heat_load_profiles(Heat *heat, const Places *places, Ledger *ledger, const Settings *settings)
{
    Err err = {0};
    LedgerProfiles all = {0};
    if (!ledger_profiles(heat->arena, ledger, S(""), 0, &all, &err)) {
        heat_note(heat, "%s", err.msg);
        return;
    }
    if (all.len)
        heat->libraries = libraries_here(heat->arena);
    array_each (LedgerProfile, row, &all) {
        if (!is_wanted(row, settings->profile))
            continue;
        use_path_rules(heat, row->workload);
        if (!open_profile(heat, places, row, settings->metric, true, &heat->now))
            continue;
        heat->now.gpus = gpu_besides(heat->arena, places, ledger, row).lines;
        compare_with_base(heat, places, &all, row);
        return;
    }
}
