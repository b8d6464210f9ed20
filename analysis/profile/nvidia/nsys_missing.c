/*
 * Nsight Systems: what a version, or a recording, left out of the tables, and what cannot be said
 * without it. Reading goes on.
 */

#include "analysis/profile/nvidia/nsys_parts.h"

typedef struct Missing {
    const char *table;
    const char *column;
    const char *instead; /* a column that serves as well; or NULL */
    const char *without;
} Missing;

static const Missing COLUMNS[] = {
    {"CUPTI_ACTIVITY_KIND_KERNEL", "start", NULL, "times of kernels"},
    {"CUPTI_ACTIVITY_KIND_KERNEL", "end", NULL, "times of kernels"},
    {"CUPTI_ACTIVITY_KIND_KERNEL", "deviceId", NULL, "which GPU ran a kernel"},
    {"CUPTI_ACTIVITY_KIND_KERNEL", "streamId", NULL, "which stream ran a kernel"},
    {"CUPTI_ACTIVITY_KIND_KERNEL", "correlationId", NULL, "what launched a kernel"},
    {"CUPTI_ACTIVITY_KIND_KERNEL", "globalPid", NULL, "which process launched a kernel"},
    {"CUPTI_ACTIVITY_KIND_KERNEL", "shortName", "demangledName", "names of kernels"},
    {"CUPTI_ACTIVITY_KIND_KERNEL", "demangledName", NULL,
     "namespaces and template arguments of kernels"},
    {"CUPTI_ACTIVITY_KIND_KERNEL", "gridX", NULL, "grids"},
    {"CUPTI_ACTIVITY_KIND_KERNEL", "blockX", NULL, "blocks"},
    {"CUPTI_ACTIVITY_KIND_KERNEL", "registersPerThread", NULL, "registers of kernels"},
    {"CUPTI_ACTIVITY_KIND_RUNTIME", "start", NULL, "times of CUDA calls"},
    {"CUPTI_ACTIVITY_KIND_RUNTIME", "end", NULL, "times of CUDA calls"},
    {"CUPTI_ACTIVITY_KIND_RUNTIME", "globalTid", NULL, "which thread called"},
    {"CUPTI_ACTIVITY_KIND_RUNTIME", "correlationId", NULL, "what a CUDA call launched"},
    {"CUPTI_ACTIVITY_KIND_RUNTIME", "nameId", NULL, "names of CUDA calls"},
    {"CUPTI_ACTIVITY_KIND_RUNTIME", "callchainId", NULL, "where CUDA calls were made"},
    {"CUPTI_ACTIVITY_KIND_MEMCPY", "start", NULL, "times of copies"},
    {"CUPTI_ACTIVITY_KIND_MEMCPY", "end", NULL, "times of copies"},
    {"CUPTI_ACTIVITY_KIND_MEMCPY", "bytes", NULL, "sizes of copies"},
    {"CUPTI_ACTIVITY_KIND_MEMCPY", "copyKind", NULL, "directions of copies"},
    {"CUPTI_ACTIVITY_KIND_MEMCPY", "srcKind", NULL, "whether copies came from pinned memory"},
    {"CUPTI_ACTIVITY_KIND_MEMCPY", "dstKind", NULL, "whether copies went to pinned memory"},
    {"CUPTI_ACTIVITY_KIND_MEMCPY", "correlationId", NULL, "what started a copy"},
    {"CUPTI_ACTIVITY_KIND_MEMSET", "bytes", NULL, "sizes of fills"},
    {"NVTX_EVENTS", "start", NULL, "named ranges"},
    {"NVTX_EVENTS", "end", NULL, "where named ranges end"},
    {"NVTX_EVENTS", "eventType", NULL, "named ranges"},
    {"NVTX_EVENTS", "globalTid", NULL, "whose named ranges they are"},
    {"NVTX_EVENTS", "text", "textId", "names of ranges"},
    {"COMPOSITE_EVENTS", "id", NULL, "CPU samples"},
    {"COMPOSITE_EVENTS", "start", NULL, "times of CPU samples"},
    {"COMPOSITE_EVENTS", "globalTid", NULL, "threads of CPU samples"},
    {"COMPOSITE_EVENTS", "cpuCycles", NULL, "cycles of CPU samples"},
    {"SAMPLING_CALLCHAINS", "id", NULL, "CPU samples"},
    {"SAMPLING_CALLCHAINS", "symbol", NULL, "functions of CPU samples"},
    {"SAMPLING_CALLCHAINS", "module", NULL, "programs of CPU samples"},
    {"SAMPLING_CALLCHAINS", "originalIP", NULL, "lines of CPU samples"},
    {"CUDA_CALLCHAINS", "id", NULL, "where CUDA calls were made"},
    {"CUDA_CALLCHAINS", "symbol", NULL, "functions that called CUDA"},
    {"CUDA_CALLCHAINS", "module", NULL, "programs that called CUDA"},
    {"CUDA_CALLCHAINS", "originalIP", NULL, "lines that called CUDA"},
    {"StringIds", "id", NULL, "names"},
    {"StringIds", "value", NULL, "names"},
};

/* Tables that something in another one refers to. */
static const struct {
    const char *has, *lacks, *without;
} TABLES[] = {
    {"CUPTI_ACTIVITY_KIND_KERNEL", "CUPTI_ACTIVITY_KIND_RUNTIME",
     "what launched a kernel, and what the host did meanwhile"},
    {"CUPTI_ACTIVITY_KIND_RUNTIME", "CUPTI_ACTIVITY_KIND_KERNEL", "kernels"},
    {"COMPOSITE_EVENTS", "SAMPLING_CALLCHAINS", "stacks of CPU samples"},
    {"SAMPLING_CALLCHAINS", "COMPOSITE_EVENTS", "times and threads of CPU samples"},
};

void nsys_tell_missing(Nsys *in)
{
    for (size_t i = 0; i < sizeof(TABLES) / sizeof(TABLES[0]); i++)
        if (nsys_db_has(in->db, TABLES[i].has) && !nsys_db_has(in->db, TABLES[i].lacks))
            profile_note(in->build, "no table %s in the export: without it is not known: %s",
                         TABLES[i].lacks, TABLES[i].without);
    for (size_t i = 0; i < sizeof(COLUMNS) / sizeof(COLUMNS[0]); i++) {
        const Missing *one = &COLUMNS[i];
        if (nsys_db_has(in->db, one->table) &&
            !nsys_db_has_column(in->db, one->table, one->column) &&
            !(one->instead && nsys_db_has_column(in->db, one->table, one->instead)))
            profile_note(in->build, "no column %s in %s: without it is not known: %s", one->column,
                         one->table, one->without);
    }
}
