#include "analysis/profile/format.h"

#include "analysis/profile/nvidia/gpu_monitor.h"
#include "analysis/profile/nvidia/ncu_report.h"
#include "analysis/profile/nvidia/nsys_db.h"
#include "analysis/profile/readers.h"
#include "base/path.h"
#include "base/proto.h"
#include "base/strbuf.h"
#include "base/unpack.h"
#include "base/utf8.h"

enum {
    LOOK = 4096, /* bytes at either end that are searched for signs */
    /* Real profiles shrink to a tenth or a fortieth. */
    UNPACK_FACTOR = 200,
    UNPACK_LEAST = 16 * 1024 * 1024,
    LINE_LIKELY = 64 * 1024,
};

typedef struct Format {
    Str name; /* for people */
    bool (*is_it)(Str bytes);
    ProfileReader *read; /* NULL: known, and not for us; why says so */
    Str why;
} Format;

static bool is_json(Str bytes)
{
    Str text = str_trim(str_head(bytes, LOOK));
    return text.len && text.ptr[0] == '{';
}

static bool is_speedscope(Str bytes)
{
    Str head = str_head(bytes, LOOK);
    Str tail = bytes.len > LOOK ? str_from(bytes, bytes.len - LOOK) : head;
    Str sign = S("speedscope.app/file-format-schema");
    if (!is_json(bytes))
        return false;
    return str_has(head, sign) || str_has(tail, sign) ||
           (str_has(head, S("\"frames\"")) && str_has(head, S("\"shared\""))) ||
           (str_has(head, S("\"type\":\"sampled\"")) && str_has(head, S("\"samples\"")));
}

/* An array of events, or an object with one, behind what may be some pages of other keys. */
static bool is_chrome_trace(Str bytes)
{
    enum {
        LOOK_FAR = 1 << 18
    };
    Str text = str_trim(str_head(bytes, LOOK));
    if (text.len && text.ptr[0] == '[')
        return str_has(text, S("\"ph\"")) && str_has(text, S("{"));
    return is_json(bytes) && str_has(str_head(bytes, LOOK_FAR), S("\"traceEvents\""));
}

/* A marshalled dict whose first key is a tuple. */
static bool is_pstats(Str bytes)
{
    if (bytes.len < 2 || (bytes.ptr[0] & 0x7f) != '{')
        return false;
    char key = bytes.ptr[1] & 0x7f;
    return key == '(' || key == ')' || key == '0';
}

/* Protocol 2 and later; or a class by name, as protocols 0 and 1 begin with. */
static bool is_pickle(Str bytes)
{
    if (bytes.len > 1 && (unsigned char)bytes.ptr[0] == 0x80 && bytes.ptr[1] >= 2 &&
        bytes.ptr[1] <= 5)
        return true;
    Str module, rest;
    return bytes.len > 1 && (bytes.ptr[0] == 'c' || str_starts(bytes, S("(c"))) &&
           str_ends(str_trim(bytes), S(".")) &&
           str_cut(str_head(bytes, 200), '\n', &module, &rest) && !str_has(module, S(" "));
}

/* The class is named before anything else. */
static bool is_lprof(Str bytes)
{
    Str head = str_head(bytes, LOOK);
    return is_pickle(bytes) && str_has(head, S("line_profiler")) && str_has(head, S("LineStats"));
}

static bool is_tracemalloc(Str bytes)
{
    Str head = str_head(bytes, LOOK);
    return is_pickle(bytes) && str_has(head, S("tracemalloc")) && str_has(head, S("Snapshot"));
}

static bool is_dhat(Str bytes)
{
    return is_json(bytes) && str_has(str_head(bytes, LOOK), S("\"dhatFileVersion\""));
}

/* Mostly packed by LZ4, which no other profile is. */
static bool is_memray_bin(Str bytes)
{
    return str_starts(bytes, S("memray\0")) || str_starts(bytes, S("\x04\x22\x4d\x18"));
}

static bool is_callgrind(Str bytes)
{
    Str head = str_head(bytes, LOOK);
    return str_starts(head, S("# callgrind format")) ||
           (str_has(head, S("events:")) && str_has(head, S("\nfn=")));
}

static bool is_archive(Str bytes)
{
    return str_starts(bytes, S("PK\x03\x04"));
}

static bool is_program(Str bytes)
{
    return str_starts(bytes, S("\x7f"
                               "ELF"));
}

/* Numbers 1 and 2, and nothing else: pprof's ValueType, as in profile.proto. */
static bool is_value_type(const Proto *outer, Str bytes)
{
    Proto in = proto_inside(outer, bytes);
    for (ProtoField field; proto_next(&in, &field);)
        if (field.number > 2 || field.wire != PROTO_VARINT)
            return false;
    return !in.problem && bytes.len <= 22;
}

/* No magic number: the first fields have to be of profile.proto's numbers and kinds. */
static bool is_pprof(Str bytes)
{
    enum {
        FIELDS = 50,
        PROFILE_FIELDS = 15
    };
    Proto in = proto(bytes);
    size_t tables = 0, fields = 0;
    for (ProtoField field; fields < FIELDS && proto_next(&in, &field); fields++) {
        bool message = field.number <= 6 || field.number == 11;
        if (field.number > PROFILE_FIELDS || (message && field.wire != PROTO_BYTES) ||
            (!message && field.wire != PROTO_VARINT && field.number != 13))
            return false;
        if (field.number == 1 && !is_value_type(&in, field.bytes))
            return false;
        tables += field.number == 1 || field.number == 2;
    }
    return tables && (!in.problem || fields > 2);
}

static bool is_old_pprof(Str bytes)
{
    return str_starts(bytes, S("heap profile: ")) || str_starts(bytes, S("--- contention")) ||
           str_starts(bytes, S("--- heapz")) || str_starts(bytes, S("--- threadz")) ||
           str_starts(bytes, S("goroutine profile: ")) ||
           str_starts(bytes, S("threadcreate profile: "));
}

static bool is_empty(Str bytes)
{
    return str_trim(bytes).len == 0;
}

static bool has_letter(Str text)
{
    for (size_t i = 0; i < text.len; i++)
        if ((unsigned)((text.ptr[i] | 32) - 'a') < 26 || (unsigned char)text.ptr[i] >= 0x80)
            return true;
    return false;
}

/*
 * The first line that holds anything is a name and a number, and not the first row of a table of
 * numbers: the weakest sign, so it is asked last.
 */
static bool is_collapsed(Str bytes)
{
    for (Str line; str_next_line(&bytes, &line);) {
        line = str_trim(line);
        if (line.len == 0 || line.ptr[0] == '#')
            continue;
        Str before, number;
        double count;
        return str_cut_last(line, ' ', &before, &number) && str_to_double(number, &count) &&
               (has_letter(before) || str_has(before, S(";")));
    }
    return false;
}

static const Format FORMATS[] = {
    {STR_CONST(""), is_empty, NULL, STR_CONST("empty")},
    {STR_CONST("Nsight Compute (.ncu-rep)"), is_ncu_report, read_ncu, STR_CONST("")},
    {STR_CONST("Nsight Compute (CSV pages)"), is_ncu_csv, read_ncu_csv, STR_CONST("")},
    {STR_CONST(""), is_gpu_monitor, NULL,
     STR_CONST("what nvidia-smi saw of the GPUs over time, without lines: `perfloop dump gpu FILE` "
               "prints a summary")},
    {STR_CONST("Nsight Systems (SQLite export)"), is_sqlite, read_nsys, STR_CONST("")},
    {STR_CONST("nsys stats (columns, CSV, JSON)"), is_nsys_stats, read_nsys_stats, STR_CONST("")},
    {STR_CONST("speedscope JSON (py-spy)"), is_speedscope, read_speedscope, STR_CONST("")},
    {STR_CONST("Chrome trace (viztracer, tracing-chrome, PyTorch)"), is_chrome_trace,
     read_chrome_trace, STR_CONST("")},
    {STR_CONST("cProfile (.prof)"), is_pstats, read_pstats, STR_CONST("")},
    {STR_CONST("line_profiler (.lprof)"), is_lprof, read_lprof, STR_CONST("")},
    {STR_CONST("tracemalloc (Snapshot.dump)"), is_tracemalloc, read_tracemalloc, STR_CONST("")},
    {STR_CONST("DHAT (valgrind, the dhat crate)"), is_dhat, read_dhat, STR_CONST("")},
    {STR_CONST("heaptrack"), is_heaptrack, read_heaptrack, STR_CONST("")},
    {STR_CONST("memray (transform csv)"), is_memray_csv, read_memray_csv, STR_CONST("")},
    {STR_CONST("memory stacks (perfloop profile)"), is_memory_stacks, read_memory_stacks,
     STR_CONST("")},
    {STR_CONST("memray (stats --json)"), is_memray_stats, read_memray_stats, STR_CONST("")},
    {STR_CONST("gprof2dot JSON (memray transform)"), is_gprof2dot, read_gprof2dot, STR_CONST("")},
    {STR_CONST(""), is_memray_bin, NULL,
     STR_CONST("memray's own recording, which only memray of its version reads: make a csv of it "
               "with `memray transform csv -o OUT.csv FILE`")},
    {STR_CONST(""), is_pickle, NULL,
     STR_CONST("a Python pickle, which could run any code: perfloop does not load pickles")},
    {STR_CONST("gperftools CPU profile"), is_gperftools, read_gperftools, STR_CONST("")},
    {STR_CONST(""), is_old_pprof, NULL,
     STR_CONST("a profile in one of pprof's old text forms: `pprof -proto FILE >FILE.pb.gz` gives "
               "one that perfloop reads")},
    {STR_CONST("pprof (Go, gperftools, pprof-rs)"), is_pprof, read_pprof, STR_CONST("")},
    {STR_CONST("callgrind"), is_callgrind, read_callgrind, STR_CONST("")},
    {STR_CONST(""), is_archive, NULL, STR_CONST("a zip archive: unpack it first")},
    {STR_CONST(""), is_program, NULL, STR_CONST("a program, not a profile of one")},
    {STR_CONST("perf.data"), is_perf_data, read_perf_data, STR_CONST("")},
    {STR_CONST("perf script text"), is_perf_script, read_perf_script, STR_CONST("")},
    {STR_CONST("folded stacks (py-spy raw, flamegraph)"), is_collapsed, read_collapsed,
     STR_CONST("")},
};

enum {
    FORMATS_LEN = sizeof(FORMATS) / sizeof(FORMATS[0]),
};

/* "folded stacks, speedscope, cProfile" */
static Str format_names(Arena *arena)
{
    StrBuf out = strbuf_new(arena);
    for (size_t i = 0; i < FORMATS_LEN; i++)
        if (FORMATS[i].read)
            strbuf_fmt(&out, "%s" STR_FMT, out.len ? ", " : "", STR_ARG(FORMATS[i].name));
    return strbuf_str(&out);
}

/* Windows tools write UTF-16; a lone surrogate becomes U+FFFD. */
static Str from_utf16(Arena *arena, Str bytes, bool big)
{
    StrBuf out = strbuf_new(arena);
    for (size_t i = 2; i + 1 < bytes.len; i += 2) {
        const unsigned char *at = (const unsigned char *)bytes.ptr + i;
        uint32_t unit = big ? (uint32_t)(at[0] << 8 | at[1]) : (uint32_t)(at[1] << 8 | at[0]);
        if (unit >= 0xd800 && unit < 0xdc00 && i + 3 < bytes.len) {
            uint32_t low = big ? (uint32_t)(at[2] << 8 | at[3]) : (uint32_t)(at[3] << 8 | at[2]);
            if (low >= 0xdc00 && low < 0xe000) {
                unit = 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00);
                i += 2;
            }
        }
        char code[4];
        strbuf_add(&out, (Str){code, utf8_encode(unit, code)});
    }
    return strbuf_str(&out);
}

static Str plain_text(Arena *arena, Str bytes)
{
    if (str_starts(bytes, S("\xef\xbb\xbf")))
        return str_from(bytes, 3);
    if (str_starts(bytes, S("\xff\xfe")))
        return from_utf16(arena, bytes, false);
    if (str_starts(bytes, S("\xfe\xff")))
        return from_utf16(arena, bytes, true);
    return bytes;
}

static bool read_known(Arena *arena, Str bytes, Profile *out, Err *err)
{
    for (size_t i = 0; i < FORMATS_LEN; i++) {
        if (!FORMATS[i].is_it(bytes))
            continue;
        if (FORMATS[i].read)
            return FORMATS[i].read(arena, bytes, out, err);
        return err_set(err, ERR_UNSUPPORTED, STR_FMT, STR_ARG(FORMATS[i].why));
    }
    Str known = format_names(arena);
    return err_set(err, ERR_UNSUPPORTED, "not a profile perfloop knows; it reads " STR_FMT,
                   STR_ARG(known));
}

/* Without a last line that lost its end; one that long is no line, but JSON. */
static Str whole_lines(Str bytes)
{
    size_t end = bytes.len;
    while (end && bytes.ptr[end - 1] != '\n' && bytes.len - end < LINE_LIKELY)
        end--;
    return end == 0 || bytes.ptr[end - 1] == '\n' ? str_head(bytes, end) : bytes;
}

/* First, whatever else there is to say. */
static void note_damage(Arena *arena, Profile *profile, const Err *damage, size_t bytes)
{
    Str *notes = NEW_ARRAY(arena, Str, PROFILE_NOTES_MAX + 1);
    size_t kept = profile->notes_len < PROFILE_NOTES_MAX ? profile->notes_len : PROFILE_NOTES_MAX;
    notes[0] =
        str_fmt(arena, "the file is not whole (%s): of what it held, the first %zu bytes were read",
                damage->msg, bytes);
    for (size_t i = 0; i < kept; i++)
        notes[i + 1] = profile->notes[i];
    profile->notes = notes;
    profile->notes_len = kept + 1;
}

bool profile_read(Arena *arena, Str name, Str bytes, Profile *out, Err *err)
{
    size_t limit = bytes.len > SIZE_MAX / UNPACK_FACTOR ? SIZE_MAX : bytes.len * UNPACK_FACTOR;
    if (limit < UNPACK_LEAST)
        limit = UNPACK_LEAST;
    Err damage;
    bool unpacked = unpack_some(arena, bytes, limit, &bytes, &damage, err);
    if (unpacked && damage.kind)
        bytes = whole_lines(bytes);
    if (!unpacked || !read_known(arena, plain_text(arena, bytes), out, err))
        return err_wrap(err, STR_FMT "%s%s", STR_ARG(name), damage.kind ? ": " : "",
                        damage.kind ? damage.msg : "");
    if (damage.kind)
        note_damage(arena, out, &damage, bytes.len);
    return true;
}

bool profile_read_file(Arena *arena, Str path, Str mapped, Profile *out, Err *err)
{
    if (!is_sqlite(mapped))
        return profile_read(arena, path_base(path), mapped, out, err);
    return read_nsys_file(arena, path, out, err) ||
           err_wrap(err, STR_FMT, STR_ARG(path_base(path)));
}
