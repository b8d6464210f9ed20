/*
 * NsysParts: what the reader of Nsight Systems exports is made of. Only for read_nsys.c (kernels and
 * calls, as nsys_sweep.h gives them), nsys_copies.c, nsys_host.c (call chains, CPU samples),
 * nsys_ranges.c (NVTX), nsys_launches.c (which stack launched what), nsys_waits.c (who waits for
 * what), nsys_idle.c (how busy each stream was, gpu_timeline.h), nsys_names.c, nsys_missing.c, and
 * nsys_timeline.c (the same tables as Chrome's trace).
 *
 * What is kept grows with the different stacks, names and threads of an export, not with its rows.
 */
#ifndef ANALYSIS_PROFILE_NVIDIA_NSYS_PARTS_H
#define ANALYSIS_PROFILE_NVIDIA_NSYS_PARTS_H

#include "analysis/profile/gpu_wait.h"
#include "analysis/profile/nvidia/gpu_timeline.h"
#include "analysis/profile/nvidia/nsys_db.h"
#include "analysis/profile/nvidia/nsys_recent.h"
#include "analysis/profile/nvidia/nsys_sweep.h"
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

/* A call that is still known by the row that came after it. */
typedef struct NsysCall {
    int64_t start, end, thread, correlation;
} NsysCall;

/* A range that the program named (NVTX), and that may be open. */
typedef struct NsysRange {
    int64_t end;
    uint32_t text;
    uint32_t stack; /* made when first asked for; 0: not yet */
} NsysRange;

/* A thread of the host. */
typedef struct NsysThread {
    uint64_t process;
    uint32_t thread;         /* of the profile, + 1; 0: not added */
    NsysCall last;           /* the newest call */
    Array(NsysRange) ranges; /* open ones, the outermost first */
} NsysThread;

/* A host stack: frames from `first`, innermost first. */
typedef struct NsysChain {
    uint32_t first;
    uint32_t len;
} NsysChain;

/* A name that calls have. */
typedef struct NsysName {
    uint32_t text;
    uint32_t frame;
    bool waits, launches;
} NsysName;

typedef struct NsysKernel {
    uint32_t frame;
    uint32_t name; /* text: short */
    uint32_t full; /* text: demangled */
    uint64_t launches;
    int64_t total_ns, shortest_ns, longest_ns;
    int64_t longest_row; /* of the table: that launch stands for the others */
    int64_t waited_ns;   /* by the host, for the end of this kernel */
} NsysKernel;

/* A call that started something on the device. */
typedef struct NsysLaunch {
    int64_t start;
    uint32_t host;  /* stack */
    uint32_t range; /* text: the innermost range then */
} NsysLaunch;

/* What ran on the device before its call was read: clocks of host and device differ a little. */
typedef struct NsysEarly {
    uint32_t frame;
    uint32_t thread;
    int64_t weights[2];
    bool is_kernel;
} NsysEarly;

typedef struct NsysLaunches {
    NsysRecent by_key;
    NsysLaunch *list; /* by slot */
    NsysRecent early_by_key;
    NsysEarly *early;
    uint32_t early_len;
} NsysLaunches;

/* A call that waits, while kernels that could be what it waits for still come. */
typedef struct NsysOpenWait {
    uint64_t process;
    int64_t start, end;
    uint32_t frame;  /* of the host line, + 1; 0: not known */
    uint32_t call;   /* text */
    uint32_t kernel; /* number + 1, of the one that ended last in it */
    int64_t kernel_end;
} NsysOpenWait;

typedef struct NsysRunning {
    uint64_t process;
    int64_t end;
    uint32_t kernel; /* number */
} NsysRunning;

typedef struct NsysWaits {
    Array(NsysOpenWait) open;
    Array(NsysRunning) running;
    Array(GpuWaitSum) sums;
    IdMap sum_of; /* hash to number + 1 in sums */
} NsysWaits;

/* Copies of one kind, from and to one kind of memory, called in one place. */
typedef struct NsysCopies {
    uint32_t frame;
    uint32_t host;
    int64_t kind, from, to;
    uint64_t count;
    int64_t bytes, ns, largest;
} NsysCopies;

typedef struct NsysIdle NsysIdle;

typedef struct Nsys {
    Arena *arena;
    NsysDb *db;
    ProfileBuilder *build;
    NsysMetrics metric;
    IdMap text_of; /* StringIds to text of the profile + 1 */
    /* host */
    Array(NsysThread) threads;
    IdMap thread_of; /* globalTid + 1 to number + 1 */
    Array(NsysName) names;
    IdMap name_of;           /* nameId + 1 to number + 1 */
    Array(NsysChain) chains; /* each different one once */
    Array(uint32_t) chain_frames;
    IdMap chain_of;                  /* hash to number + 1 */
    Array(uint32_t) chain_at;        /* by id of a call's chain: number + 1 */
    IdMap chain_by_id;               /* the same for ids that do not follow one another */
    int64_t chain_shift;             /* added to an id that a call refers to */
    IdMap chained;                   /* stack and chain number to the stack of both */
    struct NsysSampled *sampled;     /* the chains of CPU samples, as they come */
    IdMap process_name, thread_name; /* pid or globalTid, + 1, to text + 1 */
    /* device */
    bool any_process; /* the device's tables do not say which */
    IdMap stream_of;  /* to thread + 1 */
    Array(NsysKernel) kernels;
    IdMap kernel_of; /* name + 1 to number + 1 */
    Array(NsysCopies) copies;
    IdMap copies_of;
    NsysLaunches launches;
    NsysWaits waits;
    NsysIdle *idle;
} Nsys;

/* Serialized ids hold vm, process and thread: 24 bits of each of the last two. */
static inline uint64_t nsys_process(int64_t global)
{
    return (uint64_t)global >> 24 & 0xffffff;
}

static inline uint64_t nsys_thread(int64_t global)
{
    return (uint64_t)global & 0xffffff;
}

static inline int64_t nsys_lasting(int64_t start, int64_t end)
{
    int64_t ns;
    return end > start && !__builtin_sub_overflow(end, start, &ns) ? ns : 0;
}

static inline int64_t nsys_sum(int64_t a, int64_t b)
{
    int64_t sum;
    return __builtin_add_overflow(a, b, &sum) ? INT64_MAX : sum;
}

static inline uint64_t nsys_mix(uint64_t hash, uint64_t value)
{
    return (hash ^ value) * 0x9e3779b97f4a7c15u + (hash >> 29);
}

/* nsys_names.c */
/* "cudaLaunchKernel_v7000" without the version. */
Str nsys_call_name(Str name);
/* Of calls that start something on the device. */
bool nsys_call_launches(Str name);
Str nsys_copy_name(int64_t kind);
/* "pageable"; empty when it is not known. */
Str nsys_memory_name(int64_t kind);
/* Until 2022 a call with a chain has two rows, one inside the other: the first has the chain. */
bool nsys_call_repeats(const NsysCall *outer, const NsysCall *call);

/* nsys_launches.c */
void nsys_launches_init(Nsys *in, size_t bytes);
/* Gives what ran early its stack. */
void nsys_add_launch(Nsys *in, uint64_t process, int64_t correlation, NsysLaunch launch);
/* NULL: not known, or not yet. */
const NsysLaunch *nsys_launch(const Nsys *in, uint64_t process, int64_t correlation);
/* The sample is added when its call comes. */
void nsys_add_early(Nsys *in, uint64_t process, int64_t correlation, NsysEarly early);
void nsys_launches_end(Nsys *in);

/* nsys_waits.c */
void nsys_add_wait(Nsys *in, NsysOpenWait wait);
/* Kernels come by their start. */
void nsys_wait_kernel(Nsys *in, uint64_t process, int64_t start, int64_t end, uint32_t kernel);
void nsys_tell_waits(Nsys *in);

/* nsys_idle.c */
NsysIdle *nsys_idle_new(Arena *arena);
void nsys_idle_call(Nsys *in, uint64_t process, uint32_t name, int64_t start, int64_t end);
typedef struct NsysWork {
    NsysKind kind;
    uint64_t process;
    int64_t device, stream, start, end, bytes;
    uint32_t name;            /* text */
    const NsysLaunch *launch; /* NULL: not known */
} NsysWork;
/* Calls and work come by their start. */
void nsys_idle_work(Nsys *in, const NsysWork *work);
GpuTimeline nsys_idle_end(Nsys *in);

/* nsys_missing.c */
/* A note for each table and column that is not there. */
void nsys_tell_missing(Nsys *in);

/* nsys_copies.c */
void nsys_take_copy(Nsys *in, const NsysRow *row, bool is_fill);
void nsys_tell_copies(Nsys *in);

/* nsys_ranges.c */
void nsys_take_range(Nsys *in, const NsysRow *row);
/* The stack of the ranges that are open then. */
uint32_t nsys_range_stack(Nsys *in, NsysThread *thread, int64_t time);
/* Text of the innermost of them; 0: none. */
uint32_t nsys_range_text(NsysThread *thread, int64_t time);

/* nsys_host.c */
uint32_t nsys_text(Nsys *in, int64_t string);
NsysThread *nsys_thread_row(Nsys *in, int64_t global);
void nsys_read_chains(Nsys *in);
/* The named ranges around this moment, then the call chain. */
uint32_t nsys_host_stack(Nsys *in, NsysThread *thread, int64_t time, const NsysRow *call);
void nsys_sampled_begin(Nsys *in);
void nsys_take_cpu_sample(Nsys *in, const NsysRow *row);
void nsys_sampled_end(Nsys *in);
void nsys_read_threads(Nsys *in);
uint32_t nsys_host_thread(Nsys *in, NsysThread *thread, int64_t global);
uint32_t nsys_stream_thread(Nsys *in, int64_t global, int64_t device, int64_t stream);

/* read_nsys.c */
/* Of work on the device: the process that its launch is looked up by. */
uint64_t nsys_work_process(const Nsys *in, const NsysRow *row);
/* A sample of work on the device, below the stack that launched it. */
void nsys_add_work(Nsys *in, const NsysRow *row, const NsysEarly *work, const NsysLaunch *launch);
bool nsys_read(Arena *arena, NsysDb *db, size_t bytes, Profile *out, GpuTimeline *timeline,
               Err *err) MUST_CHECK;

#endif
