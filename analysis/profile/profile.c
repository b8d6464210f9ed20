#include "analysis/profile/profile.h"

#include "base/strbuf.h"

Str profile_text(const Profile *profile, uint32_t text)
{
    uint64_t start = profile->text_offsets[text];
    return (Str){profile->text_bytes + start, (size_t)(profile->text_offsets[text + 1] - start)};
}

size_t profile_metric(const Profile *profile, Str name)
{
    for (size_t i = 0; i < profile->metrics_len; i++)
        if (str_eq(profile_text(profile, profile->metrics[i].name), name))
            return i;
    return SIZE_MAX;
}

int64_t profile_total(const Profile *profile, size_t metric)
{
    int64_t sum = 0;
    for (size_t i = 0; i < profile->samples_len; i++)
        if (__builtin_add_overflow(sum, profile->weights[metric][i], &sum))
            return INT64_MAX;
    return sum;
}

uint64_t profile_count(const Profile *profile)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < profile->samples_len; i++)
        sum += profile->sample_count[i];
    return sum;
}

Str frame_kind_name(FrameKind kind)
{
    static const Str NAMES[FRAME_KINDS] = {
        [FRAME_USER] = STR_CONST("user"),     [FRAME_BUILTIN] = STR_CONST("builtin"),
        [FRAME_FROZEN] = STR_CONST("frozen"), [FRAME_GENERATED] = STR_CONST("generated"),
        [FRAME_NATIVE] = STR_CONST("native"), [FRAME_KERNEL] = STR_CONST("kernel"),
        [FRAME_GPU] = STR_CONST("gpu"),       [FRAME_LABEL] = STR_CONST("label"),
    };
    return (unsigned)kind < FRAME_KINDS ? NAMES[kind] : S("unknown");
}

/* py-spy begins a stack with `process 7:"python run.py"`, or `thread (0x7F): name`, when asked to. */
static bool is_label(Str function)
{
    Str pid, rest;
    uint64_t number;
    if (str_starts(function, S("thread (")))
        return true;
    return str_starts(function, S("process ")) &&
           str_cut(str_from(function, 8), ':', &pid, &rest) && str_to_u64(pid, &number);
}

FrameKind frame_kind_of(Str function, Str file)
{
    if (str_eq(file, S("~")) || str_starts(function, S("<built-in ")))
        return FRAME_BUILTIN;
    if (str_starts(file, S("<frozen ")))
        return FRAME_FROZEN;
    if (str_starts(file, S("<")) && str_ends(file, S(">")))
        return FRAME_GENERATED;
    if (str_ends(file, S(".so")) || str_has(file, S(".so.")))
        return FRAME_NATIVE;
    if (file.len)
        return FRAME_USER;
    if (is_label(function))
        return FRAME_LABEL;
    if (str_has(function, S("[kernel")))
        return FRAME_KERNEL;
    return str_starts(function, S("[")) ? FRAME_NATIVE : FRAME_USER;
}

Str finding_kind_name(FindingKind kind)
{
    static const Str NAMES[FINDING_KINDS] = {
        [FINDING_NOTE] = STR_CONST("note"),
        [FINDING_WARNING] = STR_CONST("warning"),
        [FINDING_OPTIMIZATION] = STR_CONST("optimization"),
        [FINDING_WAIT] = STR_CONST("waits"),
        [FINDING_WAIT_PART] = STR_CONST("waits beside work"),
        [FINDING_LAUNCH] = STR_CONST("launches"),
    };
    return (unsigned)kind < FINDING_KINDS ? NAMES[kind] : S("unknown");
}

Str profile_frame_text(Arena *arena, const Profile *profile, uint32_t frame)
{
    const ProfileFrame *at = &profile->frames[frame];
    StrBuf out = strbuf_new(arena);
    strbuf_add(&out, profile_text(profile, at->function));
    if (at->file || at->line)
        strbuf_fmt(&out, " (" STR_FMT, STR_ARG(profile_text(profile, at->file)));
    if (at->line)
        strbuf_fmt(&out, ":%u", at->line);
    if (at->file || at->line)
        strbuf_char(&out, ')');
    if (at->inlined)
        strbuf_add(&out, S(" (inlined)"));
    return strbuf_str(&out);
}

static uint32_t copy_text(ProfileBuilder *build, const Profile *from, uint32_t text)
{
    return profile_add_text(build, profile_text(from, text));
}

/* The profile's metrics as columns of the merged one. */
static void merge_metrics(ProfileBuilder *build, const Profile *from, size_t *columns, size_t *len)
{
    for (size_t m = 0; m < from->metrics_len; m++) {
        const ProfileMetric *metric = &from->metrics[m];
        columns[m] = profile_add_metric(build, profile_text(from, metric->name),
                                        profile_text(from, metric->unit), metric->sampled);
        if (columns[m] != SIZE_MAX && columns[m] >= *len)
            *len = columns[m] + 1;
    }
}

static void spread(const int64_t *const *from, size_t item, const size_t *columns, size_t len,
                   int64_t *out)
{
    for (size_t m = 0; m < PROFILE_METRICS_MAX; m++)
        out[m] = 0;
    for (size_t m = 0; m < len; m++)
        if (columns[m] != SIZE_MAX)
            out[columns[m]] = from[m][item];
}

static uint32_t *merge_frames(Arena *arena, ProfileBuilder *build, const Profile *from)
{
    uint32_t *ids = NEW_ARRAY(arena, uint32_t, from->frames_len + 1);
    for (size_t i = 0; i < from->frames_len; i++) {
        ProfileFrame frame = from->frames[i];
        frame.function = copy_text(build, from, frame.function);
        frame.file = copy_text(build, from, frame.file);
        frame.module = copy_text(build, from, frame.module);
        ids[i] = profile_add_frame(build, frame);
    }
    return ids;
}

void profile_copy_said(ProfileBuilder *build, const Profile *from, const uint32_t *frames)
{
    for (size_t i = 0; i < from->facts_len; i++) {
        ProfileFact fact = from->facts[i];
        fact.frame = frames[fact.frame];
        fact.name = copy_text(build, from, fact.name);
        fact.unit = copy_text(build, from, fact.unit);
        fact.text = copy_text(build, from, fact.text);
        profile_add_fact(build, fact);
    }
    for (size_t i = 0; i < from->findings_len; i++) {
        ProfileFinding finding = from->findings[i];
        finding.frame = frames[finding.frame];
        finding.file = copy_text(build, from, finding.file);
        finding.rule = copy_text(build, from, finding.rule);
        finding.message = copy_text(build, from, finding.message);
        profile_add_finding(build, finding);
    }
    for (size_t i = 0; i < from->sources_len; i++)
        profile_add_source(build,
                           (ProfileSource){copy_text(build, from, from->sources[i].file),
                                           copy_text(build, from, from->sources[i].content)});
}

static void merge_one(Arena *arena, ProfileBuilder *build, const Profile *from,
                      const size_t *columns)
{
    int64_t values[PROFILE_METRICS_MAX];
    uint32_t *frames = merge_frames(arena, build, from);
    uint32_t *stacks = NEW_ARRAY(arena, uint32_t, from->stacks_len + 1);
    for (size_t i = 1; i < from->stacks_len; i++)
        stacks[i] =
            profile_add_stack(build, stacks[from->stacks[i].parent], frames[from->stacks[i].frame]);
    uint32_t *threads = NEW_ARRAY(arena, uint32_t, from->threads_len + 1);
    for (size_t i = 0; i < from->threads_len; i++) {
        ProfileThread thread = from->threads[i];
        thread.name = copy_text(build, from, thread.name);
        thread.process = copy_text(build, from, thread.process);
        threads[i] = profile_add_thread(build, thread);
    }
    for (size_t i = 0; i < from->samples_len; i++) {
        spread(from->weights, i, columns, from->metrics_len, values);
        profile_add_sample(build,
                           (ProfileSample){.stack = stacks[from->sample_stack[i]],
                                           .thread = threads[from->sample_thread[i]],
                                           .count = from->sample_count[i]},
                           values);
    }
    for (size_t i = 0; i < from->calls_len; i++) {
        ProfileCall call = from->calls[i];
        call.caller = frames[call.caller];
        call.callee = frames[call.callee];
        spread(from->call_totals, i, columns, from->metrics_len, values);
        profile_add_call(build, call, values);
    }
    for (size_t i = 0; from->graph && i < from->frames_len; i++) {
        spread(from->frame_totals, i, columns, from->metrics_len, values);
        profile_add_total(build, frames[i], values);
    }
    profile_copy_said(build, from, frames);
    for (size_t i = 0; i < from->notes_len; i++)
        profile_note(build, STR_FMT, STR_ARG(from->notes[i]));
}

Profile profile_merge(Arena *arena, const Profile *const *profiles, size_t len)
{
    ProfileBuilder *build = profile_builder_new(arena);
    size_t(*columns)[PROFILE_METRICS_MAX] =
        arena_alloc(arena, len + 1, sizeof(size_t[PROFILE_METRICS_MAX]));
    size_t metrics = 0;
    for (size_t i = 0; i < len; i++)
        merge_metrics(build, profiles[i], columns[i], &metrics);
    for (size_t i = 0; i < len; i++)
        merge_one(arena, build, profiles[i], columns[i]);
    return profile_build(build, len ? profiles[0]->tool : (Str){0},
                         len ? profiles[0]->format : (Str){0});
}
