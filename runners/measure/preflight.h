/*
 * Preflight: before two trees are compared, find out whether and how (docs/MEASURING.md 2.2).
 *
 * Warm-up of each side (discarded), with a list of what it loads; three pairs back to back, whose
 * times, processor share, threads and memory are the evidence kept with the verdict; equality of
 * exit status and, where a side repeats its own output, of the output; and, when time is compared
 * and both sides are serial and compute, a trial of both on one processor.
 */
#ifndef RUNNERS_MEASURE_PREFLIGHT_H
#define RUNNERS_MEASURE_PREFLIGHT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/attr.h"
#include "base/digest.h"
#include "base/err.h"
#include "base/str.h"

enum {
    PREFLIGHT_PAIRS = 3
};

typedef enum BenchDesign {
    DESIGN_AUTO,
    DESIGN_SAME_CORE, /* S */
    DESIGN_PAIRS,     /* P */
} BenchDesign;

/* "S", "P", and for people "same core", "back to back"; "" for DESIGN_AUTO. */
Str design_word(BenchDesign design);
Str design_text(BenchDesign design);
bool design_from_word(Str word, BenchDesign *out);

/* One of the two frozen trees and the command that runs in it. */
typedef struct BenchSide {
    Str dir;
    const Str *argv;
    size_t argc;
} BenchSide;

typedef struct PreflightSide {
    double wall_s[PREFLIGHT_PAIRS];
    double cpu_s[PREFLIGHT_PAIRS];
    double delay_s[PREFLIGHT_PAIRS]; /* waiting for a processor */
    double share;                    /* median of cpu / (wall - delay) */
    uint64_t peak_rss_bytes;
    uint32_t threads; /* most seen at once */
    uint32_t processes;
    bool repeats_output;            /* all its runs printed the same */
    double same_core_s;             /* CPU time of a run in the trial of S; 0 when there was none */
    double values[PREFLIGHT_PAIRS]; /* of the metric */
} PreflightSide;

typedef struct Preflight {
    PreflightSide sides[2];
    BenchDesign design;
    Str reason;        /* why this design, with numbers */
    double inflation;  /* CPU time in S over CPU time alone, the worse side; 0: not tried */
    uint32_t repeat;   /* runs of the command in one unit */
    double pair_s;     /* how long one pair takes */
    bool system_delay; /* gate on the system's CPU pressure: the command has threads or children */
    Digest output;     /* what each run must print; zero when runs differ by themselves */
    Digest libraries;  /* what it loaded from outside its tree */
    bool uses_gpu;     /* the CUDA driver was among it */
    Str invalid;       /* why the sides cannot be compared; empty when they can */
} Preflight;

struct Session;
struct Metric;

typedef struct PreflightOptions {
    bool metric_asked;         /* false: time, in whichever of its forms says most */
    BenchDesign design;        /* asked for, or of the pairs to continue */
    Str root;                  /* the user's work tree */
    bool benchmark_changed_ok; /* see bench.h */
} PreflightOptions;

/*
 * Fills `out`, sets the session's repeat and time limit, and replaces *metric where the choice is
 * ours. With one side only the runs of that side, and no trial. False as bench_pairs says.
 */
bool preflight_run(Arena *arena, struct Session *session, const PreflightOptions *options,
                   struct Metric *metric, Preflight *out, Err *err) MUST_CHECK;

#endif
