/*
 * Install: the one command that installs what is missing on this machine.
 *
 *     install_package(arena, install_here(arena), &(InstallNames){.debian = "linux-perf",
 *                                                                 .other = "perf"})
 *         "sudo apt install linux-perf"       on Debian
 *         "sudo dnf install perf"             on Fedora
 *     install_python(arena, S("/w/.venv/bin/python"), root, "memray")
 *         "/w/.venv/bin/python -m pip install memray"
 *
 * Commands are for a person to read and type; perfloop runs none of them.
 */
#ifndef RUNNERS_INSTALL_H
#define RUNNERS_INSTALL_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/str.h"

typedef enum InstallSystem {
    INSTALL_UNKNOWN,
    INSTALL_DEBIAN,
    INSTALL_UBUNTU,
    INSTALL_FEDORA,
    INSTALL_ARCH,
    INSTALL_SUSE,
    INSTALL_ALPINE,
    INSTALL_BREW, /* no distribution that we know, but Homebrew */
} InstallSystem;

/* The name of a package; `other` where a system has none of its own, NULL: there is no package. */
typedef struct InstallNames {
    const char *debian;
    const char *ubuntu;
    const char *arch;
    const char *alpine;
    const char *brew;
    const char *other;
    bool non_free; /* Debian keeps it in a component that APT is not told of at first */
} InstallNames;

/* From the text of os-release(5): ID, then ID_LIKE. */
InstallSystem install_system(Str os_release);
/* Of this machine. */
InstallSystem install_here(Arena *arena);

/* Empty when the system has no such package or is not known. */
Str install_package(Arena *arena, InstallSystem system, const InstallNames *names);
/* The same for another user than the one who runs us. */
Str install_package_as(Arena *arena, InstallSystem system, const InstallNames *names, bool root);

/* A Python interpreter. */
Str install_interpreter(Arena *arena);
/*
 * A program written in Python (py-spy): into the virtual environment of `python` when that is one;
 * else for the user, by uv or pipx.
 */
Str install_python(Arena *arena, Str python, Str cwd, const char *package);
typedef struct InstallPip {
    bool missing; /* this Python has no pip */
    bool refuses; /* it is a distribution's, whose pip installs only when told to (PEP 668) */
} InstallPip;

/* A package that `python` itself must import (memray): the benchmark runs in no other environment. */
Str install_module(Arena *arena, Str python, InstallPip pip, const char *package);

#endif
