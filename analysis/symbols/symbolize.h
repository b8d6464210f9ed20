/*
 * Symbolize: a profile of module addresses becomes one of functions and lines.
 *
 * Readers leave frames that have a module and an address (ProfileFrame.address) where the file
 * they read holds no more. Each different one is looked up once, module after module, so that one
 * program's debug information is open at a time; what was inlined there becomes frames of its
 * own. Mangled names are made readable in all frames. Where nothing is found the frame stays as
 * the reader named it, without the address; several such of the kernel in a row become one.
 *
 *     profile = symbolize(arena, &profile, (SymbolizeOptions){.home = home});
 *
 * The files that were missed are listed in the result (Profile.awaited), and symbolize_again says
 * whether it is worth another try.
 *
 * This is the one step of reading a profile that looks at files beside it: programs and their
 * debug information, by the paths and build ids that the profile names, and /tmp/perf-PID.map,
 * where code made at run time has its names. The kernel's names come from the caller, and hold
 * only for a recording under the same kernel since the same start (build id and address).
 */
#ifndef ANALYSIS_SYMBOLS_SYMBOLIZE_H
#define ANALYSIS_SYMBOLS_SYMBOLIZE_H

#include "analysis/profile/profile.h"
#include "base/arena.h"
#include "base/str.h"

typedef struct SymbolizeOptions {
    Str home; /* below it lies .debug, perf's own cache; may be empty */
    /* This machine's kernel, for what was recorded under it: its build id and /proc/kallsyms. */
    Str kernel_id;
    Str kernel_symbols; /* empty: the kernel stays one frame */
} SymbolizeOptions;

/* True when a file that was missing has appeared, or another one changed. */
bool symbolize_again(Arena *arena, const Profile *symbolized);
/* True when there are addresses in the kernel, so that its symbols are of use. */
bool symbolize_wants_kernel(const Profile *profile);

/* Texts and columns may still be those of the profile given. */
Profile symbolize(Arena *arena, const Profile *profile, SymbolizeOptions options);

#endif
