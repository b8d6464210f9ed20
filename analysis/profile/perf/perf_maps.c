#include "analysis/profile/perf/perf_maps.h"

#include <stdbool.h>
#include <string.h>

#include "base/array.h"
#include "base/idmap.h"

enum {
    MAPS_MAX = 65536, /* the kernel allows 65530 a process */
    FIRST_ROOM = 16,
};

struct PerfMaps {
    Arena *arena;
    Array(PerfProcess) processes;
    IdMap process_of; /* pid to number + 1 */
    size_t budget;
    size_t dropped;
    uint32_t states;
};

PerfMaps *perf_maps_new(Arena *arena, size_t budget)
{
    PerfMaps *maps = NEW(arena, PerfMaps);
    maps->arena = arena;
    maps->process_of = idmap_new(arena);
    maps->budget = budget;
    return maps;
}

PerfProcess *perf_process(PerfMaps *maps, uint32_t pid)
{
    uint32_t *slot = idmap_slot(&maps->process_of, pid);
    if (!*slot) {
        *array_push(maps->arena, &maps->processes) = (PerfProcess){.state = ++maps->states};
        *slot = (uint32_t)maps->processes.len;
    }
    return &maps->processes.items[*slot - 1];
}

void perf_process_fork(PerfMaps *maps, uint32_t child, uint32_t parent)
{
    if (child == parent)
        return;
    perf_process(maps, child);
    PerfProcess *from = perf_process(maps, parent);
    from->room = 0;
    *perf_process(maps, child) = *from;
}

void perf_process_exec(PerfMaps *maps, uint32_t pid)
{
    *perf_process(maps, pid) = (PerfProcess){.state = ++maps->states};
}

size_t perf_maps_dropped(const PerfMaps *maps)
{
    return maps->dropped;
}

/* Number of mappings that begin at or below the address. */
static size_t maps_up_to(const PerfProcess *process, uint64_t address)
{
    size_t low = 0, high = process->len;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (process->maps[middle].start <= address)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

const PerfMap *perf_map_find(const PerfProcess *process, uint64_t address)
{
    size_t at = maps_up_to(process, address);
    return at && address < process->maps[at - 1].end ? &process->maps[at - 1] : NULL;
}

/* Two more places in a list of its own; false when the copy would go beyond the budget. */
static bool make_room(PerfMaps *maps, PerfProcess *process)
{
    if (process->len + 2 <= process->room)
        return true;
    size_t room = process->len < FIRST_ROOM / 2 ? FIRST_ROOM : process->len * 2;
    if (!process->room && process->len > maps->budget)
        return false;
    maps->budget -= process->room ? 0 : process->len;
    PerfMap *copy = NEW_ARRAY(maps->arena, PerfMap, room);
    if (process->len)
        memcpy(copy, process->maps, process->len * sizeof(PerfMap));
    process->maps = copy;
    process->room = room;
    return true;
}

static void insert(PerfProcess *process, size_t at, PerfMap map)
{
    memmove(process->maps + at + 1, process->maps + at,
            (process->len - at) * sizeof(*process->maps));
    process->maps[at] = map;
    process->len++;
}

void perf_map_add(PerfMaps *maps, PerfProcess *process, PerfMap map)
{
    if (map.start >= map.end)
        return;
    if (process->len >= MAPS_MAX || !make_room(maps, process)) {
        maps->dropped++;
        return;
    }
    size_t at = maps_up_to(process, map.start), end = at;
    if (at && process->maps[at - 1].end > map.start) { /* one that begins before it */
        PerfMap *before = &process->maps[at - 1];
        PerfMap behind = *before;
        bool begins_with_it = before->start == map.start;
        if (behind.end > map.end) {
            behind.offset += map.end - behind.start;
            behind.start = map.end;
            insert(process, at, behind);
            end = at;
            before = &process->maps[at - 1];
        }
        before->end = map.start;
        at -= begins_with_it;
    }
    while (end < process->len && process->maps[end].end <= map.end)
        end++;
    if (end < process->len && process->maps[end].start < map.end) {
        process->maps[end].offset += map.end - process->maps[end].start;
        process->maps[end].start = map.end;
    }
    memmove(process->maps + at, process->maps + end, (process->len - end) * sizeof(*process->maps));
    process->len -= end - at;
    insert(process, at, map);
    process->state = ++maps->states;
}
