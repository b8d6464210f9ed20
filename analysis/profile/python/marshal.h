/*
 * Marshal: the part of Python's marshal format that data is made of, without an interpreter.
 *
 * None, booleans, integers, floats, texts, tuples, lists and dicts, shared by reference; code
 * objects and everything else are refused. Nothing is executed. The format of these has not
 * changed since Python 2.7 (Python/marshal.c); each value takes at least one byte, so memory is
 * at most some 40 times the input. Texts are views of the input.
 */
#ifndef ANALYSIS_PROFILE_PYTHON_MARSHAL_H
#define ANALYSIS_PROFILE_PYTHON_MARSHAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/err.h"
#include "base/str.h"

typedef enum MarshalType {
    MARSHAL_NONE,
    MARSHAL_INT, /* and booleans */
    MARSHAL_FLOAT,
    MARSHAL_TEXT,
    MARSHAL_LIST, /* and tuples */
    MARSHAL_DICT, /* items are key, value, key, value */
} MarshalType;

typedef struct Marshal Marshal;
struct Marshal {
    MarshalType type;
    bool open; /* still being read: a reference to it would be a circle */
    int64_t integer;
    double number;
    Str text;
    const Marshal **items;
    size_t len;
};

/* NULL with "byte 12: ..." */
const Marshal *marshal_read(Arena *arena, Str bytes, Err *err) MUST_CHECK;
/* Integers as numbers, too; 0 for anything else. */
double marshal_number(const Marshal *value);

#endif
