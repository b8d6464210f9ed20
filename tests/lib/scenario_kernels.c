#include "tests/lib/scenario_kernels.h"

#include "analysis/symbols/kernels.h"

void scenario_place_kernels(Arena *arena, Profile *profile, const ScenarioSource *sources,
                            size_t len)
{
    KernelNames wanted = kernels_wanted(arena, profile);
    KernelSources here = {.root = S("/scenario")};
    for (size_t i = 0; wanted.len && i < len; i++) {
        Str file = str_fmt(arena, "/scenario/" STR_FMT, STR_ARG(sources[i].path));
        kernels_look(arena, &here, &wanted, file, sources[i].side->outline, sources[i].side->text);
    }
    if (wanted.len)
        *profile = kernels_place(arena, profile, &here);
}
