/*
 * NcuNames: what we call the numbers of Nsight Compute, the same for its reports (read_ncu.c) and
 * its CSV pages (read_ncu_csv.c).
 */
#ifndef ANALYSIS_PROFILE_NVIDIA_NCU_NAMES_H
#define ANALYSIS_PROFILE_NVIDIA_NCU_NAMES_H

#include <stddef.h>

#include "base/arena.h"
#include "base/str.h"

/* A number of a whole launch that becomes a fact of its kernel. */
typedef struct NcuFactRow {
    Str ncu; /* "launch__registers_per_thread" */
    Str name;
    Str unit; /* empty: a text */
} NcuFactRow;

/* The table of them, in the order they are told; gives their number. */
size_t ncu_fact_rows(const NcuFactRow **rows);

/* Our name of one of ncu's per-instruction metrics: "instructions" of inst_executed; empty: not taken. */
Str ncu_source_metric(Arena *arena, Str ncu);

#endif
