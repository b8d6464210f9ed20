/* Questions to an outline. How it is made stands in outline.c. */

#include "analysis/source/outline.h"

#include "base/array.h"
#include "base/strbuf.h"

static const Str KIND_NAMES[] = {
    [OUTLINE_FUNCTION] = STR_CONST("function"),   [OUTLINE_CLASS] = STR_CONST("class"),
    [OUTLINE_STATEMENT] = STR_CONST("statement"), [OUTLINE_LOOP] = STR_CONST("loop"),
    [OUTLINE_LAMBDA] = STR_CONST("lambda"),       [OUTLINE_CALL] = STR_CONST("call"),
    [OUTLINE_LAUNCH] = STR_CONST("launch"),       [OUTLINE_BENCH] = STR_CONST("bench"),
    [OUTLINE_GROUP] = STR_CONST("group"),
};

static const Str HARNESS_NAMES[] = {
    [OUTLINE_NO_HARNESS] = STR_CONST(""),     [OUTLINE_PYTEST] = STR_CONST("pytest-benchmark"),
    [OUTLINE_PYPERF] = STR_CONST("pyperf"),   [OUTLINE_CRITERION] = STR_CONST("criterion"),
    [OUTLINE_LIBTEST] = STR_CONST("libtest"), [OUTLINE_GBENCH] = STR_CONST("google-benchmark"),
    [OUTLINE_NVBENCH] = STR_CONST("nvbench"), [OUTLINE_DIVAN] = STR_CONST("divan"),
};

Str outline_kind_name(OutlineKind kind)
{
    return KIND_NAMES[kind];
}

Str outline_harness_name(OutlineHarness harness)
{
    return HARNESS_NAMES[harness];
}

const OutlineItem *outline_parent(const Outline *outline, const OutlineItem *item)
{
    return item->parent == OUTLINE_NONE ? NULL : &outline->items[item->parent];
}

/* ------------------------------------------------------------------ by line */

/* How many items start on or before a line. */
static size_t started_by(const Outline *outline, LineNo line)
{
    size_t low = 0, high = outline->len;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (outline->items[middle].first.n <= line.n)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/*
 * Every item that encloses the line is an ancestor of the last one that starts on or before it, or
 * that one itself; the innermost is met first.
 */
static const OutlineItem *innermost(const Outline *outline, LineNo line, unsigned kinds)
{
    size_t end = started_by(outline, line);
    const OutlineItem *item = end ? &outline->items[end - 1] : NULL;
    while (item && (!(kinds >> item->kind & 1) || item->last.n < line.n))
        item = outline_parent(outline, item);
    return item;
}

const OutlineItem *outline_function_at(const Outline *outline, LineNo line)
{
    return innermost(outline, line, 1U << OUTLINE_FUNCTION);
}

const OutlineItem *outline_statement_at(const Outline *outline, LineNo line)
{
    return innermost(outline, line, 1U << OUTLINE_STATEMENT | 1U << OUTLINE_LOOP);
}

/* ------------------------------------------------------------------ by name */

/* "pkg.mod.Parser.next", "a::b::f": where the last part starts. */
static size_t last_part(Str name)
{
    size_t at = name.len;
    while (at > 0 && name.ptr[at - 1] != '.' && name.ptr[at - 1] != ':')
        at--;
    return at;
}

/* How profilers name what has no name, and the name that our patterns give it. */
static const struct Nameless {
    Str start;
    Str name;
} NAMELESS[] = {
    {STR_CONST("<lambda>"), STR_CONST("<lambda>")},
    {STR_CONST("<listcomp>"), STR_CONST("<listcomp>")},
    {STR_CONST("<setcomp>"), STR_CONST("<setcomp>")},
    {STR_CONST("<dictcomp>"), STR_CONST("<dictcomp>")},
    {STR_CONST("<genexpr>"), STR_CONST("<genexpr>")},
    {STR_CONST("{{closure"), STR_CONST("{{closure}}")},
    {STR_CONST("{closure"), STR_CONST("{{closure}}")},
    {STR_CONST("{lambda"), STR_CONST("{lambda}")},
};

/* "f.<locals>.<lambda>", "main::{{closure}}", "main::{closure#0}"; else empty. */
static Str nameless_part(Str name)
{
    Str part = str_from(name, last_part(name));
    for (size_t i = 0; i < sizeof(NAMELESS) / sizeof(NAMELESS[0]); i++)
        if (str_starts(part, NAMELESS[i].start))
            return NAMELESS[i].name;
    return S("");
}

/* Takes off "::h" and 16 hexadecimal digits, and "<locals>."; "<T as Trait>::f" becomes "T::f". */
static Str plain_name(Arena *arena, Str name)
{
    size_t hash = name.len > 19 ? name.len - 19 : 0;
    if (hash && str_starts(str_from(name, hash), S("::h")))
        name = str_head(name, hash);
    size_t as = str_starts(name, S("<")) ? str_find(name, S(" as "), 0) : SIZE_MAX;
    size_t after = as == SIZE_MAX ? SIZE_MAX : str_find(name, S(">::"), as);
    if (after != SIZE_MAX)
        name = str_fmt(arena, STR_FMT STR_FMT, STR_ARG(str_head(str_from(name, 1), as - 1)),
                       STR_ARG(str_from(name, after + 1)));
    size_t locals;
    while ((locals = str_find(name, S("<locals>."), 0)) != SIZE_MAX)
        name = str_fmt(arena, STR_FMT STR_FMT, STR_ARG(str_head(name, locals)),
                       STR_ARG(str_from(name, locals + 9)));
    return name;
}

/* Drops generics and arguments: "f<int>(int, T<U>)" is "f". */
static Str bare_name(Arena *arena, Str name)
{
    name = plain_name(arena, name);
    char *out = NEW_ARRAY(arena, char, name.len + 1);
    size_t len = 0, depth = 0;
    for (size_t i = 0; i < name.len; i++) {
        char c = name.ptr[i];
        if (c == '(' && depth == 0)
            break;
        if (c == '<')
            depth++;
        else if (c == '>' && depth > 0)
            depth--;
        else if (depth == 0)
            out[len++] = c;
    }
    while (len > 0 && (out[len - 1] == ':' || out[len - 1] == '.'))
        len--;
    return (Str){out, len};
}

static bool ends_with_parts(Str name, Str end)
{
    if (end.len == 0 || !str_ends(name, end) || name.len == end.len)
        return false;
    char before = name.ptr[name.len - end.len - 1];
    return before == '.' || before == ':';
}

/* 0: no; more: better. A name that says more than we know fits better than one that says less. */
static int fit(const OutlineItem *item, Str nameless, Str wanted)
{
    if (nameless.len)
        return (item->kind == OUTLINE_LAMBDA || item->kind == OUTLINE_LOOP) &&
               str_eq(item->name, nameless);
    if (item->kind != OUTLINE_FUNCTION)
        return 0;
    if (str_eq(item->name, wanted))
        return 3;
    return ends_with_parts(wanted, item->name) ? 2 : ends_with_parts(item->name, wanted) ? 1 : 0;
}

static uint32_t distance(const OutlineItem *item, LineNo near)
{
    if (near.n == 0 || (item->first.n <= near.n && near.n <= item->last.n))
        return 0;
    return item->first.n > near.n ? item->first.n - near.n : near.n - item->first.n;
}

const OutlineItem *outline_find_function(const Outline *outline, Str name, LineNo near)
{
    CLEANUP(arena_cleanup) Arena *scratch = arena_new("outline name");
    Str nameless = nameless_part(name);
    Str wanted = bare_name(scratch, name);
    const OutlineItem *best = NULL;
    int best_fit = 0;
    array_each (OutlineItem, item, outline) {
        int how = fit(item, nameless, wanted);
        if (how == 0 || how < best_fit)
            continue;
        /* Of two around the line the later one is inside the earlier. */
        bool closer = !best || how > best_fit || distance(item, near) < distance(best, near) ||
                      (near.n && distance(item, near) == 0);
        if (closer) {
            best = item;
            best_fit = how;
        }
    }
    return best;
}

/* ------------------------------------------------------------------ printing */

Str outline_print(Arena *arena, const Outline *outline)
{
    StrBuf out = strbuf_new(arena);
    array_each (OutlineItem, item, outline) {
        for (const OutlineItem *at = item; (at = outline_parent(outline, at));)
            strbuf_add(&out, S("  "));
        strbuf_add(&out, outline_kind_name(item->kind));
        if (item->name.len)
            strbuf_fmt(&out, " " STR_FMT, STR_ARG(item->name));
        strbuf_fmt(&out, item->first.n == item->last.n ? " %u\n" : " %u-%u\n", item->first.n,
                   item->last.n);
    }
    return strbuf_str(&out);
}
