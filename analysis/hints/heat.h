/*
 * Heat: what is known about the cost of one file, joined and ready to be shown.
 *
 * HotSpots say what a profile measured in the text it was recorded on; Anchors say where those
 * lines are now. A HotFile is the join of the two for one file, as plain data: nothing here
 * points into a profile or a syntax tree. It lives as long as the arena it was made in.
 *
 * Every value is kept once per metric of the profile; the first metric is the one that ranks.
 * Whether a share may be shown at all is decided here and nowhere else (heat_is_shown): a line
 * below the threshold of the user, or below what the number of samples can resolve, stays quiet.
 */
#ifndef ANALYSIS_HINTS_HEAT_H
#define ANALYSIS_HINTS_HEAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "analysis/hints/hint.h"
#include "analysis/hotspots/anchor.h"
#include "analysis/hotspots/compare.h"
#include "analysis/profile/profile.h"
#include "analysis/source/text.h"
#include "base/str.h"
#include "base/units.h"

#define HEAT_NO_FUNCTION UINT32_MAX
#define HEAT_NO_RANK     UINT32_MAX
#define HEAT_NO_ANCHOR   UINT32_MAX

typedef enum HeatMode {
    HEAT_TOP, /* the `top` hottest lines and functions of the workspace */
    HEAT_ALL, /* everything over the threshold */
    HEAT_OFF, /* no heat; verdicts are still shown */
} HeatMode;

typedef struct HeatSettings {
    HeatMode mode;
    uint32_t top;     /* 0 stands for 5 */
    double threshold; /* smallest share shown; 0 stands for 0.01 */
} HeatSettings;

typedef struct HeatMetric {
    Str name;         /* "cpu" */
    Unit unit;        /* what a value times scale is */
    double scale;     /* 1e-9 where the profile counts nanoseconds */
    double total;     /* of the whole profile, in the profile's own unit */
    uint64_t samples; /* 0: counted, not sampled, so without sampling error */
} HeatMetric;

typedef struct HeatValue {
    double self;      /* in the profile's own unit */
    double callee;    /* in libraries, called from here (hotspot.h); not in self */
    double total;     /* with everything called from there; recursion counted once */
    uint64_t samples; /* how many samples stand behind `self` and `callee` */
} HeatValue;

/* What is called from a line or a function and is not the user's. */
typedef struct HeatCallee {
    Str name;    /* "loads" */
    Str library; /* "stdlib json"; or empty */
    Str file;    /* "json/decoder.py", where most of its cost is; or empty */
    uint32_t line;
    Str source;  /* that file on this machine, absolute; or empty */
    double cost; /* of the first metric */
} HeatCallee;

/* What became of a line or function since the baseline (compare.h), by self and callee. */
typedef struct HotSince {
    double share;     /* in the baseline's profile; NAN when there is none */
    double then, now; /* cost in one run of the benchmark, in seconds; NAN when not known */
    CompareWord word;
    bool apart;  /* the costs differ by more than the error, be it only because others moved */
    bool is_new; /* was not in the baseline's text */
} HotSince;

typedef struct HotLine {
    LineNo was; /* in the text that was profiled */
    LineNo now; /* in the text as it is; 0 when gone */
    AnchorState state;
    uint32_t anchor;   /* index in the file's anchors */
    uint32_t rank;     /* 0 is the hottest line of the workspace */
    uint32_t function; /* in functions, or HEAT_NO_FUNCTION */
    HotSince since;
    HeatValue *values;         /* one per metric */
    const HeatCallee *callees; /* the most expensive first */
    size_t n_callees;
    const Hint *hints; /* advice for this line, in the order to read it */
    size_t n_hints;
} HotLine;

/* What the tool knows of a function or kernel beside its cost: "registers per thread", "40". */
typedef struct HeatFact {
    Str name;
    Str text;     /* the value as people read it */
    double value; /* NAN for a text */
} HeatFact;

typedef struct HotFunction {
    Str name;   /* "Lexer.scan" */
    LineNo was; /* of its first line (`def …`); 0 when the profile knows only the name */
    LineNo now;
    AnchorState state;
    uint32_t anchor; /* index in the file's anchors; HEAT_NO_ANCHOR when was is 0 */
    uint32_t rank;
    uint32_t spot; /* index in the profile's functions, for callers and callees */
    HotSince since;
    HeatValue *values;
    const HeatCallee *callees;
    size_t n_callees;
    const HeatFact *facts;
    size_t n_facts;
    bool on_gpu; /* a kernel, or what one calls */
} HotFunction;

/* The tool's own judgement of a line: a rule of ncu, a line that waits for a kernel. */
typedef struct HotNote {
    LineNo was;
    LineNo now;
    AnchorState state;
    uint32_t anchor; /* index in the file's anchors, or HEAT_NO_ANCHOR */
    Str function;    /* or kernel */
    Str rule;
    Str message;
    FindingKind kind;
    double speedup;   /* estimated, in percent; 0 when not said */
    bool local;       /* of one unit of the device, not the whole kernel */
    bool is_function; /* it is about the function, not about its first line */
    uint32_t kernel;  /* the function's index in functions, or HEAT_NO_FUNCTION */
    uint32_t rank;    /* how many about the same kernel promise more; of a line: repeat it */
} HotNote;

typedef struct HotFile {
    Str path;     /* as people read it: below the workspace root */
    Str tool;     /* "py-spy" */
    Str recorded; /* "2026-11-22T09:30:00Z", or empty */
    const HeatMetric *metrics;
    size_t n_metrics;
    HotLine *lines; /* hottest first */
    size_t n_lines;
    HotFunction *functions; /* hottest first */
    size_t n_functions;
    HotNote *notes; /* in the tool's order */
    size_t n_notes;
    Str snapshot;             /* the tree that was profiled; empty when not known */
    Anchors anchors;          /* of all lines and functions above */
    bool lines_are_functions; /* the profiler knows no lines (cProfile): show functions only */
} HotFile;

/* What the user can act on here: self and callee. */
double heat_cost(const HeatValue *value);
/* Its part of the whole, and those of the two; 0 where the metric has no total. */
double heat_share(const HeatMetric *metric, const HeatValue *value);
double heat_self_share(const HeatMetric *metric, const HeatValue *value);
double heat_callee_share(const HeatMetric *metric, const HeatValue *value);
double heat_total_share(const HeatMetric *metric, const HeatValue *value);
/* Half the width of the sampling interval of a share, or 0 for counted profiles. */
double heat_share_error(const HeatMetric *metric, const HeatValue *value);

/* Do the samples tell this share apart from noise (rank.h)? Counted values always are. */
bool heat_is_resolved(const HeatMetric *metric, const HeatValue *value);
/* May this share be shown: resolved, and over the threshold? */
bool heat_is_shown(const HeatSettings *settings, const HeatMetric *metric, const HeatValue *value);
/* And does the rank allow a diagnostic or a lens? */
bool heat_is_ranked(const HeatSettings *settings, uint32_t rank);

/* "cpu time" unit words of a profile: "ns" → seconds and 1e-9, "bytes" → bytes and 1. */
void heat_metric_unit(Str profile_unit, Unit *unit, double *scale);

#endif
