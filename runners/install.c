#include "runners/install.h"

#include <stddef.h>
#include <unistd.h>

#include "base/file.h"
#include "base/path.h"
#include "runners/process.h"

enum {
    OS_RELEASE_BYTES_MAX = 64 * 1024,
};

static const struct {
    Str id;
    InstallSystem system;
} SYSTEMS[] = {
    {STR_CONST("debian"), INSTALL_DEBIAN},      {STR_CONST("ubuntu"), INSTALL_UBUNTU},
    {STR_CONST("fedora"), INSTALL_FEDORA},      {STR_CONST("rhel"), INSTALL_FEDORA},
    {STR_CONST("centos"), INSTALL_FEDORA},      {STR_CONST("amzn"), INSTALL_FEDORA},
    {STR_CONST("arch"), INSTALL_ARCH},          {STR_CONST("opensuse"), INSTALL_SUSE},
    {STR_CONST("suse"), INSTALL_SUSE},          {STR_CONST("sles"), INSTALL_SUSE},
    {STR_CONST("opensuse-leap"), INSTALL_SUSE}, {STR_CONST("opensuse-tumbleweed"), INSTALL_SUSE},
    {STR_CONST("alpine"), INSTALL_ALPINE},
};

static const char *const COMMANDS[] = {
    [INSTALL_UNKNOWN] = NULL,         [INSTALL_DEBIAN] = "apt install",
    [INSTALL_UBUNTU] = "apt install", [INSTALL_FEDORA] = "dnf install",
    [INSTALL_ARCH] = "pacman -S",     [INSTALL_SUSE] = "zypper install",
    [INSTALL_ALPINE] = "apk add",     [INSTALL_BREW] = "brew install",
};

static InstallSystem system_named(Str id)
{
    for (size_t i = 0; i < sizeof(SYSTEMS) / sizeof(SYSTEMS[0]); i++)
        if (str_eq(SYSTEMS[i].id, id))
            return SYSTEMS[i].system;
    return INSTALL_UNKNOWN;
}

/* The value of NAME=value or NAME="value". */
static Str value_of(Str text, Str name)
{
    Str key, value;
    for (Str line; str_next_line(&text, &line);) {
        if (!str_cut(str_trim(line), '=', &key, &value) || !str_eq(key, name))
            continue;
        bool quoted = value.len >= 2 && (value.ptr[0] == '"' || value.ptr[0] == '\'');
        return quoted ? str_head(str_from(value, 1), value.len - 2) : value;
    }
    return (Str){0};
}

InstallSystem install_system(Str os_release)
{
    InstallSystem system = system_named(value_of(os_release, S("ID")));
    Str like = value_of(os_release, S("ID_LIKE")), word;
    while (system == INSTALL_UNKNOWN && like.len) {
        if (!str_cut(like, ' ', &word, &like)) {
            word = like;
            like = (Str){0};
        }
        system = system_named(word);
    }
    return system;
}

InstallSystem install_here(Arena *arena)
{
    Str text, path;
    Err err = {0};
    if (!file_read(arena, S("/etc/os-release"), OS_RELEASE_BYTES_MAX, &text, &err) &&
        !file_read(arena, S("/usr/lib/os-release"), OS_RELEASE_BYTES_MAX, &text, &err))
        text = (Str){0};
    InstallSystem system = install_system(text);
    if (system == INSTALL_UNKNOWN && process_find(arena, S("brew"), (Str){0}, (Str){0}, &path))
        return INSTALL_BREW;
    return system;
}

static const char *name_on(InstallSystem system, const InstallNames *names)
{
    const char *own = NULL;
    if (system == INSTALL_DEBIAN)
        own = names->debian;
    else if (system == INSTALL_UBUNTU)
        own = names->ubuntu ? names->ubuntu : names->debian;
    else if (system == INSTALL_ARCH)
        own = names->arch;
    else if (system == INSTALL_ALPINE)
        own = names->alpine;
    else if (system == INSTALL_BREW)
        own = names->brew;
    return own ? own : names->other;
}

Str install_package_as(Arena *arena, InstallSystem system, const InstallNames *names, bool root)
{
    const char *name = name_on(system, names);
    if (!name || !COMMANDS[system])
        return (Str){0};
    bool plain = root || system == INSTALL_BREW; /* Homebrew refuses root */
    const char *condition = names->non_free && system == INSTALL_DEBIAN
                                ? ", once APT has Debian's component non-free"
                                : "";
    return str_fmt(arena, "%s%s %s%s", plain ? "" : "sudo ", COMMANDS[system], name, condition);
}

Str install_package(Arena *arena, InstallSystem system, const InstallNames *names)
{
    return install_package_as(arena, system, names, geteuid() == 0);
}

Str install_interpreter(Arena *arena)
{
    static const InstallNames PYTHON = {.arch = "python", .brew = "python", .other = "python3"};
    return install_package(arena, install_here(arena), &PYTHON);
}

static Str pip_install(Arena *arena, Str python, const char *package)
{
    return str_fmt(arena, STR_FMT " -m pip install %s", STR_ARG(python), package);
}

static bool in_environment(Arena *arena, Str python)
{
    return file_exists(path_join(arena, path_dir(path_dir(python)), S("pyvenv.cfg")));
}

/* Distributions' own refuse pip (PEP 668). */
static bool is_of_system(Str python)
{
    return str_eq(path_dir(path_dir(python)), S("/usr"));
}

Str install_python(Arena *arena, Str python, Str cwd, const char *package)
{
    static const InstallNames PIPX = {.arch = "python-pipx", .other = "pipx"};
    Str path;
    if (!python.len)
        return install_interpreter(arena);
    if (in_environment(arena, python))
        return pip_install(arena, python, package);
    if (process_find(arena, S("uv"), (Str){0}, cwd, &path))
        return str_fmt(arena, "uv tool install %s", package);
    if (process_find(arena, S("pipx"), (Str){0}, cwd, &path))
        return str_fmt(arena, "pipx install %s", package);
    Str pipx = install_package(arena, install_here(arena), &PIPX);
    if (is_of_system(python) && pipx.len)
        return str_fmt(arena, STR_FMT " && pipx install %s", STR_ARG(pipx), package);
    return pip_install(arena, python, package);
}

Str install_module(Arena *arena, Str python, InstallPip pip, const char *package)
{
    static const InstallNames PIP = {
        .arch = "python-pip", .alpine = "py3-pip", .other = "python3-pip"};
    if (!python.len)
        return install_interpreter(arena);
    Str first = pip.missing ? install_package(arena, install_here(arena), &PIP) : (Str){0};
    return str_fmt(arena, STR_FMT "%s" STR_FMT " -m pip install %s%s", STR_ARG(first),
                   first.len ? " && " : "", STR_ARG(python),
                   pip.refuses ? "--break-system-packages " : "", package);
}
