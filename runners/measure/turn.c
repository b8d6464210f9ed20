#include "runners/measure/turn.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/file.h"
#include "base/path.h"

enum {
    LOOK_AGAIN_MS = 100
};

/* The lock file holds "pid N": for the message only. */
static Str holder(Arena *arena, int fd)
{
    char text[64];
    ssize_t got = pread(fd, text, sizeof(text), 0);
    return got > 0 ? str_copy(arena, str_trim((Str){text, (size_t)got})) : S("unknown");
}

bool turn_take(Turn *turn, Str user_state, const volatile sig_atomic_t *cancel,
               void (*note)(void *context, Str message), void *context, Err *err)
{
    turn->fd = -1;
    if (!user_state.len)
        return true;
    CLEANUP(arena_cleanup) Arena *scratch = arena_new("turn");
    Str path = path_join(scratch, user_state, S("bench.lock"));
    if (!file_make_dirs(user_state, err))
        return false;
    turn->fd = open(str_cstr(scratch, path), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (turn->fd < 0)
        return err_set(err, ERR_IO, "cannot open " STR_FMT ": %s", STR_ARG(path), strerror(errno));
    for (bool told = false; flock(turn->fd, LOCK_EX | LOCK_NB) < 0;) {
        if (errno != EWOULDBLOCK && errno != EINTR)
            return err_set(err, ERR_IO, "cannot lock " STR_FMT ": %s", STR_ARG(path),
                           strerror(errno));
        if (cancel && *cancel)
            return err_set(err, ERR_CANCELLED, "cancelled while another benchmark was running");
        if (!told && note)
            note(context, str_fmt(scratch,
                                  "another benchmark is running on this machine (" STR_FMT
                                  "); waiting for its end",
                                  STR_ARG(holder(scratch, turn->fd))));
        told = true;
        nanosleep(&(struct timespec){.tv_nsec = LOOK_AGAIN_MS * 1000000L}, NULL);
    }
    char text[32];
    int len = snprintf(text, sizeof(text), "pid %d\n", (int)getpid());
    if (ftruncate(turn->fd, 0) < 0 || pwrite(turn->fd, text, (size_t)len, 0) < 0)
        return err_set(err, ERR_IO, "cannot write " STR_FMT ": %s", STR_ARG(path), strerror(errno));
    return true;
}

void turn_finish(Turn *turn)
{
    if (turn->fd >= 0)
        close(turn->fd);
    turn->fd = -1;
}
