#include "base/json_out.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/attr.h"
#include "base/utf8.h"

JsonOut json_out(StrBuf *buf)
{
    return (JsonOut){.buf = buf};
}

/* Only asserted, so a build without assertions does not use it. */
UNUSED static bool in_object(const JsonOut *out)
{
    return out->depth && (out->objects >> (out->depth - 1) & 1);
}

static void before_value(JsonOut *out)
{
    assert(out->after_key == in_object(out));
    if (out->need_comma && !out->after_key)
        strbuf_char(out->buf, ',');
    out->need_comma = true;
    out->after_key = false;
}

void json_open(JsonOut *out, char bracket)
{
    before_value(out);
    assert(out->depth < 64);
    uint64_t bit = (uint64_t)1 << out->depth++;
    out->objects = bracket == '{' ? out->objects | bit : out->objects & ~bit;
    out->need_comma = false;
    strbuf_char(out->buf, bracket);
}

void json_close(JsonOut *out, char bracket)
{
    assert(out->depth && !out->after_key && in_object(out) == (bracket == '}'));
    out->depth--;
    out->need_comma = true;
    strbuf_char(out->buf, bracket);
}

static void put_quoted(StrBuf *buf, Str text)
{
    strbuf_char(buf, '"');
    for (size_t i = 0, plain = 0; i <= text.len;) {
        unsigned char c = i < text.len ? (unsigned char)text.ptr[i] : '"';
        size_t step = c < 0x80 ? 1 : utf8_sequence(str_from(text, i));
        if (i < text.len && step && c >= 0x20 && c != '"' && c != '\\') {
            i += step;
            continue;
        }
        if (i > plain)
            strbuf_add(buf, (Str){text.ptr + plain, i - plain});
        if (i == text.len)
            break;
        if (step == 0)
            strbuf_add(buf, S("\xEF\xBF\xBD"));
        else if (c == '"' || c == '\\')
            strbuf_fmt(buf, "\\%c", c);
        else if (c == '\n')
            strbuf_add(buf, S("\\n"));
        else
            strbuf_fmt(buf, "\\u%04x", c);
        plain = ++i;
    }
    strbuf_char(buf, '"');
}

void json_key_text(JsonOut *out, Str key)
{
    assert(in_object(out) && !out->after_key);
    if (out->need_comma)
        strbuf_char(out->buf, ',');
    put_quoted(out->buf, key);
    strbuf_char(out->buf, ':');
    out->after_key = true;
}

void json_key(JsonOut *out, const char *key)
{
    json_key_text(out, str_from_c(key));
}

void json_put_str(JsonOut *out, Str text)
{
    before_value(out);
    put_quoted(out->buf, text);
}

void json_put_i64(JsonOut *out, int64_t value)
{
    before_value(out);
    strbuf_fmt(out->buf, "%lld", (long long)value);
}

void json_put_u64(JsonOut *out, uint64_t value)
{
    before_value(out);
    strbuf_fmt(out->buf, "%llu", (unsigned long long)value);
}

void json_put_double(JsonOut *out, double value)
{
    before_value(out);
    if (!isfinite(value)) {
        strbuf_add(out->buf, S("null"));
        return;
    }
    char text[32];
    for (int digits = 15; digits <= 17; digits++) {
        snprintf(text, sizeof(text), "%.*g", digits, value);
        if (strtod(text, NULL) == value)
            break;
    }
    strbuf_add(out->buf, str_from_c(text));
}

void json_put_bool(JsonOut *out, bool value)
{
    before_value(out);
    strbuf_add(out->buf, value ? S("true") : S("false"));
}

void json_put_null(JsonOut *out)
{
    before_value(out);
    strbuf_add(out->buf, S("null"));
}

void json_put_raw(JsonOut *out, Str json)
{
    before_value(out);
    strbuf_add(out->buf, json);
}

void json_key_open(JsonOut *out, const char *key, char bracket)
{
    json_key(out, key);
    json_open(out, bracket);
}

void json_key_str(JsonOut *out, const char *key, Str text)
{
    json_key(out, key);
    json_put_str(out, text);
}

void json_key_str_or_null(JsonOut *out, const char *key, Str text)
{
    json_key(out, key);
    if (text.len)
        json_put_str(out, text);
    else
        json_put_null(out);
}

void json_key_strs(JsonOut *out, const char *key, const Str *texts, size_t count)
{
    json_key_open(out, key, '[');
    for (size_t i = 0; i < count; i++)
        json_put_str(out, texts[i]);
    json_close(out, ']');
}

void json_key_i64(JsonOut *out, const char *key, int64_t value)
{
    json_key(out, key);
    json_put_i64(out, value);
}

void json_key_u64(JsonOut *out, const char *key, uint64_t value)
{
    json_key(out, key);
    json_put_u64(out, value);
}

void json_key_double(JsonOut *out, const char *key, double value)
{
    json_key(out, key);
    json_put_double(out, value);
}

void json_key_bool(JsonOut *out, const char *key, bool value)
{
    json_key(out, key);
    json_put_bool(out, value);
}

void json_key_raw(JsonOut *out, const char *key, Str json)
{
    json_key(out, key);
    json_put_raw(out, json);
}
