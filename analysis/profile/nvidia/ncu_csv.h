/*
 * NcuCsv: labels, units and numbers as Nsight Compute writes them on its CSV pages.
 *
 * Labels differ between versions; here each becomes the metric's own name, as in .ncu-rep files.
 * Only for read_ncu_csv.c and ncu_csv_kernels.c.
 */
#ifndef ANALYSIS_PROFILE_NVIDIA_NCU_CSV_H
#define ANALYSIS_PROFILE_NVIDIA_NCU_CSV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "analysis/profile/nvidia/ncu_access.h"
#include "analysis/profile/readers.h"
#include "base/array.h"
#include "base/idmap.h"
#include "base/intern.h"
#include "base/strbuf.h"

/* ------------------------------------------------------------------ words (ncu_csv_words.c) */

/* Does the text write 12.345,67? Thousands are set off as the locale of the machine wants it. */
bool ncu_csv_decimal_comma(Str text);
/* "4,963,609,951.19", "1436549120.000000 (1; 2; 3)". False: not a number. */
bool ncu_csv_number(Str cell, bool decimal_comma, double *out);

/* "n/a", "nan": a metric without a value. */
bool ncu_csv_is_none(Str cell);
/* A whole number, whatever sets off its thousands: the numbers of a source page. */
bool ncu_csv_count(Str cell, int64_t *out);

/* "msecond": 1e6 of "ns"; "Kbyte/block": 1000 of "bytes"; "cycle/nsecond": 1e9 of "Hz". */
typedef struct NcuCsvUnit {
    double scale;
    Str name; /* ours: ns, bytes, bytes/s, Hz, %, count; empty when the cell is */
} NcuCsvUnit;
NcuCsvUnit ncu_csv_unit(Str unit);

/* The columns of a source page: our metric, "gpu_samples" included; empty: none of ours. */
Str ncu_csv_source_metric(Arena *arena, Str label);
/* How good a column of samples is, from 1, less is better; 0: it is not one. */
size_t ncu_csv_samples_rank(Str label);
/* ncu's name of a metric on the details page; the label itself when it is not a known one. */
Str ncu_csv_fact_metric(Str label, Str unit);
/* "CPIStall": "Warp Stall", as the report calls the same rule. */
Str ncu_csv_rule_title(Arena *arena, Str rule);
/* Without the addresses of links: "see the Guide (https://…)" becomes "see the Guide". */
Str ncu_csv_plain(Arena *arena, Str text);

/* ------------------------------------------------------------------ kernels (ncu_csv_kernels.c) */

enum {
    NCU_CSV_FACTS_MAX = 256, /* of a launch */
};

typedef struct NcuCsvFact {
    Str metric; /* ncu's name */
    Str unit;   /* ours; empty for a text or when the page names none */
    Str text;   /* of what is no number */
    double value;
    bool asked; /* for by name (--metrics): told even if it is none of ours */
} NcuCsvFact;

typedef struct NcuCsvRule {
    Str name;
    StrBuf message;
    FindingKind kind;
    double speedup;
    bool local;       /* it is the speedup of one unit of the device */
    bool has_address; /* "... at PC 0x7f00" is in the message */
} NcuCsvRule;

typedef struct NcuCsvTotal {
    size_t metric;
    int64_t value;
} NcuCsvTotal;

typedef struct NcuCsvLaunch {
    uint32_t kernel;
    int64_t duration_ns;
    Str grid; /* "(32, 1, 1)" */
    Str block;
    Array(NcuCsvFact) facts;
    Array(NcuCsvRule) rules;
    Array(NcuCsvTotal) totals; /* per-instruction metrics, added up by ncu */
} NcuCsvLaunch;

/* What a source page says of one line; line 0: of the instructions that have none. */
typedef struct NcuCsvLine {
    uint32_t kernel;
    uint32_t file;
    uint32_t line;
    uint32_t sass; /* 1: of a page without lines */
    int64_t weights[PROFILE_METRICS_MAX];
} NcuCsvLine;

typedef struct NcuCsvKernel {
    Str full; /* "reduce(int *, int)" */
    Str name; /* "reduce" */
    uint32_t file;
    bool has_lines; /* of a page with line numbers: pages without them are then left out */
    bool has_sass;
    size_t launches;
    size_t longest; /* number of the launch */
    int64_t longest_ns;
    int64_t total_ns;
} NcuCsvKernel;

typedef struct NcuCsv {
    Arena *arena;
    Intern names; /* of files */
    Intern keys;  /* of kernels */
    Array(NcuCsvKernel) kernels;
    Intern launch_keys;
    Array(NcuCsvLaunch) launches;
    Intern line_keys;
    Array(NcuCsvLine) lines;
    NcuAccesses accesses; /* frames are kernels and files names of this reader until the end */
    Str metrics[PROFILE_METRICS_MAX]; /* ours; 0 is gpu_samples */
    size_t metrics_len;
    bool sampled;
} NcuCsv;

void ncu_csv_init(NcuCsv *in, Arena *arena);
/* Number of our metric, made when it is new; SIZE_MAX: there are too many. */
size_t ncu_csv_metric(NcuCsv *in, Str name);
uint32_t ncu_csv_kernel(NcuCsv *in, Str full);
/* The launch of this key ("ID", process); valid until the next one is made. */
NcuCsvLaunch *ncu_csv_launch(NcuCsv *in, Str key, uint32_t kernel);
/* The one of this place (weights do not count); valid until the next one is made. */
NcuCsvLine *ncu_csv_line(NcuCsv *in, NcuCsvLine where);
/* The profile of all that was read. */
Profile ncu_csv_profile(NcuCsv *in, ProfileBuilder *build);

#endif
