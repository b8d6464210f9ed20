#include "analysis/symbols/kernels.h"

#include <string.h>

#include "analysis/profile/kernel_name.h"
#include "base/map.h"

enum {
    SIGNATURE_LINES = 6, /* above a function's name: decorators, templates, attributes */
};

/* ------------------------------------------------------------------ names */

static bool is_placeless_kernel(const Profile *profile, const ProfileFrame *frame)
{
    Str name = profile_text(profile, frame->function);
    return frame->kind == FRAME_GPU && !frame->file && name.len && name.ptr[0] != '[';
}

/* The kernel that a GPU frame belongs to. */
static Str kernel_of(const Profile *profile, const ProfileFrame *frame)
{
    return kernel_plain_name(
        profile_text(profile, frame->module ? frame->module : frame->function));
}

KernelNames kernels_wanted(Arena *arena, const Profile *profile)
{
    KernelNames names = {0};
    Map *seen = map_new(arena);
    for (size_t i = 0; i < profile->frames_len; i++) {
        const ProfileFrame *frame = &profile->frames[i];
        if (frame->kind != FRAME_GPU || profile_text(profile, frame->function).ptr[0] == '[')
            continue;
        Str name = kernel_of(profile, frame);
        if (!name.len || map_has(seen, name))
            continue;
        map_put(seen, str_copy(arena, name), seen);
        *array_push(arena, &names) = str_copy(arena, name);
    }
    return names;
}

/* ------------------------------------------------------------------ looking */

static bool is_wanted(const KernelNames *wanted, Str name)
{
    array_each (Str, one, wanted)
        if (str_eq(*one, name))
            return true;
    return false;
}

/* What stands on a definition's lines, and on a few above, up to its body. */
static bool is_marked(const Outline *outline, const Text *text, const OutlineItem *function)
{
    static const Str MARKS[] = {STR_CONST("__global__"), STR_CONST("triton."),
                                STR_CONST("cuda.jit"), STR_CONST("numba."), STR_CONST("@jit")};
    LineNo last = text_line_at(text, function->body_start);
    uint32_t above = function->first.n > SIGNATURE_LINES ? function->first.n - SIGNATURE_LINES : 1;
    const OutlineItem *before = NULL;
    for (size_t i = 0; i < outline->len; i++) /* not into the function above */
        if (outline->items[i].kind == OUTLINE_FUNCTION &&
            outline->items[i].last.n < function->first.n)
            before = &outline->items[i];
    if (before && before->last.n >= above)
        above = before->last.n + 1;
    for (uint32_t line = above; line <= last.n; line++)
        for (size_t i = 0; i < sizeof(MARKS) / sizeof(MARKS[0]); i++)
            if (str_has(text_line(text, (LineNo){line}), MARKS[i]))
                return true;
    return false;
}

static void add_definition(Arena *arena, KernelSources *here, Str kernel, Str file, uint32_t line,
                           bool marked)
{
    *array_push(arena, &here->definitions) = (KernelSite){
        .kernel = str_copy(arena, kernel), .file = file, .line = line, .marked = marked};
}

static void add_launch(Arena *arena, KernelSources *here, Str kernel, Str file,
                       const Outline *outline, const OutlineItem *item)
{
    const OutlineItem *function = outline_function_at(outline, item->first);
    *array_push(arena, &here->launches) =
        (KernelSite){.kernel = str_copy(arena, kernel),
                     .file = file,
                     .line = item->first.n,
                     .function = function ? str_copy(arena, function->name) : S("<module>"),
                     .def_line = function ? function->first.n : 0};
}

/* `add_kernel[grid](x, y)`: how Numba and Triton launch. */
static bool is_python_launch(const Outline *outline, const OutlineItem *item)
{
    return outline->lang == LANG_PYTHON && item->kind == OUTLINE_CALL &&
           str_ends(str_trim(item->name), S("]"));
}

/* Kernels in strings: `void NAME(` in a Python file that has no function of this name. */
static void look_in_strings(Arena *arena, KernelSources *here, const KernelNames *wanted, Str file,
                            const Text *text)
{
    array_each (Str, name, wanted) {
        Str call = str_fmt(arena, "void " STR_FMT "(", STR_ARG(*name));
        size_t at = str_find(text_bytes(text), call, 0);
        if (at != SIZE_MAX)
            add_definition(arena, here, *name, file,
                           text_line_at(text, (ByteOffset){(uint32_t)at}).n, true);
    }
}

void kernels_look(Arena *arena, KernelSources *here, const KernelNames *wanted, Str file,
                  const Outline *outline, const Text *text)
{
    file = str_copy(arena, file);
    for (size_t i = 0; i < outline->len; i++) {
        const OutlineItem *item = &outline->items[i];
        Str name = kernel_plain_name(item->name);
        if (!is_wanted(wanted, name))
            continue;
        if (item->kind == OUTLINE_FUNCTION)
            add_definition(arena, here, name, file, text_line_at(text, item->name_range.start).n,
                           is_marked(outline, text, item));
        else if (item->kind == OUTLINE_LAUNCH || is_python_launch(outline, item))
            add_launch(arena, here, name, file, outline, item);
    }
    if (outline->lang == LANG_PYTHON)
        look_in_strings(arena, here, wanted, file, text);
}

/* ------------------------------------------------------------------ placing */

typedef struct Placer {
    Arena *arena;
    const Profile *from;
    const KernelSources *here;
    ProfileBuilder *build;
    Map *definition_of; /* kernel to its one KernelSite */
    Map *launch_of;
    uint32_t *frames; /* by old frame */
} Placer;

/* The one site of each kernel; marked ones win over functions that only have the same name. */
static Map *only_sites(Arena *arena, const KernelSite *sites, size_t len, bool by_mark)
{
    Map *map = map_new(arena), *twice = map_new(arena);
    for (size_t pass = by_mark ? 0 : 1; pass < 2; pass++)
        for (size_t i = 0; i < len; i++) {
            KernelSite *site = (KernelSite *)(uintptr_t)&sites[i];
            if (by_mark && site->marked != (pass == 0))
                continue;
            KernelSite *old = map_get(map, site->kernel);
            if (!old)
                map_put(map, site->kernel, site);
            else if (!by_mark || old->marked == site->marked)
                map_put(twice, site->kernel, site);
        }
    for (size_t i = 0; i < len; i++)
        if (map_has(twice, sites[i].kernel))
            map_put(map, sites[i].kernel, NULL);
    return map;
}

/* Where a cost cannot be told apart, each of the places says so. */
static void note_several(Placer *in, const KernelSite *sites, size_t len, const char *what)
{
    Map *told = map_new(in->arena);
    for (size_t i = 0; i < len; i++) {
        size_t count = 0;
        Str places = {0};
        for (size_t k = 0; k < len; k++)
            if (str_eq(sites[k].kernel, sites[i].kernel) && count++ < 3)
                places = str_fmt(in->arena, STR_FMT "%s" STR_FMT ":%u", STR_ARG(places),
                                 places.len ? ", " : "", STR_ARG(sites[k].file), sites[k].line);
        if (count < 2 || map_has(told, sites[i].kernel))
            continue;
        map_put(told, sites[i].kernel, told);
        profile_note(in->build,
                     "kernel " STR_FMT " is %s at %zu places (" STR_FMT "%s): its cost "
                     "is shown at none of them",
                     STR_ARG(sites[i].kernel), what, count, STR_ARG(places),
                     count > 3 ? ", …" : "");
    }
}

static uint32_t copy_text(Placer *in, uint32_t text)
{
    return profile_add_text(in->build, profile_text(in->from, text));
}

static uint32_t place_frame(Placer *in, const ProfileFrame *old)
{
    ProfileFrame frame = *old;
    const KernelSite *site = is_placeless_kernel(in->from, old)
                                 ? map_get(in->definition_of, kernel_of(in->from, old))
                                 : NULL;
    frame.function = copy_text(in, old->function);
    frame.file = copy_text(in, old->file);
    frame.module = copy_text(in, old->module);
    if (site && str_eq(kernel_plain_name(profile_text(in->from, old->function)), site->kernel)) {
        frame.file = profile_add_text(in->build, site->file);
        frame.line = frame.def_line = site->line;
    }
    return profile_add_frame(in->build, frame);
}

/* Below what stack does a kernel with this frame begin, when nothing says who launched it? */
static uint32_t launch_stack(Placer *in, uint32_t parent, const ProfileFrame *kernel)
{
    const KernelSite *site = map_get(in->launch_of, kernel_of(in->from, kernel));
    if (!site)
        return parent;
    ProfileFrame frame = {.function = profile_add_text(in->build, site->function),
                          .file = profile_add_text(in->build, site->file),
                          .line = site->line,
                          .def_line = site->def_line,
                          .kind = FRAME_USER};
    return profile_add_stack(in->build, parent, profile_add_frame(in->build, frame));
}

static uint32_t *place_stacks(Placer *in)
{
    const Profile *from = in->from;
    uint32_t *stacks = NEW_ARRAY(in->arena, uint32_t, from->stacks_len + 1);
    bool *has_user = NEW_ARRAY(in->arena, bool, from->stacks_len + 1);
    for (size_t i = 1; i < from->stacks_len; i++) {
        uint32_t above = from->stacks[i].parent, parent = stacks[above];
        const ProfileFrame *frame = &from->frames[from->stacks[i].frame];
        bool begins = frame->kind == FRAME_GPU &&
                      (!above || from->frames[from->stacks[above].frame].kind != FRAME_GPU);
        has_user[i] = has_user[above] || (frame->kind == FRAME_USER && frame->line);
        if (begins && !has_user[above])
            parent = launch_stack(in, parent, frame);
        stacks[i] = profile_add_stack(in->build, parent, in->frames[from->stacks[i].frame]);
    }
    return stacks;
}

static void copy_samples(Placer *in, const uint32_t *stacks)
{
    const Profile *from = in->from;
    uint32_t *threads = NEW_ARRAY(in->arena, uint32_t, from->threads_len + 1);
    for (size_t i = 0; i < from->threads_len; i++) {
        ProfileThread thread = from->threads[i];
        thread.process = copy_text(in, thread.process);
        thread.name = copy_text(in, thread.name);
        threads[i] = profile_add_thread(in->build, thread);
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

/* "waits for kernel K: 3 ms …" becomes "waits for kernel K at a.cu:12: 3 ms …". */
static void add_finding(Placer *in, ProfileFinding finding)
{
    Str message = profile_text(in->from, finding.message), before, after;
    Str rule = profile_text(in->from, finding.rule);
    const KernelSite *site = map_get(in->definition_of, kernel_plain_name(rule));
    if (finding.kind == FINDING_WAIT && site && str_cut(message, ':', &before, &after))
        message = str_fmt(in->arena, STR_FMT " at " STR_FMT ":%u:" STR_FMT, STR_ARG(before),
                          STR_ARG(site->file), site->line, STR_ARG(after));
    finding.frame = in->frames[finding.frame];
    finding.file = copy_text(in, finding.file);
    finding.rule = copy_text(in, finding.rule);
    finding.message = profile_add_text(in->build, message);
    profile_add_finding(in->build, finding);
}

static void copy_said(Placer *in)
{
    Profile without = *in->from;
    without.findings_len = 0;
    profile_copy_said(in->build, &without, in->frames);
    for (size_t i = 0; i < in->from->findings_len; i++)
        add_finding(in, in->from->findings[i]);
}

static bool has_nothing(const Profile *profile, const KernelSources *here)
{
    return profile->graph || (!here->definitions.len && !here->launches.len);
}

Profile kernels_place(Arena *arena, const Profile *profile, const KernelSources *here)
{
    if (has_nothing(profile, here))
        return *profile;
    Placer in = {.arena = arena, .from = profile, .here = here};
    in.build = profile_builder_new(arena);
    in.definition_of = only_sites(arena, here->definitions.items, here->definitions.len, true);
    in.launch_of = only_sites(arena, here->launches.items, here->launches.len, false);
    in.frames = NEW_ARRAY(arena, uint32_t, profile->frames_len + 1);
    for (size_t m = 0; m < profile->metrics_len; m++)
        (void)profile_add_metric(in.build, profile_text(profile, profile->metrics[m].name),
                                 profile_text(profile, profile->metrics[m].unit),
                                 profile->metrics[m].sampled);
    for (size_t i = 0; i < profile->frames_len; i++)
        in.frames[i] = place_frame(&in, &profile->frames[i]);
    copy_samples(&in, place_stacks(&in));
    copy_said(&in);
    for (size_t i = 0; i < profile->notes_len; i++)
        profile_note(in.build, STR_FMT, STR_ARG(profile->notes[i]));
    note_several(&in, here->launches.items, here->launches.len, "launched");
    return profile_build(in.build, profile->tool, profile->format);
}
