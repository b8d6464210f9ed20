#include "tests/lib/proto_out.h"

void proto_put_varint(StrBuf *out, uint64_t value)
{
    for (; value >= 0x80; value >>= 7)
        strbuf_char(out, (char)(value | 0x80));
    strbuf_char(out, (char)value);
}

void proto_put_number(StrBuf *out, uint32_t field, uint64_t value)
{
    proto_put_varint(out, field << 3);
    proto_put_varint(out, value);
}

void proto_put_double(StrBuf *out, uint32_t field, double value)
{
    proto_put_varint(out, field << 3 | 1);
    strbuf_add(out, (Str){(const char *)&value, sizeof(value)});
}

void proto_put_bytes(StrBuf *out, uint32_t field, Str bytes)
{
    proto_put_varint(out, field << 3 | 2);
    proto_put_varint(out, bytes.len);
    strbuf_add(out, bytes);
}
