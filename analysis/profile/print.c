/* profile_print: a profile as text, for people and for golden files. */

#include <stdlib.h>

#include "analysis/profile/profile.h"
#include "base/array.h"
#include "base/strbuf.h"

enum {
    PRINT_DEPTH = 200, /* inner frames that are printed of a deeper stack */
};

typedef struct Row {
    int64_t weight;
    size_t sample;
    Str text;
} Row;

static int by_weight(const void *a, const void *b)
{
    const Row *left = a, *right = b;
    if (left->weight != right->weight)
        return left->weight < right->weight ? 1 : -1;
    int order = str_cmp(left->text, right->text);
    return order ? order : (left->sample > right->sample) - (left->sample < right->sample);
}

static Str stack_text(Arena *arena, const Profile *profile, uint32_t stack)
{
    typedef Array(uint32_t) Path;
    Path path = {0};
    for (; stack && path.len < PRINT_DEPTH; stack = profile->stacks[stack].parent)
        *array_push(arena, &path) = profile->stacks[stack].frame;
    StrBuf out = strbuf_new(arena);
    if (stack)
        strbuf_add(&out, S("...;"));
    for (size_t i = path.len; i-- > 0;) {
        strbuf_add(&out, profile_frame_text(arena, profile, path.items[i]));
        if (i)
            strbuf_char(&out, ';');
    }
    return strbuf_str(&out);
}

static void print_head(StrBuf *out, const Profile *profile)
{
    strbuf_fmt(out, "profile: tool " STR_FMT ", format " STR_FMT ", %s\n",
               STR_ARG(profile->tool.len ? profile->tool : S("unknown")), STR_ARG(profile->format),
               profile->graph ? "call graph" : "stacks");
    strbuf_fmt(out, "frames %zu, stacks %zu, threads %zu, samples %zu of %llu\n",
               profile->frames_len, profile->stacks_len - 1, profile->threads_len,
               profile->samples_len, (unsigned long long)profile_count(profile));
    for (size_t m = 0; m < profile->metrics_len; m++)
        strbuf_fmt(out, "metric " STR_FMT " in " STR_FMT ", %s: total %lld\n",
                   STR_ARG(profile_text(profile, profile->metrics[m].name)),
                   STR_ARG(profile_text(profile, profile->metrics[m].unit)),
                   profile->metrics[m].sampled ? "sampled" : "exact",
                   (long long)profile_total(profile, m));
    for (size_t i = 0; i < profile->threads_len; i++)
        if (profile->threads[i].name || profile->threads[i].process)
            strbuf_fmt(out, "thread %zu: " STR_FMT STR_FMT "\n", i,
                       STR_ARG(profile_text(profile, profile->threads[i].process)),
                       STR_ARG(profile_text(profile, profile->threads[i].name)));
    for (size_t i = 0; i < profile->notes_len; i++)
        strbuf_fmt(out, "note: " STR_FMT "\n", STR_ARG(profile->notes[i]));
}

static void print_values(StrBuf *out, const Profile *profile, const int64_t *const *columns,
                         size_t row)
{
    for (size_t m = 0; m < profile->metrics_len; m++)
        strbuf_fmt(out, "%s%lld", m ? " " : "", (long long)columns[m][row]);
}

static void print_samples(Arena *arena, StrBuf *out, const Profile *profile)
{
    Row *rows = NEW_ARRAY(arena, Row, profile->samples_len + 1);
    for (size_t i = 0; i < profile->samples_len; i++)
        rows[i] =
            (Row){profile->weights[0][i], i, stack_text(arena, profile, profile->sample_stack[i])};
    qsort(rows, profile->samples_len, sizeof(*rows), by_weight);
    for (size_t i = 0; i < profile->samples_len; i++) {
        size_t sample = rows[i].sample;
        print_values(out, profile, profile->weights, sample);
        strbuf_fmt(out, " x%llu", (unsigned long long)profile->sample_count[sample]);
        if (profile->threads_len > 1)
            strbuf_fmt(out, " @%u", profile->sample_thread[sample]);
        if (profile->graph) {
            strbuf_add(out, S(" total "));
            print_values(out, profile, profile->frame_totals,
                         profile->stacks[profile->sample_stack[sample]].frame);
        }
        strbuf_fmt(out, " " STR_FMT "\n", STR_ARG(rows[i].text));
    }
}

static void print_calls(Arena *arena, StrBuf *out, const Profile *profile)
{
    Row *rows = NEW_ARRAY(arena, Row, profile->calls_len + 1);
    for (size_t i = 0; i < profile->calls_len; i++) {
        Str caller = profile_frame_text(arena, profile, profile->calls[i].caller);
        Str callee = profile_frame_text(arena, profile, profile->calls[i].callee);
        rows[i] = (Row){profile->call_totals[0][i], i,
                        str_fmt(arena, STR_FMT " -> " STR_FMT, STR_ARG(caller), STR_ARG(callee))};
    }
    qsort(rows, profile->calls_len, sizeof(*rows), by_weight);
    for (size_t i = 0; i < profile->calls_len; i++) {
        strbuf_add(out, S("call "));
        print_values(out, profile, profile->call_totals, rows[i].sample);
        strbuf_fmt(out, " x%llu " STR_FMT "\n",
                   (unsigned long long)profile->calls[rows[i].sample].count, STR_ARG(rows[i].text));
    }
}

static void print_facts(StrBuf *out, const Profile *profile)
{
    for (size_t i = 0; i < profile->facts_len; i++) {
        const ProfileFact *fact = &profile->facts[i];
        strbuf_fmt(out, "fact " STR_FMT ": " STR_FMT " = ",
                   STR_ARG(profile_text(profile, profile->frames[fact->frame].function)),
                   STR_ARG(profile_text(profile, fact->name)));
        if (fact->text)
            strbuf_fmt(out, STR_FMT "\n", STR_ARG(profile_text(profile, fact->text)));
        else
            strbuf_fmt(out, "%.6g " STR_FMT "\n", fact->value,
                       STR_ARG(profile_text(profile, fact->unit)));
    }
}

static void print_sources(StrBuf *out, const Profile *profile)
{
    for (size_t i = 0; i < profile->sources_len; i++)
        strbuf_fmt(out, "source " STR_FMT ": %zu bytes\n",
                   STR_ARG(profile_text(profile, profile->sources[i].file)),
                   profile_text(profile, profile->sources[i].content).len);
}

static void print_findings(StrBuf *out, const Profile *profile)
{
    for (size_t i = 0; i < profile->findings_len; i++) {
        const ProfileFinding *finding = &profile->findings[i];
        strbuf_fmt(out, STR_FMT " " STR_FMT " " STR_FMT ":%u " STR_FMT,
                   STR_ARG(finding_kind_name(finding->kind)),
                   STR_ARG(profile_text(profile, profile->frames[finding->frame].function)),
                   STR_ARG(profile_text(profile, finding->file)), finding->line,
                   STR_ARG(profile_text(profile, finding->rule)));
        if (finding->speedup > 0)
            strbuf_fmt(out, " (%.4g %%%s)", finding->speedup, finding->local ? " local" : "");
        strbuf_fmt(out, ": " STR_FMT "\n", STR_ARG(profile_text(profile, finding->message)));
    }
}

Str profile_print(Arena *arena, const Profile *profile)
{
    StrBuf out = strbuf_new(arena);
    print_head(&out, profile);
    print_samples(arena, &out, profile);
    print_calls(arena, &out, profile);
    print_facts(&out, profile);
    print_findings(&out, profile);
    print_sources(&out, profile);
    return strbuf_str(&out);
}
