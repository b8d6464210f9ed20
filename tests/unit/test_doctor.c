/* What doctor reads from the files of a project. */

#include "runners/profiling/doctor/doctor.h"

#include "runners/profiling/doctor/doctor_parts.h"
#include "tests/lib/check.h"

static Check profile(void **state, const char *manifest, const char *debug, const char *strip)
{
    return cargo_profile_check(test_arena(state), str_from_c(manifest), str_from_c(debug),
                               str_from_c(strip));
}

static void a_release_profile_with_lines_is_fine(void **state)
{
    static const char *const FINE[] = {
        "[profile.release]\ndebug = true\n",
        "[profile.release]\ndebug = 1\n",
        "[profile.release]\ndebug = \"line-tables-only\"\nstrip = false\n",
        "[profile.release]\ndebug = \"full\"\nstrip = \"none\"\n",
    };
    for (size_t i = 0; i < sizeof(FINE) / sizeof(FINE[0]); i++) {
        Check check = profile(state, FINE[i], "", "");
        assert_int_equal(check.state, CHECK_OK);
        assert_str(check.sentence, S("release builds of cargo have lines"));
    }
}

static void a_release_profile_without_lines_is_told(void **state)
{
    static const char *const BARE[] = {
        "",
        "[package]\nname = \"x\"\n",
        "[profile.release]\ndebug = false\n",
        "[profile.release]\ndebug = 0\n",
        "[profile.release]\ndebug = \"none\"\n",
        "[profile.dev]\ndebug = true\n",
        "[profile\ndebug = ",
    };
    for (size_t i = 0; i < sizeof(BARE) / sizeof(BARE[0]); i++) {
        Check check = profile(state, BARE[i], "", "");
        assert_int_equal(check.state, CHECK_NOTE);
        assert_str(check.sentence,
                   S("release builds of cargo have no lines (no debug in [profile.release]); "
                     "perfloop profile has its own built with them"));
        assert_str(check.mend, S("export CARGO_PROFILE_RELEASE_DEBUG=1"));
    }
}

static void a_stripped_release_is_told(void **state)
{
    static const char *const STRIPPED[] = {
        "[profile.release]\ndebug = true\nstrip = true\n",
        "[profile.release]\ndebug = true\nstrip = \"symbols\"\n",
        "[profile.release]\nstrip = \"debuginfo\"\n",
    };
    for (size_t i = 0; i < sizeof(STRIPPED) / sizeof(STRIPPED[0]); i++) {
        Check check = profile(state, STRIPPED[i], "", "");
        assert_int_equal(check.state, CHECK_NOTE);
        assert_str(check.sentence,
                   S("release builds of cargo are stripped (strip in [profile.release]); perfloop "
                     "profile has its own built without that"));
        assert_str(check.mend,
                   S("export CARGO_PROFILE_RELEASE_STRIP=none CARGO_PROFILE_RELEASE_DEBUG=1"));
    }
}

static void the_environment_has_the_last_word(void **state)
{
    assert_int_equal(profile(state, "", "1", "").state, CHECK_OK);
    assert_int_equal(profile(state, "[profile.release]\ndebug = true\n", "0", "").state,
                     CHECK_NOTE);
    assert_int_equal(
        profile(state, "[profile.release]\ndebug = true\nstrip = true\n", "", "none").state,
        CHECK_OK);
    assert_int_equal(profile(state, "[profile.release]\ndebug = true\n", "", "symbols").state,
                     CHECK_NOTE);
}

static void a_crate_is_found_with_the_version_that_was_locked(void **state)
{
    Arena *arena = test_arena(state);
    CargoProject cargo = {
        .present = true,
        .manifest = S("[dependencies]\ndhat = \"0.3\"\n[dev-dependencies]\ncriterion = { version "
                      "= \"0.5\" }\n"),
        .lock = S("version = 4\n\n[[package]]\nname = \"anes\"\nversion = \"0.1.6\"\n\n"
                  "[[package]]\nname = \"criterion\"\nversion = \"0.5.1\"\n"),
    };
    assert_str(cargo_dependency(arena, &cargo, S("criterion")), S("0.5.1"));
    assert_str(cargo_dependency(arena, &cargo, S("dhat")), S("not built yet"));
    assert_str(cargo_dependency(arena, &cargo, S("tracing-chrome")), S(""));
    cargo = (CargoProject){
        .present = true,
        .manifest = S("[workspace]\nmembers = [\"a\"]\n[workspace.dependencies]\ndhat = \"0.3\"\n"),
        .lock = S("[package]\nname = 7\n[[package]\n"),
    };
    assert_str(cargo_dependency(arena, &cargo, S("dhat")), S("not built yet"));
    assert_str(cargo_dependency(arena, &cargo, S("criterion")), S(""));
}

static void the_program_of_a_package_has_its_name(void **state)
{
    Arena *arena = test_arena(state);
    assert_str(cargo_program(arena, S("[package]\nname = \"app\"\n")), S("app"));
    assert_str(cargo_program(arena, S("[package]\nname = \"app\"\n[[bin]]\nname = \"tool\"\n")),
               S("tool"));
    assert_str(cargo_program(arena, S("[package]\nname = \"app\"\n[[bin]]\nname = \"a\"\n[[bin]]\n"
                                      "name = \"b\"\n")),
               S("app"));
    assert_str(cargo_program(arena, S("[workspace]\n")), S(""));
    assert_str(cargo_program(arena, S("[package]\nname = 3\n")), S(""));
}

/* The profilers of the design's table, and of perfloop.toml's completion. */
static void every_profiler_has_a_row(void **state UNUSED)
{
    static const char *const NAMES[] = {
        "py-spy",    "cprofile",  "line_profiler", "tracemalloc",    "memray",
        "viztracer", "perf",      "flamegraph",    "criterion",      "heaptrack",
        "dhat",      "callgrind", "dhat-crate",    "tracing-chrome", "nsys",
        "ncu",       "dmon",      "nvcc",          "pprof",          "hyperfine",
    };
    assert_int_equal(doctor_row_count(), sizeof(NAMES) / sizeof(NAMES[0]));
    for (size_t i = 0; i < doctor_row_count(); i++)
        assert_str(doctor_row_name(i), str_from_c(NAMES[i]));
    for (size_t i = 0; i < tools_count(); i++) {
        bool found = false;
        for (size_t row = 0; row < doctor_row_count(); row++)
            found |= str_eq(doctor_row_name(row), tools_name(i));
        if (!found)
            fail_msg("no row for " STR_FMT, STR_ARG(tools_name(i)));
    }
}

TEST_MAIN(TEST(a_release_profile_with_lines_is_fine), TEST(a_release_profile_without_lines_is_told),
          TEST(a_stripped_release_is_told), TEST(the_environment_has_the_last_word),
          TEST(a_crate_is_found_with_the_version_that_was_locked),
          TEST(the_program_of_a_package_has_its_name), TEST(every_profiler_has_a_row))
