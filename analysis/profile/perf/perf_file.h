/*
 * PerfFile: the container of perf.data: its events, and its records in the order of time.
 *
 * Both modes are read: a file with its tables at known places, and a pipe, where the same comes as
 * records between the others. Records that perf compressed (types 81 and 83) are unpacked, with a
 * limit. perf writes the buffers of the processors one after the other, so the records are sorted
 * by time; those without a time stay behind the one before them.
 *
 *     PerfFile file;
 *     if (!perf_file_open(arena, bytes, &file, err))
 *         return false;
 *     for (size_t i = 0; i < file.records_len; i++)
 *         use(&file, &file.records[i]);
 *
 * Every record lies wholly in memory that lives as long as `bytes` and the arena. What is inside
 * is read with the PerfBytes functions, which give 0 behind the end and remember it.
 */
#ifndef ANALYSIS_PROFILE_PERF_PERF_FILE_H
#define ANALYSIS_PROFILE_PERF_PERF_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/array.h"
#include "base/attr.h"
#include "base/err.h"
#include "base/idmap.h"
#include "base/str.h"

/* What a sample says, by the bits of PerfAttr.sample_type, in linux/perf_event.h. */
enum {
    PERF_HAS_IP = 1 << 0,
    PERF_HAS_TID = 1 << 1,
    PERF_HAS_TIME = 1 << 2,
    PERF_HAS_ADDR = 1 << 3,
    PERF_HAS_READ = 1 << 4,
    PERF_HAS_CALLCHAIN = 1 << 5,
    PERF_HAS_ID = 1 << 6,
    PERF_HAS_CPU = 1 << 7,
    PERF_HAS_PERIOD = 1 << 8,
    PERF_HAS_STREAM_ID = 1 << 9,
    PERF_HAS_STACK_USER = 1 << 13,
    PERF_HAS_IDENTIFIER = 1 << 16,
};

enum {
    PERF_RECORD_MMAP = 1,
    PERF_RECORD_LOST = 2,
    PERF_RECORD_COMM = 3,
    PERF_RECORD_FORK = 7,
    PERF_RECORD_SAMPLE = 9,
    PERF_RECORD_MMAP2 = 10,
};

typedef struct PerfAttr {
    uint32_t type;
    uint64_t config;
    uint64_t period; /* or, with by_frequency, how often a second */
    uint64_t sample_type;
    uint64_t read_format;
    bool by_frequency;
    bool sample_id_all; /* other records end with the time and event too */
    Str name;           /* "cycles:u" */
} PerfAttr;

typedef struct PerfRecord {
    uint64_t time;
    const char *at; /* the header */
    uint32_t order; /* in the file */
    uint32_t size;  /* with the header */
} PerfRecord;

typedef struct PerfBuildId {
    Str module;
    Str hex;
} PerfBuildId;

typedef struct PerfFile {
    Array(PerfAttr) attrs;
    IdMap attr_of_id; /* the kernel's number of an event to its place in attrs + 1 */
    PerfRecord *records;
    size_t records_len;
    Array(PerfBuildId) build_ids;
    Array(Str) notes;
    bool cut; /* it ends sooner than it says, or inside a record */
} PerfFile;

bool perf_file_is(Str bytes);
bool perf_file_open(Arena *arena, Str bytes, PerfFile *out, Err *err) MUST_CHECK;

/* ------------------------------------------------------------------ reading a record */

typedef struct PerfBytes {
    const char *at;
    size_t left;
    bool cut; /* something was read behind the end */
} PerfBytes;

uint32_t perf_u32(PerfBytes *bytes);
uint64_t perf_u64(PerfBytes *bytes);
void perf_skip(PerfBytes *bytes, uint64_t len);
/* Up to the first NUL of the next `len` bytes. */
Str perf_text(PerfBytes *bytes, uint64_t len);

uint32_t perf_record_type(const PerfRecord *record);
uint16_t perf_record_misc(const PerfRecord *record);
PerfBytes perf_record_body(const PerfRecord *record);
/* The event of a sample; NULL when the recording describes none. */
const PerfAttr *perf_sample_attr(const PerfFile *file, const PerfRecord *record);
/* The build id of `bytes` as hexadecimal digits. */
Str perf_hex(Arena *arena, Str bytes);

#endif
