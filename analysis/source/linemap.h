/*
 * LineMap: for every line of an old text, where it is in a new one. A line diff that would rather
 * lose a line than take it for another.
 *
 * Lines are aligned by their content without indentation, so that a reindented block is seen as
 * itself and not as whatever its lines now happen to look like. Then each old line is one of
 *
 *     same      `to` has the same bytes, and no other line could be meant
 *     altered   `to` is where it would be: other bytes (reindented, edited), or the same bytes but
 *               several lines could be meant
 *     gone      no counterpart; `to` is 0
 *
 * The algorithm is patience diff: lines that occur once in both texts are themselves; between those
 * that kept their order the same is done again, until no line is unique. What is then left is
 * aligned by the longest common subsequence where it is small, and from its ends where it is large,
 * so the time is bounded: about 300 steps per line at worst.
 *
 * Lines that are not unique are certain only where nothing else can be meant; linemap.c says when.
 * One thing cannot be known: when one of two equal lines was deleted and the other one copied to
 * its place, the texts are the same as if neither had happened.
 */
#ifndef ANALYSIS_SOURCE_LINEMAP_H
#define ANALYSIS_SOURCE_LINEMAP_H

#include <stdbool.h>
#include <stdint.h>

#include "analysis/source/text.h"
#include "base/arena.h"

typedef enum LineFate {
    LINE_GONE,
    LINE_ALTERED,
    LINE_SAME,
} LineFate;

typedef struct LineTo {
    LineNo to;
    LineFate fate;
    bool aligned; /* by content; otherwise only by its place between its neighbours */
    bool certain; /* aligned, and no other line could be meant */
} LineTo;

typedef struct LineMap {
    LineTo *lines; /* of old line 1 + i */
    uint32_t len;
} LineMap;

typedef struct LineSpan {
    LineNo first;
    uint32_t count;
} LineSpan;

/* What has no counterpart by content is placed by likeness, then in order: first with first. */
LineMap linemap_of(Arena *arena, const Text *old, const Text *now);
/* The same for a part that is known to have replaced another; likeness is not asked. */
LineMap linemap_between(Arena *arena, const Text *old, LineSpan old_span, const Text *now,
                        LineSpan now_span);

#endif
