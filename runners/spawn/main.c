/*
 * The spawn helper: starts the commands of one request, waits for them, and writes what they used.
 *
 * One process per lane runs its command `repeat` times in a row; the helper itself only watches.
 * It is the reaper of all that the commands start (PR_SET_CHILD_SUBREAPER), so a process that
 * leaves its group or its parent is still found and ended. Kept small on purpose, and linked
 * statically: its own memory is the least peak memory we can see (protocol.h).
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "runners/spawn/protocol.h"

enum {
    LEAVE_ALONE_MS = 50
}; /* what the command started may need a moment to end by itself */

static uint64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* Reads a whole small /proc file; gives the length, 0 when it cannot. */
static size_t read_proc(const char *path, char *text, size_t room)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return 0;
    size_t len = 0;
    ssize_t got;
    while (len < room - 1 && (got = read(fd, text + len, room - 1 - len)) > 0)
        len += (size_t)got;
    close(fd);
    text[len] = 0;
    return len;
}

/* ---------------------------------------------------------------- one lane */

static char **texts_at(char *texts, uint32_t at, uint32_t count)
{
    char **list = calloc(count + 1u, sizeof(*list));
    if (!list)
        _exit(2);
    char *text = texts + at;
    for (uint32_t i = 0; i < count; i++, text += strlen(text) + 1)
        list[i] = text;
    return list;
}

static void limit(int what, uint64_t value)
{
    struct rlimit limits = {value, value};
    if (value)
        setrlimit((__rlimit_resource_t)what, &limits);
}

static void exec_command(const SpawnLane *lane, char *texts, char **argv, char **env,
                         const int fds[3], SpawnReply *reply)
{
    setpgid(0, 0);
    signal(SIGTERM, SIG_DFL);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    lseek(fds[0], 0, SEEK_SET);
    for (int i = 0; i < 3; i++)
        dup2(fds[i], i);
    const char *cwd = texts + lane->cwd_at;
    if (!*cwd || chdir(cwd) == 0) {
        limit(RLIMIT_AS, lane->memory_bytes);
        limit(RLIMIT_CPU, lane->cpu_seconds);
        execve(texts + lane->program_at, argv, env);
    }
    reply->start_errno = errno;
    _exit(127);
}

/* The second number of /proc/PID/schedstat; still there while the process is a zombie. */
static uint64_t run_delay_ns(pid_t pid)
{
    char path[64];
    char text[128];
    snprintf(path, sizeof(path), "/proc/%d/schedstat", (int)pid);
    unsigned long long ran = 0;
    unsigned long long waited = 0;
    if (read_proc(path, text, sizeof(text)) && sscanf(text, "%llu %llu", &ran, &waited) == 2)
        return waited;
    return 0;
}

static uint64_t timeval_ns(struct timeval t)
{
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_usec * 1000u;
}

static void run_lane(const SpawnLane *lane, char *texts, const int fds[3], SpawnReply *reply)
{
    char **argv = texts_at(texts, lane->argv_at, lane->argv_count);
    char **env = texts_at(texts, lane->env_at, lane->env_count);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    signal(SIGTERM, SIG_IGN); /* when all are told to end, we still wait for the command */
    for (uint32_t i = 0; i < lane->repeat && reply->wait_status == 0; i++) {
        uint64_t start = now_ns();
        pid_t pid = fork();
        if (pid == 0)
            exec_command(lane, texts, argv, env, fds, reply);
        if (pid < 0) {
            reply->start_errno = errno;
            _exit(1);
        }
        siginfo_t info;
        while (waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT) < 0 && errno == EINTR)
            continue;
        reply->wall_ns += now_ns() - start;
        reply->delay_ns += run_delay_ns(pid);
        struct rusage used;
        wait4(pid, &reply->wait_status, 0, &used);
        reply->cpu_ns += timeval_ns(used.ru_utime) + timeval_ns(used.ru_stime);
        uint64_t peak = (uint64_t)used.ru_maxrss * 1024u;
        reply->peak_rss_bytes = peak > reply->peak_rss_bytes ? peak : reply->peak_rss_bytes;
        reply->major_faults += (uint64_t)used.ru_majflt;
        reply->voluntary_switches += (uint64_t)used.ru_nvcsw;
        reply->involuntary_switches += (uint64_t)used.ru_nivcsw;
        reply->runs++;
    }
    _exit(0);
}

/* ---------------------------------------------------------------- all that descends from a process */

typedef struct Census {
    uint32_t processes;
    uint32_t threads; /* most in one process */
    int signal;       /* sent to each, unless 0 */
} Census;

static uint32_t count_tasks(const char *folder)
{
    uint32_t count = 0;
    DIR *dir = opendir(folder);
    for (struct dirent *entry; dir && (entry = readdir(dir));)
        count += entry->d_name[0] != '.';
    if (dir)
        closedir(dir);
    return count;
}

/* Visits the children of pid, then theirs. Each thread of a process has its own children. */
static void visit_below(pid_t pid, Census *census, int depth)
{
    char path[96];
    snprintf(path, sizeof(path), "/proc/%d/task", (int)pid);
    DIR *dir = opendir(path);
    if (!dir)
        return;
    for (struct dirent *entry; (entry = readdir(dir));) {
        char text[4096];
        if (entry->d_name[0] == '.')
            continue;
        snprintf(path, sizeof(path), "/proc/%d/task/%.20s/children", (int)pid, entry->d_name);
        read_proc(path, text, sizeof(text)) || (text[0] = 0);
        for (char *at = text, *end; *at; at = end) {
            pid_t child = (pid_t)strtol(at, &end, 10);
            if (end == at)
                break;
            if (depth < 64)
                visit_below(child, census, depth + 1);
            snprintf(path, sizeof(path), "/proc/%d/task", (int)child);
            uint32_t tasks = count_tasks(path);
            census->threads = tasks > census->threads ? tasks : census->threads;
            census->processes++;
            if (census->signal)
                kill(child, census->signal);
        }
    }
    closedir(dir);
}

static Census visit(pid_t pid, int signal)
{
    Census census = {.signal = signal};
    visit_below(pid, &census, 0);
    return census;
}

/* True when nothing is left, at the latest at the deadline. */
static bool wait_for_all(uint64_t deadline_ns)
{
    for (;;) {
        pid_t pid = waitpid(-1, NULL, WNOHANG);
        if (pid < 0 && errno == ECHILD)
            return true;
        if (pid > 0)
            continue;
        if (now_ns() >= deadline_ns)
            return false;
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    }
}

/* Ends everything below us; gives how many there were when it had to begin. */
static uint32_t end_all(uint32_t alone_ms, uint32_t grace_ms)
{
    if (wait_for_all(now_ns() + (uint64_t)alone_ms * 1000000u))
        return 0;
    uint32_t count = visit(getpid(), SIGTERM).processes;
    if (wait_for_all(now_ns() + (uint64_t)grace_ms * 1000000u))
        return count;
    do
        visit(getpid(), SIGKILL);
    while (!wait_for_all(now_ns() + 10000000u));
    return count;
}

/* ---------------------------------------------------------------- the watch */

static bool all_done(const struct pollfd *lanes, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        if (lanes[i].fd >= 0)
            return false;
    return true;
}

/* Waits for the lanes; false when the control pipe closed first. */
static bool watch(const SpawnRequest *request, const pid_t *pids, SpawnReply *replies)
{
    struct pollfd fds[SPAWN_LANES_MAX + 1];
    for (uint32_t i = 0; i < request->lanes; i++)
        fds[i] = (struct pollfd){.fd = (int)syscall(SYS_pidfd_open, pids[i], 0), .events = POLLIN};
    fds[request->lanes] = (struct pollfd){.fd = SPAWN_FD_CONTROL, .events = POLLIN};
    while (!all_done(fds, request->lanes)) {
        int ready = poll(fds, request->lanes + 1, request->watch_ms ? (int)request->watch_ms : -1);
        if (ready < 0 && errno != EINTR)
            return false;
        for (uint32_t i = 0; i < request->lanes; i++) {
            if (fds[i].fd < 0)
                continue;
            if (ready > 0 && fds[i].revents) {
                waitpid(pids[i], NULL, 0);
                close(fds[i].fd);
                fds[i].fd = -1;
            } else if (request->watch_ms) {
                Census census = visit(pids[i], 0);
                SpawnReply *reply = &replies[i];
                reply->threads = census.threads > reply->threads ? census.threads : reply->threads;
                reply->processes =
                    census.processes > reply->processes ? census.processes : reply->processes;
            }
        }
        if (ready > 0 && fds[request->lanes].revents)
            return false;
    }
    return true;
}

static void pin(int cpu)
{
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET((unsigned)cpu, &set);
    sched_setaffinity(0, sizeof(set), &set);
}

int main(void)
{
    struct stat about;
    if (fstat(SPAWN_FD_REQUEST, &about) < 0)
        return 2;
    char *bytes =
        mmap(NULL, (size_t)about.st_size, PROT_READ | PROT_WRITE, MAP_PRIVATE, SPAWN_FD_REQUEST, 0);
    SpawnReply *replies = mmap(NULL, sizeof(SpawnReply) * SPAWN_LANES_MAX, PROT_READ | PROT_WRITE,
                               MAP_SHARED, SPAWN_FD_REPLY, 0);
    if (bytes == MAP_FAILED || replies == MAP_FAILED)
        return 2;
    const SpawnRequest *request = (const SpawnRequest *)(void *)bytes;
    const SpawnLane *lanes = (const SpawnLane *)(const void *)(request + 1);
    char *texts = bytes + sizeof(*request) + request->lanes * sizeof(*lanes);
    close(SPAWN_FD_REQUEST);
    close(SPAWN_FD_REPLY);
    fcntl(SPAWN_FD_CONTROL, F_SETFD, FD_CLOEXEC);
    for (uint32_t i = 0; i < request->lanes * 3; i++)
        fcntl(SPAWN_FD_LANES + (int)i, F_SETFD, FD_CLOEXEC);
    close_range(SPAWN_FD_LANES + request->lanes * 3, ~0u, 0);
    prctl(PR_SET_CHILD_SUBREAPER, 1);

    pid_t pids[SPAWN_LANES_MAX];
    for (uint32_t i = 0; i < request->lanes; i++) {
        const int fds[3] = {SPAWN_FD_LANES + (int)i * 3, SPAWN_FD_LANES + (int)i * 3 + 1,
                            SPAWN_FD_LANES + (int)i * 3 + 2};
        pids[i] = fork();
        if (pids[i] == 0) {
            if (request->cpu != SPAWN_CPU_ANY)
                pin(request->cpu);
            run_lane(&lanes[i], texts, fds, &replies[i]);
        }
        if (pids[i] < 0)
            return 2;
    }
    /* What we still held open would keep the reader of a pipe waiting. */
    for (uint32_t i = 0; i < request->lanes * 3; i++)
        close(SPAWN_FD_LANES + (int)i);
    bool ended = watch(request, pids, replies);
    replies[0].left = end_all(ended ? LEAVE_ALONE_MS : 0, request->grace_ms);
    return 0;
}
