/*
 * ReadValue: the values of one [workload.NAME] table → the fields of a Workload. Inside this folder
 * only; workload.c finds the tables.
 */
#ifndef ANALYSIS_WORKLOAD_READ_VALUE_H
#define ANALYSIS_WORKLOAD_READ_VALUE_H

#include "analysis/source/toml.h"
#include "analysis/workload/problem.h"

/* Fills reader->workload, whose name is set. Problems go to the reader's file. */
void read_workload(WorkloadReader *reader, const TomlValue *table);

#endif
