#include "tests/lib/use_profile.h"

#include <stdlib.h>

#include "analysis/hotspots/compare.h"
#include "analysis/profile/store.h"
#include "analysis/symbols/kernels.h"

static void must(bool holds)
{
    if (!holds)
        abort();
}

static void roll_up(Arena *arena, const Profile *profile, size_t metric)
{
    HotSpots spots = hotspots_of(arena, profile, (HotOptions){.metric = metric});
    int64_t functions = 0, lines = spots.unmapped, rootless = 0;
    for (size_t i = 0; i < spots.functions_len; i++)
        functions += spots.functions[i].self;
    for (size_t i = 0; i < spots.lines_len; i++)
        lines += spots.lines[i].self;
    for (size_t i = 0; i < profile->samples_len; i++)
        if (profile->sample_stack[i] == 0)
            rootless += profile->weights[metric][i];
    for (size_t i = 0; i < spots.lines_len + spots.functions_len; i++) {
        const HotSpot *spot =
            i < spots.lines_len ? &spots.lines[i] : &spots.functions[i - spots.lines_len];
        must(spot->callees_first + spot->callees_len <= spots.callees_len);
        must(spot->own || spot->callee == 0);
        must(!profile->graph || spot->callee >= 0);
    }
    for (size_t i = 0; i < spots.callees_len; i++)
        must(spots.callees[i].function < spots.functions_len);
    must(functions + rootless == spots.total);
    must(lines == spots.total);
    must(hotspots_print(arena, &spots).len > 0);
    if (spots.functions_len && !profile->graph)
        hot_stacks(arena, profile, (HotOptions){.metric = metric}, &spots.functions[0], 3);
}

static void compare(Arena *arena, const Profile *profile, size_t metric)
{
    static const ComparePer PERS[] = {COMPARE_SHARE, COMPARE_COST, COMPARE_BENCHMARK};
    HotSpots spots = hotspots_of(arena, profile, (HotOptions){.metric = metric});
    for (size_t i = 0; i < sizeof(PERS) / sizeof(PERS[0]); i++) {
        CompareOptions options = {
            .per = PERS[i], .then = 1, .now = 1, .now_low = 0.9, .now_high = 1.1};
        Comparison same = compare_spots(arena, &spots, &spots, &options);
        for (size_t k = 0; k < same.lines_len; k++)
            must(same.lines[k].here.word == COMPARE_WITHIN);
        for (size_t k = 0; k < same.functions_len; k++)
            must(same.functions[k].total.word == COMPARE_WITHIN);
    }
}

/* Names of kernels are taken apart, and what launches them is summed up, whatever they are. */
static void place(Arena *arena, const Profile *profile)
{
    KernelSources here = {0};
    KernelNames wanted = kernels_wanted(arena, profile);
    Profile placed = kernels_place(arena, profile, &here);
    must(placed.samples_len <= profile->samples_len &&
         (wanted.len || !placed.findings_len || placed.findings_len == profile->findings_len));
}

void use_profile(Arena *arena, const Profile *profile)
{
    place(arena, profile);
    for (size_t m = 0; m < profile->metrics_len; m++)
        roll_up(arena, profile, m);
    for (size_t m = 0; m < profile->metrics_len; m++)
        compare(arena, profile, m);
    Profile again;
    Err err = {0};
    must(profile_store_map(arena, profile_store_write(arena, profile), &again, &err));
    must(str_eq(profile_print(arena, &again), profile_print(arena, profile)));
}

void use_reader(ProfileReader *reader, Str bytes)
{
    Arena *arena = arena_new("fuzz");
    Profile profile;
    Err err = {0};
    if (reader(arena, bytes, &profile, &err))
        use_profile(arena, &profile);
    arena_free(arena);
}
