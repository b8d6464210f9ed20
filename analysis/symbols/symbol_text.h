/*
 * SymbolText: the names of addresses that are known by a text only: the running kernel's, which
 * /proc/kallsyms lists, and those of code made at run time, in /tmp/perf-PID.map.
 *
 *     SymbolText *kernel = symbol_text_kernel(arena, kallsyms, &addresses);
 *     const SymbolName *found = symbol_text_find(kernel, address);       NULL: nothing is there
 *
 * Names are views of the text. Lines that are not as they should be are passed over.
 */
#ifndef ANALYSIS_SYMBOLS_SYMBOL_TEXT_H
#define ANALYSIS_SYMBOLS_SYMBOL_TEXT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/array.h"
#include "base/str.h"

typedef struct SymbolName {
    uint64_t low;
    uint64_t high;
    Str name;
    Str module;     /* "[nf_tables]"; empty: the kernel itself */
    uint32_t order; /* in the text */
} SymbolName;

typedef struct SymbolText SymbolText;

typedef Array(uint64_t) Addresses;

/*
 * "ffffffff81000000 T _stext", or with "\t[module]" behind it; a symbol reaches to the next. Of the
 * hundred thousand only those are kept that hold one of the addresses, which are in order; NULL: all.
 */
SymbolText *symbol_text_kernel(Arena *arena, Str text, const Addresses *wanted);
/* "START SIZE name", hexadecimal. */
SymbolText *symbol_text_map(Arena *arena, Str text);
/* Of several that hold the address the last in the text; in a map file it was made last. */
const SymbolName *symbol_text_find(const SymbolText *symbols, uint64_t address);
/* Whether the kernel begins at this address: another start of the machine moves it. */
bool symbol_text_begins_at(const SymbolText *symbols, uint64_t address);

#endif
