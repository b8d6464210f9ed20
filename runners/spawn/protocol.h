/*
 * Protocol: what perfloop and its spawn helper say to each other.
 *
 * The helper is a tiny static program (runners/spawn/main.c) that forks, times and reaps commands
 * for us. It exists because the peak memory of a process starts at that of the process that
 * forked it: a 1 MB program started by a 300 MB server would be reported with 300 MB.
 *
 * The request is one memory file: SpawnRequest, then one SpawnLane per command, then the texts.
 * The reply is one SpawnReply per lane, in a page both sides map. Whoever holds the other end of
 * SPAWN_FD_CONTROL ends everything by closing it.
 *
 * This header is also compiled into the helper, so it knows nothing of base/.
 */
#ifndef RUNNERS_SPAWN_PROTOCOL_H
#define RUNNERS_SPAWN_PROTOCOL_H

#include <stdint.h>

enum {
    SPAWN_FD_REQUEST = 3,
    SPAWN_FD_REPLY = 4,
    SPAWN_FD_CONTROL = 5, /* a pipe's reading end; its end of file means: stop now */
    SPAWN_FD_LANES = 6,   /* stdin, stdout and stderr of lane 0, then of lane 1, ... */
    SPAWN_LANES_MAX = 2,
    SPAWN_CPU_ANY = -1,
};

typedef struct SpawnRequest {
    uint32_t lanes;
    int32_t cpu;         /* every lane runs on this one, or SPAWN_CPU_ANY */
    uint32_t watch_ms;   /* count threads and processes this often; 0: never */
    uint32_t grace_ms;   /* between SIGTERM and SIGKILL when stopped */
    uint32_t beside;     /* 1: lane 1 is ended when lane 0 has ended */
    uint32_t unused;     /* keeps the next field aligned */
    uint64_t text_bytes; /* after the lanes */
} SpawnRequest;

typedef struct SpawnLane {
    uint32_t argv_count;
    uint32_t env_count;
    uint32_t repeat;       /* runs in a row; the reply sums them */
    uint32_t argv_at;      /* offset of argv_count NUL-ended texts */
    uint32_t env_at;       /* offset of env_count texts */
    uint32_t cwd_at;       /* offset of a text; empty: stay */
    uint32_t program_at;   /* offset of the path to execute */
    uint32_t unused;       /* keeps the next fields aligned */
    uint64_t memory_bytes; /* RLIMIT_AS; 0: none */
    uint64_t cpu_seconds;  /* RLIMIT_CPU; 0: none */
} SpawnLane;

typedef struct SpawnReply {
    int32_t start_errno; /* exec or chdir said no */
    int32_t wait_status; /* as wait4 gives it, of the last run */
    uint32_t runs;       /* that ended */
    uint32_t threads;    /* most seen at once in one process; 0: not watched */
    uint32_t processes;  /* most seen at once; 0: not watched */
    uint32_t left;       /* processes still there after the command ended; they were killed */
    uint64_t wall_ns;    /* from before fork until the wait returned, summed over the runs */
    uint64_t cpu_ns;     /* user and system time of the command and the children it waited for */
    uint64_t delay_ns;   /* waiting for a processor: its first thread, and we who time it */
    uint64_t peak_rss_bytes;
    uint64_t major_faults;
    uint64_t voluntary_switches;
    uint64_t involuntary_switches;
} SpawnReply;

#endif
