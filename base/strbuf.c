#include "base/strbuf.h"

#include <stdio.h>
#include <string.h>

StrBuf strbuf_new(Arena *arena)
{
    return (StrBuf){.arena = arena};
}

char *strbuf_reserve(StrBuf *buf, size_t more)
{
    if (buf->cap - buf->len < more) {
        size_t cap = buf->cap ? buf->cap * 2 : 256;
        while (cap - buf->len < more)
            cap *= 2;
        char *bigger = NEW_ARRAY(buf->arena, char, cap);
        if (buf->len)
            memcpy(bigger, buf->ptr, buf->len);
        buf->ptr = bigger;
        buf->cap = cap;
    }
    return buf->ptr + buf->len;
}

void strbuf_add(StrBuf *buf, Str text)
{
    if (text.len == 0)
        return;
    memcpy(strbuf_reserve(buf, text.len), text.ptr, text.len);
    buf->len += text.len;
}

void strbuf_char(StrBuf *buf, char c)
{
    *strbuf_reserve(buf, 1) = c;
    buf->len++;
}

void strbuf_fmt(StrBuf *buf, const char *fmt, ...)
{
    va_list args, again;
    va_start(args, fmt);
    va_copy(again, args);
    int need = vsnprintf(NULL, 0, fmt, args);
    va_end(args);
    if (need > 0) {
        vsnprintf(strbuf_reserve(buf, (size_t)need + 1), (size_t)need + 1, fmt, again);
        buf->len += (size_t)need;
    }
    va_end(again);
}

static size_t columns_of(Str text)
{
    size_t columns = 0;
    for (size_t i = 0; i < text.len; i++)
        columns += ((unsigned char)text.ptr[i] & 0xc0) != 0x80;
    return columns;
}

void strbuf_right(StrBuf *buf, Str text, size_t width)
{
    for (size_t i = columns_of(text); i < width; i++)
        strbuf_char(buf, ' ');
    strbuf_add(buf, text);
}

void strbuf_clear(StrBuf *buf)
{
    buf->len = 0;
}

Str strbuf_str(const StrBuf *buf)
{
    return (Str){buf->ptr, buf->len};
}
