#include "runners/profiling/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

enum {
    OPEN_FILES = 64,
    RULE_LENGTH = 5, /* instructions at most */
    FILTER_LENGTH = 400,
    X32_CALLS = 0x40000000, /* the other numbering of x86-64 */
};

#if defined(__x86_64__)
static const uint32_t MACHINE = AUDIT_ARCH_X86_64;
#elif defined(__aarch64__)
static const uint32_t MACHINE = AUDIT_ARCH_AARCH64;
#else
static const uint32_t MACHINE = 0; /* not known here: no filter */
#endif

/* One system call; with `bits` it is allowed unless one of them is set in an argument. */
typedef struct Rule {
    int call;
    uint8_t argument;
    uint32_t bits;
} Rule;

enum {
    WRITING = O_WRONLY | O_RDWR | O_CREAT | O_TRUNC | O_APPEND,
};

static const Rule READING[] = {
    {SYS_openat, 2, WRITING},
    {SYS_mmap, 2, PROT_EXEC},
    {SYS_mprotect, 2, PROT_EXEC},
#ifdef SYS_open
    {SYS_open, 1, WRITING},
    {SYS_stat, 0, 0},
    {SYS_lstat, 0, 0},
    {SYS_access, 0, 0},
    {SYS_readlink, 0, 0},
    {SYS_poll, 0, 0},
#endif
    {SYS_read, 0, 0},
    {SYS_pread64, 0, 0},
    {SYS_readv, 0, 0},
    {SYS_preadv, 0, 0},
    {SYS_write, 0, 0},
    {SYS_writev, 0, 0},
    {SYS_close, 0, 0},
    {SYS_lseek, 0, 0},
    {SYS_fstat, 0, 0},
    {SYS_newfstatat, 0, 0},
    {SYS_statx, 0, 0},
    {SYS_faccessat, 0, 0},
    {SYS_faccessat2, 0, 0},
    {SYS_readlinkat, 0, 0},
    {SYS_getdents64, 0, 0},
    {SYS_getcwd, 0, 0},
    {SYS_fcntl, 0, 0},
    {SYS_fadvise64, 0, 0},
    {SYS_munmap, 0, 0},
    {SYS_mremap, 0, 0},
    {SYS_madvise, 0, 0},
    {SYS_brk, 0, 0},
    {SYS_futex, 0, 0},
    {SYS_getrandom, 0, 0},
    {SYS_clock_gettime, 0, 0},
    {SYS_gettimeofday, 0, 0},
    {SYS_getpid, 0, 0},
    {SYS_gettid, 0, 0},
    {SYS_getuid, 0, 0},
    {SYS_geteuid, 0, 0},
    {SYS_getgid, 0, 0},
    {SYS_getegid, 0, 0},
    {SYS_uname, 0, 0},
    {SYS_sysinfo, 0, 0}, /* qsort asks for the memory there is */
    {SYS_rt_sigaction, 0, 0},
    {SYS_rt_sigprocmask, 0, 0},
    {SYS_rt_sigreturn, 0, 0},
    {SYS_sigaltstack, 0, 0},
    {SYS_restart_syscall, 0, 0},
    {SYS_exit, 0, 0},
    {SYS_exit_group, 0, 0},
};

/* What is refused where libdw may use the network. */
static const int ACTING[] = {
    SYS_execve,
    SYS_execveat,
    SYS_ptrace,
    SYS_process_vm_readv,
    SYS_process_vm_writev,
    SYS_kill,
    SYS_tkill,
    SYS_pidfd_send_signal,
    SYS_setuid,
    SYS_mount,
    SYS_init_module,
    SYS_bpf,
};

typedef struct Filter {
    struct sock_filter code[FILTER_LENGTH];
    unsigned short len;
} Filter;

static void add(Filter *filter, struct sock_filter instruction)
{
    if (filter->len < FILTER_LENGTH)
        filter->code[filter->len++] = instruction;
}

#define STATEMENT(code, value)     ((struct sock_filter)BPF_STMT((code), (value)))
#define JUMP(code, value, yes, no) ((struct sock_filter)BPF_JUMP((code), (value), (yes), (no)))

static const uint32_t ALLOW = SECCOMP_RET_ALLOW;
static const uint32_t REFUSE = SECCOMP_RET_ERRNO | EPERM;

static void add_head(Filter *filter)
{
    add(filter, STATEMENT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch)));
    add(filter, JUMP(BPF_JMP | BPF_JEQ | BPF_K, MACHINE, 1, 0));
    add(filter, STATEMENT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS));
    add(filter, STATEMENT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)));
    add(filter, JUMP(BPF_JMP | BPF_JGE | BPF_K, X32_CALLS, 0, 1));
    add(filter, STATEMENT(BPF_RET | BPF_K, REFUSE));
}

/* Flags and rights fit into the lower half of an argument, which comes first (little endian). */
static void add_rule(Filter *filter, const Rule *rule)
{
    size_t argument = offsetof(struct seccomp_data, args) + 8u * rule->argument;
    add(filter, JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)rule->call, 0, rule->bits ? 4 : 1));
    if (rule->bits) {
        add(filter, STATEMENT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)argument));
        add(filter, JUMP(BPF_JMP | BPF_JSET | BPF_K, rule->bits, 0, 1));
        add(filter, STATEMENT(BPF_RET | BPF_K, REFUSE));
    }
    add(filter, STATEMENT(BPF_RET | BPF_K, ALLOW));
}

static void make_filter(Filter *filter, bool debuginfod)
{
    add_head(filter);
    if (debuginfod) {
        for (size_t i = 0; i < sizeof(ACTING) / sizeof(ACTING[0]); i++) {
            add(filter, JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)ACTING[i], 0, 1));
            add(filter, STATEMENT(BPF_RET | BPF_K, REFUSE));
        }
        add(filter, STATEMENT(BPF_RET | BPF_K, ALLOW));
        return;
    }
    for (size_t i = 0; i < sizeof(READING) / sizeof(READING[0]); i++)
        add_rule(filter, &READING[i]);
    add(filter, STATEMENT(BPF_RET | BPF_K, REFUSE));
}

static void close_others(int keep_fd)
{
    if (keep_fd > 3)
        close_range(3, (unsigned)keep_fd - 1, 0);
    close_range(keep_fd > 2 ? (unsigned)keep_fd + 1 : 3, ~0u, 0);
}

static void limit(int what, uint64_t most)
{
    struct rlimit limits = {.rlim_cur = most, .rlim_max = most};
    struct rlimit now;
    if (getrlimit((__rlimit_resource_t)what, &now) == 0 && now.rlim_max < most)
        limits = (struct rlimit){now.rlim_max, now.rlim_max};
    setrlimit((__rlimit_resource_t)what, &limits);
}

bool sandbox_enter(SandboxOptions options)
{
    Filter filter = {0};
    close_others(options.keep_fd);
    limit(RLIMIT_CORE, 0);
    limit(RLIMIT_FSIZE, options.file_bytes);
    if (!options.debuginfod) {
        limit(RLIMIT_NOFILE, OPEN_FILES);
        limit(RLIMIT_NPROC, 0);
    }
    if (!MACHINE || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
        return false;
    make_filter(&filter, options.debuginfod);
    struct sock_fprog program = {.len = filter.len, .filter = filter.code};
    return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0) == 0;
}
