#include "runners/spawn/embed.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* The bytes of the program built from main.c; cmake/spawn.cmake says where it is. */
__asm__(".pushsection .rodata\n"
        "spawn_helper_start: .incbin \"" SPAWN_HELPER "\"\n"
        "spawn_helper_end: .byte 0\n"
        ".popsection\n");
extern const char spawn_helper_start[];
extern const char spawn_helper_end[];

enum {
    FD_ABOVE = 64
}; /* clear of the numbers that a spawn gives to the helper */

static pthread_once_t made = PTHREAD_ONCE_INIT;
static int helper_fd = -1;
static int helper_errno;

static bool write_all(int fd)
{
    for (const char *at = spawn_helper_start; at < spawn_helper_end;) {
        ssize_t wrote = write(fd, at, (size_t)(spawn_helper_end - at));
        if (wrote < 0 && errno != EINTR)
            return false;
        at += wrote > 0 ? wrote : 0;
    }
    return true;
}

static void close_fd(int fd)
{
    if (fd >= 0)
        close(fd);
}

/* A file that is open for writing cannot be executed, so it is opened again for reading. */
static void make(void)
{
    char path[32];
    int fd = memfd_create("perfloop-spawn", MFD_CLOEXEC);
    if (fd >= 0 && write_all(fd)) {
        snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
        int reading = open(path, O_RDONLY | O_CLOEXEC);
        helper_fd = reading < 0 ? -1 : fcntl(reading, F_DUPFD_CLOEXEC, FD_ABOVE);
        close_fd(reading);
    }
    helper_errno = errno;
    close_fd(fd);
}

bool spawn_helper_path(Arena *arena, Str *out, Err *err)
{
    pthread_once(&made, make);
    if (helper_fd < 0)
        return err_set(err, ERR_IO, "cannot make the spawn helper in memory: %s",
                       strerror(helper_errno));
    *out = str_fmt(arena, "/proc/self/fd/%d", helper_fd);
    return true;
}
