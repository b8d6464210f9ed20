#include "analysis/profile/nvidia/ncu_report.h"

#include <stdlib.h>
#include <string.h>

static const char MAGIC[4] = {'N', 'V', 'R', 0};

enum {
    /* BlockHeader */
    NUM_SOURCES = 1,
    NUM_RESULTS = 2,
    SESSION = 3,
    STRING_TABLE = 4,
    PAYLOAD_SIZE = 5,
    NUM_RANGES = 7,
    NUM_COMMAND_LISTS = 8,
    NUM_GRAPHS = 9,
    NUM_UNKNOWN = 10, /* written by 2026.2, 0 in all that was seen */
    /* SessionDetails */
    VERSION_INFO = 8,
    /* SourceData */
    REFERENCE = 1,
    BINARY = 4,
    SOURCE_FILES = 8,
    RELOCATIONS = 9,
};

bool is_ncu_report(Str bytes)
{
    return bytes.len > 8 && !memcmp(bytes.ptr, MAGIC, sizeof(MAGIC));
}

bool ncu_field(Str message, uint32_t number, ProtoWire wire, ProtoField *out)
{
    Proto in = proto(message);
    while (proto_next(&in, out))
        if (out->number == number && out->wire == wire)
            return true;
    return false;
}

Str ncu_text(Str message, uint32_t number)
{
    ProtoField field;
    return ncu_field(message, number, PROTO_BYTES, &field) ? field.bytes : (Str){0};
}

static double as_float(uint64_t bits)
{
    uint32_t low = (uint32_t)bits;
    float value;
    memcpy(&value, &low, sizeof(value));
    return (double)value;
}

double ncu_double(uint64_t bits)
{
    double value;
    memcpy(&value, &bits, sizeof(value));
    return value;
}

NcuValue ncu_value(Proto message)
{
    NcuValue value = {0};
    for (ProtoField field; proto_next(&message, &field);) {
        bool is_whole = field.wire == PROTO_VARINT && (field.number == 4 || field.number == 5);
        if (field.number == 1 && field.wire == PROTO_BYTES)
            value = (NcuValue){.is_there = true, .is_text = true, .text = field.bytes};
        else if (field.number == 2 && field.wire == PROTO_FIXED32)
            value = (NcuValue){.is_there = true, .number = as_float(field.value)};
        else if (field.number == 3 && field.wire == PROTO_FIXED64)
            value = (NcuValue){.is_there = true, .number = ncu_double(field.value)};
        else if (is_whole)
            value =
                (NcuValue){.is_there = true, .number = (double)field.value, .whole = field.value};
    }
    return value;
}

NcuSource *ncu_report_source(const NcuReport *report, uint64_t reference)
{
    uint32_t number = idmap_get(&report->source_of, reference);
    return number ? &report->sources.items[number - 1] : NULL;
}

Str ncu_report_string(const NcuReport *report, uint64_t id)
{
    return id < report->strings.len ? report->strings.items[id] : (Str){0};
}

/* ------------------------------------------------------------------ blocks */

typedef struct Reader {
    Arena *arena;
    NcuReport *out;
    Str rest;
} Reader;

static bool take_size(Reader *in, size_t *size)
{
    unsigned char bytes[4];
    if (in->rest.len < sizeof(bytes))
        return false;
    memcpy(bytes, in->rest.ptr, sizeof(bytes));
    *size =
        (size_t)bytes[0] | (size_t)bytes[1] << 8 | (size_t)bytes[2] << 16 | (size_t)bytes[3] << 24;
    in->rest = str_from(in->rest, sizeof(bytes));
    return true;
}

static bool take_part(Reader *in, Str *part)
{
    size_t size;
    if (!take_size(in, &size) || size > in->rest.len)
        return false;
    *part = str_head(in->rest, size);
    in->rest = str_from(in->rest, size);
    return true;
}

static int by_address(const void *a, const void *b)
{
    const NcuFunction *left = a, *right = b;
    return (left->address > right->address) - (left->address < right->address);
}

static void take_functions(Reader *in, NcuSource *source, Proto relocations)
{
    for (ProtoField field; proto_next(&relocations, &field);) {
        if (field.number != 1 || field.wire != PROTO_BYTES)
            continue;
        ProtoField address;
        if (ncu_field(field.bytes, 2, PROTO_VARINT, &address))
            *array_push(in->arena, &source->functions) =
                (NcuFunction){.symbol = ncu_text(field.bytes, 1), .address = address.value};
    }
}

static void take_files(Reader *in, NcuSource *source, Proto files)
{
    for (ProtoField field; proto_next(&files, &field);)
        if (field.number == 1 && field.wire == PROTO_BYTES)
            *array_push(in->arena, &source->files) =
                (NcuFile){.name = ncu_text(field.bytes, 1), .content = ncu_text(field.bytes, 2)};
}

static void take_source(Reader *in, Str message)
{
    ProtoField reference;
    if (!ncu_field(message, REFERENCE, PROTO_VARINT, &reference)) {
        in->out->broken++;
        return;
    }
    NcuSource *source = ncu_report_source(in->out, reference.value);
    if (!source) {
        source = array_push(in->arena, &in->out->sources);
        source->reference = reference.value;
        *idmap_slot(&in->out->source_of, reference.value) = (uint32_t)in->out->sources.len;
    }
    Proto fields = proto(message);
    for (ProtoField field; proto_next(&fields, &field);) {
        if (field.wire != PROTO_BYTES)
            continue;
        if (field.number == BINARY && field.bytes.len)
            source->binary = field.bytes;
        else if (field.number == SOURCE_FILES)
            take_files(in, source, proto_inside(&fields, field.bytes));
        else if (field.number == RELOCATIONS)
            take_functions(in, source, proto_inside(&fields, field.bytes));
    }
    in->out->broken += fields.problem != NULL;
}

static void take_strings(Reader *in, Proto table)
{
    for (ProtoField field; proto_next(&table, &field);)
        if (field.number == 1 && field.wire == PROTO_BYTES)
            *array_push(in->arena, &in->out->strings) = field.bytes;
}

static void take_session(Reader *in, Proto session)
{
    for (ProtoField field; proto_next(&session, &field);)
        if (field.number == VERSION_INFO && field.wire == PROTO_BYTES &&
            str_starts(ncu_text(field.bytes, 1), S("Nsight Compute")))
            in->out->version = ncu_text(field.bytes, 2);
}

typedef struct BlockHead {
    uint64_t sources, results, payload;
} BlockHead;

static BlockHead take_head(Reader *in, Str message)
{
    BlockHead head = {0};
    Proto fields = proto(message);
    for (ProtoField field; proto_next(&fields, &field);) {
        bool is_number = field.wire == PROTO_VARINT;
        if (field.number == NUM_SOURCES && is_number)
            head.sources = field.value;
        else if (field.number == NUM_RESULTS && is_number)
            head.results = field.value;
        else if (field.number == PAYLOAD_SIZE && is_number)
            head.payload = field.value;
        else if (field.number >= NUM_RANGES && field.number <= NUM_UNKNOWN && is_number &&
                 field.value <= UINT32_MAX)
            in->out->others[NCU_RANGES + field.number - NUM_RANGES] += field.value;
        else if (field.number == SESSION && !is_number)
            take_session(in, proto_inside(&fields, field.bytes));
        else if (field.number == STRING_TABLE && !is_number)
            take_strings(in, proto_inside(&fields, field.bytes));
    }
    in->out->broken += fields.problem != NULL;
    return head;
}

/* What follows the results (ranges, command lists, graphs) is not about single kernels. */
static bool take_block(Reader *in)
{
    Str message, part;
    if (!take_part(in, &message))
        return false;
    BlockHead head = take_head(in, message);
    if (head.payload > in->rest.len)
        in->out->cut = true;
    Reader payload = *in;
    payload.rest =
        str_head(in->rest, head.payload < in->rest.len ? (size_t)head.payload : in->rest.len);
    in->rest = str_from(in->rest, payload.rest.len);
    for (uint64_t i = 0; i < head.sources && take_part(&payload, &part); i++)
        take_source(&payload, part);
    for (uint64_t i = 0; i < head.results && take_part(&payload, &part); i++)
        *array_push(in->arena, &in->out->results) = part;
    return true;
}

bool ncu_report_read(Arena *arena, Str bytes, NcuReport *out, Err *err)
{
    *out = (NcuReport){.source_of = idmap_new(arena)};
    Reader in = {.arena = arena, .out = out};
    Str head;
    if (!is_ncu_report(bytes))
        return err_set(err, ERR_INPUT, "no Nsight Compute report: it does not begin with NVR");
    in.rest = str_from(bytes, sizeof(MAGIC));
    if (!take_part(&in, &head))
        return err_set(err, ERR_INPUT, "byte 4: the file's head is cut off");
    while (in.rest.len)
        if (!take_block(&in)) {
            out->cut = true;
            break;
        }
    array_each (NcuSource, source, &out->sources)
        if (source->functions.len)
            qsort(source->functions.items, source->functions.len, sizeof(NcuFunction), by_address);
    return true;
}
