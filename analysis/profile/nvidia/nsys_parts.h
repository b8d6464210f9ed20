/*
 * NsysParts: what the reader of Nsight Systems exports is made of. Only for read_nsys.c (kernels,
 * copies, calls), nsys_host.c (call chains, NVTX ranges, CPU samples), nsys_names.c,
 * nsys_launches.c (which stack launched what), nsys_streams.c (how busy each stream was), and nsys_timeline.c (the same tables in the order of time).
 */
#ifndef ANALYSIS_PROFILE_NSYS_PARTS_H
#define ANALYSIS_PROFILE_NSYS_PARTS_H

#include "analysis/profile/gpu_wait.h"
#include "analysis/profile/nvidia/nsys_db.h"
#include "analysis/profile/readers.h"
#include "base/array.h"
#include "base/idmap.h"

/* Metrics; SIZE_MAX: the export has nothing of it. */
typedef struct NsysMetrics {
    size_t gpu_time;
    size_t copy_time;
    size_t copy_bytes;
    size_t api_time;
    size_t wait_time;
    size_t cpu_samples;
    size_t cpu_cycles;
} NsysMetrics;

/* A range that the program named (NVTX), on one thread. */
typedef struct NsysRange {
    uint64_t thread; /* globalTid */
    int64_t start, end;
    uint32_t parent; /* number + 1 of the range around it; 0: none */
    uint32_t text;   /* of the profile */
    uint32_t stack;  /* made when first asked for; 0: not yet */
} NsysRange;

/* A host stack: frames from `first`, innermost first. */
typedef struct NsysChain {
    uint32_t first;
    uint32_t len;
} NsysChain;

typedef struct NsysCpuSample {
    int64_t thread; /* globalTid */
    int64_t time;
    int64_t cycles;
} NsysCpuSample;

typedef struct NsysKernel {
    uint32_t frame;
    uint32_t name; /* text: short */
    uint32_t full; /* text: demangled */
    uint64_t launches;
    int64_t total_ns, shortest_ns, longest_ns;
    int64_t grid[3], block[3]; /* of the longest launch, and so are the next three */
    int64_t registers, static_bytes, dynamic_bytes;
    int64_t waited_ns; /* by the host, for the end of this kernel */
} NsysKernel;

/* A call that started something on the device, where its host stack is known. */
typedef struct NsysLaunch {
    uint64_t key; /* process and correlation */
    uint32_t host;
} NsysLaunch;

/*
 * By key. Calls come nearly in this order, and what they started is asked for nearly in it: an array
 * takes a tenth of a table's memory, and the answer is mostly beside the one before.
 */
typedef struct NsysLaunches {
    Array(NsysLaunch) list;
    size_t last; /* the place of the newest answer */
    bool unsorted;
} NsysLaunches;

typedef struct NsysStream {
    int64_t device, stream;
    int64_t first, until; /* of its kernels */
    int64_t busy_ns;
    int64_t pause_start, pause_end; /* the longest time between two kernels */
    uint64_t kernels;
} NsysStream;

typedef struct Nsys {
    Arena *arena;
    NsysDb *db;
    ProfileBuilder *build;
    NsysMetrics metric;
    IdMap text_of; /* StringIds to text of the profile + 1 */
    /* host */
    Array(NsysRange) ranges; /* by thread, then start */
    Array(NsysChain) chains;
    Array(uint32_t) chain_frames;
    int64_t chain_shift; /* added to an id that a call refers to */
    IdMap chain_of;      /* id + 1 to number + 1 */
    NsysLaunches launches;
    Array(NsysCpuSample) cpu_samples;
    IdMap sample_of;                 /* id + 1 to number + 1 */
    IdMap process_name, thread_name; /* pid or globalTid, + 1, to text + 1 */
    IdMap stream_of;                 /* to thread + 1 */
    /* device */
    Array(NsysKernel) kernels;
    IdMap kernel_of; /* shortName + 1 to number + 1 */
    GpuWaits waits;
    Array(NsysStream) streams;
    IdMap stream_row; /* thread + 1 to number + 1 in streams */
} Nsys;

typedef struct NsysCall {
    int64_t start, end, thread, correlation;
} NsysCall;

/* Serialized ids hold vm, process and thread: 24 bits of each of the last two. */
static inline uint64_t nsys_process(int64_t global)
{
    return (uint64_t)global >> 24 & 0xffffff;
}

static inline uint64_t nsys_thread(int64_t global)
{
    return (uint64_t)global & 0xffffff;
}

/* nsys_names.c */
/* "cudaLaunchKernel_v7000" without the version. */
Str nsys_call_name(Str name);
Str nsys_copy_name(int64_t kind);
/* Until 2022 a call with a chain has two rows, one inside the other: the first has the chain. */
bool nsys_call_repeats(const NsysCall *outer, const NsysCall *call);

/* nsys_launches.c */
void nsys_add_launch(Nsys *in, uint64_t process, int64_t correlation, uint32_t host);
/* All are known. */
void nsys_sort_launches(Nsys *in);
/* The host stack; 0: not known. */
uint32_t nsys_launch_host(Nsys *in, uint64_t process, int64_t correlation);

/* nsys_streams.c */
/* A kernel on the stream of this thread of the profile; they come in the order of their start. */
void nsys_stream_kernel(Nsys *in, uint32_t thread, int64_t device, int64_t stream, int64_t start,
                        int64_t end);
/* A note per stream. */
void nsys_tell_streams(Nsys *in);

/* nsys_host.c */
uint32_t nsys_text(Nsys *in, int64_t string);
void nsys_read_ranges(Nsys *in);
void nsys_read_chains(Nsys *in);
/* The named ranges around this moment, then the call chain. */
uint32_t nsys_host_stack(Nsys *in, int64_t thread, int64_t time, const NsysValue *chain);
/* Of the innermost range that is open then; or empty. */
Str nsys_range_name(Nsys *in, int64_t thread, int64_t time);
void nsys_read_cpu_samples(Nsys *in);
void nsys_read_threads(Nsys *in);
uint32_t nsys_host_thread(Nsys *in, int64_t global);
uint32_t nsys_stream_thread(Nsys *in, int64_t global, int64_t device, int64_t stream);

#endif
