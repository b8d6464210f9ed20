/*
 * Log: one line per event on standard error, "who: what, with numbers".
 *
 * base, grammars and analysis log at debug level only; whoever decides about a failure logs it,
 * once. The level comes from PERFLOOP_LOG (error, warn, info, debug) or log_set_level; the default
 * is warn. Safe from any thread: a line is one write, and it is dropped where it would have to wait
 * for somebody to read.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stdbool.h>

#include "base/attr.h"

typedef enum LogLevel {
    LOG_ERROR,
    LOG_WARN,
    LOG_INFO,
    LOG_DEBUG,
} LogLevel;

void log_set_level(LogLevel level);
void log_line(LogLevel level, const char *fmt, ...) PRINTF_LIKE(2, 3);

#define log_error(...) log_line(LOG_ERROR, __VA_ARGS__)
#define log_warn(...)  log_line(LOG_WARN, __VA_ARGS__)
#define log_info(...)  log_line(LOG_INFO, __VA_ARGS__)
#define log_debug(...) log_line(LOG_DEBUG, __VA_ARGS__)

/*
 * EXPECT(cond): a condition that only a bug of ours can break. In the server it logs and gives
 * false, so a handler can answer with nothing; under tests (PERFLOOP_STRICT set) it aborts.
 */
#define EXPECT(cond) ((cond) || log_unexpected(__FILE__, __LINE__, #cond))
bool log_unexpected(const char *file, int line, const char *cond);

#endif
