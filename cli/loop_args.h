/*
 * LoopArgs: the options that the commands of the loop share, and what each of them begins with.
 *
 *     --workload NAME      which one; also a plain argument, except beside --iteration
 *     --overlay FILE       what the editor has open, for those that read the user's files
 *     --iteration N        which one, for those that act on one; also their plain argument
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

/* For status and log; for baseline and measure; for keep, revert and restore. */
extern const struct argp_child loop_args_view[], loop_args_files[], loop_args_act[];

/* Places, overlay and the open loop. */
bool loop_args_begin(Arena *arena, const LoopArgs *args, LoopLock lock, Report *report, Loop *loop,
                     Overlay *overlay, Err *err) MUST_CHECK;

#endif
