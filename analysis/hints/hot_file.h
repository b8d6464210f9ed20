/*
 * Hot file: joins a profile with one file, and keeps the join right while the file is edited.
 *
 *     HotFile file = hot_file_join(arena, &source);           open, save by others, new profile
 *     file = hot_file_carry(arena, &file, &change, text);     one edit
 *
 * Joining costs a pass over the profile's lines and a diff of the two texts; carrying costs a pass
 * over the file's own hot lines. What is returned by carry shares names and values with the HotFile
 * that was joined, whose arena must live on; places and advice are its own.
 */
#ifndef ANALYSIS_HINTS_HOT_FILE_H
#define ANALYSIS_HINTS_HOT_FILE_H

#include "analysis/hints/heat.h"
#include "analysis/hotspots/anchor.h"
#include "analysis/hotspots/hotspot.h"
#include "analysis/hotspots/said.h"
#include "base/arena.h"
#include "grammars/lang.h"

typedef struct HotSource {
    Str path;     /* as HotSpot.file has it: below the workspace root */
    bool library; /* of a library, outside of the workspace: `path` is as recorded */
    LangId lang;
    Str tool, recorded;
    const HotSpots *spots; /* one per metric; the first ranks */
    size_t n_spots;
    bool lines_are_functions;
    AnchorSide profiled; /* the text the profile was recorded on */
    AnchorSide now;
    const Comparison
        *compared;    /* with the baseline's profile, spots[0] on its newer side; or NULL */
    Str snapshot;     /* the tree that was profiled, if known */
    const Said *said; /* what the tool says of its own; NULL: nothing */
} HotSource;

/* No lines and no functions when the profile does not know this file. */
HotFile hot_file_join(Arena *arena, const HotSource *source);
HotFile hot_file_carry(Arena *arena, const HotFile *old, const TextChange *change, const Text *now);
/* The places looked for afresh: brings back what carrying lost, and asks the syntax. */
HotFile hot_file_find(Arena *arena, const HotFile *old, const AnchorSide *profiled,
                      const AnchorSide *now);

/*
 * Advice for the lines that are worth a look, from the text as it is now: for those of one
 * function when `only` is given (an edit cannot change the advice of others), else for all.
 */
void hot_file_advise(Arena *arena, HotFile *file, LangId lang, const AnchorSide *now,
                     const OutlineItem *only);

#endif
