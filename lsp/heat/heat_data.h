/*
 * Heat data: what stands behind Heat and FileHeat (heat.h), for this folder and lsp/features.
 *
 * A Heat belongs to a World. A FileHeat belongs to one version of one document and points into the
 * Heat it was made with, so it is used only while that World is the present one (snapshot.h).
 */
#ifndef LSP_HEAT_HEAT_DATA_H
#define LSP_HEAT_HEAT_DATA_H

#include <stdatomic.h>

#include "analysis/hints/hot_file.h"
#include "analysis/hints/loop_facts.h"
#include "analysis/hints/view.h"
#include "analysis/hotspots/compare.h"
#include "analysis/hotspots/hotspot.h"
#include "analysis/hotspots/said.h"
#include "analysis/profile/profile.h"
#include "analysis/workload/workload.h"
#include "base/map.h"
#include "lsp/heat/heat.h"
#include "runners/ledger/ledger.h"
#include "runners/loop/loop_view.h"
#include "runners/places.h"
#include "runners/profiling/convert.h"
#include "runners/profiling/libraries.h"

/* A profile of the ledger, mapped and rolled up. */
typedef struct HeatProfile {
    bool present;
    LedgerProfile row;
    OpenProfile open;
    HotSpots *spots; /* one per metric; the ranking one first */
    size_t n_spots;
    size_t metric; /* index in the profile of the ranking one */
    Said said;
    StrList gpus; /* what nvidia-smi saw meanwhile, a line per GPU (gpu_beside.h) */
    size_t usual; /* index in spots of the one that ranks unless the user wants another */
    Str recorded;
} HeatProfile;

struct Heat {
    Arena *arena;
    Str root;
    HeatProfile now;
    HeatProfile base;           /* of the baseline; absent when `now` is that one */
    const Comparison *compared; /* `now` with `base` in the metric that ranks; NULL without base */
    WorkloadFile workload_file;
    Str workload_path; /* below the root; empty when there is none */
    LoopView loop;
    LoopFacts facts; /* places as recorded */
    BenchFacts bench;
    PathRule *rules; /* path_map of the profile's workload */
    size_t n_rules;
    Libraries libraries; /* sources of libraries on this machine */
    Str *known; /* every path that had heat since the server started: lenses were given out */
    size_t n_known;
    Str *notes;
    size_t n_notes;
    /*
     * The newest profiles of other tools, each as a Heat of its own that shares the rest with this
     * one: py-spy's for the files that nsys knows nothing of. None when the user chose a profile.
     */
    Heat **others;
    size_t n_others;
    ViewProfile *profiles; /* every one of the ledger's newest, to choose from */
    size_t n_profiles;
};

/*
 * What a join found for one document. Versions made by carrying share it; the count is atomic
 * because a worker adds to it while the loop gives one back.
 */
typedef struct FileHeatBase {
    atomic_int refs;
    Arena *arena;
    HotFile joined;
    AnchorSide profiled;
    Map *functions; /* of the profiled text, name → OutlineItem; NULL inside for a name met twice */
} FileHeatBase;

struct FileHeat {
    const Heat *heat;   /* of which profile */
    FileHeatBase *base; /* NULL when no profile knows the file */
    Str path;           /* below the root; empty outside of it */
    HotFile hot;
    LoopFacts facts; /* with this document's places */
    ViewInput input; /* for views and hovers made on request */
    FileView view;   /* as long as no job runs */
};

/* The PathMap that this profile was resolved with; one per thread that needs it. */
PathMap *heat_path_map(Arena *arena, const Heat *heat, const HeatProfile *profile);

/* Reads the ledger's newest profile (or the one the settings name) and the baseline's. */
void heat_load_profiles(Heat *heat, const Places *places, Ledger *ledger, const Settings *settings);
/* Gives the others what was loaded since. */
void heat_share_with_others(Heat *heat);
/*
 * The Heat whose profile says most of a file: the newest that knows it; but where that one knows
 * kernels only, as nsys does, one that knows their lines.
 */
const Heat *heat_for_file(const Heat *heat, Str path);
/* The one that shows this profile of the ledger; NULL when none does. */
const Heat *heat_of_profile(const Heat *heat, int64_t profile);
/* Fills facts from the workload file and the ledger. */
void heat_load_facts(Heat *heat, const Places *places, const Settings *settings);
void heat_note(Heat *heat, const char *fmt, ...) PRINTF_LIKE(2, 3);

#endif
