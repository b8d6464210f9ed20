#include "analysis/symbols/library.h"

#include "base/path.h"

/* A path with slashes only, and one in front, so that a marker "/x/" finds a first folder, too. */
static Str with_slashes(Arena *arena, Str recorded)
{
    char *copy = NEW_ARRAY(arena, char, recorded.len + 2);
    copy[0] = '/';
    for (size_t i = 0; i < recorded.len; i++)
        copy[i + 1] = recorded.ptr[i] == '\\' ? '/' : recorded.ptr[i];
    Str text = {copy, recorded.len + 1};
    return text.len > 1 && text.ptr[1] == '/' ? str_from(text, 1) : text;
}

/* What follows the last occurrence of the marker. */
static bool behind(Str path, Str marker, Str *rest)
{
    size_t at = SIZE_MAX, next = 0;
    while ((next = str_find(path, marker, next)) != SIZE_MAX)
        at = next++;
    if (at == SIZE_MAX)
        return false;
    *rest = str_from(path, at + marker.len);
    return true;
}

static Str first_part(Str path)
{
    Str first, after;
    return str_cut(path, '/', &first, &after) ? first : path;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* "serde_json-1.0.1": the version is the first part between dashes that looks like one. */
static Str crate_name(Arena *arena, Str folder)
{
    for (size_t i = 1; i + 1 < folder.len; i++) {
        Str version = str_from(folder, i + 1), token, rest;
        if (folder.ptr[i] != '-' || !is_digit(version.ptr[0]))
            continue;
        if (!str_cut(version, '-', &token, &rest))
            token = version;
        if (str_has(token, S(".")))
            return str_fmt(arena, "crate " STR_FMT " " STR_FMT, STR_ARG(str_head(folder, i)),
                           STR_ARG(version));
    }
    return str_fmt(arena, "crate " STR_FMT, STR_ARG(folder));
}

static Library crate(Arena *arena, Str rest)
{
    Str folder = first_part(rest);
    return (Library){.name = crate_name(arena, folder), .path = rest, .key = folder};
}

/* <index>/serde_json-1.0.1/src/de.rs */
static Library registry(Arena *arena, Str rest)
{
    Str index, below;
    return str_cut(rest, '/', &index, &below) ? crate(arena, below) : (Library){0};
}

/* serde-0123456789abcdef/89abcde/serde/src/de.rs: name, commit, path */
static Library git_crate(Arena *arena, Str rest)
{
    Str folder, below, name, hash;
    if (!str_cut(rest, '/', &folder, &below))
        return (Library){0};
    if (!str_cut_last(folder, '-', &name, &hash))
        name = folder;
    return (Library){.name = str_fmt(arena, "crate " STR_FMT " " STR_FMT, STR_ARG(name),
                                     STR_ARG(first_part(below))),
                     .path = str_fmt(arena, STR_FMT "/" STR_FMT, STR_ARG(name), STR_ARG(below))};
}

/* numpy/core/numeric.py, six.py, numpy.libs/libopenblas.so */
static Library package(Arena *arena, Str rest)
{
    Str name = first_part(rest), before, after;
    if (str_cut(name, '.', &before, &after) && before.len)
        name = before;
    return (Library){.name = str_copy(arena, name), .path = rest};
}

/* json/decoder.py, behind lib/python3. there is "11/" first */
static Library python(Arena *arena, Str rest)
{
    Str version, below, name;
    if (!str_cut(rest, '/', &version, &below) || !version.len || !is_digit(version.ptr[0]))
        return (Library){0};
    name = below;
    if (str_starts(name, S("lib-dynload/")))
        name = str_from(name, sizeof("lib-dynload/") - 1);
    Library module = package(arena, name);
    return (Library){.name = str_fmt(arena, "stdlib " STR_FMT, STR_ARG(module.name)),
                     .path = below};
}

/* Python311/Lib/json/decoder.py */
static Library python_windows(Arena *arena, Str rest)
{
    Str below;
    return behind(rest, S("/Lib/"), &below)
               ? python(arena, str_fmt(arena, "3/" STR_FMT, STR_ARG(below)))
               : (Library){0};
}

/* 12/bits/stl_vector.h */
static Library cpp(Arena *arena, Str rest)
{
    Str version, below;
    if (!str_cut(rest, '/', &version, &below))
        return (Library){0};
    return (Library){.name = str_eq(version, S("v1")) ? S("libc++") : S("libstdc++"),
                     .path = str_copy(arena, below)};
}

/* eigen3/Eigen/Core; stdio.h and x86_64-linux-gnu/bits/stdio2.h are of the C library */
static Library header(Arena *arena, Str rest)
{
    Str first = first_part(rest);
    bool libc = first.len == rest.len || str_has(first, S("-linux-gnu")) ||
                str_eq(first, S("bits")) || str_eq(first, S("sys"));
    return (Library){.name = libc ? S("libc") : str_copy(arena, first), .path = rest};
}

static Library cuda(Arena *arena UNUSED, Str rest)
{
    return (Library){.name = S("CUDA toolkit"), .path = rest};
}

static Library gcc(Arena *arena UNUSED, Str rest)
{
    return (Library){.name = S("gcc"), .path = rest};
}

static Library go_std(Arena *arena UNUSED, Str rest)
{
    return (Library){.name = S("std"), .path = rest};
}

/* github.com/user/name@v1.2.3/file.go */
static Library go_module(Arena *arena, Str rest)
{
    Str path, behind_at;
    if (!str_cut(rest, '@', &path, &behind_at))
        return (Library){0};
    Str version = first_part(behind_at);
    return (Library){.name = str_fmt(arena, "module " STR_FMT " " STR_FMT, STR_ARG(path_base(path)),
                                     STR_ARG(version)),
                     .path = rest};
}

/*
 * Rust's own libraries: /rustc/COMMIT/library/core/src/..., /rustc/COMMIT/src/libcore/... up to
 * 2020, rust-src of a toolchain (lib/rustlib/src/rust/library/...), Debian's /usr/src/rustc-1.63.0.
 */
static Library rust_std(Arena *arena, Str path)
{
    Str rest, commit;
    bool remapped = str_starts(path, S("/rustc/"));
    bool here = str_has(path, S("/rustlib/src/rust/")) || str_has(path, S("/src/rustc-")) ||
                str_starts(path, S("/rustc-")) || str_starts(path, S("/checkout/"));
    if (remapped && str_cut(str_from(path, sizeof("/rustc/") - 1), '/', &commit, &rest))
        return (Library){.name = str_starts(rest, S("compiler/")) ? S("rustc") : S("std"),
                         .path = rest,
                         .key = str_copy(arena, commit)};
    if (here && behind(path, S("/library/"), &rest))
        return (Library){.name = S("std"),
                         .path = str_fmt(arena, "library/" STR_FMT, STR_ARG(rest))};
    if (here && behind(path, S("/src/lib"), &rest))
        return (Library){.name = S("std"),
                         .path = str_fmt(arena, "src/lib" STR_FMT, STR_ARG(rest))};
    return (Library){0};
}

/* As compiled: src/libstd/rt.rs up to 2020, library/std/src/rt.rs since. */
static Library rust_relative(Str recorded)
{
    static const Str NAMES[] = {STR_CONST("std"),   STR_CONST("core"),
                                STR_CONST("alloc"), STR_CONST("panic_unwind"),
                                STR_CONST("test"),  STR_CONST("proc_macro")};
    bool old = str_starts(recorded, S("src/lib"));
    if (!old && !str_starts(recorded, S("library/")))
        return (Library){0};
    Str name = first_part(str_from(recorded, old ? sizeof("src/lib") - 1 : sizeof("library/") - 1));
    for (size_t i = 0; i < sizeof(NAMES) / sizeof(NAMES[0]); i++)
        if (str_eq(name, NAMES[i]))
            return (Library){.name = S("std"), .path = recorded};
    return (Library){0};
}

Library library_of(Arena *arena, Str recorded)
{
    static const struct {
        Str marker;
        Library (*name)(Arena *arena, Str rest);
    } ROWS[] = {
        {STR_CONST("/.cargo/registry/src/"), registry},
        {STR_CONST("/.cargo/git/checkouts/"), git_crate},
        {STR_CONST("/usr/share/cargo/registry/"), crate},
        {STR_CONST("/rust/deps/"), crate},
        {STR_CONST("/site-packages/"), package},
        {STR_CONST("/dist-packages/"), package},
        {STR_CONST("/lib/python3."), python},
        {STR_CONST("/lib64/python3."), python},
        {STR_CONST("/lib/python2."), python},
        {STR_CONST("/Python3"), python_windows},
        {STR_CONST("/include/c++/"), cpp},
        {STR_CONST("/usr/include/"), header},
        {STR_CONST("/usr/local/include/"), header},
        {STR_CONST("/usr/lib/gcc/"), gcc},
        {STR_CONST("/usr/local/cuda"), cuda},
        {STR_CONST("/go/pkg/mod/"), go_module},
        {STR_CONST("/usr/local/go/src/"), go_std},
        {STR_CONST("/usr/lib/go-"), go_std},
    };
    if (!recorded.len || recorded.ptr[0] == '<')
        return (Library){0};
    Str path = with_slashes(arena, recorded), rest;
    Library found = rust_relative(recorded);
    if (!found.name.len)
        found = rust_std(arena, path);
    for (size_t i = 0; !found.name.len && i < sizeof(ROWS) / sizeof(ROWS[0]); i++)
        if (behind(path, ROWS[i].marker, &rest) && rest.len)
            found = ROWS[i].name(arena, rest);
    return found;
}

Library library_of_source(Str recorded)
{
    static const struct {
        Str folder, name;
    } ROWS[] = {
        {STR_CONST("Objects/"), STR_CONST("Python")},
        {STR_CONST("Python/"), STR_CONST("Python")},
        {STR_CONST("Parser/"), STR_CONST("Python")},
        {STR_CONST("Include/internal/"), STR_CONST("Python")},
        {STR_CONST("malloc/malloc.c"), STR_CONST("libc")},
        {STR_CONST("malloc/arena.c"), STR_CONST("libc")},
        {STR_CONST("sysdeps/"), STR_CONST("libc")},
        {STR_CONST("nptl/"), STR_CONST("libc")},
        {STR_CONST("csu/"), STR_CONST("libc")},
    };
    Str path = recorded;
    while (str_starts(path, S("./")) || str_starts(path, S("../")))
        path = str_from(path, str_starts(path, S("./")) ? 2 : 3);
    for (size_t i = 0; i < sizeof(ROWS) / sizeof(ROWS[0]); i++)
        if (str_starts(path, ROWS[i].folder) &&
            (str_ends(path, S(".c")) || str_ends(path, S(".h"))))
            return (Library){.name = ROWS[i].name, .path = path};
    return (Library){0};
}

Str library_of_module(Arena *arena, Str module)
{
    static const Str FOLDERS[] = {STR_CONST("/usr/lib"), STR_CONST("/lib/"), STR_CONST("/lib64/"),
                                  STR_CONST("/usr/local/lib"), STR_CONST("/nix/store/")};
    Library library = library_of(arena, module);
    Str base = path_base(module);
    if (library.name.len)
        return library.name;
    if (path_is_absolute(module) && str_starts(base, S("python3")))
        return S("Python");
    for (size_t i = 0; i < sizeof(FOLDERS) / sizeof(FOLDERS[0]); i++)
        if (str_starts(module, FOLDERS[i])) {
            size_t end = str_find(base, S(".so"), 0);
            return str_copy(arena, end == SIZE_MAX ? base : str_head(base, end));
        }
    return S("");
}
