#include "runners/profiling/capture/rust_env.h"

#include <ctype.h>
#include <stdlib.h>

#include "analysis/source/toml.h"
#include "base/file.h"
#include "base/path.h"
#include "base/strbuf.h"
#include "runners/process.h"

enum {
    RUSTC_TIMEOUT_S = 20,
};

static const Str FLAGS = STR_CONST("-C force-frame-pointers=yes");
static const Str ENCODED_FLAGS = STR_CONST("-Cforce-frame-pointers=yes");

/* ---------------------------------------------------------------- the target */

/* The value of --NAME VALUE or --NAME=VALUE, before the program's own arguments. */
static Str option_of(const WorkloadCommand *command, Str name)
{
    for (size_t i = 0; i < command->argc && !str_eq(command->argv[i], S("--")); i++) {
        Str word = command->argv[i];
        if (str_eq(word, name) && i + 1 < command->argc)
            return command->argv[i + 1];
        if (str_starts(word, name) && word.len > name.len && word.ptr[name.len] == '=')
            return str_from(word, name.len + 1);
    }
    return (Str){0};
}

Str rust_target(Arena *arena, const Places *places, const WorkloadCommand *command)
{
    const Str argv[] = {S("rustc"), S("-vV")};
    ProcessOptions options = {
        .argv = argv, .argc = 2, .cwd = places->root, .timeout_s = RUSTC_TIMEOUT_S};
    ProcessResult result;
    Err err = {0};
    Str line, asked = option_of(command, S("--target"));
    if (asked.len)
        return asked;
    if (!process_run(arena, &options, &result, &err) || result.status != 0)
        return (Str){0};
    for (Str rest = result.out; str_next_line(&rest, &line);)
        if (str_starts(line, S("host: ")))
            return str_trim(str_from(line, 6));
    return (Str){0};
}

/* As cargo spells it in names of variables: X86_64_UNKNOWN_LINUX_GNU. */
static Str variable_part(Arena *arena, Str name)
{
    StrBuf out = strbuf_new(arena);
    for (size_t i = 0; i < name.len; i++)
        strbuf_char(&out, name.ptr[i] == '-' || name.ptr[i] == '.'
                              ? '_'
                              : (char)toupper((unsigned char)name.ptr[i]));
    return strbuf_str(&out);
}

/* ---------------------------------------------------------------- flags */

static bool has_target_flags(Arena *arena, Str file)
{
    Str text;
    Err err = {0};
    if (!file_read(arena, file, TOML_BYTES_MAX, &text, &err))
        return false;
    TomlDoc doc = toml_read(arena, text);
    const TomlValue *targets = toml_get(doc.root, S("target"));
    if (!targets || targets->kind != TOML_TABLE)
        return false;
    array_each (const TomlEntry, target, &targets->entries)
        if (toml_get(target->value, S("rustflags")))
            return true;
    return false;
}

static bool folder_has_target_flags(Arena *arena, Str folder)
{
    return has_target_flags(arena, path_join(arena, folder, S("config.toml"))) ||
           has_target_flags(arena, path_join(arena, folder, S("config")));
}

/* Whether a configuration of cargo's, in the workspace, above it or of the user, has such flags. */
static bool targets_have_flags(Arena *arena, Str root)
{
    Str home = str_from_c(getenv("CARGO_HOME"));
    if (!home.len)
        home = path_join(arena, str_from_c(getenv("HOME")), S(".cargo"));
    for (Str folder = root;; folder = path_dir(folder)) {
        if (folder_has_target_flags(arena, path_join(arena, folder, S(".cargo"))))
            return true;
        if (folder.len <= 1)
            break;
    }
    return folder_has_target_flags(arena, home);
}

static Str with_flags(Arena *arena, Str name, char between, Str flags)
{
    Str had = str_from_c(getenv(str_cstr(arena, name)));
    if (!had.len)
        return str_fmt(arena, STR_FMT "=" STR_FMT, STR_ARG(name), STR_ARG(flags));
    return str_fmt(arena, STR_FMT "=" STR_FMT "%c" STR_FMT, STR_ARG(name), STR_ARG(had), between,
                   STR_ARG(flags));
}

static Str flags_variable(Arena *arena, const Places *places, const Workload *workload)
{
    if (getenv("CARGO_ENCODED_RUSTFLAGS"))
        return with_flags(arena, S("CARGO_ENCODED_RUSTFLAGS"), '\x1f', ENCODED_FLAGS);
    if (getenv("RUSTFLAGS"))
        return with_flags(arena, S("RUSTFLAGS"), ' ', FLAGS);
    const WorkloadCommand *command = workload->build.argc ? &workload->build : &workload->benchmark;
    Str target = (Str){0};
    if (targets_have_flags(arena, places->root))
        target = rust_target(arena, places, command);
    if (!target.len)
        return with_flags(arena, S("CARGO_BUILD_RUSTFLAGS"), ' ', FLAGS);
    Str part = variable_part(arena, target);
    Str name = str_fmt(arena, "CARGO_TARGET_" STR_FMT "_RUSTFLAGS", STR_ARG(part));
    return with_flags(arena, name, ' ', FLAGS);
}

/* ---------------------------------------------------------------- profiles of cargo's */

static void keep_lines(Arena *arena, StrList *env, Str profile)
{
    Str part = variable_part(arena, profile);
    *array_push(arena, env) = str_fmt(arena, "CARGO_PROFILE_" STR_FMT "_DEBUG=1", STR_ARG(part));
    *array_push(arena, env) = str_fmt(arena, "CARGO_PROFILE_" STR_FMT "_STRIP=none", STR_ARG(part));
    *array_push(arena, env) =
        str_fmt(arena, "CARGO_PROFILE_" STR_FMT "_SPLIT_DEBUGINFO=off", STR_ARG(part));
}

StrList rust_env(Arena *arena, const Places *places, const Workload *workload)
{
    StrList env = {0};
    const WorkloadCommand *const commands[] = {&workload->build, &workload->benchmark};
    keep_lines(arena, &env, S("release"));
    keep_lines(arena, &env, S("bench"));
    for (size_t i = 0; i < 2; i++) {
        Str profile = option_of(commands[i], S("--profile"));
        if (profile.len && !str_eq(profile, S("release")) && !str_eq(profile, S("bench")))
            keep_lines(arena, &env, profile);
    }
    *array_push(arena, &env) = flags_variable(arena, places, workload);
    return env;
}
