#include "analysis/profile/perf/perf_file.h"

#include <stdlib.h>
#include <string.h>

#include "base/unpack.h"

enum {
    RECORD_HEADER = 8,
    FILE_HEADER = 104,
    PIPE_HEADER = 16,
    LIKELY_RECORD = 64, /* bytes: a sample with a few callers */
    ATTR_LEAST = 64,    /* PERF_ATTR_SIZE_VER0 */
    ATTR_MOST = 4096,
    SECTION = 16,
    FEATURES = 256,
    EVENTS_MAX = 100000,
    UNPACK_FACTOR = 200,
    UNPACK_LEAST = 64 * 1024 * 1024,
};

/* Records that only perf itself writes. */
enum {
    RECORD_HEADER_ATTR = 64,
    RECORD_TRACING_DATA = 66,
    RECORD_BUILD_ID = 67,
    RECORD_AUXTRACE = 71,
    RECORD_EVENT_UPDATE = 78,
    RECORD_HEADER_FEATURE = 80,
    RECORD_COMPRESSED = 81,
    RECORD_COMPRESSED2 = 83,
    FIRST_OF_PERF = 64,
};

enum {
    FEATURE_BUILD_ID = 2,
    FEATURE_EVENT_DESC = 12,
    EVENT_UPDATE_NAME = 2,
    BUILD_ID_BYTES = 20,
    MISC_BUILD_ID_SIZE = 1 << 15,
};

typedef struct Opening {
    Arena *arena;
    PerfFile *file;
    Array(PerfRecord) records;
    UnpackStream *stream;
    Str left; /* the beginning of a record that goes on in the next compressed one */
    size_t unpacked;
    size_t limit;
    uint64_t time; /* of the record before */
    bool sorted;
    bool pipe;
} Opening;

/* ------------------------------------------------------------------ bytes */

static uint64_t take(PerfBytes *bytes, size_t len)
{
    uint64_t value = 0;
    if (bytes->left < len) {
        bytes->cut = true;
        bytes->left = 0;
        return 0;
    }
    memcpy(&value, bytes->at, len);
    bytes->at += len;
    bytes->left -= len;
    return value;
}

uint32_t perf_u32(PerfBytes *bytes)
{
    return (uint32_t)take(bytes, 4);
}

uint64_t perf_u64(PerfBytes *bytes)
{
    return take(bytes, 8);
}

void perf_skip(PerfBytes *bytes, uint64_t len)
{
    if (len > bytes->left) {
        bytes->cut = true;
        len = bytes->left;
    }
    bytes->at += len;
    bytes->left -= (size_t)len;
}

Str perf_text(PerfBytes *bytes, uint64_t len)
{
    size_t most = len < bytes->left ? (size_t)len : bytes->left;
    Str text = {bytes->at, most ? strnlen(bytes->at, most) : 0};
    perf_skip(bytes, len);
    return text;
}

static PerfBytes bytes_of(Str text)
{
    return (PerfBytes){.at = text.ptr, .left = text.len};
}

/* A part of the file; cut to what is there. */
static Str part_of(Str bytes, uint64_t offset, uint64_t len)
{
    if (offset >= bytes.len)
        return (Str){0};
    Str rest = str_from(bytes, (size_t)offset);
    return len < rest.len ? str_head(rest, (size_t)len) : rest;
}

Str perf_hex(Arena *arena, Str bytes)
{
    char *hex = NEW_ARRAY(arena, char, bytes.len * 2 + 1);
    for (size_t i = 0; i < bytes.len; i++) {
        hex[2 * i] = "0123456789abcdef"[(unsigned char)bytes.ptr[i] >> 4];
        hex[2 * i + 1] = "0123456789abcdef"[bytes.ptr[i] & 15];
    }
    return (Str){hex, bytes.len * 2};
}

/* ------------------------------------------------------------------ events */

static Str name_of_event(Arena *arena, const PerfAttr *attr)
{
    static const Str HARDWARE[] = {
        STR_CONST("cycles"),
        STR_CONST("instructions"),
        STR_CONST("cache-references"),
        STR_CONST("cache-misses"),
        STR_CONST("branches"),
        STR_CONST("branch-misses"),
        STR_CONST("bus-cycles"),
        STR_CONST("stalled-cycles-frontend"),
        STR_CONST("stalled-cycles-backend"),
        STR_CONST("ref-cycles"),
    };
    static const Str SOFTWARE[] = {
        STR_CONST("cpu-clock"),        STR_CONST("task-clock"),       STR_CONST("page-faults"),
        STR_CONST("context-switches"), STR_CONST("migrations"),       STR_CONST("minor-faults"),
        STR_CONST("major-faults"),     STR_CONST("alignment-faults"),
    };
    uint64_t config = attr->config & 0xffffffff; /* above: which kind of core */
    if (attr->type == 0 && config < sizeof(HARDWARE) / sizeof(HARDWARE[0]))
        return HARDWARE[config];
    if (attr->type == 1 && config < sizeof(SOFTWARE) / sizeof(SOFTWARE[0]))
        return SOFTWARE[config];
    return str_fmt(arena, "event %u/0x%llx", attr->type, (unsigned long long)attr->config);
}

/* struct perf_event_attr, of any size: what is not there is 0. */
static PerfAttr read_attr(Str text)
{
    PerfBytes bytes = bytes_of(text);
    PerfAttr attr = {.type = perf_u32(&bytes)};
    perf_u32(&bytes);
    attr.config = perf_u64(&bytes);
    attr.period = perf_u64(&bytes);
    attr.sample_type = perf_u64(&bytes);
    attr.read_format = perf_u64(&bytes);
    uint64_t flags = perf_u64(&bytes);
    attr.by_frequency = flags >> 10 & 1;
    attr.sample_id_all = flags >> 18 & 1;
    return attr;
}

static void add_attr(Opening *in, Str text, Str ids)
{
    if (text.len < ATTR_LEAST || in->file->attrs.len >= EVENTS_MAX)
        return;
    PerfAttr attr = read_attr(text);
    attr.name = name_of_event(in->arena, &attr);
    *array_push(in->arena, &in->file->attrs) = attr;
    for (PerfBytes bytes = bytes_of(ids); bytes.left >= 8;)
        *idmap_slot(&in->file->attr_of_id, perf_u64(&bytes)) = (uint32_t)in->file->attrs.len;
}

static PerfAttr *attr_of_id(const PerfFile *file, uint64_t id)
{
    uint32_t number = idmap_get(&file->attr_of_id, id);
    return number ? &file->attrs.items[number - 1] : NULL;
}

/* The names as they were typed: number, size of an attribute, then attribute, ids and name. */
static void read_event_names(Opening *in, Str text)
{
    PerfBytes bytes = bytes_of(text);
    uint32_t count = perf_u32(&bytes), attr_size = perf_u32(&bytes);
    for (uint32_t i = 0; i < count && !bytes.cut; i++) {
        perf_skip(&bytes, attr_size);
        uint32_t ids = perf_u32(&bytes), len = perf_u32(&bytes);
        Str name = perf_text(&bytes, len);
        bool in_order = count == in->file->attrs.len && !ids;
        if (in_order && name.len && !bytes.cut)
            in->file->attrs.items[i].name = name;
        for (uint32_t k = 0; k < ids && !bytes.cut; k++) {
            PerfAttr *attr = attr_of_id(in->file, perf_u64(&bytes));
            if (attr && name.len && !bytes.cut)
                attr->name = name;
        }
    }
}

static void read_build_id(Opening *in, Str record)
{
    PerfBytes bytes = bytes_of(record);
    perf_u32(&bytes);
    uint32_t sizes = perf_u32(&bytes);
    perf_u32(&bytes); /* the guest's process */
    Str id = part_of((Str){bytes.at, bytes.left}, 0, BUILD_ID_BYTES);
    perf_skip(&bytes, BUILD_ID_BYTES);
    uint32_t len = perf_u32(&bytes) & 0xff;
    if ((sizes & MISC_BUILD_ID_SIZE) && len <= BUILD_ID_BYTES)
        id = str_head(id, len);
    Str module = perf_text(&bytes, bytes.left);
    if (!bytes.cut && module.len)
        *array_push(in->arena, &in->file->build_ids) =
            (PerfBuildId){.module = module, .hex = perf_hex(in->arena, id)};
}

static void read_build_ids(Opening *in, Str text)
{
    while (text.len >= RECORD_HEADER) {
        uint16_t size;
        memcpy(&size, text.ptr + 6, sizeof(size));
        if (size < RECORD_HEADER || size > text.len)
            return;
        read_build_id(in, str_head(text, size));
        text = str_from(text, size);
    }
}

static void read_feature(Opening *in, uint64_t feature, Str text)
{
    if (feature == FEATURE_EVENT_DESC)
        read_event_names(in, text);
    if (feature == FEATURE_BUILD_ID)
        read_build_ids(in, text);
}

/* ------------------------------------------------------------------ records */

uint32_t perf_record_type(const PerfRecord *record)
{
    uint32_t type;
    memcpy(&type, record->at, sizeof(type));
    return type;
}

uint16_t perf_record_misc(const PerfRecord *record)
{
    uint16_t misc;
    memcpy(&misc, record->at + 4, sizeof(misc));
    return misc;
}

PerfBytes perf_record_body(const PerfRecord *record)
{
    return (PerfBytes){.at = record->at + RECORD_HEADER, .left = record->size - RECORD_HEADER};
}

/* Where the event's number stands in a sample; SIZE_MAX: nowhere. */
static size_t id_offset(const PerfAttr *attr)
{
    static const uint64_t BEFORE[] = {PERF_HAS_IP, PERF_HAS_TID, PERF_HAS_TIME, PERF_HAS_ADDR};
    size_t offset = 0;
    if (attr->sample_type & PERF_HAS_IDENTIFIER)
        return 0;
    if (!(attr->sample_type & PERF_HAS_ID))
        return SIZE_MAX;
    for (size_t i = 0; i < sizeof(BEFORE) / sizeof(BEFORE[0]); i++)
        offset += attr->sample_type & BEFORE[i] ? 8 : 0;
    return offset;
}

const PerfAttr *perf_sample_attr(const PerfFile *file, const PerfRecord *record)
{
    if (!file->attrs.len)
        return NULL;
    const PerfAttr *first = &file->attrs.items[0];
    PerfBytes bytes = perf_record_body(record);
    size_t offset = id_offset(first);
    if (file->attrs.len == 1 || offset == SIZE_MAX || offset + 8 > bytes.left)
        return first;
    perf_skip(&bytes, offset);
    const PerfAttr *attr = attr_of_id(file, perf_u64(&bytes));
    return attr ? attr : first;
}

/* The time stands behind identifier, ip and thread of a sample, before the end of the others. */
static uint64_t time_of(const Opening *in, const PerfRecord *record)
{
    bool sample = perf_record_type(record) == PERF_RECORD_SAMPLE;
    const PerfAttr *attr = sample                    ? perf_sample_attr(in->file, record)
                           : in->file->attrs.len > 0 ? &in->file->attrs.items[0]
                                                     : NULL;
    PerfBytes bytes = perf_record_body(record);
    if (!attr || !(attr->sample_type & PERF_HAS_TIME) || (!sample && !attr->sample_id_all))
        return in->time;
    uint64_t type = attr->sample_type;
    size_t offset;
    if (sample) {
        offset = (type & PERF_HAS_IDENTIFIER ? 8u : 0) + (type & PERF_HAS_IP ? 8u : 0) +
                 (type & PERF_HAS_TID ? 8u : 0);
    } else {
        size_t behind = 8u + (type & PERF_HAS_ID ? 8u : 0) + (type & PERF_HAS_STREAM_ID ? 8u : 0) +
                        (type & PERF_HAS_CPU ? 8u : 0) + (type & PERF_HAS_IDENTIFIER ? 8u : 0);
        if (behind > bytes.left)
            return in->time;
        offset = bytes.left - behind;
    }
    perf_skip(&bytes, offset);
    uint64_t time = perf_u64(&bytes);
    return bytes.cut ? in->time : time;
}

static void keep_record(Opening *in, PerfRecord record)
{
    if (in->records.len == UINT32_MAX)
        return;
    record.order = (uint32_t)in->records.len;
    record.time = time_of(in, &record);
    in->sorted = in->sorted && record.time >= in->time;
    in->time = record.time;
    *array_push(in->arena, &in->records) = record;
}

static bool read_records(Opening *in, Str text, Str *left, Err *err);

/* The stream of all compressed records is one; a record may begin in one and end in the next. */
static bool read_compressed(Opening *in, Str packed, Err *err)
{
    Str text;
    if (!in->stream)
        in->stream = unpack_stream_new(in->arena);
    if (!unpack_stream_add(in->stream, packed, in->left, in->limit - in->unpacked, &text, err))
        return err_wrap(err, "compressed records");
    in->unpacked += text.len - in->left.len;
    return read_records(in, text, &in->left, err);
}

/* Records about the recording; `extra` is what follows the record and is not counted in it. */
static bool read_own_record(Opening *in, const PerfRecord *record, uint64_t *extra, Err *err)
{
    PerfBytes body = perf_record_body(record);
    Str text = {body.at, body.left};
    *extra = 0;
    switch (perf_record_type(record)) {
    case RECORD_HEADER_ATTR: {
        if (text.len < ATTR_LEAST)
            return true;
        perf_skip(&body, 4);
        uint32_t size = perf_u32(&body);
        size = size < ATTR_LEAST ? ATTR_LEAST : size;
        if (size <= text.len)
            add_attr(in, str_head(text, size), str_from(text, size));
        return true;
    }
    case RECORD_EVENT_UPDATE: {
        uint64_t kind = perf_u64(&body);
        PerfAttr *attr = attr_of_id(in->file, perf_u64(&body));
        Str name = perf_text(&body, body.left);
        if (kind == EVENT_UPDATE_NAME && attr && name.len)
            attr->name = name;
        return true;
    }
    case RECORD_HEADER_FEATURE: {
        uint64_t feature = perf_u64(&body);
        read_feature(in, feature, (Str){body.at, body.left});
        return true;
    }
    case RECORD_BUILD_ID:
        read_build_id(in, (Str){record->at, record->size});
        return true;
    case RECORD_TRACING_DATA:
        *extra = in->pipe ? ((uint64_t)perf_u32(&body) + 7) & ~(uint64_t)7 : 0;
        return true;
    case RECORD_AUXTRACE:
        *extra = perf_u64(&body);
        return true;
    case RECORD_COMPRESSED:
        return read_compressed(in, text, err);
    case RECORD_COMPRESSED2: {
        uint64_t len = perf_u64(&body);
        return read_compressed(in, part_of((Str){body.at, body.left}, 0, len), err);
    }
    default:
        return true;
    }
}

static bool is_kept(uint32_t type)
{
    return type == PERF_RECORD_SAMPLE || type == PERF_RECORD_MMAP || type == PERF_RECORD_MMAP2 ||
           type == PERF_RECORD_COMM || type == PERF_RECORD_FORK || type == PERF_RECORD_LOST;
}

/* What is no whole record any more is left over. */
static bool read_records(Opening *in, Str text, Str *left, Err *err)
{
    while (text.len >= RECORD_HEADER) {
        PerfRecord record = {.at = text.ptr};
        uint16_t size;
        uint64_t extra = 0;
        memcpy(&size, text.ptr + 6, sizeof(size));
        record.size = size;
        uint32_t type = perf_record_type(&record);
        if (size < RECORD_HEADER)
            return err_set(err, ERR_INPUT, "a record of %u bytes", size);
        if (size > text.len)
            break;
        if (is_kept(type))
            keep_record(in, record);
        else if (type >= FIRST_OF_PERF && !read_own_record(in, &record, &extra, err))
            return false;
        text = str_from(text, size);
        text = part_of(text, extra, UINT64_MAX);
    }
    *left = text;
    return true;
}

static int by_time(const void *a, const void *b)
{
    const PerfRecord *left = a, *right = b;
    if (left->time != right->time)
        return left->time < right->time ? -1 : 1;
    return left->order < right->order ? -1 : 1;
}

/* ------------------------------------------------------------------ the file */

static void open_attrs(Opening *in, Str bytes, uint64_t attr_size, Str table)
{
    if (attr_size < ATTR_LEAST + SECTION || attr_size > ATTR_MOST)
        return;
    for (; table.len >= attr_size; table = str_from(table, (size_t)attr_size)) {
        PerfBytes tail = bytes_of(part_of(table, attr_size - SECTION, SECTION));
        uint64_t offset = perf_u64(&tail), len = perf_u64(&tail);
        add_attr(in, str_head(table, (size_t)attr_size - SECTION), part_of(bytes, offset, len));
    }
}

static void open_features(Opening *in, Str bytes, Str bitmap, uint64_t at)
{
    for (unsigned i = 0; i < FEATURES && i / 8 < bitmap.len; i++) {
        if (!((unsigned char)bitmap.ptr[i / 8] >> i % 8 & 1))
            continue;
        PerfBytes section = bytes_of(part_of(bytes, at, SECTION));
        uint64_t offset = perf_u64(&section), len = perf_u64(&section);
        at += SECTION;
        if (!section.cut)
            read_feature(in, i, part_of(bytes, offset, len));
    }
}

/* True when the file has its tables, and the records to read are found. */
static bool open_tables(Opening *in, Str bytes, Str *records)
{
    PerfBytes header = bytes_of(bytes);
    perf_skip(&header, 16);
    uint64_t attr_size = perf_u64(&header);
    uint64_t attrs = perf_u64(&header), attrs_len = perf_u64(&header);
    uint64_t data = perf_u64(&header), data_len = perf_u64(&header);
    if (header.cut)
        return false;
    open_attrs(in, bytes, attr_size, part_of(bytes, attrs, attrs_len));
    if (data_len && data <= UINT64_MAX - data_len)
        open_features(in, bytes, part_of(bytes, 72, 32), data + data_len);
    if (!data_len) { /* perf was killed before it wrote the length */
        *array_push(in->arena, &in->file->notes) =
            S("the recording was not finished: read up to where it ends");
        data_len = UINT64_MAX;
    }
    *records = part_of(bytes, data, data_len);
    if (records->len < data_len && data_len != UINT64_MAX) {
        in->file->cut = true;
        *array_push(in->arena, &in->file->notes) = str_fmt(
            in->arena, "the file is cut off: %zu of %llu bytes of records are there, and were read",
            records->len, (unsigned long long)data_len);
    }
    return true;
}

bool perf_file_is(Str bytes)
{
    return str_starts(bytes, S("PERFILE2")) || str_starts(bytes, S("PERFFILE")) ||
           str_starts(bytes, S("2ELIFREP"));
}

bool perf_file_open(Arena *arena, Str bytes, PerfFile *out, Err *err)
{
    Opening in = {.arena = arena, .file = out, .sorted = true};
    Str records, left = {0};
    Err inside = {0};
    *out = (PerfFile){.attr_of_id = idmap_new(arena)};
    in.limit = bytes.len > SIZE_MAX / UNPACK_FACTOR ? SIZE_MAX : bytes.len * UNPACK_FACTOR;
    in.limit = in.limit < UNPACK_LEAST ? UNPACK_LEAST : in.limit;
    if (str_starts(bytes, S("PERFFILE")))
        return err_set(
            err, ERR_UNSUPPORTED,
            "perf.data of the first kind (PERFFILE): save it with `perf script` as text");
    if (!str_starts(bytes, S("PERFILE2")))
        return err_set(err, ERR_UNSUPPORTED,
                       "perf.data of a machine with the other byte order: save it with "
                       "`perf script` as text");
    PerfBytes header = bytes_of(str_from(str_head(bytes, PIPE_HEADER), 8));
    in.pipe = perf_u64(&header) == PIPE_HEADER;
    if (in.pipe)
        records = str_from(bytes, PIPE_HEADER);
    else if (bytes.len < FILE_HEADER || !open_tables(&in, bytes, &records))
        return err_set(err, ERR_INPUT, "perf.data ends inside its header");
    in.records.cap = records.len / LIKELY_RECORD + 8; /* untouched memory costs nothing */
    in.records.items = NEW_ARRAY(arena, PerfRecord, in.records.cap);
    bool whole = read_records(&in, records, &left, &inside);
    unpack_stream_free(in.stream);
    if (!whole && !in.records.len)
        return err_set(err, ERR_INPUT, "perf.data: %s", inside.msg);
    if (!whole)
        *array_push(arena, &out->notes) =
            str_fmt(arena, "read up to a damaged place: %s", inside.msg);
    else if ((left.len || in.left.len) && !out->notes.len)
        *array_push(arena, &out->notes) = S("what follows the last whole record was left out");
    out->cut |= left.len || in.left.len;
    if (!in.sorted)
        qsort(in.records.items, in.records.len, sizeof(PerfRecord), by_time);
    out->records = in.records.items;
    out->records_len = in.records.len;
    return true;
}
