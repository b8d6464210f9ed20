#include "analysis/profile/perf/perf_look.h"

#include <stddef.h>
#include <string.h>

#include "analysis/profile/perf/perf_file.h"

enum {
    RECORD_HEADER = 8,
    PIPE_HEADER = 16,
    ATTR_SAMPLE_TYPE = 24, /* in struct perf_event_attr */
    ATTR_LEAST = 64,
    EVENTS_MAX = 100000,
    RECORDS_MAX = 10000, /* of a pipe, before the first sample */
    RECORD_HEADER_ATTR = 64,
};

typedef struct Looking {
    PerfLook look;
    size_t events;
} Looking;

static uint64_t number(Str bytes, size_t at, size_t len)
{
    uint64_t value = 0;
    if (at <= bytes.len && len <= bytes.len - at)
        memcpy(&value, bytes.ptr + at, len);
    return value;
}

static void see_event(Looking *in, Str attr)
{
    uint64_t type = number(attr, ATTR_SAMPLE_TYPE, 8);
    in->look.copied_stacks = in->look.copied_stacks || (type & PERF_HAS_STACK_USER);
    in->look.sample_type = in->events ? in->look.sample_type & type : type;
    in->events++;
}

static void look_at_tables(Looking *in, Str bytes)
{
    uint64_t size = number(bytes, 16, 8), at = number(bytes, 24, 8), len = number(bytes, 32, 8);
    if (size < ATTR_LEAST || at > bytes.len || len > bytes.len - at)
        return;
    Str table = str_head(str_from(bytes, (size_t)at), (size_t)len);
    for (; table.len >= size && in->events < EVENTS_MAX; table = str_from(table, (size_t)size))
        see_event(in, table);
}

static void look_at_records(Looking *in, Str bytes)
{
    bytes = str_from(bytes, PIPE_HEADER);
    for (size_t i = 0; i < RECORDS_MAX && bytes.len >= RECORD_HEADER; i++) {
        uint64_t type = number(bytes, 0, 4), size = number(bytes, 6, 2);
        if (size < RECORD_HEADER || size > bytes.len || type == PERF_RECORD_SAMPLE)
            return;
        if (type == RECORD_HEADER_ATTR && size >= RECORD_HEADER + ATTR_LEAST)
            see_event(in, str_from(bytes, RECORD_HEADER));
        bytes = str_from(bytes, (size_t)size);
    }
}

bool perf_look(Str bytes, PerfLook *out)
{
    Looking in = {0};
    if (!str_starts(bytes, S("PERFILE2")) || bytes.len < PIPE_HEADER)
        return false;
    if (number(bytes, 8, 8) == PIPE_HEADER)
        look_at_records(&in, bytes);
    else
        look_at_tables(&in, bytes);
    *out = in.look;
    return in.events > 0;
}
