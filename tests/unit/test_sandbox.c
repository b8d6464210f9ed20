#include "runners/profiling/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "base/path.h"
#include "tests/lib/check.h"

/* What a reader that was taken over would try. Each gives a negative number when it was refused. */

static const char *folder;

static long try_program(void)
{
    char *argv[] = {(char[]){"/bin/true"}, NULL};
    return execv(argv[0], argv);
}

static long try_process(void)
{
    pid_t pid = fork();
    if (pid == 0)
        _exit(0);
    return pid;
}

static long try_raw_clone(void)
{
    long pid = syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
    if (pid == 0)
        _exit(0);
    return pid;
}

static long try_network(void)
{
    return socket(AF_INET, SOCK_STREAM, 0);
}

static long try_local_socket(void)
{
    return socket(AF_UNIX, SOCK_STREAM, 0);
}

static long try_new_file(void)
{
    return open("made", O_WRONLY | O_CREAT, 0600);
}

static long try_file_for_writing(void)
{
    return open("there", O_WRONLY);
}

static long try_file_for_both(void)
{
    return open("there", O_RDWR);
}

static long try_truncation(void)
{
    return truncate("there", 0);
}

static long try_removal(void)
{
    return unlink("there");
}

static long try_renaming(void)
{
    return rename("there", "elsewhere");
}

static long try_folder(void)
{
    return mkdir("sub", 0700);
}

static long try_rights(void)
{
    return chmod("there", 0777);
}

static long try_link(void)
{
    return symlink("/etc/passwd", "link");
}

static long try_signal(void)
{
    return kill(getppid(), 0);
}

static long try_tracing(void)
{
    return ptrace(PTRACE_ATTACH, getppid(), NULL, NULL);
}

static long try_new_code(void)
{
    void *page = mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return page == MAP_FAILED ? -1 : 1;
}

static long try_memory_to_code(void)
{
    void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return page == MAP_FAILED ? -2 : mprotect(page, 4096, PROT_READ | PROT_EXEC);
}

static long try_other_numbers(void)
{
    return syscall(0x40000000 + SYS_getpid);
}

typedef struct Attempt {
    const char *name;
    long (*try)(void);
} Attempt;

static const Attempt ATTEMPTS[] = {
    {"start a program", try_program},
    {"fork", try_process},
    {"clone", try_raw_clone},
    {"connect", try_network},
    {"talk to a local server", try_local_socket},
    {"make a file", try_new_file},
    {"open a file to write", try_file_for_writing},
    {"open a file for both", try_file_for_both},
    {"cut a file", try_truncation},
    {"remove a file", try_removal},
    {"rename a file", try_renaming},
    {"make a folder", try_folder},
    {"change rights", try_rights},
    {"make a link", try_link},
    {"send a signal", try_signal},
    {"trace the parent", try_tracing},
    {"map code", try_new_code},
    {"turn memory into code", try_memory_to_code},
    {"call by other numbers", try_other_numbers},
};

enum {
    HAS_NO_FILTER = 77
};

/* Runs in the child: 0, or the number of the first attempt that was not refused + 1. */
static int attempt_all(int result)
{
    if (chdir(folder) || !sandbox_enter((SandboxOptions){.keep_fd = result, .file_bytes = 4096}))
        return HAS_NO_FILTER;
    for (size_t i = 0; i < sizeof(ATTEMPTS) / sizeof(ATTEMPTS[0]); i++) {
        errno = 0;
        if (ATTEMPTS[i].try() != -1 || (errno != EPERM && errno != ENOSYS))
            return (int)i + 1;
    }
    char bytes[5];
    int fd = open("there", O_RDONLY);
    bool reads = fd >= 0 && read(fd, bytes, sizeof(bytes)) == 5;
    return reads && write(result, "fine", 4) == 4 ? 0 : 76;
}

static int open_in(Arena *arena, Str dir, const char *name)
{
    return open(str_cstr(arena, path_join(arena, dir, str_from_c(name))),
                O_RDWR | O_CREAT | O_CLOEXEC, 0600);
}

static int status_of(pid_t pid)
{
    int status = 0;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

static void a_reader_can_only_read_and_write_its_result(void **state)
{
    Arena *arena = test_arena(state);
    Str dir = test_temp_dir(arena), text = {0};
    Err err = {0};
    folder = str_cstr(arena, dir);
    assert_ok(file_write(path_join(arena, dir, S("there")), S("hello"), &err), &err);
    int result = open_in(arena, dir, "result");
    pid_t pid = fork();
    if (pid == 0)
        _exit(attempt_all(result));
    int status = status_of(pid);
    close(result);
    if (status == HAS_NO_FILTER)
        skip();
    if (status > 0 && status <= (int)(sizeof(ATTEMPTS) / sizeof(ATTEMPTS[0])))
        fail_msg("it could %s", ATTEMPTS[status - 1].name);
    assert_int_equal(status, 0);
    assert_ok(file_read(arena, path_join(arena, dir, S("result")), 100, &text, &err), &err);
    assert_str(text, S("fine"));
    assert_ok(file_read(arena, path_join(arena, dir, S("there")), 100, &text, &err), &err);
    assert_str(text, S("hello"));
}

static void what_the_parent_had_open_is_closed(void **state)
{
    Arena *arena = test_arena(state);
    int before = open_in(arena, test_temp_dir(arena), "before");
    int result = open_in(arena, test_temp_dir(arena), "result");
    int after = open_in(arena, test_temp_dir(arena), "after");
    pid_t pid = fork();
    if (pid == 0) {
        sandbox_enter((SandboxOptions){.keep_fd = result, .file_bytes = 4096});
        bool closed = write(before, "x", 1) < 0 && write(after, "x", 1) < 0;
        _exit(closed && write(result, "x", 1) == 1 ? 0 : 1);
    }
    assert_int_equal(status_of(pid), 0);
    close(before);
    close(result);
    close(after);
}

static void a_result_has_a_limit(void **state)
{
    Arena *arena = test_arena(state);
    int result = open_in(arena, test_temp_dir(arena), "result");
    pid_t pid = fork();
    if (pid == 0) {
        static const char BYTES[4096];
        sandbox_enter((SandboxOptions){.keep_fd = result, .file_bytes = 4096});
        while (write(result, BYTES, sizeof(BYTES)) > 0)
            ;
        _exit(0);
    }
    assert_int_equal(status_of(pid), -SIGXFSZ);
    assert_int_equal(lseek(result, 0, SEEK_END), 4096);
    close(result);
}

/* libdw may fetch debug information then; programs stay refused. */
static void with_debuginfod_programs_are_still_refused(void **state)
{
    (void)state;
    pid_t pid = fork();
    if (pid == 0) {
        if (!sandbox_enter((SandboxOptions){.keep_fd = 2, .file_bytes = 4096, .debuginfod = true}))
            _exit(HAS_NO_FILTER);
        bool refused = try_program() == -1 && errno == EPERM && try_signal() == -1;
        _exit(refused && try_local_socket() >= 0 ? 0 : 1);
    }
    int status = status_of(pid);
    if (status == HAS_NO_FILTER)
        skip();
    assert_int_equal(status, 0);
}

TEST_MAIN(TEST(a_reader_can_only_read_and_write_its_result),
          TEST(what_the_parent_had_open_is_closed), TEST(a_result_has_a_limit),
          TEST(with_debuginfod_programs_are_still_refused))
