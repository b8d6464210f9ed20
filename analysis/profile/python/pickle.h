/*
 * Pickle: the part of Python's pickle format that two profilers write (line_profiler,
 * tracemalloc), without an interpreter.
 *
 * A pickle is a program that may call anything. Here it cannot: texts, numbers, tuples, lists and
 * dicts are built, and an object of a class the caller allows becomes its state, nothing else.
 * Every other instruction and class is refused by name.
 *
 *     static const Str CLASSES[] = {STR_CONST("tracemalloc.Snapshot")};
 *     const Pickle *root = pickle_read(arena, bytes, CLASSES, 1, err);
 *
 * Reading does not recurse, and each byte makes at most one value, so memory is at most some 60
 * times the input. Values are shared, and a hostile list may hold itself: walk to a fixed depth,
 * and count the steps. Texts are views of the input.
 */
#ifndef ANALYSIS_PROFILE_PYTHON_PICKLE_H
#define ANALYSIS_PROFILE_PYTHON_PICKLE_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/array.h"
#include "base/attr.h"
#include "base/err.h"
#include "base/str.h"

typedef enum PickleType {
    PICKLE_INT,
    PICKLE_FLOAT,
    PICKLE_TEXT,
    PICKLE_CLASS, /* text: "module.name" */
    PICKLE_TUPLE,
    PICKLE_LIST,
    PICKLE_DICT,   /* items are key, value, key, value */
    PICKLE_OBJECT, /* items are the class and, once it is set, the state */
} PickleType;

typedef struct Pickle Pickle;
typedef Array(Pickle *) PickleItems;

struct Pickle {
    PickleType type;
    union {
        int64_t integer;
        double number;
        Str text;
        PickleItems items; /* of a tuple, list, dict or object */
    };
};

/* NULL with "byte 12: ..." */
const Pickle *pickle_read(Arena *arena, Str bytes, const Str *classes, size_t classes_len,
                          Err *err) MUST_CHECK;
/* The state of an object of this class, or NULL. */
const Pickle *pickle_state(const Pickle *value, Str class);
/* What a dict has under this text, or NULL when it has not, or is none. */
const Pickle *pickle_get(const Pickle *dict, Str key);
/* Item `at` of a tuple, when it is of this type; else NULL. */
const Pickle *pickle_item(const Pickle *tuple, size_t at, PickleType type);
/* The number of items; 0 when the value is NULL, or not of this type. */
size_t pickle_len(const Pickle *value, PickleType type);

#endif
