/*
 * Units: numbers with a unit, as people write and read them.
 *
 * Inside the program a quantity is a double in its base unit: seconds, bytes, per second, or a
 * plain count. Here is the only place that turns one into text and back.
 */
#ifndef BASE_UNITS_H
#define BASE_UNITS_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/str.h"

typedef enum Unit {
    UNIT_COUNT, /* instructions, allocations, samples */
    UNIT_SECONDS,
    UNIT_BYTES,
    UNIT_PER_SECOND,
    UNIT_PERCENT, /* of a baseline: "-30 %" is -0.30 */
} Unit;

/* "8.1 ms", "1.2 GB", "12,300 /s", "1.2 M": three significant digits, SI steps of 1000. */
Str units_text(Arena *arena, double value, Unit unit);
/* "-32 %", "+0.4 %": a relative change (0.1 is +10 %), sign always shown. */
Str units_delta(Arena *arena, double change);
/* "8 ms", "12000 /s", "200 MB", "512 KiB", "-30 %", "1e6"; false when it is none of these. */
bool units_parse(Str text, double *value, Unit *unit) MUST_CHECK;
/* "s", "B", "/s", "", "%" */
Str units_symbol(Unit unit);

#endif
