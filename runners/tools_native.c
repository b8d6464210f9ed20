#include "runners/tools_native.h"

#include <stdlib.h>

#include "base/file.h"
#include "base/path.h"
#include "runners/install.h"
#include "runners/machine.h"
#include "runners/process.h"

/* ---------------------------------------------------------------- packages */

static Str install(Arena *arena, const InstallNames *names)
{
    return install_package(arena, install_here(arena), names);
}

static Str last_word(Str text)
{
    Str before, word, line;
    text = str_trim(text);
    Str rest = text;
    if (str_next_line(&rest, &line))
        text = str_trim(line);
    return str_cut_last(text, ' ', &before, &word) ? word : text;
}

/* Runs it with --version, or says what is missing. */
static bool look(Arena *arena, const ToolSearch *search, Str program, const InstallNames *package,
                 Tool *tool, ProcessResult *result)
{
    if (!process_find(arena, program, (Str){0}, search->cwd, &tool->path)) {
        tool->problem = str_fmt(arena, STR_FMT " is not installed", STR_ARG(program));
        tool->mend = install(arena, package);
        return false;
    }
    const Str version[] = {tool->path, S("--version")};
    if (!tool_run(arena, search, version, 2, result)) {
        tool->problem = str_fmt(arena, STR_FMT " does not start", STR_ARG(tool->path));
        tool->mend = install(arena, package);
        return false;
    }
    tool->version = last_word(result->out);
    tool->ready = true;
    return true;
}

/* ---------------------------------------------------------------- perf */

static const InstallNames PERF = {.debian = "linux-perf",
                                  .ubuntu = "linux-tools-common linux-tools-$(uname -r)",
                                  .other = "perf"};

Str tool_perf(Arena *arena, Str cwd)
{
    Str path;
    return process_find(arena, S("perf"), (Str){0}, cwd, &path) ? path : S("perf");
}

/* Ubuntu's and old Debian's perf is a script that looks for one made for the running kernel. */
static bool other_kernel(Str errors)
{
    return str_has(errors, S("perf not found for kernel")) ||
           (str_has(errors, S("linux-perf-")) && str_has(errors, S("is not installed")));
}

bool tool_perf_refused(Str errors)
{
    static const Str SIGNS[] = {
        STR_CONST("perf_event_paranoid"),
        STR_CONST("Permission error mapping pages"),
        STR_CONST("No permission to enable"),
        STR_CONST("perf_event_open"),
        STR_CONST("Access to performance monitoring and observability operations is limited"),
        STR_CONST("You may not have permission to collect"),
    };
    for (size_t i = 0; i < sizeof(SIGNS) / sizeof(SIGNS[0]); i++)
        if (str_has(errors, SIGNS[i]))
            return true;
    return other_kernel(errors);
}

static Str first_words(Str errors)
{
    for (Str line; str_next_line(&errors, &line);)
        if (str_trim(line).len && !str_eq(str_trim(line), S("Error:")))
            return str_trim(line);
    return S("ended without a recording");
}

void tool_explain_perf(Arena *arena, Str errors, Str *problem, Str *mend)
{
    Check check = machine_try(arena, S("sampling"));
    *mend = (Str){0};
    if (other_kernel(errors)) {
        *problem = S("perf is not installed for the kernel that runs");
        *mend = install(arena, &PERF);
    } else if (str_has(errors, S("Permission error mapping pages"))) {
        *problem = S("perf may not lock enough memory (kernel.perf_event_mlock_kb)");
        *mend = S("sudo sysctl kernel.perf_event_mlock_kb=8192");
    } else if (tool_perf_refused(errors) && check.state == CHECK_BLOCKED) {
        *problem = str_fmt(arena, "perf may not record: " STR_FMT, STR_ARG(check.sentence));
        *mend = check.mend;
    } else if (tool_perf_refused(errors)) {
        *problem = S("perf may not record what was asked for here");
        *mend = S("sudo sysctl kernel.perf_event_paranoid=-1");
    } else {
        *problem = str_fmt(arena, "perf: " STR_FMT, STR_ARG(first_words(errors)));
    }
}

void tool_look_perf(Arena *arena, const ToolSearch *search, Tool *tool)
{
    ProcessResult result;
    if (!look(arena, search, S("perf"), &PERF, tool, &result)) {
        if (tool->path.len && other_kernel(result.errors))
            tool_explain_perf(arena, result.errors, &tool->problem, &tool->mend);
        return;
    }
    if (!search->try_out)
        return;
    const Str sample[] = {tool->path,     S("record"), S("-N"),  S("-o"),
                          S("/dev/null"), S("--"),     S("true")};
    if (!tool_run(arena, search, sample, sizeof(sample) / sizeof(sample[0]), &result)) {
        tool->ready = false;
        tool_explain_perf(arena, result.errors, &tool->problem, &tool->mend);
    }
}

/* ---------------------------------------------------------------- flamegraph */

void tool_look_flamegraph(Arena *arena, const ToolSearch *search, Tool *tool)
{
    Str path;
    ProcessResult result;
    tool_look_perf(arena, search, tool);
    if (!tool->ready)
        return;
    tool->version = (Str){0};
    if (process_find(arena, S("inferno-collapse-perf"), (Str){0}, search->cwd, &path)) {
        const Str version[] = {path, S("--version")};
        if (tool_run(arena, search, version, 2, &result))
            tool->version = last_word(result.out);
    } else if (!process_find(arena, S("stackcollapse-perf.pl"), (Str){0}, search->cwd, &path)) {
        tool->ready = false;
        tool->path = (Str){0};
        tool->problem = S("nothing that folds stacks is installed (inferno-collapse-perf)");
        tool->mend = S("cargo install inferno");
        return;
    }
    tool->path = path;
}

/* ---------------------------------------------------------------- heaptrack */

void tool_look_heaptrack(Arena *arena, const ToolSearch *search, Tool *tool)
{
    static const InstallNames HEAPTRACK = {.other = "heaptrack"};
    ProcessResult result;
    look(arena, search, S("heaptrack"), &HEAPTRACK, tool, &result);
}

Str tool_heaptrack_interpret(Arena *arena, Str heaptrack)
{
    static const char *const PLACES[] = {
        "lib/heaptrack/libexec/heaptrack_interpret",
        "lib64/heaptrack/libexec/heaptrack_interpret",
        "libexec/heaptrack_interpret",
    };
    char *real = realpath(str_cstr(arena, heaptrack), NULL);
    Str folder = path_dir(path_dir(str_copy(arena, str_from_c(real)))), found = {0};
    free(real);
    for (size_t i = 0; i < sizeof(PLACES) / sizeof(PLACES[0]) && !found.len; i++) {
        Str path = path_join(arena, folder, str_from_c(PLACES[i]));
        if (file_exists(path))
            found = path;
    }
    return found;
}

/* ---------------------------------------------------------------- valgrind */

void tool_look_valgrind(Arena *arena, const ToolSearch *search, Tool *tool)
{
    static const InstallNames VALGRIND = {.other = "valgrind"};
    ProcessResult result;
    if (look(arena, search, S("valgrind"), &VALGRIND, tool, &result) &&
        str_starts(tool->version, S("valgrind-")))
        tool->version = str_from(tool->version, 9);
}
