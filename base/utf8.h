/* UTF-8: what is well formed (RFC 3629), and how long it is in other encodings. */
#ifndef BASE_UTF8_H
#define BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

/* Bytes of the well-formed sequence at the start of a non-empty text, or 0. */
size_t utf8_sequence(Str text);
bool utf8_is_valid(Str text);
/* Writes 1 to 4 bytes for a code point (surrogates and beyond U+10FFFF give U+FFFD). */
size_t utf8_encode(uint32_t code, char out[4]);

#endif
