#include "runners/machine.h"

#include <errno.h>
#include <linux/perf_event.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "base/path.h"

enum {
    TEXT_BYTES_MAX = 1024 * 1024,
    CAP_SYS_PTRACE_BIT = 19,
    CAP_SYS_ADMIN_BIT = 21,
    CAP_PERFMON_BIT = 38,
};

/* ---------------------------------------------------------------- reading */

static Str text_of(Arena *arena, const MachineOptions *options, const char *path)
{
    Str text;
    Err err = {0};
    Str full = str_fmt(arena, STR_FMT "%s", STR_ARG(options->system_root), path);
    return file_read(arena, full, TEXT_BYTES_MAX, &text, &err) ? str_trim(text) : (Str){0};
}

static int number_of(Arena *arena, const MachineOptions *options, const char *path)
{
    int64_t number;
    return str_to_i64(text_of(arena, options, path), &number) && number >= -9 && number <= 9
               ? (int)number
               : MACHINE_UNKNOWN;
}

/* Of /proc/self/status: the word behind "NAME:". */
static Str status_word(Str status, Str name)
{
    Str key, value;
    for (Str line; str_next_line(&status, &line);)
        if (str_cut(line, ':', &key, &value) && str_eq(key, name))
            return str_trim(value);
    return (Str){0};
}

static uint64_t hex_of(Str text)
{
    uint64_t value = 0;
    for (size_t i = 0; i < text.len && i < 16; i++) {
        const char *digit = memchr("0123456789abcdef", text.ptr[i], 16);
        if (!digit)
            return 0;
        value = value << 4 | (uint64_t)(strchr("0123456789abcdef", *digit) - "0123456789abcdef");
    }
    return value;
}

/* The innermost: a Kubernetes container is often one of Docker's, too. */
static Str container_of(Arena *arena, const MachineOptions *options)
{
    static const struct {
        const char *word; /* in the paths of cgroups and mounts */
        Str name;
    } SIGNS[] = {
        {"kubepods", STR_CONST("Kubernetes")}, {"/kubelet/pods/", STR_CONST("Kubernetes")},
        {"libpod", STR_CONST("Podman")},       {"/docker/", STR_CONST("Docker")},
        {"docker-", STR_CONST("Docker")},      {"/lxc/", STR_CONST("LXC")},
        {"lxc.payload", STR_CONST("LXC")},
    };
    Str cgroup = text_of(arena, options, "/proc/1/cgroup");
    Str mounts = text_of(arena, options, "/proc/self/mountinfo");
    if (!options->system_root.len && getenv("KUBERNETES_SERVICE_HOST"))
        return S("Kubernetes");
    for (size_t i = 0; i < sizeof(SIGNS) / sizeof(SIGNS[0]); i++)
        if (str_has(cgroup, str_from_c(SIGNS[i].word)) ||
            (SIGNS[i].word[0] == '/' && str_has(mounts, str_from_c(SIGNS[i].word))))
            return SIGNS[i].name;
    Str root = options->system_root;
    if (file_exists(str_fmt(arena, STR_FMT "/run/.containerenv", STR_ARG(root))))
        return S("Podman");
    if (file_exists(str_fmt(arena, STR_FMT "/.dockerenv", STR_ARG(root))))
        return S("Docker");
    return (Str){0};
}

/* ---------------------------------------------------------------- trying */

/* Looks into a child as py-spy does: stop it, read its memory. */
static int try_ptrace(void)
{
    int ready[2], result = 0;
    char mark = 'x', seen = 0;
    if (pipe(ready) < 0)
        return errno;
    pid_t child = fork();
    if (child == 0) {
        while (read(ready[0], &mark, 1) < 0 && errno == EINTR)
            ;
        _exit(0);
    }
    if (child < 0) {
        result = errno;
    } else if (ptrace(PTRACE_SEIZE, child, NULL, NULL) < 0) {
        result = errno;
    } else {
        struct iovec here = {&seen, 1}, there = {&mark, 1};
        if (process_vm_readv(child, &here, 1, &there, 1, 0) != 1)
            result = errno;
    }
    close(ready[0]);
    close(ready[1]);
    if (child > 0) {
        kill(child, SIGKILL);
        while (waitpid(child, NULL, 0) < 0 && errno == EINTR)
            ;
    }
    return result;
}

/* Our own processor time in user space: what perf record needs at least. */
static int try_event(uint32_t type, uint64_t config)
{
    struct perf_event_attr attr = {.size = sizeof attr,
                                   .type = type,
                                   .config = config,
                                   .freq = 1,
                                   .sample_freq = 99,
                                   .disabled = 1,
                                   .exclude_kernel = 1,
                                   .exclude_hv = 1};
    long fd = syscall(SYS_perf_event_open, &attr, 0, -1, -1, PERF_FLAG_FD_CLOEXEC);
    if (fd < 0)
        return errno;
    close((int)fd);
    return 0;
}

/* As a module of the kernel; in Windows' subsystem for Linux; on a Jetson. */
static bool has_driver(Arena *arena, const MachineOptions *options)
{
    static const char *const SIGNS[] = {"/proc/driver/nvidia/version", "/dev/dxg", "/dev/nvgpu",
                                        "/dev/nvhost-gpu"};
    bool found = false;
    for (size_t i = 0; i < sizeof(SIGNS) / sizeof(SIGNS[0]); i++)
        found |= file_exists(str_fmt(arena, STR_FMT "%s", STR_ARG(options->system_root), SIGNS[i]));
    return found;
}

Machine machine_read(Arena *arena, const MachineOptions *options)
{
    int64_t seccomp = 0;
    Str status = text_of(arena, options, "/proc/self/status");
    Str no_turbo = text_of(arena, options, "/sys/devices/system/cpu/intel_pstate/no_turbo");
    Str boost = text_of(arena, options, "/sys/devices/system/cpu/cpufreq/boost");
    Machine machine = {
        .ptrace_scope = number_of(arena, options, "/proc/sys/kernel/yama/ptrace_scope"),
        .perf_paranoid = number_of(arena, options, "/proc/sys/kernel/perf_event_paranoid"),
        .kptr_restrict = number_of(arena, options, "/proc/sys/kernel/kptr_restrict"),
        .caps = hex_of(status_word(status, S("CapEff"))),
        .root = geteuid() == 0,
        .container = container_of(arena, options),
        .governor =
            text_of(arena, options, "/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor"),
        .turbo = str_eq(no_turbo, S("0")) || str_eq(boost, S("1")),
        .gpu = has_driver(arena, options),
        .gpu_admin = str_eq(status_word(text_of(arena, options, "/proc/driver/nvidia/params"),
                                        S("RmProfilingAdminOnly")),
                            S("1")),
        .ptrace_errno = MACHINE_NOT_TRIED,
        .sampling_errno = MACHINE_NOT_TRIED,
        .counter_errno = MACHINE_NOT_TRIED,
    };
    if (str_to_i64(status_word(status, S("Seccomp")), &seccomp))
        machine.seccomp = (int)seccomp;
    if (options->try_out) {
        machine.ptrace_errno = try_ptrace();
        machine.sampling_errno = try_event(PERF_TYPE_SOFTWARE, PERF_COUNT_SW_CPU_CLOCK);
        machine.counter_errno = try_event(PERF_TYPE_HARDWARE, PERF_COUNT_HW_CPU_CYCLES);
    }
    return machine;
}

/* ---------------------------------------------------------------- judging */

static bool may(const Machine *machine, int bit)
{
    return machine->caps >> bit & 1;
}

static bool refused(int error)
{
    return error == EPERM || error == EACCES;
}

/* How whoever starts the container gives it what it lacks; a capability is named without CAP_. */
static Str container_mend(Arena *arena, const Machine *machine, const char *cap, bool capable,
                          bool unconfined)
{
    const char *add = capable ? "" : " --cap-add ", *name = capable ? "" : cap;
    if (str_eq(machine->container, S("Kubernetes"))) {
        Str caps = capable ? S("") : str_fmt(arena, "capabilities: {add: [%s]}", cap);
        return str_fmt(arena, "in the pod's container: securityContext: {" STR_FMT "%s%s}",
                       STR_ARG(caps), caps.len && unconfined ? ", " : "",
                       unconfined ? "seccompProfile: {type: Unconfined}" : "");
    }
    bool podman = str_eq(machine->container, S("Podman"));
    if (!podman && !str_eq(machine->container, S("Docker")))
        return S("start perfloop outside of that sandbox");
    return str_fmt(arena, "%s run%s%s%s ...", podman ? "podman" : "docker", add, name,
                   unconfined ? " --security-opt seccomp=unconfined" : "");
}

static Check check_ptrace(Arena *arena, const Machine *machine)
{
    Check check = {.name = S("ptrace")};
    int scope = machine->ptrace_scope;
    bool capable = may(machine, CAP_SYS_PTRACE_BIT);
    bool by_scope = scope == 3 || (scope == 2 && !capable);
    if (!by_scope && !refused(machine->ptrace_errno)) {
        check.sentence = scope == MACHINE_UNKNOWN
                             ? S("profilers may look into the processes they start")
                             : str_fmt(arena,
                                       "profilers may look into the processes they start "
                                       "(ptrace_scope is %d)",
                                       scope);
        return check;
    }
    check.state = CHECK_BLOCKED;
    if (by_scope) {
        check.sentence =
            str_fmt(arena, "no process may look into another one: ptrace_scope is %d", scope);
        check.mend = scope == 2 ? S("sudo sysctl kernel.yama.ptrace_scope=1")
                                : S("echo kernel.yama.ptrace_scope=1 | sudo tee "
                                    "/etc/sysctl.d/10-ptrace.conf, then start the machine anew");
    } else if (machine->container.len) {
        check.sentence =
            str_fmt(arena, "this container (" STR_FMT ") forbids ptrace%s",
                    STR_ARG(machine->container), capable ? "" : ": it lacks CAP_SYS_PTRACE");
        check.mend = container_mend(arena, machine, "SYS_PTRACE", capable, capable);
    } else if (machine->seccomp) {
        check.sentence = S("a seccomp filter forbids ptrace to everything started from here");
        check.mend = S("start perfloop outside of that sandbox");
    } else {
        check.sentence = str_fmt(arena, "ptrace is refused: %s", strerror(machine->ptrace_errno));
        check.mend = S("sudo setcap cap_sys_ptrace=eip $(command -v py-spy)");
    }
    return check;
}

static Check check_sampling(Arena *arena, const Machine *machine)
{
    Check check = {.name = S("sampling")};
    int level = machine->perf_paranoid;
    bool capable = may(machine, CAP_PERFMON_BIT) || may(machine, CAP_SYS_ADMIN_BIT);
    bool by_level = level != MACHINE_UNKNOWN && level > 2 && !capable;
    if (machine->sampling_errno == ENOSYS || level == MACHINE_UNKNOWN) {
        check.state = CHECK_BLOCKED;
        check.sentence = S("this kernel has no perf events");
    } else if (by_level) {
        check.state = CHECK_BLOCKED;
        check.sentence = str_fmt(arena, "perf may not sample: perf_event_paranoid is %d", level);
        check.mend = S("sudo sysctl kernel.perf_event_paranoid=2");
    } else if (refused(machine->sampling_errno)) {
        check.state = CHECK_BLOCKED;
        check.sentence =
            machine->container.len
                ? str_fmt(arena, "this container (" STR_FMT ") forbids perf_event_open%s",
                          STR_ARG(machine->container), capable ? "" : ": it lacks CAP_PERFMON")
                : S("a seccomp filter forbids perf_event_open to everything started from here");
        check.mend = container_mend(arena, machine, "PERFMON", capable, true);
    } else {
        check.sentence = str_fmt(
            arena, "perf may sample %s (perf_event_paranoid is %d)",
            capable || level < 2 ? "programs and the kernel" : "programs of this user", level);
    }
    return check;
}

static Check check_counters(Arena *arena UNUSED, const Machine *machine)
{
    Check check = {.name = S("counters")};
    int error = machine->counter_errno;
    if (error == 0 || error == MACHINE_NOT_TRIED) {
        check.sentence =
            error ? S("hardware counters were not tried") : S("there are hardware counters");
        return check;
    }
    check.state = CHECK_NOTE;
    check.sentence =
        refused(error) ? S("hardware counters may not be used: see sampling")
                       : S("there are no hardware counters here, as in most virtual machines: perf "
                           "samples by the clock");
    return check;
}

static Check check_kernel(Arena *arena, const Machine *machine)
{
    Check check = {.name = S("kernel")};
    int level = machine->kptr_restrict;
    if (level == MACHINE_UNKNOWN || level == 0 || (level == 1 && machine->root)) {
        check.sentence = S("functions of the kernel have their names");
        return check;
    }
    check.state = CHECK_NOTE;
    check.sentence =
        str_fmt(arena, "functions of the kernel have no names: kptr_restrict is %d", level);
    check.mend = S("sudo sysctl kernel.kptr_restrict=0");
    return check;
}

static Check check_container(Arena *arena, const Machine *machine)
{
    Check check = {.name = S("container")};
    bool ptrace = may(machine, CAP_SYS_PTRACE_BIT);
    bool perfmon = may(machine, CAP_PERFMON_BIT) || may(machine, CAP_SYS_ADMIN_BIT);
    if (!machine->container.len) {
        check.sentence = S("this is no container");
        return check;
    }
    check.state = CHECK_NOTE;
    check.sentence =
        str_fmt(arena, "this is a container (" STR_FMT ")%s%s%s%s", STR_ARG(machine->container),
                ptrace && perfmon ? ", with all that profilers need" : " without ",
                ptrace ? "" : "CAP_SYS_PTRACE", !ptrace && !perfmon ? " and " : "",
                perfmon ? "" : "CAP_PERFMON");
    if (machine->seccomp)
        check.sentence =
            str_fmt(arena, STR_FMT ", under a seccomp filter", STR_ARG(check.sentence));
    return check;
}

static Check check_clock(Arena *arena, const Machine *machine)
{
    Check check = {.name = S("clock")};
    bool varies = machine->governor.len && !str_eq(machine->governor, S("performance"));
    if (!machine->governor.len) {
        check.sentence = S("the clock of the processor is not ours to see");
    } else {
        check.state = varies || machine->turbo ? CHECK_NOTE : CHECK_OK;
        check.sentence =
            str_fmt(arena, "governor " STR_FMT ", turbo %s%s", STR_ARG(machine->governor),
                    machine->turbo ? "on" : "off", varies ? ": times vary with the load" : "");
        check.mend = varies ? S("echo performance | sudo tee "
                                "/sys/devices/system/cpu/cpu*/cpufreq/scaling_governor")
                            : (Str){0};
    }
    return check;
}

static Check check_gpu(Arena *arena UNUSED, const Machine *machine)
{
    Check check = {.name = S("gpu"), .sentence = S("ncu may read the counters of the GPU")};
    if (!machine->gpu) {
        check.sentence = S("there is no driver of NVIDIA's");
    } else if (machine->gpu_admin && !may(machine, CAP_SYS_ADMIN_BIT)) {
        check.state = CHECK_BLOCKED;
        check.sentence = S("ncu may not read the counters of the GPU: its driver gives them to "
                           "administrators only");
        check.mend = machine->container.len
                         ? S("start the container with --cap-add=SYS_ADMIN")
                         : S("echo options nvidia NVreg_RestrictProfilingToAdminUsers=0 | sudo tee "
                             "/etc/modprobe.d/nvidia-profiling.conf, then start the machine anew");
    }
    return check;
}

MachineChecks machine_checks(Arena *arena, const Machine *machine)
{
    typedef Check Judge(Arena * arena, const Machine *machine);
    static Judge *const JUDGES[] = {check_ptrace,    check_sampling, check_counters, check_kernel,
                                    check_container, check_clock,    check_gpu};
    MachineChecks checks = {0};
    for (size_t i = 0; i < sizeof(JUDGES) / sizeof(JUDGES[0]); i++)
        *array_push(arena, &checks) = JUDGES[i](arena, machine);
    return checks;
}

const Check *machine_check(const MachineChecks *checks, Str name)
{
    array_each (const Check, check, checks)
        if (str_eq(check->name, name))
            return check;
    return NULL;
}

Check machine_try(Arena *arena, Str name)
{
    Machine machine = machine_read(arena, &(MachineOptions){.try_out = true});
    MachineChecks checks = machine_checks(arena, &machine);
    const Check *check = machine_check(&checks, name);
    return check ? *check : (Check){.name = name};
}

Str check_state_name(CheckState state)
{
    static const Str NAMES[] = {STR_CONST("ok"), STR_CONST("note"), STR_CONST("blocked")};
    return NAMES[state];
}
