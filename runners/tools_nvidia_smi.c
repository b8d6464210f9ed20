#include "runners/tools_nvidia_smi.h"

#include "analysis/profile/nvidia/gpu_monitor.h"
#include "base/file.h"
#include "runners/install.h"
#include "runners/process.h"
#include "runners/said.h"
#include "runners/tools_nvidia.h"

enum {
    TIMEOUT_S = 30, /* the driver of an idle machine takes some seconds to wake up */
    MS_MIN = 10,
};

/* ---------------------------------------------------------------- what it said */

static const Str DRIVER_LOG = STR_CONST("what the driver says: sudo dmesg | grep -i nvrm");

typedef struct SmiSign {
    Str sign;
    const char *problem, *mend;
} SmiSign;

/* As nvidia-smi and NVML write them; what is no GPU at all is explained with ncu's and nsys'. */
static const SmiSign SIGNS[] = {
    {STR_CONST("Driver/library version mismatch"),
     "the NVIDIA driver was updated while the old one is loaded (driver/library version mismatch)",
     "start the machine anew, or reload the modules: sudo rmmod nvidia_uvm nvidia_drm "
     "nvidia_modeset nvidia && sudo modprobe nvidia"},
    {STR_CONST("nsufficient Permissions"),
     "nvidia-smi may not use the GPU (insufficient permissions)",
     "look at the owner of /dev/nvidiactl and /dev/nvidia0: sudo usermod -aG video $USER, then log "
     "in again"},
    {STR_CONST("Permission denied"), "nvidia-smi may not use the GPU (permission denied)",
     "look at the owner of /dev/nvidiactl and /dev/nvidia0: sudo usermod -aG video $USER, then log "
     "in again"},
    {STR_CONST("libnvidia-ml.so"), "nvidia-smi does not find the driver's library libnvidia-ml.so",
     "in a container start it with --gpus all; else install the driver: "
     "https://www.nvidia.com/drivers"},
    {STR_CONST("Failed to initialize NVML"),
     "nvidia-smi cannot start NVML, the driver's library of measurements",
     "in a container start it anew (systemd took the GPU's device away): docker restart; else look "
     "into: sudo dmesg | grep -i nvrm"},
    {STR_CONST("GPU is lost"), "the GPU is lost: it fell off the bus", "start the machine anew"},
};

static NvidiaProblem explain(Arena *arena, const ProcessResult *result)
{
    Str said = str_fmt(arena, STR_FMT "\n" STR_FMT, STR_ARG(result->out), STR_ARG(result->errors));
    for (size_t i = 0; i < sizeof(SIGNS) / sizeof(SIGNS[0]); i++)
        if (str_has(said, SIGNS[i].sign))
            return (NvidiaProblem){str_from_c(SIGNS[i].problem), str_from_c(SIGNS[i].mend), false};
    if (result->timed_out)
        return (NvidiaProblem){str_fmt(arena, "nvidia-smi did not answer within %d s", TIMEOUT_S),
                               DRIVER_LOG, false};
    return tool_explain_nvidia(arena, &(Tool){.name = S("nvidia-smi")}, said);
}

/* ---------------------------------------------------------------- asking once */

static bool ask(Arena *arena, const Str *argv, size_t argc, const volatile sig_atomic_t *cancel,
                ProcessResult *result, Err *err)
{
    ProcessOptions options = {.argv = argv, .argc = argc, .timeout_s = TIMEOUT_S, .cancel = cancel};
    return process_run(arena, &options, result, err);
}

static bool answers(const ProcessResult *result)
{
    CLEANUP(arena_cleanup) Arena *scratch = arena_new("nvidia-smi");
    GpuMonitor monitor;
    Err none = {0};
    return result->status == 0 && gpu_monitor_read(scratch, result->out, &monitor, &none);
}

/* The fields of today, of drivers before 535 and after they forget the old name, and of none. */
#define FIELDS                                                                         \
    "--query-gpu=timestamp,index,name,utilization.gpu,utilization.memory,memory.used," \
    "memory.total,power.draw,power.limit,temperature.gpu,clocks.sm,clocks.mem,clocks.max.sm"

static const Str QUESTIONS[] = {
    STR_CONST(FIELDS ",clocks_throttle_reasons.active"),
    STR_CONST(FIELDS ",clocks_event_reasons.active"),
    STR_CONST("--query-gpu=timestamp,index,name,utilization.gpu,memory.used,power.draw,clocks.sm"),
};

enum {
    QUESTIONS_LEN = sizeof(QUESTIONS) / sizeof(QUESTIONS[0]),
};

static void plan_query(Arena *arena, Str path, size_t question, uint32_t rate_hz, SmiPlan *out)
{
    uint32_t ms = 1000 / (rate_hz ? rate_hz : 1);
    *out = (SmiPlan){.argc = 5, .step_ms = ms < MS_MIN ? MS_MIN : ms};
    out->argv[0] = path;
    out->argv[1] = QUESTIONS[question];
    out->argv[2] = S("--format=csv,nounits");
    out->argv[3] = S("-lms");
    out->argv[4] = str_fmt(arena, "%u", out->step_ms);
}

/* Old ones know fewer groups (-s) than today's, and all of them know puc. */
static void plan_dmon(Str path, Str groups, SmiPlan *out)
{
    *out = (SmiPlan){.argc = 8, .step_ms = 1000, .is_dmon = true};
    const Str argv[] = {path, S("dmon"), S("-s"), groups, S("-o"), S("DT"), S("-d"), S("1")};
    for (size_t i = 0; i < out->argc; i++)
        out->argv[i] = argv[i];
}

bool smi_find(Arena *arena, Str cwd, Str *path)
{
    if (process_find(arena, S("nvidia-smi"), (Str){0}, cwd, path))
        return true;
    *path = S("/usr/lib/wsl/lib/nvidia-smi");
    return file_exists(*path);
}

/* The fields that it knows; true when one of the questions was answered. */
static bool try_questions(Arena *arena, Str path, uint32_t rate_hz,
                          const volatile sig_atomic_t *cancel, SmiPlan *out, ProcessResult *first,
                          Err *err)
{
    for (size_t i = 0; i < QUESTIONS_LEN && !out->argc; i++) {
        SmiPlan plan;
        ProcessResult result;
        plan_query(arena, path, i, rate_hz, &plan);
        if (!ask(arena, plan.argv, 3, cancel, &result, err))
            return false;
        plan.before = result.out;
        if (answers(&result))
            *out = plan;
        *first = i ? *first : result;
        /* Only a field that it does not know is worth another question. */
        if (!str_has(result.out, S("valid field")) && !str_has(result.errors, S("valid field")))
            break;
    }
    return true;
}

static bool try_dmon(Arena *arena, Str path, const volatile sig_atomic_t *cancel, SmiPlan *out,
                     Err *err)
{
    static const Str GROUPS[] = {STR_CONST("pucvmet"), STR_CONST("pucm"), STR_CONST("puc")};
    for (size_t i = 0; i < sizeof(GROUPS) / sizeof(GROUPS[0]) && !out->argc; i++) {
        const Str once[] = {path, S("dmon"), S("-s"), GROUPS[i], S("-c"), S("1")};
        ProcessResult result;
        if (!ask(arena, once, sizeof(once) / sizeof(once[0]), cancel, &result, err))
            return false;
        if (answers(&result))
            plan_dmon(path, GROUPS[i], out);
    }
    return true;
}

bool smi_plan(Arena *arena, Str path, uint32_t rate_hz, const volatile sig_atomic_t *cancel,
              SmiPlan *out, Err *err)
{
    ProcessResult first = {0};
    *out = (SmiPlan){0};
    if (!try_questions(arena, path, rate_hz, cancel, out, &first, err))
        return false;
    if (out->argc)
        return true;
    out->why = explain(arena, &first);
    if (out->why.problem.len)
        return true;
    out->why.problem = str_fmt(arena, "nvidia-smi shows no GPU: " STR_FMT,
                               STR_ARG(said_why(first.errors, first.out)));
    return try_dmon(arena, path, cancel, out, err);
}

/* ---------------------------------------------------------------- as a tool */

void tool_look_dmon(Arena *arena, const ToolSearch *search, Tool *tool)
{
    static const InstallNames NAMES = {
        .debian = "nvidia-smi", .arch = "nvidia-utils", .non_free = true};
    ProcessResult result;
    SmiPlan plan;
    Err err = {0};
    tool->name = S("dmon");
    if (!smi_find(arena, search->cwd, &tool->path)) {
        tool->path = (Str){0};
        tool->problem = S("nvidia-smi is not installed");
        tool->mend = install_package(arena, install_here(arena), &NAMES);
        if (!tool->mend.len)
            tool->mend = S("https://www.nvidia.com/drivers");
        return;
    }
    const Str version[] = {tool->path, S("--query-gpu=driver_version"), S("--format=csv,noheader")};
    if (tool_run(arena, search, version, 3, &result))
        tool->version = tool_version_in(result.out);
    if (!smi_plan(arena, tool->path, 1, search->cancel, &plan, &err))
        plan.why.problem = str_copy(arena, str_from_c(err.msg));
    tool->ready = plan.argc > 0;
    tool->problem = tool->ready ? (Str){0} : plan.why.problem;
    tool->mend = tool->ready ? (Str){0} : plan.why.mend;
}
