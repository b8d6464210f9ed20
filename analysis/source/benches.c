#include "analysis/source/benches.h"

#include <limits.h>
#include <string.h>

#include "base/path.h"
#include "base/strbuf.h"

/* ------------------------------------------------------------------ ids */

static const OutlineItem *function_around(const Outline *outline, const OutlineItem *item)
{
    do {
        item = outline_parent(outline, item);
    } while (item && item->kind != OUTLINE_FUNCTION);
    return item;
}

static Str replaced(Arena *arena, Str text, Str old, Str with)
{
    StrBuf out = strbuf_new(arena);
    for (size_t at; (at = str_find(text, old, 0)) != SIZE_MAX;
         text = str_from(text, at + old.len)) {
        strbuf_add(&out, str_head(text, at));
        strbuf_add(&out, with);
    }
    strbuf_add(&out, text);
    return strbuf_str(&out);
}

/*
 * pytest collects functions and methods called test*, or bench* where the project says so; a
 * fixture or a helper that takes `benchmark` is none.
 */
static bool pytest_id(Arena *arena, const Outline *outline, const OutlineItem *item, Bench *out)
{
    const OutlineItem *function = outline_parent(outline, item);
    if (!function || function->kind != OUTLINE_FUNCTION || function_around(outline, function))
        return false;
    if (!str_starts(item->name, S("test")) && !str_starts(item->name, S("bench")))
        return false;
    out->id = replaced(arena, function->name, S("."), S("::"));
    return true;
}

static Str word_at(const Text *text, ByteOffset at)
{
    Str rest = str_from(text_bytes(text), at.n);
    size_t len = 0;
    while (len < rest.len && ((rest.ptr[len] >= 'a' && rest.ptr[len] <= 'z') ||
                              (rest.ptr[len] >= 'A' && rest.ptr[len] <= 'Z') ||
                              (rest.ptr[len] >= '0' && rest.ptr[len] <= '9') ||
                              rest.ptr[len] == '_' || (unsigned char)rest.ptr[len] >= 0x80))
        len++;
    return str_head(rest, len);
}

/* The group that the chain begins with, else the last one its variable was set to before. */
static const OutlineItem *group_of(const Outline *outline, const OutlineItem *item,
                                   const Text *text, Str variable)
{
    const OutlineItem *function = function_around(outline, item), *found = NULL;
    array_each (const OutlineItem, group, outline) {
        if (group->range.start.n > item->range.start.n)
            break;
        if (group->kind != OUTLINE_GROUP)
            continue;
        bool chained = group->range.start.n == item->range.start.n;
        bool named = group->body_start.n < group->range.end.n &&
                     str_eq(word_at(text, group->body_start), variable) &&
                     function_around(outline, group) == function;
        if (chained || named)
            found = group;
    }
    return found;
}

/* Does the signature say `variable: &mut Criterion`? Then its benchmarks are in no group. */
static bool is_criterion(const Outline *outline, const OutlineItem *item, const Text *text,
                         Str variable)
{
    const OutlineItem *function = function_around(outline, item);
    if (!function)
        return false;
    Str words = text_slice(text, (ByteRange){function->range.start, function->body_start});
    for (size_t at = 0; variable.len && (at = str_find(words, variable, at)) != SIZE_MAX; at++) {
        Str rest = str_trim(str_from(words, at + variable.len));
        size_t end = str_find(rest, S(","), 0);
        if (str_starts(rest, S(":")) &&
            str_has(str_head(rest, end == SIZE_MAX ? rest.len : end), S("Criterion")))
            return true;
    }
    return false;
}

static bool criterion_id(Arena *arena, const Outline *outline, const OutlineItem *item,
                         const Text *text, Bench *out)
{
    Str variable = word_at(text, item->range.start);
    const OutlineItem *group = group_of(outline, item, text, variable);
    out->id = item->name;
    out->open_end = item->name.len == 0;
    if (group)
        out->id = item->name.len ? str_fmt(arena, STR_FMT "/" STR_FMT, STR_ARG(group->name),
                                           STR_ARG(item->name))
                                 : group->name;
    else
        out->open_front = !is_criterion(outline, item, text, variable);
    return out->id.len > 0;
}

/* The function stands inside its benchmark, which has the attribute as well. */
static bool libtest_id(const Outline *outline, const OutlineItem *item, Bench *out)
{
    const OutlineItem *end = outline->items + outline->len;
    out->id = item->name;
    for (const OutlineItem *at = item + 1; at < end && at->range.start.n < item->range.end.n; at++)
        if (at->kind == OUTLINE_FUNCTION && at->name_range.start.n == item->name_range.start.n)
            out->id = at->name;
    return out->id.len > 0;
}

/* "Fixture, scan" is written in two arguments. */
static bool gbench_id(Arena *arena, const OutlineItem *item, Bench *out)
{
    Str before, after;
    out->id = item->name;
    if (str_cut(item->name, ',', &before, &after))
        out->id = str_fmt(arena, STR_FMT "/" STR_FMT, STR_ARG(str_trim(before)),
                          STR_ARG(str_trim(after)));
    return out->id.len > 0;
}

static bool set_id(Arena *arena, const Outline *outline, const OutlineItem *item, const Text *text,
                   Bench *out)
{
    switch (item->harness) {
    case OUTLINE_PYTEST:
        return pytest_id(arena, outline, item, out);
    case OUTLINE_CRITERION:
        return criterion_id(arena, outline, item, text, out);
    case OUTLINE_LIBTEST:
    case OUTLINE_DIVAN:
        return libtest_id(outline, item, out);
    case OUTLINE_GBENCH:
        return gbench_id(arena, item, out);
    case OUTLINE_PYPERF:
    case OUTLINE_NVBENCH:
        out->id = item->name;
        return item->name.len > 0;
    case OUTLINE_NO_HARNESS:
        break;
    }
    return false;
}

Benches benches_of(Arena *arena, const Outline *outline, const Text *text)
{
    Benches found = {0};
    array_each (const OutlineItem, item, outline) {
        Bench bench = {.harness = item->harness, .line = item->first, .last = item->last};
        if (item->kind != OUTLINE_BENCH || !set_id(arena, outline, item, text, &bench))
            continue;
        if (item->name_range.end.n > item->name_range.start.n)
            bench.line = text_line_at(text, item->name_range.start);
        *array_push(arena, &found) = bench;
    }
    return found;
}

/* ------------------------------------------------------------------ names in reports */

static int points(size_t len)
{
    return len < INT_MAX / 8 ? (int)len + 1 : INT_MAX / 8;
}

/* What may follow an id: nothing (then more points), or a parameter behind one of `marks`. */
static int fits_start(Str id, Str name, const char *marks)
{
    if (str_eq(id, name))
        return 2 * points(id.len);
    if (id.len && str_starts(name, id) && strchr(marks, name.ptr[id.len]))
        return points(id.len);
    return 0;
}

/* How many whole parts at their ends two paths share, when one of them is the end of the other. */
static int fits_path(Str a, Str b)
{
    if (str_eq(a, b))
        return 1 << 20;
    Str shorter = a.len < b.len ? a : b, longer = a.len < b.len ? b : a;
    if (!shorter.len || !str_ends(longer, shorter) ||
        longer.ptr[longer.len - shorter.len - 1] != '/')
        return 0;
    return points(shorter.len);
}

/* "benches/test_lex.py::TestLex::test_scan[small]"; without the file where a name is all there is. */
static int pytest_score(const Bench *bench, Str path, Str name)
{
    size_t parameters = str_find(name, S("["), 0);
    if (parameters != SIZE_MAX && str_ends(name, S("]")))
        name = str_head(name, parameters);
    size_t cut = str_find(name, S("::"), 0);
    if (cut == SIZE_MAX) {
        Str last = bench->id;
        for (size_t at; (at = str_find(last, S("::"), 0)) != SIZE_MAX;)
            last = str_from(last, at + 2);
        return str_eq(last, name) ? 1 : 0;
    }
    return str_eq(str_from(name, cut + 2), bench->id) ? fits_path(path, str_head(name, cut)) : 0;
}

/* Each "{...}" of a format string stands for anything but nothing. */
static int fits_format(Str format, Str name)
{
    int score = 0;
    for (bool open = false;; open = true) {
        size_t brace = str_find(format, S("{"), 0);
        Str literal = str_head(format, brace == SIZE_MAX ? format.len : brace);
        size_t at = open ? str_find(name, literal, name.len ? 1 : 0) : 0;
        if (brace == SIZE_MAX && open && str_ends(name, literal) && name.len > literal.len)
            at = name.len - literal.len;
        if (at == SIZE_MAX || !str_starts(str_from(name, at), literal))
            return 0;
        score += (int)literal.len;
        name = str_from(name, at + literal.len);
        if (brace == SIZE_MAX)
            return name.len ? 0 : score + 1;
        size_t end = str_find(format, S("}"), brace);
        if (end == SIZE_MAX)
            return 0;
        format = str_from(format, end + 1);
    }
}

/* "lexer::tests::scan" is scan of the module tests in the file lexer.rs. */
static int fits_module(Str id, Str name)
{
    if (str_eq(id, name))
        return 2 * points(id.len);
    bool ends = str_ends(name, id) && str_ends(str_head(name, name.len - id.len), S("::"));
    return ends ? points(id.len) : 0;
}

/* "inner::make::Vec<i32>::8": types and arguments come behind the function. */
static int divan_score(Str id, Str name)
{
    int best = fits_module(id, name);
    for (int behind = 0; behind < 2 && !best; behind++) {
        size_t at = SIZE_MAX, next = 0;
        while ((next = str_find(name, S("::"), next)) != SIZE_MAX)
            at = next++;
        if (at == SIZE_MAX)
            return 0;
        name = str_head(name, at);
        best = fits_module(id, name);
    }
    return best;
}

static int criterion_score(const Bench *bench, Str name)
{
    int best = fits_start(bench->id, name, "/");
    if (bench->open_end && str_eq(bench->id, name))
        best = 0;
    if (!best && str_has(bench->id, S("{")))
        best = fits_format(bench->id, name);
    for (size_t at = 0;
         bench->open_front && !best && (at = str_find(name, S("/"), at)) != SIZE_MAX;)
        best = fits_start(bench->id, str_from(name, ++at), "/") > 0;
    return best;
}

int bench_score(const Bench *bench, Str path, Str harness, Str name)
{
    if (!str_eq(harness, outline_harness_name(bench->harness)))
        return 0;
    switch (bench->harness) {
    case OUTLINE_PYTEST:
        return pytest_score(bench, path, name);
    case OUTLINE_CRITERION:
        return criterion_score(bench, name);
    case OUTLINE_GBENCH:
        return fits_start(bench->id, name, "/<:");
    case OUTLINE_NVBENCH:
        return fits_start(bench->id, name, "/[ ");
    case OUTLINE_PYPERF:
        return str_eq(bench->id, name) ? 1 : 0;
    case OUTLINE_LIBTEST:
        return fits_module(bench->id, name);
    case OUTLINE_DIVAN:
        return divan_score(bench->id, name);
    case OUTLINE_NO_HARNESS:
        break;
    }
    return 0;
}

const Bench *benches_find(const Benches *benches, Str path, Str harness, Str name)
{
    const Bench *best = NULL;
    int most = 0;
    array_each (const Bench, bench, benches) {
        int score = bench_score(bench, path, harness, name);
        if (score > most) {
            most = score;
            best = bench;
        }
    }
    return best;
}
