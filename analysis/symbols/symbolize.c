#include "analysis/symbols/symbolize.h"

#include <stdlib.h>

#include "analysis/profile/perf/perf_generated.h"
#include "analysis/profile/perf/perf_parts.h"
#include "analysis/symbols/beside.h"
#include "analysis/symbols/demangle.h"
#include "analysis/symbols/dwarf.h"
#include "analysis/symbols/load_base.h"
#include "analysis/symbols/symbol_text.h"
#include "base/array.h"
#include "base/path.h"

/* The new frames that stand for an old one, outermost first: a part of Symbolizer.frames. */
typedef struct Span {
    uint32_t first;
    uint32_t len;
} Span;

typedef struct Symbolizer {
    Arena *arena;
    const Profile *from;
    SymbolizeOptions options;
    ProfileBuilder *build;
    uint32_t *names; /* by old text of a function: new text + 1 */
    Array(uint32_t) frames;
    Span *spans;             /* by old frame */
    uint32_t unnamed_kernel; /* the frame of all kernel code without a name + 1 */
} Symbolizer;

/* Where the addresses of one module are looked up; all empty when it is not there. */
typedef struct Source {
    DwarfFile *file;
    bool loaded;   /* addresses are those of the process */
    uint64_t base; /* where the file was mapped then */
    SymbolText *kernel;
    SymbolText *generated;
} Source;

/* An address to look up. */
typedef struct Query {
    uint32_t module;
    uint32_t frame;
    uint64_t address;
} Query;

static uint32_t copy_text(Symbolizer *in, uint32_t text)
{
    return profile_add_text(in->build, profile_text(in->from, text));
}

static uint32_t copy_name(Symbolizer *in, uint32_t text)
{
    if (!in->names[text])
        in->names[text] =
            profile_add_text(in->build, demangle(in->arena, profile_text(in->from, text))) + 1;
    return in->names[text] - 1;
}

static void push_frame(Symbolizer *in, ProfileFrame frame)
{
    *array_push(in->arena, &in->frames) = profile_add_frame(in->build, frame);
}

/* As the reader left it; what it could not name in the kernel is then one frame. */
static Span keep_frame(Symbolizer *in, const ProfileFrame *old)
{
    ProfileFrame frame = *old;
    frame.address = 0;
    frame.function = copy_name(in, old->function);
    frame.file = copy_text(in, old->file);
    frame.module = copy_text(in, old->module);
    push_frame(in, frame);
    return (Span){(uint32_t)in->frames.len - 1, 1};
}

static bool is_kernel(Str module)
{
    return str_eq(module, S("[kernel.kallsyms]"));
}

/* "[libc.so.6]" and "work+0x1234" are how readers call what they do not know. */
static bool is_unknown(Str name)
{
    return !name.len || name.ptr[0] == '[' || str_has(name, S("+0x"));
}

static bool has_place(const DwarfFrame *frames, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (frames[i].line && frames[i].file.len)
            return true;
    return false;
}

static void push_found(Symbolizer *in, const ProfileFrame *old, const DwarfFrame *found)
{
    Str module = profile_text(in->from, old->module);
    bool place = found->line && found->file.len;
    ProfileFrame frame = {
        .function = found->function.len ? profile_add_text(in->build, found->function)
                                        : copy_name(in, old->function),
        .file = profile_add_text(in->build, found->file),
        .module = profile_add_text(in->build, module),
        .line = found->file.len ? found->line : 0,
        .def_line = found->file.len ? found->def_line : 0,
        .kind = (uint16_t)(place ? FRAME_USER : perf_module_kind(module)),
        .inlined = found->inlined,
    };
    push_frame(in, frame);
}

static Span resolve_kernel(Symbolizer *in, const SymbolText *kernel, const ProfileFrame *old)
{
    const SymbolName *name = kernel ? symbol_text_find(kernel, old->address) : NULL;
    if (!name) {
        Span kept = keep_frame(in, old);
        in->unnamed_kernel = in->frames.items[kept.first] + 1;
        return kept;
    }
    Str module = name->module.len ? name->module : profile_text(in->from, old->module);
    push_frame(in, (ProfileFrame){.function = profile_add_text(in->build, name->name),
                                  .module = profile_add_text(in->build, module),
                                  .kind = FRAME_KERNEL});
    return (Span){(uint32_t)in->frames.len - 1, 1};
}

static Span resolve_generated(Symbolizer *in, const SymbolText *names, const ProfileFrame *old)
{
    uint32_t frames[PERF_GENERATED_MAX];
    const SymbolName *name = names ? symbol_text_find(names, old->address) : NULL;
    if (!name)
        return keep_frame(in, old);
    ProfileFrame frame = {.module = copy_text(in, old->module), .kind = FRAME_GENERATED};
    Span span = {.first = (uint32_t)in->frames.len};
    span.len = (uint32_t)perf_generated_frames(in->build, name->name, frame, frames);
    for (size_t i = span.len; i-- > 0;)
        *array_push(in->arena, &in->frames) = frames[i];
    return span;
}

/* A frame that perf already called inlined is left out where the tree of inlined ones is ours. */
static Span resolve(Symbolizer *in, DwarfFile *file, const ProfileFrame *old)
{
    DwarfFrame found[DWARF_FRAMES_MAX];
    size_t len = file ? dwarf_lookup(file, old->address, found, DWARF_FRAMES_MAX) : 0;
    bool place = has_place(found, len);
    Span span = {.first = (uint32_t)in->frames.len};
    if (old->inlined && place)
        return span;
    if (!len || (!place && !is_unknown(profile_text(in->from, old->function))) || old->inlined)
        return keep_frame(in, old);
    for (size_t i = len; i-- > 0;)
        push_found(in, old, &found[i]);
    span.len = (uint32_t)in->frames.len - span.first;
    return span;
}

static Str build_id_of(const Profile *profile, uint32_t module)
{
    for (size_t i = 0; i < profile->modules_len; i++)
        if (profile->modules[i].module == module)
            return profile_text(profile, profile->modules[i].build_id);
    return (Str){0};
}

/* Nothing was found, or no lines: whoever keeps the result looks again when one of these changes. */
static void await_files(Symbolizer *in, DwarfOptions options, const DwarfFile *file)
{
    Str places[DWARF_PLACES_MAX];
    size_t len = dwarf_places(in->arena, options, file, places);
    for (size_t i = 0; i < len; i++)
        profile_add_awaited(in->build, places[i], i == 0, beside_state(in->arena, places[i]));
}

/* Lines in a library of the system help nobody where it has under one in twenty samples. */
static bool is_beside_the_point(const Symbolizer *in, uint32_t module)
{
    const Profile *from = in->from;
    uint64_t own = 0, all = 0;
    if (perf_module_kind(profile_text(from, module)) == FRAME_USER)
        return false;
    for (size_t i = 0; i < from->samples_len; i++) {
        const ProfileFrame *leaf = &from->frames[from->stacks[from->sample_stack[i]].frame];
        all += from->sample_count[i];
        own += leaf->module == module && leaf->address ? from->sample_count[i] : 0;
    }
    return own < all / 20;
}

static bool module_is_loaded(const Profile *profile, uint32_t module)
{
    for (size_t i = 0; i < profile->modules_len; i++)
        if (profile->modules[i].module == module)
            return profile->modules[i].loaded;
    return false;
}

static DwarfFile *open_program(Symbolizer *in, uint32_t module)
{
    Str path = profile_text(in->from, module);
    DwarfOptions options = {.path = path,
                            .build_id = build_id_of(in->from, module),
                            .home = in->options.home,
                            .symbols_only = is_beside_the_point(in, module)};
    DwarfProblem problem;
    DwarfFile *file = dwarf_open(in->arena, options, &problem);
    bool users = perf_module_kind(path) == FRAME_USER;
    if (!file || (!options.symbols_only && !dwarf_has_lines(file)))
        await_files(in, options, file);
    if (problem == DWARF_OTHER_FILE)
        profile_note(in->build,
                     STR_FMT " was built anew since the recording: its lines are not known",
                     STR_ARG(path));
    else if (!file && users)
        profile_note(in->build, STR_FMT " is not here: its functions and lines are not known",
                     STR_ARG(path));
    else if (file && users && !dwarf_has_lines(file))
        profile_note(in->build,
                     STR_FMT " has no debug information (-g): only its functions are known",
                     STR_ARG(path));
    return file;
}

static int by_address(const void *a, const void *b)
{
    uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;
    return (left > right) - (left < right);
}

/* Of the kernel's frames; of a caller the instruction before is looked up. */
static Addresses kernel_addresses(const Symbolizer *in, Arena *scratch)
{
    Addresses out = {0};
    for (size_t i = 0; i < in->from->frames_len; i++) {
        const ProfileFrame *frame = &in->from->frames[i];
        if (!frame->address || frame->kind != FRAME_KERNEL)
            continue;
        *array_push(scratch, &out) = frame->address;
        *array_push(scratch, &out) = frame->address - 1;
    }
    if (out.len)
        qsort(out.items, out.len, sizeof(uint64_t), by_address);
    return out;
}

/* NULL when the recording was made under another kernel, or before the last start. */
static SymbolText *open_kernel(Symbolizer *in, uint32_t module)
{
    Str text = in->options.kernel_symbols, id = build_id_of(in->from, module);
    CLEANUP(arena_cleanup) Arena *scratch = arena_new("open_kernel");
    Addresses wanted = kernel_addresses(in, scratch);
    SymbolText *symbols = text.len ? symbol_text_kernel(in->arena, text, &wanted) : NULL;
    uint64_t start = 0;
    for (size_t i = 0; i < in->from->modules_len; i++)
        if (in->from->modules[i].module == module)
            start = in->from->modules[i].start;
    if (symbols && symbol_text_begins_at(symbols, start) &&
        (!id.len || str_eq(id, in->options.kernel_id)))
        return symbols;
    profile_note(in->build,
                 "the kernel's functions are not known: another kernel, another start of "
                 "the machine, or /proc/kallsyms hides its addresses");
    return NULL;
}

static SymbolText *open_generated(Symbolizer *in, Str path)
{
    enum {
        MAP_FILE_MAX = 256 * 1024 * 1024
    };
    Str text;
    return beside_read(in->arena, path, MAP_FILE_MAX, &text) ? symbol_text_map(in->arena, text)
                                                             : NULL;
}

static Source open_module(Symbolizer *in, uint32_t module)
{
    Str path = profile_text(in->from, module);
    if (is_kernel(path))
        return (Source){.kernel = open_kernel(in, module)};
    if (perf_is_map_file(path))
        return (Source){.generated = open_generated(in, path)};
    return (Source){.file = open_program(in, module)};
}

static Span look_up(Symbolizer *in, const Source *source, const ProfileFrame *old)
{
    Str module = profile_text(in->from, old->module);
    if (is_kernel(module))
        return resolve_kernel(in, source->kernel, old);
    if (perf_is_map_file(module))
        return resolve_generated(in, source->generated, old);
    if (!source->loaded)
        return resolve(in, source->file, old);
    ProfileFrame placed = *old;
    placed.address = source->file && old->address > source->base
                         ? dwarf_offset(source->file, old->address - source->base)
                         : 0;
    return placed.address ? resolve(in, source->file, &placed) : keep_frame(in, old);
}

/* Finds out where the program was; without that its addresses mean nothing. */
static void find_base(Symbolizer *in, Source *source, const Query *queries, size_t len)
{
    uint32_t module = queries[0].module;
    source->loaded = module_is_loaded(in->from, module);
    if (!source->file || !source->loaded)
        return;
    CLEANUP(arena_cleanup) Arena *scratch = arena_new("load base");
    LoadSeen *seen = NEW_ARRAY(scratch, LoadSeen, len);
    size_t count = 0;
    for (; count < len && queries[count].module == module; count++)
        seen[count] =
            (LoadSeen){profile_text(in->from, in->from->frames[queries[count].frame].function),
                       queries[count].address};
    if (load_base(scratch, source->file, seen, count, &source->base))
        return;
    Str path = profile_text(in->from, module);
    if (perf_module_kind(path) == FRAME_USER)
        profile_note(in->build,
                     STR_FMT ": where it was loaded cannot be told, so its lines are not known",
                     STR_ARG(path));
    source->base = UINT64_MAX;
}

static int by_module(const void *a, const void *b)
{
    const Query *left = a, *right = b;
    if (left->module != right->module)
        return left->module < right->module ? -1 : 1;
    if (left->address != right->address)
        return left->address < right->address ? -1 : 1;
    return left->frame < right->frame ? -1 : left->frame > right->frame;
}

static void resolve_frames(Symbolizer *in)
{
    Array(Query) queries = {0};
    Source source = {0};
    for (uint32_t i = 0; i < in->from->frames_len; i++) {
        const ProfileFrame *frame = &in->from->frames[i];
        if (frame->address)
            *array_push(in->arena, &queries) = (Query){frame->module, i, frame->address};
        else
            in->spans[i] = keep_frame(in, frame);
    }
    if (queries.len)
        qsort(queries.items, queries.len, sizeof(*queries.items), by_module);
    for (size_t i = 0; i < queries.len; i++) {
        const Query *query = &queries.items[i];
        if (i == 0 || query->module != query[-1].module) {
            dwarf_close(source.file);
            source = open_module(in, query->module);
            find_base(in, &source, query, queries.len - i);
        }
        in->spans[query->frame] = look_up(in, &source, &in->from->frames[query->frame]);
    }
    dwarf_close(source.file);
}

static void copy_heads(Symbolizer *in)
{
    const Profile *from = in->from;
    for (size_t m = 0; m < from->metrics_len; m++)
        profile_add_metric(in->build, profile_text(from, from->metrics[m].name),
                           profile_text(from, from->metrics[m].unit), from->metrics[m].sampled);
    for (size_t i = 0; i < from->notes_len; i++)
        profile_note(in->build, STR_FMT, STR_ARG(from->notes[i]));
}

static void copy_samples(Symbolizer *in)
{
    const Profile *from = in->from;
    uint32_t *stacks = NEW_ARRAY(in->arena, uint32_t, from->stacks_len);
    uint32_t *threads = NEW_ARRAY(in->arena, uint32_t, from->threads_len);
    for (size_t i = 0; i < from->threads_len; i++) {
        ProfileThread thread = from->threads[i];
        thread.process = copy_text(in, thread.process);
        thread.name = copy_text(in, thread.name);
        threads[i] = profile_add_thread(in->build, thread);
    }
    bool *in_kernel = NEW_ARRAY(in->arena, bool, from->stacks_len); /* ends in an unnamed frame */
    for (size_t i = 1; i < from->stacks_len; i++) {
        const ProfileStack *old = &from->stacks[i];
        Span span = in->spans[old->frame];
        bool unnamed = span.len == 1 && in->frames.items[span.first] + 1 == in->unnamed_kernel;
        stacks[i] = stacks[old->parent];
        in_kernel[i] = unnamed || (!span.len && in_kernel[old->parent]);
        if (unnamed && in_kernel[old->parent])
            continue;
        for (uint32_t k = 0; k < span.len; k++)
            stacks[i] = profile_add_stack(in->build, stacks[i], in->frames.items[span.first + k]);
    }
    for (size_t i = 0; i < from->samples_len; i++) {
        int64_t weights[PROFILE_METRICS_MAX] = {0};
        for (size_t m = 0; m < from->metrics_len; m++)
            weights[m] = from->weights[m][i];
        profile_add_sample(in->build,
                           (ProfileSample){.stack = stacks[from->sample_stack[i]],
                                           .thread = threads[from->sample_thread[i]],
                                           .count = from->sample_count[i]},
                           weights);
    }
}

/* What is said about a place is said about the innermost frame found there. */
static void copy_said(Symbolizer *in)
{
    uint32_t *frames = NEW_ARRAY(in->arena, uint32_t, in->from->frames_len + 1);
    for (size_t i = 0; i < in->from->frames_len; i++)
        if (in->spans[i].len)
            frames[i] = in->frames.items[in->spans[i].first + in->spans[i].len - 1];
    profile_copy_said(in->build, in->from, frames);
}

static bool has_work(const Profile *profile)
{
    for (size_t i = 0; i < profile->frames_len; i++)
        if (profile->frames[i].address ||
            is_mangled(profile_text(profile, profile->frames[i].function)))
            return true;
    return false;
}

bool symbolize_again(Arena *arena, const Profile *symbolized)
{
    for (size_t i = 0; i < symbolized->awaited_len; i++) {
        const ProfileAwaited *file = &symbolized->awaited[i];
        if (beside_state(arena, profile_text(symbolized, file->path)) != file->state)
            return true;
    }
    return false;
}

bool symbolize_wants_kernel(const Profile *profile)
{
    for (size_t i = 0; i < profile->frames_len; i++)
        if (profile->frames[i].address && profile->frames[i].kind == FRAME_KERNEL)
            return true;
    return false;
}

Profile symbolize(Arena *arena, const Profile *profile, SymbolizeOptions options)
{
    if (profile->graph || !has_work(profile))
        return *profile;
    Symbolizer in = {.arena = arena, .from = profile, .options = options};
    in.build = profile_builder_new(arena);
    in.names = NEW_ARRAY(arena, uint32_t, profile->texts_len + 1);
    in.spans = NEW_ARRAY(arena, Span, profile->frames_len + 1);
    copy_heads(&in);
    resolve_frames(&in);
    copy_samples(&in);
    copy_said(&in);
    return profile_build(in.build, profile->tool, profile->format);
}
