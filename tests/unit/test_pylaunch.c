/* Where a command starts Python. */

#include "runners/pylaunch.h"

#include <sys/stat.h>

#include "base/file.h"
#include "base/path.h"
#include "tests/lib/check.h"

static WorkloadCommand command(Arena *arena, Str text)
{
    WorkloadCommand out = {.text = text};
    assert_true(workload_split(arena, text, &out.argv, &out.argc));
    return out;
}

/* The command with " | " where a module would be put in. */
static Str split_of(Arena *arena, Str text, Str cwd)
{
    PyLaunch launch;
    Err err = {0};
    WorkloadCommand made = command(arena, text);
    if (!pylaunch_find(arena, &made, cwd, &launch, &err))
        return str_from_c(err.msg);
    return str_fmt(arena, STR_FMT " | " STR_FMT,
                   STR_ARG(workload_join(arena, launch.before.items, launch.before.len)),
                   STR_ARG(workload_join(arena, launch.after.items, launch.after.len)));
}

static Str program(Arena *arena, Str folder, Str name, Str text)
{
    Err err = {0};
    Str path = path_join(arena, folder, name);
    assert_ok(file_write(path, text, &err), &err);
    assert_int_equal(chmod(str_cstr(arena, path), 0755), 0);
    return path;
}

static void python_is_found_behind_its_options(void **state)
{
    Arena *arena = test_arena(state);
    Str cwd = test_temp_dir(arena);
    program(arena, cwd, S("python3"), S("#!/bin/sh\n"));
    assert_str(split_of(arena, S("./python3 -m pytest -q"), cwd), S("./python3 | -m pytest -q"));
    assert_str(split_of(arena, S("./python3 -mpytest -q"), cwd), S("./python3 | -m pytest -q"));
    assert_str(split_of(arena, S("./python3 -X dev -O x.py 1"), cwd),
               S("./python3 -X dev -O | x.py 1"));
    assert_str(split_of(arena, S("env A=1 B=2 ./python3 x.py"), cwd),
               S("env A=1 B=2 ./python3 | x.py"));
    assert_str(split_of(arena, S("uv run python x.py"), cwd), S("uv run python | x.py"));
    assert_str(split_of(arena, S("uv run pytest -q"), cwd), S("uv run python | -m pytest -q"));
    assert_str(split_of(arena, S("uv run --frozen --with rich --extra=x python x.py 1"), cwd),
               S("uv run --frozen --with rich --extra=x python | x.py 1"));
    assert_str(split_of(arena, S("uv run bench/x.py 1"), cwd), S("uv run python | bench/x.py 1"));
    assert_str(split_of(arena, S("uv run --with"), cwd),
               S("this command runs no script and no module"));
    assert_str(split_of(arena, S("./python3 -c pass"), cwd),
               S("code given with -c cannot be run under it; put it into a file"));
    assert_str(split_of(arena, S("./python3"), cwd),
               S("this command runs no script and no module"));
    assert_str(split_of(arena, S("uv run"), cwd), S("this command runs no script and no module"));
}

static void a_script_is_run_by_the_python_it_names(void **state)
{
    Arena *arena = test_arena(state);
    Str cwd = test_temp_dir(arena);
    Str script = program(arena, cwd, S("pytest"), S("#!/opt/venv/bin/python3.12\nimport x\n"));
    assert_str(split_of(arena, S("./pytest -q"), cwd),
               str_fmt(arena, "/opt/venv/bin/python3.12 | " STR_FMT " -q", STR_ARG(script)));
    program(arena, cwd, S("tool"), S("#!/usr/bin/env python3\n"));
    assert_str(split_of(arena, S("./tool a"), cwd),
               str_fmt(arena, "/usr/bin/env python3 | " STR_FMT "/tool a", STR_ARG(cwd)));
    program(arena, cwd, S("shim"), S("#!/bin/bash\n"));
    assert_str(split_of(arena, S("./shim a"), cwd), S("'./shim' is not started by Python"));
    program(arena, cwd, S("pytest"), S("#!/bin/bash\n"));
    assert_str(split_of(arena, S("./pytest a"), cwd), S("python | -m pytest a"));
}

static void a_shell_is_not_looked_into(void **state)
{
    Arena *arena = test_arena(state);
    PyLaunch launch;
    Err err = {0};
    WorkloadCommand made = command(arena, S("/bin/sh -c 'python x.py'"));
    made.shell = true;
    assert_false(pylaunch_find(arena, &made, S("/"), &launch, &err));
    assert_int_equal(err.kind, ERR_UNSUPPORTED);
}

TEST_MAIN(TEST(python_is_found_behind_its_options), TEST(a_script_is_run_by_the_python_it_names),
          TEST(a_shell_is_not_looked_into))
