/*
 * What `nsys stats` prints, for people who kept that and not the export:
 *
 *     Time (%),Total Time (ns),Instances,Avg (ns),...,Min (ns),Max (ns),StdDev (ns),Name
 *     95.0,1074732935,432,2487807.7,...,"void gemv2T_kernel_val<int, ...>(T13, T6, T6)"
 *
 * Reports have other names and headers in every version (gpukernsum, cuda_gpu_kern_sum), and the
 * text holds several of them (nsys_stats_tables.h). So a table is known by its columns: summaries
 * of kernels, copies, CUDA calls, calls of the system, named ranges; and the traces of the device
 * and of the host, which are summed up here. There are no stacks, but for the kernels of a named
 * range. Of two tables with the same cost the first counts.
 */

#include "analysis/profile/nvidia/nsys_stats_tables.h"
#include "analysis/profile/readers.h"
#include "base/array.h"
#include "base/idmap.h"

enum {
    LOOK = 1 << 16, /* before the first table stand the reports that had nothing to say */
};

/* What a column holds; the ones not named here are left out. */
typedef enum Column {
    COLUMN_OTHER,
    COLUMN_TOTAL,
    COLUMN_INSTANCES,
    COLUMN_CALLS,
    COLUMN_COUNT,
    COLUMN_MIN,
    COLUMN_MAX,
    COLUMN_NAME,
    COLUMN_OPERATION,
    COLUMN_CATEGORY,
    COLUMN_RANGE,
    COLUMN_DURATION,
    COLUMN_GRID,
    COLUMN_KERNEL,
    COLUMN_KERNEL_DURATION,
    COLUMN_KERNEL_COUNT,
    COLUMN_NVTX_RANGE,
    COLUMN_SIZE,
    COLUMN_BYTES,
    COLUMN_RESULT,
    COLUMN_LEVEL,
    COLUMNS,
} Column;

/* By the beginning of the header, the longer ones first. */
static const struct {
    Str header;
    Column column;
    bool whole;
} HEADERS[] = {
    {STR_CONST("Total Time"), COLUMN_TOTAL, false},
    {STR_CONST("Instances"), COLUMN_INSTANCES, true},
    {STR_CONST("Num Calls"), COLUMN_CALLS, true},
    {STR_CONST("Calls"), COLUMN_CALLS, true},
    {STR_CONST("Count"), COLUMN_COUNT, true},
    {STR_CONST("Operations"), COLUMN_COUNT, true},
    {STR_CONST("Operation"), COLUMN_OPERATION, true},
    {STR_CONST("Min"), COLUMN_MIN, false},
    {STR_CONST("Max"), COLUMN_MAX, false},
    {STR_CONST("Name"), COLUMN_NAME, true},
    {STR_CONST("Category"), COLUMN_CATEGORY, true},
    {STR_CONST("Range"), COLUMN_RANGE, true},
    {STR_CONST("Duration"), COLUMN_DURATION, false},
    {STR_CONST("GrdX"), COLUMN_GRID, true},
    {STR_CONST("Kernel Name"), COLUMN_KERNEL, true},
    {STR_CONST("Kernel Dur"), COLUMN_KERNEL_DURATION, false},
    {STR_CONST("Kern Inst"), COLUMN_KERNEL_COUNT, true},
    {STR_CONST("NVTX Range"), COLUMN_NVTX_RANGE, true},
    {STR_CONST("Total ("), COLUMN_SIZE, false},
    {STR_CONST("Bytes"), COLUMN_BYTES, false},
    {STR_CONST("Result"), COLUMN_RESULT, true},
    {STR_CONST("NameTree"), COLUMN_LEVEL, true},
};

typedef enum Cost {
    COST_KERNEL,
    COST_COPY,
    COST_CALL,
    COST_SYSTEM,
    COST_RANGE,
    COST_RANGE_KERNEL,
    COST_BYTES,
    COSTS,
} Cost;

static const Str COST_NAMES[COSTS] = {
    [COST_KERNEL] = STR_CONST("gpu_time"),
    [COST_COPY] = STR_CONST("gpu_copy_time"),
    [COST_CALL] = STR_CONST("cuda_api_time"),
    [COST_SYSTEM] = STR_CONST("os_call_time"),
    [COST_RANGE] = STR_CONST("nvtx_range_time"),
    [COST_RANGE_KERNEL] = STR_CONST("nvtx_kernel_time"),
    [COST_BYTES] = STR_CONST("copied"),
};

/* What all rows of one name say together. */
typedef struct Entry {
    Cost cost;
    uint32_t name, full; /* texts */
    uint32_t range;      /* text: of COST_RANGE_KERNEL; else 0 */
    int64_t total;       /* ns or bytes */
    int64_t shortest_ns, longest_ns;
    uint64_t count;
} Entry;

typedef struct Row {
    Str text[COLUMNS];
    double unit[COLUMNS]; /* nanoseconds or bytes in the column's unit; 0: no such column */
} Row;

typedef struct Stats {
    Arena *arena;
    ProfileBuilder *build;
    Array(Entry) entries;
    IdMap entry_of;         /* cost and name to number + 1 */
    size_t table;           /* from 1 */
    size_t table_of[COSTS]; /* the one that counts */
    size_t unknown;         /* rows of tables that are not for us */
} Stats;

bool is_nsys_stats(Str bytes)
{
    Str head = str_head(bytes, LOOK);
    bool summary = (str_has(head, S("Total Time")) &&
                    (str_has(head, S("Time (%)")) || str_has(head, S("Time(%)")) ||
                     str_has(head, S("NVTX Range"))) &&
                    (str_has(head, S("Instances")) || str_has(head, S("Calls")) ||
                     str_has(head, S("Operation")) || str_has(head, S("Kern Inst")))) ||
                   (str_has(head, S("Total (")) && str_has(head, S("StdDev (")) &&
                    str_has(head, S("Operation")));
    bool trace = (str_has(head, S("GrdX")) && str_has(head, S("Duration"))) ||
                 str_has(head, S("Kernel Dur (")) ||
                 (str_has(head, S("Duration (")) && str_has(head, S("CorrID"))) ||
                 (str_has(head, S("DurNonChild")) && str_has(head, S("NameTree")));
    return summary || trace;
}

/* ------------------------------------------------------------------ columns */

static double unit_of(Str header)
{
    static const struct {
        Str sign;
        double unit;
    } UNITS[] = {
        {STR_CONST("(us)"), 1e3},   {STR_CONST("(usec)"), 1e3},   {STR_CONST("(ms)"), 1e6},
        {STR_CONST("(msec)"), 1e6}, {STR_CONST("(s)"), 1e9},      {STR_CONST("(sec)"), 1e9},
        {STR_CONST("(KB)"), 1e3},   {STR_CONST("(MB)"), 1e6},     {STR_CONST("(GB)"), 1e9},
        {STR_CONST("(KiB)"), 1024}, {STR_CONST("(MiB)"), 1048576}};
    for (size_t i = 0; i < sizeof(UNITS) / sizeof(UNITS[0]); i++)
        if (str_ends(header, UNITS[i].sign))
            return UNITS[i].unit;
    return 1;
}

static Column column_of(Str header)
{
    for (size_t i = 0; i < sizeof(HEADERS) / sizeof(HEADERS[0]); i++)
        if (HEADERS[i].whole ? str_eq(header, HEADERS[i].header)
                             : str_starts(header, HEADERS[i].header))
            return HEADERS[i].column;
    return COLUMN_OTHER;
}

static void set(Row *row, Str header, Str text)
{
    Column column = column_of(header);
    if (column == COLUMN_OTHER || row->unit[column] > 0)
        return;
    row->text[column] = text;
    row->unit[column] = unit_of(header);
}

static bool has(const Row *row, Column column)
{
    return row->unit[column] > 0;
}

/* "1,074,732,935" in columns, as newer versions print it. */
static Str without_commas(Str text, char *room, size_t size)
{
    size_t len = 0;
    text = str_trim(text);
    for (size_t i = 0; i < text.len && len < size; i++)
        if (text.ptr[i] != ',')
            room[len++] = text.ptr[i];
    return (Str){room, len};
}

enum {
    NUMBER_MAX = 40,
};

static int64_t number_in(const Row *row, Column column)
{
    char room[NUMBER_MAX];
    double number;
    if (!str_to_double(without_commas(row->text[column], room, sizeof(room)), &number))
        return 0;
    double value = number * row->unit[column];
    return value > 0 && value < 9e18 ? (int64_t)(value + 0.5) : 0;
}

static uint64_t count_in(const Row *row, Column column)
{
    char room[NUMBER_MAX];
    uint64_t count;
    return str_to_u64(without_commas(row->text[column], room, sizeof(room)), &count) ? count : 0;
}

/* ------------------------------------------------------------------ rows */

static size_t skip_brackets(Str text, size_t at)
{
    size_t depth = 0;
    for (; at < text.len; at++) {
        char c = text.ptr[at];
        depth += c == '<' || c == '(';
        depth -= c == '>' || c == ')';
        if (!depth)
            return at + 1;
    }
    return at;
}

/* "void ns::add<int>(T1 *)" is add, as the export calls it. */
static Str short_name(Str text)
{
    size_t start = 0, at = 0;
    while (at < text.len) {
        char c = text.ptr[at];
        Str rest = str_from(text, at);
        if (c == ' ' || str_starts(rest, S("::"))) {
            at += c == ' ' ? 1 : 2;
            start = at;
        } else if (c == '<' || (c == '(' && at == start)) {
            size_t after = skip_brackets(text, at);
            if (!str_starts(str_from(text, after), S("::")))
                return at > start ? str_head(str_from(text, start), at - start) : text;
            at = after;
        } else if (c == '(') {
            return str_head(str_from(text, start), at - start);
        } else {
            at++;
        }
    }
    return start < text.len ? str_from(text, start) : text;
}

static bool counts(Stats *in, Cost cost)
{
    if (!in->table_of[cost])
        in->table_of[cost] = in->table;
    return in->table_of[cost] == in->table;
}

static Entry *entry_of(Stats *in, Cost cost, Str full, Str range)
{
    bool kernel = cost == COST_KERNEL || cost == COST_RANGE_KERNEL;
    uint32_t text = profile_add_text(in->build, full), around = profile_add_text(in->build, range);
    uint32_t name = kernel ? profile_add_text(in->build, short_name(full)) : text;
    uint32_t *slot =
        idmap_slot(&in->entry_of, idmap_pair(around * COSTS + (uint32_t)cost + 1, name));
    if (!*slot) {
        *array_push(in->arena, &in->entries) = (Entry){
            .cost = cost, .name = name, .full = text, .range = around, .shortest_ns = INT64_MAX};
        *slot = (uint32_t)in->entries.len;
    }
    return &in->entries.items[*slot - 1];
}

static void add_in(Stats *in, Cost cost, Str name, Str range, Entry more)
{
    if (!name.len || !counts(in, cost))
        return;
    Entry *entry = entry_of(in, cost, name, range);
    if (__builtin_add_overflow(entry->total, more.total, &entry->total))
        entry->total = INT64_MAX;
    entry->count += more.count;
    if (more.shortest_ns < entry->shortest_ns)
        entry->shortest_ns = more.shortest_ns;
    if (more.longest_ns > entry->longest_ns)
        entry->longest_ns = more.longest_ns;
}

static void add(Stats *in, Cost cost, Str name, Entry more)
{
    add_in(in, cost, name, (Str){0}, more);
}

static Entry summary_of(const Row *row, Column count)
{
    return (Entry){.total = number_in(row, COLUMN_TOTAL),
                   .count = count_in(row, count),
                   .shortest_ns = number_in(row, COLUMN_MIN),
                   .longest_ns = number_in(row, COLUMN_MAX)};
}

static Entry launch_of(const Row *row, Column duration)
{
    int64_t ns = number_in(row, duration);
    return (Entry){.total = ns, .count = 1, .shortest_ns = ns, .longest_ns = ns};
}

static Cost call_cost(Str name)
{
    return str_starts(name, S("cu")) ? COST_CALL : COST_SYSTEM;
}

static Cost operation_cost(const Row *row)
{
    Str category = row->text[COLUMN_CATEGORY];
    if (str_has(category, S("KERNEL")))
        return COST_KERNEL;
    return str_has(category, S("CUDA_API")) ? COST_CALL : COST_COPY;
}

static bool take_summary(Stats *in, const Row *row)
{
    const Str *text = row->text;
    Column count = has(row, COLUMN_COUNT) ? COLUMN_COUNT : COLUMN_INSTANCES;
    if (has(row, COLUMN_NVTX_RANGE) && has(row, COLUMN_KERNEL))
        add_in(in, COST_RANGE_KERNEL, text[COLUMN_KERNEL], text[COLUMN_NVTX_RANGE],
               summary_of(row, COLUMN_KERNEL_COUNT));
    else if (has(row, COLUMN_RANGE))
        add(in, COST_RANGE, text[COLUMN_RANGE], summary_of(row, COLUMN_INSTANCES));
    else if (has(row, COLUMN_OPERATION))
        add(in, operation_cost(row), text[COLUMN_OPERATION], summary_of(row, count));
    else if (has(row, COLUMN_NAME) && has(row, COLUMN_CALLS))
        add(in, call_cost(text[COLUMN_NAME]), text[COLUMN_NAME], summary_of(row, COLUMN_CALLS));
    else if (has(row, COLUMN_NAME) && has(row, COLUMN_INSTANCES))
        add(in, COST_KERNEL, text[COLUMN_NAME], summary_of(row, COLUMN_INSTANCES));
    else
        return false;
    return true;
}

static void take_device(Stats *in, const Row *row)
{
    Str name = row->text[COLUMN_NAME];
    bool copy = str_starts(name, S("["));
    add(in, copy ? COST_COPY : COST_KERNEL, name, launch_of(row, COLUMN_DURATION));
    if (copy && has(row, COLUMN_BYTES))
        add(in, COST_BYTES, name, (Entry){.total = number_in(row, COLUMN_BYTES), .count = 1});
}

/* False: a table that is not for us. */
static bool take_row(Stats *in, const Row *row)
{
    const Str *text = row->text;
    if (has(row, COLUMN_TOTAL))
        return take_summary(in, row);
    if (has(row, COLUMN_SIZE) && has(row, COLUMN_OPERATION))
        add(in, COST_BYTES, text[COLUMN_OPERATION],
            (Entry){.total = number_in(row, COLUMN_SIZE), .count = count_in(row, COLUMN_COUNT)});
    else if (has(row, COLUMN_KERNEL) && has(row, COLUMN_KERNEL_DURATION))
        add(in, COST_KERNEL, text[COLUMN_KERNEL], launch_of(row, COLUMN_KERNEL_DURATION));
    else if (has(row, COLUMN_GRID) && has(row, COLUMN_DURATION) && has(row, COLUMN_NAME))
        take_device(in, row);
    else if (has(row, COLUMN_RESULT) && has(row, COLUMN_DURATION) && has(row, COLUMN_NAME))
        add(in, call_cost(text[COLUMN_NAME]), text[COLUMN_NAME], launch_of(row, COLUMN_DURATION));
    else if (has(row, COLUMN_LEVEL) && has(row, COLUMN_DURATION) && has(row, COLUMN_NAME))
        add(in, COST_RANGE, text[COLUMN_NAME], launch_of(row, COLUMN_DURATION));
    else
        return false;
    return true;
}

static void take_fields(void *to, const StatsRow *from)
{
    Stats *in = to;
    Row row = {0};
    in->table = from->table;
    for (size_t i = 0; i < from->len; i++)
        set(&row, from->names[i], from->fields[i]);
    in->unknown += !take_row(in, &row);
}

/* ------------------------------------------------------------------ to Profile */

static void add_fact(Stats *in, uint32_t frame, Str name, double value, Str unit)
{
    profile_add_fact(in->build, (ProfileFact){.frame = frame,
                                              .name = profile_add_text(in->build, name),
                                              .unit = profile_add_text(in->build, unit),
                                              .value = value});
}

static void add_kernel_facts(Stats *in, const Entry *entry, uint32_t frame)
{
    if (entry->full != entry->name)
        profile_add_fact(in->build, (ProfileFact){.frame = frame,
                                                  .name = profile_add_text(in->build, S("kernel")),
                                                  .text = entry->full});
    add_fact(in, frame, S("launches"), (double)entry->count, S("count"));
    add_fact(in, frame, S("time of all launches"), (double)entry->total, S("ns"));
    add_fact(in, frame, S("duration"), (double)entry->longest_ns, S("ns"));
    add_fact(in, frame, S("shortest launch"), (double)entry->shortest_ns, S("ns"));
}

static uint32_t frame_of(Stats *in, const Entry *entry)
{
    static const FrameKind KINDS[COSTS] = {
        [COST_KERNEL] = FRAME_GPU,    [COST_COPY] = FRAME_GPU,    [COST_CALL] = FRAME_NATIVE,
        [COST_SYSTEM] = FRAME_NATIVE, [COST_RANGE] = FRAME_LABEL, [COST_RANGE_KERNEL] = FRAME_GPU,
        [COST_BYTES] = FRAME_GPU};
    ProfileFrame frame = {.function = entry->name, .kind = (uint16_t)KINDS[entry->cost]};
    if (frame.kind == FRAME_GPU)
        frame.module = entry->name;
    if (entry->cost == COST_CALL)
        frame.module = profile_add_text(in->build, S("CUDA"));
    return profile_add_frame(in->build, frame);
}

static uint32_t range_of(Stats *in, const Entry *entry)
{
    if (!entry->range)
        return 0;
    ProfileFrame frame = {.function = entry->range, .kind = FRAME_LABEL};
    return profile_add_stack(in->build, 0, profile_add_frame(in->build, frame));
}

static void add_entries(Stats *in)
{
    size_t metric[COSTS];
    for (size_t i = 0; i < COSTS; i++)
        if (in->table_of[i])
            metric[i] = profile_add_metric(in->build, COST_NAMES[i],
                                           i == COST_BYTES ? S("bytes") : S("ns"), false);
    array_each (Entry, entry, &in->entries) {
        int64_t weights[PROFILE_METRICS_MAX] = {0};
        uint32_t frame = frame_of(in, entry), stack = range_of(in, entry);
        weights[metric[entry->cost]] = entry->total;
        profile_add_sample(in->build,
                           (ProfileSample){.stack = profile_add_stack(in->build, stack, frame),
                                           .count = entry->cost == COST_BYTES ? 0 : entry->count},
                           weights);
        if (entry->cost == COST_KERNEL)
            add_kernel_facts(in, entry, frame);
    }
    if (in->table_of[COST_RANGE] || in->table_of[COST_RANGE_KERNEL])
        profile_note(in->build, "named ranges hold one another: their times do not add up");
}

bool read_nsys_stats(Arena *arena, Str bytes, Profile *out, Err *err)
{
    Stats in = {.arena = arena, .build = profile_builder_new(arena), .entry_of = idmap_new(arena)};
    Str problem;
    nsys_stats_rows(arena, bytes, take_fields, &in, &problem);
    if (problem.len)
        profile_note(in.build, "the file ends early: " STR_FMT, STR_ARG(problem));
    if (!in.entries.len)
        return err_set(err, ERR_INPUT,
                       "no table of `nsys stats` with kernels, copies, CUDA calls or named ranges "
                       "in it: make one with `nsys stats --format csv --report "
                       "cuda_gpu_kern_sum,cuda_api_sum`");
    add_entries(&in);
    profile_note_count(in.build, in.unknown, "row of another report was",
                       "rows of other reports were", "left out");
    *out = profile_build(in.build, S("nsys"), S("nsys stats"));
    return true;
}
