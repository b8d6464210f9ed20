/* The line table of a cubin: DWARF 2 to 4, with NVIDIA's opcodes as elfutils' readelf prints them. */

#include "analysis/profile/nvidia/cubin_parts.h"

#include <string.h>

#include "base/path.h"
#include "base/strbuf.h"

enum {
    LNS_COPY = 1,
    LNS_ADVANCE_PC = 2,
    LNS_ADVANCE_LINE = 3,
    LNS_SET_FILE = 4,
    LNS_CONST_ADD_PC = 8,
    LNS_FIXED_ADVANCE_PC = 9,
    LNE_END_SEQUENCE = 1,
    LNE_SET_ADDRESS = 2,
    LNE_DEFINE_FILE = 3,
    LNE_NVIDIA_INLINED_CALL = 0x90,
    LNE_NVIDIA_SET_FUNCTION_NAME = 0x91,
};

typedef struct Lines {
    CubinReader *cubin;
    Arena *arena;
    /* of the unit being read */
    Array(uint32_t) unit_files; /* in Cubin.files; [0] is file 1 */
    Array(Str) dirs;
    uint64_t min_inst, line_range, opcode_base;
    int64_t line_base;
    Str opcode_lens;
    /* of the sequence being read */
    Array(CubinRow) rows;
    size_t address_at; /* in .debug_line: where the operand of set_address stands */
    bool has_address;
    uint64_t first;
} Lines;

static uint64_t take_uleb(CubinBytes *in)
{
    uint64_t value = 0;
    for (unsigned shift = 0; !in->bad; shift += 7) {
        uint64_t byte = cubin_take(in, 1);
        if (shift < 64)
            value |= (byte & 0x7f) << shift;
        if (byte < 0x80)
            break;
    }
    return value;
}

static int64_t take_sleb(CubinBytes *in)
{
    uint64_t value = 0, byte = 0;
    unsigned shift = 0;
    do {
        byte = cubin_take(in, 1);
        if (shift < 64)
            value |= (byte & 0x7f) << shift;
        shift += 7;
    } while (byte >= 0x80 && !in->bad);
    if (shift < 64 && (byte & 0x40))
        value |= ~(uint64_t)0 << shift;
    return (int64_t)value;
}

/* ------------------------------------------------------------------ the head of a unit */

/* Built on Windows: "C:\src\a.cu", or with each \ twice, becomes "C:/src/a.cu", as ncu prints it. */
static Str with_slashes(Arena *arena, Str path)
{
    bool is_windows = path.len > 2 && (path.ptr[1] == ':' || str_starts(path, S("\\\\")));
    if (!is_windows || str_find(path, S("\\"), 0) == SIZE_MAX)
        return path;
    StrBuf out = strbuf_new(arena);
    for (size_t i = 0; i < path.len; i++) {
        bool is_slash = path.ptr[i] == '\\' || path.ptr[i] == '/';
        if (!is_slash || i < 2 || (path.ptr[i - 1] != '\\' && path.ptr[i - 1] != '/'))
            strbuf_char(&out, is_slash ? '/' : path.ptr[i]);
    }
    return strbuf_str(&out);
}

static uint32_t add_file(Lines *in, Str dir, Str name)
{
    Str path = dir.len && !str_starts(name, S("/")) ? path_join(in->arena, dir, name) : name;
    return intern_id(&in->cubin->files, with_slashes(in->arena, path));
}

static void take_file(Lines *in, CubinBytes *bytes, Str name)
{
    uint64_t dir = take_uleb(bytes);
    take_uleb(bytes); /* time */
    take_uleb(bytes); /* length */
    Str folder = dir && dir <= in->dirs.len ? in->dirs.items[dir - 1] : (Str){0};
    *array_push(in->arena, &in->unit_files) = add_file(in, folder, name);
}

/* Leaves the cursor at the program; false when this unit cannot be read. */
static bool take_unit_head(Lines *in, CubinBytes *bytes)
{
    uint64_t version = cubin_take(bytes, 2), head_len = cubin_take(bytes, 4);
    size_t program = bytes->at + (size_t)head_len;
    if (bytes->bad || version < 2 || version > 4 || head_len > bytes->len - bytes->at)
        return false;
    in->min_inst = cubin_take(bytes, 1);
    if (version >= 4)
        cubin_take(bytes, 1); /* operations per instruction: no such GPU */
    cubin_take(bytes, 1);     /* default_is_stmt */
    in->line_base = (int8_t)cubin_take(bytes, 1);
    in->line_range = cubin_take(bytes, 1);
    in->opcode_base = cubin_take(bytes, 1);
    if (bytes->bad || !in->line_range || !in->opcode_base)
        return false;
    in->opcode_lens = (Str){(const char *)bytes->start + bytes->at, (size_t)in->opcode_base - 1};
    for (uint64_t i = 1; i < in->opcode_base; i++)
        cubin_take(bytes, 1);
    in->dirs.len = in->unit_files.len = 0;
    for (Str dir = cubin_take_text(bytes); dir.len && !bytes->bad; dir = cubin_take_text(bytes))
        *array_push(in->arena, &in->dirs) = dir;
    for (Str name = cubin_take_text(bytes); name.len && !bytes->bad; name = cubin_take_text(bytes))
        take_file(in, bytes, name);
    bytes->at = program;
    return !bytes->bad;
}

/* ------------------------------------------------------------------ a sequence */

typedef struct State {
    uint64_t address;
    uint64_t file;
    int64_t line;
    uint64_t context;
    Str function;
} State;

static const State START = {.file = 1, .line = 1};

static void add_row(Lines *in, const State *state)
{
    bool known = state->file && state->file <= in->unit_files.len;
    CubinRow row = {
        .address = state->address,
        .file = known ? in->unit_files.items[state->file - 1] : 0,
        .line = known && state->line > 0 && state->line <= INT32_MAX ? (uint32_t)state->line : 0,
        /* Only rows before this one, so that no chain of callers is a ring. */
        .context = state->context <= in->rows.len ? (uint32_t)state->context : 0,
        .function = state->function,
    };
    *array_push(in->arena, &in->rows) = row;
}

static bool is_in_order(const Lines *in, uint64_t end)
{
    for (size_t i = 1; i < in->rows.len; i++)
        if (in->rows.items[i].address < in->rows.items[i - 1].address)
            return false;
    return in->rows.len && in->rows.items[in->rows.len - 1].address <= end;
}

static void end_sequence(Lines *in, uint64_t end)
{
    bool absolute = in->has_address && in->first;
    uint32_t number = absolute          ? idmap_get(&in->cubin->functions_at, in->first)
                      : in->has_address ? idmap_get(&in->cubin->relocations, in->address_at + 1)
                                        : 0;
    Str symbol = cubin_symbol(in->cubin, number);
    if (symbol.len && is_in_order(in, end)) {
        CubinFunction *function = array_push(in->arena, &in->cubin->functions);
        *function = (CubinFunction){.symbol = symbol,
                                    .start = in->first,
                                    .end = end,
                                    .rows = NEW_ARRAY(in->arena, CubinRow, in->rows.len),
                                    .rows_len = in->rows.len};
        memcpy(function->rows, in->rows.items, in->rows.len * sizeof(CubinRow));
        *idmap_slot(&in->cubin->function_in, cubin_section(in->cubin, number)) =
            (uint32_t)in->cubin->functions.len;
        in->cubin->out->absolute |= absolute;
    } else if (symbol.len && in->rows.len) {
        in->cubin->out->broken++;
    }
    in->rows.len = 0;
    in->has_address = false;
    in->first = 0;
}

static void take_extended(Lines *in, CubinBytes *bytes, State *state)
{
    uint64_t len = take_uleb(bytes);
    if (len > bytes->len - bytes->at) {
        bytes->bad = true;
        return;
    }
    size_t next = bytes->at + (size_t)len;
    if (!len)
        return;
    switch (cubin_take(bytes, 1)) {
    case LNE_END_SEQUENCE:
        end_sequence(in, state->address);
        *state = START;
        break;
    case LNE_SET_ADDRESS:
        if (!in->has_address)
            in->address_at = bytes->at;
        state->address = cubin_take(bytes, len - 1 < 8 ? (size_t)len - 1 : 8);
        if (!in->has_address)
            in->first = state->address;
        in->has_address = true;
        break;
    case LNE_DEFINE_FILE:
        take_file(in, bytes, cubin_take_text(bytes));
        break;
    case LNE_NVIDIA_INLINED_CALL:
        state->context = take_uleb(bytes);
        state->function = cubin_text(in->cubin->debug_str, take_uleb(bytes));
        break;
    case LNE_NVIDIA_SET_FUNCTION_NAME:
        state->function = cubin_text(in->cubin->debug_str, take_uleb(bytes));
        break;
    default:
        break;
    }
    bytes->at = next;
}

static void skip_operands(const Lines *in, CubinBytes *bytes, uint64_t opcode)
{
    unsigned char operands = (unsigned char)in->opcode_lens.ptr[opcode - 1];
    for (unsigned i = 0; i < operands; i++)
        take_uleb(bytes);
}

static void take_standard(Lines *in, CubinBytes *bytes, State *state, uint64_t opcode)
{
    switch (opcode) {
    case LNS_COPY:
        add_row(in, state);
        break;
    case LNS_ADVANCE_PC:
        state->address += take_uleb(bytes) * in->min_inst;
        break;
    case LNS_ADVANCE_LINE:
        state->line = (int64_t)((uint64_t)state->line + (uint64_t)take_sleb(bytes));
        break;
    case LNS_SET_FILE:
        state->file = take_uleb(bytes);
        break;
    case LNS_CONST_ADD_PC:
        state->address += (255 - in->opcode_base) / in->line_range * in->min_inst;
        break;
    case LNS_FIXED_ADVANCE_PC:
        state->address += cubin_take(bytes, 2);
        break;
    default:
        skip_operands(in, bytes, opcode);
    }
}

static void take_program(Lines *in, CubinBytes *bytes)
{
    State state = START;
    while (bytes->at < bytes->len && !bytes->bad) {
        uint64_t opcode = cubin_take(bytes, 1);
        if (!opcode) {
            take_extended(in, bytes, &state);
        } else if (opcode < in->opcode_base) {
            take_standard(in, bytes, &state, opcode);
        } else {
            uint64_t special = opcode - in->opcode_base;
            state.address += special / in->line_range * in->min_inst;
            state.line += in->line_base + (int64_t)(special % in->line_range);
            add_row(in, &state);
        }
    }
    in->rows.len = 0;
    in->has_address = false;
}

void cubin_take_lines(CubinReader *cubin)
{
    Lines lines = {.cubin = cubin, .arena = cubin->arena}, *in = &lines;
    CubinBytes bytes = cubin_bytes(in->cubin->lines);
    while (bytes.at < bytes.len) {
        uint64_t len = cubin_take(&bytes, 4);
        if (bytes.bad || len > bytes.len - bytes.at) {
            in->cubin->out->broken++;
            return;
        }
        /* Offsets stay those of the section: relocations are said in them. */
        CubinBytes unit = {.start = bytes.start, .at = bytes.at, .len = bytes.at + (size_t)len};
        if (take_unit_head(in, &unit))
            take_program(in, &unit);
        else
            unit.bad = true;
        in->cubin->out->broken += unit.bad;
        bytes.at += (size_t)len;
    }
}
