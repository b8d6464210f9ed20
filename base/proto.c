#include "base/proto.h"

/* Nothing may be added to NULL, not even 0. */
static const char *end_of(Str bytes)
{
    return bytes.len ? bytes.ptr + bytes.len : bytes.ptr;
}

Proto proto(Str bytes)
{
    return (Proto){.start = bytes.ptr, .at = bytes.ptr, .end = end_of(bytes)};
}

Proto proto_inside(const Proto *outer, Str bytes)
{
    return (Proto){.start = outer->start, .at = bytes.ptr, .end = end_of(bytes)};
}

static bool problem(Proto *in, const char *what)
{
    if (!in->problem) {
        in->problem = what;
        in->where = in->at;
    }
    in->at = in->end;
    return false;
}

/* Ten bytes hold 64 bits; of the tenth only the lowest bit. */
static inline bool take_varint(Proto *in, uint64_t *out)
{
    uint64_t value = 0;
    const char *at = in->at;
    for (unsigned shift = 0; shift < 64; shift += 7) {
        if (at == in->end)
            return problem(in, "a number that is cut off");
        unsigned char byte = (unsigned char)*at++;
        if (shift == 63 && byte > 1)
            break;
        value |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80) {
            in->at = at;
            *out = value;
            return true;
        }
    }
    return problem(in, "a number of more than 64 bits");
}

static bool take_fixed(Proto *in, size_t len, uint64_t *out)
{
    if ((size_t)(in->end - in->at) < len)
        return problem(in, "a number that is cut off");
    uint64_t value = 0;
    for (size_t i = 0; i < len; i++)
        value |= (uint64_t)(unsigned char)in->at[i] << (8 * i);
    in->at += len;
    *out = value;
    return true;
}

bool proto_next(Proto *in, ProtoField *field)
{
    uint64_t tag, len;
    if (in->at == in->end || !take_varint(in, &tag))
        return false;
    if (tag >> 3 == 0 || tag >> 3 > UINT32_MAX >> 3)
        return problem(in, "a field without a number");
    *field = (ProtoField){.number = (uint32_t)(tag >> 3), .wire = (ProtoWire)(tag & 7)};
    switch (field->wire) {
    case PROTO_VARINT:
        return take_varint(in, &field->value);
    case PROTO_FIXED64:
        return take_fixed(in, 8, &field->value);
    case PROTO_FIXED32:
        return take_fixed(in, 4, &field->value);
    case PROTO_BYTES:
        if (!take_varint(in, &len))
            return false;
        if (len > (uint64_t)(in->end - in->at))
            return problem(in, "a length beyond the end");
        field->bytes = (Str){in->at, (size_t)len};
        in->at += len;
        return true;
    }
    return problem(in, "a field of a kind that protobuf no longer has");
}

bool proto_ok(const Proto *in, Err *err)
{
    if (!in->problem)
        return true;
    return err_set(err, ERR_INPUT, "byte %zu: %s", (size_t)(in->where - in->start), in->problem);
}

Proto proto_numbers(const Proto *in, const ProtoField *field)
{
    if (field->wire == PROTO_BYTES)
        return proto_inside(in, field->bytes);
    return (Proto){.start = in->start, .at = in->at - 1, .end = in->at};
}

bool proto_next_number(Proto *numbers, const ProtoField *field, uint64_t *out)
{
    if (numbers->at == numbers->end)
        return false;
    if (field->wire == PROTO_BYTES)
        return take_varint(numbers, out);
    numbers->at = numbers->end;
    *out = field->value;
    return true;
}
