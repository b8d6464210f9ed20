/* Nsight Compute's addresses: to the function, the line and what was inlined there (cubin.h). */

#include "analysis/profile/nvidia/ncu_parts.h"

#include "base/path.h"

enum {
    INLINES_MAX = 64,
    HOST_STACK_MAX = 256,
};

uint32_t ncu_gpu_frame(Ncu *in, const NcuLaunch *launch, ProfileFrame frame)
{
    frame.module = profile_add_text(in->build, launch->name);
    frame.kind = FRAME_GPU;
    return profile_add_frame(in->build, frame);
}

/* The function of the report that holds this address, and where in it. */
static const CubinFunction *function_of(const NcuLaunch *launch, uint64_t pc, Str *symbol,
                                        uint64_t *offset)
{
    const NcuSource *source = launch->source;
    *symbol = (Str){0};
    *offset = pc;
    if (launch->cubin->absolute) {
        const CubinFunction *function = cubin_function_at(launch->cubin, pc);
        if (function)
            *symbol = function->symbol;
        return function;
    }
    size_t below = 0, above = source ? source->functions.len : 0;
    while (below < above) {
        size_t middle = below + (above - below) / 2;
        if (source->functions.items[middle].address <= pc)
            below = middle + 1;
        else
            above = middle;
    }
    if (below) {
        *symbol = source->functions.items[below - 1].symbol;
        *offset = pc - source->functions.items[below - 1].address;
    } else if (launch->start && pc >= launch->start) {
        *symbol = launch->mangled;
        *offset = pc - launch->start;
    }
    return symbol->len ? cubin_function(launch->cubin, *symbol) : NULL;
}

static Str file_name(const Cubin *cubin, const CubinRow *row)
{
    return row->file < cubin->files_len ? cubin->files[row->file] : (Str){0};
}

/* The place where the kernel begins: the file of its first line that is its own. */
static Str kernel_file(const NcuLaunch *launch)
{
    const CubinFunction *function = cubin_function(launch->cubin, launch->mangled);
    for (size_t i = 0; function && i < function->rows_len; i++)
        if (!function->rows[i].context && function->rows[i].line)
            return file_name(launch->cubin, &function->rows[i]);
    return (Str){0};
}

static uint32_t mapped_stack(Ncu *in, NcuLaunch *launch, const CubinFunction *function,
                             const CubinRow *row)
{
    const CubinRow *chain[INLINES_MAX];
    size_t depth = 0;
    const CubinInner *inner = cubin_inner(function, row->address);
    bool is_kernel = !inner && str_eq(function->symbol, launch->mangled);
    Str own = is_kernel ? launch->name : inner ? inner->symbol : function->symbol;
    uint32_t stack = launch->host;
    if (!is_kernel)
        stack = profile_add_stack(in->build, stack, launch->frame);
    for (; row && depth < INLINES_MAX; row = cubin_caller(function, row))
        chain[depth++] = row;
    while (depth--) {
        const CubinRow *at = chain[depth];
        Str name = at->context && at->function.len ? at->function : own;
        ProfileFrame frame = {.function = profile_add_text(in->build, name),
                              .file = profile_add_text(in->build, file_name(launch->cubin, at)),
                              .line = at->line,
                              .inlined = at->context != 0};
        stack = profile_add_stack(in->build, stack, ncu_gpu_frame(in, launch, frame));
    }
    return stack;
}

static const CubinRow *row_of(const NcuLaunch *launch, uint64_t pc, Str *symbol,
                              const CubinFunction **function)
{
    uint64_t offset;
    *function = function_of(launch, pc, symbol, &offset);
    if (!*function || !(*function)->rows)
        return NULL;
    const CubinInner *inner = cubin_inner(*function, offset);
    if (inner)
        *symbol = inner->symbol;
    return inner && !inner->has_rows ? NULL : cubin_row(*function, offset);
}

uint32_t ncu_stack(Ncu *in, NcuLaunch *launch, uint64_t pc, int64_t samples)
{
    Str symbol;
    const CubinFunction *function;
    const CubinRow *row = row_of(launch, pc, &symbol, &function);
    if (row)
        return mapped_stack(in, launch, function, row);
    launch->unmapped++;
    launch->unmapped_samples += samples;
    if (!launch->unmapped_in.len)
        launch->unmapped_in = symbol;
    uint32_t stack = profile_add_stack(in->build, launch->host, launch->frame);
    if (symbol.len && !str_eq(symbol, launch->mangled)) {
        ProfileFrame frame = {.function = profile_add_text(in->build, symbol)};
        stack = profile_add_stack(in->build, stack, ncu_gpu_frame(in, launch, frame));
    }
    return stack;
}

NcuPlace ncu_place(const NcuLaunch *launch, uint64_t pc)
{
    Str symbol;
    const CubinFunction *function;
    const CubinRow *row = row_of(launch, pc, &symbol, &function);
    return row ? (NcuPlace){file_name(launch->cubin, row), row->line} : (NcuPlace){0};
}

/* ------------------------------------------------------------------ the stack that launched */

static ProfileFrame host_frame(Ncu *in, Str message)
{
    ProtoField field;
    Str file = ncu_text(message, 3), function = ncu_text(message, 4), module = ncu_text(message, 1);
    uint64_t pc = ncu_field(message, 2, PROTO_VARINT, &field) ? field.value : 0;
    uint64_t line = ncu_field(message, 5, PROTO_VARINT, &field) ? field.value : 0;
    if (!function.len)
        function = module.len ? str_fmt(in->arena, "[" STR_FMT "]", STR_ARG(path_base(module)))
                              : str_fmt(in->arena, "0x%llx", (unsigned long long)pc);
    return (ProfileFrame){.function = profile_add_text(in->build, function),
                          .file = profile_add_text(in->build, file),
                          .module = profile_add_text(in->build, module),
                          .line = line <= INT32_MAX ? (uint32_t)line : 0,
                          .kind = file.len ? FRAME_USER : FRAME_NATIVE};
}

/* Frames come innermost first; those of the interpreter, and what it was called by, end it. */
static uint32_t add_host_frames(Ncu *in, uint32_t stack, Str message, bool below_python)
{
    Str messages[HOST_STACK_MAX];
    size_t depth = 0;
    Proto frames = proto(message);
    for (ProtoField field; proto_next(&frames, &field);) {
        if (field.number != 1 || field.wire != PROTO_BYTES || depth == HOST_STACK_MAX)
            continue;
        if (below_python && str_has(ncu_text(field.bytes, 4), S("PyEval_")))
            break;
        messages[depth++] = field.bytes;
    }
    while (depth--)
        stack = profile_add_stack(in->build, stack,
                                  profile_add_frame(in->build, host_frame(in, messages[depth])));
    return stack;
}

static uint32_t host_stack(Ncu *in, const NcuLaunch *launch)
{
    Str python = ncu_text(launch->result, NCU_PYTHON_STACK);
    uint32_t stack = add_host_frames(in, 0, python, false);
    return add_host_frames(in, stack, ncu_text(launch->result, NCU_CPU_STACK), python.len > 0);
}

/* ------------------------------------------------------------------ a launch */

static const Cubin *cubin_of(Ncu *in, const NcuSource *source)
{
    static const Cubin NONE;
    if (!source || !source->binary.len)
        return &NONE;
    uint32_t *slot = idmap_slot(&in->cubin_of, source->reference);
    if (!*slot) {
        Err err = {0};
        Cubin *cubin = array_push(in->arena, &in->cubins);
        *slot = (uint32_t)in->cubins.len;
        if (!cubin_read(in->arena, source->binary, cubin, &err))
            profile_note(in->build, "a kernel's binary cannot be read: %s", err.msg);
        profile_note_count(in->build, cubin->broken, "part of a kernel's line table",
                           "parts of a kernel's line table", "cannot be read");
    }
    return &in->cubins.items[*slot - 1];
}

void ncu_find_lines(Ncu *in, NcuLaunch *launch)
{
    ProtoField reference;
    if (ncu_field(ncu_text(launch->result, NCU_SOURCE), 1, PROTO_VARINT, &reference))
        launch->source = ncu_report_source(&in->report, reference.value);
    launch->cubin = cubin_of(in, launch->source);
    launch->host = host_stack(in, launch);
    ProfileFrame kernel = {.function = profile_add_text(in->build, launch->name),
                           .file = profile_add_text(in->build, kernel_file(launch))};
    launch->frame = ncu_gpu_frame(in, launch, kernel);
}
