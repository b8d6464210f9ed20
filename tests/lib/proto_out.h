/*
 * ProtoOut: writes protobuf messages, for tests that need small files of a format.
 *
 *     StrBuf out = strbuf_new(arena);
 *     proto_put_number(&out, 1, 42);
 *     proto_put_bytes(&out, 2, S("text, or a message"));
 */
#ifndef TESTS_LIB_PROTO_OUT_H
#define TESTS_LIB_PROTO_OUT_H

#include <stdint.h>

#include "base/str.h"
#include "base/strbuf.h"

void proto_put_varint(StrBuf *out, uint64_t value);
void proto_put_number(StrBuf *out, uint32_t field, uint64_t value);
void proto_put_double(StrBuf *out, uint32_t field, double value);
void proto_put_bytes(StrBuf *out, uint32_t field, Str bytes);

#endif
