/*
 * JsonOut: write JSON straight into a StrBuf.
 *
 *     JsonOut out = json_out(&buf);
 *     json_open(&out, '{');
 *     json_key_str(&out, "file", spot.file);
 *     json_key_open(&out, "rows", '[');
 *     ...
 *     json_close(&out, ']');
 *     json_close(&out, '}');
 *
 * Commas are its business. Text that is not UTF-8 is written with U+FFFD for each bad byte. A
 * mismatched close or a value without its key is a bug of ours and asserts.
 */
#ifndef BASE_JSON_OUT_H
#define BASE_JSON_OUT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"
#include "base/strbuf.h"

typedef struct JsonOut {
    StrBuf *buf;
    uint64_t objects; /* bit per open level: 1 where it is an object */
    uint32_t depth;   /* at most 64 */
    bool need_comma;  /* a value was written at this level */
    bool after_key;   /* the next thing must be a value */
} JsonOut;

JsonOut json_out(StrBuf *buf);
void json_open(JsonOut *out, char bracket);
void json_close(JsonOut *out, char bracket);
void json_key(JsonOut *out, const char *key);
void json_key_text(JsonOut *out, Str key);

void json_put_str(JsonOut *out, Str text);
void json_put_i64(JsonOut *out, int64_t value);
void json_put_u64(JsonOut *out, uint64_t value);
/* Shortest text that reads back to the same double; infinities and NaN become null. */
void json_put_double(JsonOut *out, double value);
void json_put_bool(JsonOut *out, bool value);
void json_put_null(JsonOut *out);
/* Text that already is one JSON value. */
void json_put_raw(JsonOut *out, Str json);

void json_key_open(JsonOut *out, const char *key, char bracket);
void json_key_str(JsonOut *out, const char *key, Str text);
/* An empty text is null. */
void json_key_str_or_null(JsonOut *out, const char *key, Str text);
void json_key_strs(JsonOut *out, const char *key, const Str *texts, size_t count);
void json_key_i64(JsonOut *out, const char *key, int64_t value);
void json_key_u64(JsonOut *out, const char *key, uint64_t value);
void json_key_double(JsonOut *out, const char *key, double value);
void json_key_bool(JsonOut *out, const char *key, bool value);
void json_key_raw(JsonOut *out, const char *key, Str json);

#endif
