/* Libraries of Rust that profile from inside the program: whether the project has them. */
#include "runners/tools.h"

#include "base/file.h"
#include "base/path.h"
#include "tests/lib/check.h"

static Str project(Arena *arena, const char *manifest, const char *lock)
{
    Str root = test_temp_dir(arena), member = path_join(arena, root, S("member"));
    Err err = {0};
    assert_ok(file_make_dirs(member, &err), &err);
    if (manifest)
        assert_ok(file_write(path_join(arena, member, S("Cargo.toml")), str_from_c(manifest), &err),
                  &err);
    if (lock)
        assert_ok(file_write(path_join(arena, root, S("Cargo.lock")), str_from_c(lock), &err),
                  &err);
    return member;
}

static Tool look(Arena *arena, Str cwd, const char *name)
{
    return tool_look(arena, str_from_c(name), &(ToolSearch){.cwd = cwd});
}

static void the_lock_of_the_workspace_has_the_version(void **state)
{
    Arena *arena = test_arena(state);
    Str cwd = project(arena, "[package]\nname = \"x\"\n",
                      "version = 4\n[[package]]\nname = \"cfg-if\"\nversion = \"1.0.0\"\n\n"
                      "[[package]]\nname = \"dhat\"\nversion = \"0.3.3\"\n");
    Tool dhat = look(arena, cwd, "dhat-crate"), chrome = look(arena, cwd, "tracing-chrome");
    assert_true(dhat.ready);
    assert_str(dhat.version, S("0.3.3"));
    assert_false(chrome.ready);
    assert_str(chrome.problem, S("tracing-chrome is none of the dependencies in Cargo.toml"));
    assert_str(chrome.mend, S("cargo add tracing tracing-subscriber tracing-chrome"));
    assert_str(look(arena, cwd, "criterion").mend, S("cargo add --dev criterion"));
}

static void a_project_that_was_never_built_has_only_names(void **state)
{
    Arena *arena = test_arena(state);
    Str cwd = project(arena, "[dependencies]\ndhat-like = \"1\"\ntracing-chrome.workspace = true\n",
                      NULL);
    assert_true(look(arena, cwd, "tracing-chrome").ready);
    assert_false(look(arena, cwd, "dhat-crate").ready);
}

static void without_cargo_there_is_nothing_to_add(void **state)
{
    Arena *arena = test_arena(state);
    Tool tool = look(arena, project(arena, NULL, NULL), "dhat-crate");
    assert_false(tool.ready);
    assert_str(tool.problem, S("a library for Rust programs, and here is no Cargo.toml"));
    assert_str(tool.mend, S(""));
}

TEST_MAIN(TEST(the_lock_of_the_workspace_has_the_version),
          TEST(a_project_that_was_never_built_has_only_names),
          TEST(without_cargo_there_is_nothing_to_add))
