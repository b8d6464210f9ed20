/* Nsight Systems: where on the host something was called: call chains, CPU samples, threads. */

#include <string.h>

#include "analysis/profile/nvidia/nsys_parts.h"
#include "analysis/profile/perf/perf_parts.h"
#include "base/path.h"

enum {
    CHAIN_MAX = 512,
    IDS_SKIPPED = 1 << 16, /* of chains; more, and ids do not follow one another */
    SAMPLED = 1 << 12,     /* chains of CPU samples that are held ready */
};

uint32_t nsys_text(Nsys *in, int64_t string)
{
    uint32_t *slot = idmap_slot(&in->text_of, (uint64_t)string + 1);
    if (!*slot)
        *slot = profile_add_text(in->build, nsys_db_string(in->db, string)) + 1;
    return *slot - 1;
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
static uint32_t chain_frame(Nsys *in, int64_t symbol, int64_t module, uint64_t address,
                            bool unresolved)
{
    uint32_t name = nsys_text(in, symbol), library = nsys_text(in, module);
    Str text = profile_added_text(in->build, name);
    Str path = str_copy(in->arena, profile_added_text(in->build, library));
    ProfileFrame frame = {.function = name,
                          .module = library,
                          .kind = (uint16_t)perf_module_kind(path),
                          .address = address};
    if (unresolved || !text.len || str_starts(text, S("0x")))
        frame.function = profile_add_text(
            in->build, str_fmt(in->arena, "[" STR_FMT "]", STR_ARG(path_base(path))));
    if (!str_starts(path, S("/")) && !str_starts(path, S(".")))
        frame.address = 0;
    if (frame.address)
        profile_add_loaded(in->build, library);
    return profile_add_frame(in->build, frame);
}

/* Frames from `first` on as a chain: the one that has the same frames, or a new one. Number + 1. */
static uint32_t keep_chain(Nsys *in, uint32_t first)
{
    NsysChain chain = {first, (uint32_t)in->chain_frames.len - first};
    const uint32_t *all = in->chain_frames.items; /* NULL while every chain was empty */
    uint64_t hash = chain.len;
    for (uint32_t i = 0; i < chain.len; i++)
        hash = nsys_mix(hash, all[first + i]);
    uint32_t *slot = idmap_slot(&in->chain_of, hash | 1);
    const NsysChain *known = *slot ? &in->chains.items[*slot - 1] : NULL;
    if (known && known->len == chain.len &&
        (!chain.len || !memcmp(all + known->first, all + first, chain.len * sizeof(*all)))) {
        in->chain_frames.len = first;
        return *slot;
    }
    *array_push(in->arena, &in->chains) = chain;
    *slot = (uint32_t)in->chains.len;
    return *slot;
}

enum {
    CHAIN_ID,
    CHAIN_SYMBOL,
    CHAIN_MODULE,
    CHAIN_UNRESOLVED,
    CHAIN_ADDRESS,
    CHAIN_COUNT,
};

static const char *const CHAIN_COLUMNS[] = {"id",         "symbol",     "module",
                                            "unresolved", "originalIP", NULL};

/* Rows of one chain stand together, innermost first. */
typedef struct ChainReader {
    NsysRows rows;
    int64_t value[CHAIN_COUNT];
    uint32_t nulls;
    bool has_row;
    IdMap frame_of; /* symbol, module and address to frame + 1 */
} ChainReader;

static bool next_row(ChainReader *reader)
{
    reader->has_row = nsys_rows_numbers(&reader->rows, reader->value, &reader->nulls);
    return reader->has_row;
}

static void chains_begin(Nsys *in, ChainReader *reader, const char *table, const char *order)
{
    *reader = (ChainReader){.rows = nsys_db_rows(in->db, table, CHAIN_COLUMNS, order),
                            .frame_of = idmap_new(in->arena)};
    next_row(reader);
}

/* `back` is 1 for a caller: its address is the one behind the call, which may be another line's. */
static uint32_t row_frame(Nsys *in, ChainReader *reader, uint64_t back)
{
    bool unresolved = reader->value[CHAIN_UNRESOLVED] && !(reader->nulls >> CHAIN_UNRESOLVED & 1);
    int64_t *value = reader->value;
    uint64_t address = (uint64_t)value[CHAIN_ADDRESS];
    address -= address ? back : 0;
    uint64_t hash = nsys_mix(nsys_mix(nsys_mix(unresolved, (uint64_t)value[CHAIN_SYMBOL]),
                                      (uint64_t)value[CHAIN_MODULE]),
                             address);
    uint32_t *slot = idmap_slot(&reader->frame_of, hash);
    if (!*slot)
        *slot = chain_frame(in, value[CHAIN_SYMBOL], value[CHAIN_MODULE], address, unresolved) + 1;
    return *slot - 1;
}

/*
 * The chain that begins with the row the reader is at; number + 1. The way from a call of CUDA
 * inwards is left out of the chains of calls.
 */
static uint32_t read_chain(Nsys *in, ChainReader *reader, bool in_calls)
{
    int64_t id = reader->value[CHAIN_ID];
    uint32_t first = (uint32_t)in->chain_frames.len;
    bool caller = in_calls; /* of a sample all but the innermost are */
    do {
        uint32_t len = (uint32_t)in->chain_frames.len - first;
        bool skip = in_calls && !len &&
                    is_cuda(nsys_db_string(in->db, reader->value[CHAIN_SYMBOL]),
                            nsys_db_string(in->db, reader->value[CHAIN_MODULE]));
        if (!skip && len < CHAIN_MAX)
            *array_push(in->arena, &in->chain_frames) = row_frame(in, reader, caller);
        caller = true;
    } while (next_row(reader) && reader->value[CHAIN_ID] == id);
    return keep_chain(in, first);
}

static uint32_t add_chain(Nsys *in, uint32_t stack, uint32_t number)
{
    uint32_t *slot = idmap_slot(&in->chained, idmap_pair(stack + 1, number));
    if (!*slot) {
        const NsysChain *chain = &in->chains.items[number - 1];
        for (uint32_t i = chain->len; i-- > 0;)
            stack = profile_add_stack(in->build, stack, in->chain_frames.items[chain->first + i]);
        *slot = stack + 1;
    }
    return *slot - 1;
}

/* ------------------------------------------------------------------ chains of calls */

static void set_chain(Nsys *in, int64_t id, uint32_t number)
{
    if (id < 0 || (uint64_t)id > in->chain_at.len + IDS_SKIPPED) {
        *idmap_slot(&in->chain_by_id, (uint64_t)id + 1) = number;
        return;
    }
    while (in->chain_at.len <= (size_t)id)
        *array_push(in->arena, &in->chain_at) = 0;
    in->chain_at.items[id] = number;
}

static uint32_t chain_of(const Nsys *in, int64_t id)
{
    return id >= 0 && (uint64_t)id < in->chain_at.len
               ? in->chain_at.items[id]
               : idmap_get(&in->chain_by_id, (uint64_t)id + 1);
}

/* Exports of 2021 count chains from 1, and from 0 where calls refer to them. */
static int64_t chain_shift(Nsys *in)
{
    static const char *const COLUMNS[] = {"callchainId", NULL};
    NsysRows rows = nsys_db_rows_of(in->db, nsys_table(NSYS_CALL), COLUMNS, "callchainId", 0);
    NsysValue value;
    bool from_zero = nsys_db_has_column(in->db, nsys_table(NSYS_CALL), "callchainId") &&
                     nsys_rows_next(&rows, &value);
    nsys_rows_end(&rows);
    return from_zero && !chain_of(in, 0) ? 1 : 0;
}

void nsys_read_chains(Nsys *in)
{
    ChainReader reader;
    chains_begin(in, &reader, "CUDA_CALLCHAINS", NULL);
    while (reader.has_row) {
        int64_t id = reader.value[CHAIN_ID];
        set_chain(in, id, read_chain(in, &reader, true));
    }
    in->chain_shift = in->chains.len ? chain_shift(in) : 0;
}

uint32_t nsys_host_stack(Nsys *in, NsysThread *thread, int64_t time, const NsysRow *call)
{
    uint32_t stack = nsys_range_stack(in, thread, time);
    int64_t id;
    if (nsys_is_null(call, NSYS_CHAIN) ||
        __builtin_add_overflow(call->value[NSYS_CHAIN], in->chain_shift, &id))
        return stack;
    uint32_t number = chain_of(in, id);
    return number ? add_chain(in, stack, number) : stack;
}

/* ------------------------------------------------------------------ CPU samples */

/* Both tables of the samples are in the order of their ids: they are read side by side. */
typedef struct NsysSampled {
    ChainReader reader;
    NsysRecent by_id;
    uint32_t chain[SAMPLED];
    int64_t ids[SAMPLED];
    int64_t forgotten; /* the greatest id that is held no more */
    bool indexed;      /* chains can be asked for by id */
} NsysSampled;

void nsys_sampled_begin(Nsys *in)
{
    if (in->metric.cpu_samples == SIZE_MAX)
        return;
    in->sampled = NEW(in->arena, NsysSampled);
    in->sampled->by_id = nsys_recent_new(in->arena, SAMPLED);
    in->sampled->forgotten = INT64_MIN;
    in->sampled->indexed = nsys_db_is_key(in->db, "SAMPLING_CALLCHAINS", "id");
    chains_begin(in, &in->sampled->reader, "SAMPLING_CALLCHAINS", "id");
}

/* Number + 1; 0: it has none. */
static uint32_t sampled_chain(Nsys *in, int64_t id)
{
    NsysSampled *sampled = in->sampled;
    ChainReader *reader = &sampled->reader;
    uint32_t slot, number = 0;
    while (reader->has_row && reader->value[CHAIN_ID] <= id) {
        int64_t next = reader->value[CHAIN_ID];
        if (nsys_recent_will_forget(&sampled->by_id, &slot))
            sampled->forgotten = sampled->ids[slot];
        slot = nsys_recent_add(&sampled->by_id, (uint64_t)next);
        sampled->ids[slot] = next;
        sampled->chain[slot] = read_chain(in, reader, false);
    }
    if (nsys_recent_find(&sampled->by_id, (uint64_t)id, &slot))
        return sampled->chain[slot];
    if (id > sampled->forgotten || !sampled->indexed)
        return 0;
    ChainReader one = {.rows =
                           nsys_db_rows_of(in->db, "SAMPLING_CALLCHAINS", CHAIN_COLUMNS, "id", id),
                       .frame_of = reader->frame_of};
    if (next_row(&one))
        number = read_chain(in, &one, false);
    reader->frame_of = one.frame_of;
    nsys_rows_end(&one.rows);
    return number;
}

void nsys_take_cpu_sample(Nsys *in, const NsysRow *row)
{
    uint32_t chain = in->sampled ? sampled_chain(in, row->value[NSYS_ID]) : 0;
    if (!chain)
        return;
    NsysThread *thread = nsys_thread_row(in, row->value[NSYS_PROCESS]);
    int64_t weights[PROFILE_METRICS_MAX] = {0}, cycles = row->value[NSYS_CYCLES];
    weights[in->metric.cpu_samples] = 1;
    weights[in->metric.cpu_cycles] = cycles > 0 ? cycles : 0;
    uint32_t stack = nsys_range_stack(in, thread, row->value[NSYS_START]);
    profile_add_sample(
        in->build,
        (ProfileSample){.stack = add_chain(in, stack, chain),
                        .thread = nsys_host_thread(in, thread, row->value[NSYS_PROCESS]),
                        .count = 1},
        weights);
}

void nsys_sampled_end(Nsys *in)
{
    if (in->sampled)
        nsys_rows_end(&in->sampled->reader.rows);
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

NsysThread *nsys_thread_row(Nsys *in, int64_t global)
{
    uint32_t *slot = idmap_slot(&in->thread_of, (uint64_t)global + 1);
    if (!*slot) {
        *array_push(in->arena, &in->threads) =
            (NsysThread){.process = nsys_process(global), .last = {.start = 1}};
        *slot = (uint32_t)in->threads.len;
    }
    return &in->threads.items[*slot - 1];
}

uint32_t nsys_host_thread(Nsys *in, NsysThread *thread, int64_t global)
{
    if (!thread->thread)
        thread->thread =
            profile_add_thread(
                in->build, (ProfileThread){.process = name_in(&in->process_name, thread->process),
                                           .name = name_in(&in->thread_name, (uint64_t)global),
                                           .pid = thread->process,
                                           .tid = nsys_thread(global)}) +
            1;
    return thread->thread - 1;
}

uint32_t nsys_stream_thread(Nsys *in, int64_t global, int64_t device, int64_t stream)
{
    uint64_t hash = nsys_mix(nsys_mix((uint64_t)global, (uint64_t)device), (uint64_t)stream);
    uint32_t *slot = idmap_slot(&in->stream_of, hash | 1);
    if (*slot)
        return *slot - 1;
    Str name = str_fmt(in->arena, "GPU %lld stream %lld", (long long)device, (long long)stream);
    *slot = profile_add_thread(in->build, (ProfileThread){.process = name_in(&in->process_name,
                                                                             nsys_process(global)),
                                                          .name = profile_add_text(in->build, name),
                                                          .pid = nsys_process(global),
                                                          .tid = (uint64_t)stream}) +
            1;
    return *slot - 1;
}
