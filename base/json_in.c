#include "base/json_in.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/utf8.h"

struct JsonDoc {
    Arena *arena;
    json_t *root;
    Err err;
};

static const char *type_name(const json_t *node)
{
    static const char *const NAMES[] = {
        [JSON_OBJECT] = "object",   [JSON_ARRAY] = "array", [JSON_STRING] = "string",
        [JSON_INTEGER] = "integer", [JSON_REAL] = "number", [JSON_TRUE] = "true",
        [JSON_FALSE] = "false",     [JSON_NULL] = "null",
    };
    return node ? NAMES[json_typeof(node)] : "nothing";
}

/* The value of \uXXXX at the start of text, or -1. */
static int escape_value(Str text)
{
    if (text.len < 6 || text.ptr[0] != '\\' || text.ptr[1] != 'u')
        return -1;
    char digits[5] = {0}, *end;
    memcpy(digits, text.ptr + 2, 4);
    long value = strtol(digits, &end, 16);
    return *end || strchr("+- ", digits[0]) ? -1 : (int)value;
}

static bool is_high(int unit)
{
    return unit >= 0xD800 && unit <= 0xDBFF;
}

static bool is_low(int unit)
{
    return unit >= 0xDC00 && unit <= 0xDFFF;
}

/* Mends the escape at the start of a string's rest; returns how many bytes it takes. */
static size_t mend_escape(char *at, size_t left)
{
    int unit = escape_value((Str){at, left});
    if (unit < 0)
        return left < 2 ? left : 2;
    if (is_high(unit) && left >= 12 && is_low(escape_value((Str){at + 6, left - 6})))
        return 12;
    if (is_high(unit) || is_low(unit))
        memcpy(at, "\\ufffd", 6);
    return 6;
}

/*
 * One pass over the text before the library sees it: count the depth, mend
 * what would make it refuse the whole message (header comment). Inside a
 * string only quotes, escapes and bad bytes matter; outside only brackets.
 */
static bool guard(char *text, size_t len, Err *err)
{
    bool in_string = false;
    size_t depth = 0;
    for (size_t i = 0; i < len;) {
        unsigned char c = (unsigned char)text[i];
        if (in_string && c == '\\') {
            i += mend_escape(text + i, len - i);
            continue;
        }
        if (c >= 0x80) {
            size_t step = utf8_sequence((Str){text + i, len - i});
            if (step == 0)
                text[i] = '?';
            i += step ? step : 1;
            continue;
        }
        if (c == '"')
            in_string = !in_string;
        else if (!in_string && (c == '[' || c == '{') && ++depth > JSON_DEPTH_MAX)
            return err_set(err, ERR_INPUT, "nested deeper than %d at byte %zu", JSON_DEPTH_MAX, i);
        else if (!in_string && (c == ']' || c == '}') && depth)
            depth--;
        i++;
    }
    return true;
}

bool json_parse(Arena *arena, Str text, JsonIn *root, Err *err)
{
    char *copy = malloc(text.len + 1);
    if (!copy)
        return err_set(err, ERR_INPUT, "%zu bytes of JSON do not fit into memory", text.len);
    if (text.len)
        memcpy(copy, text.ptr, text.len);
    json_error_t why;
    json_t *node = NULL;
    bool guarded = guard(copy, text.len, err);
    if (guarded)
        node = json_loadb(copy, text.len, JSON_DECODE_ANY | JSON_ALLOW_NUL, &why);
    free(copy);
    if (guarded && !node)
        return err_set(err, ERR_INPUT, "line %d, column %d: %s", why.line, why.column, why.text);
    if (!node)
        return false;
    JsonDoc *doc = NEW(arena, JsonDoc);
    doc->arena = arena;
    doc->root = node;
    *root = (JsonIn){.doc = doc, .node = node};
    return true;
}

void json_done(JsonIn root)
{
    if (!root.doc)
        return;
    json_decref(root.doc->root);
    root.doc->root = NULL;
}

void json_cleanup(JsonIn *root)
{
    json_done(*root);
}

bool json_ok(JsonIn in, Err *err)
{
    if (in.doc->err.kind != ERR_NONE)
        *err = in.doc->err;
    return in.doc->err.kind == ERR_NONE;
}

static void expected(JsonIn in, const char *what)
{
    Str path = in.path.len ? in.path : S("value");
    if (in.doc->err.kind == ERR_NONE)
        err_set(&in.doc->err, ERR_INPUT, STR_FMT ": expected %s, got %s", STR_ARG(path), what,
                type_name(in.node));
}

JsonType json_kind(JsonIn in)
{
    static const JsonType TYPES[] = {
        [JSON_OBJECT] = JSON_TYPE_OBJECT, [JSON_ARRAY] = JSON_TYPE_ARRAY,
        [JSON_STRING] = JSON_TYPE_STRING, [JSON_INTEGER] = JSON_TYPE_NUMBER,
        [JSON_REAL] = JSON_TYPE_NUMBER,   [JSON_TRUE] = JSON_TYPE_BOOL,
        [JSON_FALSE] = JSON_TYPE_BOOL,    [JSON_NULL] = JSON_TYPE_NULL,
    };
    return in.node ? TYPES[json_typeof((const json_t *)in.node)] : JSON_TYPE_ABSENT;
}

bool json_present(JsonIn in)
{
    return json_kind(in) > JSON_TYPE_NULL;
}

JsonIn json_optional(JsonIn in, const char *key)
{
    Str path = in.path.len ? str_fmt(in.doc->arena, STR_FMT ".%s", STR_ARG(in.path), key)
                           : str_fmt(in.doc->arena, "%s", key);
    return (JsonIn){.doc = in.doc, .node = json_object_get(in.node, key), .path = path};
}

JsonIn json_at(JsonIn in, const char *key)
{
    JsonIn child = json_optional(in, key);
    if (!json_is_object((const json_t *)child.node))
        expected(child, "object");
    return child;
}

JsonIn json_list(JsonIn in, const char *key)
{
    JsonIn child = json_optional(in, key);
    if (!json_is_array((const json_t *)child.node))
        expected(child, "array");
    return child;
}

Str json_as_str(JsonIn in)
{
    if (!json_is_string((const json_t *)in.node)) {
        expected(in, "string");
        return (Str){0};
    }
    Str text = {json_string_value(in.node), json_string_length(in.node)};
    return str_copy(in.doc->arena, text);
}

/* Integers, and reals that hold one: some clients send 3.0. */
static bool integer_of(const json_t *node, int64_t *out)
{
    double real = json_real_value(node);
    if (json_is_real(node) && real == nearbyint(real) && fabs(real) < 9e15)
        *out = (int64_t)real;
    else if (json_is_integer(node))
        *out = json_integer_value(node);
    else
        return false;
    return true;
}

int64_t json_as_i64(JsonIn in)
{
    int64_t value = 0;
    if (!integer_of(in.node, &value))
        expected(in, "integer");
    return value;
}

double json_as_double(JsonIn in)
{
    if (!json_is_number((const json_t *)in.node))
        expected(in, "number");
    return json_number_value(in.node);
}

Str json_str(JsonIn in, const char *key)
{
    return json_as_str(json_optional(in, key));
}

int64_t json_i64(JsonIn in, const char *key)
{
    return json_as_i64(json_optional(in, key));
}

double json_double(JsonIn in, const char *key)
{
    return json_as_double(json_optional(in, key));
}

uint32_t json_u32(JsonIn in, const char *key)
{
    JsonIn child = json_optional(in, key);
    int64_t value = 0;
    if (!integer_of(child.node, &value) || value < 0 || value > UINT32_MAX) {
        expected(child, "integer from 0");
        return 0;
    }
    return (uint32_t)value;
}

bool json_bool(JsonIn in, const char *key)
{
    JsonIn child = json_optional(in, key);
    if (json_kind(child) != JSON_TYPE_BOOL)
        expected(child, "true or false");
    return json_is_true((const json_t *)child.node);
}

Str json_opt_str(JsonIn in, const char *key, Str otherwise)
{
    JsonIn child = json_optional(in, key);
    return json_kind(child) == JSON_TYPE_STRING ? json_as_str(child) : otherwise;
}

int64_t json_opt_i64(JsonIn in, const char *key, int64_t otherwise)
{
    int64_t value = otherwise;
    return integer_of(json_optional(in, key).node, &value) ? value : otherwise;
}

double json_opt_double(JsonIn in, const char *key, double otherwise)
{
    JsonIn child = json_optional(in, key);
    return json_kind(child) == JSON_TYPE_NUMBER ? json_number_value(child.node) : otherwise;
}

bool json_opt_bool(JsonIn in, const char *key, bool otherwise)
{
    JsonIn child = json_optional(in, key);
    if (json_kind(child) != JSON_TYPE_BOOL)
        return otherwise;
    return json_is_true((const json_t *)child.node);
}

size_t json_len(JsonIn in)
{
    return json_array_size(in.node);
}

JsonIn json_item(JsonIn in, size_t index)
{
    return (JsonIn){
        .doc = in.doc,
        .node = json_array_get(in.node, index),
        .path = str_fmt(in.doc->arena, STR_FMT "[%zu]", STR_ARG(in.path), index),
    };
}

bool json_next(JsonIn object, void **at, Str *key, JsonIn *value)
{
    json_t *node = (json_t *)(uintptr_t)object.node; /* iteration does not change it */
    *at = *at ? json_object_iter_next(node, *at) : json_object_iter(node);
    if (!*at)
        return false;
    const char *name = json_object_iter_key(*at);
    *key = str_copy(object.doc->arena, str_from_c(name));
    *value = (JsonIn){
        .doc = object.doc,
        .node = json_object_iter_value(*at),
        .path = str_fmt(object.doc->arena, STR_FMT ".%s", STR_ARG(object.path), name),
    };
    return true;
}

Str json_text(Arena *arena, JsonIn in)
{
    char *text = in.node ? json_dumps(in.node, JSON_COMPACT | JSON_ENCODE_ANY) : NULL;
    Str copy = str_copy(arena, text ? str_from_c(text) : S("null"));
    free(text);
    return copy;
}
