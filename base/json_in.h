/*
 * JsonIn: read JSON into structs, and forget the JSON.
 *
 * This pair of files is the only place that knows which JSON library we use.
 * A decode function reads every field of one struct and then asks json_ok
 * once. After the first problem each further read gives a zero value, and the
 * message keeps the path: "params.position.line: expected integer, got string".
 *
 *     out->uri = json_str(json_at(in, "textDocument"), "uri");
 *     out->at = decode_position(json_at(in, "position"));
 *     return json_ok(in, err);
 *
 * Unknown fields are ignored. Optional fields: json_optional gives a JsonIn that may be absent;
 * the json_opt_* readers take the value to use when the field is absent or null.
 *
 * What real clients send and the library alone would refuse is mended before parsing, at equal
 * length so that error columns stay right: bytes that are not UTF-8 become '?', a lone surrogate
 * escape becomes \ufffd. NUL characters in strings are kept. 3.0 counts as the integer 3.
 */
#ifndef BASE_JSON_IN_H
#define BASE_JSON_IN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

enum {
    JSON_DEPTH_MAX = 128, /* deeper nesting is refused before the library sees it */
};

typedef enum JsonType {
    JSON_TYPE_ABSENT,
    JSON_TYPE_NULL,
    JSON_TYPE_BOOL,
    JSON_TYPE_NUMBER,
    JSON_TYPE_STRING,
    JSON_TYPE_ARRAY,
    JSON_TYPE_OBJECT,
} JsonType;

typedef struct JsonDoc JsonDoc;

typedef struct JsonIn {
    JsonDoc *doc;
    const void *node; /* NULL where a field is absent */
    Str path;
} JsonIn;

/*
 * Texts read from the document are copied into the arena and live as long as it; the document
 * itself must be given back with json_done. ERR_INPUT with line and column on malformed text.
 */
bool json_parse(Arena *arena, Str text, JsonIn *root, Err *err) MUST_CHECK;
void json_done(JsonIn root);
/* CLEANUP(json_cleanup) JsonIn root = {0}; */
void json_cleanup(JsonIn *root);
/* False, with the first problem met since json_parse, when any read failed. */
bool json_ok(JsonIn in, Err *err) MUST_CHECK;

JsonType json_kind(JsonIn in);
/* Present and not null. */
bool json_present(JsonIn in);

/* A field that must be an object (json_at) or array (json_list), or may be anything or absent. */
JsonIn json_at(JsonIn in, const char *key);
JsonIn json_list(JsonIn in, const char *key);
JsonIn json_optional(JsonIn in, const char *key);

Str json_str(JsonIn in, const char *key);
uint32_t json_u32(JsonIn in, const char *key);
int64_t json_i64(JsonIn in, const char *key);
double json_double(JsonIn in, const char *key);
bool json_bool(JsonIn in, const char *key);

/* As above, with `otherwise` where the field is absent, null, or of another type: lenient. */
Str json_opt_str(JsonIn in, const char *key, Str otherwise);
int64_t json_opt_i64(JsonIn in, const char *key, int64_t otherwise);
double json_opt_double(JsonIn in, const char *key, double otherwise);
bool json_opt_bool(JsonIn in, const char *key, bool otherwise);

/* Array items; 0 for anything that is no array. */
size_t json_len(JsonIn in);
JsonIn json_item(JsonIn in, size_t index);
/* The value itself, where an array holds plain values. */
Str json_as_str(JsonIn in);
int64_t json_as_i64(JsonIn in);
double json_as_double(JsonIn in);

/* Walk an object's fields in the order of the text: for (void *at = NULL; json_next(...);) */
bool json_next(JsonIn object, void **at, Str *key, JsonIn *value);

/* The value written out again, compact; "null" when absent. For ids and opaque arguments. */
Str json_text(Arena *arena, JsonIn in);

#endif
