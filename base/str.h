/*
 * Str: a view of bytes somebody else owns. Not NUL-terminated, passed by value.
 *
 * Views made from a Str (str_trim, str_cut, str_from) point into the same bytes and live as long
 * as those do. Functions that take an Arena copy into it.
 */
#ifndef BASE_STR_H
#define BASE_STR_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/attr.h"

typedef struct Str {
    const char *ptr;
    size_t len;
} Str;

#define S(literal) ((Str){"" literal, sizeof(literal) - 1})
/* The same inside the initializer of a static table, where C wants a constant. */
#define STR_CONST(literal)              \
    {                                   \
        "" literal, sizeof(literal) - 1 \
    }
#define STR_FMT      "%.*s"
#define STR_ARG(str) (int)(str).len, (str).ptr

/* A view of a NUL-terminated string; NULL gives the empty Str. */
Str str_from_c(const char *text);

bool str_eq(Str a, Str b);
/* Byte order, shorter first on a common prefix; for qsort and sorted tables. */
int str_cmp(Str a, Str b);
bool str_starts(Str text, Str prefix);
bool str_ends(Str text, Str suffix);
/* Offset of the first needle in text at or after start, or SIZE_MAX. */
size_t str_find(Str text, Str needle, size_t start);
bool str_has(Str text, Str needle);

/* What follows the first start bytes; at the end an empty view, not NULL. */
Str str_from(Str text, size_t start);
/* The first len bytes, or all of a shorter text. */
Str str_head(Str text, size_t len);
Str str_trim(Str text);
/* Cut at the first (last) `at`; false, and nothing written, when there is none. */
bool str_cut(Str text, char at, Str *before, Str *after);
bool str_cut_last(Str text, char at, Str *before, Str *after);
/* Takes the next line off rest, without its newline; the last one may lack it. */
bool str_next_line(Str *rest, Str *line);

/* The whole text must be the number: no blanks, no sign for u64. Out is untouched on false. */
bool str_to_u64(Str text, uint64_t *out) MUST_CHECK;
bool str_to_i64(Str text, int64_t *out) MUST_CHECK;
/* Decimal point and exponent as in C, whatever the locale; no inf, nan or hexadecimal. */
bool str_to_double(Str text, double *out) MUST_CHECK;

/* 64-bit hash, the same in every run; not for hostile keys that must not collide. */
uint64_t str_hash(Str text);

Str str_copy(Arena *arena, Str text);
char *str_cstr(Arena *arena, Str text);
Str str_fmt(Arena *arena, const char *fmt, ...) PRINTF_LIKE(2, 3);
Str str_vfmt(Arena *arena, const char *fmt, va_list args) __attribute__((format(printf, 2, 0)));

#endif
