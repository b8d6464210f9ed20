/*
 * NcuReport: the parts of an Nsight Compute report (.ncu-rep), file version 7, as ncu has written
 * it since 2020.2.
 *
 *     NcuReport report;
 *     if (!ncu_report_read(arena, bytes, &report, err))
 *         return false;
 *     for (size_t i = 0; i < report.results_len; i++)
 *         read_result(proto(report.results[i]));
 *
 * "NVR\0", a head, then blocks until the end: a size, a protobuf head, and a payload of sources and
 * results, each behind its size. The strings of all blocks make one table. A source comes again with
 * more functions and without its binary; such parts are put together here. Results stay messages: a
 * report of a long run has many, and one at a time is enough. Field numbers are those of the
 * descriptions that ncu installs in extras/FileFormat. Everything is a view of the bytes.
 */
#ifndef ANALYSIS_PROFILE_NVIDIA_NCU_REPORT_H
#define ANALYSIS_PROFILE_NVIDIA_NCU_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/array.h"
#include "base/attr.h"
#include "base/err.h"
#include "base/idmap.h"
#include "base/proto.h"
#include "base/str.h"

typedef struct NcuFunction {
    Str symbol; /* mangled */
    uint64_t address;
} NcuFunction;

typedef struct NcuFile {
    Str name;
    Str content;
} NcuFile;

typedef struct NcuSource {
    uint64_t reference;
    Str binary;                   /* the cubin */
    Array(NcuFunction) functions; /* by address */
    Array(NcuFile) files;         /* with --import-source */
} NcuSource;

/* Results of other kinds than kernels, which stay unread. */
typedef enum NcuOther {
    NCU_RANGES,
    NCU_COMMAND_LISTS,
    NCU_GRAPHS,
    NCU_UNKNOWN,
    NCU_OTHERS,
} NcuOther;

typedef struct NcuReport {
    Array(Str) strings;
    Array(NcuSource) sources;
    IdMap source_of; /* reference to number + 1 */
    Array(Str) results;
    Str version; /* of ncu: "2024.1.0.0 (build 33681293) (public-release)"; may be empty */
    uint64_t others[NCU_OTHERS];
    size_t broken; /* parts that could not be read */
    bool cut;      /* the last block is not whole */
} NcuReport;

/* A metric's value: of several types in the file, a number or a text here. */
typedef struct NcuValue {
    bool is_text;
    bool is_there;
    double number;
    uint64_t whole; /* the number when it is a whole one: an address */
    Str text;
} NcuValue;

bool is_ncu_report(Str bytes);
bool ncu_report_read(Arena *arena, Str bytes, NcuReport *out, Err *err) MUST_CHECK;
/* NULL when there is none. */
NcuSource *ncu_report_source(const NcuReport *report, uint64_t reference);
Str ncu_report_string(const NcuReport *report, uint64_t id);
NcuValue ncu_value(Proto message);
/* A PROTO_FIXED64 field as the double it is. */
double ncu_double(uint64_t bits);
/* The first field of this number and wire type; false when there is none. */
bool ncu_field(Str message, uint32_t number, ProtoWire wire, ProtoField *out);
Str ncu_text(Str message, uint32_t number);

#endif
