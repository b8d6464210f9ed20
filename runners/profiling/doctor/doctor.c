#include "runners/profiling/doctor/doctor.h"

#include "analysis/source/toml.h"
#include "base/file.h"
#include "base/path.h"
#include "base/strbuf.h"
#include "runners/allow.h"
#include "runners/profiling/doctor/doctor_parts.h"
#include "runners/tools_nvidia.h"
#include "runners/workloads.h"

typedef struct Visit {
    Arena *arena;
    Report *report;
    const DoctorOptions *options;
    WorkloadFile file;
    CargoProject cargo;
    bool gpu;        /* NVIDIA's driver is loaded */
    bool no_samples; /* of the processor: the kernel forbids them */
    Doctor *doctor;
} Visit;

static bool names(const Workload *workload, Str tool)
{
    array_each (const Str, name, &workload->profilers)
        if (str_eq(*name, tool))
            return true;
    return str_eq(tool, S("criterion")) && str_eq(workload->harness, tool);
}

static const WorkloadCommand *agreed_benchmark(const Visit *visit, const Workload *workload)
{
    const WorkloadCommand *benchmark = &workload->benchmark;
    return benchmark->argc && allow_is_agreed(visit->arena, visit->options->places, benchmark)
               ? benchmark
               : NULL;
}

/* What the machine forbids, and its own way out: a container's, say. */
static void apply_need(const Visit *visit, DoctorTool *row)
{
    const Check *need = row->need.len ? machine_check(&visit->doctor->machine, row->need) : NULL;
    if (!need || need->state != CHECK_BLOCKED || row->state == DOCTOR_MISSING)
        return;
    row->state = DOCTOR_BLOCKED;
    row->tool.ready = false;
    row->tool.problem = need->sentence;
    row->tool.mend = need->mend;
}

/* Without a driver ncu reads reports only; nsys does what is left of its work. */
static void apply_driver(const Visit *visit, DoctorTool *row)
{
    Tool *tool = &row->tool;
    if (row->state != DOCTOR_READY)
        return;
    if (!visit->gpu && str_eq(tool->name, S("ncu"))) {
        row->state = DOCTOR_BLOCKED;
        tool->ready = false;
        tool->problem = S("no driver of NVIDIA's is loaded here, so ncu can record nothing");
        tool->mend = tool_driver_mend(visit->arena);
    }
    if (str_eq(tool->name, S("nsys")) && (!visit->gpu || visit->no_samples))
        tool->what =
            str_fmt(visit->arena, STR_FMT "%s%s", STR_ARG(tool->what),
                    visit->gpu ? "" : "; no driver of NVIDIA's is loaded here: no kernels",
                    visit->no_samples ? "; no samples of the processor: see sampling" : "");
}

/*
 * With the environment of the workloads that name it; of several, the one it cannot run for is
 * shown. A tool that none names: with that of the first workload.
 */
static DoctorTool look_at_tool(const Visit *visit, size_t row)
{
    Str name = doctor_row_name(row);
    ToolSearch search = {
        .cwd = visit->options->places->root, .cancel = visit->options->cancel, .try_out = true};
    DoctorTool tool = {0};
    StrList workloads = {0};
    report_progress(visit->report, -1, "looking for " STR_FMT, STR_ARG(name));
    array_each (const Workload, workload, &visit->file.workloads) {
        if (!names(workload, name))
            continue;
        search.benchmark = agreed_benchmark(visit, workload);
        *array_push(visit->arena, &workloads) = workload->name;
        if (workloads.len == 1 || tool.tool.ready)
            doctor_row_look(visit->arena, row, &search, &visit->cargo, &tool);
    }
    if (!workloads.len) {
        if (visit->file.workloads.len)
            search.benchmark = agreed_benchmark(visit, &visit->file.workloads.items[0]);
        doctor_row_look(visit->arena, row, &search, &visit->cargo, &tool);
    }
    tool.workloads = workloads;
    apply_need(visit, &tool);
    apply_driver(visit, &tool);
    return tool;
}

static CargoProject read_cargo(Arena *arena, Str root)
{
    CargoProject cargo = {0};
    Err err = {0};
    cargo.present = file_read(arena, path_join(arena, root, S("Cargo.toml")), TOML_BYTES_MAX,
                              &cargo.manifest, &err);
    if (!cargo.present || !file_read(arena, path_join(arena, root, S("Cargo.lock")), TOML_BYTES_MAX,
                                     &cargo.lock, &err))
        cargo.lock = (Str){0};
    return cargo;
}

/* ---------------------------------------------------------------- what stands in the way */

static void add_reason(StrBuf *out, Str reason)
{
    strbuf_fmt(out, "%s" STR_FMT, out->len ? "; " : "", STR_ARG(reason));
}

static bool is_known(Str name)
{
    for (size_t i = 0; i < doctor_row_count(); i++)
        if (str_eq(doctor_row_name(i), name))
            return true;
    return false;
}

static void judge(Visit *visit)
{
    Doctor *doctor = visit->doctor;
    StrBuf reasons = strbuf_new(visit->arena);
    array_each (const DoctorTool, tool, &doctor->tools)
        if (!tool->tool.ready && (tool->workloads.len || visit->options->only.len))
            add_reason(&reasons, tool->tool.problem);
    array_each (const DoctorWorkload, workload, &doctor->workloads)
        array_each (const Check, check, &workload->checks)
            if (check->state == CHECK_BLOCKED)
                add_reason(&reasons, str_fmt(visit->arena, "workload " STR_FMT ": " STR_FMT,
                                             STR_ARG(workload->name), STR_ARG(check->sentence)));
    array_each (const Workload, workload, &visit->file.workloads)
        array_each (const Str, name, &workload->profilers)
            if (!is_known(*name))
                add_reason(&reasons, str_fmt(visit->arena,
                                             "workload " STR_FMT " names '" STR_FMT
                                             "', which is no profiler that perfloop knows",
                                             STR_ARG(workload->name), STR_ARG(*name)));
    doctor->usable = reasons.len == 0;
    doctor->sentence =
        doctor->usable ? S("all that this workspace names can run here") : strbuf_str(&reasons);
}

static bool no_such_tool(Arena *arena, Str name, Err *err)
{
    StrBuf known = strbuf_new(arena);
    for (size_t i = 0; i < doctor_row_count(); i++)
        strbuf_fmt(&known, "%s" STR_FMT, i ? ", " : "", STR_ARG(doctor_row_name(i)));
    return err_set(err, ERR_NOT_FOUND, "no profiler '" STR_FMT "'; there are " STR_FMT,
                   STR_ARG(name), STR_ARG(strbuf_str(&known)));
}

bool doctor_look(Arena *arena, Report *report, const DoctorOptions *options, Doctor *out, Err *err)
{
    Doctor doctor = {0};
    Err none = {0};
    Visit visit = {.arena = arena, .report = report, .options = options, .doctor = &doctor};
    if (options->only.len && !is_known(options->only))
        return no_such_tool(arena, options->only, err);
    if (!workloads_load(arena, options->places->root, NULL, &visit.file, &none))
        visit.file = (WorkloadFile){0};
    visit.cargo = read_cargo(arena, options->places->root);
    Machine machine = machine_read(arena, &(MachineOptions){.try_out = true});
    doctor.machine = machine_checks(arena, &machine);
    visit.gpu = machine.gpu;
    const Check *sampling = machine_check(&doctor.machine, S("sampling"));
    visit.no_samples = sampling && sampling->state == CHECK_BLOCKED;
    for (size_t i = 0; i < doctor_row_count(); i++) {
        if (options->cancel && *options->cancel)
            return err_set(err, ERR_CANCELLED, "cancelled");
        if (!options->only.len || str_eq(options->only, doctor_row_name(i)))
            *array_push(arena, &doctor.tools) = look_at_tool(&visit, i);
    }
    array_each (const Workload, workload, &visit.file.workloads)
        if (!options->only.len || names(workload, options->only))
            *array_push(arena, &doctor.workloads) =
                doctor_workload(arena, options->places, workload, &visit.cargo,
                                agreed_benchmark(&visit, workload) != NULL);
    judge(&visit);
    *out = doctor;
    return true;
}
