#include "runners/measure/loaded.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/map.h"
#include "base/path.h"
#include "runners/measure/loaded_py.h"

enum {
    LISTS_MAX = 2000, /* processes of one run whose lists are read */
    LIST_LIMIT = 8 * 1024 * 1024,
};

bool loaded_prepare(Arena *arena, Str folder, LoadedEnv *env, Err *err)
{
    Str python = path_join(arena, folder, S("python"));
    if (!file_make_dirs(python, err) ||
        !file_write(path_join(arena, python, S("sitecustomize.py")), str_from_c(LOADED_PY), err))
        return false;
    Str path = str_from_c(getenv("PYTHONPATH"));
    *array_push(arena, env) = str_fmt(arena, "PYTHONPATH=" STR_FMT "%s" STR_FMT, STR_ARG(python),
                                      path.len ? ":" : "", STR_ARG(path));
    *array_push(arena, env) = S("PYTHONDONTWRITEBYTECODE");
    *array_push(arena, env) = str_fmt(arena, "PERFLOOP_LOADED=" STR_FMT, STR_ARG(folder));
    *array_push(arena, env) = S("LD_DEBUG=files");
    *array_push(arena, env) = str_fmt(arena, "LD_DEBUG_OUTPUT=" STR_FMT "/native", STR_ARG(folder));
    return true;
}

/* Lines "module<tab>file"; the module "!" stands for a folder of the standard library. */
static void read_python(Arena *arena, Str text, Loaded *out)
{
    for (Str line, module, path; str_next_line(&text, &line);) {
        if (!str_cut(line, '\t', &module, &path))
            continue;
        if (str_eq(module, S("!")))
            *array_push(arena, &out->standard) = path;
        else
            *array_push(arena, &out->files) = (LoadedFile){.path = path, .module = module};
    }
}

/* "     31595:<tab>calling init: /lib/libc.so.6", and "transferring control: ./program" */
static void read_native(Arena *arena, Str text, Loaded *out)
{
    static const Str MARKS[] = {STR_CONST("calling init: "), STR_CONST("transferring control: ")};
    for (Str line; str_next_line(&text, &line);) {
        for (size_t i = 0; i < 2; i++) {
            size_t at = str_find(line, MARKS[i], 0);
            if (at == SIZE_MAX)
                continue;
            Str path = str_trim(str_from(line, at + MARKS[i].len));
            if (path_is_absolute(path))
                *array_push(arena, &out->files) = (LoadedFile){.path = path_normal(arena, path)};
        }
    }
}

static void close_dir(DIR **dir)
{
    if (*dir)
        closedir(*dir);
}

bool loaded_read(Arena *arena, Str folder, Loaded *out, Err *err)
{
    CLEANUP(close_dir) DIR *dir = opendir(str_cstr(arena, folder));
    if (!dir)
        return err_set(err, ERR_IO, "cannot list " STR_FMT ": %s", STR_ARG(folder),
                       strerror(errno));
    size_t lists = 0;
    for (struct dirent *entry; (entry = readdir(dir)) && lists < LISTS_MAX;) {
        Str name = str_copy(arena, str_from_c(entry->d_name));
        bool python = str_starts(name, S("python."));
        Str text;
        if (!python && !str_starts(name, S("native.")))
            continue;
        lists++;
        if (!file_read(arena, path_join(arena, folder, name), LIST_LIMIT, &text, err))
            return false;
        if (python)
            read_python(arena, text, out);
        else
            read_native(arena, text, out);
    }
    return true;
}

/* ---------------------------------------------------------------- from where */

static bool is_inside(Str folder, Str path, Str *rest)
{
    return folder.len && path_inside(folder, path, rest);
}

static bool is_standard(const Loaded *loaded, Str path)
{
    Str rest;
    array_each (Str, folder, &loaded->standard)
        if (is_inside(*folder, path, &rest) && !str_starts(rest, S("site-packages")) &&
            !str_starts(rest, S("dist-packages")))
            return true;
    return false;
}

/* The folder of the tree, "." or "src", that holds the package or module; empty when none does. */
static Str home_in_tree(Arena *arena, Str dir, Str top)
{
    static const Str FOLDERS[] = {STR_CONST("."), STR_CONST("src")};
    for (size_t i = 0; i < sizeof(FOLDERS) / sizeof(FOLDERS[0]); i++) {
        Str base = path_join(arena, dir, FOLDERS[i]);
        if (file_exists(str_fmt(arena, STR_FMT "/" STR_FMT ".py", STR_ARG(base), STR_ARG(top))) ||
            file_exists(
                str_fmt(arena, STR_FMT "/" STR_FMT "/__init__.py", STR_ARG(base), STR_ARG(top))))
            return FOLDERS[i];
    }
    return (Str){0};
}

/* Names that many trees and badly packed distributions have, and that say nothing. */
static bool is_common_name(Str top)
{
    static const Str NAMES[] = {
        STR_CONST("tests"),    STR_CONST("test"),          STR_CONST("docs"),
        STR_CONST("examples"), STR_CONST("scripts"),       STR_CONST("tools"),
        STR_CONST("setup"),    STR_CONST("conftest"),      STR_CONST("benchmarks"),
        STR_CONST("__main__"), STR_CONST("sitecustomize"), STR_CONST("usercustomize")};
    for (size_t i = 0; i < sizeof(NAMES) / sizeof(NAMES[0]); i++)
        if (str_eq(NAMES[i], top))
            return true;
    return false;
}

static bool refuse_module(Arena *arena, const LoadedWhere *where, const LoadedFile *file, Str top,
                          Err *err)
{
    Str home = home_in_tree(arena, where->dir, top);
    if (!home.len)
        home = S(".");
    return err_set(
        err, ERR_CONFLICT,
        "the " STR_FMT " imported " STR_FMT " from " STR_FMT
        " instead of its own tree, so both sides would run the same code (installed in "
        "place?); let the benchmark find it by path, benchmark = \"env PYTHONPATH=" STR_FMT
        " ...\", or run: pip uninstall " STR_FMT,
        STR_ARG(where->side), STR_ARG(file->module), STR_ARG(file->path), STR_ARG(home),
        STR_ARG(top));
}

static bool refuse_native(const LoadedWhere *where, Str path, Str relative, Err *err)
{
    return err_set(err, ERR_CONFLICT,
                   "the " STR_FMT " ran " STR_FMT
                   " instead of its own tree's, so both sides would run the same code; name it "
                   "relative to the workspace (" STR_FMT
                   ") in the benchmark, the library path or the build",
                   STR_ARG(where->side), STR_ARG(path), STR_ARG(relative));
}

/*
 * A path of another tree of the project: the other side's, another frozen tree beside it, or the
 * user's work tree. What the work tree alone has (an ignored .venv, say) is a dependency of both.
 */
static bool is_of_another_tree(Arena *arena, const LoadedWhere *where, Str path, Str *relative)
{
    if (is_inside(where->other, path, relative))
        return true;
    Str sibling, below;
    if (is_inside(path_dir(where->dir), path, relative) &&
        str_cut(*relative, '/', &sibling, &below) &&
        file_exists(path_join(arena, where->dir, below)) &&
        sibling.len == path_base(where->dir).len)
        return true;
    return is_inside(where->root, path, relative) &&
           file_exists(path_join(arena, where->dir, *relative));
}

static bool check_file(Arena *arena, const Loaded *loaded, const LoadedWhere *where,
                       const LoadedFile *file, Err *err)
{
    Str relative, top, rest;
    if (is_inside(where->dir, file->path, &relative))
        return true;
    if (!str_cut(file->module, '.', &top, &rest))
        top = file->module;
    if (is_of_another_tree(arena, where, file->path, &relative))
        return file->module.len ? refuse_module(arena, where, file, top, err)
                                : refuse_native(where, file->path, relative, err);
    if (!file->module.len || is_common_name(top) || is_standard(loaded, file->path))
        return true;
    return !home_in_tree(arena, where->dir, top).len || refuse_module(arena, where, file, top, err);
}

bool loaded_check(Arena *arena, const Loaded *loaded, const LoadedWhere *where, Err *err)
{
    Str relative;
    for (size_t i = 0; i < where->argc; i++) {
        Str word = where->argv[i];
        if (path_is_absolute(word) && !is_inside(where->dir, word, &relative) &&
            is_of_another_tree(arena, where, path_normal(arena, word), &relative))
            return refuse_native(where, word, relative, err);
    }
    Map *seen = map_new(arena);
    array_each (LoadedFile, file, &loaded->files) {
        if (map_has(seen, file->path))
            continue;
        map_put(seen, file->path, file);
        if (!check_file(arena, loaded, where, file, err))
            return false;
    }
    return true;
}

static int by_text(const void *left, const void *right)
{
    return str_cmp(*(const Str *)left, *(const Str *)right);
}

Digest loaded_libraries(Arena *arena, const Loaded *loaded, Str dir, Str built)
{
    Map *seen = map_new(arena);
    Array(Str) lines = {0};
    Str relative;
    array_each (LoadedFile, file, &loaded->files) {
        int64_t changed;
        uint64_t bytes;
        if (is_inside(dir, file->path, &relative) || is_inside(built, file->path, &relative) ||
            map_has(seen, file->path) || !file_stat(file->path, &changed, &bytes))
            continue;
        map_put(seen, file->path, file);
        *array_push(arena, &lines) = str_fmt(arena, STR_FMT " %lld %llu", STR_ARG(file->path),
                                             (long long)changed, (unsigned long long)bytes);
    }
    if (lines.len)
        qsort(lines.items, lines.len, sizeof(Str), by_text);
    Digester *digester = digester_new(arena);
    array_each (Str, line, &lines)
        digester_add(digester, *line);
    return lines.len ? digester_done(digester) : (Digest){0};
}

bool loaded_has(const Loaded *loaded, Str name)
{
    array_each (LoadedFile, file, &loaded->files)
        if (str_starts(path_base(file->path), name))
            return true;
    return false;
}
