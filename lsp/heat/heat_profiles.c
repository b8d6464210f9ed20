/* Which profile is shown, which one it is compared with, and both mapped and rolled up. */

#include "base/clock.h"
#include "lsp/heat/heat_data.h"

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

/* The ranking metric first, then the others in the profile's order. */
static void roll_up(Heat *heat, HeatProfile *out, bool every_metric)
{
    const Profile *profile = &out->open.profile;
    size_t chosen = out->row.metric.len ? profile_metric(profile, out->row.metric) : SIZE_MAX;
    out->metric = chosen == SIZE_MAX ? 0 : chosen;
    out->spots = NEW_ARRAY(heat->arena, HotSpots, profile->metrics_len);
    PathMap *map = heat_path_map(heat->arena, heat, out);
    out->spots[out->n_spots++] =
        hotspots_of(heat->arena, profile, (HotOptions){.metric = out->metric, .map = map});
    for (size_t i = 0; every_metric && i < profile->metrics_len; i++)
        if (i != out->metric)
            out->spots[out->n_spots++] =
                hotspots_of(heat->arena, profile, (HotOptions){.metric = i, .map = map});
}

static bool open_profile(Heat *heat, const Places *places, const LedgerProfile *row,
                         bool every_metric, HeatProfile *out)
{
    Err err = {0};
    if (!profile_open(heat->arena, places->cache, row->cache, &out->open, &err)) {
        heat_note(heat, "profile %lld (" STR_FMT "): %s; import it again", (long long)row->id,
                  STR_ARG(row->source), err.msg);
        return false;
    }
    out->row = *row;
    out->recorded = clock_iso(heat->arena, row->time_s);
    out->present = true;
    roll_up(heat, out, every_metric);
    return true;
}

static bool is_wanted(const LedgerProfile *row, Str wanted)
{
    uint64_t id = 0;
    if (wanted.len == 0)
        return true;
    return (str_to_u64(wanted, &id) && row->id == (int64_t)id) || str_ends(row->source, wanted);
}

/*
 * The profile of the baseline: of the same workload, tool and metric, recorded on the tree that was
 * measured as the baseline, else the first one recorded after it.
 */
static const LedgerProfile *base_of(const Heat *heat, const LedgerProfiles *all,
                                    const LedgerProfile *now)
{
    const LoopWorkload *loop = loop_view_find(&heat->loop, now->workload);
    const LedgerProfile *found = NULL;
    if (!loop || loop->baseline.id == 0 || now->workload.len == 0)
        return NULL;
    array_each (LedgerProfile, row, all) { /* newest first */
        if (!str_eq(row->workload, now->workload) || !str_eq(row->tool, now->tool) ||
            !str_eq(row->metric, now->metric) || row->id >= now->id)
            continue;
        bool same_tree = row->snapshot.len && str_eq(row->snapshot, loop->baseline.snapshot);
        if (same_tree)
            return row;
        if (row->time_s >= loop->baseline.time_s)
            found = row;
    }
    return found;
}

void heat_load_profiles(Heat *heat, const Places *places, Ledger *ledger, const Settings *settings)
{
    Err err = {0};
    LedgerProfiles all = {0};
    if (!ledger_profiles(heat->arena, ledger, S(""), 0, &all, &err)) {
        heat_note(heat, "%s", err.msg);
        return;
    }
    array_each (LedgerProfile, row, &all) {
        if (!is_wanted(row, settings->profile))
            continue;
        use_path_rules(heat, row->workload);
        if (!open_profile(heat, places, row, true, &heat->now))
            continue;
        const LedgerProfile *base = base_of(heat, &all, row);
        if (base)
            open_profile(heat, places, base, false, &heat->base);
        return;
    }
}
