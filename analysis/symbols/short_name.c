#include "analysis/symbols/short_name.h"

#include <stdbool.h>

static bool is_word(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

/* Without "(int, float)" at the end; a place, as in "f (a.py:3)", stays. */
static Str without_parameters(Str name)
{
    size_t depth = 0, at = name.len;
    if (!str_ends(name, S(")")))
        return name;
    while (at > 0) {
        char c = name.ptr[--at];
        depth += c == ')';
        if (c == '(' && --depth == 0)
            break;
    }
    bool is_list = at > 0 && depth == 0 && (is_word(name.ptr[at - 1]) || name.ptr[at - 1] == '>');
    return is_list ? str_head(name, at) : name;
}

/* "at::native::f<c10::Half>" is "f<Half>". */
static Str without_namespaces(Arena *arena, Str name)
{
    static const Str NAMELESS = STR_CONST("(anonymous namespace)");
    char *out = NEW_ARRAY(arena, char, name.len + 1);
    size_t len = 0;
    for (size_t i = 0; i < name.len; i++) {
        if (!str_starts(str_from(name, i), S("::"))) {
            out[len++] = name.ptr[i];
            continue;
        }
        i++;
        if (str_ends((Str){out, len}, NAMELESS)) {
            len -= NAMELESS.len;
        } else if (len > 0 && !is_word(out[len - 1])) { /* "f<int>::operator()" */
            out[len++] = ':';
            out[len++] = ':';
        }
        while (len > 0 && is_word(out[len - 1]))
            len--;
    }
    return (Str){out, len};
}

Str short_name(Arena *arena, Str name, size_t limit)
{
    if (name.len <= limit)
        return name;
    if (str_starts(name, S("void ")))
        name = str_from(name, 5);
    name = without_parameters(name);
    Str plain = name.len > limit ? without_namespaces(arena, name) : name;
    if (plain.len)
        name = plain;
    if (name.len <= limit)
        return name;
    size_t len = limit;
    while (len > 0 && ((unsigned char)name.ptr[len] & 0xC0) == 0x80)
        len--;
    return str_fmt(arena, STR_FMT "…", STR_ARG(str_head(name, len)));
}
