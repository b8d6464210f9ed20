#include "runners/tools.h"

#include "base/path.h"
#include "base/strbuf.h"
#include "runners/install.h"
#include "runners/machine.h"
#include "runners/process.h"
#include "runners/pylaunch.h"
#include "runners/tools_look.h"
#include "runners/tools_native.h"
#include "runners/tools_nvidia.h"
#include "runners/tools_nvidia_smi.h"

enum {
    TOOL_TIMEOUT_S = 20,
};

bool tool_run(Arena *arena, const ToolSearch *search, const Str *argv, size_t argc,
              ProcessResult *result)
{
    Err err = {0};
    *result = (ProcessResult){0};
    ProcessOptions options = {.argv = argv,
                              .argc = argc,
                              .cwd = search->cwd,
                              .timeout_s = TOOL_TIMEOUT_S,
                              .cancel = search->cancel};
    return process_run(arena, &options, result, &err) && result->status == 0;
}

Str tool_version_in(Str text)
{
    for (size_t i = 0; i < text.len; i++) {
        size_t end = i;
        while (end < text.len && text.ptr[end] != ' ' && text.ptr[end] != '\n')
            end++;
        Str word = {text.ptr + i, end - i};
        if (str_ends(word, S(",")))
            word = str_head(word, word.len - 1);
        if (word.len > 2 && word.ptr[0] >= '0' && word.ptr[0] <= '9' && str_has(word, S(".")))
            return word;
        i = end;
    }
    return (Str){0};
}

/* Beside the interpreter of the benchmark first: the same virtual environment. */
static bool find_program(Arena *arena, const ToolSearch *search, Str name, Str *path)
{
    Str python =
        search->benchmark ? pylaunch_python(arena, search->benchmark, search->cwd) : (Str){0};
    if (python.len &&
        process_find(arena, path_join(arena, path_dir(python), name), (Str){0}, search->cwd, path))
        return true;
    return process_find(arena, name, (Str){0}, search->cwd, path);
}

static Str install_command(Arena *arena, const ToolSearch *search, const char *package)
{
    return install_python(arena, pylaunch_python(arena, search->benchmark, search->cwd),
                          search->cwd, package);
}

/* ---------------------------------------------------------------- py-spy */

static Str error_line(Str output)
{
    Str line, found = {0};
    while (str_next_line(&output, &line))
        if (str_starts(line, S("Error: ")) && !found.len)
            found = str_trim(str_from(line, 7));
    return found;
}

void tool_explain_pyspy(Arena *arena, Str output, Str *problem, Str *mend)
{
    Check check = machine_try(arena, S("ptrace"));
    bool denied = str_has(output, S("Permission Denied")) || str_has(output, S("EPERM")) ||
                  str_has(output, S("Operation not permitted")) ||
                  str_has(output, S("Permission denied"));
    Str said = error_line(output);
    *mend = (Str){0};
    if (check.state == CHECK_BLOCKED) {
        *problem = str_fmt(arena, "py-spy may not look into other processes: " STR_FMT,
                           STR_ARG(check.sentence));
        *mend = check.mend;
    } else if (denied) {
        *problem = S("py-spy may not look into what the benchmark starts");
        *mend = S("sudo setcap cap_sys_ptrace=eip $(command -v py-spy)");
    } else if (str_starts(said, S("No python processes found"))) {
        *problem = S("py-spy found no Python in what the benchmark starts");
    } else {
        *problem = str_fmt(arena, "py-spy: " STR_FMT,
                           STR_ARG(said.len ? said : S("ended without a profile")));
    }
}

static void look_pyspy(Arena *arena, const ToolSearch *search, Tool *tool)
{
    ProcessResult result;
    if (!find_program(arena, search, S("py-spy"), &tool->path)) {
        tool->problem = S("py-spy is not installed");
        tool->mend = install_command(arena, search, "py-spy");
        return;
    }
    const Str version[] = {tool->path, S("--version")};
    if (!tool_run(arena, search, version, 2, &result)) {
        tool->problem = str_fmt(arena, STR_FMT " does not start", STR_ARG(tool->path));
        tool->mend = install_command(arena, search, "--force-reinstall py-spy");
        return;
    }
    Str name, number;
    tool->ready = true;
    tool->version = str_cut(str_trim(result.out), ' ', &name, &number) ? number : result.out;
    Str python = pylaunch_python(arena, search->benchmark, search->cwd);
    if (!search->try_out || !python.len)
        return;
    const Str sample[] = {
        tool->path,     S("record"), S("--format"), S("raw"), S("--output"),
        S("/dev/null"), S("--"),     python,        S("-c"),  S("import time; time.sleep(0.3)")};
    if (!tool_run(arena, search, sample, sizeof(sample) / sizeof(sample[0]), &result)) {
        tool->ready = false;
        tool_explain_pyspy(arena, result.errors, &tool->problem, &tool->mend);
    }
}

/* ---------------------------------------------------------------- the table */

static const struct ToolRow {
    Str name;
    Str what;
    ToolLook *look;
} TOOLS[] = {
    {STR_CONST("py-spy"), STR_CONST("Python, CPU time by sampling"), look_pyspy},
    {STR_CONST("cprofile"), STR_CONST("Python, CPU time by counting calls"), tool_look_cprofile},
    {STR_CONST("line_profiler"), STR_CONST("Python, time per line"), tool_look_line_profiler},
    {STR_CONST("tracemalloc"), STR_CONST("Python, memory by line"), tool_look_tracemalloc},
    {STR_CONST("memray"), STR_CONST("Python, memory with native allocations"), tool_look_memray},
    {STR_CONST("viztracer"), STR_CONST("Python, a trace of every call"), tool_look_viztracer},
    {STR_CONST("perf"), STR_CONST("Rust and native code, CPU time by sampling"), tool_look_perf},
    {STR_CONST("flamegraph"), STR_CONST("Rust and native code, perf as folded stacks"),
     tool_look_flamegraph},
    {STR_CONST("heaptrack"), STR_CONST("Rust and native code, every allocation"),
     tool_look_heaptrack},
    {STR_CONST("dhat"), STR_CONST("Rust and native code, heap use (valgrind)"), tool_look_valgrind},
    {STR_CONST("callgrind"), STR_CONST("native code, instructions (valgrind)"), tool_look_valgrind},
    {STR_CONST("criterion"), STR_CONST("Rust, benchmarks under perf"), tool_look_criterion},
    {STR_CONST("dhat-crate"), STR_CONST("Rust, heap use, from inside the program"),
     tool_look_dhat_crate},
    {STR_CONST("tracing-chrome"), STR_CONST("Rust, spans of the tracing crate"),
     tool_look_tracing_chrome},
    {STR_CONST("nsys"), STR_CONST("CUDA, timeline of kernels and transfers"), tool_look_nsys},
    {STR_CONST("ncu"), STR_CONST("CUDA, counters of single kernels"), tool_look_ncu},
    {STR_CONST("dmon"),
     STR_CONST("CUDA, load, memory, power and clocks of the device (nvidia-smi)"), tool_look_dmon},
};

size_t tools_count(void)
{
    return sizeof(TOOLS) / sizeof(TOOLS[0]);
}

Str tools_name(size_t index)
{
    return TOOLS[index].name;
}

Str tool_real_name(Str name)
{
    return str_eq(name, S("nvidia-smi")) ? S("dmon") : name;
}

Tool tool_look(Arena *arena, Str name, const ToolSearch *search)
{
    name = tool_real_name(name);
    Tool tool = {.name = name};
    StrBuf names = strbuf_new(arena);
    for (size_t i = 0; i < tools_count(); i++) {
        strbuf_fmt(&names, "%s" STR_FMT, i ? ", " : "", STR_ARG(TOOLS[i].name));
        if (!str_eq(TOOLS[i].name, name))
            continue;
        tool.what = TOOLS[i].what;
        TOOLS[i].look(arena, search, &tool);
        return tool;
    }
    tool.problem = str_fmt(arena, "perfloop cannot run '" STR_FMT "'; it runs " STR_FMT,
                           STR_ARG(name), STR_ARG(strbuf_str(&names)));
    return tool;
}
