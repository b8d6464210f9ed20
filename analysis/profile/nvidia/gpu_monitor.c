#include "analysis/profile/nvidia/gpu_monitor.h"

#include <math.h>

enum {
    COLUMNS_MAX = 200,
    GPUS_MAX = 1024,
    HEADER_LINES = 40, /* a header comes within so many lines */
    DAY_S = 24 * 60 * 60,
    DAYS_TO_2000 = 730485,
};

/* What a column is: a quantity, or one of these. */
enum {
    IS_NOTHING = GPU_QUANTITIES,
    IS_GPU,
    IS_OTHER_GPU, /* names it where no index does */
    IS_NAME,
    IS_REASONS,
    IS_GRAPHICS_CLOCK, /* for the SM clock where that is not asked for */
    IS_FLAG,           /* "Active", or 1 */
    IS_PART,           /* which part of the time, in % */
    IS_DATE,           /* 20240104 */
    IS_TIME,           /* 13:54:35 */
    IS_MOMENT,         /* 2024/01/04 13:54:35.123 */
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
    {STR_CONST("rxpci"), GPU_PCIE_IN, 0},
    {STR_CONST("txpci"), GPU_PCIE_OUT, 0},
    {STR_CONST("Date"), IS_DATE, 0},
    {STR_CONST("Time"), IS_TIME, 0},
    {STR_CONST("pviol"), IS_PART, GPU_POWER_CAP},
    {STR_CONST("tviol"), IS_FLAG, GPU_HW_THERMAL},
    {STR_CONST("pid"), IS_FOREIGN, 0},
    /* nvidia-smi --query-gpu */
    {STR_CONST("timestamp"), IS_MOMENT, 0},
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
    {STR_CONST("memory.total"), GPU_MEMORY_TOTAL, 0},
    {STR_CONST("power.limit"), GPU_POWER_LIMIT, 0},
    {STR_CONST("enforced.power.limit"), GPU_POWER_LIMIT, 0},
    {STR_CONST("clocks.max.sm"), GPU_SM_CLOCK_MAX, 0},
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

/* "13:54:35.123"; NaN when it is none. */
static double time_of(Str cell)
{
    Str hours, minutes, rest;
    uint64_t hour, minute;
    double seconds;
    if (!str_cut(cell, ':', &hours, &rest) || !str_cut(rest, ':', &minutes, &rest) ||
        !str_to_u64(hours, &hour) || !str_to_u64(minutes, &minute) ||
        !str_to_double(rest, &seconds) || hour > 23 || minute > 59 || !(seconds < 61))
        return NAN;
    return (double)(hour * 3600 + minute * 60) + seconds;
}

/* "20240104" or "2024/01/04" as days that follow each other, from about 2000 on; NaN when it is none. */
static double day_of(Str cell)
{
    uint64_t digits = 0;
    size_t len = 0;
    for (size_t i = 0; i < cell.len; i++) {
        if (cell.ptr[i] == '/')
            continue;
        if (cell.ptr[i] < '0' || cell.ptr[i] > '9' || len++ == 8)
            return NAN;
        digits = digits * 10 + (uint64_t)(cell.ptr[i] - '0');
    }
    if (len != 8)
        return NAN;
    /* Days of a year that begins in March, so that its last month is the uneven one. */
    uint64_t month = (digits / 100 + 9) % 100 % 12, year = digits / 10000 - month / 10;
    return (double)(year * 365 + year / 4 - year / 100 + year / 400 + (month * 153 + 2) / 5 +
                    digits % 100) -
           DAYS_TO_2000;
}

static double moment_of(Str cell)
{
    Str date, time;
    return str_cut(cell, ' ', &date, &time) ? day_of(date) * DAY_S + time_of(str_trim(time)) : NAN;
}

typedef struct Row {
    GpuSample sample;
    Str gpu, other_gpu, name;
    double graphics_clock;
    double day, time_s; /* NaN: not told */
} Row;

static void take_flag(Row *row, uint64_t flag, double part)
{
    if (!(part > 0))
        return;
    row->sample.reasons |= flag;
    if (part > row->sample.throttled)
        row->sample.throttled = part < 1 ? part : 1;
}

static void take_cell(Row *row, const Name *column, Str cell)
{
    switch (column->is) {
    case IS_DATE:
        row->day = day_of(cell);
        break;
    case IS_TIME:
        row->time_s = time_of(cell);
        break;
    case IS_MOMENT:
        row->sample.at_s = moment_of(cell);
        break;
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
        if (row->sample.reasons & GPU_THROTTLED)
            row->sample.throttled = 1;
        break;
    case IS_GRAPHICS_CLOCK:
        row->graphics_clock = number_of(cell);
        break;
    case IS_FLAG:
        take_flag(row, column->flag, str_eq(cell, S("Active")) || number_of(cell) > 0);
        break;
    case IS_PART:
        take_flag(row, column->flag, number_of(cell) / 100);
        break;
    default:
        if (column->is < GPU_QUANTITIES)
            row->sample.values[column->is] = number_of(cell);
    }
}

static void read_row(Reader *in, Str line)
{
    Row row = {.sample.at_s = NAN, .graphics_clock = NAN, .day = NAN, .time_s = NAN};
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
    if (isnan(row.sample.at_s)) /* the time alone goes back at midnight */
        row.sample.at_s = (isnan(row.day) ? 0 : row.day * DAY_S) + row.time_s;
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
