/*
 * Names of trace events to frames. There is no standard for places in the source; these are in use:
 *
 *     args.filename, args.line            py-spy
 *     .file, .line                        tracing-chrome
 *     file_info.functions["f (a.py:3)"]   viztracer, else the name itself: "f (a.py:3)", and in
 *                                         old files "a.py(3).f"
 *     "a.py(3): f"                        PyTorch's python_function events
 */

#include "analysis/profile/trace/chrome_trace.h"

#include "base/json_scan.h"

typedef struct Place {
    Str function;
    Str file;
    uint32_t line;
} Place;

static Str text_of(ChromeTrace *in, uint32_t text)
{
    return json_unescape(in->arena, intern_str(&in->texts, text));
}

static bool line_of(Str text, uint32_t *line)
{
    uint64_t number;
    if (!str_to_u64(text, &number) || number >= UINT32_MAX)
        return false;
    *line = (uint32_t)number;
    return true;
}

/* "f (a.py:3)" */
static bool is_suffixed(Str name, Place *out)
{
    Str before, inside, file, line;
    if (!str_ends(name, S(")")) ||
        !str_cut_last(str_head(name, name.len - 1), '(', &before, &inside))
        return false;
    if (!str_ends(before, S(" ")) || !str_cut_last(inside, ':', &file, &line) ||
        !line_of(line, &out->line))
        return false;
    out->function = str_trim(before);
    out->file = file;
    return true;
}

/* "a.py(3): f" and "a.py(3).f" */
static bool is_prefixed(Str name, Place *out)
{
    size_t at = str_find(name, S(".py("), 0);
    Str line, rest;
    if (at == SIZE_MAX || !str_cut(str_from(name, at + 4), ')', &line, &rest) ||
        !line_of(line, &out->line))
        return false;
    if (!str_starts(rest, S(": ")) && !str_starts(rest, S(".")))
        return false;
    out->function = str_from(rest, rest.ptr[0] == ':' ? 2 : 1);
    out->file = str_head(name, at + 3);
    return true;
}

static bool in_file_info(ChromeTrace *in, const TraceName *name, Str text, Place *out)
{
    uint32_t found = idmap_get(&in->function_files, name->name);
    if (!found)
        return false;
    const TraceName *place = &in->function_places.items[found - 1];
    Place shown = {0};
    out->function = is_suffixed(text, &shown) ? shown.function : text;
    out->file = text_of(in, place->file);
    out->line = place->line;
    return true;
}

static bool is_gpu(Str category)
{
    return str_eq(category, S("kernel")) || str_starts(category, S("gpu_mem"));
}

/* PyTorch's operators and CUDA's calls are no code of the user's. */
static bool is_native(Str category)
{
    return str_eq(category, S("cpu_op")) || str_starts(category, S("cuda_")) ||
           str_eq(category, S("overhead"));
}

static FrameKind kind_of(const ChromeTrace *in, const Place *place, Str category)
{
    if (is_gpu(category))
        return FRAME_GPU;
    if (is_native(category))
        return FRAME_NATIVE;
    if (in->is_viztracer && !place->file.len && str_eq(category, S("FEE")))
        return FRAME_BUILTIN;
    return frame_kind_of(place->function, place->file);
}

/* "<built-in method item of Tensor object at 0x7f12>": each tensor is not a function of its own. */
static Str without_address(Arena *arena, Str function)
{
    size_t at =
        str_starts(function, S("<built-in ")) ? str_find(function, S(" at 0x"), 0) : SIZE_MAX;
    return at == SIZE_MAX ? function : str_fmt(arena, STR_FMT ">", STR_ARG(str_head(function, at)));
}

static ProfileFrame make_frame(ChromeTrace *in, const TraceName *name)
{
    Str text = text_of(in, name->name), category = intern_str(&in->texts, name->category);
    Place place = {.function = text.len ? text : S("(unnamed)")};
    uint32_t def_line = 0;
    if (name->file) {
        place.file = text_of(in, name->file);
        place.line = name->line;
    } else if (!is_gpu(category) && !is_native(category) &&
               (in_file_info(in, name, text, &place) || is_suffixed(text, &place) ||
                is_prefixed(text, &place))) {
        def_line = place.line;
    }
    place.function = without_address(in->arena, place.function);
    FrameKind kind = kind_of(in, &place, category);
    ProfileFrame frame = {
        .function = profile_add_text(in->build, place.function),
        .file = profile_add_text(in->build, place.file),
        .line = place.line,
        .def_line = def_line,
        .kind = (uint16_t)kind,
    };
    if (kind == FRAME_GPU)
        frame.module = frame.function;
    return frame;
}

uint32_t trace_frame(ChromeTrace *in, uint32_t name)
{
    if (!in->frames)
        in->frames = NEW_ARRAY(in->arena, uint32_t, in->names.len + 1);
    if (!in->frames[name])
        in->frames[name] = profile_add_frame(in->build, make_frame(in, &in->names.items[name])) + 1;
    return in->frames[name] - 1;
}

uint32_t trace_call_stack(ChromeTrace *in, uint32_t text)
{
    Str rest = text_of(in, text), before, one;
    uint32_t node = 0;
    for (size_t depth = 0; rest.len && depth < TRACE_DEPTH_MAX; depth++) {
        Place place = {0};
        if (!str_cut_last(rest, ';', &before, &one)) {
            one = rest;
            before = (Str){0};
        }
        rest = before;
        one = str_trim(one);
        if (!one.len)
            continue;
        if (!is_prefixed(one, &place))
            place = (Place){.function = one};
        ProfileFrame frame = {
            .function = profile_add_text(in->build, place.function),
            .file = profile_add_text(in->build, place.file),
            .line = place.line,
            .kind = (uint16_t)frame_kind_of(place.function, place.file),
        };
        node = profile_add_stack(in->build, node, profile_add_frame(in->build, frame));
    }
    return node;
}
