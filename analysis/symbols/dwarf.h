/*
 * Dwarf: what stands at a place of a program's file: functions, those that were inlined there,
 * and lines. Needs the file itself, and its debug information inside it, beside it
 * (.gnu_debuglink), in a folder of build ids, or from debuginfod where DEBUGINFOD_URLS is set.
 *
 *     DwarfFile *file = dwarf_open(arena, (DwarfOptions){.path = module, .build_id = hex}, &why);
 *     size_t len = dwarf_lookup(file, offset, frames, DWARF_FRAMES_MAX);
 *     frames[0]                            the innermost: mix at src/main.rs:7, inlined
 *     dwarf_close(file);
 *
 * A place is an offset in the file, as perf records it; the program headers say which address of
 * the program that is, and the two differ (rust-lld). The tree of debug entries is walked here:
 * libdw's dwarf_getscopes finds nothing in Rust's namespaces. Functions of a compilation unit, and
 * what is inlined in a function, are listed once, when the first address falls there.
 *
 * Files may be damaged or hostile: every walk is bounded. A DwarfFile belongs to one thread.
 */
#ifndef ANALYSIS_SYMBOLS_DWARF_H
#define ANALYSIS_SYMBOLS_DWARF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/str.h"

enum {
    DWARF_FRAMES_MAX = 64,
    DWARF_PLACES_MAX = 10,
};

typedef struct DwarfOptions {
    Str path;          /* of the program or library, as recorded */
    Str build_id;      /* hexadecimal digits; empty: any file at the path will do */
    Str home;          /* where perf keeps copies: HOME/.debug; may be empty */
    bool symbols_only; /* no lines and nothing inlined: much less to read */
} DwarfOptions;

typedef enum DwarfProblem {
    DWARF_FINE,
    DWARF_NO_FILE,    /* nothing at the path, or no program */
    DWARF_OTHER_FILE, /* it was built anew since: another build id */
} DwarfProblem;

typedef struct DwarfFrame {
    Str function; /* demangled; empty when not known */
    Str file;     /* absolute where the compiler said so */
    uint32_t line;
    uint32_t def_line;
    bool inlined; /* into the next frame */
} DwarfFrame;

typedef struct DwarfFile DwarfFile;

/* NULL, and the problem, when there is nothing to look in. */
DwarfFile *dwarf_open(Arena *arena, DwarfOptions options, DwarfProblem *problem);
void dwarf_close(DwarfFile *file);
/* The files in which the program, the first, or its lines may appear later; `file` may be NULL. */
size_t dwarf_places(Arena *arena, DwarfOptions options, const DwarfFile *file,
                    Str places[DWARF_PLACES_MAX]);
/* True when it has lines, not only symbols. */
bool dwarf_has_lines(const DwarfFile *file);
/* Innermost first; 0 when nothing is known about the place. */
size_t dwarf_lookup(DwarfFile *file, uint64_t offset, DwarfFrame *frames, size_t room);

/* A function of the symbol table, by address of the program. */
typedef struct DwarfSymbol {
    const char *name; /* as mangled */
    uint64_t low, high;
} DwarfSymbol;

/* False behind the last one. */
bool dwarf_symbol(DwarfFile *file, size_t number, DwarfSymbol *out);
/* The program is not moved when it is loaded. */
bool dwarf_is_fixed(const DwarfFile *file);
/* From an address of the program to a place in the file; 0 when it lies in none of its segments. */
uint64_t dwarf_offset(const DwarfFile *file, uint64_t address);

#endif
