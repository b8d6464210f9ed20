#include "analysis/symbols/kernels.h"

#include <string.h>

#include "analysis/profile/kernel_name.h"
#include "analysis/symbols/demangle.h"
#include "analysis/symbols/kernel_hosts.h"
#include "analysis/symbols/kernel_match.h"
#include "analysis/symbols/library.h"
#include "base/map.h"
#include "base/path.h"

/* ------------------------------------------------------------------ names */

static bool is_kernel(const Profile *profile, const ProfileFrame *frame)
{
    Str name = profile_text(profile, frame->function);
    return frame->kind == FRAME_GPU && name.len && name.ptr[0] != '[';
}

static bool is_placeless_kernel(const Profile *profile, const ProfileFrame *frame)
{
    return is_kernel(profile, frame) && !frame->file;
}

/*
 * By frame: the full name of the kernel that it belongs to. A tool that prints short names tells the
 * whole one as a fact.
 */
static Str *full_names(Arena *arena, const Profile *profile)
{
    Str *names = NEW_ARRAY(arena, Str, profile->frames_len + 1);
    for (size_t i = 0; i < profile->facts_len; i++) {
        const ProfileFact *fact = &profile->facts[i];
        if (str_eq(profile_text(profile, fact->name), S("kernel")))
            names[fact->frame] = profile_text(profile, fact->text);
    }
    for (size_t i = 0; i < profile->frames_len; i++) {
        const ProfileFrame *frame = &profile->frames[i];
        if (is_kernel(profile, frame) && !names[i].len)
            names[i] = profile_text(profile, frame->module ? frame->module : frame->function);
        names[i] = demangle(arena, names[i]);
    }
    return names;
}

static void want(Arena *arena, KernelNames *names, Map *seen, Str name)
{
    if (!name.len || map_has(seen, name))
        return;
    name = str_copy(arena, name);
    map_put(seen, name, seen);
    *array_push(arena, names) = name;
}

KernelNames kernels_wanted(Arena *arena, const Profile *profile)
{
    KernelNames names = {0};
    Map *seen = map_new(arena);
    Str *full = full_names(arena, profile);
    for (size_t i = 0; i < profile->frames_len; i++) {
        Str variants[KERNEL_VARIANTS_MAX], function;
        uint32_t number;
        if (!is_kernel(profile, &profile->frames[i]))
            continue;
        size_t n = kernel_variants(kernel_plain_name(full[i]), variants);
        for (size_t k = 0; k < n; k++)
            want(arena, &names, seen, variants[k]);
        if (kernel_lambda(full[i], &function, &number))
            want(arena, &names, seen, function);
    }
    return names;
}

KernelNames kernels_waiting_files(Arena *arena, const Profile *profile)
{
    KernelNames files = {0};
    Map *seen = map_new(arena);
    for (size_t i = 0; i < profile->findings_len; i++) {
        const ProfileFrame *frame = &profile->frames[profile->findings[i].frame];
        if (profile->findings[i].kind == FINDING_WAIT)
            want(arena, &files, seen, path_base(profile_text(profile, frame->file)));
    }
    return files;
}

/* ------------------------------------------------------------------ placing */

typedef struct Placer {
    Arena *arena;
    const Profile *from;
    const KernelSources *here;
    ProfileBuilder *build;
    Str *full;               /* by old frame: its kernel's name */
    const KernelSite **site; /* by old frame: where its kernel is defined, or NULL */
    Map *launch_of;          /* plain name to its one KernelSite */
    Map *waited_for;         /* what a finding calls a kernel, to its one KernelSite */
    uint32_t *frames;        /* by old frame */
    uint32_t *host_of; /* by old stack: the innermost line of the user's own (kernel_hosts.h) */
    KernelHosts *hosts;
} Placer;

/* The one place that launches each kernel. */
static Map *only_launches(Arena *arena, const KernelSiteList *sites)
{
    Map *map = map_new(arena), *twice = map_new(arena);
    array_each (const KernelSite, site, sites) {
        if (map_has(map, site->kernel))
            map_put(twice, site->kernel, twice);
        map_put(map, site->kernel, (void *)(uintptr_t)site);
    }
    map_each (entry, twice)
        map_put(map, entry->key, NULL);
    return map;
}

static void note_unplaced(Placer *in, Str name, size_t candidates)
{
    profile_note(in->build,
                 "kernel " STR_FMT " is defined at %zu places that fit its name: it is shown at "
                 "none of them",
                 STR_ARG(name), candidates);
}

/* Where each kernel is defined; one name is asked for once. */
static void match_all(Placer *in)
{
    const Profile *from = in->from;
    Map *known = map_new(in->arena);
    in->site = NEW_ARRAY(in->arena, const KernelSite *, from->frames_len + 1);
    for (size_t i = 0; i < from->frames_len; i++) {
        if (!is_kernel(from, &from->frames[i]))
            continue;
        if (!map_has(known, in->full[i])) {
            size_t candidates;
            const KernelSite *site =
                kernel_match(in->arena, &in->here->definitions, in->full[i], &candidates);
            if (candidates > 1)
                note_unplaced(in, kernel_plain_name(in->full[i]), candidates);
            map_put(known, in->full[i], (void *)(uintptr_t)site);
        }
        in->site[i] = map_get(known, in->full[i]);
        Str shown = profile_text(from, from->frames[i].function);
        if (map_has(in->waited_for, shown) && map_get(in->waited_for, shown) != in->site[i])
            map_put(in->waited_for, shown, NULL);
        else
            map_put(in->waited_for, shown, (void *)(uintptr_t)in->site[i]);
    }
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

static uint32_t place_frame(Placer *in, size_t number)
{
    const ProfileFrame *old = &in->from->frames[number];
    ProfileFrame frame = *old;
    const KernelSite *site = is_placeless_kernel(in->from, old) ? in->site[number] : NULL;
    frame.function = copy_text(in, old->function);
    frame.file = copy_text(in, old->file);
    frame.module = copy_text(in, old->module);
    if (site && str_eq(kernel_plain_name(profile_text(in->from, old->function)),
                       kernel_plain_name(in->full[number]))) {
        frame.file = profile_add_text(in->build, site->file);
        frame.line = frame.def_line = site->line;
    }
    return profile_add_frame(in->build, frame);
}

/* Below what stack does a kernel with this frame begin, when nothing says who launched it? */
static uint32_t launch_stack(Placer *in, uint32_t parent, size_t kernel, uint32_t *host)
{
    Str variants[KERNEL_VARIANTS_MAX];
    size_t n = kernel_variants(kernel_plain_name(in->full[kernel]), variants);
    const KernelSite *site = NULL;
    for (size_t i = 0; i < n && !site; i++)
        site = map_get(in->launch_of, variants[i]);
    if (!site)
        return parent;
    ProfileFrame frame = {.function = profile_add_text(in->build, site->function),
                          .file = profile_add_text(in->build, site->file),
                          .line = site->line,
                          .def_line = site->def_line,
                          .kind = FRAME_USER};
    uint32_t number = profile_add_frame(in->build, frame);
    *host = number + 1;
    return profile_add_stack(in->build, parent, number);
}

/* By frame: a line of the user's own code. PyTorch records its own files below "torch/". */
static bool *own_frames(Arena *arena, const Profile *profile)
{
    bool *own = NEW_ARRAY(arena, bool, profile->frames_len + 1);
    for (size_t i = 0; i < profile->frames_len; i++) {
        const ProfileFrame *frame = &profile->frames[i];
        Str file = profile_text(profile, frame->file);
        own[i] = frame->kind == FRAME_USER && frame->line && !str_starts(file, S("torch/")) &&
                 !library_of(arena, file).name.len;
    }
    return own;
}

static uint32_t *place_stacks(Placer *in)
{
    const Profile *from = in->from;
    uint32_t *stacks = NEW_ARRAY(in->arena, uint32_t, from->stacks_len + 1);
    bool *has_user = NEW_ARRAY(in->arena, bool, from->stacks_len + 1);
    bool *own = own_frames(in->arena, from);
    in->host_of = NEW_ARRAY(in->arena, uint32_t, from->stacks_len + 1);
    for (size_t i = 1; i < from->stacks_len; i++) {
        uint32_t above = from->stacks[i].parent, parent = stacks[above];
        const ProfileFrame *frame = &from->frames[from->stacks[i].frame];
        bool begins = frame->kind == FRAME_GPU &&
                      (!above || from->frames[from->stacks[above].frame].kind != FRAME_GPU);
        has_user[i] = has_user[above] || (frame->kind == FRAME_USER && frame->line);
        in->host_of[i] =
            own[from->stacks[i].frame] ? in->frames[from->stacks[i].frame] + 1 : in->host_of[above];
        if (begins && !has_user[above])
            parent = launch_stack(in, parent, from->stacks[i].frame, &in->host_of[i]);
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

/* Files below the workspace as people call them. */
static Str shown_file(const Placer *in, const KernelSite *site)
{
    Str root = in->here->root, file = site->file;
    if (root.len && str_starts(file, root) && str_starts(str_from(file, root.len), S("/")))
        return str_from(file, root.len + 1);
    return file;
}

/* Behind the kernel's name, which may have colons of its own. */
static bool cut_at_kernel(Str rule, Str message, Str *before, Str *after)
{
    size_t at = str_find(message, rule, 0);
    if (at == SIZE_MAX || !str_starts(str_from(message, at + rule.len), S(":")))
        return false;
    *before = str_head(message, at + rule.len);
    *after = str_from(message, at + rule.len);
    return true;
}

/* "waits for kernel K: 3 ms …" becomes "waits for kernel K at a.cu:12: 3 ms …". */
static void add_finding(Placer *in, ProfileFinding finding)
{
    Str message = profile_text(in->from, finding.message), before, after;
    Str rule = profile_text(in->from, finding.rule);
    const KernelSite *site = map_get(in->waited_for, rule);
    if (finding.kind == FINDING_WAIT && site && cut_at_kernel(rule, message, &before, &after)) {
        Str file = shown_file(in, site);
        message = str_fmt(in->arena, STR_FMT " at " STR_FMT ":%u" STR_FMT, STR_ARG(before),
                          STR_ARG(file), site->line, STR_ARG(after));
    }
    const ProfileFrame *host = &in->from->frames[finding.frame];
    finding.frame = in->frames[finding.frame];
    if (finding.kind == FINDING_WAIT) {
        const KernelSite *line = kernel_wait_line(in->from, host, in->here, message);
        bool works =
            line ? line->mark != KERNEL_SAID : kernel_hosts_works(in->hosts, finding.frame);
        finding.line = line ? line->line : finding.line;
        finding.kind = works ? FINDING_WAIT_PART : FINDING_WAIT;
    }
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

static bool has_kernels(const Profile *profile)
{
    for (size_t i = 0; i < profile->frames_len; i++)
        if (is_kernel(profile, &profile->frames[i]))
            return true;
    return false;
}

Profile kernels_place(Arena *arena, const Profile *profile, const KernelSources *here)
{
    if (profile->graph || !has_kernels(profile))
        return *profile;
    Placer in = {.arena = arena, .from = profile, .here = here};
    in.build = profile_builder_new(arena);
    in.full = full_names(arena, profile);
    in.waited_for = map_new(arena);
    in.launch_of = only_launches(arena, &here->launches);
    match_all(&in);
    in.frames = NEW_ARRAY(arena, uint32_t, profile->frames_len + 1);
    for (size_t m = 0; m < profile->metrics_len; m++)
        (void)profile_add_metric(in.build, profile_text(profile, profile->metrics[m].name),
                                 profile_text(profile, profile->metrics[m].unit),
                                 profile->metrics[m].sampled);
    for (size_t i = 0; i < profile->frames_len; i++)
        in.frames[i] = place_frame(&in, i);
    copy_samples(&in, place_stacks(&in));
    in.hosts = kernel_hosts_new(arena, profile, in.host_of);
    copy_said(&in);
    kernel_hosts_launches(in.hosts, in.build, here);
    for (size_t i = 0; i < profile->notes_len; i++)
        profile_note(in.build, STR_FMT, STR_ARG(profile->notes[i]));
    note_several(&in, here->launches.items, here->launches.len, "launched");
    return profile_build(in.build, profile->tool, profile->format);
}
