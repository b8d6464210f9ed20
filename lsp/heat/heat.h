/*
 * Heat: what the server knows about cost, in two steps.
 *
 *     heat_load        ledger, newest profile, workload file → Heat       once per change on disk
 *     file_heat_make   Heat + one version of one open file → FileHeat     once per edit
 *
 * Both run on workers. A Heat and a FileHeat are immutable once made; features read them.
 */
#ifndef LSP_HEAT_HEAT_H
#define LSP_HEAT_HEAT_H

#include <stdatomic.h>

#include "base/arena.h"
#include "lsp/snapshot.h"

typedef struct Heat Heat;
typedef struct FileHeat FileHeat;

typedef struct HeatInput {
    const Places *places; /* NULL while no workspace is known */
    const Settings *settings;
    const Heat *before; /* NULL the first time; read only, it may be gone afterwards */
    const atomic_bool *cancelled;
} HeatInput;

/* Never NULL: what cannot be read is left out, and said in a note of the Heat. */
Heat *heat_load(Arena *arena, const HeatInput *input);
/*
 * Files worth a look before they are opened, at most `max`, below the root: those of the hottest
 * lines, those that a regression changed, and the workload file.
 */
size_t heat_notable_files(Arena *arena, const Heat *heat, const Settings *settings, Str *paths,
                          size_t max);
/* Has the shown profile a metric of this name? The empty name stands for the usual one. */
bool heat_has_metric(const Heat *heat, Str metric);
/*
 * The one behind the metric that is shown that the profile has any of, the first again after the last;
 * empty without a profile.
 */
Str heat_next_metric(const Heat *heat);
/* "profile 3 (nsys, run.sqlite)" of this number; empty when it is not among the newest. */
Str heat_profile_name(const Heat *heat, uint64_t number);
/* "peak, allocations" */
Str heat_metric_names(Arena *arena, const Heat *heat);
/* Gives back what the arena does not hold (a mapped profile); accepts NULL. */
void heat_finish(Heat *heat);

typedef struct FileHeatInput {
    const Heat *heat;
    const Settings *settings;
    const Client *client;
    const Places *places;
    const DocVersion *doc;
    const DocSyntax *syntax;
    /*
     * Of an earlier version of the same document with the same Heat, and the edits that lead from
     * it to `doc`; NULL when the document was just opened, replaced as a whole, or Heat is new.
     */
    const FileHeat *before;
    const DocEdit *edits;
    size_t edit_count;
    /* The user has paused: look for the places of `before` afresh. There are no edits then. */
    bool find_again;
    const atomic_bool *cancelled;
} FileHeatInput;

FileHeat *file_heat_make(Arena *arena, const FileHeatInput *input);
/* Gives back what is shared with other versions of the document; accepts NULL. Any thread. */
void file_heat_finish(FileHeat *file);

#endif
