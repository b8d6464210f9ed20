#include "base/str.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

Str str_from_c(const char *text)
{
    return text ? (Str){text, strlen(text)} : (Str){0};
}

bool str_eq(Str a, Str b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

int str_cmp(Str a, Str b)
{
    size_t len = a.len < b.len ? a.len : b.len;
    int order = len ? memcmp(a.ptr, b.ptr, len) : 0;
    return order ? order : (a.len > b.len) - (a.len < b.len);
}

bool str_starts(Str text, Str prefix)
{
    return text.len >= prefix.len && str_eq((Str){text.ptr, prefix.len}, prefix);
}

bool str_ends(Str text, Str suffix)
{
    return text.len >= suffix.len && str_eq(str_from(text, text.len - suffix.len), suffix);
}

size_t str_find(Str text, Str needle, size_t start)
{
    if (start > text.len || needle.len > text.len - start)
        return SIZE_MAX;
    if (needle.len == 0)
        return start;
    const char *found = memmem(text.ptr + start, text.len - start, needle.ptr, needle.len);
    return found ? (size_t)(found - text.ptr) : SIZE_MAX;
}

bool str_has(Str text, Str needle)
{
    return str_find(text, needle, 0) != SIZE_MAX;
}

Str str_head(Str text, size_t len)
{
    return (Str){text.ptr, text.len < len ? text.len : len};
}

Str str_from(Str text, size_t start)
{
    if (start > text.len)
        start = text.len;
    return (Str){text.ptr ? text.ptr + start : NULL, text.len - start};
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

Str str_trim(Str text)
{
    while (text.len && is_space(text.ptr[text.len - 1]))
        text.len--;
    while (text.len && is_space(text.ptr[0]))
        text = str_from(text, 1);
    return text;
}

bool str_cut(Str text, char at, Str *before, Str *after)
{
    const char *found = text.len ? memchr(text.ptr, at, text.len) : NULL;
    if (!found)
        return false;
    size_t head = (size_t)(found - text.ptr);
    *before = (Str){text.ptr, head};
    *after = str_from(text, head + 1);
    return true;
}

bool str_cut_last(Str text, char at, Str *before, Str *after)
{
    const char *found = text.len ? memrchr(text.ptr, at, text.len) : NULL;
    if (!found)
        return false;
    size_t head = (size_t)(found - text.ptr);
    *after = str_from(text, head + 1);
    *before = (Str){text.ptr, head};
    return true;
}

bool str_next_line(Str *rest, Str *line)
{
    if (rest->len == 0)
        return false;
    if (!str_cut(*rest, '\n', line, rest)) {
        *line = *rest;
        *rest = (Str){0};
    }
    return true;
}

bool str_to_u64(Str text, uint64_t *out)
{
    uint64_t value = 0;
    if (text.len == 0)
        return false;
    for (size_t i = 0; i < text.len; i++) {
        unsigned digit = (unsigned)(text.ptr[i] - '0');
        if (digit > 9 || __builtin_mul_overflow(value, 10, &value) ||
            __builtin_add_overflow(value, digit, &value))
            return false;
    }
    *out = value;
    return true;
}

bool str_to_i64(Str text, int64_t *out)
{
    bool negative = text.len && text.ptr[0] == '-';
    uint64_t value;
    if (!str_to_u64(negative ? str_from(text, 1) : text, &value))
        return false;
    if (value > (uint64_t)INT64_MAX + (negative ? 1 : 0))
        return false;
    *out = negative ? (int64_t)(0 - value) : (int64_t)value;
    return true;
}

bool str_to_double(Str text, double *out)
{
    char number[64]; /* long enough for any number a tool prints */
    if (text.len == 0 || text.len >= sizeof(number))
        return false;
    for (size_t i = 0; i < text.len; i++)
        if (!memchr("+-.0123456789eE", text.ptr[i], 15))
            return false;
    memcpy(number, text.ptr, text.len);
    number[text.len] = 0;
    char *end;
    double value = strtod(number, &end);
    if (*end || end == number)
        return false;
    *out = value;
    return true;
}

uint64_t str_hash(Str text)
{
    uint64_t hash = 14695981039346656037u; /* FNV-1a, 64 bits */
    for (size_t i = 0; i < text.len; i++)
        hash = (hash ^ (unsigned char)text.ptr[i]) * 1099511628211u;
    return hash;
}

char *str_cstr(Arena *arena, Str text)
{
    char *copy = NEW_ARRAY(arena, char, text.len + 1);
    if (text.len)
        memcpy(copy, text.ptr, text.len);
    return copy;
}

Str str_copy(Arena *arena, Str text)
{
    return (Str){str_cstr(arena, text), text.len};
}

Str str_vfmt(Arena *arena, const char *fmt, va_list args)
{
    va_list again;
    va_copy(again, args);
    int need = vsnprintf(NULL, 0, fmt, args);
    size_t len = need > 0 ? (size_t)need : 0;
    char *text = NEW_ARRAY(arena, char, len + 1);
    vsnprintf(text, len + 1, fmt, again);
    va_end(again);
    return (Str){text, len};
}

Str str_fmt(Arena *arena, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    Str text = str_vfmt(arena, fmt, args);
    va_end(args);
    return text;
}
