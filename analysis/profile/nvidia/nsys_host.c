/* Nsight Systems: where on the host something was called: call chains, named ranges, CPU samples. */

#include <stdlib.h>
#include <string.h>

#include "analysis/profile/nvidia/nsys_parts.h"
#include "analysis/profile/perf/perf_parts.h"
#include "base/path.h"

enum {
    CHAIN_MAX = 512,
    RANGES_DEEP = 256,
    NVTX_PUSH_POP = 59,
    NVTX_START_END = 60,
};

uint32_t nsys_text(Nsys *in, int64_t string)
{
    uint32_t *slot = idmap_slot(&in->text_of, (uint64_t)string + 1);
    if (!*slot)
        *slot = profile_add_text(in->build, nsys_db_string(in->db, string)) + 1;
    return *slot - 1;
}

/* ------------------------------------------------------------------ NVTX ranges */

static int by_thread_and_start(const void *a, const void *b)
{
    const NsysRange *left = a, *right = b;
    if (left->thread != right->thread)
        return left->thread < right->thread ? -1 : 1;
    if (left->start != right->start)
        return left->start < right->start ? -1 : 1;
    return (left->end < right->end) - (left->end > right->end);
}

static void find_parents(Nsys *in)
{
    uint32_t open = 0;
    for (size_t i = 0; i < in->ranges.len; i++) {
        NsysRange *range = &in->ranges.items[i];
        while (open && (in->ranges.items[open - 1].thread != range->thread ||
                        in->ranges.items[open - 1].end < range->end))
            open = in->ranges.items[open - 1].parent;
        range->parent = open;
        open = (uint32_t)i + 1;
    }
}

void nsys_read_ranges(Nsys *in)
{
    static const char *const COLUMNS[] = {"start",  "end",       "eventType", "text",
                                          "textId", "globalTid", NULL};
    enum {
        START,
        END,
        TYPE,
        TEXT,
        TEXT_ID,
        THREAD,
        COUNT
    };
    NsysRows rows = nsys_db_rows(in->db, "NVTX_EVENTS", COLUMNS, NULL);
    for (NsysValue value[COUNT]; nsys_rows_next(&rows, value);) {
        int64_t type = value[TYPE].number;
        if ((type != NVTX_PUSH_POP && type != NVTX_START_END) || value[START].is_null ||
            (value[TEXT].is_null && value[TEXT_ID].is_null))
            continue;
        *array_push(in->arena, &in->ranges) = (NsysRange){
            .thread = (uint64_t)value[THREAD].number,
            .start = value[START].number,
            .end = value[END].is_null ? INT64_MAX : value[END].number,
            .text = value[TEXT].is_null ? nsys_text(in, value[TEXT_ID].number)
                                        : profile_add_text(in->build, value[TEXT].text),
        };
    }
    if (in->ranges.len)
        qsort(in->ranges.items, in->ranges.len, sizeof(NsysRange), by_thread_and_start);
    find_parents(in);
}

static uint32_t range_stack(Nsys *in, uint32_t number, unsigned depth)
{
    if (!number || depth == RANGES_DEEP)
        return 0;
    NsysRange *range = &in->ranges.items[number - 1];
    if (!range->stack) {
        uint32_t parent = range_stack(in, range->parent, depth + 1);
        uint32_t frame = profile_add_frame(
            in->build, (ProfileFrame){.function = range->text, .kind = FRAME_LABEL});
        range->stack = profile_add_stack(in->build, parent, frame);
    }
    return range->stack;
}

/* The innermost range of the thread that is open at this time. */
static uint32_t range_at(const Nsys *in, uint64_t thread, int64_t time)
{
    size_t low = 0, high = in->ranges.len;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const NsysRange *range = &in->ranges.items[middle];
        bool before = range->thread != thread ? range->thread < thread : range->start <= time;
        if (before)
            low = middle + 1;
        else
            high = middle;
    }
    uint32_t number = (uint32_t)low;
    if (!number || in->ranges.items[number - 1].thread != thread)
        return 0;
    while (number && in->ranges.items[number - 1].end < time)
        number = in->ranges.items[number - 1].parent;
    return number;
}

Str nsys_range_name(Nsys *in, int64_t thread, int64_t time)
{
    uint32_t number = range_at(in, (uint64_t)thread, time);
    return number ? str_copy(in->arena,
                             profile_added_text(in->build, in->ranges.items[number - 1].text))
                  : (Str){0};
}

/* ------------------------------------------------------------------ call chains */

/* Of CUDA itself, or of nsys, which put it into the program to watch it. */
static bool is_cuda(Str symbol, Str module)
{
    static const Str LIBRARIES[] = {STR_CONST("libToolsInjection"), STR_CONST("libcupti.so"),
                                    STR_CONST("libcuda.so"), STR_CONST("libcudart.so")};
    for (size_t i = 0; i < sizeof(LIBRARIES) / sizeof(LIBRARIES[0]); i++)
        if (str_has(module, LIBRARIES[i]))
            return true;
    return str_starts(symbol, S("cuda")) || str_starts(symbol, S("__cuda"));
}

/* Addresses are those of the running process; symbolize.h finds out where modules were loaded. */
static uint32_t chain_frame(Nsys *in, const NsysValue *symbol, const NsysValue *module,
                            const NsysValue *address, bool unresolved)
{
    uint32_t name = nsys_text(in, symbol->number), library = nsys_text(in, module->number);
    Str text = profile_added_text(in->build, name);
    Str path = str_copy(in->arena, profile_added_text(in->build, library));
    ProfileFrame frame = {.function = name,
                          .module = library,
                          .kind = (uint16_t)perf_module_kind(path),
                          .address = address->is_null ? 0 : (uint64_t)address->number};
    if (unresolved || !text.len || str_starts(text, S("0x")))
        frame.function = profile_add_text(
            in->build, str_fmt(in->arena, "[" STR_FMT "]", STR_ARG(path_base(path))));
    if (!str_starts(path, S("/")) && !str_starts(path, S(".")))
        frame.address = 0;
    if (frame.address)
        profile_add_loaded(in->build, library);
    return profile_add_frame(in->build, frame);
}

typedef struct ChainReader {
    int64_t id;
    bool open;
    NsysChain chain;
} ChainReader;

/*
 * Rows of one chain stand together, innermost first. `end` gets each whole chain. The way from a
 * call of CUDA inwards is left out of the chains of calls.
 */
static void read_chains(Nsys *in, const char *table, bool in_calls,
                        void (*end)(Nsys *in, int64_t id, NsysChain chain))
{
    static const char *const COLUMNS[] = {"id",         "symbol",     "module", "unresolved",
                                          "originalIP", "stackDepth", NULL};
    enum {
        ID,
        SYMBOL,
        MODULE,
        UNRESOLVED,
        ADDRESS,
        DEPTH,
        COUNT
    };
    ChainReader reader = {0};
    NsysRows rows = nsys_db_rows(in->db, table, COLUMNS, NULL);
    for (NsysValue value[COUNT]; nsys_rows_next(&rows, value);) {
        if (!reader.open || value[ID].number != reader.id) {
            if (reader.open)
                end(in, reader.id, reader.chain);
            reader = (ChainReader){.id = value[ID].number,
                                   .open = true,
                                   .chain = {.first = (uint32_t)in->chain_frames.len}};
        }
        bool skip = in_calls && !reader.chain.len &&
                    is_cuda(nsys_db_string(in->db, value[SYMBOL].number),
                            nsys_db_string(in->db, value[MODULE].number));
        if (skip || reader.chain.len == CHAIN_MAX)
            continue;
        *array_push(in->arena, &in->chain_frames) =
            chain_frame(in, &value[SYMBOL], &value[MODULE], &value[ADDRESS],
                        !value[UNRESOLVED].is_null && value[UNRESOLVED].number);
        reader.chain.len++;
    }
    if (reader.open)
        end(in, reader.id, reader.chain);
}

static void keep_chain(Nsys *in, int64_t id, NsysChain chain)
{
    *array_push(in->arena, &in->chains) = chain;
    *idmap_slot(&in->chain_of, (uint64_t)id + 1) = (uint32_t)in->chains.len;
}

/* Exports of 2021 count chains from 1, and from 0 where calls refer to them. */
static int64_t chain_shift(Nsys *in)
{
    static const char *const COLUMNS[] = {"callchainId", NULL};
    NsysRows rows = nsys_db_rows(in->db, "CUPTI_ACTIVITY_KIND_RUNTIME", COLUMNS, NULL);
    bool from_zero = false;
    for (NsysValue value; nsys_rows_next(&rows, &value);)
        from_zero |= !value.is_null && value.number == 0;
    return from_zero && !idmap_get(&in->chain_of, 1) ? 1 : 0;
}

void nsys_read_chains(Nsys *in)
{
    read_chains(in, "CUDA_CALLCHAINS", true, keep_chain);
    in->chain_shift = in->chains.len ? chain_shift(in) : 0;
}

static uint32_t add_chain(Nsys *in, uint32_t stack, NsysChain chain)
{
    for (uint32_t i = chain.len; i-- > 0;)
        stack = profile_add_stack(in->build, stack, in->chain_frames.items[chain.first + i]);
    return stack;
}

uint32_t nsys_host_stack(Nsys *in, int64_t thread, int64_t time, const NsysValue *chain)
{
    uint32_t stack = range_stack(in, range_at(in, (uint64_t)thread, time), 0);
    uint64_t id = (uint64_t)(chain->number + in->chain_shift);
    uint32_t number = chain->is_null ? 0 : idmap_get(&in->chain_of, id + 1);
    return number ? add_chain(in, stack, in->chains.items[number - 1]) : stack;
}

/* ------------------------------------------------------------------ CPU samples */

static void take_cpu_sample(Nsys *in, int64_t id, NsysChain chain)
{
    uint32_t number = idmap_get(&in->sample_of, (uint64_t)id + 1);
    if (number) {
        const NsysCpuSample *sample = &in->cpu_samples.items[number - 1];
        int64_t weights[PROFILE_METRICS_MAX] = {0};
        weights[in->metric.cpu_samples] = 1;
        weights[in->metric.cpu_cycles] = sample->cycles > 0 ? sample->cycles : 0;
        uint32_t stack = range_stack(in, range_at(in, (uint64_t)sample->thread, sample->time), 0);
        profile_add_sample(in->build,
                           (ProfileSample){.stack = add_chain(in, stack, chain),
                                           .thread = nsys_host_thread(in, sample->thread),
                                           .count = 1},
                           weights);
    }
    in->chain_frames.len = chain.first; /* such chains are used once */
}

void nsys_read_cpu_samples(Nsys *in)
{
    static const char *const COLUMNS[] = {"id", "globalTid", "start", "cpuCycles", NULL};
    enum {
        ID,
        THREAD,
        START,
        CYCLES,
        COUNT
    };
    NsysRows rows = nsys_db_rows(in->db, "COMPOSITE_EVENTS", COLUMNS, NULL);
    for (NsysValue value[COUNT]; nsys_rows_next(&rows, value);) {
        *array_push(in->arena, &in->cpu_samples) =
            (NsysCpuSample){value[THREAD].number, value[START].number, value[CYCLES].number};
        *idmap_slot(&in->sample_of, (uint64_t)value[ID].number + 1) = (uint32_t)in->cpu_samples.len;
    }
    if (in->cpu_samples.len)
        read_chains(in, "SAMPLING_CALLCHAINS", false, take_cpu_sample);
}

/* ------------------------------------------------------------------ threads */

void nsys_read_threads(Nsys *in)
{
    static const char *const PROCESS[] = {"globalPid", "name", NULL};
    static const char *const THREAD[] = {"globalTid", "nameId", NULL};
    NsysValue value[2];
    NsysRows rows = nsys_db_rows(in->db, "PROCESSES", PROCESS, NULL);
    while (nsys_rows_next(&rows, value))
        if (!value[1].is_null)
            *idmap_slot(&in->process_name, nsys_process(value[0].number) + 1) =
                profile_add_text(in->build, value[1].text) + 1;
    rows = nsys_db_rows(in->db, "ThreadNames", THREAD, NULL);
    while (nsys_rows_next(&rows, value))
        *idmap_slot(&in->thread_name, (uint64_t)value[0].number + 1) =
            nsys_text(in, value[1].number) + 1;
}

static uint32_t name_in(const IdMap *names, uint64_t key)
{
    uint32_t text = idmap_get(names, key + 1);
    return text ? text - 1 : 0;
}

uint32_t nsys_host_thread(Nsys *in, int64_t global)
{
    return profile_add_thread(
        in->build, (ProfileThread){.process = name_in(&in->process_name, nsys_process(global)),
                                   .name = name_in(&in->thread_name, (uint64_t)global),
                                   .pid = nsys_process(global),
                                   .tid = nsys_thread(global)});
}

uint32_t nsys_stream_thread(Nsys *in, int64_t global, int64_t device, int64_t stream)
{
    uint32_t *slot = idmap_slot(&in->stream_of, (uint64_t)global * 31 + (uint64_t)device * 65537 +
                                                    (uint64_t)stream + 1);
    if (*slot)
        return *slot - 1;
    Str name = str_fmt(in->arena, "GPU %lld stream %lld", (long long)device, (long long)stream);
    uint32_t thread = profile_add_thread(
        in->build, (ProfileThread){.process = name_in(&in->process_name, nsys_process(global)),
                                   .name = profile_add_text(in->build, name),
                                   .pid = nsys_process(global),
                                   .tid = (uint64_t)stream});
    *slot = thread + 1;
    return thread;
}
