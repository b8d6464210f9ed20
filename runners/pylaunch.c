#include "runners/pylaunch.h"

#include <ctype.h>
#include <stdio.h>

#include "base/path.h"
#include "runners/process.h"

/* "python", "python3", "python3.12", "pypy3" */
static bool is_python(Str word)
{
    Str name = path_base(word);
    if (!str_starts(name, S("python")) && !str_starts(name, S("pypy")))
        return false;
    for (size_t i = str_starts(name, S("python")) ? 6 : 4; i < name.len; i++)
        if (!isdigit((unsigned char)name.ptr[i]) && name.ptr[i] != '.')
            return false;
    return true;
}

/* How many words the options of `uv run` take. */
static size_t uv_options(const Str *argv, size_t argc)
{
    static const Str WITH_WORD[] = {
        STR_CONST("--with"),      STR_CONST("--with-editable"), STR_CONST("--with-requirements"),
        STR_CONST("--extra"),     STR_CONST("--group"),         STR_CONST("--only-group"),
        STR_CONST("--no-group"),  STR_CONST("--python"),        STR_CONST("-p"),
        STR_CONST("--project"),   STR_CONST("--package"),       STR_CONST("--env-file"),
        STR_CONST("--directory"), STR_CONST("--index"),         STR_CONST("--cache-dir"),
    };
    size_t at = 0;
    while (at < argc && str_starts(argv[at], S("-")) && !str_eq(argv[at], S("-m"))) {
        Str option = argv[at++];
        for (size_t i = 0; i < sizeof(WITH_WORD) / sizeof(WITH_WORD[0]); i++)
            if (str_eq(option, WITH_WORD[i]) && at < argc)
                at++;
    }
    return at;
}

/* Words that start the command behind them: how many of argv they take; 0 when it is none. */
static size_t launcher_words(const Str *argv, size_t argc)
{
    static const Str RUNNERS[] = {
        STR_CONST("uv"),  STR_CONST("poetry"), STR_CONST("pdm"),
        STR_CONST("rye"), STR_CONST("hatch"),  STR_CONST("pipenv"),
    };
    Str name = path_base(argv[0]);
    if (str_eq(name, S("env"))) {
        size_t words = 1;
        while (words < argc && !str_starts(argv[words], S("-")) && str_has(argv[words], S("=")))
            words++;
        return words;
    }
    for (size_t i = 0; i < sizeof(RUNNERS) / sizeof(RUNNERS[0]); i++)
        if (str_eq(name, RUNNERS[i]) && argc > 1 && str_eq(argv[1], S("run")))
            return 2 + (i == 0 ? uv_options(argv + 2, argc - 2) : 0);
    return 0;
}

/* What stands behind #! when it is a Python; one or two words ("/usr/bin/env python3"). */
static StrList interpreter_of(Arena *arena, Str script)
{
    char head[256];
    StrList words = {0};
    FILE *file = fopen(str_cstr(arena, script), "re");
    size_t got = file ? fread(head, 1, sizeof(head), file) : 0;
    if (file)
        fclose(file);
    Str text = {head, got}, line, *argv;
    size_t argc;
    if (!str_starts(text, S("#!")) || !str_cut(str_from(text, 2), '\n', &line, &text) ||
        !workload_split(arena, str_copy(arena, str_trim(line)), &argv, &argc))
        return words;
    for (size_t i = 0; i < argc; i++)
        *array_push(arena, &words) = argv[i];
    bool python = argc && (is_python(argv[0]) || (argc > 1 && is_python(argv[1])));
    return python ? words : (StrList){0};
}

static void add(Arena *arena, StrList *list, const Str *words, size_t count)
{
    for (size_t i = 0; i < count; i++)
        *array_push(arena, list) = words[i];
}

/* python OPTIONS (-m MODULE | SCRIPT) ARGUMENTS, from argv[0]. */
static bool split_python(Arena *arena, const Str *argv, size_t argc, PyLaunch *out, Err *err)
{
    size_t at = 1;
    while (at < argc && argv[at].len > 1 && argv[at].ptr[0] == '-' && argv[at].ptr[1] != 'm') {
        if (argv[at].ptr[1] == 'c')
            return err_set(err, ERR_UNSUPPORTED,
                           "code given with -c cannot be run under it; put it "
                           "into a file");
        bool takes_word = str_eq(argv[at], S("-X")) || str_eq(argv[at], S("-W"));
        at += takes_word ? 2 : 1;
    }
    if (at >= argc || str_eq(argv[at], S("-")))
        return err_set(err, ERR_UNSUPPORTED, "this command runs no script and no module");
    add(arena, &out->before, argv, at);
    if (str_starts(argv[at], S("-m")) && argv[at].len > 2) { /* -mpytest */
        add(arena, &out->after, (const Str[]){S("-m"), str_from(argv[at], 2)}, 2);
        at++;
    }
    add(arena, &out->after, argv + at, argc - at);
    return true;
}

/* A script such as pytest: run by the interpreter it names, as a file. */
static bool split_script(Arena *arena, const Str *argv, size_t argc, bool found_by_launcher,
                         Str cwd, PyLaunch *out, Err *err)
{
    Str path;
    StrList words = {0};
    bool pytest =
        str_eq(path_base(argv[0]), S("pytest")) || str_eq(path_base(argv[0]), S("py.test"));
    if (!found_by_launcher && process_find(arena, argv[0], (Str){0}, cwd, &path)) {
        words = interpreter_of(arena, path);
        *array_push(arena, &out->after) = path;
    }
    if (words.len) {
        add(arena, &out->before, words.items, words.len);
        out->python = words.items[0];
    } else if (pytest) {
        out->after.len = 0;
        *array_push(arena, &out->before) = S("python");
        add(arena, &out->after, (const Str[]){S("-m"), S("pytest")}, 2);
    } else if (found_by_launcher && str_ends(argv[0], S(".py"))) { /* uv run x.py */
        *array_push(arena, &out->before) = S("python");
        *array_push(arena, &out->after) = argv[0];
    } else {
        return err_set(err, ERR_UNSUPPORTED, "'" STR_FMT "' is not started by Python",
                       STR_ARG(argv[0]));
    }
    add(arena, &out->after, argv + 1, argc - 1);
    return true;
}

bool pylaunch_find(Arena *arena, const WorkloadCommand *command, Str cwd, PyLaunch *out, Err *err)
{
    PyLaunch launch = {0};
    const Str *argv = command->argv;
    size_t argc = command->argc, words;
    bool launched = false;
    if (command->shell || argc == 0)
        return err_set(err, ERR_UNSUPPORTED, "a command that a shell runs cannot be looked into");
    while (argc && (words = launcher_words(argv, argc)) > 0) {
        add(arena, &launch.before, argv, words);
        launched |= !str_eq(path_base(argv[0]), S("env"));
        argv += words;
        argc -= words;
    }
    if (argc == 0)
        return err_set(err, ERR_UNSUPPORTED, "this command runs no script and no module");
    bool ok = is_python(argv[0]) ? split_python(arena, argv, argc, &launch, err)
                                 : split_script(arena, argv, argc, launched, cwd, &launch, err);
    if (ok && is_python(argv[0]) && !launched)
        ok = process_find(arena, argv[0], (Str){0}, cwd, &launch.python) ||
             err_set(err, ERR_NOT_FOUND, "no program '" STR_FMT "'", STR_ARG(argv[0]));
    if (ok)
        *out = launch;
    return ok;
}

Str pylaunch_python(Arena *arena, const WorkloadCommand *command, Str cwd)
{
    PyLaunch launch;
    Err err = {0};
    Str path = {0};
    if (command && pylaunch_find(arena, command, cwd, &launch, &err) && launch.python.len &&
        !str_eq(path_base(launch.python), S("env")))
        return launch.python;
    if (process_find(arena, S("python3"), (Str){0}, cwd, &path) ||
        process_find(arena, S("python"), (Str){0}, cwd, &path))
        return path;
    return (Str){0};
}
