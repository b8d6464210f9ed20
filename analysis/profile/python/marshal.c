#include "analysis/profile/python/marshal.h"

#include <string.h>

#include "base/array.h"
#include "base/strbuf.h"

enum {
    DEPTH_MAX = 32,
    FLAG_REF = 0x80,
    DIGIT_BITS = 15,
};

typedef Array(const Marshal *) Items;

typedef struct Reader {
    Arena *arena;
    Str bytes;
    size_t at;
    Items refs;
    Err *err;
} Reader;

static const Marshal *fail(Reader *in, const char *what)
{
    err_set(in->err, ERR_INPUT, "byte %zu: %s", in->at, what);
    return NULL;
}

static bool take(Reader *in, size_t len, const unsigned char **out)
{
    if (in->bytes.len - in->at < len) {
        fail(in, "the file ends in the middle of a value");
        return false;
    }
    *out = (const unsigned char *)in->bytes.ptr + in->at;
    in->at += len;
    return true;
}

/* Little endian, signed, `size` bytes. */
static bool take_int(Reader *in, size_t size, int64_t *out)
{
    const unsigned char *from;
    uint64_t value = 0;
    if (!take(in, size, &from))
        return false;
    for (size_t i = 0; i < size; i++)
        value |= (uint64_t)from[i] << (8 * i);
    unsigned shift = (unsigned)(64 - 8 * size);
    *out = (int64_t)(value << shift) >> shift;
    return true;
}

/* A count of things that take at least one byte each. */
static bool take_count(Reader *in, size_t size, size_t *out)
{
    int64_t value;
    if (!take_int(in, size, &value))
        return false;
    if (size == 1)
        value &= 0xff;
    if (value < 0 || (uint64_t)value > in->bytes.len - in->at) {
        fail(in, "a length beyond the end of the file");
        return false;
    }
    *out = (size_t)value;
    return true;
}

static const Marshal *read_text(Reader *in, Marshal *out, size_t count_bytes)
{
    size_t len;
    const unsigned char *from;
    if (!take_count(in, count_bytes, &len) || !take(in, len, &from))
        return NULL;
    out->type = MARSHAL_TEXT;
    out->text = (Str){(const char *)from, len};
    return out;
}

static const Marshal *read_float(Reader *in, Marshal *out)
{
    const unsigned char *from;
    if (!take(in, 8, &from))
        return NULL;
    memcpy(&out->number, from, 8);
    out->type = MARSHAL_FLOAT;
    return out;
}

/* Python 2 and old versions write floats as text. */
static const Marshal *read_float_text(Reader *in, Marshal *out)
{
    Marshal text = {0};
    if (!read_text(in, &text, 1))
        return NULL;
    if (!str_to_double(text.text, &out->number))
        return fail(in, "a float that is none");
    out->type = MARSHAL_FLOAT;
    return out;
}

/* Digits of 15 bits, lowest first; the sign of the count is the sign of the number. */
static const Marshal *read_long(Reader *in, Marshal *out)
{
    int64_t count, digit;
    uint64_t value = 0;
    if (!take_int(in, 4, &count))
        return NULL;
    size_t digits = (size_t)(count < 0 ? -count : count);
    for (size_t i = 0; i < digits; i++) {
        if (!take_int(in, 2, &digit))
            return NULL;
        if (digit < 0 || i * DIGIT_BITS > 60 ||
            (i * DIGIT_BITS == 60 && digit > 7)) /* 63 bits are enough for a count */
            return fail(in, "a number too large to be a count");
        value |= (uint64_t)digit << (i * DIGIT_BITS);
    }
    out->type = MARSHAL_INT;
    out->integer = count < 0 ? -(int64_t)value : (int64_t)value;
    return out;
}

static const Marshal *read_value(Reader *in, unsigned depth, bool *end);

static const Marshal *read_list(Reader *in, Marshal *out, size_t count_bytes, unsigned depth)
{
    if (!take_count(in, count_bytes, &out->len))
        return NULL;
    out->type = MARSHAL_LIST;
    out->open = true;
    out->items = NEW_ARRAY(in->arena, const Marshal *, out->len + 1);
    for (size_t i = 0; i < out->len; i++)
        if (!(out->items[i] = read_value(in, depth + 1, NULL)))
            return NULL;
    out->open = false;
    return out;
}

static const Marshal *read_dict(Reader *in, Marshal *out, unsigned depth)
{
    Items items = {0};
    out->type = MARSHAL_DICT;
    out->open = true;
    for (bool end = false;;) {
        const Marshal *key = read_value(in, depth + 1, &end);
        if (end)
            break;
        const Marshal *value = key ? read_value(in, depth + 1, NULL) : NULL;
        if (!value)
            return NULL;
        *array_push(in->arena, &items) = key;
        *array_push(in->arena, &items) = value;
    }
    out->open = false;
    out->items = items.items;
    out->len = items.len;
    return out;
}

static const Marshal *read_int(Reader *in, Marshal *out, size_t bytes)
{
    out->type = MARSHAL_INT;
    return take_int(in, bytes, &out->integer) ? out : NULL;
}

static const Marshal *read_ref(Reader *in)
{
    int64_t index;
    if (!take_int(in, 4, &index))
        return NULL;
    if (index < 0 || (uint64_t)index >= in->refs.len)
        return fail(in, "a reference to nothing");
    const Marshal *known = in->refs.items[index];
    return known->open ? fail(in, "a value that holds itself") : known;
}

static const Marshal *read_body(Reader *in, unsigned char type, Marshal *out, unsigned depth)
{
    switch (type) {
    case 'N':
        return out;
    case 'T':
    case 'F':
        out->type = MARSHAL_INT;
        out->integer = type == 'T';
        return out;
    case 'i':
        return read_int(in, out, 4);
    case 'I':
        return read_int(in, out, 8);
    case 'l':
        return read_long(in, out);
    case 'g':
        return read_float(in, out);
    case 'f':
        return read_float_text(in, out);
    case 'z':
    case 'Z':
        return read_text(in, out, 1);
    case 'a':
    case 'A':
    case 'u':
    case 't':
    case 's':
        return read_text(in, out, 4);
    case ')':
        return read_list(in, out, 1, depth);
    case '(':
    case '[':
        return read_list(in, out, 4, depth);
    case '{':
        return read_dict(in, out, depth);
    default:
        in->at--;
        return fail(in, "not a value that a profile is made of");
    }
}

/* `end` is where a dict may end; NULL where it may not. */
static const Marshal *read_value(Reader *in, unsigned depth, bool *end)
{
    const unsigned char *type;
    if (depth > DEPTH_MAX)
        return fail(in, "nested too deeply");
    if (!take(in, 1, &type))
        return NULL;
    if (*type == '0' && end) {
        *end = true;
        return NULL;
    }
    if (*type == 'r')
        return read_ref(in);
    Marshal *out = NEW(in->arena, Marshal);
    if (*type & FLAG_REF) /* numbered before its children */
        *array_push(in->arena, &in->refs) = out;
    return read_body(in, *type & (FLAG_REF - 1), out, depth);
}

const Marshal *marshal_read(Arena *arena, Str bytes, Err *err)
{
    Reader in = {.arena = arena, .bytes = bytes, .err = err};
    return read_value(&in, 0, NULL);
}

double marshal_number(const Marshal *value)
{
    if (value->type == MARSHAL_FLOAT)
        return value->number;
    return value->type == MARSHAL_INT ? (double)value->integer : 0;
}
