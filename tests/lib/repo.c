#include "tests/lib/repo.h"

#include <stdlib.h>

#include "base/path.h"
#include "runners/process.h"
#include "tests/lib/check.h"

Str test_sh(Arena *arena, Str dir, const char *script)
{
    static const Str ENV[] = {
        STR_CONST("GIT_CONFIG_GLOBAL=/dev/null"),
        STR_CONST("GIT_CONFIG_SYSTEM=/dev/null"),
        STR_CONST("LC_ALL=C"),
    };
    Str argv[] = {S("sh"), S("-euc"), str_from_c(script)};
    ProcessOptions options = {.argv = argv, .argc = 3, .cwd = dir, .env = ENV, .env_count = 3};
    ProcessResult result;
    Err err = {0};
    assert_ok(process_run(arena, &options, &result, &err), &err);
    if (result.status != 0)
        print_error("%s\n" STR_FMT STR_FMT, script, STR_ARG(result.out), STR_ARG(result.errors));
    assert_int_equal(result.status, 0);
    return result.out;
}

Str test_repo(Arena *arena)
{
    setenv("GIT_CONFIG_GLOBAL", "/dev/null", 1);
    setenv("GIT_CONFIG_SYSTEM", "/dev/null", 1);
    Str top = test_temp_dir(arena);
    test_sh(arena, top,
            "git init -q -b main && git config user.name Tester && "
            "git config user.email tester@example.invalid && git config commit.gpgsign false");
    return top;
}

Places test_places(Arena *arena, Str dir)
{
    Places places;
    Err err = {0};
    assert_ok(places_find(arena, dir, &places, &err), &err);
    places.cache = path_join(arena, dir, S(".git/test-cache"));
    places.user_state = path_join(arena, dir, S(".git/test-state"));
    return places;
}
