#include "runners/profiling/versions.h"

#include <math.h>

#include "base/map.h"
#include "runners/ledger/contents.h"

enum {
    CHAIN_MAX = 1000,
};

AnchorSide version_side(Arena *arena, Str path, Str bytes)
{
    Outline *outline = NEW(arena, Outline);
    const Text *text = text_new(arena, bytes);
    Syntax *syntax = syntax_parse(lang_of_path(path), text, NULL, NULL, 0, NULL);
    *outline = outline_of(arena, syntax, text);
    syntax_free(syntax);
    return (AnchorSide){text, outline};
}

/* ------------------------------------------------------------------ which profile */

static bool is_alike(const LedgerProfile *profile, const LedgerProfile *now)
{
    return profile->id != now->id && str_eq(profile->workload, now->workload) &&
           str_eq(profile->tool, now->tool) && str_eq(profile->metric, now->metric);
}

static int64_t first_measured_s(const LedgerBaseline *baseline, const LedgerIterations *iterations)
{
    int64_t first = INT64_MAX;
    array_each (const LedgerIteration, iteration, iterations)
        if (iteration->baseline == baseline->id && iteration->time_s < first)
            first = iteration->time_s;
    return first;
}

const LedgerProfile *versions_baseline(const LedgerProfiles *profiles, const LedgerProfile *now,
                                       const LedgerBaseline *baseline,
                                       const LedgerIterations *iterations)
{
    const LedgerProfile *found = NULL;
    int64_t until_s = first_measured_s(baseline, iterations);
    if (baseline->id == 0)
        return NULL;
    array_each (const LedgerProfile, profile, profiles) {
        if (!is_alike(profile, now))
            continue;
        if (profile->snapshot.len && str_eq(profile->snapshot, baseline->snapshot))
            return profile;
        if (profile->snapshot.len == 0 && profile->id < now->id &&
            profile->time_s >= baseline->time_s && profile->time_s <= until_s)
            found = profile;
    }
    return found;
}

const LedgerProfile *versions_previous(const LedgerProfiles *profiles, const LedgerProfile *now)
{
    array_each (const LedgerProfile, profile, profiles)
        if (is_alike(profile, now) && profile->id < now->id)
            return profile;
    return NULL;
}

/* ------------------------------------------------------------------ texts */

static bool kept_text(Arena *arena, const Places *places, const LedgerFile *file, Str *bytes)
{
    Err missing = {0};
    return contents_get(arena, places, file->content, bytes, &missing);
}

/* A text that did not change needs no outline. */
static bool file_of(Arena *arena, const Places *places, const LedgerFile *then,
                    const LedgerFile *now, CompareFile *out)
{
    Str a, b;
    *out = (CompareFile){.path = now->path};
    if (!kept_text(arena, places, then, &a))
        return false;
    if (digest_eq(then->content, now->content)) {
        out->then = out->now = (AnchorSide){text_new(arena, a), NEW(arena, Outline)};
        return true;
    }
    if (!kept_text(arena, places, now, &b))
        return false;
    out->then = version_side(arena, then->path, a);
    out->now = version_side(arena, now->path, b);
    return true;
}

void versions_files(Arena *arena, const Places *places, const LedgerProfile *then,
                    const LedgerProfile *now, CompareOptions *options)
{
    CompareFile *files = NEW_ARRAY(arena, CompareFile, then->files.len + 1);
    size_t len = 0;
    Map *before = map_new(arena);
    array_each (const LedgerFile, file, &then->files)
        map_put(before, file->path, (void *)(uintptr_t)file);
    array_each (const LedgerFile, file, &now->files) {
        const LedgerFile *old = map_get(before, file->path);
        len += old && file_of(arena, places, old, file, &files[len]);
    }
    options->files = files;
    options->files_len = len;
}

/* ------------------------------------------------------------------ what was measured */

/* ln of now / then and how far its interval reaches, at 99 %. */
typedef struct Ratio {
    double estimate;
    double down, up;
    double then; /* what the oldest link measured before */
} Ratio;

static bool is_link(const LedgerIteration *iteration, Str candidate)
{
    const LedgerVerdict *verdict = &iteration->verdict;
    return str_eq(iteration->candidate, candidate) && !isnan(verdict->estimate) &&
           isfinite(verdict->low) && isfinite(verdict->high) && verdict->unit == UNIT_SECONDS &&
           verdict->low <= verdict->estimate && verdict->estimate <= verdict->high;
}

/* From the newer tree back over what each was measured against. */
static bool chain(const LedgerIterations *iterations, Str then, Str now, Ratio *ratio)
{
    for (size_t steps = 0; !str_eq(now, then); steps++) {
        const LedgerIteration *link = NULL;
        array_each (const LedgerIteration, iteration, iterations)
            if (!link && is_link(iteration, now))
                link = iteration;
        if (!link || steps == CHAIN_MAX)
            return false;
        ratio->estimate += link->verdict.estimate;
        ratio->down = hypot(ratio->down, link->verdict.estimate - link->verdict.low);
        ratio->up = hypot(ratio->up, link->verdict.high - link->verdict.estimate);
        ratio->then = link->verdict.before;
        now = link->base;
    }
    return true;
}

static bool is_time(const HotSpots *spots)
{
    return str_eq(spots->unit, S("ns")) || str_eq(spots->metric, S("samples"));
}

/* How often a kernel was launched, by its name. */
static Map *launches_of(Arena *arena, const Profile *profile)
{
    Map *launches = map_new(arena);
    for (size_t i = 0; i < profile->facts_len; i++) {
        ProfileFact *fact = NEW(arena, ProfileFact);
        *fact = profile->facts[i];
        if (str_eq(profile_text(profile, fact->name), S("launches")))
            map_put(launches, profile_text(profile, profile->frames[fact->frame].function), fact);
    }
    return launches;
}

bool versions_same_launches(Arena *arena, const Profile *then, const Profile *now)
{
    Map *before = launches_of(arena, then), *after = launches_of(arena, now);
    size_t same = 0;
    map_each (entry, after) {
        const ProfileFact *fact = entry->value, *old = map_get(before, entry->key);
        if (!old)
            continue;
        if (fact->value > old->value || fact->value < old->value)
            return false;
        same++;
    }
    return same > 0;
}

void versions_measured(const HotSpots *spots, const LedgerBaseline *baseline,
                       const LedgerIterations *iterations, const LedgerProfile *then,
                       const LedgerProfile *now, CompareOptions *options)
{
    Ratio ratio = {0};
    bool known = then && now && then->snapshot.len && now->snapshot.len && baseline->id;
    bool counted = !spots->sampled && !is_time(spots);
    options->per = counted ? COMPARE_COST : COMPARE_SHARE;
    if (!known || !is_time(spots) || baseline->unit != UNIT_SECONDS)
        return;
    if (!chain(iterations, then->snapshot, now->snapshot, &ratio))
        return;
    bool from_baseline = str_eq(then->snapshot, baseline->snapshot);
    options->then = from_baseline || !(ratio.then > 0) ? baseline->value : ratio.then;
    options->now = options->then * exp(ratio.estimate);
    options->now_low = options->now * exp(-ratio.down);
    options->now_high = options->now * exp(ratio.up);
    options->per = COMPARE_BENCHMARK;
}
