/*
 * PerfEventLine: the first line of a sample in the text of `perf script`: who was interrupted, by
 * which event.
 *
 *     work 12184/12184 [002]  1413.739596:    1003009 cpu-clock:  1212 hot+0x22 (/src/work)
 *
 * All texts are views of the line.
 */
#ifndef ANALYSIS_PROFILE_PERF_PERF_EVENT_LINE_H
#define ANALYSIS_PROFILE_PERF_PERF_EVENT_LINE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

typedef struct PerfEventLine {
    Str who; /* comm, pid and tid as they stand there */
    Str comm;
    Str ids; /* "12184/12184", "12184" or empty */
    Str event;
    uint64_t period;
    bool has_period;
    bool has_time;
    Str rest; /* behind the event */
} PerfEventLine;

bool perf_event_line(Str line, PerfEventLine *out);

/* Without blanks, tabs and carriage returns at the end; without blanks and tabs at the start. */
static inline Str perf_trim_end(Str text)
{
    while (text.len && (text.ptr[text.len - 1] == ' ' || text.ptr[text.len - 1] == '\r' ||
                        text.ptr[text.len - 1] == '\t'))
        text.len--;
    return text;
}

static inline Str perf_trim_start(Str text)
{
    size_t at = 0;
    while (at < text.len && (text.ptr[at] == ' ' || text.ptr[at] == '\t'))
        at++;
    return str_from(text, at);
}

#endif
