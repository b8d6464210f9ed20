#include "analysis/symbols/symbol_text.h"

#include <stdlib.h>
#include <string.h>

#include "base/array.h"

enum {
    OVERLAPS = 16, /* entries before the nearest that may reach over an address */
    NAME_MAX_BYTES = 16 * 1024,
};

struct SymbolText {
    Array(SymbolName) names; /* by low, then by order */
    uint64_t text_start;     /* the kernel's _text and _stext; 0: not there */
    uint64_t code_start;
};

static int digit_of(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* A number with or without 0x, and the blank behind it. */
static bool take_hex(Str *line, uint64_t *out)
{
    Str rest = str_starts(*line, S("0x")) ? str_from(*line, 2) : *line;
    size_t at = 0;
    uint64_t value = 0;
    for (int digit; at < rest.len && (digit = digit_of(rest.ptr[at])) >= 0; at++)
        value = value << 4 | (uint64_t)digit;
    if (at == 0 || at > 16 || at == rest.len || rest.ptr[at] != ' ')
        return false;
    *line = str_from(rest, at + 1);
    *out = value;
    return true;
}

static int by_low(const void *a, const void *b)
{
    const SymbolName *left = a, *right = b;
    if (left->low != right->low)
        return left->low < right->low ? -1 : 1;
    return (left->order > right->order) - (left->order < right->order);
}

static void sort_names(SymbolText *symbols)
{
    size_t len = symbols->names.len;
    const SymbolName *names = symbols->names.items;
    for (size_t i = 1; i < len; i++)
        if (by_low(&names[i - 1], &names[i]) > 0) {
            qsort(symbols->names.items, len, sizeof(*names), by_low);
            return;
        }
}

/* ------------------------------------------------------------------ the kernel */

static bool read_kernel_line(SymbolText *symbols, Str line, SymbolName *out)
{
    Str name, module;
    if (!take_hex(&line, &out->low) || line.len < 3 || line.ptr[1] != ' ' || !out->low)
        return false;
    bool code = memchr("tTwW", line.ptr[0], 4);
    out->name = str_from(line, 2);
    if (str_cut(out->name, '\t', &name, &module)) {
        out->name = name;
        out->module = module;
    }
    if (str_eq(out->name, S("_text")))
        symbols->text_start = out->low;
    if (str_eq(out->name, S("_stext")))
        symbols->code_start = out->low;
    return code && out->name.len <= NAME_MAX_BYTES;
}

/* Is one of the addresses at or above `low`, and below `high`? */
static bool is_wanted(const Addresses *wanted, uint64_t low, uint64_t high)
{
    size_t from = 0, to = wanted->len;
    while (from < to) {
        size_t middle = from + (to - from) / 2;
        if (wanted->items[middle] < low)
            from = middle + 1;
        else
            to = middle;
    }
    return from < wanted->len && wanted->items[from] < high;
}

/*
 * The text is in order but for the modules behind it. Names of one place come together, and such a group
 * stays when an address lies before the next one: then the nearest name below each address is
 * there, which is all that a look needs.
 */
static void read_kernel(Arena *arena, SymbolText *symbols, Str text, const Addresses *wanted)
{
    size_t group = 0; /* where it begins in the list */
    uint64_t low = 0;
    for (Str line; str_next_line(&text, &line) && symbols->names.len < UINT32_MAX;) {
        SymbolName name = {.order = (uint32_t)symbols->names.len, .high = UINT64_MAX};
        if (!read_kernel_line(symbols, line, &name))
            continue;
        if (name.low != low) {
            uint64_t next = name.low > low ? name.low : UINT64_MAX;
            if (wanted && !is_wanted(wanted, low, next))
                symbols->names.len = group;
            group = symbols->names.len;
            low = name.low;
            name.order = (uint32_t)group;
        }
        *array_push(arena, &symbols->names) = name;
    }
}

SymbolText *symbol_text_kernel(Arena *arena, Str text, const Addresses *wanted)
{
    SymbolText *symbols = NEW(arena, SymbolText);
    read_kernel(arena, symbols, text, wanted);
    sort_names(symbols);
    for (size_t i = symbols->names.len; i-- > 1;) {
        SymbolName *before = &symbols->names.items[i - 1], *next = before + 1;
        before->high = before->low == next->low ? next->high : next->low;
    }
    return symbols;
}

bool symbol_text_begins_at(const SymbolText *symbols, uint64_t address)
{
    return address && (address == symbols->text_start || address == symbols->code_start);
}

/* ------------------------------------------------------------------ generated code */

SymbolText *symbol_text_map(Arena *arena, Str text)
{
    SymbolText *symbols = NEW(arena, SymbolText);
    for (Str line; str_next_line(&text, &line) && symbols->names.len < UINT32_MAX;) {
        SymbolName name = {.order = (uint32_t)symbols->names.len};
        uint64_t size;
        if (!take_hex(&line, &name.low) || !take_hex(&line, &size) || size > UINT64_MAX - name.low)
            continue;
        name.high = name.low + size;
        name.name = str_trim(line);
        if (size && name.name.len && name.name.len <= NAME_MAX_BYTES)
            *array_push(arena, &symbols->names) = name;
    }
    sort_names(symbols);
    return symbols;
}

/* ------------------------------------------------------------------ looking up */

/* Of several names of one place the last in the text: the newest, and what perf takes. */
const SymbolName *symbol_text_find(const SymbolText *symbols, uint64_t address)
{
    size_t low = 0, high = symbols->names.len;
    const SymbolName *names = symbols->names.items, *best = NULL;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (names[middle].low <= address)
            low = middle + 1;
        else
            high = middle;
    }
    for (size_t i = low; i > 0 && low - i < OVERLAPS; i--) {
        const SymbolName *name = &names[i - 1];
        if (address < name->high && (!best || name->order > best->order))
            best = name;
    }
    return best;
}
