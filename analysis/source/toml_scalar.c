#include "analysis/source/toml_scalar.h"

#include <math.h>
#include <string.h>

#include "base/strbuf.h"
#include "base/utf8.h"

static uint32_t hex_value(Str digits)
{
    uint32_t value = 0;
    for (size_t i = 0; i < digits.len; i++) {
        char c = digits.ptr[i];
        uint32_t digit = c <= '9' ? (uint32_t)(c - '0') : (uint32_t)((c | 0x20) - 'a' + 10);
        value = value * 16 + digit;
    }
    return value;
}

/* The bytes of the \uXXXX or \UXXXXXXXX at the start of rest; 0 when it is no character. */
static size_t add_code_point(StrBuf *out, Str rest)
{
    size_t digits = rest.ptr[1] == 'u' ? 4 : 8;
    if (rest.len < 2 + digits)
        return 0;
    uint32_t code = hex_value((Str){rest.ptr + 2, digits});
    if (code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff))
        return 0;
    char bytes[4];
    strbuf_add(out, (Str){bytes, utf8_encode(code, bytes)});
    return 2 + digits;
}

/* Bytes from a backslash to the first byte that is neither blank nor line end; 0: no line end. */
static size_t line_continuation(Str rest)
{
    size_t at = 1;
    bool newline = false;
    while (at < rest.len && strchr(" \t\r\n", rest.ptr[at]) && rest.ptr[at]) {
        newline |= rest.ptr[at] == '\n';
        at++;
    }
    return newline ? at : 0;
}

static bool add_escape(StrBuf *out, Str *rest, Str *why)
{
    static const char LETTERS[] = "btnfr\"\\";
    static const char MEANT[] = "\b\t\n\f\r\"\\";
    char c = rest->len > 1 ? rest->ptr[1] : 0;
    const char *found = c ? strchr(LETTERS, c) : NULL;
    size_t used = 2;
    if (found) {
        strbuf_char(out, MEANT[found - LETTERS]);
    } else if (c == 'u' || c == 'U') {
        used = add_code_point(out, *rest);
        *why = S("this escape is no Unicode character");
    } else {
        used = line_continuation(*rest);
        *why = S("this is no escape; write \\\\ for a backslash, or use '...' quotes");
    }
    *rest = str_from(*rest, used);
    return used > 0;
}

static bool unescape(Arena *arena, Str raw, bool many_lines, bool basic, Str *out, Str *why)
{
    if (!memchr(raw.ptr, '\\', raw.len) && !memchr(raw.ptr, '\r', raw.len)) {
        *out = raw;
        return true;
    }
    StrBuf text = strbuf_new(arena);
    while (raw.len) {
        if (basic && raw.ptr[0] == '\\') {
            if (!add_escape(&text, &raw, why))
                return false;
            continue;
        }
        /* A line end is one \n, however the file ends its lines. */
        if (!(many_lines && str_starts(raw, S("\r\n"))))
            strbuf_char(&text, raw.ptr[0]);
        raw = str_from(raw, 1);
    }
    *out = strbuf_str(&text);
    return true;
}

/*
 * The grammar lets any number of quotes close a """ string; TOML allows two of its own before the
 * three. (tree-sitter-toml 0.7.0; this may go when `a = """x""""""` is an error there.)
 */
static bool closes_too_late(Str raw)
{
    size_t quotes = 0;
    while (quotes + 3 < raw.len && raw.ptr[raw.len - 1 - quotes] == raw.ptr[0])
        quotes++;
    bool escaped = raw.ptr[0] == '"' && raw.ptr[raw.len - 1 - quotes] == '\\';
    return quotes - (escaped ? 1 : 0) > 5;
}

bool toml_unquote(Arena *arena, Str raw, Str *out, Str *why)
{
    bool basic = str_starts(raw, S("\""));
    bool many_lines = str_starts(raw, S("\"\"\"")) || str_starts(raw, S("'''"));
    size_t quote = many_lines ? 3 : 1;
    *why = S("this text is not closed");
    if (raw.len < 2 * quote || raw.ptr[raw.len - 1] != raw.ptr[0])
        return false;
    *why = S("three quotes close this text, and more follow");
    if (many_lines && closes_too_late(raw))
        return false;
    Str inner = {raw.ptr + quote, raw.len - 2 * quote};
    if (many_lines && str_starts(inner, S("\r\n")))
        inner = str_from(inner, 2);
    else if (many_lines && str_starts(inner, S("\n")))
        inner = str_from(inner, 1);
    return unescape(arena, inner, many_lines, basic, out, why);
}

static Str without_underscores(Arena *arena, Str raw)
{
    StrBuf out = strbuf_new(arena);
    for (size_t i = 0; i < raw.len; i++)
        if (raw.ptr[i] != '_')
            strbuf_char(&out, raw.ptr[i]);
    return strbuf_str(&out);
}

static unsigned base_of(Str digits)
{
    if (digits.len < 2 || digits.ptr[0] != '0')
        return 10;
    return digits.ptr[1] == 'x' ? 16 : digits.ptr[1] == 'o' ? 8 : digits.ptr[1] == 'b' ? 2 : 10;
}

static bool read_integer(Arena *arena, Str raw, TomlValue *out, Str *why)
{
    Str digits = without_underscores(arena, raw);
    bool negative = str_starts(digits, S("-"));
    if (negative || str_starts(digits, S("+")))
        digits = str_from(digits, 1);
    unsigned base = base_of(digits);
    if (base != 10)
        digits = str_from(digits, 2);
    uint64_t limit = negative ? (uint64_t)INT64_MAX + 1 : (uint64_t)INT64_MAX;
    uint64_t value = 0;
    for (size_t i = 0; i < digits.len; i++) {
        uint64_t digit = hex_value((Str){digits.ptr + i, 1});
        if (value > (limit - digit) / base) {
            *why = S("this number does not fit into 64 bits");
            return false;
        }
        value = value * base + digit;
    }
    out->kind = TOML_INTEGER;
    out->integer = negative ? (int64_t)(0 - value) : (int64_t)value;
    out->number = (double)out->integer;
    return true;
}

static bool read_float(Arena *arena, Str raw, TomlValue *out, Str *why)
{
    Str digits = without_underscores(arena, raw);
    bool negative = str_starts(digits, S("-"));
    if (negative || str_starts(digits, S("+")))
        digits = str_from(digits, 1);
    out->kind = TOML_FLOAT;
    if (str_eq(digits, S("inf")) || str_eq(digits, S("nan"))) {
        out->number = str_eq(digits, S("inf")) ? (double)INFINITY : (double)NAN;
    } else if (!str_to_double(digits, &out->number)) {
        *why = S("this is no number that can be read");
        return false;
    }
    if (negative)
        out->number = -out->number;
    return true;
}

/* The grammar has checked the form; what is left are years and days that no calendar has. */
static bool read_time(Str raw, TomlValue *out, Str *why)
{
    static const unsigned DAYS[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    uint64_t year, month, day;
    Str first, rest, second;
    out->kind = TOML_TIME;
    out->text = raw;
    if (!str_cut(raw, '-', &first, &rest) || !str_cut(rest, '-', &second, &rest))
        return true; /* a time of day */
    *why = S("a year has four digits");
    if (first.len != 4 || !str_to_u64(first, &year) || !str_to_u64(second, &month) ||
        !str_to_u64(str_head(rest, 2), &day) || month < 1 || month > 12)
        return false;
    *why = S("this month has no such day");
    bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    return day <= DAYS[month - 1] && (month != 2 || day < 29 || leap);
}

bool toml_scalar(Arena *arena, const char *node, Str raw, TomlValue *out, Str *why)
{
    *why = (Str){0};
    if (!strcmp(node, "string")) {
        out->kind = TOML_STRING;
        return toml_unquote(arena, raw, &out->text, why);
    }
    if (!strcmp(node, "integer"))
        return read_integer(arena, raw, out, why);
    if (!strcmp(node, "float"))
        return read_float(arena, raw, out, why);
    if (!strcmp(node, "boolean")) {
        out->kind = TOML_BOOL;
        out->truth = str_eq(raw, S("true"));
        return true;
    }
    return read_time(raw, out, why);
}
