#include "analysis/symbols/load_base.h"

#include "analysis/symbols/demangle.h"
#include "base/array.h"
#include "base/idmap.h"
#include "base/map.h"

enum {
    PAGE = 4096,
    PAGES_MAX = 64, /* a function longer than that says too little */
    VOTES_MAX = 1000 * 1000,
};

/* "cudaError cudaMalloc<double>(double**)" is "cudaMalloc<double>": what demangle gives. */
static Str plain_name(Str name)
{
    size_t end = 0, start = 0;
    int depth = 0;
    for (; end < name.len && (name.ptr[end] != '(' || depth); end++)
        depth += (name.ptr[end] == '<') - (name.ptr[end] == '>');
    depth = 0;
    for (size_t i = 0; i < end; i++) {
        depth += (name.ptr[i] == '<') - (name.ptr[i] == '>');
        if (name.ptr[i] == ' ' && depth == 0)
            start = i + 1;
    }
    return (Str){name.ptr + start, end - start};
}

/* Addresses of one function. */
typedef Array(uint64_t) Addresses;

typedef struct Votes {
    IdMap of; /* page of a base, + 1, to its votes */
    uint64_t best;
    uint32_t most;
    bool tied;
    size_t cast;
} Votes;

static void vote(Votes *votes, uint64_t page)
{
    uint32_t count = ++*idmap_slot(&votes->of, page + 1);
    votes->cast++;
    if (count > votes->most) {
        votes->most = count;
        votes->best = page;
        votes->tied = false;
    } else if (count == votes->most && page != votes->best) {
        votes->tied = true;
    }
}

/* An address that is returned to may be the first behind the function. */
static void vote_for(Votes *votes, uint64_t address, const DwarfSymbol *symbol)
{
    if (address < symbol->high)
        return;
    uint64_t first = (address - symbol->high + PAGE - 1) / PAGE;
    uint64_t last = (address - symbol->low) / PAGE;
    for (uint64_t page = first; page <= last && page - first < PAGES_MAX; page++)
        vote(votes, page);
}

static Map *by_function(Arena *arena, const LoadSeen *seen, size_t len)
{
    Map *map = map_new(arena);
    for (size_t i = 0; i < len; i++) {
        Str name = plain_name(seen[i].function);
        Addresses *addresses = map_get(map, name);
        if (!name.len || name.ptr[0] == '[')
            continue;
        if (!addresses) {
            addresses = NEW(arena, Addresses);
            map_put(map, name, addresses);
        }
        *array_push(arena, addresses) = seen[i].address;
    }
    return map;
}

bool load_base(Arena *arena, DwarfFile *file, const LoadSeen *seen, size_t len, uint64_t *base)
{
    Votes votes = {.of = idmap_new(arena)};
    Map *functions = by_function(arena, seen, len);
    DwarfSymbol symbol;
    *base = 0;
    if (dwarf_is_fixed(file))
        return true;
    for (size_t i = 0; dwarf_symbol(file, i, &symbol) && votes.cast < VOTES_MAX; i++) {
        Str raw = str_from_c(symbol.name);
        Addresses *addresses = map_get(functions, raw);
        if (!addresses && is_mangled(raw))
            addresses = map_get(functions, demangle(arena, raw));
        for (size_t k = 0; addresses && symbol.high > symbol.low && k < addresses->len; k++)
            vote_for(&votes, addresses->items[k], &symbol);
    }
    *base = votes.best * PAGE;
    return votes.most > 0 && !votes.tied;
}
