/*
 * Kernels in Python files: functions under @triton.jit and @cuda.jit, CUDA source in strings (CuPy's
 * RawKernel and RawModule, PyCUDA's SourceModule, torch's load_inline), CuPy's ElementwiseKernel and
 * ReductionKernel, what torch's inductor writes, and the lines that launch them.
 */

#include <ctype.h>
#include <string.h>

#include "analysis/profile/kernel_name.h"
#include "analysis/symbols/demangle.h"
#include "analysis/symbols/kernel_sites.h"

enum {
    CALL_BYTES_MAX = 1 << 20, /* of a call whose strings are looked at */
};

/* A string literal of the file: what stands between its quotes. */
typedef struct PyString {
    uint32_t start, end;
} PyString;

/* `NAME = RawKernel(code, 'kernel')`: calling NAME launches the kernel. */
typedef struct PyAlias {
    Str name;
    Str kernel;
} PyAlias;

typedef struct PythonLook {
    KernelLook *look;
    Array(PyString) strings;
    Array(PyAlias) aliases;
} PythonLook;

/* ------------------------------------------------------------------ strings */

/* The literal whose first quote stands at `at`; gives the byte behind it. */
static size_t read_string(PythonLook *in, Str text, size_t at)
{
    char quote = text.ptr[at];
    bool triple = at + 2 < text.len && text.ptr[at + 1] == quote && text.ptr[at + 2] == quote;
    size_t open = at + (triple ? 3 : 1), end = open;
    for (; end < text.len; end++) {
        if (text.ptr[end] == '\\') {
            end++;
        } else if (!triple && (text.ptr[end] == quote || text.ptr[end] == '\n')) {
            break;
        } else if (triple && end + 2 < text.len && text.ptr[end] == quote &&
                   text.ptr[end + 1] == quote && text.ptr[end + 2] == quote) {
            break;
        }
    }
    end = end < text.len ? end : text.len;
    *array_push(in->look->scratch, &in->strings) = (PyString){(uint32_t)open, (uint32_t)end};
    return end + (triple ? 3 : 1);
}

static void read_strings(PythonLook *in)
{
    Str text = text_bytes(in->look->text);
    for (size_t at = 0; at < text.len;) {
        char c = text.ptr[at];
        if (c == '#') {
            const char *end = memchr(text.ptr + at, '\n', text.len - at);
            at = end ? (size_t)(end - text.ptr) : text.len;
        } else if (c == '"' || c == '\'') {
            at = read_string(in, text, at);
        } else {
            at++;
        }
    }
}

static Str string_text(const PythonLook *in, const PyString *string)
{
    return str_head(str_from(text_bytes(in->look->text), string->start),
                    string->end - string->start);
}

static LineNo line_at(const PythonLook *in, uint32_t offset)
{
    return text_line_at(in->look->text, (ByteOffset){offset});
}

/* CUDA source, read as a file whose first line is the string's. */
static void look_into(PythonLook *in, const PyString *string)
{
    KernelLook look = *in->look;
    const Text *text = text_new(look.scratch, string_text(in, string));
    Syntax *syntax = syntax_parse(LANG_CUDA, text, NULL, NULL, 0, NULL);
    if (!syntax)
        return;
    Outline outline = outline_of(look.scratch, syntax, text);
    syntax_free(syntax);
    look.text = text;
    look.outline = &outline;
    look.lines_before = line_at(in, string->start).n - 1;
    kernel_sites_cuda(&look);
}

/* ------------------------------------------------------------------ calls with strings */

/* The strings among a call's arguments. */
typedef struct CallStrings {
    const PyString *items;
    size_t len;
} CallStrings;

static CallStrings strings_of(const PythonLook *in, const OutlineItem *call)
{
    size_t low = 0, high = in->strings.len;
    if (!high)
        return (CallStrings){0};
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (in->strings.items[middle].start < call->range.start.n)
            low = middle + 1;
        else
            high = middle;
    }
    CallStrings out = {.items = in->strings.items + low};
    while (low + out.len < in->strings.len && out.items[out.len].end <= call->range.end.n)
        out.len++;
    return out;
}

/* `NAME = ` in front of a call, or empty. */
static Str assigned_to(const PythonLook *in, const OutlineItem *call)
{
    ByteRange range = {text_line_range(in->look->text, call->first).start, call->range.start};
    Str name, after;
    if (!str_cut(text_slice(in->look->text, range), '=', &name, &after))
        return (Str){0};
    name = str_trim(name);
    Str before, last;
    return str_cut_last(name, '.', &before, &last) ? last : name; /* self.kernel = … */
}

static void add_alias(PythonLook *in, const OutlineItem *call, Str kernel)
{
    Str name = assigned_to(in, call);
    if (name.len)
        *array_push(in->look->scratch, &in->aliases) = (PyAlias){name, kernel};
}

/* The first line of a string that says something. */
static LineNo first_line(const PythonLook *in, const PyString *string)
{
    Str text = string_text(in, string);
    size_t at = 0;
    while (at < text.len && isspace((unsigned char)text.ptr[at]))
        at++;
    return line_at(in, string->start + (uint32_t)(at < text.len ? at : 0));
}

/* The operation is what stands before the name, of a reduction the third string. */
static void read_elementwise(PythonLook *in, const OutlineItem *call, bool reduction)
{
    CallStrings strings = strings_of(in, call);
    if (strings.len < 3)
        return;
    Str kernel = str_trim(string_text(in, &strings.items[strings.len - 1]));
    size_t operation = reduction ? 2 : strings.len - 2;
    if (!kernel_is_wanted(in->look, kernel))
        return;
    kernel_add_definition(in->look, kernel, kernel, S(""),
                          first_line(in, &strings.items[operation]), KERNEL_SAID);
    add_alias(in, call, kernel);
}

/* RawKernel(code, 'name'), module.get_function('name'), module.get_function('name<float>') */
static void read_lookup(PythonLook *in, const OutlineItem *call)
{
    CallStrings strings = strings_of(in, call);
    for (size_t i = strings.len; i-- > 0;) {
        Str name = str_trim(string_text(in, &strings.items[i]));
        name = kernel_plain_name(demangle(in->look->scratch, str_head(name, 1000)));
        if (kernel_is_wanted(in->look, name)) {
            add_alias(in, call, name);
            return;
        }
    }
}

/* async_compile.triton('triton_poi_fused_add_0', '''… def triton_(…): …''') of torch's inductor */
static void read_inductor(PythonLook *in, const OutlineItem *call)
{
    CallStrings strings = strings_of(in, call);
    if (strings.len < 2 || !kernel_is_wanted(in->look, string_text(in, &strings.items[0])))
        return;
    Str name = string_text(in, &strings.items[0]);
    size_t def = str_find(string_text(in, &strings.items[1]), S("def triton_"), 0);
    kernel_add_definition(in->look, name, name, S(""),
                          def == SIZE_MAX ? call->first
                                          : line_at(in, strings.items[1].start + (uint32_t)def),
                          KERNEL_SAID);
}

static void read_call(PythonLook *in, const OutlineItem *call)
{
    Str name = str_trim(call->name);
    if (call->range.end.n - call->range.start.n > CALL_BYTES_MAX)
        return;
    if (str_ends(name, S("ElementwiseKernel")) || str_ends(name, S("ReductionKernel")))
        read_elementwise(in, call, str_ends(name, S("ReductionKernel")));
    else if (str_ends(name, S("RawKernel")) || str_ends(name, S("get_function")))
        read_lookup(in, call);
    else if (str_ends(name, S("async_compile.triton")))
        read_inductor(in, call);
}

/* ------------------------------------------------------------------ launches */

static Str last_part(Str name)
{
    Str before, last;
    return str_cut_last(name, '.', &before, &last) ? last : name;
}

/* Which kernel a call launches: kernel[grid](…), kernel.run(…), kernel((grid,), (block,), …). */
static Str launched(const PythonLook *in, const OutlineItem *call)
{
    Str name = str_trim(call->name), bare = name;
    if (str_ends(name, S("]")))
        return kernel_plain_name(name);
    static const Str METHODS[] = {STR_CONST(".run"), STR_CONST(".prepared_call"),
                                  STR_CONST(".prepared_async_call")};
    bool method = false;
    for (size_t i = 0; i < sizeof(METHODS) / sizeof(METHODS[0]); i++)
        if (str_ends(name, METHODS[i])) {
            bare = str_head(name, name.len - METHODS[i].len);
            method = true;
        }
    bare = last_part(bare);
    array_each (PyAlias, alias, &in->aliases)
        if (str_eq(alias->name, bare))
            return alias->kernel;
    Str arguments = str_trim(
        text_slice(in->look->text, (ByteRange){{call->range.start.n + (uint32_t)call->name.len},
                                               {call->range.end.n}}));
    return method || str_starts(arguments, S("((")) ? bare : (Str){0};
}

/* @vectorize(target='cuda') makes kernels that a plain call launches. */
static bool is_vectorized(const PythonLook *in, Str name)
{
    Str arena_name = str_fmt(in->look->scratch, "__vectorized_" STR_FMT, STR_ARG(name));
    return kernel_is_wanted(in->look, name) && kernel_is_wanted(in->look, arena_name);
}

/* x.item(), x.cpu(), torch.cuda.synchronize(): is it called on a name, or on what a call gives? */
static void read_wait(PythonLook *in, const OutlineItem *call)
{
    static const Str METHODS[] = {
        STR_CONST("item"),  STR_CONST("tolist"),  STR_CONST("cpu"),
        STR_CONST("to"),    STR_CONST("numpy"),   STR_CONST("synchronize"),
        STR_CONST("copy_"), STR_CONST("nonzero"), STR_CONST("get")};
    Str name = str_trim(call->name), object, method;
    const OutlineItem *function = outline_function_at(in->look->outline, call->first);
    if (!function || !str_cut_last(name, '.', &object, &method))
        return;
    for (size_t i = 0; i < sizeof(METHODS) / sizeof(METHODS[0]); i++)
        if (str_eq(method, METHODS[i]))
            *array_push(in->look->arena, &in->look->here->waits) = (KernelSite){
                .kernel = METHODS[i],
                .file = in->look->file,
                .line = call->last.n,
                .mark = str_has(object, S("(")) ? KERNEL_NAMED : KERNEL_SAID,
                .function = str_copy(in->look->arena, function->name),
                .def_line = function->first.n,
            };
}

void kernel_sites_python(KernelLook *look)
{
    PythonLook in = {.look = look};
    read_strings(&in);
    kernel_sites_definitions(look);
    array_each (PyString, string, &in.strings)
        if (str_has(string_text(&in, string), S("__global__")) ||
            str_has(string_text(&in, string), S("<<<")))
            look_into(&in, string);
    array_each (const OutlineItem, item, look->outline)
        if (item->kind == OUTLINE_CALL) {
            read_call(&in, item);
            read_wait(&in, item);
        }
    array_each (const OutlineItem, item, look->outline) {
        if (item->kind != OUTLINE_CALL)
            continue;
        Str kernel = launched(&in, item);
        if (!kernel.len && is_vectorized(&in, last_part(str_trim(item->name))))
            kernel = last_part(str_trim(item->name));
        if (kernel_is_wanted(look, kernel))
            kernel_add_launch(look, kernel, item->first);
    }
}
