/* The rows of doctor.h: every profiler of the design's table, and what stands beside them. */

#include <stddef.h>

#include "base/file.h"
#include "base/path.h"
#include "runners/install.h"
#include "runners/process.h"
#include "runners/profiling/doctor/doctor_parts.h"

enum {
    TOOL_TIMEOUT_S = 20,
};

/* Those that perfloop runs are rows of tools.c; the others have how to look for them here. */
struct DoctorRow {
    Str name;
    Str what;
    Str need;
    const char *program;    /* found in PATH, asked for --version */
    const char *elsewhere;  /* or here */
    const char *crate;      /* a dependency of the Rust project */
    const char *added_by;   /* the command that adds the crate */
    const char *other_mend; /* where the system has no package: what else to type */
    InstallNames names;
};

static const DoctorRow ROWS[] = {
    {.name = STR_CONST("py-spy"), .need = STR_CONST("ptrace")},
    {.name = STR_CONST("cprofile")},
    {.name = STR_CONST("line_profiler")},
    {.name = STR_CONST("tracemalloc")},
    {.name = STR_CONST("memray")},
    {.name = STR_CONST("viztracer")},
    {.name = STR_CONST("perf"), .need = STR_CONST("sampling")},
    {.name = STR_CONST("flamegraph"), .need = STR_CONST("sampling")},
    {.name = STR_CONST("criterion"),
     .what = STR_CONST("Rust, benchmarks"),
     .crate = "criterion",
     .added_by = "cargo add --dev criterion"},
    {.name = STR_CONST("heaptrack")},
    {.name = STR_CONST("dhat")},
    {.name = STR_CONST("callgrind")},
    {.name = STR_CONST("dhat-crate"),
     .what = STR_CONST("Rust, heap use, from inside the program"),
     .crate = "dhat",
     .added_by = "cargo add dhat"},
    {.name = STR_CONST("tracing-chrome"),
     .what = STR_CONST("Rust, spans of the tracing crate"),
     .crate = "tracing-chrome",
     .added_by = "cargo add tracing tracing-subscriber tracing-chrome"},
    {.name = STR_CONST("nsys")},
    {.name = STR_CONST("ncu"), .need = STR_CONST("gpu")},
    {.name = STR_CONST("dmon")},
    {.name = STR_CONST("nvcc"),
     .what = STR_CONST("CUDA's compiler; with -lineinfo kernels have lines"),
     .program = "nvcc",
     .elsewhere = "/usr/local/cuda/bin/nvcc",
     .names = {.debian = "nvidia-cuda-toolkit", .arch = "cuda", .non_free = true},
     .other_mend = "https://developer.nvidia.com/cuda-downloads"},
    {.name = STR_CONST("pprof"),
     .what = STR_CONST("shows pprof files elsewhere; perfloop reads them itself"),
     .program = "pprof",
     .other_mend = "go install github.com/google/pprof@latest"},
    {.name = STR_CONST("hyperfine"),
     .what = STR_CONST("times whole commands; perfloop reads its JSON"),
     .program = "hyperfine",
     .names = {.other = "hyperfine"}},
};

size_t doctor_row_count(void)
{
    return sizeof(ROWS) / sizeof(ROWS[0]);
}

Str doctor_row_name(size_t index)
{
    return ROWS[index].name;
}

static bool is_run_by_us(Str name)
{
    for (size_t i = 0; i < tools_count(); i++)
        if (str_eq(tools_name(i), name))
            return true;
    return false;
}

static void look_program(Arena *arena, const DoctorRow *row, const ToolSearch *search, Tool *tool)
{
    ProcessResult result;
    Err err = {0};
    Str program = str_from_c(row->program);
    bool found = process_find(arena, program, (Str){0}, search->cwd, &tool->path);
    if (!found && row->elsewhere && file_exists(str_from_c(row->elsewhere))) {
        tool->path = str_from_c(row->elsewhere);
        found = true;
    }
    if (!found) {
        tool->problem = str_fmt(arena, "%s is not installed", row->program);
        tool->mend = install_package(arena, install_here(arena), &row->names);
        if (!tool->mend.len)
            tool->mend = str_from_c(row->other_mend);
        return;
    }
    const Str argv[] = {tool->path, S("--version")};
    ProcessOptions options = {.argv = argv,
                              .argc = 2,
                              .cwd = search->cwd,
                              .timeout_s = TOOL_TIMEOUT_S,
                              .cancel = search->cancel};
    tool->ready =
        process_run(arena, &options, &result, &err) && process_check(&result, tool->path, &err);
    if (tool->ready)
        tool->version = tool_version_in(result.out);
    else
        tool->problem = str_copy(arena, str_from_c(err.msg));
}

/* pprof knows no --version; the go program brings one, too. */
static void look_pprof(Arena *arena, const DoctorRow *row, const ToolSearch *search, Tool *tool)
{
    static const Str PROGRAMS[] = {STR_CONST("pprof"), STR_CONST("google-pprof"), STR_CONST("go")};
    for (size_t i = 0; i < sizeof(PROGRAMS) / sizeof(PROGRAMS[0]) && !tool->ready; i++)
        tool->ready = process_find(arena, PROGRAMS[i], (Str){0}, search->cwd, &tool->path);
    if (tool->ready && str_eq(path_base(tool->path), S("go")))
        tool->path = str_fmt(arena, STR_FMT " tool pprof", STR_ARG(tool->path));
    if (!tool->ready) {
        static const InstallNames GO = {.debian = "golang-go", .other = "go"};
        tool->problem = S("pprof is not installed");
        tool->mend = install_package(arena, install_here(arena), &GO);
        if (!tool->mend.len)
            tool->mend = str_from_c(row->other_mend);
    }
}

static void look_crate(Arena *arena, const DoctorRow *row, const ToolSearch *search,
                       const CargoProject *cargo, DoctorTool *out)
{
    static const InstallNames CARGO = {.arch = "rust", .brew = "rust", .other = "cargo"};
    Tool *tool = &out->tool;
    Str program;
    if (!cargo->present) {
        out->state = DOCTOR_UNUSED;
        tool->problem = S("a library for Rust programs, and here is no Cargo.toml");
        return;
    }
    if (!process_find(arena, S("cargo"), (Str){0}, search->cwd, &program)) {
        tool->problem = S("cargo is not installed");
        tool->mend = install_package(arena, install_here(arena), &CARGO);
        if (!tool->mend.len)
            tool->mend = S("https://rustup.rs");
        return;
    }
    tool->version = cargo_dependency(arena, cargo, str_from_c(row->crate));
    tool->ready = tool->version.len > 0;
    if (tool->ready) {
        tool->path = path_join(arena, search->cwd, S("Cargo.toml"));
        return;
    }
    tool->problem = str_fmt(arena, "%s is none of the dependencies in Cargo.toml", row->crate);
    tool->mend = str_from_c(row->added_by);
}

void doctor_row_look(Arena *arena, size_t index, const ToolSearch *search,
                     const CargoProject *cargo, DoctorTool *out)
{
    const DoctorRow *row = &ROWS[index];
    *out = (DoctorTool){.need = row->need, .state = DOCTOR_MISSING};
    out->tool = (Tool){.name = row->name, .what = row->what};
    out->runs = is_run_by_us(row->name);
    if (row->crate)
        look_crate(arena, row, search, cargo, out);
    else if (out->runs)
        out->tool = tool_look(arena, row->name, search);
    else if (str_eq(row->name, S("pprof")))
        look_pprof(arena, row, search, &out->tool);
    else if (row->program)
        look_program(arena, row, search, &out->tool);
    else
        out->tool = tool_look(arena, row->name, search); /* says that it is not one of ours */
    if (out->tool.ready)
        out->state = DOCTOR_READY;
    else if (out->tool.version.len || (!out->runs && out->tool.path.len))
        out->state = DOCTOR_BLOCKED;
}
