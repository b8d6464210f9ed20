/*
 * ChromeTrace: what read_chrome_trace.c keeps of a trace while it reads, for the two parts that
 * make a Profile of it: chrome_trace_names.c (event names to frames) and chrome_trace_nest.c
 * (events to stacks).
 *
 * Events are many and come in any order (viztracer writes a function when it ends, so `main` is
 * last), so all of them are kept until the end, 16 bytes each. Everything else is kept once per
 * distinct text.
 */
#ifndef ANALYSIS_PROFILE_TRACE_CHROME_TRACE_H
#define ANALYSIS_PROFILE_TRACE_CHROME_TRACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "analysis/profile/gpu_wait.h"
#include "analysis/profile/profile.h"
#include "base/arena.h"
#include "base/array.h"
#include "base/idmap.h"
#include "base/intern.h"

enum {
    TRACE_DEPTH_MAX = 10000,
};

/* TraceEvent.duration is an index of `durations`. */
#define TRACE_LONG UINT32_C(0x80000000)

typedef struct TraceEvent {
    int64_t at; /* ns since the first event */
    uint32_t what;
    uint32_t duration; /* ns, or TRACE_LONG | index; complete events only */
} TraceEvent;

typedef enum TraceKind {
    TRACE_BEGIN,
    TRACE_END,
    TRACE_COMPLETE,
    TRACE_KERNEL, /* complete, and no time of the host */
    TRACE_COPY,   /* likewise */
} TraceKind;

/* What events have in common: mostly a name on a thread; one that launches a kernel is unique. */
typedef struct TraceWhat {
    uint32_t lane;
    uint32_t name; /* place in `names` */
    uint32_t kind;
    uint32_t call_stack;  /* text: Python's stack as PyTorch notes it; or 0 */
    uint64_t correlation; /* of a kernel and its launch; 0 for none */
    uint64_t external; /* of a kernel and the operator it belongs to ("External id"); 0 for none */
} TraceWhat;

typedef struct TraceName {
    uint32_t name; /* texts, as they stand in the file */
    uint32_t category;
    uint32_t file;
    uint32_t line;
} TraceName;

typedef struct TraceOpen {
    uint32_t node;
    uint32_t place; /* the nearest node, this or below it, with a file: a line of Python; or 0 */
    uint32_t name;  /* text; an end has to match it */
    int64_t end;    /* never after the end of what is open below it */
    int64_t self;
    bool is_begin;   /* an end belongs to it */
    bool call_stack; /* PyTorch's stack is in node, or below */
} TraceOpen;

/* What something on the device refers to. */
typedef struct TraceLaunch {
    uint32_t node;
    uint32_t pid; /* text */
} TraceLaunch;

/* One thread, or one row of asynchronous events. */
typedef struct TraceLane {
    uint32_t pid; /* texts as they stand in the file */
    uint32_t tid;
    uint32_t name; /* text; 0 when no event says it */
    bool async;
    uint32_t thread; /* of the profile, + 1 */
    int64_t at;      /* how far the time is charged */
    Array(TraceOpen) open;
    size_t too_deep;
    uint32_t orphan; /* name of an end without begin at `at`: its begin may come now; or 0 */
    size_t implied;  /* ends at `at` that another one implied */
} TraceLane;

typedef struct ChromeTrace {
    Arena *arena;
    ProfileBuilder *build;
    Intern texts;
    TraceEvent *events;
    size_t len;
    Array(int64_t) durations;
    Array(TraceWhat) whats;
    Array(TraceName) names;
    Array(TraceLane) lanes;
    uint32_t *frames;     /* by name: frame + 1 */
    IdMap process_names;  /* pid text to name text */
    IdMap function_files; /* viztracer's file_info: name text to place in `function_places` */
    Array(TraceName) function_places;
    Array(TraceLaunch) launches;
    IdMap launch_of;   /* correlation to number + 1 in launches */
    IdMap operator_of; /* external id, likewise */
    GpuWaits waits;
    IdMap kernel_of;              /* frame + 1 to number + 1 in kernel_names */
    Array(uint32_t) kernel_names; /* texts */
    bool has_sync;
    bool has_kernels;
    bool has_copies;
    bool is_viztracer;
    size_t kernel_metric;
    size_t copy_metric;
    size_t unmatched; /* begins and ends */
    size_t crossing;  /* complete events that reach beyond what they began in */
    size_t deep;
    size_t async_left_out;
    size_t open_at_end;
} ChromeTrace;

/* Frame of a name. */
uint32_t trace_frame(ChromeTrace *in, uint32_t name);
/* The node of "file.py(3): f;file.py(9): g", innermost first, below no other. */
uint32_t trace_call_stack(ChromeTrace *in, uint32_t text);
/* Sorts the events and adds what they cost to the builder. */
void trace_nest(ChromeTrace *in);

#endif
