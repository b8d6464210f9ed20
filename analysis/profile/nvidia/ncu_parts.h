/*
 * NcuParts: what the reader of .ncu-rep is made of. Only for read_ncu.c, ncu_lines.c (addresses to
 * lines), ncu_facts.c (kernels and facts) and ncu_rules.c (what ncu's rules say).
 */
#ifndef ANALYSIS_PROFILE_NVIDIA_NCU_PARTS_H
#define ANALYSIS_PROFILE_NVIDIA_NCU_PARTS_H

#include <stdint.h>

#include "analysis/profile/nvidia/cubin.h"
#include "analysis/profile/nvidia/ncu_access.h"
#include "analysis/profile/nvidia/ncu_names.h"
#include "analysis/profile/nvidia/ncu_report.h"
#include "analysis/profile/readers.h"
#include "base/array.h"
#include "base/idmap.h"
#include "base/intern.h"

/* Fields of ProfileResult. */
enum {
    NCU_MANGLED = 5,
    NCU_NAME = 6,
    NCU_DEMANGLED = 7,
    NCU_GRID = 10,
    NCU_BLOCK = 11,
    NCU_METRIC = 13,
    NCU_SOURCE = 15,
    NCU_SECTION = 17,
    NCU_RULE = 19,
    NCU_CPU_STACK = 28,
    NCU_PYTHON_STACK = 32,
};

/* A metric per instruction that is taken. */
typedef struct NcuColumn {
    uint64_t id; /* of its name in the report */
    Str name;    /* ours */
} NcuColumn;

/* All launches of one kernel. */
typedef struct NcuLaunches {
    size_t count;
    size_t longest; /* result number */
    int64_t longest_ns;
    int64_t total_ns;
} NcuLaunches;

/* What a rule says of a kernel or a place in it, in all its launches. */
typedef struct NcuSaid {
    ProfileFinding finding; /* but for its message */
    Str message;            /* of the longest launch that was told of so */
    uint32_t kernel;
    size_t launches; /* of which the rule says it */
    size_t last;     /* number + 1 of the result it was last said of */
} NcuSaid;

/* Whose facts are told of a frame: of several instances of a template those that took longest. */
typedef struct NcuTold {
    uint32_t frame;
    size_t number; /* of the result */
    size_t instances;
    int64_t total_ns;
} NcuTold;

typedef struct Ncu {
    Arena *arena;
    ProfileBuilder *build;
    NcuReport report;
    Array(NcuColumn) named;
    size_t samples; /* metrics; SIZE_MAX: none */
    size_t time;
    Array(Cubin) cubins;
    IdMap cubin_of; /* reference to number + 1 */
    Intern kernels; /* mangled names */
    Array(NcuLaunches) launches;
    IdMap told_of; /* frame to the place in `told`, + 1 */
    Array(NcuTold) told;
    Intern said_keys;
    Array(NcuSaid) said;
    NcuAccesses accesses;
} Ncu;

typedef struct NcuLaunch {
    Arena *scratch;
    size_t number;   /* of the result */
    uint32_t kernel; /* in Ncu.launches */
    Str result;
    Str name;    /* "reduce" */
    Str mangled; /* "_Z6reducePiS_j"; may be empty */
    int64_t duration_ns;
    uint64_t start; /* the kernel's first address, when the report says it by itself; else 0 */
    const NcuSource *source;
    const Cubin *cubin;
    uint32_t host;     /* the stack that launched it */
    uint32_t frame;    /* the kernel as a whole */
    uint64_t unmapped; /* instructions */
    int64_t unmapped_samples;
    Str unmapped_in;
} NcuLaunch;

/* ncu_facts.c */
void ncu_count_launches(Ncu *in);
void ncu_read_kernel(Ncu *in, NcuLaunch *launch);
/* Is this the launch whose facts stand for the kernel? */
bool ncu_is_longest(const Ncu *in, const NcuLaunch *launch);
/* Of a kernel's longest launch. */
void ncu_take_facts(Ncu *in, const NcuLaunch *launch);
/* After the last launch. */
void ncu_add_facts(Ncu *in);

/* ncu_rules.c */
void ncu_take_rules(Ncu *in, const NcuLaunch *launch);
/* After the last launch. */
void ncu_add_findings(Ncu *in);

/* ncu_lines.c */
void ncu_find_lines(Ncu *in, NcuLaunch *launch);
uint32_t ncu_gpu_frame(Ncu *in, const NcuLaunch *launch, ProfileFrame frame);
/* The stack of an instruction, below the host's; counts what has no line. */
uint32_t ncu_stack(Ncu *in, NcuLaunch *launch, uint64_t pc, int64_t samples);
/* Its innermost line; line 0 when there is none. */
typedef struct NcuPlace {
    Str file;
    uint32_t line;
} NcuPlace;
NcuPlace ncu_place(const NcuLaunch *launch, uint64_t pc);

#endif
