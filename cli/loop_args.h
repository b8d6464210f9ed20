/*
 * LoopArgs: the options that the commands of the loop share, and what each of them begins with.
 *
 *     --workload NAME      which one (also as a plain argument of baseline and measure)
 *     --iteration N        which one (also as a plain argument of keep, revert and restore)
 *     --overlay FILE       what the editor has open
 */
#ifndef CLI_LOOP_ARGS_H
#define CLI_LOOP_ARGS_H

#include "cli/args.h"
#include "runners/loop/loop.h"

typedef struct LoopArgs {
    Args common;
    Str workload;
    int64_t iteration;
    Str overlay_file;
    bool takes_iteration; /* a plain argument is an iteration, not a workload */
} LoopArgs;

extern const struct argp_child loop_args_children[];

/* Places, overlay and the open loop. */
bool loop_args_begin(Arena *arena, const LoopArgs *args, LoopLock lock, Report *report, Loop *loop,
                     Overlay *overlay, Err *err) MUST_CHECK;

#endif
