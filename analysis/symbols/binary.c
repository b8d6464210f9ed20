#include "analysis/symbols/binary.h"

#include <dwarf.h>
#include <elfutils/libdw.h>
#include <elfutils/libdwfl.h>
#include <gelf.h>
#include <stdint.h>
#include <stdlib.h>

#include "analysis/symbols/demangle.h"
#include "analysis/symbols/elf_file.h"
#include "base/array.h"

enum {
    UNITS_MAX = 100 * 1000,
    RANGES_MAX = 1000 * 1000,
    SYMBOLS_MAX = 1000 * 1000,
    FUNCTIONS_MAX = 2000, /* looked at; enough to know */
    PROLOGUE_BYTES = 64,
    FUNCTION_BYTES_MIN = 8, /* shorter ones often need no frame */
};

typedef struct Range {
    uint64_t low;
    uint64_t high;
} Range;
typedef Array(Range) Ranges;

typedef struct Inspection {
    Arena *arena;
    ElfFile *elf;
    const char *image; /* the file's bytes */
    size_t image_bytes;
    int machine; /* EM_X86_64, ... */
    Ranges own;  /* code of units that were not compiled elsewhere; by low */
    BinaryFacts *facts;
} Inspection;

/* ------------------------------------------------------------------ which code is its own */

static int by_low(const void *a, const void *b)
{
    uint64_t left = ((const Range *)a)->low, right = ((const Range *)b)->low;
    return (left > right) - (left < right);
}

/* The standard library was compiled by Rust's makers; crates of the registry are compiled here. */
static bool is_elsewhere(Dwarf_Die *unit)
{
    Dwarf_Attribute attribute;
    Str folder = str_from_c(dwarf_formstring(dwarf_attr(unit, DW_AT_comp_dir, &attribute)));
    return str_starts(folder, S("/rustc/"));
}

static void add_ranges(Inspection *inspection, Dwarf_Die *unit, GElf_Addr bias)
{
    Dwarf_Addr base, low, high;
    ptrdiff_t at = 0;
    while (inspection->own.len < RANGES_MAX &&
           (at = dwarf_ranges(unit, at, &base, &low, &high)) > 0)
        if (low < high && low > 1)
            *array_push(inspection->arena, &inspection->own) = (Range){low + bias, high + bias};
}

static void read_units(Inspection *inspection)
{
    GElf_Addr bias = 0;
    Dwarf *dwarf = dwfl_module_getdwarf(inspection->elf->module, &bias);
    Dwarf_CU *unit = NULL;
    Dwarf_Die die;
    uint8_t kind;
    for (size_t i = 0; dwarf && i < UNITS_MAX; i++) {
        if (dwarf_get_units(dwarf, unit, &unit, NULL, &kind, &die, NULL) != 0)
            break;
        Dwarf_Lines *lines;
        size_t count = 0;
        if (dwarf_tag(&die) != DW_TAG_compile_unit || is_elsewhere(&die))
            continue;
        inspection->facts->is_rust |= dwarf_srclang(&die) == DW_LANG_Rust;
        if (!inspection->facts->has_lines && dwarf_getsrclines(&die, &lines, &count) == 0)
            inspection->facts->has_lines = count > 0;
        add_ranges(inspection, &die, bias);
    }
    if (inspection->own.len)
        qsort(inspection->own.items, inspection->own.len, sizeof(Range), by_low);
}

static bool in_own_unit(const Inspection *inspection, uint64_t address)
{
    size_t low = 0, high = inspection->own.len;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (inspection->own.items[middle].low <= address)
            low = middle + 1;
        else
            high = middle;
    }
    return low > 0 && address < inspection->own.items[low - 1].high;
}

/* Without debug information: what compilers and their start-up code bring is known by name. */
static bool is_library_name(Arena *arena, Str symbol)
{
    static const Str FOREIGN[] = {
        STR_CONST("std::"),
        STR_CONST("core::"),
        STR_CONST("alloc::"),
        STR_CONST("compiler_builtins::"),
        STR_CONST("addr2line::"),
        STR_CONST("gimli::"),
        STR_CONST("object::"),
        STR_CONST("miniz_oxide::"),
        STR_CONST("rustc_"),
        STR_CONST("<"),
        STR_CONST("_"),
        STR_CONST("rust_"),
        STR_CONST("frame_dummy"),
        STR_CONST("register_tm_clones"),
        STR_CONST("deregister_tm_clones"),
    };
    ArenaMark mark = arena_mark(arena);
    Str name = demangle(arena, symbol);
    bool found = false;
    for (size_t i = 0; i < sizeof(FOREIGN) / sizeof(FOREIGN[0]); i++)
        found |= str_starts(name, FOREIGN[i]);
    arena_rollback(arena, mark);
    return found;
}

/* ------------------------------------------------------------------ frame pointers */

/* push %rbp ... mov %rsp,%rbp, in both encodings; others may stand between the two. */
static bool x86_64_has_frame(const unsigned char *code, size_t len)
{
    for (size_t i = 0; i + 3 <= len; i++)
        if (code[i] == 0x48 && ((code[i + 1] == 0x89 && code[i + 2] == 0xe5) ||
                                (code[i + 1] == 0x8b && code[i + 2] == 0xec)))
            return true;
    return false;
}

/* mov x29, sp or add x29, sp, #n */
static bool aarch64_has_frame(const unsigned char *code, size_t len)
{
    for (size_t i = 0; i + 4 <= len; i += 4) {
        uint32_t word = (uint32_t)code[i] | (uint32_t)code[i + 1] << 8 |
                        (uint32_t)code[i + 2] << 16 | (uint32_t)code[i + 3] << 24;
        if ((word & 0xffc003ff) == 0x910003fd)
            return true;
    }
    return false;
}

/* The file's bytes at an address; NULL when it holds none there. */
static const unsigned char *code_at(const Inspection *inspection, uint64_t address, size_t *len)
{
    for (size_t i = 0; i < inspection->elf->segments_len; i++) {
        const ElfSegment *segment = &inspection->elf->segments[i];
        if (address < segment->address || address - segment->address >= segment->bytes)
            continue;
        uint64_t within = address - segment->address, offset = segment->offset + within;
        if (offset >= inspection->image_bytes || offset < segment->offset)
            return NULL;
        uint64_t left = inspection->image_bytes - offset;
        left = left < segment->bytes - within ? left : segment->bytes - within;
        *len = *len < left ? *len : (size_t)left;
        return (const unsigned char *)inspection->image + offset;
    }
    return NULL;
}

static void look_at_function(Inspection *inspection, uint64_t address, uint64_t bytes)
{
    size_t len = bytes < PROLOGUE_BYTES ? (size_t)bytes : PROLOGUE_BYTES;
    const unsigned char *code = code_at(inspection, address, &len);
    if (!code || len < FUNCTION_BYTES_MIN)
        return;
    inspection->facts->functions++;
    if (inspection->machine == EM_X86_64 ? x86_64_has_frame(code, len)
                                         : aarch64_has_frame(code, len))
        inspection->facts->framed++;
}

static void read_symbols(Inspection *inspection)
{
    BinaryFacts *facts = inspection->facts;
    Dwfl_Module *module = inspection->elf->module;
    bool known = inspection->machine == EM_X86_64 || inspection->machine == EM_AARCH64;
    int count = dwfl_module_getsymtab(module);
    for (int i = 0; i < count && i < SYMBOLS_MAX; i++) {
        GElf_Sym symbol;
        GElf_Addr address;
        GElf_Word section;
        const char *name =
            dwfl_module_getsym_info(module, i, &symbol, &address, &section, NULL, NULL);
        if (!name || GELF_ST_TYPE(symbol.st_info) != STT_FUNC || section == SHN_UNDEF)
            continue;
        bool own = inspection->own.len ? in_own_unit(inspection, address)
                                       : !is_library_name(inspection->arena, str_from_c(name));
        facts->has_symbols |= own;
        if (own && known && facts->functions < FUNCTIONS_MAX)
            look_at_function(inspection, address - inspection->elf->elf_bias, symbol.st_size);
    }
}

bool binary_inspect(Str path, BinaryFacts *out)
{
    CLEANUP(arena_cleanup) Arena *scratch = arena_new("binary");
    DwarfProblem problem;
    BinaryFacts facts = {0};
    ElfFile *file =
        elf_file_open(scratch, (DwarfOptions){.path = str_copy(scratch, path)}, &problem);
    if (!file)
        return false;
    Inspection inspection = {.arena = scratch, .elf = file, .facts = &facts};
    GElf_Addr bias;
    GElf_Ehdr header;
    Elf *elf = dwfl_module_getelf(file->module, &bias);
    inspection.image = elf_rawfile(elf, &inspection.image_bytes);
    inspection.machine = gelf_getehdr(elf, &header) ? header.e_machine : EM_NONE;
    if (!inspection.image)
        inspection.image_bytes = 0;
    read_units(&inspection);
    read_symbols(&inspection);
    elf_file_close(file);
    *out = facts;
    return true;
}

bool binary_has_frame_pointers(const BinaryFacts *facts)
{
    return facts->framed * 2 >= facts->functions;
}
