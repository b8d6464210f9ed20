/*
 * The spawn helper: starts the commands of one request, waits for them, and writes what they used.
 *
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

/* One command of the request, and the run of it that is under way. */
typedef struct Lane {
    const SpawnLane *what;
    char *texts;
    char **argv;
    char **env;
    int fds[3];
    int cpu; /* or SPAWN_CPU_ANY */
    SpawnReply *reply;
    pid_t pid;
    int pidfd; /* -1 once all is done */
    bool last; /* start no further run */
    uint64_t start_ns;
} Lane;

static void pin(int cpu)
{
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET((unsigned)cpu, &set);
    sched_setaffinity(0, sizeof(set), &set);
}

static void exec_command(const Lane *lane)
{
    setpgid(0, 0);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (lane->cpu != SPAWN_CPU_ANY)
        pin(lane->cpu);
    lseek(lane->fds[0], 0, SEEK_SET);
    for (int i = 0; i < 3; i++)
        dup2(lane->fds[i], i);
    const char *cwd = lane->texts + lane->what->cwd_at;
    if (!*cwd || chdir(cwd) == 0) {
        limit(RLIMIT_AS, lane->what->memory_bytes);
        limit(RLIMIT_CPU, lane->what->cpu_seconds);
        execve(lane->texts + lane->what->program_at, lane->argv, lane->env);
    }
    lane->reply->start_errno = errno;
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

/* Starts the next run. */
static void lane_start(Lane *lane)
{
    lane->start_ns = now_ns();
    lane->pid = fork();
    if (lane->pid == 0)
        exec_command(lane);
    if (lane->pid < 0) {
        lane->reply->start_errno = errno;
        return;
    }
    lane->pidfd = (int)syscall(SYS_pidfd_open, lane->pid, 0);
}

static uint64_t timeval_ns(struct timeval t)
{
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_usec * 1000u;
}

/*
 * Adds up the run that ended, and starts the next one unless it failed or was the last. own_delay_ns
 * is our own delay before we went to sleep; what it grew by since, we woke up late.
 */
static void lane_ended(Lane *lane, uint64_t own_delay_ns)
{
    SpawnReply *reply = lane->reply;
    siginfo_t info;
    struct rusage used;
    waitid(P_PID, (id_t)lane->pid, &info, WEXITED | WNOWAIT);
    reply->wall_ns += now_ns() - lane->start_ns;
    reply->delay_ns += run_delay_ns(lane->pid) + run_delay_ns(getpid()) - own_delay_ns;
    wait4(lane->pid, &reply->wait_status, 0, &used);
    close(lane->pidfd);
    lane->pidfd = -1;
    reply->cpu_ns += timeval_ns(used.ru_utime) + timeval_ns(used.ru_stime);
    uint64_t peak = (uint64_t)used.ru_maxrss * 1024u;
    reply->peak_rss_bytes = peak > reply->peak_rss_bytes ? peak : reply->peak_rss_bytes;
    reply->major_faults += (uint64_t)used.ru_majflt;
    reply->voluntary_switches += (uint64_t)used.ru_nvcsw;
    reply->involuntary_switches += (uint64_t)used.ru_nivcsw;
    reply->runs++;
    if (!lane->last && reply->runs < lane->what->repeat && reply->wait_status == 0)
        lane_start(lane);
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

static void count_lane(const Lane *lane)
{
    char path[64];
    SpawnReply *reply = lane->reply;
    Census census = visit(lane->pid, 0);
    snprintf(path, sizeof(path), "/proc/%d/task", (int)lane->pid);
    uint32_t threads = count_tasks(path);
    census.threads = threads > census.threads ? threads : census.threads;
    census.processes++;
    reply->threads = census.threads > reply->threads ? census.threads : reply->threads;
    reply->processes = census.processes > reply->processes ? census.processes : reply->processes;
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

static int ms_until(uint64_t deadline_ns)
{
    uint64_t now = now_ns();
    return now < deadline_ns ? (int)((deadline_ns - now) / 1000000u) : 0;
}

/* What only ran beside something else: ended with its group, and what it used is still counted. */
static void end_lane(Lane *lane, uint32_t grace_ms)
{
    static const int SIGNALS[] = {SIGTERM, SIGKILL};
    struct pollfd fd = {.fd = lane->pidfd, .events = POLLIN};
    lane->last = true;
    for (int i = 0; i < 2; i++) {
        if (kill(-lane->pid, SIGNALS[i]) < 0) /* it has no group of its own yet */
            kill(lane->pid, SIGNALS[i]);
        if (poll(&fd, 1, (int)grace_ms) > 0) {
            lane_ended(lane, run_delay_ns(getpid()));
            return;
        }
    }
    /* It hangs inside the system; end_all waits for it. */
    close(lane->pidfd);
    lane->pidfd = -1;
}

/* Waits for the lanes; false when the control pipe closed first. */
static bool watch(const SpawnRequest *request, Lane *lanes)
{
    struct pollfd fds[SPAWN_LANES_MAX + 1];
    struct pollfd *control = &fds[request->lanes];
    for (;;) {
        uint32_t busy = 0;
        for (uint32_t i = 0; i < request->lanes; i++) {
            fds[i] = (struct pollfd){.fd = lanes[i].pidfd, .events = POLLIN};
            busy += lanes[i].pidfd >= 0;
        }
        *control = (struct pollfd){.fd = SPAWN_FD_CONTROL, .events = POLLIN};
        if (busy == 0)
            return true;
        if (request->beside && lanes[0].pidfd < 0) {
            end_lane(&lanes[1], request->grace_ms);
            continue;
        }
        uint64_t own_delay_ns = run_delay_ns(getpid());
        int ready = poll(fds, request->lanes + 1, request->watch_ms ? (int)request->watch_ms : -1);
        if (ready < 0 && errno != EINTR)
            return false;
        for (uint32_t i = 0; i < request->lanes; i++) {
            if (ready > 0 && fds[i].revents)
                lane_ended(&lanes[i], own_delay_ns);
            else if (request->watch_ms && lanes[i].pidfd >= 0)
                count_lane(&lanes[i]);
        }
        if (ready > 0 && control->revents)
            return false;
    }
}

/*
 * Stopped from outside: all are told to end, and what the commands themselves used until then is
 * still counted when they do so within the grace time. No further run is started. Gives what is left of
 * the grace time.
 */
static uint32_t stop(const SpawnRequest *request, Lane *lanes)
{
    uint64_t deadline = now_ns() + (uint64_t)request->grace_ms * 1000000u;
    visit(getpid(), SIGTERM);
    for (uint32_t i = 0; i < request->lanes; i++) {
        struct pollfd fd = {.fd = lanes[i].pidfd, .events = POLLIN};
        lanes[i].last = true;
        if (fd.fd >= 0 && poll(&fd, 1, ms_until(deadline)) > 0)
            lane_ended(&lanes[i], run_delay_ns(getpid()));
    }
    return (uint32_t)ms_until(deadline);
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
    const SpawnLane *asked = (const SpawnLane *)(const void *)(request + 1);
    char *texts = bytes + sizeof(*request) + request->lanes * sizeof(*asked);
    close(SPAWN_FD_REQUEST);
    close(SPAWN_FD_REPLY);
    fcntl(SPAWN_FD_CONTROL, F_SETFD, FD_CLOEXEC);
    for (uint32_t i = 0; i < request->lanes * 3; i++)
        fcntl(SPAWN_FD_LANES + (int)i, F_SETFD, FD_CLOEXEC);
    close_range(SPAWN_FD_LANES + request->lanes * 3, ~0u, 0);
    prctl(PR_SET_CHILD_SUBREAPER, 1);

    Lane lanes[SPAWN_LANES_MAX];
    for (uint32_t i = 0; i < request->lanes; i++) {
        int fd = SPAWN_FD_LANES + (int)i * 3;
        lanes[i] = (Lane){.what = &asked[i],
                          .texts = texts,
                          .argv = texts_at(texts, asked[i].argv_at, asked[i].argv_count),
                          .env = texts_at(texts, asked[i].env_at, asked[i].env_count),
                          .fds = {fd, fd + 1, fd + 2},
                          .cpu = request->cpu,
                          .reply = &replies[i],
                          .pidfd = -1};
    }
    for (uint32_t i = 0; i < request->lanes; i++)
        lane_start(&lanes[i]);
    uint32_t alone_ms = LEAVE_ALONE_MS;
    uint32_t grace_ms = request->grace_ms;
    if (!watch(request, lanes)) {
        alone_ms = 0;
        grace_ms = stop(request, lanes);
    }
    /* What we still hold open would keep the reader of a pipe waiting. */
    for (uint32_t i = 0; i < request->lanes * 3; i++)
        close(SPAWN_FD_LANES + (int)i);
    replies[0].left = end_all(alone_ms, grace_ms);
    return 0;
}
