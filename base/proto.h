/*
 * Proto: walk through a protobuf message once, field by field, without a schema.
 *
 *     Proto in = proto(bytes);
 *     for (ProtoField field; proto_next(&in, &field);)
 *         if (field.number == 2 && field.wire == PROTO_BYTES)
 *             read_sample(proto_inside(&in, field.bytes));
 *     return proto_ok(&in, err);                 byte 812: a length beyond the end
 *
 * Nothing is copied; texts and inner messages are views. The first problem sticks: the loop ends
 * and proto_ok says where it was, counted from the outermost message. A field of an unknown number
 * is the caller's to ignore; one with another wire type than expected, too. Groups (long out of
 * use) are a problem.
 */
#ifndef BASE_PROTO_H
#define BASE_PROTO_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "base/str.h"

typedef enum ProtoWire {
    PROTO_VARINT = 0,
    PROTO_FIXED64 = 1,
    PROTO_BYTES = 2, /* a text, an inner message or packed numbers */
    PROTO_FIXED32 = 5,
} ProtoWire;

typedef struct ProtoField {
    uint32_t number;
    ProtoWire wire;
    uint64_t value; /* of every wire type but PROTO_BYTES */
    Str bytes;      /* PROTO_BYTES */
} ProtoField;

typedef struct Proto {
    const char *start; /* of the outermost message */
    const char *at;
    const char *end;
    const char *problem; /* NULL while all is well */
    const char *where;   /* of the problem */
} Proto;

Proto proto(Str bytes);
/* An inner message, with places counted as in the outer one. */
Proto proto_inside(const Proto *outer, Str bytes);
/* False at the end, and at the first problem. */
bool proto_next(Proto *in, ProtoField *field);
bool proto_ok(const Proto *in, Err *err) MUST_CHECK;

/*
 * The numbers of a repeated field, which may be packed (PROTO_BYTES) or come one by one: a cursor
 * over one field's share of them.
 *
 *     Proto numbers = proto_numbers(&in, &field);
 *     for (uint64_t id; proto_next_number(&numbers, &field, &id);)
 */
Proto proto_numbers(const Proto *in, const ProtoField *field);
bool proto_next_number(Proto *numbers, const ProtoField *field, uint64_t *out);

#endif
