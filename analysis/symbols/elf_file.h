/*
 * ElfFile: the program or library that an address lies in, opened with libdwfl, which also finds
 * its debug information. A part of dwarf.h; only for the folder's own files.
 */
#ifndef ANALYSIS_SYMBOLS_ELF_FILE_H
#define ANALYSIS_SYMBOLS_ELF_FILE_H

#include <elfutils/libdwfl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "analysis/symbols/dwarf.h"
#include "base/arena.h"

enum {
    ELF_SEGMENTS_MAX = 64,
};

typedef struct ElfSegment {
    uint64_t offset; /* in the file */
    uint64_t bytes;
    uint64_t address; /* of the program, before it is moved anywhere */
} ElfSegment;

typedef struct ElfFile {
    Dwfl *dwfl;
    Dwfl_Module *module;
    GElf_Addr elf_bias; /* what libdwfl adds to the program's addresses */
    ElfSegment segments[ELF_SEGMENTS_MAX];
    size_t segments_len;
    bool fixed; /* a program that is not moved: older perf's text has its addresses, not places */
} ElfFile;

ElfFile *elf_file_open(Arena *arena, DwarfOptions options, DwarfProblem *problem);
/* Where the program or its debug information would be looked for; `file` may be NULL. */
size_t elf_file_places(Arena *arena, DwarfOptions options, const ElfFile *file,
                       Str places[DWARF_PLACES_MAX]);
void elf_file_close(ElfFile *file);
/* From a place in the file to the program's address; false when no segment holds it. */
bool elf_file_address(const ElfFile *file, uint64_t offset, uint64_t *address);

#endif
