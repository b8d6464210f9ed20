/*
 * NsysSweep: the tables of an export as one sequence in the order of time, a row at a time:
 *
 *     NsysSweep *sweep = nsys_sweep_new(arena, db, 1u << NSYS_KERNEL, false);
 *     NsysKind kind;
 *     for (const NsysRow *row; (row = nsys_sweep_next(sweep, &kind));)
 *         if (kind == NSYS_KERNEL)
 *             row->value[NSYS_SHORT] ...
 *     nsys_sweep_end(sweep);
 *
 * Of each table a few hundred rows are in memory, however long it is: nsys writes them nearly in
 * the order of their start. A table that is in another order is sorted, by the numbers of its rows.
 * At equal times ranges come before calls and calls before what they start.
 */
#ifndef ANALYSIS_PROFILE_NVIDIA_NSYS_SWEEP_H
#define ANALYSIS_PROFILE_NVIDIA_NSYS_SWEEP_H

#include <stdbool.h>
#include <stdint.h>

#include "analysis/profile/nvidia/nsys_db.h"
#include "base/arena.h"

typedef enum NsysKind {
    NSYS_RANGE,  /* NVTX_EVENTS */
    NSYS_CALL,   /* CUPTI_ACTIVITY_KIND_RUNTIME */
    NSYS_SAMPLE, /* COMPOSITE_EVENTS */
    NSYS_KERNEL, /* CUPTI_ACTIVITY_KIND_KERNEL */
    NSYS_COPY,   /* CUPTI_ACTIVITY_KIND_MEMCPY */
    NSYS_FILL,   /* CUPTI_ACTIVITY_KIND_MEMSET */
    NSYS_WAIT,   /* CUPTI_ACTIVITY_KIND_SYNCHRONIZATION */
    NSYS_KINDS,
} NsysKind;

/* Columns, by kind. */
enum {
    NSYS_START,
    NSYS_END,
    NSYS_PROCESS,  /* a process and thread: globalPid or globalTid */
    NSYS_LAUNCHED, /* correlationId; of calls, kernels, copies, fills, waits */
    NSYS_DEVICE,
    NSYS_STREAM,
    /* ranges */
    NSYS_TYPE = 3,
    NSYS_TEXT_ID,
    NSYS_TEXT, /* text */
    /* calls */
    NSYS_NAME = 4,
    NSYS_CHAIN,
    /* CPU samples; they have no end */
    NSYS_ID = 3,
    NSYS_CYCLES,
    /* kernels */
    NSYS_SHORT = 6,
    NSYS_FULL,
    NSYS_ROW,
    NSYS_GRID, /* three, and the block's three */
    NSYS_REGISTERS = NSYS_GRID + 6,
    /* copies and fills */
    NSYS_BYTES = 6,
    NSYS_COPY_KIND,
    NSYS_FROM, /* kind of memory */
    NSYS_TO,
    /* waits */
    NSYS_WAIT_TYPE = 6,
    NSYS_SWEEP_COLUMNS = 16,
};

typedef struct NsysRow {
    int64_t value[NSYS_SWEEP_COLUMNS];
    uint32_t nulls;
    Str text; /* of NSYS_TEXT; valid until the next row */
} NsysRow;

static inline bool nsys_is_null(const NsysRow *row, int column)
{
    return row->nulls >> column & 1;
}

typedef struct NsysSweep NsysSweep;

/* `kinds`: bit by bit which tables; with `sizes` kernels have grid, block and registers. */
NsysSweep *nsys_sweep_new(Arena *arena, NsysDb *db, uint32_t kinds, bool sizes);
/* NULL at the end. */
const NsysRow *nsys_sweep_next(NsysSweep *sweep, NsysKind *kind);
void nsys_sweep_end(NsysSweep *sweep);
const char *nsys_table(NsysKind kind);

#endif
