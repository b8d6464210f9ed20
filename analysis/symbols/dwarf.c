#include "analysis/symbols/dwarf.h"

#include <dwarf.h>
#include <elfutils/libdw.h>
#include <elfutils/libdwfl.h>
#include <stdlib.h>

#include "analysis/symbols/demangle.h"
#include "analysis/symbols/elf_file.h"
#include "base/array.h"
#include "base/map.h"
#include "base/path.h"

enum {
    NESTING_MAX = 64,               /* of debug entries that are walked */
    ENTRIES_MAX = 50 * 1000 * 1000, /* looked at in one file, all walks together */
    RANGES_MAX = 20 * 1000 * 1000,
    OVERLAPS = 16, /* ranges before the nearest that may reach over it */
};

typedef struct UnitRange {
    uint64_t low;
    uint64_t high;
    uint32_t unit;
} UnitRange;

typedef struct FunctionRange {
    uint64_t low;
    uint64_t high;
    uint32_t function; /* place in DwarfFile.functions */
} FunctionRange;

/* One range of a function that was inlined; in the order of the tree, so outer ones come first. */
typedef struct InlineRange {
    uint64_t low;
    uint64_t high;
    uint32_t depth;
    Dwarf_Off entry;
} InlineRange;

typedef struct Function {
    Dwarf_Off entry;
    bool walked;
    InlineRange *inlined;
    size_t inlined_len;
} Function;

typedef struct Unit {
    Dwarf_Off entry;
    bool walked;
    bool nested_functions; /* all but Rust may have functions inside functions */
    Str folder;
    FunctionRange *functions;
    size_t functions_len;
} Unit;

typedef struct Symbol {
    uint64_t low;
    uint64_t high;
    const char *name;
} Symbol;

typedef Array(FunctionRange) FunctionRanges;
typedef Array(InlineRange) InlineRanges;
typedef Array(UnitRange) UnitRanges;

struct DwarfFile {
    Arena *arena;
    ElfFile *elf;
    Dwarf *dwarf; /* NULL without debug information */
    GElf_Addr dwarf_bias;
    Array(Unit) units;
    UnitRange *unit_ranges; /* by low */
    size_t unit_ranges_len;
    Array(Function) functions;
    Symbol *symbols; /* by low; made when the first is asked for */
    size_t symbols_len;
    bool has_symbols;
    Map *names;    /* as mangled, to Str * */
    size_t looked; /* at entries */
    size_t ranges;
};

/* ------------------------------------------------------------------ units */

static int by_low(const void *a, const void *b)
{
    uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;
    return (left > right) - (left < right);
}

typedef struct RangeWalk {
    ptrdiff_t at;
    Dwarf_Addr base; /* libdw keeps it from one call to the next */
} RangeWalk;

/* The next of an entry's ranges; false at the end or beyond the bound. */
static bool next_range(DwarfFile *file, Dwarf_Die *die, RangeWalk *walk, uint64_t *low,
                       uint64_t *high)
{
    Dwarf_Addr start, end;
    while (file->ranges++ < RANGES_MAX &&
           (walk->at = dwarf_ranges(die, walk->at, &walk->base, &start, &end)) > 0) {
        *low = start;
        *high = end;
        if (start < end && start > 1) /* 0 and 1: the linker threw it away */
            return true;
    }
    return false;
}

static void read_unit(DwarfFile *file, Dwarf_Die *die, UnitRanges *ranges)
{
    uint64_t low, high;
    uint32_t number = (uint32_t)file->units.len;
    size_t before = ranges->len;
    for (RangeWalk walk = {0}; next_range(file, die, &walk, &low, &high);)
        *array_push(file->arena, ranges) = (UnitRange){low, high, number};
    if (ranges->len == before)
        return;
    Dwarf_Attribute attribute;
    const char *folder = dwarf_formstring(dwarf_attr(die, DW_AT_comp_dir, &attribute));
    *array_push(file->arena, &file->units) = (Unit){
        .entry = dwarf_dieoffset(die),
        .folder = str_copy(file->arena, str_from_c(folder)),
        .nested_functions = dwarf_srclang(die) != DW_LANG_Rust,
    };
}

static void read_units(DwarfFile *file)
{
    UnitRanges ranges = {0};
    Dwarf_CU *unit = NULL;
    Dwarf_Die die;
    uint8_t kind;
    while (file->looked++ < ENTRIES_MAX &&
           dwarf_get_units(file->dwarf, unit, &unit, NULL, &kind, &die, NULL) == 0)
        if (dwarf_tag(&die) == DW_TAG_compile_unit)
            read_unit(file, &die, &ranges);
    if (ranges.len)
        qsort(ranges.items, ranges.len, sizeof(*ranges.items), by_low);
    file->unit_ranges = ranges.items;
    file->unit_ranges_len = ranges.len;
}

static Unit *unit_at(DwarfFile *file, uint64_t address)
{
    size_t low = 0, high = file->unit_ranges_len;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (file->unit_ranges[middle].low <= address)
            low = middle + 1;
        else
            high = middle;
    }
    for (size_t i = low; i > 0 && low - i < OVERLAPS; i--)
        if (address < file->unit_ranges[i - 1].high)
            return &file->units.items[file->unit_ranges[i - 1].unit];
    return NULL;
}

/* ------------------------------------------------------------------ functions */

static bool holds_functions(int tag, bool nested)
{
    switch (tag) {
    case DW_TAG_namespace:
    case DW_TAG_module:
    case DW_TAG_structure_type:
    case DW_TAG_class_type:
    case DW_TAG_union_type:
    case DW_TAG_enumeration_type:
        return true;
    case DW_TAG_subprogram:
    case DW_TAG_lexical_block:
        return nested;
    default:
        return false;
    }
}

static void add_function(DwarfFile *file, Dwarf_Die *die, FunctionRanges *ranges)
{
    uint64_t low, high;
    size_t before = ranges->len;
    uint32_t number = (uint32_t)file->functions.len;
    for (RangeWalk walk = {0}; next_range(file, die, &walk, &low, &high);)
        *array_push(file->arena, ranges) = (FunctionRange){low, high, number};
    if (ranges->len > before)
        *array_push(file->arena, &file->functions) = (Function){.entry = dwarf_dieoffset(die)};
}

static void walk_functions(DwarfFile *file, Dwarf_Die *parent, bool nested, unsigned depth,
                           FunctionRanges *ranges)
{
    Dwarf_Die die;
    if (depth == NESTING_MAX || dwarf_child(parent, &die) != 0)
        return;
    do {
        int tag = dwarf_tag(&die);
        if (file->looked++ >= ENTRIES_MAX)
            return;
        if (tag == DW_TAG_subprogram)
            add_function(file, &die, ranges);
        if (holds_functions(tag, nested))
            walk_functions(file, &die, nested, depth + 1, ranges);
    } while (dwarf_siblingof(&die, &die) == 0);
}

static void walk_unit(DwarfFile *file, Unit *unit, Dwarf_Die *die)
{
    FunctionRanges ranges = {0};
    unit->walked = true;
    walk_functions(file, die, unit->nested_functions, 0, &ranges);
    if (ranges.len)
        qsort(ranges.items, ranges.len, sizeof(*ranges.items), by_low);
    unit->functions = ranges.items;
    unit->functions_len = ranges.len;
}

/* The smallest of the functions that reach over the address: inner ones are smaller. */
static Function *function_at(DwarfFile *file, const Unit *unit, uint64_t address)
{
    size_t low = 0, high = unit->functions_len;
    const FunctionRange *best = NULL;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (unit->functions[middle].low <= address)
            low = middle + 1;
        else
            high = middle;
    }
    for (size_t i = low; i > 0 && low - i < OVERLAPS; i--) {
        const FunctionRange *range = &unit->functions[i - 1];
        if (address < range->high && (!best || range->high - range->low < best->high - best->low))
            best = range;
    }
    return best ? &file->functions.items[best->function] : NULL;
}

/* ------------------------------------------------------------------ what was inlined */

static void walk_inlined(DwarfFile *file, Dwarf_Die *parent, uint32_t depth, unsigned nesting,
                         InlineRanges *ranges)
{
    Dwarf_Die die;
    if (nesting == NESTING_MAX || dwarf_child(parent, &die) != 0)
        return;
    do {
        int tag = dwarf_tag(&die);
        bool inlined = tag == DW_TAG_inlined_subroutine;
        uint64_t low, high;
        if (file->looked++ >= ENTRIES_MAX)
            return;
        if (!inlined && tag != DW_TAG_lexical_block)
            continue;
        for (RangeWalk walk = {0}; inlined && next_range(file, &die, &walk, &low, &high);)
            *array_push(file->arena, ranges) =
                (InlineRange){low, high, depth, dwarf_dieoffset(&die)};
        walk_inlined(file, &die, depth + inlined, nesting + 1, ranges);
    } while (dwarf_siblingof(&die, &die) == 0);
}

static void walk_function(DwarfFile *file, Function *function, Dwarf_Die *die)
{
    InlineRanges ranges = {0};
    function->walked = true;
    walk_inlined(file, die, 0, 0, &ranges);
    function->inlined = ranges.items;
    function->inlined_len = ranges.len;
}

/* The entries that were inlined at the address, outermost first. */
static size_t chain_at(const Function *function, uint64_t address, Dwarf_Off *chain, size_t room)
{
    size_t len = 0;
    for (size_t i = 0; i < function->inlined_len; i++) {
        const InlineRange *range = &function->inlined[i];
        if (address >= range->low && address < range->high && range->depth <= len &&
            range->depth < room) {
            len = range->depth + 1;
            chain[range->depth] = range->entry;
        }
    }
    return len;
}

/* ------------------------------------------------------------------ names and places */

static Str name_of(DwarfFile *file, const char *mangled)
{
    Str key = str_from_c(mangled);
    if (!is_mangled(key))
        return key;
    void **slot = map_slot(file->names, key);
    if (!*slot) {
        Str *name = NEW(file->arena, Str);
        *name = demangle(file->arena, key);
        *slot = name;
    }
    return *(Str *)*slot;
}

static Str function_name(DwarfFile *file, Dwarf_Die *die)
{
    static const unsigned NAMES[] = {DW_AT_linkage_name, DW_AT_MIPS_linkage_name, DW_AT_name};
    for (size_t i = 0; i < sizeof(NAMES) / sizeof(NAMES[0]); i++) {
        Dwarf_Attribute attribute;
        const char *name = dwarf_formstring(dwarf_attr_integrate(die, NAMES[i], &attribute));
        if (name && *name)
            return name_of(file, name);
    }
    return (Str){0};
}

static Str full_path(DwarfFile *file, const Unit *unit, const char *path)
{
    Str text = str_from_c(path);
    if (!text.len || text.ptr[0] == '/' || !unit->folder.len)
        return text;
    return path_join(file->arena, unit->folder, text);
}

static uint32_t number_of(Dwarf_Die *die, unsigned name)
{
    Dwarf_Attribute attribute;
    Dwarf_Word value;
    if (dwarf_formudata(dwarf_attr(die, name, &attribute), &value) || value > UINT32_MAX)
        return 0;
    return (uint32_t)value;
}

static void set_def_line(Dwarf_Die *die, DwarfFrame *frame)
{
    int line;
    if (dwarf_decl_line(die, &line) == 0 && line > 0)
        frame->def_line = (uint32_t)line;
}

/* Where the inlined function was called. */
static void set_call_place(DwarfFile *file, const Unit *unit, Dwarf_Die *unit_die,
                           Dwarf_Die *inlined, DwarfFrame *frame)
{
    Dwarf_Files *files;
    size_t count;
    uint32_t number = number_of(inlined, DW_AT_call_file);
    frame->line = number_of(inlined, DW_AT_call_line);
    if (dwarf_getsrcfiles(unit_die, &files, &count) == 0 && number < count)
        frame->file = full_path(file, unit, dwarf_filesrc(files, number, NULL, NULL));
}

static void set_line(DwarfFile *file, const Unit *unit, Dwarf_Die *unit_die, uint64_t address,
                     DwarfFrame *frame)
{
    int number;
    Dwarf_Line *line = dwarf_getsrc_die(unit_die, address);
    if (!line || dwarf_lineno(line, &number) || number < 0)
        return;
    frame->line = (uint32_t)number;
    frame->file = full_path(file, unit, dwarf_linesrc(line, NULL, NULL));
}

static size_t look_in_unit(DwarfFile *file, Unit *unit, uint64_t address, DwarfFrame *frames,
                           size_t room)
{
    Dwarf_Die unit_die, die;
    Dwarf_Off chain[DWARF_FRAMES_MAX];
    if (!dwarf_offdie(file->dwarf, unit->entry, &unit_die))
        return 0;
    if (!unit->walked)
        walk_unit(file, unit, &unit_die);
    DwarfFrame next = {0};
    set_line(file, unit, &unit_die, address, &next);
    Function *function = function_at(file, unit, address);
    if (!function || !dwarf_offdie(file->dwarf, function->entry, &die)) {
        frames[0] = next;
        return next.line ? 1 : 0;
    }
    if (!function->walked)
        walk_function(file, function, &die);
    size_t most = room < DWARF_FRAMES_MAX ? room : DWARF_FRAMES_MAX, len = 0;
    for (size_t i = chain_at(function, address, chain, most - 1); i-- > 0;) {
        Dwarf_Die inlined;
        if (!dwarf_offdie(file->dwarf, chain[i], &inlined))
            continue;
        next.function = function_name(file, &inlined);
        next.inlined = true;
        set_def_line(&inlined, &next);
        frames[len++] = next;
        next = (DwarfFrame){0};
        set_call_place(file, unit, &unit_die, &inlined, &next);
    }
    next.function = function_name(file, &die);
    set_def_line(&die, &next);
    frames[len++] = next;
    return len;
}

/* ------------------------------------------------------------------ symbols */

static void read_symbols(DwarfFile *file)
{
    typedef Array(Symbol) Symbols;
    Symbols symbols = {0};
    int count = dwfl_module_getsymtab(file->elf->module);
    file->has_symbols = true;
    for (int i = 1; i < count; i++) {
        GElf_Sym symbol;
        GElf_Addr address;
        const char *name =
            dwfl_module_getsym_info(file->elf->module, i, &symbol, &address, NULL, NULL, NULL);
        if (!name || !*name || symbol.st_shndx == SHN_UNDEF)
            continue;
        int type = GELF_ST_TYPE(symbol.st_info);
        if (type != STT_FUNC && type != STT_GNU_IFUNC && type != STT_NOTYPE)
            continue;
        address -= file->elf->elf_bias;
        *array_push(file->arena, &symbols) = (Symbol){address, address + symbol.st_size, name};
    }
    if (symbols.len)
        qsort(symbols.items, symbols.len, sizeof(*symbols.items), by_low);
    file->symbols = symbols.items;
    file->symbols_len = symbols.len;
}

static const char *symbol_at(DwarfFile *file, uint64_t address)
{
    if (!file->has_symbols)
        read_symbols(file);
    size_t low = 0, high = file->symbols_len;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (file->symbols[middle].low <= address)
            low = middle + 1;
        else
            high = middle;
    }
    for (size_t i = low; i > 0 && low - i < OVERLAPS; i--)
        if (address < file->symbols[i - 1].high)
            return file->symbols[i - 1].name;
    return NULL;
}

bool dwarf_symbol(DwarfFile *file, size_t number, DwarfSymbol *out)
{
    if (!file->has_symbols)
        read_symbols(file);
    if (number >= file->symbols_len)
        return false;
    const Symbol *symbol = &file->symbols[number];
    *out = (DwarfSymbol){symbol->name, symbol->low, symbol->high};
    return true;
}

bool dwarf_is_fixed(const DwarfFile *file)
{
    return file->elf->fixed;
}

uint64_t dwarf_offset(const DwarfFile *file, uint64_t address)
{
    for (size_t i = 0; i < file->elf->segments_len; i++) {
        const ElfSegment *segment = &file->elf->segments[i];
        if (address >= segment->address && address - segment->address < segment->bytes)
            return address - segment->address + segment->offset;
    }
    return 0;
}

/* ------------------------------------------------------------------ the file */

DwarfFile *dwarf_open(Arena *arena, DwarfOptions options, DwarfProblem *problem)
{
    ElfFile *elf = elf_file_open(arena, options, problem);
    if (!elf)
        return NULL;
    DwarfFile *file = NEW(arena, DwarfFile);
    *file = (DwarfFile){.arena = arena, .elf = elf, .names = map_new(arena)};
    if (!options.symbols_only)
        file->dwarf = dwfl_module_getdwarf(elf->module, &file->dwarf_bias);
    if (file->dwarf)
        read_units(file);
    *problem = DWARF_FINE;
    return file;
}

size_t dwarf_places(Arena *arena, DwarfOptions options, const DwarfFile *file,
                    Str places[DWARF_PLACES_MAX])
{
    return elf_file_places(arena, options, file ? file->elf : NULL, places);
}

void dwarf_close(DwarfFile *file)
{
    if (file)
        elf_file_close(file->elf);
}

bool dwarf_has_lines(const DwarfFile *file)
{
    return file->unit_ranges_len > 0;
}

size_t dwarf_lookup(DwarfFile *file, uint64_t offset, DwarfFrame *frames, size_t room)
{
    uint64_t address;
    if (room == 0 || !elf_file_address(file->elf, offset, &address))
        return 0;
    uint64_t in_dwarf = address + file->elf->elf_bias - file->dwarf_bias;
    Unit *unit = file->dwarf ? unit_at(file, in_dwarf) : NULL;
    size_t len = unit ? look_in_unit(file, unit, in_dwarf, frames, room) : 0;
    if (len && frames[len - 1].function.len)
        return len;
    const char *name = symbol_at(file, address);
    if (!name)
        return len;
    if (!len)
        frames[len++] = (DwarfFrame){0};
    frames[len - 1].function = name_of(file, name);
    return len;
}
