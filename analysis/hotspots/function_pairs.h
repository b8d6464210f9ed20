/*
 * FunctionPairs: which function of a profiled text is which function now. The syntax half of
 * anchors_find: the line diff proposes, this confirms or objects.
 *
 * A function is itself, in this order, where its first line is; where its qualified name is, when
 * only one has it; where its body is, when only one has it (renamed and moved); and where its
 * first line would be (renamed in place and edited).
 */
#ifndef ANALYSIS_HOTSPOTS_FUNCTION_PAIRS_H
#define ANALYSIS_HOTSPOTS_FUNCTION_PAIRS_H

#include <stdbool.h>
#include <stdint.h>

#include "analysis/source/linemap.h"
#include "analysis/source/outline.h"

typedef struct FunctionPairs {
    const Outline *then;
    const Outline *now;
    uint32_t *to;   /* of every item of then: the item of now, or OUTLINE_NONE */
    uint32_t *from; /* and back */
} FunctionPairs;

FunctionPairs function_pairs_of(Arena *arena, const Outline *then, const Outline *now,
                                const LineMap *map);

/*
 * False when the line was in one function and is now certainly in another. A text that is broken
 * has functions missing; a line in none of them is given the benefit of the doubt.
 */
bool function_pairs_allow(const FunctionPairs *pairs, LineNo was, LineNo now);

/*
 * Where a line must be because the body of its function has not changed; 0 when that is not so.
 * This finds what a line diff gives up: lines like many others, in a function that was moved.
 */
LineNo function_pairs_find(const FunctionPairs *pairs, const Text *then, const Text *now,
                           LineNo was);

#endif
