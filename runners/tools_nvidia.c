#include "runners/tools_nvidia.h"

#include <glob.h>

#include "base/file.h"
#include "base/strbuf.h"
#include "runners/install.h"
#include "runners/machine.h"
#include "runners/process.h"

enum {
    NAMES_SHOWN = 5,
    SAID_BYTES_MAX = 200,
};

/* ---------------------------------------------------------------- found where */

typedef struct Program {
    Str name;
    const char *whole; /* of the product, for people */
    const char *below; /* a pattern; the last match is the newest version */
    InstallNames package;
    const char *address;
    uint64_t year, number; /* the first version that knows our options */
} Program;

static const Program NCU = {
    .name = STR_CONST("ncu"),
    .whole = "Nsight Compute",
    .below = "/opt/nvidia/nsight-compute/20[0-9][0-9].*/ncu",
    .package = {.debian = "nsight-compute", .non_free = true},
    .address = "https://developer.nvidia.com/nsight-compute",
    .year = 2020,
    .number = 3,
};
static const Program NSYS = {
    .name = STR_CONST("nsys"),
    .whole = "Nsight Systems",
    .below = "/opt/nvidia/nsight-systems/20[0-9][0-9].*/bin/nsys",
    .package = {.debian = "nsight-systems", .non_free = true},
    .address = "https://developer.nvidia.com/nsight-systems",
    .year = 2021,
    .number = 1,
};

static Str newest(Arena *arena, const char *pattern)
{
    glob_t found = {0};
    Str path = {0};
    if (glob(pattern, 0, NULL, &found) == 0 && found.gl_pathc > 0)
        path = str_copy(arena, str_from_c(found.gl_pathv[found.gl_pathc - 1]));
    globfree(&found);
    return path;
}

static bool find(Arena *arena, const ToolSearch *search, const Program *program, Str *path)
{
    if (process_find(arena, program->name, (Str){0}, search->cwd, path))
        return true;
    *path = str_fmt(arena, "/usr/local/cuda/bin/" STR_FMT, STR_ARG(program->name));
    if (!file_exists(*path))
        *path = newest(arena, program->below);
    return path->len > 0;
}

static Str install(Arena *arena, const Program *program)
{
    Str command = install_package(arena, install_here(arena), &program->package);
    return command.len ? command : str_from_c(program->address);
}

Str tool_driver_mend(Arena *arena)
{
    static const InstallNames DRIVER = {
        .debian = "nvidia-driver", .arch = "nvidia", .non_free = true};
    Str command = install_package(arena, install_here(arena), &DRIVER);
    return command.len ? command : S("https://www.nvidia.com/drivers");
}

bool tool_version_at_least(Str version, uint64_t year, uint64_t number)
{
    Str first, rest, second, ignored;
    uint64_t have_year, have_number;
    if (!str_cut(version, '.', &first, &rest))
        return true;
    if (!str_cut(rest, '.', &second, &ignored))
        second = rest;
    if (!str_to_u64(first, &have_year) || !str_to_u64(second, &have_number))
        return true;
    return have_year > year || (have_year == year && have_number >= number);
}

static void look(Arena *arena, const ToolSearch *search, const Program *program, Tool *tool)
{
    ProcessResult result;
    if (!find(arena, search, program, &tool->path)) {
        tool->problem = str_fmt(arena, STR_FMT " is not installed", STR_ARG(program->name));
        tool->mend = install(arena, program);
        return;
    }
    const Str version[] = {tool->path, S("--version")};
    if (!tool_run(arena, search, version, 2, &result)) {
        tool->problem = str_fmt(arena, STR_FMT " does not start", STR_ARG(tool->path));
        tool->mend = install(arena, program);
        return;
    }
    tool->version = tool_version_in(result.out);
    tool->ready = tool_version_at_least(tool->version, program->year, program->number);
    if (tool->ready)
        return;
    tool->problem = str_fmt(arena, "%s " STR_FMT " is too old, %llu.%llu or later is needed",
                            program->whole, STR_ARG(tool->version),
                            (unsigned long long)program->year, (unsigned long long)program->number);
    tool->mend = str_from_c(program->address);
}

void tool_look_ncu(Arena *arena, const ToolSearch *search, Tool *tool)
{
    look(arena, search, &NCU, tool);
}

void tool_look_nsys(Arena *arena, const ToolSearch *search, Tool *tool)
{
    look(arena, search, &NSYS, tool);
}

/* ---------------------------------------------------------------- what it said */

static const char FOR_EVERYBODY[] =
    "echo options nvidia NVreg_RestrictProfilingToAdminUsers=0 | sudo tee "
    "/etc/modprobe.d/nvidia-profiling.conf, then start the machine anew";

static NvidiaProblem forbidden(Arena *arena, const Tool *tool, Str said UNUSED)
{
    Machine machine = machine_read(arena, &(MachineOptions){0});
    if (!machine.container.len)
        return (NvidiaProblem){
            .problem =
                str_fmt(arena,
                        STR_FMT " may not read the counters of the GPU: its driver gives them to "
                                "administrators only (ERR_NVGPUCTRPERM)",
                        STR_ARG(tool->name)),
            .mend = str_from_c(FOR_EVERYBODY)};
    return (NvidiaProblem){
        .problem =
            str_fmt(arena,
                    STR_FMT " may not read the counters of the GPU in this container (" STR_FMT
                            ", ERR_NVGPUCTRPERM)",
                    STR_ARG(tool->name), STR_ARG(machine.container)),
        .mend =
            S("start the container with --cap-add=SYS_ADMIN, or on its host: echo options nvidia "
              "NVreg_RestrictProfilingToAdminUsers=0 | sudo tee "
              "/etc/modprobe.d/nvidia-profiling.conf")};
}

static NvidiaProblem no_gpu(Arena *arena, const Tool *tool UNUSED, Str said UNUSED)
{
    return (NvidiaProblem){
        .problem = S("no GPU of NVIDIA's answers here: none is there, or its driver is not loaded "
                     "(nvidia-smi shows it)"),
        .mend = tool_driver_mend(arena)};
}

/* Of the CUDA runtime: also when there is no driver at all. */
static NvidiaProblem old_driver(Arena *arena, const Tool *tool, Str said)
{
    if (!machine_read(arena, &(MachineOptions){0}).gpu)
        return no_gpu(arena, tool, said);
    return (NvidiaProblem){.problem = S("the driver of the GPU is older than the CUDA that the "
                                        "benchmark was built with (nvidia-smi shows the newest "
                                        "that it can)"),
                           .mend = S("https://www.nvidia.com/drivers")};
}

static NvidiaProblem not_fitting(Arena *arena, const Tool *tool, Str said UNUSED)
{
    return (NvidiaProblem){
        .problem = str_fmt(arena,
                           STR_FMT " " STR_FMT
                                   " and the driver of the GPU do not fit: take the one of the "
                                   "CUDA version that nvidia-smi shows",
                           STR_ARG(tool->name), STR_ARG(tool->version)),
        .mend = str_from_c(NCU.address)};
}

static NvidiaProblem in_use(Arena *arena, const Tool *tool, Str said UNUSED)
{
    return (NvidiaProblem){
        .problem = str_fmt(arena,
                           STR_FMT " cannot have the counters of the GPU, another program "
                                   "(DCGM?) reads them",
                           STR_ARG(tool->name)),
        .mend = S("dcgmi profile --pause")};
}

/* "Available Kernels:" and a numbered list stand behind it when a name was asked for. */
static NvidiaProblem no_kernels(Arena *arena, const Tool *tool UNUSED, Str said)
{
    size_t at = str_find(said, S("Available Kernels:"), 0), count = 0;
    Str rest = str_from(said, at < said.len ? at : said.len), line, number, name;
    StrBuf names = strbuf_new(arena);
    (void)str_next_line(&rest, &line);
    while (str_next_line(&rest, &line) && str_cut(str_trim(line), '.', &number, &name)) {
        uint64_t index;
        if (!str_to_u64(number, &index))
            break;
        name = str_trim(name);
        if (count++ < NAMES_SHOWN)
            strbuf_fmt(&names, "%s" STR_FMT, names.len ? ", " : "", STR_ARG(name));
    }
    if (count)
        return (NvidiaProblem){
            .problem =
                str_fmt(arena, "no kernel has such a name: the benchmark launches " STR_FMT "%s",
                        STR_ARG(strbuf_str(&names)), count > NAMES_SHOWN ? ", ..." : ""),
            .mend = S("give another --kernel")};
    bool driver = machine_read(arena, &(MachineOptions){0}).gpu;
    return (NvidiaProblem){
        .problem = str_fmt(arena, "the benchmark launched no kernel that could be profiled%s",
                           driver ? "" : ", and no driver of NVIDIA's is loaded here")};
}

static NvidiaProblem too_old(Arena *arena, const Tool *tool, Str said UNUSED)
{
    return (NvidiaProblem){
        .problem = str_fmt(arena,
                           STR_FMT " " STR_FMT " does not know an option that perfloop "
                                   "needs: it is too old",
                           STR_ARG(tool->name), STR_ARG(tool->version)),
        .mend = str_from_c(str_eq(tool->name, NSYS.name) ? NSYS.address : NCU.address)};
}

static NvidiaProblem no_importer(Arena *arena, const Tool *tool, Str said UNUSED)
{
    return (NvidiaProblem){.problem = str_fmt(arena,
                                              STR_FMT " " STR_FMT
                                                      " cannot export what it recorded: only its "
                                                      "target half is installed",
                                              STR_ARG(tool->name), STR_ARG(tool->version)),
                           .mend = str_from_c(NSYS.address)};
}

/* Its agent is a process of its own; "Internal reason: 'End of file'" says that it ended. */
static NvidiaProblem agent_lost(Arena *arena, const Tool *tool, Str said UNUSED)
{
    return (NvidiaProblem){
        .problem = str_fmt(arena, STR_FMT " " STR_FMT " lost its own agent before it had a report",
                           STR_ARG(tool->name), STR_ARG(tool->version)),
        .mend = S("run it again; when it stays so: nsys status --environment, and ldd on its "
                  "QdstrmImporter shows a library that is missing")};
}

/* Its library uses what the C library dropped in 2.34. */
static NvidiaProblem old_library(Arena *arena, const Tool *tool, Str said UNUSED)
{
    return (NvidiaProblem){.problem = str_fmt(arena,
                                              STR_FMT " " STR_FMT " is too old for the C library "
                                                      "of this machine: no program starts under it",
                                              STR_ARG(tool->name), STR_ARG(tool->version)),
                           .mend = str_from_c(NSYS.address)};
}

/* Without a driver, what calls CUDA under ncu 2020.3 crashes. */
static NvidiaProblem crashed(Arena *arena, const Tool *tool, Str said)
{
    return machine_read(arena, &(MachineOptions){0}).gpu ? (NvidiaProblem){0}
                                                         : no_gpu(arena, tool, said);
}

static NvidiaProblem nothing_recorded(Arena *arena, const Tool *tool, Str said UNUSED)
{
    return (NvidiaProblem){.problem = str_fmt(arena, STR_FMT " " STR_FMT " recorded nothing",
                                              STR_ARG(tool->name), STR_ARG(tool->version)),
                           .mend = S("nsys status --environment")};
}

/* The first of "==ERROR== text" (ncu) that says more than that there was one. */
static NvidiaProblem own_error(Arena *arena, const Tool *tool, Str said)
{
    static const Str EMPTY[] = {STR_CONST("An error was reported"),
                                STR_CONST("The application returned"),
                                STR_CONST("For more information")};
    for (Str line; str_next_line(&said, &line);) {
        Str text = str_trim(line);
        if (!str_starts(text, S("==ERROR== ")))
            continue;
        text = str_from(text, 10);
        bool empty = false;
        for (size_t i = 0; i < sizeof(EMPTY) / sizeof(EMPTY[0]); i++)
            empty |= str_starts(text, EMPTY[i]);
        if (!empty)
            return (NvidiaProblem){
                .problem = str_fmt(arena, STR_FMT ": " STR_FMT, STR_ARG(tool->name),
                                   STR_ARG(str_head(text, SAID_BYTES_MAX))),
            };
    }
    return (NvidiaProblem){0};
}

/* In this order: what stops all kernels comes before what is then missing. */
NvidiaProblem tool_explain_nvidia(Arena *arena, const Tool *tool, Str said)
{
    typedef NvidiaProblem Explain(Arena * arena, const Tool *tool, Str said);
    static const struct {
        Str sign;
        Explain *explain;
    } SIGNS[] = {
        {STR_CONST("ERR_NVGPUCTRPERM"), forbidden},
        {STR_CONST("not have permission to access NVIDIA GPU Performance Counters"), forbidden},
        {STR_CONST("not compatible with Nsight Compute"), not_fitting},
        {STR_CONST("LibraryNotLoaded"), not_fitting},
        {STR_CONST("driver resource was unavailable"), in_use},
        {STR_CONST("stub libcuda"), no_gpu},
        {STR_CONST("failed to connect to the CUDA driver"), no_gpu},
        {STR_CONST("CUDA driver initialization failed"), no_gpu},
        {STR_CONST("couldn't communicate with the NVIDIA driver"), no_gpu},
        {STR_CONST("No devices were found"), no_gpu},
        {STR_CONST("no CUDA-capable device is detected"), no_gpu},
        {STR_CONST("CUDA_ERROR_NO_DEVICE"), no_gpu},
        {STR_CONST("Found no NVIDIA driver"), no_gpu},
        {STR_CONST("CUDA driver version is insufficient"), old_driver},
        {STR_CONST("unrecognised option"), too_old},
        {STR_CONST("unrecognized option"), too_old},
        {STR_CONST("Illegal --"), too_old},
        {STR_CONST("did not match any section"), too_old},
        {STR_CONST("mporter binary"), no_importer},
        {STR_CONST("undefined symbol: __libc_dlsym"), old_library},
        {STR_CONST("Connection to Agent lost"), agent_lost},
        {STR_CONST("No reports were generated"), nothing_recorded},
        {STR_CONST("returned an error code (11)"), crashed},
    };
    /* Options are refused before anything runs; later it is the benchmark that speaks. */
    bool began = str_has(said, S("==PROF== Connected")) || str_has(said, S("Collecting data")) ||
                 str_has(said, S("Generating '"));
    for (size_t i = 0; i < sizeof(SIGNS) / sizeof(SIGNS[0]); i++)
        if (str_has(said, SIGNS[i].sign) && !(began && SIGNS[i].explain == too_old))
            return SIGNS[i].explain(arena, tool, said);
    NvidiaProblem own = own_error(arena, tool, said);
    if (own.problem.len || !str_has(said, S("No kernels were profiled")))
        return own;
    NvidiaProblem none = no_kernels(arena, tool, said);
    none.nothing_launched = true;
    return none;
}
