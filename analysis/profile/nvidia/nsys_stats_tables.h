/*
 * NsysStatsTables: the tables in what `nsys stats` printed, row by row, in whichever notation:
 *
 *     Time (%),Total Time (ns),Instances,Name          --format csv, tsv
 *      Time (%)  Total Time (ns)  Instances   Name     column, the default; thousands with commas
 *      --------  ---------------  ---------  ------
 *     | Time (%) | Total Time (ns) | ...               table
 *     [{"Time (%)": 95.0, ...                          json, an array for each report
 *
 *     nsys_stats_rows(arena, text, take, to, &problem);
 *
 * Between tables stand lines of nsys: titles, what it processes, what it skips.
 */
#ifndef ANALYSIS_PROFILE_NVIDIA_NSYS_STATS_TABLES_H
#define ANALYSIS_PROFILE_NVIDIA_NSYS_STATS_TABLES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/str.h"

typedef struct StatsRow {
    const Str *names; /* of the columns */
    const Str *fields;
    size_t len;
    size_t table; /* from 1 */
} StatsRow;

/* Names and fields are valid until it returns. */
typedef void StatsTake(void *to, const StatsRow *row);

/* `problem`: what ended the reading early; empty: nothing. */
void nsys_stats_rows(Arena *arena, Str text, StatsTake *take, void *to, Str *problem);
bool nsys_stats_is_header(const Str *names, size_t len);

#endif
