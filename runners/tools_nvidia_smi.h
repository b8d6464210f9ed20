/*
 * ToolsNvidiaSmi: nvidia-smi as a profiler (`--with dmon`): where it is, whether a GPU answers, and which
 * command samples the GPUs.
 *
 *     SmiPlan plan;
 *     if (!smi_plan(arena, path, 10, cancel, &plan, err))
 *         return false;
 *     if (!plan.argc)
 *         no GPU answers: plan.why
 *     run plan.argv beside the benchmark; its output is what gpu_monitor.h reads
 *
 * `--query-gpu -lms` is taken before `dmon`: it takes ten samples in the second where dmon takes one, and
 * says why clocks are low (power, heat, brake), how much memory there is and which power is allowed. Its
 * fields were renamed once (clocks_throttle_reasons to clocks_event_reasons), and an unknown field refuses
 * the whole question, so it is asked once before it is repeated. Where no question is answered, dmon is.
 */
#ifndef RUNNERS_TOOLS_NVIDIA_SMI_H
#define RUNNERS_TOOLS_NVIDIA_SMI_H

#include <signal.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/err.h"
#include "base/str.h"
#include "runners/tools_look.h"
#include "runners/tools_nvidia.h"

enum {
    SMI_ARGS_MAX = 10,
};

typedef struct SmiPlan {
    Str argv[SMI_ARGS_MAX];
    size_t argc; /* 0: no GPU answers */
    NvidiaProblem why;
    uint32_t step_ms;
    bool is_dmon;
    Str before; /* what it answered when it was asked: one sample of each GPU */
} SmiPlan;

ToolLook tool_look_dmon;

/* In PATH, or where WSL puts it. */
bool smi_find(Arena *arena, Str cwd, Str *path);
/* At `rate_hz` times a second. False when it was cancelled or cannot be started. */
bool smi_plan(Arena *arena, Str path, uint32_t rate_hz, const volatile sig_atomic_t *cancel,
              SmiPlan *out, Err *err) MUST_CHECK;

#endif
