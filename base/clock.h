/* Clock: the time. Only runners and above call it; analysis is given times. */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdint.h>

#include "base/arena.h"
#include "base/str.h"

/* Monotonic nanoseconds since some moment in the past. */
uint64_t clock_now_ns(void);
/* Nanoseconds this thread has computed: a busy machine does not lengthen them. */
uint64_t clock_thread_ns(void);
/* Wall clock, seconds since 1970. */
int64_t clock_unix_s(void);
/* "2026-11-22T09:30:00Z" */
Str clock_iso(Arena *arena, int64_t unix_s);

#endif
