#include "analysis/profile/nvidia/nsys_sweep.h"

#include <string.h>

#include "base/strbuf.h"

enum {
    WINDOW = 256, /* rows of a table that are held back */
};

static const char *const TABLES[NSYS_KINDS] = {
    [NSYS_RANGE] = "NVTX_EVENTS",
    [NSYS_CALL] = "CUPTI_ACTIVITY_KIND_RUNTIME",
    [NSYS_SAMPLE] = "COMPOSITE_EVENTS",
    [NSYS_KERNEL] = "CUPTI_ACTIVITY_KIND_KERNEL",
    [NSYS_COPY] = "CUPTI_ACTIVITY_KIND_MEMCPY",
    [NSYS_FILL] = "CUPTI_ACTIVITY_KIND_MEMSET",
    [NSYS_WAIT] = "CUPTI_ACTIVITY_KIND_SYNCHRONIZATION",
};

static const char *const COLUMNS[NSYS_KINDS][NSYS_SWEEP_COLUMNS + 1] = {
    [NSYS_RANGE] = {"start", "end", "globalTid", "eventType", "textId", "text"},
    [NSYS_CALL] = {"start", "end", "globalTid", "correlationId", "nameId", "callchainId"},
    [NSYS_SAMPLE] = {"start", "start", "globalTid", "id", "cpuCycles"},
    [NSYS_KERNEL] = {"start", "end", "globalPid", "correlationId", "deviceId", "streamId",
                     "shortName", "demangledName", "rowid"},
    [NSYS_COPY] = {"start", "end", "globalPid", "correlationId", "deviceId", "streamId", "bytes",
                   "copyKind", "srcKind", "dstKind"},
    [NSYS_FILL] = {"start", "end", "globalPid", "correlationId", "deviceId", "streamId", "bytes",
                   "value", "memKind", "memKind"},
    [NSYS_WAIT] = {"start", "end", "globalPid", "correlationId", "deviceId", "streamId",
                   "syncType"},
};

static const char *const SIZES[] = {
    "gridX", "gridY", "gridZ", "blockX", "blockY", "blockZ", "registersPerThread"};

/* One table: rows that were read and not given yet, by their start. */
typedef struct Source {
    NsysRows rows;
    NsysRow row[WINDOW + 1];
    StrBuf text[WINDOW + 1];     /* of ranges */
    uint16_t order[WINDOW + 1];  /* a ring of places in `row` */
    uint16_t unused[WINDOW + 1]; /* places */
    size_t first, len, unused_len;
    bool has_text;
} Source;

struct NsysSweep {
    Source *source[NSYS_KINDS]; /* NULL: no such table */
    Source *given;              /* whose first row was given last */
};

const char *nsys_table(NsysKind kind)
{
    return TABLES[kind];
}

static uint16_t *order_at(Source *source, size_t number)
{
    return &source->order[(source->first + number) % (WINDOW + 1)];
}

static void keep_text(Source *source, uint16_t place)
{
    NsysRow *row = &source->row[place];
    strbuf_clear(&source->text[place]);
    if (!nsys_is_null(row, NSYS_TEXT))
        strbuf_add(&source->text[place], nsys_rows_text(&source->rows, NSYS_TEXT));
    row->text = strbuf_str(&source->text[place]);
}

static void fill(Source *source)
{
    while (source->len <= WINDOW && source->rows.statement) {
        uint16_t place = source->unused[source->unused_len - 1];
        NsysRow *row = &source->row[place];
        if (!nsys_rows_numbers(&source->rows, row->value, &row->nulls))
            return;
        if (source->has_text)
            keep_text(source, place);
        source->unused_len--;
        size_t at = source->len++;
        for (; at; at--) {
            uint16_t before = *order_at(source, at - 1);
            if (source->row[before].value[NSYS_START] <= row->value[NSYS_START])
                break;
            *order_at(source, at) = before;
        }
        *order_at(source, at) = place;
    }
}

static Source *source_new(Arena *arena, NsysDb *db, NsysKind kind, bool sizes)
{
    const char *columns[NSYS_SWEEP_COLUMNS + 1];
    memcpy(columns, COLUMNS[kind], sizeof(columns));
    if (kind == NSYS_KERNEL && sizes)
        memcpy(&columns[NSYS_GRID], SIZES, sizeof(SIZES));
    if (!nsys_db_has(db, TABLES[kind]))
        return NULL;
    Source *source = NEW(arena, Source);
    source->rows = nsys_db_rows_near(db, TABLES[kind], columns, "start", WINDOW);
    source->has_text = kind == NSYS_RANGE;
    for (uint16_t i = 0; i <= WINDOW; i++) {
        source->unused[source->unused_len++] = i;
        if (source->has_text)
            source->text[i] = strbuf_new(arena);
    }
    fill(source);
    return source;
}

NsysSweep *nsys_sweep_new(Arena *arena, NsysDb *db, uint32_t kinds, bool sizes)
{
    NsysSweep *sweep = NEW(arena, NsysSweep);
    for (NsysKind kind = 0; kind < NSYS_KINDS; kind++)
        if (kinds >> kind & 1)
            sweep->source[kind] = source_new(arena, db, kind, sizes);
    return sweep;
}

static void drop_given(NsysSweep *sweep)
{
    Source *source = sweep->given;
    if (!source)
        return;
    source->unused[source->unused_len++] = *order_at(source, 0);
    source->first = (source->first + 1) % (WINDOW + 1);
    source->len--;
    fill(source);
}

const NsysRow *nsys_sweep_next(NsysSweep *sweep, NsysKind *kind)
{
    const NsysRow *next = NULL;
    drop_given(sweep);
    sweep->given = NULL;
    for (NsysKind i = 0; i < NSYS_KINDS; i++) {
        Source *source = sweep->source[i];
        if (!source || !source->len)
            continue;
        const NsysRow *row = &source->row[*order_at(source, 0)];
        if (next && next->value[NSYS_START] <= row->value[NSYS_START])
            continue;
        next = row;
        sweep->given = source;
        *kind = i;
    }
    return next;
}

void nsys_sweep_end(NsysSweep *sweep)
{
    for (NsysKind i = 0; i < NSYS_KINDS; i++)
        if (sweep->source[i])
            nsys_rows_end(&sweep->source[i]->rows);
}
