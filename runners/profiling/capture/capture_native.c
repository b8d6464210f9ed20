#include "runners/profiling/capture/capture_native.h"

#include <dirent.h>
#include <stdio.h>

#include "analysis/symbols/dwarf.h"
#include "base/file.h"
#include "base/path.h"
#include "base/strbuf.h"
#include "runners/process.h"
#include "runners/profiling/capture/rust_env.h"

enum {
    NAME_BYTES_MAX = 4096,
    SMALL = 10, /* parts of less than a tenth of the largest are not worth a word */
};

Str native_quote(Arena *arena, Str word)
{
    StrBuf out = strbuf_new(arena);
    strbuf_char(&out, '\'');
    for (size_t i = 0; i < word.len; i++) {
        if (word.ptr[i] == '\'')
            strbuf_add(&out, S("'\\''"));
        else
            strbuf_char(&out, word.ptr[i]);
    }
    strbuf_char(&out, '\'');
    return strbuf_str(&out);
}

/* ---------------------------------------------------------------- the command */

static void add(CaptureJob *job, Str word)
{
    *array_push(job->arena, &job->argv) = word;
}

static bool write_script(CaptureJob *job, Str line, Str *path, Err *err)
{
    Str folder = job->capture->folder;
    Str parts = path_join(job->arena, folder, S("parts"));
    Str names = path_join(job->arena, folder, S("names"));
    Str quoted_parts = native_quote(job->arena, parts);
    Str quoted_names = native_quote(job->arena, names);
    Str text = str_fmt(
        job->arena, "part=" STR_FMT "/$$\nprintf '%%s' \"$1\" >" STR_FMT "/$$\nexec " STR_FMT "\n",
        STR_ARG(quoted_parts), STR_ARG(quoted_names), STR_ARG(line));
    *path = path_join(job->arena, folder, S("run"));
    return file_make_dirs(parts, err) && file_make_dirs(names, err) && file_write(*path, text, err);
}

/* env A=1 B=2 PROGRAM: how many words stand before the program. */
static size_t words_of_env(CaptureJob *job, const WorkloadCommand *benchmark)
{
    size_t at = 1;
    if (benchmark->shell || !benchmark->argc || !str_eq(path_base(benchmark->argv[0]), S("env")))
        return 0;
    while (at < benchmark->argc && !str_starts(benchmark->argv[at], S("-")) &&
           str_has(benchmark->argv[at], S("=")))
        at++;
    if (at == benchmark->argc || str_starts(benchmark->argv[at], S("-")))
        return 0;
    for (size_t i = 1; i < at; i++)
        *array_push(job->arena, &job->env) = benchmark->argv[i];
    return at;
}

/* How many words name cargo and its toolchain, when it is cargo that runs the programs. */
static size_t words_of_cargo(const Str *argv, size_t argc)
{
    static const Str RUNS[] = {STR_CONST("run"), STR_CONST("r"), STR_CONST("bench"),
                               STR_CONST("test"), STR_CONST("t")};
    if (!argc || !str_eq(path_base(argv[0]), S("cargo")))
        return 0;
    for (size_t i = 1; i < argc && !str_eq(argv[i], S("--")); i++)
        for (size_t k = 0; k < sizeof(RUNS) / sizeof(RUNS[0]); k++)
            if (str_eq(argv[i], RUNS[k]))
                return str_starts(argv[1], S("+")) ? 2 : 1;
    return 0;
}

static Str toml_quote(Arena *arena, Str text)
{
    StrBuf out = strbuf_new(arena);
    strbuf_char(&out, '"');
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] == '"' || text.ptr[i] == '\\')
            strbuf_char(&out, '\\');
        strbuf_char(&out, text.ptr[i]);
    }
    strbuf_char(&out, '"');
    return strbuf_str(&out);
}

static bool add_runner(CaptureJob *job, Str script, Err *err)
{
    const CaptureOptions *options = job->options;
    Str target = rust_target(job->arena, options->places, &options->workload->benchmark);
    if (!target.len)
        return err_set(err, ERR_TOOL, "rustc does not run: https://rustup.rs installs it");
    Str quoted = toml_quote(job->arena, script);
    add(job, S("--config"));
    add(job, str_fmt(job->arena, "target." STR_FMT ".runner=[\"/bin/sh\"," STR_FMT "]",
                     STR_ARG(target), STR_ARG(quoted)));
    return true;
}

bool native_command(CaptureJob *job, Str line, bool once, Err *err)
{
    const WorkloadCommand *benchmark = &job->options->workload->benchmark;
    Str script;
    if (!write_script(job, line, &script, err))
        return false;
    size_t at = words_of_env(job, benchmark);
    size_t cargo =
        benchmark->shell ? 0 : words_of_cargo(benchmark->argv + at, benchmark->argc - at);
    for (size_t end = at + cargo; at < end; at++)
        add(job, benchmark->argv[at]);
    if (cargo) {
        if (!add_runner(job, script, err))
            return false;
    } else {
        add(job, S("/bin/sh"));
        add(job, script);
    }
    for (; at < benchmark->argc; at++)
        add(job, benchmark->argv[at]);
    if (capture_is_pytest_benchmark(job) && once)
        job->pytest_options = S(" --benchmark-disable");
    else if (capture_is_pytest_benchmark(job) && !benchmark->shell)
        add(job, S("--benchmark-max-time=2"));
    return true;
}

/* ---------------------------------------------------------------- what it left */

typedef struct Part {
    Str path;
    Str program; /* empty: not known, a child of one that is */
    uint64_t bytes;
} Part;
typedef Array(Part) Parts;

static Str program_of(CaptureJob *job, Str part)
{
    size_t digits = 0;
    Err err = {0};
    Str name;
    while (digits < part.len && part.ptr[digits] >= '0' && part.ptr[digits] <= '9')
        digits++;
    Str file = str_fmt(job->arena, STR_FMT "/names/" STR_FMT, STR_ARG(job->capture->folder),
                       STR_ARG(str_head(part, digits)));
    return file_read(job->arena, file, NAME_BYTES_MAX, &name, &err) ? name : (Str){0};
}

static void list_parts(CaptureJob *job, Parts *out)
{
    Str folder = path_join(job->arena, job->capture->folder, S("parts"));
    DIR *dir = opendir(str_cstr(job->arena, folder));
    for (struct dirent *entry; dir && (entry = readdir(dir));) {
        Part part = {
            .path = path_join(job->arena, folder, str_copy(job->arena, str_from_c(entry->d_name)))};
        if (entry->d_name[0] == '.' || !file_stat(part.path, NULL, &part.bytes) || !part.bytes)
            continue;
        part.program = program_of(job, path_base(part.path));
        *array_push(job->arena, out) = part;
    }
    if (dir)
        closedir(dir);
}

static void note_lines(CaptureJob *job, Str program)
{
    DwarfProblem problem;
    Str path;
    if (!process_find(job->arena, program, (Str){0}, job->options->places->root, &path))
        return;
    DwarfFile *file = dwarf_open(job->arena, (DwarfOptions){.path = path}, &problem);
    if (file && !dwarf_has_lines(file))
        report_note(job->report,
                    STR_FMT " has no debug information, so its lines are not known: build it with "
                            "-g (for Rust give the workload build = \"cargo build --release\")",
                    STR_ARG(program));
    if (file)
        dwarf_close(file);
}

bool native_part(CaptureJob *job, Str *part, Err *err)
{
    Parts parts = {0};
    const Part *largest = NULL;
    size_t others = 0;
    list_parts(job, &parts);
    array_each (const Part, one, &parts)
        if (!largest || one->bytes > largest->bytes)
            largest = one;
    if (!largest)
        return err_set(err, ERR_NOT_FOUND, STR_FMT " wrote no profile", STR_ARG(job->tool.name));
    array_each (const Part, one, &parts)
        others += one != largest && one->bytes >= largest->bytes / SMALL;
    if (others)
        report_note(job->report,
                    "the benchmark ran %zu programs; the profile is that of " STR_FMT
                    ", the largest: let the command run one (cargo bench --bench NAME)",
                    others + 1,
                    STR_ARG(largest->program.len ? largest->program : S("a child process")));
    if (largest->program.len && !job->gpu_lines)
        note_lines(job, largest->program);
    *part = largest->path;
    return true;
}

bool native_collect(CaptureJob *job, Err *err)
{
    Str part;
    Err none = {0};
    if (!native_part(job, &part, &none))
        return none.kind == ERR_NOT_FOUND || err_set(err, none.kind, "%s", none.msg);
    if (rename(str_cstr(job->arena, part), str_cstr(job->arena, job->capture->file)) < 0)
        return err_set(err, ERR_IO, STR_FMT ": cannot be moved", STR_ARG(part));
    return true;
}

bool native_shell(CaptureJob *job, Str script, const StrList *words, Str what, Err *err)
{
    StrList argv = {0};
    *array_push(job->arena, &argv) = S("/bin/sh");
    *array_push(job->arena, &argv) = S("-c");
    *array_push(job->arena, &argv) = script;
    *array_push(job->arena, &argv) = S("perfloop");
    array_each (const Str, word, words)
        *array_push(job->arena, &argv) = *word;
    ProcessOptions process = {.argv = argv.items,
                              .argc = argv.len,
                              .cwd = job->capture->folder,
                              .cancel = job->options->cancel};
    ProcessResult result;
    report_progress(job->report, -1, STR_FMT, STR_ARG(what));
    return process_run(job->arena, &process, &result, err) && process_check(&result, what, err);
}
