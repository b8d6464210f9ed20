/*
 * StrBuf: build a text piece by piece, in an arena.
 *
 *     StrBuf out = strbuf_new(arena);
 *     strbuf_add(&out, S("hot lines:"));
 *     strbuf_fmt(&out, " %u", count);
 *     return strbuf_str(&out);
 *
 * There is no error state: memory that runs out ends the process (arena.h).
 */
#ifndef BASE_STRBUF_H
#define BASE_STRBUF_H

#include "base/arena.h"
#include "base/str.h"

typedef struct StrBuf {
    Arena *arena;
    char *ptr;
    size_t len;
    size_t cap;
} StrBuf;

StrBuf strbuf_new(Arena *arena);
void strbuf_add(StrBuf *buf, Str text);
void strbuf_char(StrBuf *buf, char c);
void strbuf_fmt(StrBuf *buf, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* With spaces before it, so that it fills `width` columns or more; a character is a column. */
void strbuf_right(StrBuf *buf, Str text, size_t width);
/* Room for `more` further bytes, for callers that write in place and then add to len. */
char *strbuf_reserve(StrBuf *buf, size_t more);
/* Forgets the text and keeps the memory. */
void strbuf_clear(StrBuf *buf);
/* A view of what was built so far, valid until the next change. */
Str strbuf_str(const StrBuf *buf);

#endif
