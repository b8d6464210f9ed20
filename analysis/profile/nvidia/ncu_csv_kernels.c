/* What the CSV pages say of each kernel, kept until the last row, and the profile of it (ncu_csv.h). */

#include <math.h>

#include "analysis/profile/kernel_name.h"
#include "analysis/profile/nvidia/ncu_csv.h"
#include "analysis/profile/nvidia/ncu_names.h"

#define TIME_MAX INT64_C(9000000000000000000) /* a double holds it, and it fits with room */

void ncu_csv_init(NcuCsv *in, Arena *arena)
{
    *in = (NcuCsv){.arena = arena,
                   .names = intern_new(arena),
                   .keys = intern_new(arena),
                   .launch_keys = intern_new(arena),
                   .line_keys = intern_new(arena),
                   .accesses = ncu_accesses_new(arena)};
    ncu_csv_metric(in, S("gpu_samples"));
}

size_t ncu_csv_metric(NcuCsv *in, Str name)
{
    for (size_t i = 0; i < in->metrics_len; i++)
        if (str_eq(in->metrics[i], name))
            return i;
    if (in->metrics_len + 1 == PROFILE_METRICS_MAX) /* one is the kernel's time */
        return SIZE_MAX;
    in->metrics[in->metrics_len] = name;
    return in->metrics_len++;
}

uint32_t ncu_csv_kernel(NcuCsv *in, Str full)
{
    size_t known = in->keys.count;
    uint32_t id = intern_id(&in->keys, full.len ? full : S("(unnamed kernel)"));
    if (id >= known) {
        Str name = kernel_plain_name(full);
        while (in->kernels.len <= id)
            array_push(in->arena, &in->kernels);
        NcuCsvKernel *kernel = &in->kernels.items[id];
        kernel->full = str_copy(in->arena, intern_str(&in->keys, id));
        kernel->name = name.len ? str_copy(in->arena, name) : kernel->full;
    }
    return id;
}

NcuCsvLaunch *ncu_csv_launch(NcuCsv *in, Str key, uint32_t kernel)
{
    uint32_t id = intern_id(&in->launch_keys, key);
    while (in->launches.len <= id)
        array_push(in->arena, &in->launches);
    in->launches.items[id].kernel = kernel;
    return &in->launches.items[id];
}

NcuCsvLine *ncu_csv_line(NcuCsv *in, NcuCsvLine where)
{
    uint32_t place[4] = {where.kernel, where.file, where.line, where.sass};
    uint32_t id = intern_id(&in->line_keys, (Str){(const char *)place, sizeof(place)});
    while (in->lines.len <= id)
        array_push(in->arena, &in->lines);
    NcuCsvLine *at = &in->lines.items[id];
    at->kernel = where.kernel;
    at->file = where.file;
    at->line = where.line;
    at->sass = where.sass;
    return at;
}

/* ------------------------------------------------------------------ the profile */

typedef struct Emit {
    NcuCsv *in;
    ProfileBuilder *build;
    size_t column[PROFILE_METRICS_MAX]; /* of our metrics, in the profile */
    size_t time;                        /* SIZE_MAX: no page told one */
    uint32_t *frames;                   /* by kernel */
    double *samples;                    /* by kernel, of its lines */
    size_t *heaviest;                   /* by kernel: line + 1 with the most samples */
    int64_t *given;                     /* by kernel: time on its lines so far */
} Emit;

static void count_launches(NcuCsv *in)
{
    for (size_t i = 1; i < in->launches.len; i++) {
        const NcuCsvLaunch *launch = &in->launches.items[i];
        NcuCsvKernel *kernel = &in->kernels.items[launch->kernel];
        if (!kernel->launches++ || launch->duration_ns > kernel->longest_ns) {
            kernel->longest = i;
            kernel->longest_ns = launch->duration_ns;
        }
        kernel->total_ns += launch->duration_ns < TIME_MAX - kernel->total_ns
                                ? launch->duration_ns
                                : TIME_MAX - kernel->total_ns;
    }
}

/* As read_ncu.c orders them: samples, time, what was executed, stalls. */
static void add_metrics(Emit *to)
{
    static const Str ORDER[] = {
        STR_CONST("instructions"),
        STR_CONST("thread_instructions"),
        STR_CONST("predicated_on_thread_instructions"),
        STR_CONST("global_sectors"),
        STR_CONST("global_sectors_ideal"),
        STR_CONST("local_sectors"),
        STR_CONST("shared_wavefronts"),
        STR_CONST("shared_wavefronts_ideal"),
        STR_CONST("divergent_branches"),
    };
    NcuCsv *in = to->in;
    bool timed = !in->sampled;
    array_each (NcuCsvKernel, kernel, &in->kernels)
        timed |= kernel->total_ns > 0;
    to->column[0] = SIZE_MAX;
    if (in->sampled)
        to->column[0] = profile_add_metric(to->build, in->metrics[0], S("count"), true);
    to->time =
        timed ? profile_add_metric(to->build, S("gpu_time"), S("ns"), in->sampled) : SIZE_MAX;
    for (size_t i = 0; i < sizeof(ORDER) / sizeof(ORDER[0]); i++)
        for (size_t m = 1; m < in->metrics_len; m++)
            if (str_eq(in->metrics[m], ORDER[i]))
                profile_add_metric(to->build, in->metrics[m], S("count"), false);
    for (size_t m = 1; m < in->metrics_len; m++)
        to->column[m] = profile_add_metric(to->build, in->metrics[m], S("count"),
                                           str_starts(in->metrics[m], S("stall_")));
}

static ProfileFrame gpu_frame(Emit *to, const NcuCsvKernel *kernel, uint32_t file, uint32_t line)
{
    uint32_t name = profile_add_text(to->build, kernel->name);
    return (ProfileFrame){.function = name,
                          .module = name,
                          .file = profile_add_text(to->build, intern_str(&to->in->names, file)),
                          .line = line,
                          .kind = FRAME_GPU};
}

/* A page with lines says more than one without, of the same launches. */
static bool is_used(const NcuCsv *in, const NcuCsvLine *line)
{
    return line->kernel && !(line->sass && in->kernels.items[line->kernel].has_lines);
}

static void sum_lines(Emit *to)
{
    NcuCsv *in = to->in;
    for (size_t i = 1; i < in->lines.len; i++) {
        const NcuCsvLine *line = &in->lines.items[i];
        size_t *heaviest = &to->heaviest[line->kernel];
        if (!is_used(in, line))
            continue;
        to->samples[line->kernel] += (double)line->weights[0];
        if (!*heaviest || line->weights[0] > in->lines.items[*heaviest - 1].weights[0])
            *heaviest = i + 1;
    }
}

static int64_t time_of(Emit *to, size_t number)
{
    const NcuCsvLine *line = &to->in->lines.items[number];
    const NcuCsvKernel *kernel = &to->in->kernels.items[line->kernel];
    if (!(to->samples[line->kernel] > 0))
        return 0;
    double part = (double)line->weights[0] / to->samples[line->kernel];
    return (int64_t)((double)kernel->total_ns * part);
}

static void add_lines(Emit *to)
{
    NcuCsv *in = to->in;
    for (size_t i = 1; i < in->lines.len; i++)
        if (is_used(in, &in->lines.items[i]))
            to->given[in->lines.items[i].kernel] += time_of(to, i);
    for (size_t i = 1; i < in->lines.len; i++) {
        const NcuCsvLine *line = &in->lines.items[i];
        const NcuCsvKernel *kernel = &in->kernels.items[line->kernel];
        int64_t weights[PROFILE_METRICS_MAX] = {0};
        if (!is_used(in, line))
            continue;
        for (size_t m = 0; m < in->metrics_len; m++)
            if (to->column[m] != SIZE_MAX)
                weights[to->column[m]] = line->weights[m];
        if (to->time != SIZE_MAX) {
            weights[to->time] = time_of(to, i);
            if (to->heaviest[line->kernel] == i + 1 && to->samples[line->kernel] > 0)
                weights[to->time] += kernel->total_ns - to->given[line->kernel];
        }
        ProfileFrame frame =
            gpu_frame(to, kernel, line->line ? line->file : kernel->file, line->line);
        uint32_t stack = profile_add_stack(to->build, 0, profile_add_frame(to->build, frame));
        ProfileSample sample = {.stack = stack, .count = (uint64_t)line->weights[0]};
        profile_add_sample(to->build, sample, weights);
    }
}

/* What no page spreads over lines: the time, and the sums of the raw page. */
static void add_launch(Emit *to, const NcuCsvLaunch *launch)
{
    int64_t weights[PROFILE_METRICS_MAX] = {0};
    uint64_t samples = 1;
    const NcuCsvKernel *kernel = &to->in->kernels.items[launch->kernel];
    bool has_lines = kernel->has_lines || kernel->has_sass;
    if (has_lines && to->samples[launch->kernel] > 0)
        return;
    array_each (NcuCsvTotal, total, &launch->totals) {
        if (has_lines || to->column[total->metric] == SIZE_MAX)
            continue;
        weights[to->column[total->metric]] = total->value;
        if (total->metric == 0)
            samples = (uint64_t)total->value;
    }
    if (to->time != SIZE_MAX)
        weights[to->time] = launch->duration_ns;
    uint32_t stack = profile_add_stack(to->build, 0, to->frames[launch->kernel]);
    profile_add_sample(to->build, (ProfileSample){.stack = stack, .count = samples}, weights);
}

/* ------------------------------------------------------------------ facts and findings */

static void add_number(Emit *to, uint32_t frame, Str name, double value, Str unit)
{
    profile_add_fact(to->build, (ProfileFact){.frame = frame,
                                              .name = profile_add_text(to->build, name),
                                              .unit = profile_add_text(to->build, unit),
                                              .value = value});
}

static void add_text(Emit *to, uint32_t frame, Str name, Str text)
{
    profile_add_fact(to->build, (ProfileFact){.frame = frame,
                                              .name = profile_add_text(to->build, name),
                                              .text = profile_add_text(to->build, text)});
}

/* "(128, 1, 1)": "128 × 1 × 1" */
static void add_size(Emit *to, uint32_t frame, Str name, Str size)
{
    unsigned long long sizes[3] = {0};
    Str rest = size, part;
    if (!str_starts(size, S("(")) || !str_ends(size, S(")")))
        return;
    rest = str_head(str_from(rest, 1), rest.len - 2);
    for (size_t i = 0; i < 3; i++) {
        uint64_t number = 0;
        if (!str_cut(rest, ',', &part, &rest)) {
            part = rest;
            rest = (Str){0};
        }
        if (!str_to_u64(str_trim(part), &number))
            return;
        sizes[i] = number;
    }
    add_text(to, frame, name,
             str_fmt(to->in->arena, "%llu × %llu × %llu", sizes[0], sizes[1], sizes[2]));
}

static void add_fact(Emit *to, uint32_t frame, const NcuCsvFact *fact, Str name, Str unit)
{
    if (fact->text.len)
        add_text(to, frame, name, fact->text);
    else
        add_number(to, frame, name, fact->value, unit);
}

/* Of several instances of a template those that took longest stand for their frame. */
typedef struct Instances {
    size_t count;
    size_t longest; /* kernel */
} Instances;

static Instances *instances_of_frames(Emit *to)
{
    NcuCsv *in = to->in;
    IdMap of = idmap_new(in->arena); /* frame to its first kernel + 1 */
    Instances *all = NEW_ARRAY(in->arena, Instances, in->kernels.len + 1);
    for (size_t i = 1; i < in->kernels.len; i++) {
        const NcuCsvKernel *kernel = &in->kernels.items[i];
        if (!kernel->launches)
            continue;
        uint32_t *first = idmap_slot(&of, to->frames[i]);
        if (!*first)
            *first = (uint32_t)i;
        Instances *here = &all[*first];
        if (!here->count++ || kernel->total_ns > in->kernels.items[here->longest].total_ns)
            here->longest = i;
    }
    return all;
}

static void add_facts(Emit *to, uint32_t frame, const NcuCsvKernel *kernel,
                      const NcuCsvLaunch *launch, size_t instances)
{
    const NcuFactRow *rows;
    size_t len = ncu_fact_rows(&rows);
    add_text(to, frame, S("kernel"), kernel->full);
    if (instances > 1)
        add_number(to, frame, S("template instances"), (double)instances, S("count"));
    add_number(to, frame, S("launches"), (double)kernel->launches, S("count"));
    if (kernel->total_ns)
        add_number(to, frame, S("time of all launches"), (double)kernel->total_ns, S("ns"));
    if (launch->duration_ns)
        add_number(to, frame, S("duration"), (double)launch->duration_ns, S("ns"));
    add_size(to, frame, S("grid"), launch->grid);
    add_size(to, frame, S("block"), launch->block);
    for (size_t i = 0; i < len; i++)
        array_each (NcuCsvFact, fact, &launch->facts)
            if (str_eq(fact->metric, rows[i].ncu)) {
                add_fact(to, frame, fact, rows[i].name, rows[i].unit);
                fact->asked = false;
            }
    array_each (NcuCsvFact, fact, &launch->facts)
        if (fact->asked)
            add_fact(to, frame, fact, fact->metric, fact->unit.len ? fact->unit : S("count"));
}

/* What a rule says of a kernel in all its launches, in the words of the longest. */
typedef struct Verdict {
    const NcuCsvRule *rule;
    uint32_t kernel;
    size_t launches;
} Verdict;

static void add_finding(Emit *to, const Verdict *verdict)
{
    const NcuCsvRule *rule = verdict->rule;
    Arena *arena = to->in->arena;
    size_t all = to->in->kernels.items[verdict->kernel].launches;
    Str message = strbuf_str(&rule->message);
    if (all > 1)
        message = str_fmt(arena, STR_FMT " (in %zu of %zu launches)", STR_ARG(message),
                          verdict->launches, all);
    Str title = ncu_csv_rule_title(arena, rule->name);
    profile_add_finding(to->build, (ProfileFinding){.frame = to->frames[verdict->kernel],
                                                    .rule = profile_add_text(to->build, title),
                                                    .message = profile_add_text(to->build, message),
                                                    .kind = (uint16_t)rule->kind,
                                                    .local = rule->local,
                                                    .speedup = rule->speedup});
}

static void add_findings(Emit *to)
{
    NcuCsv *in = to->in;
    Intern keys = intern_new(in->arena);
    Array(Verdict) verdicts = {0};
    for (size_t i = 1; i < in->launches.len; i++) {
        const NcuCsvLaunch *launch = &in->launches.items[i];
        array_each (NcuCsvRule, rule, &launch->rules) {
            uint32_t id = intern_id(
                &keys, str_fmt(in->arena, "%u " STR_FMT, launch->kernel, STR_ARG(rule->name)));
            while (verdicts.len <= id)
                array_push(in->arena, &verdicts);
            Verdict *verdict = &verdicts.items[id];
            bool is_longest = in->kernels.items[launch->kernel].longest == i;
            if (!verdict->rule || is_longest)
                verdict->rule = rule;
            verdict->kernel = launch->kernel;
            verdict->launches++;
        }
    }
    array_each (Verdict, verdict, &verdicts)
        if (verdict->rule && verdict->rule->message.len)
            add_finding(to, verdict);
}

static void add_accesses(Emit *to)
{
    NcuAccesses *all = &to->in->accesses;
    for (size_t i = 1; i < all->items.len; i++) {
        NcuLineAccess *item = &all->items.items[i];
        item->file = profile_add_text(to->build, intern_str(&to->in->names, item->file));
        item->frame = to->frames[item->frame];
    }
    ncu_access_findings(all, to->build);
}

static void add_notes(Emit *to, const NcuCsvKernel *kernel)
{
    if (kernel->has_lines)
        return;
    if (kernel->has_sass)
        profile_note(to->build,
                     STR_FMT
                     ": a page without source lines, so its numbers are the whole kernel's; "
                     "--print-source cuda,sass prints them, of what was built with -lineinfo",
                     STR_ARG(kernel->name));
    else
        profile_note(to->build,
                     STR_FMT ": no numbers per line; ncu prints them with --page source "
                             "--print-source cuda,sass",
                     STR_ARG(kernel->name));
}

Profile ncu_csv_profile(NcuCsv *in, ProfileBuilder *build)
{
    Emit to = {.in = in,
               .build = build,
               .frames = NEW_ARRAY(in->arena, uint32_t, in->kernels.len + 1),
               .samples = NEW_ARRAY(in->arena, double, in->kernels.len + 1),
               .heaviest = NEW_ARRAY(in->arena, size_t, in->kernels.len + 1),
               .given = NEW_ARRAY(in->arena, int64_t, in->kernels.len + 1)};
    count_launches(in);
    add_metrics(&to);
    sum_lines(&to);
    for (size_t i = 1; i < in->kernels.len; i++) {
        const NcuCsvKernel *kernel = &in->kernels.items[i];
        to.frames[i] = profile_add_frame(build, gpu_frame(&to, kernel, kernel->file, 0));
    }
    add_lines(&to);
    for (size_t i = 1; i < in->launches.len; i++)
        add_launch(&to, &in->launches.items[i]);
    for (size_t i = 1; i < in->kernels.len; i++) {
        const NcuCsvKernel *kernel = &in->kernels.items[i];
        add_notes(&to, kernel);
    }
    const Instances *instances = instances_of_frames(&to);
    for (size_t i = 1; i < in->kernels.len; i++) {
        size_t best = instances[i].longest;
        const NcuCsvKernel *kernel = &in->kernels.items[best];
        if (instances[i].count)
            add_facts(&to, to.frames[best], kernel, &in->launches.items[kernel->longest],
                      instances[i].count);
    }
    add_findings(&to);
    add_accesses(&to);
    return profile_build(build, S("ncu"), S("ncu csv"));
}
