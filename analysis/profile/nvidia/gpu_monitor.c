#include "analysis/profile/nvidia/gpu_monitor.h"

#include <math.h>

#include "base/strbuf.h"

enum {
    COLUMNS_MAX = 200,
    GPUS_MAX = 1024,
    HEADER_LINES = 40, /* a header comes within so many lines */
    CLOCK_CHANGE_PERCENT = 5,
};

/* What a column is: a quantity, or one of these. */
enum {
    IS_NOTHING = GPU_QUANTITIES,
    IS_GPU,
    IS_OTHER_GPU, /* names it where no index does */
    IS_NAME,
    IS_REASONS,
    IS_GRAPHICS_CLOCK, /* for the SM clock where that is not asked for */
    IS_FLAG,           /* "Active", or a part of the time above 0 */
    IS_FOREIGN,        /* of `nvidia-smi pmon`, which has processes */
};

typedef struct Name {
    Str name;
    unsigned is;
    uint64_t flag;
} Name;

static const Name NAMES[] = {
    /* nvidia-smi dmon */
    {STR_CONST("gpu"), IS_GPU, 0},
    {STR_CONST("sm"), GPU_SM_BUSY, 0},
    {STR_CONST("mem"), GPU_MEMORY_BUSY, 0},
    {STR_CONST("fb"), GPU_MEMORY_USED, 0},
    {STR_CONST("pwr"), GPU_POWER, 0},
    {STR_CONST("gtemp"), GPU_TEMPERATURE, 0},
    {STR_CONST("pclk"), GPU_SM_CLOCK, 0},
    {STR_CONST("mclk"), GPU_MEMORY_CLOCK, 0},
    {STR_CONST("pviol"), IS_FLAG, GPU_POWER_CAP},
    {STR_CONST("tviol"), IS_FLAG, GPU_HW_THERMAL},
    {STR_CONST("pid"), IS_FOREIGN, 0},
    /* nvidia-smi --query-gpu */
    {STR_CONST("index"), IS_GPU, 0},
    {STR_CONST("uuid"), IS_OTHER_GPU, 0},
    {STR_CONST("gpu_uuid"), IS_OTHER_GPU, 0},
    {STR_CONST("pci.bus_id"), IS_OTHER_GPU, 0},
    {STR_CONST("name"), IS_NAME, 0},
    {STR_CONST("gpu_name"), IS_NAME, 0},
    {STR_CONST("utilization.gpu"), GPU_SM_BUSY, 0},
    {STR_CONST("utilization.memory"), GPU_MEMORY_BUSY, 0},
    {STR_CONST("memory.used"), GPU_MEMORY_USED, 0},
    {STR_CONST("power.draw"), GPU_POWER, 0},
    {STR_CONST("power.draw.instant"), GPU_POWER, 0},
    {STR_CONST("temperature.gpu"), GPU_TEMPERATURE, 0},
    {STR_CONST("clocks.sm"), GPU_SM_CLOCK, 0},
    {STR_CONST("clocks.current.sm"), GPU_SM_CLOCK, 0},
    {STR_CONST("clocks.gr"), IS_GRAPHICS_CLOCK, 0},
    {STR_CONST("clocks.current.graphics"), IS_GRAPHICS_CLOCK, 0},
    {STR_CONST("clocks.mem"), GPU_MEMORY_CLOCK, 0},
    {STR_CONST("clocks.current.memory"), GPU_MEMORY_CLOCK, 0},
    {STR_CONST("reasons.active"), IS_REASONS, 0},
    {STR_CONST("reasons.gpu_idle"), IS_FLAG, GPU_IDLE},
    {STR_CONST("reasons.sw_power_cap"), IS_FLAG, GPU_POWER_CAP},
    {STR_CONST("reasons.hw_slowdown"), IS_FLAG, GPU_HW_SLOWDOWN},
    {STR_CONST("reasons.hw_thermal_slowdown"), IS_FLAG, GPU_HW_THERMAL},
    {STR_CONST("reasons.hw_power_brake_slowdown"), IS_FLAG, GPU_POWER_BRAKE},
    {STR_CONST("reasons.sw_thermal_slowdown"), IS_FLAG, GPU_SW_THERMAL},
};

typedef struct Reader {
    Arena *arena;
    GpuMonitor *out;
    const Name *columns[COLUMNS_MAX]; /* NULL: not taken */
    size_t columns_len;               /* 0: no header yet */
    bool commas;
} Reader;

/* ------------------------------------------------------------------ headers */

/* Takes the next field off: up to a comma, or a word. */
static bool next_field(Str *rest, bool commas, Str *field)
{
    Str after;
    *rest = str_trim(*rest);
    if (!rest->len)
        return false;
    if (commas) {
        if (!str_cut(*rest, ',', field, &after)) {
            *field = *rest;
            after = (Str){0};
        }
        *field = str_trim(*field);
    } else {
        size_t end = 0;
        while (end < rest->len && rest->ptr[end] != ' ' && rest->ptr[end] != '\t')
            end++;
        *field = str_head(*rest, end);
        after = str_from(*rest, end);
    }
    *rest = after;
    return true;
}

/* "clocks.current.sm [MHz]" and "clocks_event_reasons.active" by what is between. */
static const Name *name_of(Str field)
{
    Str before, rest;
    if (str_cut(field, ' ', &before, &rest))
        field = before;
    if (str_starts(field, S("clocks_throttle_reasons.")))
        field = str_from(field, S("clocks_throttle_").len);
    else if (str_starts(field, S("clocks_event_reasons.")))
        field = str_from(field, S("clocks_event_").len);
    for (size_t i = 0; i < sizeof(NAMES) / sizeof(NAMES[0]); i++)
        if (str_eq(NAMES[i].name, field))
            return &NAMES[i];
    return NULL;
}

/* Is this a row of names? Of dmon they begin with '#', of a query they have dots and commas. */
static bool read_header(Reader *in, Str line)
{
    bool is_dmon = str_starts(line, S("#"));
    Str rest = is_dmon ? str_from(line, 1) : line, field;
    const Name *columns[COLUMNS_MAX];
    size_t len = 0, quantities = 0, gpus = 0;
    bool commas = str_has(line, S(","));
    while (len < COLUMNS_MAX && next_field(&rest, commas, &field)) {
        const Name *name = name_of(field);
        columns[len++] = name;
        if (!name)
            continue;
        if (name->is == IS_FOREIGN)
            return false;
        bool is_ours = is_dmon || str_has(name->name, S("."));
        quantities += is_ours && name->is != IS_GPU && name->is != IS_NAME;
        gpus += name->is == IS_GPU;
    }
    if (!quantities || (is_dmon && !gpus))
        return false;
    for (size_t i = 0; i < len; i++)
        in->columns[i] = columns[i];
    in->columns_len = len;
    in->commas = commas;
    return true;
}

bool is_gpu_monitor(Str bytes)
{
    enum {
        LOOK = 16 * 1024
    };
    Reader in = {0};
    Str rest = str_head(bytes, LOOK), line;
    for (size_t i = 0; i < HEADER_LINES && str_next_line(&rest, &line); i++)
        if (read_header(&in, str_trim(line)))
            return true;
    return false;
}

/* ------------------------------------------------------------------ rows */

static GpuSeries *series_of(Reader *in, Str gpu)
{
    array_each (GpuSeries, series, &in->out->gpus)
        if (str_eq(series->gpu, gpu))
            return series;
    if (in->out->gpus.len == GPUS_MAX)
        return NULL;
    GpuSeries *series = array_push(in->arena, &in->out->gpus);
    series->gpu = str_copy(in->arena, gpu);
    return series;
}

/* The number a cell begins with: "1695 MHz", "45"; NaN for "-", "[N/A]". */
static double number_of(Str cell)
{
    Str number = cell, unit;
    double value;
    str_cut(cell, ' ', &number, &unit);
    return str_to_double(number, &value) ? value : NAN;
}

static uint64_t reasons_of(Str cell)
{
    uint64_t bits = 0;
    if (!str_starts(cell, S("0x")) || cell.len > 18)
        return 0;
    for (size_t i = 2; i < cell.len; i++) {
        char c = cell.ptr[i];
        uint64_t digit = c >= '0' && c <= '9'   ? (uint64_t)(c - '0')
                         : c >= 'a' && c <= 'f' ? (uint64_t)(c - 'a' + 10)
                         : c >= 'A' && c <= 'F' ? (uint64_t)(c - 'A' + 10)
                                                : 16;
        if (digit == 16)
            return 0;
        bits = bits << 4 | digit;
    }
    return bits;
}

typedef struct Row {
    GpuSample sample;
    Str gpu, other_gpu, name;
    double graphics_clock;
} Row;

static void take_cell(Row *row, const Name *column, Str cell)
{
    switch (column->is) {
    case IS_GPU:
        row->gpu = cell;
        break;
    case IS_OTHER_GPU:
        row->other_gpu = cell;
        break;
    case IS_NAME:
        row->name = cell;
        break;
    case IS_REASONS:
        row->sample.reasons |= reasons_of(cell);
        break;
    case IS_GRAPHICS_CLOCK:
        row->graphics_clock = number_of(cell);
        break;
    case IS_FLAG:
        if (str_eq(cell, S("Active")) || number_of(cell) > 0)
            row->sample.reasons |= column->flag;
        break;
    default:
        if (column->is < GPU_QUANTITIES)
            row->sample.values[column->is] = number_of(cell);
    }
}

static void read_row(Reader *in, Str line)
{
    Row row = {.graphics_clock = NAN};
    Str field;
    size_t len = 0;
    for (size_t i = 0; i < GPU_QUANTITIES; i++)
        row.sample.values[i] = NAN;
    while (len < in->columns_len && next_field(&line, in->commas, &field)) {
        if (in->columns[len])
            take_cell(&row, in->columns[len], field);
        len++;
    }
    uint64_t number;
    Str gpu = row.gpu.len ? row.gpu : row.other_gpu.len ? row.other_gpu : S("0");
    GpuSeries *series = NULL;
    if (len == in->columns_len && (!row.gpu.len || str_to_u64(row.gpu, &number)))
        series = series_of(in, gpu);
    if (!series) {
        in->out->bad_rows++;
        return;
    }
    if (isnan(row.sample.values[GPU_SM_CLOCK]))
        row.sample.values[GPU_SM_CLOCK] = row.graphics_clock;
    if (!series->name.len)
        series->name = str_copy(in->arena, row.name);
    *array_push(in->arena, &series->samples) = row.sample;
}

bool gpu_monitor_read(Arena *arena, Str bytes, GpuMonitor *out, Err *err)
{
    GpuMonitor monitor = {0};
    Reader in = {.arena = arena, .out = &monitor};
    for (Str line; str_next_line(&bytes, &line);) {
        line = str_trim(line);
        if (!line.len || read_header(&in, line) || !in.columns_len)
            continue;
        if (str_starts(line, S("#"))) { /* units; or a row behind a '#', as some logs have it */
            Str rest = str_trim(str_from(line, 1));
            if (!rest.len || rest.ptr[0] < '0' || rest.ptr[0] > '9')
                continue;
            line = rest;
        }
        read_row(&in, line);
    }
    if (!in.columns_len)
        return err_set(err, ERR_INPUT,
                       "no row of names; nvidia-smi writes one without noheader, and columns are "
                       "found by it");
    if (!monitor.gpus.len)
        return err_set(err, ERR_INPUT, "a header of nvidia-smi without a sample");
    *out = monitor;
    return true;
}

/* ------------------------------------------------------------------ what it comes to */

static void add_value(GpuRange *range, double value)
{
    if (isnan(value))
        return;
    if (!range->count || value < range->min)
        range->min = value;
    if (!range->count || value > range->max)
        range->max = value;
    range->count++;
    range->mean += (value - range->mean) / (double)range->count;
}

GpuRange gpu_monitor_range(const GpuSeries *series, GpuQuantity quantity)
{
    GpuRange range = {0};
    array_each (GpuSample, sample, &series->samples)
        add_value(&range, sample->values[quantity]);
    return range;
}

bool gpu_monitor_clock_changed(const GpuSeries *series, GpuRange *range)
{
    *range = (GpuRange){0};
    array_each (GpuSample, sample, &series->samples) {
        double busy = sample->values[GPU_SM_BUSY];
        if (!(sample->reasons & GPU_IDLE) && (isnan(busy) || busy > 0))
            add_value(range, sample->values[GPU_SM_CLOCK]);
    }
    return range->count && (range->max - range->min) * 100 > range->max * CLOCK_CHANGE_PERCENT;
}

uint64_t gpu_monitor_throttled(const GpuSeries *series)
{
    uint64_t reasons = 0;
    array_each (GpuSample, sample, &series->samples)
        reasons |= sample->reasons;
    return reasons & GPU_THROTTLED;
}

Str gpu_reasons_text(Arena *arena, uint64_t reasons)
{
    static const struct {
        uint64_t bits;
        const char *text;
    } WORDS[] = {
        {GPU_POWER_CAP, "power cap"},
        {GPU_SW_THERMAL | GPU_HW_THERMAL, "heat"},
        {GPU_POWER_BRAKE, "power brake"},
        {GPU_HW_SLOWDOWN, "hardware slowdown"},
    };
    StrBuf out = strbuf_new(arena);
    for (size_t i = 0; i < sizeof(WORDS) / sizeof(WORDS[0]); i++)
        if (reasons & WORDS[i].bits)
            strbuf_fmt(&out, "%s%s", out.len ? ", " : "", WORDS[i].text);
    return strbuf_str(&out);
}

static void print_series(Arena *arena, StrBuf *out, const GpuSeries *series)
{
    static const struct {
        const char *name;
        const char *unit;
    } QUANTITIES[GPU_QUANTITIES] = {
        [GPU_SM_BUSY] = {"kernels running", "%"},     [GPU_MEMORY_BUSY] = {"memory busy", "%"},
        [GPU_MEMORY_USED] = {"memory used", "MB"},    [GPU_POWER] = {"power", "W"},
        [GPU_TEMPERATURE] = {"temperature", "C"},     [GPU_SM_CLOCK] = {"SM clock", "MHz"},
        [GPU_MEMORY_CLOCK] = {"memory clock", "MHz"},
    };
    strbuf_fmt(out, "GPU " STR_FMT "%s" STR_FMT ": %zu samples\n", STR_ARG(series->gpu),
               series->name.len ? ", " : "", STR_ARG(series->name), series->samples.len);
    for (size_t i = 0; i < GPU_QUANTITIES; i++) {
        GpuRange range = gpu_monitor_range(series, (GpuQuantity)i);
        if (range.count)
            strbuf_fmt(out, "  %-15s mean %.4g, %.4g to %.4g %s\n", QUANTITIES[i].name, range.mean,
                       range.min, range.max, QUANTITIES[i].unit);
    }
    GpuRange clock;
    if (gpu_monitor_clock_changed(series, &clock))
        strbuf_fmt(out, "  the SM clock changed at work: %.4g to %.4g MHz\n", clock.min, clock.max);
    if (gpu_monitor_throttled(series))
        strbuf_fmt(out, "  throttled: " STR_FMT "\n",
                   STR_ARG(gpu_reasons_text(arena, gpu_monitor_throttled(series))));
}

Str gpu_monitor_text(Arena *arena, const GpuMonitor *monitor)
{
    StrBuf out = strbuf_new(arena);
    array_each (GpuSeries, series, &monitor->gpus)
        print_series(arena, &out, series);
    if (monitor->bad_rows)
        strbuf_fmt(&out, "%zu rows could not be read\n", monitor->bad_rows);
    return strbuf_str(&out);
}
