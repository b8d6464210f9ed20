/* Profilers that are packages of the benchmark's Python: asked for in that Python itself. */

#include "base/strbuf.h"
#include "runners/install.h"
#include "runners/process.h"
#include "runners/pylaunch.h"
#include "runners/tools_look.h"

/*
 * Prints four lines: the interpreter, whether its pip is missing or refuses, the package's version, and what is wrong
 * with it. The current folder is taken off the path first: a workspace must not bring its own "memray".
 */
static const char PROBE[] =
    "import sys\n"
    "sys.path[:] = [folder for folder in sys.path if folder]\n"
    "import importlib, importlib.util, os, sysconfig\n"
    "print(sys.executable)\n"
    "marker = os.path.join(sysconfig.get_path('stdlib'), 'EXTERNALLY-MANAGED')\n"
    "print('' if importlib.util.find_spec('pip') else 'missing', end=' ')\n"
    "print('refuses' if sys.prefix == sys.base_prefix and os.path.exists(marker) else '')\n"
    "name, own = sys.argv[1:]\n"
    "try:\n"
    "    module = importlib.import_module(name)\n"
    "    python = '.'.join(map(str, sys.version_info[:3]))\n"
    "    print(python if own else getattr(module, '__version__', ''))\n"
    "except Exception as error:\n"
    "    absent = isinstance(error, ModuleNotFoundError) and error.name == name\n"
    "    print()\n"
    "    print('' if absent else ' '.join(str(error).split()))\n";

/* The words that start the benchmark's Python, as far as a script. */
static StrList interpreter(Arena *arena, const ToolSearch *search)
{
    PyLaunch launch;
    Err err = {0};
    if (search->benchmark && pylaunch_find(arena, search->benchmark, search->cwd, &launch, &err))
        return launch.before;
    StrList words = {0};
    Str python = pylaunch_python(arena, NULL, search->cwd);
    if (python.len)
        *array_push(arena, &words) = python;
    return words;
}

/* uv makes environments without pip, and has its own. */
static Str mend(Arena *arena, const ToolSearch *search, Str python, Str pip, const char *package)
{
    Str path;
    InstallPip is = {.missing = str_has(pip, S("missing")), .refuses = str_has(pip, S("refuses"))};
    if (is.missing && process_find(arena, S("uv"), (Str){0}, search->cwd, &path))
        return str_fmt(arena, "uv pip install --python " STR_FMT " %s", STR_ARG(python), package);
    return install_module(arena, python, is, package);
}

/* `own`: the module is part of Python. */
static void look(Arena *arena, const ToolSearch *search, Str module, bool own, Tool *tool)
{
    ProcessResult result;
    StrList words = interpreter(arena, search);
    Str python, pip, version, wrong = {0};
    if (words.len == 0) {
        tool->problem = S("there is no Python");
        tool->mend = install_interpreter(arena);
        return;
    }
    const Str probe[] = {S("-c"), str_from_c(PROBE), module, own ? S("own") : S("")};
    for (size_t i = 0; i < sizeof(probe) / sizeof(probe[0]); i++)
        *array_push(arena, &words) = probe[i];
    bool ran = tool_run(arena, search, words.items, words.len, &result);
    Str out = result.out;
    if (!ran || !str_next_line(&out, &python) || !str_next_line(&out, &pip) ||
        !str_next_line(&out, &version)) {
        tool->problem = str_fmt(arena, STR_FMT " does not start", STR_ARG(words.items[0]));
        tool->mend = install_interpreter(arena);
        return;
    }
    str_next_line(&out, &wrong);
    tool->ready = version.len > 0;
    tool->version = version;
    tool->path = python;
    if (tool->ready)
        return;
    tool->problem = str_fmt(arena, STR_FMT "%s" STR_FMT "%s" STR_FMT, STR_ARG(module),
                            wrong.len ? " of " : " is not installed for ", STR_ARG(python),
                            wrong.len ? " does not load: " : "", STR_ARG(wrong));
    const char *package =
        str_cstr(arena, str_fmt(arena, "%s" STR_FMT, wrong.len ? "--force-reinstall " : "",
                                STR_ARG(module)));
    tool->mend = own ? install_interpreter(arena) : mend(arena, search, python, pip, package);
}

void tool_look_cprofile(Arena *arena, const ToolSearch *search, Tool *tool)
{
    look(arena, search, S("cProfile"), true, tool);
}

void tool_look_line_profiler(Arena *arena, const ToolSearch *search, Tool *tool)
{
    look(arena, search, S("line_profiler"), false, tool);
}

void tool_look_tracemalloc(Arena *arena, const ToolSearch *search, Tool *tool)
{
    look(arena, search, S("tracemalloc"), true, tool);
}

void tool_look_memray(Arena *arena, const ToolSearch *search, Tool *tool)
{
    look(arena, search, S("memray"), false, tool);
}

void tool_look_viztracer(Arena *arena, const ToolSearch *search, Tool *tool)
{
    look(arena, search, S("viztracer"), false, tool);
}
