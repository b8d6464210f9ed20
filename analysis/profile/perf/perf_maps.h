/*
 * PerfMaps: what lay at which address of which process, as a recording goes on.
 *
 *     PerfMaps *maps = perf_maps_new(arena, budget);
 *     PerfProcess *process = perf_process(maps, pid);
 *     perf_map_add(maps, process, (PerfMap){start, end, .offset = pgoff, .module = text});
 *     const PerfMap *map = perf_map_find(process, ip);
 *
 * A new mapping takes the place of what it covers. A forked process shares its parent's list until
 * one of the two changes. `state` changes with every change of a process's list, and no two lists
 * that differ have the same: who remembers what an address meant asks for it.
 */
#ifndef ANALYSIS_PROFILE_PERF_PERF_MAPS_H
#define ANALYSIS_PROFILE_PERF_PERF_MAPS_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"

typedef struct PerfMap {
    uint64_t start;
    uint64_t end;
    uint64_t offset; /* of the start in the module's file */
    uint32_t module; /* text */
} PerfMap;

typedef struct PerfProcess {
    PerfMap *maps; /* by start, without overlaps */
    size_t len;
    size_t room; /* 0: the list is another's too */
    uint32_t state;
} PerfProcess;

typedef struct PerfMaps PerfMaps;

/* `budget` bounds how many mappings are copied for forked processes in all. */
PerfMaps *perf_maps_new(Arena *arena, size_t budget);
/* Made when new; valid until the next call for another process. */
PerfProcess *perf_process(PerfMaps *maps, uint32_t pid);
void perf_process_fork(PerfMaps *maps, uint32_t child, uint32_t parent);
/* The process runs another program. */
void perf_process_exec(PerfMaps *maps, uint32_t pid);
void perf_map_add(PerfMaps *maps, PerfProcess *process, PerfMap map);
/* NULL when nothing is known to lie there. */
const PerfMap *perf_map_find(const PerfProcess *process, uint64_t address);
/* Mappings that were not kept, because there are too many. */
size_t perf_maps_dropped(const PerfMaps *maps);

#endif
