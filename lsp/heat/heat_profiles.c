/* Which profile is shown, which one it is compared with, and both mapped and rolled up. */

#include "base/clock.h"
#include "base/path.h"
#include "base/strbuf.h"
#include "lsp/heat/heat_data.h"
#include "runners/profiling/gpu_beside.h"
#include "runners/profiling/versions.h"

enum {
    OTHERS_MAX = 2,
    LOOKED_AT = 30, /* older profiles are looked at on request only */
};

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
    bool found = metric.len == 0 || (heat && heat->now.present &&
                                     profile_metric(&heat->now.open.profile, metric) != SIZE_MAX);
    for (size_t i = 0; heat && i < heat->n_others; i++)
        found = found || profile_metric(&heat->others[i]->now.open.profile, metric) != SIZE_MAX;
    return found;
}

Str heat_profile_name(const Heat *heat, uint64_t number)
{
    for (size_t i = 0; heat && i < heat->n_profiles; i++)
        if (heat->profiles[i].number == (int64_t)number)
            return heat->profiles[i].name;
    return S("");
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
    for (size_t i = 1; i < profile->metrics_len; i++) {
        size_t next = (heat->now.metric + i) % profile->metrics_len;
        if (profile_total(profile, next) > 0)
            return metric_name(profile, next);
    }
    return metric_name(profile, heat->now.metric);
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
        heat_note(heat,
                  "profile %lld (" STR_FMT "): %s; `perfloop hot --profile %lld` reads it again",
                  (long long)row->id, STR_ARG(row->source), err.msg, (long long)row->id);
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
    return str_to_u64(wanted, &id) ? row->id == (int64_t)id : str_ends(row->source, wanted);
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

/* Where profiles come from, and what the user wants of them. */
typedef struct Choices {
    const Places *places;
    Ledger *ledger;
    LedgerProfiles all; /* newest first */
    const Settings *settings;
} Choices;

static bool show(Heat *heat, const Choices *from, const LedgerProfile *row)
{
    heat->rules = NULL;
    heat->n_rules = 0;
    use_path_rules(heat, row->workload);
    if (!open_profile(heat, from->places, row, from->settings->metric, true, &heat->now))
        return false;
    heat->now.gpus = gpu_besides(heat->arena, from->places, from->ledger, row).lines;
    compare_with_base(heat, from->places, &from->all, row);
    return true;
}

static bool has_tool(const Heat *heat, Str tool)
{
    bool found = str_eq(heat->now.row.tool, tool);
    for (size_t i = 0; i < heat->n_others; i++)
        found = found || str_eq(heat->others[i]->now.row.tool, tool);
    return found;
}

static bool is_of_gpu(const Heat *heat)
{
    const Profile *profile = &heat->now.open.profile;
    for (size_t i = 0; i < profile->frames_len; i++)
        if (profile->frames[i].kind == FRAME_GPU)
            return true;
    return false;
}

/*
 * Host and device need tools of their own: what the newest profile does not know, the newest one of
 * another tool may, if one of the two is of the GPU. Time and bytes of Python stay apart.
 */
static void load_others(Heat *heat, const Choices *from)
{
    heat->others = NEW_ARRAY(heat->arena, Heat *, OTHERS_MAX);
    for (size_t i = 0; i < from->all.len && i < LOOKED_AT && heat->n_others < OTHERS_MAX; i++) {
        const LedgerProfile *row = &from->all.items[i];
        if (row->files.len == 0 || has_tool(heat, row->tool))
            continue;
        Heat *other = NEW(heat->arena, Heat);
        *other = *heat;
        other->now = other->base = (HeatProfile){0};
        other->compared = NULL;
        if (show(other, from, row) && (is_of_gpu(heat) || is_of_gpu(other))) {
            heat->others[heat->n_others++] = other;
        } else {
            profile_close(&other->now.open);
            profile_close(&other->base.open);
        }
    }
}

void heat_share_with_others(Heat *heat)
{
    for (size_t i = 0; i < heat->n_others; i++) {
        Heat *other = heat->others[i], own = *other;
        *other = *heat;
        other->now = own.now;
        other->base = own.base;
        other->compared = own.compared;
        other->rules = own.rules;
        other->n_rules = own.n_rules;
    }
}

static bool knows_file(const Heat *heat, Str path)
{
    for (size_t i = 0; heat->now.present && i < heat->now.row.files.len; i++)
        if (str_eq(heat->now.row.files.items[i].path, path))
            return true;
    return false;
}

/* Of this file no line but those where kernels begin. */
static bool knows_kernels_only(const Heat *heat, Str path)
{
    const HotSpots *spots = heat->now.spots;
    bool kernels = false;
    for (size_t i = 0; i < spots->lines_len; i++) {
        const HotSpot *line = &spots->lines[i];
        if (!line->mapped || line->self <= 0 || !str_eq(line->file, path))
            continue;
        if (line->kind != FRAME_GPU || line->line != spots->functions[line->owner].line)
            return false;
        kernels = true;
    }
    return kernels;
}

const Heat *heat_for_file(const Heat *heat, Str path)
{
    const Heat *best = knows_file(heat, path) ? heat : NULL;
    for (size_t i = 0; path.len && i < heat->n_others; i++) {
        const Heat *other = heat->others[i];
        if (knows_file(other, path) &&
            (!best || (knows_kernels_only(best, path) && !knows_kernels_only(other, path))))
            best = other;
    }
    return best ? best : heat;
}

const Heat *heat_of_profile(const Heat *heat, int64_t profile)
{
    if (heat->now.present && heat->now.row.id == profile)
        return heat;
    for (size_t i = 0; i < heat->n_others; i++)
        if (heat->others[i]->now.row.id == profile)
            return heat->others[i];
    return NULL;
}

/* "profile 3 (nsys, run.sqlite)": the newest, for the user to choose from. */
static void list_profiles(Heat *heat, const LedgerProfiles *all)
{
    heat->profiles = NEW_ARRAY(heat->arena, ViewProfile, LOOKED_AT);
    for (size_t i = 0; i < all->len && i < LOOKED_AT; i++) {
        const LedgerProfile *row = &all->items[i];
        heat->profiles[heat->n_profiles++] = (ViewProfile){
            .number = row->id,
            .name = str_fmt(heat->arena, "profile %lld (" STR_FMT ", " STR_FMT ")",
                            (long long)row->id, STR_ARG(row->tool.len ? row->tool : row->format),
                            STR_ARG(path_base(row->source))),
        };
    }
}

void heat_load_profiles(Heat *heat, const Places *places, Ledger *ledger, const Settings *settings)
{
    Err err = {0};
    Choices from = {.places = places, .ledger = ledger, .settings = settings};
    if (!ledger_profiles(heat->arena, ledger, S(""), 0, &from.all, &err)) {
        heat_note(heat, "%s", err.msg);
        return;
    }
    if (from.all.len)
        heat->libraries = libraries_here(heat->arena);
    list_profiles(heat, &from.all);
    /* One that names no file of the workspace would hide those that do. */
    for (int with_files = 1; with_files >= 0 && !heat->now.present; with_files--)
        array_each (LedgerProfile, row, &from.all)
            if (!heat->now.present && is_wanted(row, settings->profile) &&
                (row->files.len > 0) == with_files)
                (void)show(heat, &from, row);
    if (heat->now.present && !settings->profile.len)
        load_others(heat, &from);
}
