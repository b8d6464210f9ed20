#include "base/json_scan.h"

#include <string.h>

#include "base/strbuf.h"
#include "base/utf8.h"

JsonScan json_scan(Str text)
{
    return (JsonScan){.start = text.ptr, .at = text.ptr, .end = text.ptr + text.len};
}

static void problem(JsonScan *scan, const char *expected)
{
    if (scan->problem)
        return;
    scan->problem = expected;
    scan->where = scan->at;
    scan->truncated = scan->at >= scan->end;
    scan->at = scan->end;
}

static inline void skip_space(JsonScan *scan)
{
    const char *at = scan->at;
    while (at < scan->end && (*at == ' ' || *at == '\n' || *at == '\r' || *at == '\t'))
        at++;
    scan->at = at;
}

bool json_scan_ok(const JsonScan *scan, Err *err)
{
    JsonScan rest = *scan;
    skip_space(&rest);
    if (!scan->problem && rest.at == rest.end)
        return true;
    const char *where = scan->problem ? scan->where : rest.at;
    size_t line = 1;
    const char *line_start = scan->start;
    for (const char *at; (at = memchr(line_start, '\n', (size_t)(where - line_start)));) {
        line_start = at + 1;
        line++;
    }
    size_t column = (size_t)(where - line_start) + 1;
    const char *expected = scan->problem ? scan->problem : "the end";
    if (where >= scan->end)
        return err_set(err, ERR_INPUT, "line %zu, column %zu: expected %s, but the text ends", line,
                       column, expected);
    if (*where < ' ' || *where > '~')
        return err_set(err, ERR_INPUT, "line %zu, column %zu: expected %s, got byte %u", line,
                       column, expected, (unsigned)(unsigned char)*where);
    return err_set(err, ERR_INPUT, "line %zu, column %zu: expected %s, got '%c'", line, column,
                   expected, *where);
}

char json_peek(JsonScan *scan)
{
    skip_space(scan);
    return scan->at < scan->end ? *scan->at : 0;
}

bool json_enter(JsonScan *scan, char bracket)
{
    if (json_peek(scan) != bracket) {
        problem(scan, bracket == '{' ? "'{'" : "'['");
        return false;
    }
    if (scan->depth == JSON_SCAN_DEPTH) {
        problem(scan, "no deeper nesting");
        return false;
    }
    scan->at++;
    scan->depth++;
    scan->first = true;
    return true;
}

/* Between the values of one level: a comma, or the closing bracket. */
static bool next(JsonScan *scan, char closing, const char *expected)
{
    char c = json_peek(scan);
    if (scan->problem)
        return false;
    if (c == closing) {
        scan->at++;
        scan->depth--;
        scan->first = false;
        return false;
    }
    if (!scan->first) {
        if (c != ',') {
            problem(scan, expected);
            return false;
        }
        scan->at++;
        skip_space(scan);
    }
    scan->first = false;
    return true;
}

bool json_close_after_comma(JsonScan *scan, char bracket)
{
    if (json_peek(scan) != bracket)
        return false;
    scan->at++;
    scan->depth--;
    scan->first = false;
    return true;
}

/* From an opening quote to behind the closing one. */
static Str take_string(JsonScan *scan)
{
    const char *start = scan->at + 1;
    for (const char *at = start;; at++) {
        at = at < scan->end ? memchr(at, '"', (size_t)(scan->end - at)) : NULL;
        if (!at) {
            scan->at = scan->end;
            problem(scan, "the end of a string");
            return (Str){0};
        }
        const char *slash = at;
        while (slash > start && slash[-1] == '\\')
            slash--;
        if ((at - slash) % 2 == 0) {
            scan->at = at + 1;
            return (Str){start, (size_t)(at - start)};
        }
    }
}

bool json_next_key(JsonScan *scan, Str *key)
{
    if (!next(scan, '}', "',' or '}'"))
        return false;
    if (json_peek(scan) != '"') {
        problem(scan, "a key");
        return false;
    }
    *key = take_string(scan);
    if (json_peek(scan) != ':') {
        problem(scan, "':'");
        return false;
    }
    scan->at++;
    return true;
}

bool json_next_item(JsonScan *scan)
{
    return next(scan, ']', "',' or ']'");
}

static bool take_word(JsonScan *scan, Str word)
{
    if (!str_starts((Str){scan->at, (size_t)(scan->end - scan->at)}, word))
        return false;
    scan->at += word.len;
    return true;
}

static const char *number_end(const JsonScan *scan)
{
    const char *at = scan->at;
    while (at < scan->end && ((*at >= '0' && *at <= '9') || *at == '-' || *at == '+' ||
                              *at == '.' || *at == 'e' || *at == 'E'))
        at++;
    return at;
}

static void skip_plain(JsonScan *scan)
{
    const char *end = number_end(scan);
    if (end > scan->at)
        scan->at = end;
    else if (!take_word(scan, S("true")) && !take_word(scan, S("false")) &&
             !take_word(scan, S("null")))
        problem(scan, "a value");
}

/* Brackets are matched with a bit per open level, not with the machine's stack. */
void json_skip(JsonScan *scan)
{
    uint64_t is_object[JSON_SCAN_DEPTH / 64] = {0};
    uint32_t bottom = scan->depth;
    do {
        uint32_t level = scan->depth - bottom;
        char c = json_peek(scan);
        if (c == '"') {
            take_string(scan);
        } else if (c == '{' || c == '[') {
            if (!json_enter(scan, c))
                return;
            uint64_t bit = (uint64_t)1 << (level % 64);
            is_object[level / 64] = (is_object[level / 64] & ~bit) | (c == '{' ? bit : 0);
        } else {
            skip_plain(scan);
        }
        while (scan->depth > bottom) {
            Str key;
            level = scan->depth - bottom - 1;
            if (is_object[level / 64] >> (level % 64) & 1 ? json_next_key(scan, &key)
                                                          : json_next_item(scan))
                break;
            if (scan->problem)
                return;
        }
    } while (scan->depth > bottom && !scan->problem);
}

/* Up to 18 digits fit; a longer number takes the slow way. */
static const char *take_digits(const char *at, const char *end, uint64_t *value)
{
    while (at < end && (unsigned)(*at - '0') < 10)
        *value = *value * 10 + (unsigned)(*at++ - '0');
    return at;
}

/*
 * A decimal number of at most 15 digits and a small power of ten is exact in doubles: one
 * division gives the nearest double (Clinger's fast path). All others go through strtod.
 */
double json_scan_double(JsonScan *scan)
{
    static const double POWERS[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                    1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                    1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
    char first = json_peek(scan);
    if (first == 'n' && take_word(scan, S("null")))
        return 0;
    const char *start = scan->at, *digits = start + (first == '-');
    uint64_t value = 0;
    const char *at = take_digits(digits, scan->end, &value);
    size_t count = (size_t)(at - digits), decimals = 0;
    if (at < scan->end && *at == '.' && count) {
        const char *dot = at;
        at = take_digits(dot + 1, scan->end, &value);
        decimals = (size_t)(at - dot - 1);
    }
    const char *end = at;
    if (at < scan->end && (*at == 'e' || *at == 'E'))
        end = number_end(scan);
    if (end == at && count && count + decimals <= 15) {
        scan->at = end;
        double number = (double)value / POWERS[decimals];
        return first == '-' ? -number : number;
    }
    double number;
    if (!str_to_double((Str){start, (size_t)(end - start)}, &number)) {
        problem(scan, "a number");
        return 0;
    }
    scan->at = end;
    return number;
}

int64_t json_scan_i64(JsonScan *scan)
{
    double number = json_scan_double(scan);
    if (!(number > -9.2e18 && number < 9.2e18)) {
        problem(scan, "a smaller number");
        return 0;
    }
    return (int64_t)number;
}

Str json_scan_raw(JsonScan *scan)
{
    char c = json_peek(scan);
    if (c == 'n' && take_word(scan, S("null")))
        return (Str){0};
    if (c != '"') {
        problem(scan, "a string");
        return (Str){0};
    }
    return take_string(scan);
}

Str json_scan_str(JsonScan *scan, Arena *arena)
{
    Str raw = json_scan_raw(scan);
    return raw.len && memchr(raw.ptr, '\\', raw.len) ? json_unescape(arena, raw) : raw;
}

/* Four hexadecimal digits; UINT32_MAX when they are not. */
static uint32_t hex4(Str text)
{
    uint32_t value = 0;
    if (text.len < 4)
        return UINT32_MAX;
    for (size_t i = 0; i < 4; i++) {
        char c = text.ptr[i];
        uint32_t digit = c >= '0' && c <= '9'   ? (uint32_t)(c - '0')
                         : c >= 'a' && c <= 'f' ? (uint32_t)(c - 'a') + 10
                         : c >= 'A' && c <= 'F' ? (uint32_t)(c - 'A') + 10
                                                : UINT32_MAX;
        if (digit == UINT32_MAX)
            return UINT32_MAX;
        value = value << 4 | digit;
    }
    return value;
}

/* Behind `\u`: the code point and how many bytes it took. */
static size_t unicode_escape(Str text, uint32_t *code)
{
    uint32_t high = hex4(text);
    *code = high == UINT32_MAX ? 0xfffd : high;
    if (high == UINT32_MAX)
        return text.len < 4 ? text.len : 4;
    if (high < 0xd800 || high > 0xdbff || text.len < 10 || memcmp(text.ptr + 4, "\\u", 2) != 0)
        return 4;
    uint32_t low = hex4(str_from(text, 6));
    if (low < 0xdc00 || low > 0xdfff)
        return 4;
    *code = 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
    return 10;
}

Str json_unescape(Arena *arena, Str raw)
{
    static const char FROM[] = "bfnrt", TO[] = "\b\f\n\r\t";
    StrBuf out = strbuf_new(arena);
    Str before;
    while (str_cut(raw, '\\', &before, &raw)) {
        strbuf_add(&out, before);
        if (raw.len == 0)
            break;
        char c = raw.ptr[0];
        raw = str_from(raw, 1);
        const char *known = memchr(FROM, c, sizeof(FROM) - 1);
        if (c == 'u') {
            char bytes[4];
            uint32_t code;
            raw = str_from(raw, unicode_escape(raw, &code));
            strbuf_add(&out, (Str){bytes, utf8_encode(code, bytes)});
        } else {
            strbuf_char(&out, known ? TO[known - FROM] : c);
        }
    }
    strbuf_add(&out, raw);
    return strbuf_str(&out);
}

size_t json_scan_ids(JsonScan *scan, uint32_t *out, size_t room)
{
    if (!json_enter(scan, '['))
        return SIZE_MAX;
    const char *at = scan->at, *end = scan->end;
    size_t count = 0;
    for (;;) {
        uint64_t value = 0;
        while (at < end && (unsigned char)*at <= ' ')
            at++;
        const char *digits = at;
        at = take_digits(at, end, &value);
        if (at == digits || at - digits > 10 || value > UINT32_MAX) {
            if (count == 0 && at < end && *at == ']')
                break;
            scan->at = digits;
            problem(scan, "an index");
            return SIZE_MAX;
        }
        if (count < room)
            out[count] = (uint32_t)value;
        count++;
        while (at < end && (unsigned char)*at <= ' ')
            at++;
        if (at < end && *at == ']')
            break;
        if (at >= end || *at != ',') {
            scan->at = at;
            problem(scan, "',' or ']'");
            return SIZE_MAX;
        }
        at++;
    }
    scan->at = at + 1;
    scan->depth--;
    scan->first = false;
    return count;
}

Str json_scanned(const JsonScan *scan, const char *from)
{
    return (Str){from, (size_t)(scan->at - from)};
}

bool json_scan_same(JsonScan *scan, Str before)
{
    if (!before.len || (size_t)(scan->end - scan->at) < before.len ||
        memcmp(scan->at, before.ptr, before.len) != 0)
        return false;
    scan->at += before.len;
    return true;
}
