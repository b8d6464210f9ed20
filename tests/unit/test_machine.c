/*
 * What /proc and /sys said on the machines named, shortened; and what follows from it.
 * CapEff of a Docker container without options is 00000000a80425fb, of a user's process 0.
 */

#include "runners/machine.h"

#include <errno.h>

#include "base/file.h"
#include "base/path.h"
#include "tests/lib/check.h"

static const uint64_t DOCKER_CAPS = 0xa80425fb, ALL_CAPS = 0x1ffffffffff;

static void put(Arena *arena, Str root, const char *path, const char *text)
{
    Err err = {0};
    Str full = path_join(arena, root, str_from_c(path));
    assert_ok(file_make_dirs(path_dir(full), &err), &err);
    assert_ok(file_write(full, str_from_c(text), &err), &err);
}

static Machine read(Arena *arena, Str root)
{
    return machine_read(arena, &(MachineOptions){.system_root = root});
}

static const Check *check(Arena *arena, const Machine *machine, const char *name)
{
    MachineChecks *checks = NEW(arena, MachineChecks);
    *checks = machine_checks(arena, machine);
    const Check *found = machine_check(checks, str_from_c(name));
    assert_non_null(found);
    return found;
}

static void expect(const Check *check, CheckState state, const char *sentence, const char *mend)
{
    assert_str(check->sentence, str_from_c(sentence));
    assert_str(check->mend, str_from_c(mend));
    assert_str(check_state_name(check->state), check_state_name(state));
}

static void a_laptop_with_ubuntu_is_read(void **state)
{
    Arena *arena = test_arena(state);
    Str root = test_temp_dir(arena);
    put(arena, root, "proc/sys/kernel/yama/ptrace_scope", "1\n");
    put(arena, root, "proc/sys/kernel/perf_event_paranoid", "4\n");
    put(arena, root, "proc/sys/kernel/kptr_restrict", "1\n");
    put(arena, root, "proc/self/status", "Name:\tx\nCapEff:\t0000000000000000\nSeccomp:\t0\n");
    put(arena, root, "proc/1/cgroup", "0::/init.scope\n");
    put(arena, root, "sys/devices/system/cpu/cpu0/cpufreq/scaling_governor", "powersave\n");
    put(arena, root, "sys/devices/system/cpu/intel_pstate/no_turbo", "0\n");
    Machine machine = read(arena, root);
    machine.root = false;
    expect(check(arena, &machine, "ptrace"), CHECK_OK,
           "profilers may look into the processes they start (ptrace_scope is 1)", "");
    expect(check(arena, &machine, "sampling"), CHECK_BLOCKED,
           "perf may not sample: perf_event_paranoid is 4",
           "sudo sysctl kernel.perf_event_paranoid=2");
    expect(check(arena, &machine, "kernel"), CHECK_NOTE,
           "functions of the kernel have no names: kptr_restrict is 1",
           "sudo sysctl kernel.kptr_restrict=0");
    expect(check(arena, &machine, "container"), CHECK_OK, "this is no container", "");
    expect(check(arena, &machine, "clock"), CHECK_NOTE,
           "governor powersave, turbo on: times vary with the load",
           "echo performance | sudo tee /sys/devices/system/cpu/cpu*/cpufreq/scaling_governor");
    machine.caps = ALL_CAPS;
    machine.root = true;
    expect(check(arena, &machine, "sampling"), CHECK_OK,
           "perf may sample programs and the kernel (perf_event_paranoid is 4)", "");
    expect(check(arena, &machine, "kernel"), CHECK_OK, "functions of the kernel have their names",
           "");
}

static void a_scope_of_two_and_three_is_told_with_its_way_out(void **state)
{
    Arena *arena = test_arena(state);
    Machine machine = {.ptrace_scope = 2, .perf_paranoid = 2, .ptrace_errno = EPERM};
    expect(check(arena, &machine, "ptrace"), CHECK_BLOCKED,
           "no process may look into another one: ptrace_scope is 2",
           "sudo sysctl kernel.yama.ptrace_scope=1");
    machine.ptrace_scope = 3;
    machine.caps = ALL_CAPS;
    expect(check(arena, &machine, "ptrace"), CHECK_BLOCKED,
           "no process may look into another one: ptrace_scope is 3",
           "echo kernel.yama.ptrace_scope=1 | sudo tee /etc/sysctl.d/10-ptrace.conf, then start "
           "the machine anew");
    machine.ptrace_scope = 2;
    machine.ptrace_errno = 0;
    expect(check(arena, &machine, "ptrace"), CHECK_OK,
           "profilers may look into the processes they start (ptrace_scope is 2)", "");
}

static void a_container_is_known_by_its_signs(void **state)
{
    static const struct {
        const char *path, *text, *container;
    } SIGNS[] = {
        {".dockerenv", "", "Docker"},
        {"run/.containerenv", "engine=\"podman-4.3.1\"\n", "Podman"},
        {"proc/1/cgroup", "12:pids:/docker/4f1d0c\n", "Docker"},
        {"proc/1/cgroup", "0::/system.slice/docker-4f1d0c.scope\n", "Docker"},
        {"proc/1/cgroup", "11:cpu:/kubepods/besteffort/pod12/4f1d\n", "Kubernetes"},
        {"proc/1/cgroup", "0::/machine.slice/libpod-4f1d0c.scope\n", "Podman"},
        {"proc/1/cgroup", "0::/lxc.payload.web/init.scope\n", "LXC"},
        {"proc/self/mountinfo",
         "633 624 8:1 /var/lib/kubelet/pods/12/etc-hosts /etc/hosts rw - ext4 /dev/sda1 rw\n",
         "Kubernetes"},
        {"proc/1/cgroup", "0::/\n", ""},
    };
    Arena *arena = test_arena(state);
    for (size_t i = 0; i < sizeof(SIGNS) / sizeof(SIGNS[0]); i++) {
        Str root = test_temp_dir(arena);
        put(arena, root, SIGNS[i].path, SIGNS[i].text);
        assert_str(read(arena, root).container, str_from_c(SIGNS[i].container));
    }
}

static void a_container_is_given_what_it_lacks_by_who_starts_it(void **state)
{
    Arena *arena = test_arena(state);
    Machine machine = {.ptrace_scope = 1,
                       .perf_paranoid = 2,
                       .caps = DOCKER_CAPS,
                       .seccomp = 2,
                       .container = S("Docker"),
                       .ptrace_errno = EPERM,
                       .sampling_errno = EPERM,
                       .counter_errno = EPERM};
    expect(check(arena, &machine, "ptrace"), CHECK_BLOCKED,
           "this container (Docker) forbids ptrace: it lacks CAP_SYS_PTRACE",
           "docker run --cap-add SYS_PTRACE ...");
    expect(check(arena, &machine, "sampling"), CHECK_BLOCKED,
           "this container (Docker) forbids perf_event_open: it lacks CAP_PERFMON",
           "docker run --cap-add PERFMON --security-opt seccomp=unconfined ...");
    expect(check(arena, &machine, "counters"), CHECK_NOTE,
           "hardware counters may not be used: see sampling", "");
    expect(check(arena, &machine, "container"), CHECK_NOTE,
           "this is a container (Docker) without CAP_SYS_PTRACE and CAP_PERFMON, under a seccomp "
           "filter",
           "");
    machine.container = S("Podman");
    assert_str(check(arena, &machine, "ptrace")->mend, S("podman run --cap-add SYS_PTRACE ..."));
    machine.container = S("Kubernetes");
    assert_str(check(arena, &machine, "ptrace")->mend,
               S("in the pod's container: securityContext: {capabilities: {add: [SYS_PTRACE]}}"));
    assert_str(check(arena, &machine, "sampling")->mend,
               S("in the pod's container: securityContext: {capabilities: {add: [PERFMON]}, "
                 "seccompProfile: {type: Unconfined}}"));
    machine = (Machine){
        .ptrace_scope = 1, .perf_paranoid = 2, .caps = ALL_CAPS, .container = S("Docker")};
    expect(check(arena, &machine, "container"), CHECK_NOTE,
           "this is a container (Docker), with all that profilers need", "");
    expect(check(arena, &machine, "ptrace"), CHECK_OK,
           "profilers may look into the processes they start (ptrace_scope is 1)", "");
}

static void a_virtual_machine_has_no_counters(void **state)
{
    Arena *arena = test_arena(state);
    Machine machine = {.perf_paranoid = 2, .counter_errno = ENOENT};
    expect(check(arena, &machine, "counters"), CHECK_NOTE,
           "there are no hardware counters here, as in most virtual machines: perf samples by the "
           "clock",
           "");
    expect(check(arena, &machine, "sampling"), CHECK_OK,
           "perf may sample programs of this user (perf_event_paranoid is 2)", "");
    machine.perf_paranoid = MACHINE_UNKNOWN;
    expect(check(arena, &machine, "sampling"), CHECK_BLOCKED, "this kernel has no perf events", "");
}

static void a_driver_that_keeps_counters_to_itself_is_told(void **state)
{
    Arena *arena = test_arena(state);
    Str root = test_temp_dir(arena);
    put(arena, root, "proc/driver/nvidia/version", "NVRM version: NVIDIA UNIX x86_64\n");
    put(arena, root, "proc/driver/nvidia/params", "ResmanDebugLevel: 1\nRmProfilingAdminOnly: 1\n");
    Machine machine = read(arena, root);
    expect(check(arena, &machine, "gpu"), CHECK_BLOCKED,
           "ncu may not read the counters of the GPU: its driver gives them to administrators only",
           "echo options nvidia NVreg_RestrictProfilingToAdminUsers=0 | sudo tee "
           "/etc/modprobe.d/nvidia-profiling.conf, then start the machine anew");
    machine.caps = ALL_CAPS;
    expect(check(arena, &machine, "gpu"), CHECK_OK, "ncu may read the counters of the GPU", "");
    machine.gpu = false;
    expect(check(arena, &machine, "gpu"), CHECK_OK, "there is no driver of NVIDIA's", "");
}

static void broken_files_are_as_if_absent(void **state)
{
    Arena *arena = test_arena(state);
    Str root = test_temp_dir(arena);
    put(arena, root, "proc/sys/kernel/yama/ptrace_scope", "99999999999999999999\n");
    put(arena, root, "proc/sys/kernel/perf_event_paranoid", "two\n");
    put(arena, root, "proc/self/status", "CapEff:\tzzz\nSeccomp:\tmany\nCapEff\n");
    Machine machine = read(arena, root);
    assert_int_equal(machine.ptrace_scope, MACHINE_UNKNOWN);
    assert_int_equal(machine.perf_paranoid, MACHINE_UNKNOWN);
    assert_int_equal(machine.caps, 0);
    assert_int_equal(machine.seccomp, 0);
}

static void this_machine_is_tried(void **state)
{
    Arena *arena = test_arena(state);
    Machine machine = machine_read(arena, &(MachineOptions){.try_out = true});
    assert_int_not_equal(machine.ptrace_errno, MACHINE_NOT_TRIED);
    assert_int_not_equal(machine.sampling_errno, MACHINE_NOT_TRIED);
    MachineChecks checks = machine_checks(arena, &machine);
    assert_int_equal(checks.len, 7);
    array_each (Check, one, &checks)
        assert_true(one->sentence.len > 0);
}

TEST_MAIN(TEST(a_laptop_with_ubuntu_is_read),
          TEST(a_scope_of_two_and_three_is_told_with_its_way_out),
          TEST(a_container_is_known_by_its_signs),
          TEST(a_container_is_given_what_it_lacks_by_who_starts_it),
          TEST(a_virtual_machine_has_no_counters),
          TEST(a_driver_that_keeps_counters_to_itself_is_told), TEST(broken_files_are_as_if_absent),
          TEST(this_machine_is_tried))
