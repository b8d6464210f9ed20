#include "analysis/profile/kernel_name.h"

#include <stdio.h>
#include <string.h>

#include "base/strbuf.h"

static bool is_name_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* ncu drops the first bracket of "<unnamed>::" in names it prints: "void unnamed>::fill<...>". */
static bool is_half_unnamed(Str name, size_t at)
{
    static const Str WORD = STR_CONST("unnamed");
    Str before = str_head(name, at);
    if (!str_ends(before, WORD))
        return false;
    before = str_head(before, before.len - WORD.len);
    return !str_ends(before, S("<"));
}

/* The bracket that closes the '<' at `at`; those in parentheses do not count. */
static size_t skip_arguments(Str name, size_t at)
{
    size_t angles = 0, round = 0;
    for (; at < name.len; at++) {
        char c = name.ptr[at];
        if (c == '(')
            round++;
        else if (c == ')' && round)
            round--;
        else if (c == '<' && !round)
            angles++;
        else if (c == '>' && !round && name.ptr[at - 1] != '-' && !is_half_unnamed(name, at) &&
                 !--angles)
            break;
    }
    return at;
}

/* Behind the ')' that closes the '(' at `at`. */
static size_t skip_round(Str name, size_t at)
{
    size_t depth = 0;
    for (; at < name.len; at++) {
        if (name.ptr[at] == '(')
            depth++;
        else if (name.ptr[at] == ')' && !--depth)
            return at + 1;
    }
    return at;
}

/* ------------------------------------------------------------------ its parts */

static const Str NAMELESS[] = {STR_CONST("(anonymous namespace)"), STR_CONST("<unnamed>")};

/* How many bytes of a namespace without a name stand at `at`; 0: none. */
static size_t nameless_at(Str name, size_t at)
{
    for (size_t i = 0; i < sizeof(NAMELESS) / sizeof(NAMELESS[0]); i++)
        if (str_starts(str_from(name, at), NAMELESS[i]))
            return NAMELESS[i].len;
    return 0;
}

static Str between(Str name, size_t start, size_t end)
{
    return str_head(str_from(name, start), end > start ? end - start : 0);
}

/* Old versions of Numba number what they compile: "add$241". */
static bool is_numbered(Str name, size_t at)
{
    if (name.ptr[at] != '$' || at + 1 >= name.len || !is_digit(name.ptr[at + 1]))
        return false;
    while (++at < name.len && is_digit(name.ptr[at]))
        continue;
    return at == name.len || name.ptr[at] == '(' || name.ptr[at] == '[';
}

KernelName kernel_name(Str name)
{
    KernelName out = {.plain = {name.ptr, 0}};
    size_t start = 0, at = 0; /* of the qualified name */
    while (at < name.len) {
        char c = name.ptr[at];
        size_t nameless = nameless_at(name, at);
        if (nameless) {
            at += nameless;
        } else if (c == '<') {
            size_t close = skip_arguments(name, at);
            out.templates = between(name, at + 1, close);
            at = close + 1;
        } else if (c == '(') {
            size_t close = skip_round(name, at);
            out.parameters = str_trim(between(name, at + 1, close - 1));
            out.called = true;
            break;
        } else if (c == '[' || is_numbered(name, at)) {
            break;
        } else if (is_name_char(c)) {
            size_t word = at;
            while (at < name.len && is_name_char(name.ptr[at]))
                at++;
            out.plain = between(name, word, at);
            out.qualified = between(name, start, at);
            out.templates = (Str){0};
        } else {
            at++;
            if (c == ' ') /* before it stands what the kernel returns */
                start = at;
        }
    }
    return out;
}

Str kernel_plain_name(Str name)
{
    return kernel_name(name).plain;
}

bool kernel_name_is(Str kernel, Str wanted)
{
    return str_eq(kernel, wanted) || str_eq(kernel_plain_name(kernel), wanted);
}

/* Compilers' names for what has none: of a file's own namespace, of nvcc's helpers. */
static bool is_made_up(Str part)
{
    static const Str STARTS[] = {STR_CONST("_GLOBAL__N_"), STR_CONST("_INTERNAL_"),
                                 STR_CONST("_NV_ANON_NAMESPACE"), STR_CONST("(anonymous"),
                                 STR_CONST("<unnamed")};
    for (size_t i = 0; i < sizeof(STARTS) / sizeof(STARTS[0]); i++)
        if (str_starts(part, STARTS[i]))
            return true;
    return false;
}

Str kernel_qualified_name(Arena *arena, Str qualified)
{
    StrBuf out = strbuf_new(arena);
    size_t at = 0;
    while (at < qualified.len) {
        size_t start = at, end, nameless = nameless_at(qualified, at);
        at += nameless;
        while (at < qualified.len && qualified.ptr[at] != ':' && qualified.ptr[at] != '<')
            at++;
        end = at;
        if (at < qualified.len && qualified.ptr[at] == '<')
            at = skip_arguments(qualified, at) + 1;
        Str part = str_trim(between(qualified, start, end));
        if (part.len && !is_made_up(part)) {
            strbuf_add(&out, strbuf_str(&out).len ? S("::") : S(""));
            strbuf_add(&out, part);
        }
        while (at < qualified.len && qualified.ptr[at] == ':')
            at++;
    }
    return strbuf_str(&out);
}

/* ------------------------------------------------------------------ what others add to it */

/*
 * Triton up to 2.x appends the number of each argument and what it specialized it for: d (divisible by
 * 16), c (the constant 1) or e (divisible by 8): "_0d1d2de".
 */
static Str without_specialization(Str name)
{
    Str before, suffix;
    if (!str_cut_last(name, '_', &before, &suffix) || !before.len)
        return name;
    bool lettered = false;
    char digits[12];
    for (unsigned n = 0; suffix.len; n++) {
        int len = snprintf(digits, sizeof(digits), "%u", n);
        if (!str_starts(suffix, (Str){digits, (size_t)len}))
            return name;
        suffix = str_from(suffix, (size_t)len);
        for (; suffix.len && memchr("dce", suffix.ptr[0], 3); lettered = true)
            suffix = str_from(suffix, 1);
    }
    return lettered ? before : name;
}

/* As NumPy names them; CuPy appends those of the arguments. */
static bool is_type(Str text)
{
    static const Str TYPES[] = {STR_CONST("float"), STR_CONST("int"), STR_CONST("uint"),
                                STR_CONST("bool"), STR_CONST("complex")};
    for (size_t i = 0; i < sizeof(TYPES) / sizeof(TYPES[0]); i++)
        if (str_starts(text, TYPES[i]))
            return true;
    return false;
}

size_t kernel_variants(Str plain, Str variants[KERNEL_VARIANTS_MAX])
{
    static const Str BEFORE[] = {STR_CONST("__vectorized_"), STR_CONST("__gufunc_")};
    size_t len = 0;
    variants[len++] = plain;
    Str unspecialized = without_specialization(plain);
    if (unspecialized.len < plain.len)
        variants[len++] = unspecialized;
    for (size_t i = 0; i < sizeof(BEFORE) / sizeof(BEFORE[0]); i++)
        if (str_starts(plain, BEFORE[i]) && plain.len > BEFORE[i].len)
            variants[len++] = str_from(plain, BEFORE[i].len);
    size_t types = str_find(plain, S("__"), 1);
    if (types != SIZE_MAX && len < KERNEL_VARIANTS_MAX && is_type(str_from(plain, types + 2)))
        variants[len++] = str_head(plain, types);
    return len;
}

/* ------------------------------------------------------------------ lambdas */

/* Cuts at the first comma that stands in no bracket. */
static bool cut_argument(Str text, Str *first, Str *rest)
{
    size_t depth = 0;
    for (size_t at = 0; at < text.len; at++) {
        char c = text.ptr[at];
        if (c == '(' || c == '<') {
            depth++;
        } else if ((c == ')' || c == '>') && depth) {
            depth--;
        } else if (c == ',' && !depth) {
            *first = str_trim(str_head(text, at));
            *rest = str_trim(str_from(text, at + 1));
            return true;
        }
    }
    return false;
}

/* "1u", "(unsigned int)1" */
static bool read_count(Str text, uint32_t *out)
{
    uint64_t count;
    Str before, after;
    if (str_cut_last(text, ')', &before, &after))
        text = after;
    while (text.len && !is_digit(text.ptr[text.len - 1]))
        text.len--;
    if (!str_to_u64(text, &count) || !count || count > UINT32_MAX)
        return false;
    *out = (uint32_t)count;
    return true;
}

bool kernel_lambda(Str name, Str *function, uint32_t *number)
{
    static const Str TAG = STR_CONST("__nv_dl_tag<");
    Str type, pointed, count;
    size_t tag = str_find(name, TAG, 0);
    if (tag == SIZE_MAX)
        return false;
    size_t open = tag + TAG.len - 1, close = skip_arguments(name, open);
    Str inside = between(name, open + 1, close);
    if (close >= name.len || !cut_argument(inside, &type, &pointed) ||
        !cut_argument(pointed, &pointed, &count) || !read_count(count, number))
        return false;
    while (pointed.len && (pointed.ptr[0] == '&' || pointed.ptr[0] == '(') &&
           !nameless_at(pointed, 0))
        pointed = str_from(pointed, 1);
    *function = kernel_plain_name(pointed);
    return function->len > 0;
}
