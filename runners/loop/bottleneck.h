/*
 * Bottleneck: what is hottest now, what it could gain at most, and whether the loop may end.
 *
 *     Bottleneck hot;
 *     if (!bottleneck_load(arena, &places, loop, &hot, err))
 *         return false;
 *     puts(hot.sentence)       "hottest: tokenize (tokenizer.py:54), 31 % of the time: at most -31 %"
 *     puts(hot.stop)           why there is little left to gain; empty while there is something
 *
 * Amdahl: a function that takes a share s of the time gains at most s, if it cost nothing. So the
 * loop may end when the hottest function of the workspace is under 10 %, when nearly everything
 * left is outside the workspace, or when all of the workspace's own time is less than what the
 * target still needs. The number is the newest profile's; `old` says it was taken before the state
 * that is measured now.
 */
#ifndef RUNNERS_LOOP_BOTTLENECK_H
#define RUNNERS_LOOP_BOTTLENECK_H

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "runners/loop/loop_view.h"

typedef struct Bottleneck {
    bool known; /* there is a profile of this workload */
    bool old;
    Str function;
    Str file;
    uint32_t line;
    double share;  /* of its own text, of the total */
    double inside; /* of all functions of the workspace */
    Str sentence;  /* empty when nothing is known */
    Str stop;
} Bottleneck;

bool bottleneck_load(Arena *arena, const Places *places, const LoopWorkload *loop, Bottleneck *out,
                     Err *err) MUST_CHECK;

#endif
