#include "analysis/profile/nvidia/cubin.h"

#include <string.h>

#include "analysis/profile/nvidia/cubin_parts.h"

/* ELF as in its specification. Only little-endian 64-bit images exist. */
enum {
    ELF_HEAD = 64,
    SECTION_HEAD = 64,
    SYMBOL = 24,
    REL = 16,
    RELA = 24,
    SHT_NOBITS = 8,
    STT_FUNC = 2,
};

/* ------------------------------------------------------------------ bytes */

CubinBytes cubin_bytes(Str text)
{
    return (CubinBytes){.start = (const unsigned char *)text.ptr, .len = text.len};
}

uint64_t cubin_take(CubinBytes *in, size_t size)
{
    uint64_t value = 0;
    if (in->len - in->at < size) {
        in->bad = true;
        in->at = in->len;
        return 0;
    }
    for (size_t i = 0; i < size; i++)
        value |= (uint64_t)in->start[in->at + i] << (8 * i);
    in->at += size;
    return value;
}

Str cubin_take_text(CubinBytes *in)
{
    size_t start = in->at;
    while (in->at < in->len && in->start[in->at])
        in->at++;
    Str text = {(const char *)in->start + start, in->at - start};
    cubin_take(in, 1);
    return text;
}

Str cubin_text(Str table, uint64_t offset)
{
    if (offset >= table.len)
        return (Str){0};
    CubinBytes in = cubin_bytes(str_from(table, (size_t)offset));
    return cubin_take_text(&in);
}

static uint64_t number_at(Str image, size_t offset, size_t size)
{
    CubinBytes in = cubin_bytes(image);
    in.at = offset < in.len ? offset : in.len;
    return cubin_take(&in, size);
}

/* ------------------------------------------------------------------ sections */

static Str section_bytes(const CubinReader *in, uint64_t head)
{
    uint64_t type = number_at(in->image, (size_t)head + 4, 4);
    uint64_t offset = number_at(in->image, (size_t)head + 24, 8);
    uint64_t size = number_at(in->image, (size_t)head + 32, 8);
    if (type == SHT_NOBITS || offset > in->image.len || size > in->image.len - offset)
        return (Str){0};
    return (Str){in->image.ptr + offset, (size_t)size};
}

static bool find_sections(CubinReader *in, Err *err)
{
    static const char MAGIC[] = "\x7f"
                                "ELF\x02\x01";
    if (in->image.len < ELF_HEAD || memcmp(in->image.ptr, MAGIC, 6) != 0)
        return err_set(err, ERR_INPUT, "no 64-bit ELF file");
    uint64_t heads = number_at(in->image, 40, 8), size = number_at(in->image, 58, 2);
    uint64_t count = number_at(in->image, 60, 2), names_at = number_at(in->image, 62, 2);
    if (size < SECTION_HEAD || heads > in->image.len || count * size > in->image.len - heads ||
        names_at >= count)
        return err_set(err, ERR_INPUT, "its section table lies outside of it");
    Str names = section_bytes(in, heads + names_at * size);
    struct {
        Str name;
        Str *bytes;
    } wanted[] = {
        {S(".debug_line"), &in->lines},
        {S(".rel.debug_line"), &in->line_rel},
        {S(".rela.debug_line"), &in->line_rela},
        {S(".debug_str"), &in->debug_str},
        {S(".symtab"), &in->symbols},
        {S(".strtab"), &in->names},
    };
    for (uint64_t i = 0; i < count; i++) {
        uint64_t head = heads + i * size;
        Str name = cubin_text(names, number_at(in->image, (size_t)head, 4));
        for (size_t k = 0; k < sizeof(wanted) / sizeof(wanted[0]); k++)
            if (str_eq(name, wanted[k].name))
                *wanted[k].bytes = section_bytes(in, head);
    }
    return true;
}

static Str symbol_name(const CubinReader *in, uint64_t symbol)
{
    if (symbol >= in->symbols.len / SYMBOL)
        return (Str){0};
    return cubin_text(in->names, number_at(in->symbols, (size_t)symbol * SYMBOL, 4));
}

static void take_relocations(CubinReader *in, Str table, size_t size)
{
    for (size_t at = 0; at + size <= table.len; at += size)
        *idmap_slot(&in->relocations, number_at(table, at, 8) + 1) =
            (uint32_t)number_at(table, at + 12, 4) + 1;
}

static void take_symbols(CubinReader *in)
{
    for (size_t i = 0; i < in->symbols.len / SYMBOL; i++) {
        uint64_t address = number_at(in->symbols, i * SYMBOL + 8, 8);
        if ((number_at(in->symbols, i * SYMBOL + 4, 1) & 0xf) == STT_FUNC && address)
            *idmap_slot(&in->functions_at, address) = (uint32_t)i + 1;
    }
}

/* The name of symbol number - 1; empty for 0. */
Str cubin_symbol(const CubinReader *in, uint32_t number)
{
    return number ? symbol_name(in, number - 1) : (Str){0};
}

uint64_t cubin_section(const CubinReader *in, uint32_t number)
{
    return number ? number_at(in->symbols, (size_t)(number - 1) * SYMBOL + 6, 2) + 1 : 0;
}

/* Local functions are called "$CALLER$NAME"; several of one section share its sequence. */
static void take_inner_functions(CubinReader *in)
{
    for (uint32_t i = 1; i <= in->symbols.len / SYMBOL; i++) {
        size_t at = (size_t)(i - 1) * SYMBOL;
        Str name = cubin_symbol(in, i), caller, own;
        uint32_t place = idmap_get(&in->function_in, cubin_section(in, i));
        if ((number_at(in->symbols, at + 4, 1) & 0xf) != STT_FUNC || !place ||
            !str_starts(name, S("$")) || !str_cut_last(name, '$', &caller, &own))
            continue;
        uint64_t start = number_at(in->symbols, at + 8, 8);
        CubinFunction *function = &in->functions.items[place - 1];
        CubinInner *inner = array_push(in->arena, &function->inner);
        *inner = (CubinInner){
            .symbol = own, .start = start, .end = start + number_at(in->symbols, at + 16, 8)};
        const CubinRow *row = cubin_row(function, inner->end - 1);
        inner->has_rows = row && row->address >= start;
    }
}

/* Functions without lines still tell their neighbours' addresses apart. */
static void add_bare_functions(CubinReader *in)
{
    array_each (CubinFunction, function, &in->functions)
        if (function->start)
            *idmap_slot(&in->functions_at, function->start) = UINT32_MAX; /* has its lines */
    for (size_t i = 0; i < in->symbols.len / SYMBOL; i++) {
        size_t at = i * SYMBOL;
        uint64_t start = number_at(in->symbols, at + 8, 8);
        if (start && idmap_get(&in->functions_at, start) == i + 1)
            *array_push(in->arena, &in->functions) =
                (CubinFunction){.symbol = symbol_name(in, i),
                                .start = start,
                                .end = start + number_at(in->symbols, at + 16, 8)};
    }
}

bool cubin_read(Arena *arena, Str image, Cubin *out, Err *err)
{
    *out = (Cubin){0};
    CubinReader in = {.arena = arena, .image = image, .out = out};
    if (!find_sections(&in, err))
        return false;
    in.files = intern_new(arena);
    in.relocations = idmap_new(arena);
    in.functions_at = idmap_new(arena);
    in.function_in = idmap_new(arena);
    take_relocations(&in, in.line_rel, REL);
    take_relocations(&in, in.line_rela, RELA);
    take_symbols(&in);
    out->has_lines = in.lines.len > 0;
    cubin_take_lines(&in);
    take_inner_functions(&in);
    if (out->absolute)
        add_bare_functions(&in);
    out->files_len = in.files.count;
    out->files = NEW_ARRAY(arena, Str, in.files.count + 1);
    for (uint32_t i = 0; i < in.files.count; i++)
        out->files[i] = intern_str(&in.files, i);
    out->functions = in.functions.items;
    out->functions_len = in.functions.len;
    return true;
}

/* ------------------------------------------------------------------ asking */

const CubinFunction *cubin_function(const Cubin *cubin, Str symbol)
{
    for (size_t i = 0; i < cubin->functions_len; i++)
        if (str_eq(cubin->functions[i].symbol, symbol))
            return &cubin->functions[i];
    return NULL;
}

const CubinFunction *cubin_function_at(const Cubin *cubin, uint64_t address)
{
    for (size_t i = 0; i < cubin->functions_len; i++)
        if (address >= cubin->functions[i].start && address < cubin->functions[i].end)
            return &cubin->functions[i];
    return NULL;
}

const CubinInner *cubin_inner(const CubinFunction *function, uint64_t address)
{
    array_each (CubinInner, inner, &function->inner)
        if (address >= inner->start && address < inner->end)
            return inner;
    return NULL;
}

const CubinRow *cubin_row(const CubinFunction *function, uint64_t address)
{
    size_t low = 0, high = function->rows_len;
    if (address >= function->end)
        return NULL;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (function->rows[middle].address <= address)
            low = middle + 1;
        else
            high = middle;
    }
    const CubinRow *row = low ? &function->rows[low - 1] : NULL;
    return row && row->line ? row : NULL;
}

const CubinRow *cubin_caller(const CubinFunction *function, const CubinRow *row)
{
    return row->context ? &function->rows[row->context - 1] : NULL;
}
