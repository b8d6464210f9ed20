#include "runners/profiling/libraries.h"

#include <dirent.h>
#include <stdlib.h>

#include "base/file.h"
#include "base/path.h"

enum {
    LIBRARIES_MAX = 20000, /* crates of a registry that are looked at */
};

typedef Array(Str) Names;

static void close_folder(DIR **folder)
{
    if (*folder)
        closedir(*folder);
}

static Names names_in(Arena *arena, Str folder)
{
    Names names = {0};
    CLEANUP(close_folder) DIR *open = opendir(str_cstr(arena, folder));
    for (struct dirent *entry; open && (entry = readdir(open)) && names.len < LIBRARIES_MAX;)
        if (entry->d_name[0] != '.')
            *array_push(arena, &names) = str_copy(arena, str_from_c(entry->d_name));
    return names;
}

/* [pkg.rustc]  version = "1.95.0 (59807616e 2026-04-14)": the commit's first digits. */
static Str commit_of(Arena *arena, Str toolchain)
{
    Err err = {0};
    Str manifest, before, version, commit;
    Str path = path_join(arena, toolchain, S("lib/rustlib/multirust-channel-manifest.toml"));
    if (!file_read(arena, path, FILE_LIMIT_TEXT, &manifest, &err))
        return S("");
    size_t at = str_find(manifest, S("\n[pkg.rustc]\n"), 0);
    if (at == SIZE_MAX)
        return S("");
    Str rest = str_head(str_from(manifest, at + sizeof("[pkg.rustc]")), 200);
    if (!str_cut(rest, '(', &before, &version) || !str_cut(version, ' ', &commit, &rest) ||
        commit.len < 7)
        return S("");
    return commit;
}

static void add_toolchains(Arena *arena, Str rustup, Libraries *out)
{
    Str folder = path_join(arena, rustup, S("toolchains"));
    Names names = names_in(arena, folder);
    array_each (Str, name, &names) {
        Str toolchain = path_join(arena, folder, *name);
        Str source = path_join(arena, toolchain, S("lib/rustlib/src/rust"));
        if (!file_exists(path_join(arena, source, S("library"))))
            continue;
        Str commit = commit_of(arena, toolchain);
        if (commit.len)
            *array_push(arena, out) = (PathRule){.from = commit, .to = source};
    }
}

static void add_crates(Arena *arena, Str cargo, Libraries *out)
{
    Str folder = path_join(arena, cargo, S("registry/src"));
    Names registries = names_in(arena, folder);
    array_each (Str, registry, &registries) {
        Str below = path_join(arena, folder, *registry);
        Names crates = names_in(arena, below);
        array_each (Str, crate, &crates)
            if (out->len < LIBRARIES_MAX)
                *array_push(arena, out) =
                    (PathRule){.from = *crate, .to = path_join(arena, below, *crate)};
    }
}

Libraries libraries_in(Arena *arena, Str rustup, Str cargo)
{
    Libraries out = {0};
    if (rustup.len)
        add_toolchains(arena, rustup, &out);
    if (cargo.len)
        add_crates(arena, cargo, &out);
    return out;
}

static Str home_of(Arena *arena, const char *variable, Str folder)
{
    Str chosen = str_from_c(getenv(variable)), home = str_from_c(getenv("HOME"));
    if (chosen.len)
        return chosen;
    return home.len ? path_join(arena, home, folder) : S("");
}

Libraries libraries_here(Arena *arena)
{
    return libraries_in(arena, home_of(arena, "RUSTUP_HOME", S(".rustup")),
                        home_of(arena, "CARGO_HOME", S(".cargo")));
}
