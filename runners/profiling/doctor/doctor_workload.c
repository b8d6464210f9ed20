/* What of a workload a profiler depends on: its program, its interpreter, how it was built. */

#include <stdlib.h>

#include "analysis/symbols/binary.h"
#include "base/file.h"
#include "base/path.h"
#include "runners/install.h"
#include "runners/process.h"
#include "runners/profiling/doctor/doctor_parts.h"
#include "runners/pylaunch.h"

enum {
    PYTHON_TIMEOUT_S = 20,
    CONFIG_BYTES_MAX = 64 * 1024,
    BINARIES_MAX = 4,
};

typedef struct Look {
    Arena *arena;
    const Places *places;
    const Workload *workload;
    const CargoProject *cargo;
    bool agreed;
    MachineChecks *checks;
} Look;

static void add(const Look *look, Check check)
{
    *array_push(look->arena, look->checks) = check;
}

static bool uses_cargo(const WorkloadCommand *command)
{
    return command->argc && str_eq(path_base(command->argv[0]), S("cargo"));
}

/* ---------------------------------------------------------------- agreed, program */

static void check_agreed(const Look *look)
{
    if (!look->agreed)
        add(look, (Check){.name = S("agreed"),
                          .state = CHECK_NOTE,
                          .sentence = S("nobody agreed to its benchmark yet, so that programs it "
                                        "brings along were not started"),
                          .mend = S("perfloop trust")});
}

static void check_program(const Look *look)
{
    const WorkloadCommand *benchmark = &look->workload->benchmark;
    Str path;
    if (!benchmark->argc || benchmark->shell ||
        process_find(look->arena, benchmark->argv[0], (Str){0}, look->places->root, &path))
        return;
    const WorkloadCommand *build = &look->workload->build;
    bool built = build->argc > 0;
    add(look, (Check){.name = S("program"),
                      .state = built ? CHECK_NOTE : CHECK_BLOCKED,
                      .sentence = str_fmt(
                          look->arena, "its benchmark starts '" STR_FMT "', which is not there%s",
                          STR_ARG(benchmark->argv[0]), built ? " yet" : ""),
                      .mend = built || !str_starts(path_base(benchmark->argv[0]), S("python"))
                                  ? build->text
                                  : install_interpreter(look->arena)});
}

/* ---------------------------------------------------------------- python */

/* What pyvenv.cfg says: nothing of the workspace is started for it. */
static Str version_of_environment(Arena *arena, Str python)
{
    Str text, key, value;
    Err err = {0};
    Str config = path_join(arena, path_dir(path_dir(python)), S("pyvenv.cfg"));
    if (!file_read(arena, config, CONFIG_BYTES_MAX, &text, &err))
        return (Str){0};
    for (Str line; str_next_line(&text, &line);)
        if (str_cut(line, '=', &key, &value) &&
            (str_eq(str_trim(key), S("version")) || str_eq(str_trim(key), S("version_info"))))
            return str_trim(value);
    return (Str){0};
}

static Str version_of_python(const Look *look, Str python)
{
    const Str argv[] = {python, S("-c"),
                        S("import sys; print('.'.join(map(str, sys.version_info[:3])))")};
    ProcessOptions options = {
        .argv = argv, .argc = 3, .cwd = look->places->root, .timeout_s = PYTHON_TIMEOUT_S};
    ProcessResult result;
    Err err = {0};
    return process_run(look->arena, &options, &result, &err) && result.status == 0
               ? str_trim(result.out)
               : (Str){0};
}

static void check_python(const Look *look)
{
    PyLaunch launch;
    Err err = {0};
    const WorkloadCommand *benchmark = &look->workload->benchmark;
    if (!pylaunch_find(look->arena, benchmark, look->places->root, &launch, &err))
        return;
    Str python = pylaunch_python(look->arena, benchmark, look->places->root);
    Check check = {.name = S("python")};
    Str version = python.len ? version_of_environment(look->arena, python) : (Str){0};
    if (python.len && !version.len && look->agreed)
        version = version_of_python(look, python);
    if (!python.len || !file_exists(python)) {
        check.state = CHECK_BLOCKED;
        check.sentence = S("its Python is not there");
        check.mend = S("python3 -m venv .venv");
    } else if (version.len) {
        check.sentence = str_fmt(look->arena, "Python " STR_FMT " (" STR_FMT ")", STR_ARG(version),
                                 STR_ARG(python));
    } else {
        check.state = look->agreed ? CHECK_BLOCKED : CHECK_OK;
        check.sentence = str_fmt(look->arena, STR_FMT "%s", STR_ARG(python),
                                 look->agreed ? " does not start" : "");
    }
    add(look, check);
}

/* ---------------------------------------------------------------- how it was built */

static void check_build(const Look *look)
{
    if (look->cargo->present &&
        (uses_cargo(&look->workload->build) || uses_cargo(&look->workload->benchmark)))
        add(look, cargo_profile_check(look->arena, look->cargo->manifest,
                                      str_from_c(getenv("CARGO_PROFILE_RELEASE_DEBUG")),
                                      str_from_c(getenv("CARGO_PROFILE_RELEASE_STRIP"))));
}

static Str binary_mend(bool rust, bool lines, bool frames)
{
    if (rust && !lines)
        return frames ? S("CARGO_PROFILE_RELEASE_DEBUG=1 cargo build --release")
                      : S("CARGO_PROFILE_RELEASE_DEBUG=1 RUSTFLAGS='-C force-frame-pointers=yes' "
                          "cargo build --release");
    if (rust)
        return S("RUSTFLAGS='-C force-frame-pointers=yes' cargo build --release");
    if (!lines)
        return frames ? S("add -g to the compiler's options")
                      : S("add -g -fno-omit-frame-pointer to the compiler's options");
    return S("add -fno-omit-frame-pointer to the compiler's options");
}

static Check check_facts(Arena *arena, Str name, const BinaryFacts *facts, bool cargo)
{
    Check check = {.name = S("binary")};
    bool frames = facts->functions == 0 || binary_has_frame_pointers(facts);
    if (facts->has_lines && frames) {
        check.sentence = str_fmt(arena, STR_FMT " has lines%s", STR_ARG(name),
                                 facts->functions ? " and frame pointers" : "");
        return check;
    }
    check.state = CHECK_NOTE;
    check.mend = binary_mend(facts->is_rust || cargo, facts->has_lines, frames);
    check.sentence = str_fmt(
        arena, STR_FMT " %s%s%s", STR_ARG(name),
        facts->has_lines     ? ""
        : facts->has_symbols ? "was built without debug information: profiles name its functions, "
                               "not its lines"
                             : "is stripped: profiles show neither its functions nor its lines",
        !facts->has_lines && !frames ? "; it " : "",
        frames ? "" : "keeps no frame pointers: perf needs DWARF stacks for its callers");
    return check;
}

/* A program of the workspace; what lies elsewhere is not the user's to build. */
static bool add_binary(const Look *look, Str word, StrList *seen)
{
    Str path = path_join(look->arena, look->places->root, word);
    BinaryFacts facts;
    char *real = realpath(str_cstr(look->arena, path), NULL);
    Str whole = str_copy(look->arena, str_from_c(real)), root = look->places->root;
    free(real);
    bool inside = whole.len > root.len + 1 && str_starts(whole, root) && whole.ptr[root.len] == '/';
    array_each (Str, one, seen)
        inside &= !str_eq(*one, whole);
    if (!inside || seen->len >= BINARIES_MAX || !binary_inspect(whole, &facts))
        return false;
    *array_push(look->arena, seen) = whole;
    bool cargo = look->cargo->present && str_has(whole, S("/target/"));
    add(look, check_facts(look->arena, str_from(whole, root.len + 1), &facts, cargo));
    return true;
}

static void check_binaries(const Look *look)
{
    StrList seen = {0};
    const WorkloadCommand *benchmark = &look->workload->benchmark;
    for (size_t i = 0; i < benchmark->argc && !benchmark->shell; i++)
        if (str_has(benchmark->argv[i], S("/")))
            add_binary(look, benchmark->argv[i], &seen);
    Str program =
        look->cargo->present ? cargo_program(look->arena, look->cargo->manifest) : (Str){0};
    if (!seen.len && uses_cargo(benchmark) && program.len && !str_has(program, S("/")))
        add_binary(look, path_join(look->arena, S("target/release"), program), &seen);
}

DoctorWorkload doctor_workload(Arena *arena, const Places *places, const Workload *workload,
                               const CargoProject *cargo, bool agreed)
{
    DoctorWorkload out = {.name = workload->name};
    Look look = {arena, places, workload, cargo, agreed, &out.checks};
    check_agreed(&look);
    check_program(&look);
    check_python(&look);
    check_build(&look);
    check_binaries(&look);
    return out;
}
