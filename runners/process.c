#include "runners/process.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <poll.h>
#include <sched.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/map.h"
#include "base/path.h"
#include "base/strbuf.h"
#include "runners/said.h"
#include "runners/spawn/embed.h"
#include "runners/spawn/protocol.h"

extern char **environ;

enum {
    LOOK_AT_CANCEL_MS = 50,
    FD_ABOVE = 64, /* where our ends wait, clear of the numbers the helper expects */
    GRACE_MS_DEFAULT = 300,
};

/* ---------------------------------------------------------------- which program, which processors */

static bool is_program(Arena *arena, Str path)
{
    struct stat about;
    const char *name = str_cstr(arena, path);
    return stat(name, &about) == 0 && S_ISREG(about.st_mode) && access(name, X_OK) == 0;
}

Str process_self(Arena *arena)
{
    return str_fmt(arena, "/proc/%ld/exe", (long)getpid());
}

bool process_find(Arena *arena, Str program, Str path_variable, Str cwd, Str *out)
{
    if (str_has(program, S("/"))) {
        Str path = cwd.len ? path_join(arena, cwd, program) : program;
        if (!is_program(arena, path))
            return false;
        *out = path;
        return true;
    }
    Str rest = path_variable.len ? path_variable : str_from_c(getenv("PATH"));
    for (Str folder; program.len && rest.len;) {
        if (!str_cut(rest, ':', &folder, &rest)) {
            folder = rest;
            rest = (Str){0};
        }
        Str path = path_join(arena, path_join(arena, cwd, folder), program);
        if (is_program(arena, path)) {
            *out = path;
            return true;
        }
    }
    return false;
}

/* The most a processor can do, relative to the others of a hybrid machine; 0 where unknown. */
static long cpu_capacity(int cpu)
{
    char path[96];
    long capacity = 0;
    snprintf(path, sizeof(path), "/sys/devices/system/cpu/cpu%d/cpu_capacity", cpu);
    FILE *file = fopen(path, "re");
    if (file && fscanf(file, "%ld", &capacity) != 1)
        capacity = 0;
    if (file)
        fclose(file);
    return capacity;
}

static long intel_kind(int cpu)
{
    char list[256] = "";
    FILE *file = fopen("/sys/devices/cpu_core/cpus", "re");
    if (!file)
        return 0;
    char *got = fgets(list, sizeof(list), file);
    fclose(file);
    for (char *at = got, *end; at && *at; at = *end ? end + 1 : end) {
        long first = strtol(at, &end, 10);
        if (end == at)
            break;
        long last = *end == '-' ? strtol(end + 1, &end, 10) : first;
        if (cpu >= first && cpu <= last)
            return 1;
    }
    return 0;
}

size_t process_cpus(int *cpus, size_t max)
{
    cpu_set_t set;
    long best = -1;
    size_t count = 0;
    if (sched_getaffinity(0, sizeof(set), &set) < 0)
        return 0;
    for (int cpu = 0; cpu < CPU_SETSIZE; cpu++) {
        if (!CPU_ISSET((unsigned)cpu, &set))
            continue;
        long kind = cpu_capacity(cpu) + intel_kind(cpu);
        if (kind > best)
            count = 0;
        best = kind > best ? kind : best;
        if (kind == best && count < max)
            cpus[count++] = cpu;
    }
    return count;
}

/* ---------------------------------------------------------------- the request */

/* Our environment, changed as the options say: texts "NAME=value" that end with a NUL. */
static uint32_t add_environment(Arena *arena, StrBuf *texts, const ProcessOptions *options,
                                Str *path)
{
    Map *variables = map_new(arena);
    Str name, value;
    for (char **at = environ; *at; at++)
        if (str_cut(str_from_c(*at), '=', &name, &value))
            map_put(variables, name, *at);
    for (size_t i = 0; i < options->env_count; i++) {
        bool set = str_cut(options->env[i], '=', &name, &value);
        map_put(variables, set ? name : options->env[i],
                set ? str_cstr(arena, options->env[i]) : NULL);
    }
    uint32_t count = 0;
    map_each (entry, variables) {
        if (!entry->value)
            continue;
        Str text = str_from_c(entry->value);
        if (str_eq(entry->key, S("PATH")))
            *path = str_from(text, 5);
        strbuf_add(texts, text);
        strbuf_char(texts, 0);
        count++;
    }
    return count;
}

static uint32_t add_text(StrBuf *texts, Str text)
{
    uint32_t at = (uint32_t)texts->len;
    strbuf_add(texts, text);
    strbuf_char(texts, 0);
    return at;
}

static bool fill_lane(Arena *arena, StrBuf *texts, const ProcessOptions *options, SpawnLane *lane,
                      Err *err)
{
    Str path = {0};
    Str program;
    if (options->argc == 0 || options->argv[0].len == 0)
        return err_set(err, ERR_INPUT, "the command is empty");
    *lane = (SpawnLane){.argv_count = (uint32_t)options->argc,
                        .repeat = options->repeat ? options->repeat : 1,
                        .memory_bytes = options->memory_bytes,
                        .cpu_seconds = options->cpu_seconds,
                        .env_at = (uint32_t)texts->len};
    lane->env_count = add_environment(arena, texts, options, &path);
    if (options->cwd.len && access(str_cstr(arena, options->cwd), X_OK) < 0)
        return err_set(err, ERR_NOT_FOUND, "cannot enter " STR_FMT ": %s", STR_ARG(options->cwd),
                       strerror(errno));
    if (!process_find(arena, options->argv[0], path, options->cwd, &program))
        return err_set(err, ERR_NOT_FOUND, "no program '" STR_FMT "'%s", STR_ARG(options->argv[0]),
                       str_has(options->argv[0], S("/")) ? "" : " in PATH");
    lane->program_at = add_text(texts, program);
    lane->cwd_at = add_text(texts, options->cwd);
    lane->argv_at = (uint32_t)texts->len;
    for (size_t i = 0; i < options->argc; i++)
        add_text(texts, options->argv[i]);
    return true;
}

/* A file in memory with these bytes, or -1. */
static int memory_file(Str bytes)
{
    int fd = memfd_create("perfloop", MFD_CLOEXEC);
    while (fd >= 0 && bytes.len) {
        ssize_t wrote = write(fd, bytes.ptr, bytes.len);
        if (wrote < 0 && errno != EINTR) {
            close(fd);
            return -1;
        }
        bytes = str_from(bytes, wrote > 0 ? (size_t)wrote : 0);
    }
    return fd;
}

/* ---------------------------------------------------------------- one helper at work */

typedef struct Pipe {
    int fd; /* our reading end, -1 once it ended */
    StrBuf kept;
    uint64_t bytes;
    int stream;
    const ProcessOptions *options;
} Pipe;

typedef struct Run {
    size_t lanes;
    int theirs[3 +
               3 * PROCESS_TOGETHER_MAX]; /* what the helper gets, in the order of its numbers */
    int control;                          /* closing it ends everything */
    int helper;                           /* a pidfd */
    pid_t pid;
    SpawnReply *replies;
    Pipe pipes[2 * PROCESS_TOGETHER_MAX];
    bool timed_out;
    bool cancelled;
} Run;

static void run_finish(Run *run)
{
    for (size_t i = 0; i < sizeof(run->theirs) / sizeof(run->theirs[0]); i++)
        fd_close(&run->theirs[i]);
    for (size_t i = 0; i < sizeof(run->pipes) / sizeof(run->pipes[0]); i++)
        fd_close(&run->pipes[i].fd);
    fd_close(&run->control);
    if (run->pid > 0)
        while (waitpid(run->pid, NULL, 0) < 0 && errno == EINTR)
            continue;
    fd_close(&run->helper);
    if (run->replies)
        munmap(run->replies, sizeof(SpawnReply) * SPAWN_LANES_MAX);
}

static int move_up(int fd)
{
    int up = fd < 0 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, FD_ABOVE);
    if (fd >= 0)
        close(fd);
    return up;
}

/* *ours is the end we keep: of a pipe we read from, or (reading_end) one whose other end we hold. */
static int open_pipe(int *ours, bool reading_end)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) < 0)
        return -1;
    *ours = move_up(ends[reading_end ? 1 : 0]);
    return move_up(ends[reading_end ? 0 : 1]);
}

static bool open_all(Run *run, Str request, const ProcessOptions *const options[], Arena *arena,
                     Err *err)
{
    int reply = memfd_create("perfloop-reply", MFD_CLOEXEC);
    size_t reply_bytes = sizeof(SpawnReply) * SPAWN_LANES_MAX;
    if (reply >= 0 && ftruncate(reply, (off_t)reply_bytes) == 0) {
        void *map = mmap(NULL, reply_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, reply, 0);
        run->replies = map == MAP_FAILED ? NULL : map;
    }
    run->theirs[0] = move_up(memory_file(request));
    run->theirs[1] = move_up(reply);
    run->theirs[2] = open_pipe(&run->control, true);
    for (size_t lane = 0; lane < run->lanes; lane++) {
        run->theirs[3 + lane * 3] = move_up(memory_file(options[lane]->input));
        for (int stream = 1; stream <= 2; stream++) {
            Pipe *pipe = &run->pipes[lane * 2 + (size_t)stream - 1];
            *pipe = (Pipe){.stream = stream, .options = options[lane], .kept = strbuf_new(arena)};
            run->theirs[3 + lane * 3 + (size_t)stream] = open_pipe(&pipe->fd, false);
            if (pipe->fd >= 0)
                fcntl(pipe->fd, F_SETFL, O_NONBLOCK);
        }
    }
    for (size_t i = 0; i < 3 + run->lanes * 3; i++)
        if (run->theirs[i] < 0 || !run->replies)
            return err_set(err, ERR_IO, "cannot open pipes for a command: %s", strerror(errno));
    return true;
}

static bool start_helper(Run *run, Arena *arena, Err *err)
{
    Str helper;
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attributes;
    sigset_t none, all;
    if (!spawn_helper_path(arena, &helper, err))
        return false;
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawn_file_actions_init(&files);
    posix_spawnattr_init(&attributes);
    posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&files, 1, "/dev/null", O_WRONLY, 0);
    for (size_t i = 0; i < 3 + run->lanes * 3; i++)
        posix_spawn_file_actions_adddup2(&files, run->theirs[i], SPAWN_FD_REQUEST + (int)i);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setsigdefault(&attributes, &all);
    posix_spawnattr_setpgroup(&attributes, 0);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF |
                                              POSIX_SPAWN_SETPGROUP);
    char name[] = "perfloop-spawn";
    char *argv[] = {name, NULL};
    char *env[] = {NULL};
    pid_t pid = 0;
    int problem = posix_spawn(&pid, str_cstr(arena, helper), &files, &attributes, argv, env);
    posix_spawn_file_actions_destroy(&files);
    posix_spawnattr_destroy(&attributes);
    if (problem)
        return err_set(err, ERR_IO, "cannot start the spawn helper: %s", strerror(problem));
    run->pid = pid;
    run->helper = (int)syscall(SYS_pidfd_open, run->pid, 0);
    for (size_t i = 0; i < sizeof(run->theirs) / sizeof(run->theirs[0]); i++)
        fd_close(&run->theirs[i]);
    return run->helper >= 0 || err_set(err, ERR_IO, "pidfd_open: %s", strerror(errno));
}

/* Reads what is there; closes the pipe at its end. */
static void drain(Pipe *pipe)
{
    char bytes[64 * 1024];
    size_t keep =
        pipe->options->capture_bytes ? pipe->options->capture_bytes : PROCESS_CAPTURE_DEFAULT;
    ssize_t got = 1;
    while (pipe->fd >= 0 && (got = read(pipe->fd, bytes, sizeof(bytes))) > 0) {
        Str piece = {bytes, (size_t)got};
        pipe->bytes += piece.len;
        if (pipe->options->on_output)
            pipe->options->on_output(pipe->options->context, pipe->stream, piece);
        if (pipe->kept.len < keep)
            strbuf_add(&pipe->kept, str_head(piece, keep - pipe->kept.len));
    }
    if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR))
        fd_close(&pipe->fd);
}

static int ms_until(uint64_t now, uint64_t deadline)
{
    uint64_t left = deadline <= now ? 0 : (deadline - now) / 1000000 + 1;
    return left > LOOK_AT_CANCEL_MS ? LOOK_AT_CANCEL_MS : (int)left;
}

static void pump(Run *run, const ProcessOptions *options)
{
    uint64_t deadline =
        options->timeout_s > 0 ? clock_now_ns() + (uint64_t)(options->timeout_s * 1e9) : UINT64_MAX;
    size_t pipes = run->lanes * 2;
    struct pollfd fds[2 * PROCESS_TOGETHER_MAX + 1];
    for (;;) {
        for (size_t i = 0; i < pipes; i++)
            fds[i] = (struct pollfd){.fd = run->pipes[i].fd, .events = POLLIN};
        fds[pipes] = (struct pollfd){.fd = run->helper, .events = POLLIN};
        int wait_ms = ms_until(clock_now_ns(), deadline);
        int ready = poll(fds, pipes + 1, run->control < 0 ? -1 : wait_ms);
        for (size_t i = 0; i < pipes; i++)
            if (ready > 0 && fds[i].revents)
                drain(&run->pipes[i]);
        if (ready > 0 && fds[pipes].revents)
            break;
        if (options->on_tick)
            options->on_tick(options->context);
        run->cancelled |= options->cancel && *options->cancel;
        run->timed_out |= clock_now_ns() >= deadline;
        if (run->cancelled || run->timed_out)
            fd_close(&run->control);
    }
    for (size_t i = 0; i < pipes; i++)
        drain(&run->pipes[i]);
}

static bool read_reply(const Run *run, size_t lane, ProcessResult *out, Err *err)
{
    const SpawnReply *reply = &run->replies[lane];
    const Pipe *pipes = &run->pipes[lane * 2];
    if (reply->start_errno)
        return err_set(err, reply->start_errno == ENOENT ? ERR_NOT_FOUND : ERR_IO,
                       "cannot start '" STR_FMT "': %s", STR_ARG(pipes[0].options->argv[0]),
                       strerror(reply->start_errno));
    if (!run->timed_out && reply->runs == 0)
        return err_set(err, ERR_IO, "the spawn helper ended before '" STR_FMT "' did",
                       STR_ARG(pipes[0].options->argv[0]));
    bool signalled = WIFSIGNALED(reply->wait_status);
    *out = (ProcessResult){
        .status = signalled || reply->runs == 0 ? -1 : WEXITSTATUS(reply->wait_status),
        .signal = signalled          ? WTERMSIG(reply->wait_status)
                  : reply->runs == 0 ? SIGKILL
                                     : 0,
        .timed_out = run->timed_out,
        .wall_s = (double)reply->wall_ns * 1e-9,
        .cpu_s = (double)reply->cpu_ns * 1e-9,
        .run_delay_s = (double)reply->delay_ns * 1e-9,
        .runs = reply->runs,
        .peak_rss_bytes = reply->peak_rss_bytes,
        .major_faults = reply->major_faults,
        .voluntary_switches = reply->voluntary_switches,
        .involuntary_switches = reply->involuntary_switches,
        .threads = reply->threads,
        .processes = reply->processes,
        .left = run->replies[0].left,
        .out = strbuf_str(&pipes[0].kept),
        .errors = strbuf_str(&pipes[1].kept),
        .out_bytes = pipes[0].bytes,
        .errors_bytes = pipes[1].bytes,
    };
    return true;
}

static bool run_lanes(Arena *arena, const ProcessOptions *const options[], size_t lanes,
                      bool beside, ProcessResult *results, Err *err)
{
    CLEANUP(arena_cleanup) Arena *scratch = arena_new("process");
    SpawnRequest request = {.lanes = (uint32_t)lanes,
                            .cpu = options[0]->on_cpu ? options[0]->cpu : SPAWN_CPU_ANY,
                            .watch_ms = options[0]->watch_ms,
                            .grace_ms =
                                options[0]->grace_ms ? options[0]->grace_ms : GRACE_MS_DEFAULT,
                            .beside = beside};
    SpawnLane made[SPAWN_LANES_MAX];
    StrBuf texts = strbuf_new(scratch);
    for (size_t i = 0; i < lanes; i++)
        if (!fill_lane(scratch, &texts, options[i], &made[i], err))
            return false;
    request.text_bytes = texts.len;
    StrBuf bytes = strbuf_new(scratch);
    strbuf_add(&bytes, (Str){(const char *)&request, sizeof(request)});
    strbuf_add(&bytes, (Str){(const char *)made, sizeof(made[0]) * lanes});
    strbuf_add(&bytes, strbuf_str(&texts));

    CLEANUP(run_finish) Run run = {.lanes = lanes, .control = -1, .helper = -1};
    for (size_t i = 0; i < sizeof(run.theirs) / sizeof(run.theirs[0]); i++)
        run.theirs[i] = -1;
    for (size_t i = 0; i < sizeof(run.pipes) / sizeof(run.pipes[0]); i++)
        run.pipes[i].fd = -1;
    if (options[0]->cancel && *options[0]->cancel)
        return err_set(err, ERR_CANCELLED, "cancelled");
    if (!open_all(&run, strbuf_str(&bytes), options, arena, err) ||
        !start_helper(&run, scratch, err))
        return false;
    pump(&run, options[0]);
    if (run.cancelled)
        return err_set(err, ERR_CANCELLED, "cancelled");
    for (size_t i = 0; i < lanes; i++) {
        Err not_ours = {0};
        bool matters = i == 0 || !beside;
        if (!read_reply(&run, i, &results[i], matters ? err : &not_ours)) {
            if (matters)
                return false;
            results[i] =
                (ProcessResult){.status = -1, .errors = str_copy(arena, str_from_c(not_ours.msg))};
        }
    }
    return true;
}

bool process_run(Arena *arena, const ProcessOptions *options, ProcessResult *result, Err *err)
{
    return run_lanes(arena, &options, 1, false, result, err);
}

bool process_together(Arena *arena, const ProcessOptions *const options[PROCESS_TOGETHER_MAX],
                      ProcessResult results[PROCESS_TOGETHER_MAX], Err *err)
{
    return run_lanes(arena, options, PROCESS_TOGETHER_MAX, false, results, err);
}

bool process_beside(Arena *arena, const ProcessOptions *const options[PROCESS_TOGETHER_MAX],
                    ProcessResult results[PROCESS_TOGETHER_MAX], Err *err)
{
    return run_lanes(arena, options, PROCESS_TOGETHER_MAX, true, results, err);
}

/* ---------------------------------------------------------------- what to say about a failure */

bool process_check(const ProcessResult *result, Str what, Err *err)
{
    if (result->timed_out)
        return err_set(err, ERR_TOOL, STR_FMT " did not end within %.0f s", STR_ARG(what),
                       ceil(result->wall_s));
    if (result->status == 0)
        return true;
    Str why = said_why(result->errors, result->out);
    if (result->signal)
        return err_set(err, ERR_TOOL, STR_FMT " was ended by signal %d (%s)%s" STR_FMT,
                       STR_ARG(what), result->signal, strsignal(result->signal),
                       why.len ? ": " : "", STR_ARG(why));
    return err_set(err, ERR_TOOL, STR_FMT " exited with status %d%s" STR_FMT, STR_ARG(what),
                   result->status, why.len ? ": " : "", STR_ARG(why));
}
