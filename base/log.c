#include "base/log.h"

#include <poll.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *const NAMES[] = {"error", "warn", "info", "debug"};
static _Atomic int chosen = -1;

static int level_from_environment(void)
{
    const char *text = getenv("PERFLOOP_LOG");
    for (int i = 0; text && i <= LOG_DEBUG; i++)
        if (strcmp(text, NAMES[i]) == 0)
            return i;
    return LOG_WARN;
}

void log_set_level(LogLevel level)
{
    atomic_store(&chosen, (int)level);
}

static bool is_enabled(LogLevel level)
{
    if (atomic_load(&chosen) < 0)
        atomic_store(&chosen, level_from_environment());
    return (int)level <= atomic_load(&chosen);
}

void log_line(LogLevel level, const char *fmt, ...)
{
    if (!is_enabled(level))
        return;
    char line[2048];
    int head = snprintf(line, sizeof(line), "perfloop %s: ", NAMES[level]);
    va_list args;
    va_start(args, fmt);
    int body = vsnprintf(line + head, sizeof(line) - (size_t)head - 1, fmt, args);
    va_end(args);
    size_t len = (size_t)head + (body > 0 ? (size_t)body : 0);
    if (len > sizeof(line) - 2)
        len = sizeof(line) - 2;
    line[len++] = '\n';
    /* Somebody who keeps our standard error in a pipe and does not read it must not stop us. */
    struct pollfd room = {.fd = STDERR_FILENO, .events = POLLOUT};
    if (poll(&room, 1, 0) == 0)
        return;
    ssize_t written = write(STDERR_FILENO, line, len);
    (void)written; /* a log that cannot be written has nobody to tell */
}

bool log_unexpected(const char *file, int line, const char *cond)
{
    log_error("%s:%d: expected %s", file, line, cond);
    if (getenv("PERFLOOP_STRICT"))
        abort();
    return false;
}
