/*
 * Profile: what a profiler saw, whatever tool wrote it. Plain columns, so that it can be mapped
 * from a file without a copy (store.h).
 *
 * A profile is made in one of two shapes:
 *
 * - stacks (samplers, tracers): `stacks` is a tree, each node a frame and the node that called it.
 *   Node 0 is the empty stack; a parent always has a smaller number than its children, so one pass
 *   from the end sums up a tree. A sample is a node and what it weighs in each metric.
 * - graph (cProfile, callgrind): only functions and who called whom are known. Every function is a
 *   stack of its own below node 0 and carries its self cost; `frame_totals` has the inclusive
 *   cost, and `calls` the edges. When the cost of single lines is known, too, each line is one
 *   more stack of one frame, with the line's self cost and its total (its calls included); the
 *   function's frame has line 0 and is not inlined, its total is the function's, and self costs are on the lines.
 *
 * Weights are whole numbers in the metric's unit: "ns", "bytes" or "count". Texts are ids; id 0 is
 * the empty text, "not known". A profile lives as long as the arena or the mapping it came from.
 *
 * Making one: a ProfileBuilder removes duplicates as it goes.
 *
 *     ProfileBuilder *build = profile_builder_new(arena);
 *     profile_add_metric(build, S("cpu"), S("ns"), true);
 *     uint32_t frame = profile_add_frame(build, (ProfileFrame){.function = ..., .line = 9});
 *     uint32_t stack = profile_add_stack(build, 0, frame);
 *     profile_add_sample(build, (ProfileSample){.stack = stack, .count = 1}, (int64_t[]){10});
 *     *out = profile_build(build);
 */
#ifndef ANALYSIS_PROFILE_PROFILE_H
#define ANALYSIS_PROFILE_PROFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/str.h"

enum {
    PROFILE_METRICS_MAX = 48, /* ncu gives about 30: a sample count per stall reason, and more */
    PROFILE_NOTES_MAX = 20,   /* what goes wrong more often is counted */
};

/* What stands behind a frame. Only FRAME_USER can have a place in a file of the user. */
typedef enum FrameKind {
    FRAME_USER,      /* code with, or possibly with, a source file */
    FRAME_BUILTIN,   /* part of the interpreter: <built-in method len> */
    FRAME_FROZEN,    /* compiled into the interpreter: <frozen importlib._bootstrap> */
    FRAME_GENERATED, /* made at run time: <string>, <stdin>, <ipython-input-3> */
    FRAME_NATIVE,    /* machine code known by symbol or module only */
    FRAME_KERNEL,
    FRAME_GPU,
    FRAME_LABEL, /* not code: the process or thread a stack begins with */
    FRAME_KINDS,
} FrameKind;

typedef struct ProfileFrame {
    uint32_t function; /* text */
    uint32_t file;     /* text, as the tool recorded it */
    uint32_t module;   /* text: shared object, package or kernel the code lies in */
    uint32_t line;     /* that ran, from 1; 0 when not known */
    uint32_t def_line; /* where the function is defined; 0 when not known */
    uint16_t kind;     /* FrameKind */
    uint16_t inlined;  /* 1: the compiler put this frame into its parent */
    /* To be looked up (symbols/symbolize.h); else 0. In the module's file; of the kernel and of code made at run time, in memory. */
    uint64_t address;
} ProfileFrame;

typedef struct ProfileStack {
    uint32_t parent; /* the caller's node; 0 is the empty stack */
    uint32_t frame;
} ProfileStack;

typedef struct ProfileThread {
    uint32_t process; /* text; 0 when not known */
    uint32_t name;    /* text */
    uint64_t pid;
    uint64_t tid;
} ProfileThread;

typedef struct ProfileMetric {
    uint32_t name;    /* text: cpu, wall, samples, bytes, calls, gpu samples */
    uint32_t unit;    /* text: ns, bytes, count */
    uint32_t sampled; /* 1: weights come from samples and carry a sampling error */
    uint32_t unused;
} ProfileMetric;

/* What is known about a module beside its name; only between a reader and symbolize.h. */
typedef struct ProfileModule {
    uint32_t module;   /* text */
    uint32_t build_id; /* text: hexadecimal digits */
    uint32_t loaded;   /* 1: addresses are those of the running process, not places in the file */
    uint64_t start;    /* of the kernel: the address where its code began; else 0 */
} ProfileModule;

/* What a tool says about a function beside its cost: a number, or a text. "registers per thread": 40. */
typedef struct ProfileFact {
    uint32_t frame; /* of the function: line 0 */
    uint32_t name;  /* text */
    uint32_t unit;  /* text: ns, bytes, %, count, Hz, bytes/s; empty for a text */
    uint32_t text;  /* text: the value in words; 0 when it is a number */
    double value;
} ProfileFact;

typedef enum FindingKind {
    FINDING_NOTE,
    FINDING_WARNING,
    FINDING_OPTIMIZATION, /* with an estimate, when the tool gives one */
    FINDING_WAIT,         /* nothing happens here but waiting for something else */
    FINDING_WAIT_PART,    /* it waits, too */
    FINDING_LAUNCH,       /* what the kernels cost that it launches */
    FINDING_KINDS,
} FindingKind;

/* The tool's own judgement of a place: a rule of ncu, a line that only waits. */
typedef struct ProfileFinding {
    uint32_t frame;   /* of the function or kernel */
    uint32_t file;    /* text: as recorded; 0: the function's own */
    uint32_t line;    /* from 1; 0: the whole function */
    uint32_t rule;    /* text: the tool's name for the rule; of FINDING_WAIT what is waited for */
    uint32_t message; /* text */
    uint16_t kind;    /* FindingKind */
    uint16_t local;   /* 1: the speedup is that of one unit of the device, not the whole kernel's */
    double speedup;   /* estimated, in percent; 0 when not said */
} ProfileFinding;

/* The text of a file as it was when the program was built, kept in the recording. */
typedef struct ProfileSource {
    uint32_t file;    /* text: as recorded */
    uint32_t content; /* text */
} ProfileSource;

/* A file that was not there, or of no use, when addresses were looked up (symbols/symbolize.h). */
typedef struct ProfileAwaited {
    uint32_t path;   /* text */
    uint32_t module; /* 1: of the program or library itself; 0: its copy or debug information */
    uint64_t state;  /* what it was like then; 0: not there */
} ProfileAwaited;

/* One edge of a graph profile. */
typedef struct ProfileCall {
    uint32_t caller; /* frame */
    uint32_t callee; /* frame */
    uint32_t line;   /* of the call; 0 when not known */
    uint32_t unused;
    uint64_t count; /* how often */
} ProfileCall;

typedef struct Profile {
    Str tool;   /* "py-spy", "cProfile"; empty when the file does not say */
    Str format; /* "folded", "speedscope", "pstats": a name in format.h's table */
    Str *notes; /* what was strange and how it was taken, a sentence each */
    size_t notes_len;

    const uint64_t *text_offsets; /* texts_len + 1 */
    const char *text_bytes;
    size_t texts_len;

    const ProfileMetric *metrics;
    size_t metrics_len; /* at least 1 */
    const ProfileFrame *frames;
    size_t frames_len;
    const ProfileStack *stacks; /* stacks_len counts the empty stack */
    size_t stacks_len;
    const ProfileThread *threads; /* at least 1; thread 0 is unnamed when the tool names none */
    size_t threads_len;
    const ProfileModule *modules; /* not kept in a profile file */
    size_t modules_len;
    const ProfileAwaited *awaited;
    size_t awaited_len;
    const ProfileFact *facts;
    size_t facts_len;
    const ProfileFinding *findings;
    size_t findings_len;
    const ProfileSource *sources;
    size_t sources_len;

    size_t samples_len;
    const uint32_t *sample_stack;
    const uint32_t *sample_thread;
    const uint64_t *sample_count; /* how many of the tool's samples (or calls) were added up */
    const int64_t *weights[PROFILE_METRICS_MAX]; /* [metric][sample] */

    bool graph;
    const ProfileCall *calls; /* graph only */
    size_t calls_len;
    const int64_t *call_totals[PROFILE_METRICS_MAX];  /* [metric][call]; graph only */
    const int64_t *frame_totals[PROFILE_METRICS_MAX]; /* [metric][frame]; graph only */
} Profile;

Str profile_text(const Profile *profile, uint32_t text);
/* Index of the metric of this name, or SIZE_MAX. */
size_t profile_metric(const Profile *profile, Str name);
/* Sum of all weights; number of the tool's samples. */
int64_t profile_total(const Profile *profile, size_t metric);
uint64_t profile_count(const Profile *profile);
Str frame_kind_name(FrameKind kind);
Str finding_kind_name(FindingKind kind);
/* "main (src/t.py:9)", "main (src/t.py)" or "main". */
Str profile_frame_text(Arena *arena, const Profile *profile, uint32_t frame);
/* The whole of it as text, heaviest samples first: `dump profile` and the golden files. */
Str profile_print(Arena *arena, const Profile *profile);
/* One profile of several: same metrics by name and unit, equal stacks added up. */
Profile profile_merge(Arena *arena, const Profile *const *profiles, size_t len);

/* ------------------------------------------------------------------ making one */

typedef struct ProfileBuilder ProfileBuilder;

typedef struct ProfileSample {
    uint32_t stack;
    uint32_t thread;
    uint64_t count;
} ProfileSample;

ProfileBuilder *profile_builder_new(Arena *arena);
uint32_t profile_add_text(ProfileBuilder *build, Str text);
/* A view that is valid until the next profile_add_text. */
Str profile_added_text(const ProfileBuilder *build, uint32_t text);
/* Call it before the first sample; gives the metric's index. */
size_t profile_add_metric(ProfileBuilder *build, Str name, Str unit, bool sampled);
size_t profile_builder_metrics(const ProfileBuilder *build);
/* The frame of a stack that was added. */
uint32_t profile_added_frame(const ProfileBuilder *build, uint32_t stack);
/* A frame that was added; valid until the next. */
const ProfileFrame *profile_added_row(const ProfileBuilder *build, uint32_t frame);
uint32_t profile_add_thread(ProfileBuilder *build, ProfileThread thread);
uint32_t profile_add_frame(ProfileBuilder *build, ProfileFrame frame);
uint32_t profile_add_stack(ProfileBuilder *build, uint32_t parent, uint32_t frame);
/* The same for readers that keep their own table of children: always makes a new node. */
uint32_t profile_push_stack(ProfileBuilder *build, uint32_t parent, uint32_t frame);
/* Adds to the last sample of this stack and thread, or makes one. One weight per metric. */
void profile_add_sample(ProfileBuilder *build, ProfileSample sample, const int64_t *weights);
/* Graph profiles: the edge's cost per metric, and a frame's inclusive cost. */
void profile_add_call(ProfileBuilder *build, ProfileCall call, const int64_t *totals);
void profile_add_total(ProfileBuilder *build, uint32_t frame, const int64_t *totals);
/* The first build id that a module is given is kept, and the first start. */
void profile_add_module(ProfileBuilder *build, uint32_t module, uint32_t build_id);
/* The module's addresses are those of the running process; where it was loaded is not known. */
void profile_add_loaded(ProfileBuilder *build, uint32_t module);
void profile_add_start(ProfileBuilder *build, uint32_t module, uint64_t start);
void profile_add_fact(ProfileBuilder *build, ProfileFact fact);
void profile_add_finding(ProfileBuilder *build, ProfileFinding finding);
void profile_add_source(ProfileBuilder *build, ProfileSource source);
/* Facts, findings and sources of another profile; frames[i] is the builder's id of its frame i. */
void profile_copy_said(ProfileBuilder *build, const Profile *from, const uint32_t *frames);
void profile_add_awaited(ProfileBuilder *build, Str path, bool module, uint64_t state);
/* A sentence for the people who read the result; after PROFILE_NOTES_MAX they are counted. */
void profile_note(ProfileBuilder *build, const char *fmt, ...) PRINTF_LIKE(2, 3);
/*
 * "1 line is too long", "3 lines are too long": the number, the word for one or for more, and the
 * rest. No note when it is 0.
 */
void profile_note_count(ProfileBuilder *build, uint64_t count, const char *one, const char *more,
                        const char *fmt, ...) PRINTF_LIKE(5, 6);
/* Texts are copied. The builder is used up. */
Profile profile_build(ProfileBuilder *build, Str tool, Str format);

/* What the names say about the code: <frozen x>, ~, <string>, process 7:"a"; else FRAME_USER. */
FrameKind frame_kind_of(Str function, Str file);

#endif
