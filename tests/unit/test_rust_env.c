/* Which of cargo's four places gets our flags; the precedence is the Cargo Book's (build.rustflags). */

#include "runners/profiling/capture/rust_env.h"

#include <stdlib.h>

#include "base/file.h"
#include "base/path.h"
#include "tests/lib/check.h"

static Workload cargo_workload(Arena *arena, const char *words)
{
    Workload workload = {0};
    assert_true(workload_split(arena, str_from_c(words), &workload.benchmark.argv,
                               &workload.benchmark.argc));
    return workload;
}

static bool has(const StrList *env, const char *setting)
{
    array_each (const Str, one, env)
        if (str_eq(*one, str_from_c(setting)))
            return true;
    return false;
}

static Places clean_place(Arena *arena)
{
    Places places = {.root = test_temp_dir(arena)};
    unsetenv("RUSTFLAGS");
    unsetenv("CARGO_ENCODED_RUSTFLAGS");
    unsetenv("CARGO_BUILD_RUSTFLAGS");
    unsetenv("CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_RUSTFLAGS");
    setenv("CARGO_HOME", str_cstr(arena, path_join(arena, places.root, S("home"))), 1);
    return places;
}

static void lines_are_kept_in_every_profile_of_the_command(void **state)
{
    Arena *arena = test_arena(state);
    Places places = clean_place(arena);
    Workload workload = cargo_workload(arena, "cargo run --profile with-lto -- --profile mine");
    StrList env = rust_env(arena, &places, &workload);
    assert_true(has(&env, "CARGO_PROFILE_RELEASE_DEBUG=1"));
    assert_true(has(&env, "CARGO_PROFILE_RELEASE_STRIP=none"));
    assert_true(has(&env, "CARGO_PROFILE_BENCH_DEBUG=1"));
    assert_true(has(&env, "CARGO_PROFILE_WITH_LTO_DEBUG=1"));
    assert_false(has(&env, "CARGO_PROFILE_MINE_DEBUG=1"));
}

static void flags_are_added_where_the_users_are(void **state)
{
    Arena *arena = test_arena(state);
    Places places = clean_place(arena);
    Workload workload = cargo_workload(arena, "cargo bench");
    StrList env = rust_env(arena, &places, &workload);
    assert_true(has(&env, "CARGO_BUILD_RUSTFLAGS=-C force-frame-pointers=yes"));
    setenv("CARGO_BUILD_RUSTFLAGS", "-C target-cpu=native", 1);
    env = rust_env(arena, &places, &workload);
    assert_true(
        has(&env, "CARGO_BUILD_RUSTFLAGS=-C target-cpu=native -C force-frame-pointers=yes"));
    setenv("RUSTFLAGS", "-C opt-level=2", 1);
    env = rust_env(arena, &places, &workload);
    assert_true(has(&env, "RUSTFLAGS=-C opt-level=2 -C force-frame-pointers=yes"));
    setenv("CARGO_ENCODED_RUSTFLAGS", "-Copt-level=2\x1f-Ccodegen-units=1", 1);
    env = rust_env(arena, &places, &workload);
    assert_true(has(&env, "CARGO_ENCODED_RUSTFLAGS=-Copt-level=2\x1f-Ccodegen-units=1\x1f"
                          "-Cforce-frame-pointers=yes"));
    clean_place(arena);
}

/* Flags of a target take the place of build.rustflags, so ours must be a target's too. */
static void flags_of_a_target_stay(void **state)
{
    Arena *arena = test_arena(state);
    Places places = clean_place(arena);
    Err err = {0};
    Str folder = path_join(arena, places.root, S(".cargo"));
    assert_ok(file_make_dirs(folder, &err), &err);
    assert_ok(file_write(path_join(arena, folder, S("config.toml")),
                         S("[target.'cfg(unix)']\nrustflags = [\"-C\", \"target-cpu=native\"]\n"),
                         &err),
              &err);
    Workload workload =
        cargo_workload(arena, "cargo bench --target=aarch64-unknown-linux-gnu --bench x");
    StrList env = rust_env(arena, &places, &workload);
    assert_true(has(&env, "CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_RUSTFLAGS="
                          "-C force-frame-pointers=yes"));
    clean_place(arena);
}

TEST_MAIN(TEST(lines_are_kept_in_every_profile_of_the_command),
          TEST(flags_are_added_where_the_users_are), TEST(flags_of_a_target_stay))
