/*
 * Kernels of a scenario's profile, placed at the lines of its sources as `perfloop import` does it
 * (analysis/symbols/kernels.h).
 */
#ifndef TESTS_LIB_SCENARIO_KERNELS_H
#define TESTS_LIB_SCENARIO_KERNELS_H

#include <stddef.h>

#include "analysis/hotspots/anchor.h"
#include "analysis/profile/profile.h"
#include "base/arena.h"
#include "base/str.h"

typedef struct ScenarioSource {
    Str path;               /* below /scenario */
    const AnchorSide *side; /* as it was profiled */
} ScenarioSource;

void scenario_place_kernels(Arena *arena, Profile *profile, const ScenarioSource *sources,
                            size_t len);

#endif
