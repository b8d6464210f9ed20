#include "analysis/profile/nvidia/ncu_access.h"

#include <stdlib.h>

#include "base/strbuf.h"

/* Bits and words side by side in reports of 2020.3 to 2025.1 and on the pages ncu prints of them. */
typedef struct Bit {
    uint8_t bit;
    Str words;
} Bit;

static const Bit SPACES[] = {
    {4, STR_CONST("global")}, {8, STR_CONST("local")}, {16, STR_CONST("shared")}};
static const Bit OPERATIONS[] = {{2, STR_CONST("load")}, {4, STR_CONST("store")}};
static const Bit SIZES[] = {{2, STR_CONST("8")},
                            {8, STR_CONST("16")},
                            {32, STR_CONST("32")},
                            {64, STR_CONST("64")},
                            {128, STR_CONST("128")}};
#define BITS(table) (table), sizeof(table) / sizeof((table)[0])

NcuAccesses ncu_accesses_new(Arena *arena)
{
    return (NcuAccesses){.arena = arena, .keys = intern_new(arena)};
}

static bool same_word(Str word, Str words)
{
    for (size_t i = 0; i < word.len && word.len == words.len; i++)
        if ((word.ptr[i] | 0x20) != words.ptr[i])
            return false;
    return word.len && word.len == words.len;
}

/* "Global, Shared" has two of them. */
static uint8_t bits_of(const Bit *table, size_t len, Str text)
{
    uint8_t bits = 0;
    Str rest = text, word;
    while (rest.len) {
        if (!str_cut(rest, ',', &word, &rest)) {
            word = rest;
            rest = (Str){0};
        }
        word = str_trim(word);
        for (size_t i = 0; i < len; i++)
            if (same_word(word, table[i].words))
                bits |= table[i].bit;
    }
    return bits;
}

NcuAccess ncu_access_of(Str space, Str operation, Str size)
{
    return (NcuAccess){.space = bits_of(BITS(SPACES), space),
                       .operation = bits_of(BITS(OPERATIONS), operation),
                       .size = bits_of(BITS(SIZES), size)};
}

void ncu_access_add(NcuAccesses *all, uint32_t frame, uint32_t file, uint32_t line,
                    NcuAccess access)
{
    uint32_t key[6] = {frame, file, line, access.space, access.operation, access.size};
    if (!access.space || !line)
        return;
    uint32_t id = intern_id(&all->keys, (Str){(const char *)key, sizeof(key)});
    while (all->items.len <= id)
        array_push(all->arena, &all->items);
    NcuLineAccess *item = &all->items.items[id];
    *item = (NcuLineAccess){frame, file, line, item->instructions + 1, access};
}

static void put_bits(StrBuf *out, const Bit *table, size_t len, uint8_t bits, const char *between)
{
    const char *before = "";
    for (size_t i = 0; i < len; i++)
        if (bits & table[i].bit) {
            strbuf_fmt(out, "%s" STR_FMT, before, STR_ARG(table[i].words));
            before = between;
        }
}

/* "global load, 32-bit × 4" */
static void put_access(StrBuf *out, const NcuLineAccess *item)
{
    put_bits(out, BITS(SPACES), item->access.space, " to ");
    strbuf_char(out, ' ');
    if (item->access.operation)
        put_bits(out, BITS(OPERATIONS), item->access.operation, " and ");
    else
        strbuf_add(out, S("access"));
    if (item->access.size) {
        strbuf_add(out, S(", "));
        put_bits(out, BITS(SIZES), item->access.size, "/");
        strbuf_add(out, S("-bit"));
    }
    if (item->instructions > 1)
        strbuf_fmt(out, " × %u", item->instructions);
}

static int compare(uint32_t a, uint32_t b)
{
    return (a > b) - (a < b);
}

/* By place; those of a place in the order of their bits. */
static int by_place(const void *a, const void *b)
{
    const NcuLineAccess *left = a, *right = b;
    int order = compare(left->frame, right->frame);
    order = order ? order : compare(left->file, right->file);
    order = order ? order : compare(left->line, right->line);
    order = order ? order : compare(left->access.space, right->access.space);
    order = order ? order : compare(left->access.operation, right->access.operation);
    return order ? order : compare(left->access.size, right->access.size);
}

static bool same_place(const NcuLineAccess *a, const NcuLineAccess *b)
{
    return a->frame == b->frame && a->file == b->file && a->line == b->line;
}

void ncu_access_findings(NcuAccesses *all, ProfileBuilder *build)
{
    NcuLineAccess *items = all->items.items;
    size_t len = all->items.len, i = 1, next; /* 0 is the empty key */
    if (len > 1)
        qsort(items + 1, len - 1, sizeof(*items), by_place);
    for (; i < len; i = next) {
        StrBuf text = strbuf_new(all->arena);
        for (next = i; next < len && same_place(&items[i], &items[next]); next++) {
            strbuf_add(&text, next > i ? S("; ") : S(""));
            put_access(&text, &items[next]);
        }
        profile_add_finding(build,
                            (ProfileFinding){.frame = items[i].frame,
                                             .file = items[i].file,
                                             .line = items[i].line,
                                             .rule = profile_add_text(build, S("memory access")),
                                             .message = profile_add_text(build, strbuf_str(&text)),
                                             .kind = FINDING_NOTE});
    }
}
