/* os-release texts as the distributions ship them, shortened. */

#include "base/file.h"
#include "base/path.h"
#include "runners/install.h"
#include "tests/lib/check.h"

static const InstallNames PERF = {
    .debian = "linux-perf", .ubuntu = "linux-tools-generic", .other = "perf"};
static const InstallNames DEBIAN_ONLY = {.debian = "nsight-compute", .non_free = true};

static void a_system_is_known_by_its_id(void **state UNUSED)
{
    assert_int_equal(install_system(S("PRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\n"
                                      "VERSION_ID=\"12\"\nID=debian\n")),
                     INSTALL_DEBIAN);
    assert_int_equal(install_system(S("ID=ubuntu\nID_LIKE=debian\n")), INSTALL_UBUNTU);
    assert_int_equal(install_system(S("NAME=\"Fedora Linux\"\nID=fedora\n")), INSTALL_FEDORA);
    assert_int_equal(install_system(S("ID='arch'\n")), INSTALL_ARCH);
    assert_int_equal(install_system(S("ID=alpine")), INSTALL_ALPINE);
}

static void a_relative_is_known_by_what_it_is_like(void **state UNUSED)
{
    assert_int_equal(install_system(S("ID=linuxmint\nID_LIKE=\"ubuntu debian\"\n")),
                     INSTALL_UBUNTU);
    assert_int_equal(install_system(S("ID=\"rocky\"\nID_LIKE=\"rhel centos fedora\"\n")),
                     INSTALL_FEDORA);
    assert_int_equal(install_system(S("ID=manjaro\nID_LIKE=arch\n")), INSTALL_ARCH);
    assert_int_equal(install_system(S("ID=\"opensuse-tumbleweed\"\nID_LIKE=\"opensuse suse\"\n")),
                     INSTALL_SUSE);
    assert_int_equal(install_system(S("ID=nixos\n")), INSTALL_UNKNOWN);
    assert_int_equal(install_system(S("ID=\"\nID_LIKE=\"")), INSTALL_UNKNOWN);
    assert_int_equal(install_system(S("")), INSTALL_UNKNOWN);
}

static void each_system_has_its_command_and_its_name(void **state)
{
    Arena *arena = test_arena(state);
    assert_str(install_package_as(arena, INSTALL_DEBIAN, &PERF, false),
               S("sudo apt install linux-perf"));
    assert_str(install_package_as(arena, INSTALL_DEBIAN, &PERF, true), S("apt install linux-perf"));
    assert_str(install_package_as(arena, INSTALL_UBUNTU, &PERF, false),
               S("sudo apt install linux-tools-generic"));
    assert_str(install_package_as(arena, INSTALL_FEDORA, &PERF, false), S("sudo dnf install perf"));
    assert_str(install_package_as(arena, INSTALL_ARCH, &PERF, false), S("sudo pacman -S perf"));
    assert_str(install_package_as(arena, INSTALL_SUSE, &PERF, false),
               S("sudo zypper install perf"));
    assert_str(install_package_as(arena, INSTALL_ALPINE, &PERF, false), S("sudo apk add perf"));
    assert_str(install_package_as(arena, INSTALL_BREW, &PERF, false), S("brew install perf"));
}

static void what_a_system_does_not_have_has_no_command(void **state)
{
    Arena *arena = test_arena(state);
    assert_str(install_package_as(arena, INSTALL_FEDORA, &DEBIAN_ONLY, false), S(""));
    assert_str(install_package_as(arena, INSTALL_UNKNOWN, &PERF, false), S(""));
    assert_str(install_package_as(arena, INSTALL_UBUNTU, &DEBIAN_ONLY, false),
               S("sudo apt install nsight-compute"));
    assert_str(install_package_as(arena, INSTALL_DEBIAN, &DEBIAN_ONLY, true),
               S("apt install nsight-compute, once APT has Debian's component non-free"));
}

static void a_virtual_environment_gets_its_own_package(void **state)
{
    Arena *arena = test_arena(state);
    Err err = {0};
    Str dir = test_temp_dir(arena), python = path_join(arena, dir, S("bin/python"));
    assert_ok(file_write(path_join(arena, dir, S("pyvenv.cfg")), S("home = /usr/bin\n"), &err),
              &err);
    Str want = str_fmt(arena, STR_FMT " -m pip install memray", STR_ARG(python));
    assert_str(install_python(arena, python, dir, "memray"), want);
}

static void a_module_goes_where_its_python_looks(void **state)
{
    Arena *arena = test_arena(state);
    Str python = S("/usr/bin/python3");
    assert_str(install_module(arena, python, (InstallPip){0}, "memray"),
               S("/usr/bin/python3 -m pip install memray"));
    assert_str(install_module(arena, python, (InstallPip){.refuses = true}, "memray"),
               S("/usr/bin/python3 -m pip install --break-system-packages memray"));
    Str without_pip = install_module(arena, python, (InstallPip){.missing = true}, "memray");
    assert_true(str_ends(without_pip, S("/usr/bin/python3 -m pip install memray")));
    if (install_here(arena) == INSTALL_DEBIAN)
        assert_has(without_pip, S("apt install python3-pip && "));
}

TEST_MAIN(TEST(a_system_is_known_by_its_id), TEST(a_relative_is_known_by_what_it_is_like),
          TEST(each_system_has_its_command_and_its_name),
          TEST(what_a_system_does_not_have_has_no_command),
          TEST(a_virtual_environment_gets_its_own_package),
          TEST(a_module_goes_where_its_python_looks))
