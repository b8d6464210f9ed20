/*
 * ReadMeasure: harness, metric and target of a workload, which have to fit together. Inside this
 * folder only.
 */
#ifndef ANALYSIS_WORKLOAD_READ_MEASURE_H
#define ANALYSIS_WORKLOAD_READ_MEASURE_H

#include "analysis/source/toml.h"
#include "analysis/workload/problem.h"

/* Fills harness, metric and target of reader->workload, whose benchmark is read. */
void read_measure(WorkloadReader *reader, const TomlValue *table);

#endif
