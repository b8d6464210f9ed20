#include "analysis/profile/store.h"

#include <string.h>

#include "analysis/profile/readers_version.h"
#include "base/strbuf.h"

/* Raise it whenever a column changes its meaning. What a reader gives is READERS_VERSION's. */
enum {
    STORE_VERSION = 7
};

static const char MAGIC[8] = {'p', 'e', 'r', 'f', 'p', 'l', 'p', '\n'};

typedef enum SectionId {
    SECTION_META_LENGTHS, /* of tool, format and each note */
    SECTION_META_BYTES,
    SECTION_TEXT_OFFSETS,
    SECTION_TEXT_BYTES,
    SECTION_METRICS,
    SECTION_FRAMES,
    SECTION_STACKS,
    SECTION_THREADS,
    SECTION_SAMPLE_STACK,
    SECTION_SAMPLE_THREAD,
    SECTION_SAMPLE_COUNT,
    SECTION_WEIGHTS, /* one column after the other */
    SECTION_CALLS,
    SECTION_CALL_TOTALS,
    SECTION_FRAME_TOTALS,
    SECTION_FACTS,
    SECTION_FINDINGS,
    SECTION_SOURCES,
    SECTION_AWAITED,
    SECTIONS,
} SectionId;

static const size_t ITEM_BYTES[SECTIONS] = {
    [SECTION_META_LENGTHS] = sizeof(uint64_t),   [SECTION_META_BYTES] = 1,
    [SECTION_TEXT_OFFSETS] = sizeof(uint64_t),   [SECTION_TEXT_BYTES] = 1,
    [SECTION_METRICS] = sizeof(ProfileMetric),   [SECTION_FRAMES] = sizeof(ProfileFrame),
    [SECTION_STACKS] = sizeof(ProfileStack),     [SECTION_THREADS] = sizeof(ProfileThread),
    [SECTION_SAMPLE_STACK] = sizeof(uint32_t),   [SECTION_SAMPLE_THREAD] = sizeof(uint32_t),
    [SECTION_SAMPLE_COUNT] = sizeof(uint64_t),   [SECTION_WEIGHTS] = sizeof(int64_t),
    [SECTION_CALLS] = sizeof(ProfileCall),       [SECTION_CALL_TOTALS] = sizeof(int64_t),
    [SECTION_FRAME_TOTALS] = sizeof(int64_t),    [SECTION_FACTS] = sizeof(ProfileFact),
    [SECTION_FINDINGS] = sizeof(ProfileFinding), [SECTION_SOURCES] = sizeof(ProfileSource),
    [SECTION_AWAITED] = sizeof(ProfileAwaited),
};

typedef struct Section {
    uint64_t offset;
    uint64_t items;
} Section;

typedef struct Head {
    char magic[8];
    uint32_t version;
    uint32_t graph;
    uint64_t readers; /* those that wrote it */
    uint64_t file_bytes;
    Section sections[SECTIONS];
} Head;

/* True when the bytes begin like a profile file of ours, of any version. */
static bool is_store(Str bytes)
{
    return bytes.len >= sizeof(MAGIC) && !memcmp(bytes.ptr, MAGIC, sizeof(MAGIC));
}

bool profile_store_is_older(Str bytes)
{
    Head head;
    if (bytes.len < sizeof(head) || memcmp(bytes.ptr, MAGIC, sizeof(MAGIC)))
        return false;
    memcpy(&head, bytes.ptr, sizeof(head));
    return head.readers != READERS_VERSION;
}

/* ------------------------------------------------------------------ writing */

static void put(StrBuf *out, Head *head, SectionId id, const void *items, size_t len)
{
    while (out->len % 8)
        strbuf_char(out, 0);
    if (!head->sections[id].offset)
        head->sections[id].offset = out->len;
    head->sections[id].items += len;
    if (len)
        strbuf_add(out, (Str){items, len * ITEM_BYTES[id]});
}

static void put_columns(StrBuf *out, Head *head, SectionId id, const int64_t *const *columns,
                        size_t metrics, size_t rows)
{
    for (size_t m = 0; m < metrics; m++)
        put(out, head, id, columns[m], rows);
}

static void put_meta(Arena *arena, StrBuf *out, Head *head, const Profile *profile)
{
    size_t count = profile->notes_len + 2;
    uint64_t *lengths = NEW_ARRAY(arena, uint64_t, count);
    StrBuf bytes = strbuf_new(arena);
    for (size_t i = 0; i < count; i++) {
        Str text = i == 0 ? profile->tool : i == 1 ? profile->format : profile->notes[i - 2];
        lengths[i] = text.len;
        strbuf_add(&bytes, text);
    }
    put(out, head, SECTION_META_LENGTHS, lengths, count);
    put(out, head, SECTION_META_BYTES, bytes.ptr, bytes.len);
}

Str profile_store_write(Arena *arena, const Profile *profile)
{
    Head head = {.version = STORE_VERSION, .graph = profile->graph, .readers = READERS_VERSION};
    StrBuf out = strbuf_new(arena);
    size_t metrics = profile->metrics_len, samples = profile->samples_len;
    memcpy(head.magic, MAGIC, sizeof(MAGIC));
    strbuf_reserve(&out, sizeof(head));
    out.len = sizeof(head);
    put_meta(arena, &out, &head, profile);
    put(&out, &head, SECTION_TEXT_OFFSETS, profile->text_offsets, profile->texts_len + 1);
    put(&out, &head, SECTION_TEXT_BYTES, profile->text_bytes,
        (size_t)profile->text_offsets[profile->texts_len]);
    put(&out, &head, SECTION_METRICS, profile->metrics, metrics);
    put(&out, &head, SECTION_FRAMES, profile->frames, profile->frames_len);
    put(&out, &head, SECTION_STACKS, profile->stacks, profile->stacks_len);
    put(&out, &head, SECTION_THREADS, profile->threads, profile->threads_len);
    put(&out, &head, SECTION_SAMPLE_STACK, profile->sample_stack, samples);
    put(&out, &head, SECTION_SAMPLE_THREAD, profile->sample_thread, samples);
    put(&out, &head, SECTION_SAMPLE_COUNT, profile->sample_count, samples);
    put_columns(&out, &head, SECTION_WEIGHTS, profile->weights, metrics, samples);
    if (profile->graph) {
        put(&out, &head, SECTION_CALLS, profile->calls, profile->calls_len);
        put_columns(&out, &head, SECTION_CALL_TOTALS, profile->call_totals, metrics,
                    profile->calls_len);
        put_columns(&out, &head, SECTION_FRAME_TOTALS, profile->frame_totals, metrics,
                    profile->frames_len);
    }
    put(&out, &head, SECTION_FACTS, profile->facts, profile->facts_len);
    put(&out, &head, SECTION_FINDINGS, profile->findings, profile->findings_len);
    put(&out, &head, SECTION_SOURCES, profile->sources, profile->sources_len);
    put(&out, &head, SECTION_AWAITED, profile->awaited, profile->awaited_len);
    head.file_bytes = out.len;
    memcpy(out.ptr, &head, sizeof(head));
    return strbuf_str(&out);
}

/* ------------------------------------------------------------------ checking */

static bool bad(Err *err, const char *what)
{
    return err_set(err, ERR_INPUT, "damaged profile file: %s", what);
}

static const void *items(Str bytes, const Head *head, SectionId id)
{
    return head->sections[id].items ? bytes.ptr + head->sections[id].offset : NULL;
}

static bool check_head(Str bytes, Head *head, Err *err)
{
    if (!is_store(bytes) || bytes.len < sizeof(*head))
        return bad(err, "the head is missing");
    memcpy(head, bytes.ptr, sizeof(*head));
    if (head->version != STORE_VERSION)
        return err_set(err, ERR_UNSUPPORTED, "profile file of version %u, this is %d",
                       head->version, STORE_VERSION);
    if (head->file_bytes != bytes.len)
        return bad(err, "cut off");
    for (size_t i = 0; i < SECTIONS; i++) {
        const Section *section = &head->sections[i];
        if (section->items && (section->offset % 8 || section->offset > bytes.len ||
                               section->items > (bytes.len - section->offset) / ITEM_BYTES[i]))
            return bad(err, "a section lies outside of it");
    }
    return true;
}

static bool check_texts(const Profile *profile, uint64_t bytes, Err *err)
{
    const uint64_t *offsets = profile->text_offsets;
    if (profile->texts_len == 0 || offsets[0] || offsets[1] || offsets[profile->texts_len] != bytes)
        return bad(err, "text table");
    for (size_t i = 0; i < profile->texts_len; i++)
        if (offsets[i] > offsets[i + 1])
            return bad(err, "text table is not in order");
    return true;
}

static bool check_said(const Profile *profile, Err *err)
{
    size_t texts = profile->texts_len;
    for (size_t i = 0; i < profile->facts_len; i++) {
        const ProfileFact *fact = &profile->facts[i];
        if (fact->frame >= profile->frames_len || fact->name >= texts || fact->unit >= texts ||
            fact->text >= texts)
            return bad(err, "a fact");
    }
    for (size_t i = 0; i < profile->findings_len; i++) {
        const ProfileFinding *finding = &profile->findings[i];
        if (finding->frame >= profile->frames_len || finding->file >= texts ||
            finding->rule >= texts || finding->message >= texts || finding->kind >= FINDING_KINDS)
            return bad(err, "a finding");
    }
    for (size_t i = 0; i < profile->sources_len; i++)
        if (profile->sources[i].file >= texts || profile->sources[i].content >= texts)
            return bad(err, "a source");
    for (size_t i = 0; i < profile->awaited_len; i++)
        if (profile->awaited[i].path >= texts)
            return bad(err, "an awaited file");
    return true;
}

static bool check_tables(const Profile *profile, Err *err)
{
    size_t texts = profile->texts_len;
    for (size_t i = 0; i < profile->metrics_len; i++)
        if (profile->metrics[i].name >= texts || profile->metrics[i].unit >= texts)
            return bad(err, "name of a metric");
    for (size_t i = 0; i < profile->threads_len; i++)
        if (profile->threads[i].name >= texts || profile->threads[i].process >= texts)
            return bad(err, "name of a thread");
    for (size_t i = 0; i < profile->frames_len; i++) {
        const ProfileFrame *frame = &profile->frames[i];
        if (frame->function >= texts || frame->file >= texts || frame->module >= texts ||
            frame->kind >= FRAME_KINDS)
            return bad(err, "a frame");
    }
    for (size_t i = 0; i < profile->stacks_len; i++) {
        const ProfileStack *stack = &profile->stacks[i];
        if (i ? stack->parent >= i || stack->frame >= profile->frames_len
              : stack->parent || stack->frame)
            return bad(err, "a stack");
    }
    for (size_t i = 0; i < profile->samples_len; i++)
        if (profile->sample_stack[i] >= profile->stacks_len ||
            profile->sample_thread[i] >= profile->threads_len)
            return bad(err, "a sample");
    for (size_t i = 0; i < profile->calls_len; i++)
        if (profile->calls[i].caller >= profile->frames_len ||
            profile->calls[i].callee >= profile->frames_len)
            return bad(err, "a call");
    return check_said(profile, err);
}

/* Nobody who adds up a column has to think of overflow. */
static bool check_sum(const int64_t *column, size_t rows, Err *err)
{
    int64_t sum = 0;
    for (size_t i = 0; i < rows; i++)
        if (column[i] == INT64_MIN ||
            __builtin_add_overflow(sum, column[i] < 0 ? -column[i] : column[i], &sum))
            return bad(err, "weights beyond all measure");
    return true;
}

static bool take_columns(Str bytes, const Head *head, SectionId id, const int64_t **columns,
                         size_t metrics, size_t rows, Err *err)
{
    if (head->sections[id].items != (uint64_t)metrics * rows)
        return bad(err, "a column is too short or too long");
    const int64_t *all = items(bytes, head, id);
    for (size_t m = 0; m < metrics; m++) {
        columns[m] = rows ? all + m * rows : NULL;
        if (!check_sum(columns[m], rows, err))
            return false;
    }
    return true;
}

static bool take_meta(Arena *arena, Str bytes, const Head *head, Profile *out, Err *err)
{
    const uint64_t *lengths = items(bytes, head, SECTION_META_LENGTHS);
    size_t count = (size_t)head->sections[SECTION_META_LENGTHS].items;
    Str rest = {items(bytes, head, SECTION_META_BYTES),
                (size_t)head->sections[SECTION_META_BYTES].items};
    if (count < 2 || count > PROFILE_NOTES_MAX + 3)
        return bad(err, "notes");
    out->notes = NEW_ARRAY(arena, Str, count);
    out->notes_len = count - 2;
    for (size_t i = 0; i < count; i++) {
        if (lengths[i] > rest.len)
            return bad(err, "notes");
        Str text = str_copy(arena, str_head(rest, (size_t)lengths[i]));
        rest = str_from(rest, (size_t)lengths[i]);
        *(i == 0 ? &out->tool : i == 1 ? &out->format : &out->notes[i - 2]) = text;
    }
    return true;
}

static bool take_all_columns(Str bytes, const Head *head, Profile *out, Err *err)
{
    size_t metrics = out->metrics_len;
    if (!take_columns(bytes, head, SECTION_WEIGHTS, out->weights, metrics, out->samples_len, err))
        return false;
    return !out->graph || (take_columns(bytes, head, SECTION_CALL_TOTALS, out->call_totals, metrics,
                                        out->calls_len, err) &&
                           take_columns(bytes, head, SECTION_FRAME_TOTALS, out->frame_totals,
                                        metrics, out->frames_len, err));
}

bool profile_store_map(Arena *arena, Str bytes, Profile *out, Err *err)
{
    Head head;
    if (!check_head(bytes, &head, err))
        return false;
    const Section *at = head.sections;
    Profile profile = {
        .text_offsets = items(bytes, &head, SECTION_TEXT_OFFSETS),
        .text_bytes = items(bytes, &head, SECTION_TEXT_BYTES),
        .texts_len = at[SECTION_TEXT_OFFSETS].items ? at[SECTION_TEXT_OFFSETS].items - 1 : 0,
        .metrics = items(bytes, &head, SECTION_METRICS),
        .metrics_len = at[SECTION_METRICS].items,
        .frames = items(bytes, &head, SECTION_FRAMES),
        .frames_len = at[SECTION_FRAMES].items,
        .stacks = items(bytes, &head, SECTION_STACKS),
        .stacks_len = at[SECTION_STACKS].items,
        .threads = items(bytes, &head, SECTION_THREADS),
        .threads_len = at[SECTION_THREADS].items,
        .samples_len = at[SECTION_SAMPLE_STACK].items,
        .sample_stack = items(bytes, &head, SECTION_SAMPLE_STACK),
        .sample_thread = items(bytes, &head, SECTION_SAMPLE_THREAD),
        .sample_count = items(bytes, &head, SECTION_SAMPLE_COUNT),
        .graph = head.graph != 0,
        .calls = items(bytes, &head, SECTION_CALLS),
        .calls_len = at[SECTION_CALLS].items,
        .facts = items(bytes, &head, SECTION_FACTS),
        .facts_len = at[SECTION_FACTS].items,
        .findings = items(bytes, &head, SECTION_FINDINGS),
        .findings_len = at[SECTION_FINDINGS].items,
        .sources = items(bytes, &head, SECTION_SOURCES),
        .sources_len = at[SECTION_SOURCES].items,
        .awaited = items(bytes, &head, SECTION_AWAITED),
        .awaited_len = at[SECTION_AWAITED].items,
    };
    if (profile.metrics_len == 0 || profile.metrics_len > PROFILE_METRICS_MAX ||
        profile.stacks_len == 0 || profile.threads_len == 0 ||
        at[SECTION_SAMPLE_THREAD].items != profile.samples_len ||
        at[SECTION_SAMPLE_COUNT].items != profile.samples_len || profile.frames_len > UINT32_MAX ||
        profile.stacks_len > UINT32_MAX || profile.samples_len > UINT32_MAX)
        return bad(err, "sections do not fit together");
    if (!check_texts(&profile, at[SECTION_TEXT_BYTES].items, err) || !check_tables(&profile, err) ||
        !take_all_columns(bytes, &head, &profile, err) ||
        !take_meta(arena, bytes, &head, &profile, err))
        return false;
    *out = profile;
    return true;
}
