/*
 * What a tool says of its own, as diagnostics: rules of ncu at the lines they mark and, of a whole
 * kernel, those that promise most; lines that only wait for the GPU. And as hints at the end of the
 * line: lines that wait, and what the kernels cost that a line launches.
 *
 * A full report has ten rules for each kernel, a paragraph each. A user acts on the first of them,
 * so only those of the kernels that are shown, and the best two of each, are diagnostics; the hover
 * has the rest.
 */

#include "analysis/hints/view_parts.h"

#include "analysis/hints/words.h"
#include "analysis/profile/kernel_name.h"

/* In percent: what a rule about a whole kernel must promise to be a diagnostic. */
static const double SPEEDUP_MIN = 5;

enum {
    RULES_OF_KERNEL = 2,
    GIST_BYTES = 160,
};

/* Is the kernel that a rule is about hot enough, or one of another file? */
static bool is_shown(const ViewMaker *maker, const HotNote *note)
{
    if (note->kernel == HEAT_NO_FUNCTION)
        return true;
    const HotFunction *kernel = &maker->heat->functions[note->kernel];
    return heat_is_ranked(&maker->in->settings, kernel->rank) &&
           heat_is_shown(&maker->in->settings, maker->metric, &kernel->values[0]);
}

/* The line has its hottest stall reasons in a diagnostic of its own. */
static bool is_hot_line(const FileView *out, LineNo line)
{
    for (size_t i = 0; i < out->diagnostics.len; i++)
        if (out->diagnostics.items[i].line.n == line.n &&
            str_eq(out->diagnostics.items[i].code, S("hot-line")))
            return true;
    return false;
}

static bool is_worth_it(const ViewMaker *maker, const FileView *out, const HotNote *note)
{
    if (note->now.n == 0 || (note->state != ANCHOR_EXACT && note->state != ANCHOR_MOVED))
        return false;
    if (note->kind == FINDING_WAIT)
        return true;
    if (note->kind == FINDING_NOTE || note->kind == FINDING_WAIT_PART ||
        note->kind == FINDING_LAUNCH || !is_shown(maker, note))
        return false;
    if (note->is_function)
        return note->speedup >= SPEEDUP_MIN;
    return !(str_has(note->rule, S("Stall")) && is_hot_line(out, note->now));
}

/* " at reduce.cu:5", when the message says where the kernel is. */
static Str place_of(const HotNote *note)
{
    size_t name = str_find(note->message, note->rule, 0);
    Str rest = name == SIZE_MAX ? (Str){0} : str_from(note->message, name + note->rule.len);
    return str_starts(rest, S(" at ")) ? str_head(rest, str_find(rest, S(": "), 0)) : (Str){0};
}

/* The same as a place that clients can go to. */
static void set_elsewhere(const HotNote *note, ViewDiagnostic *diagnostic)
{
    Str file, line;
    uint64_t number;
    if (!str_cut_last(place_of(note), ':', &file, &line) || !str_to_u64(line, &number) || !number ||
        number > UINT32_MAX)
        return;
    diagnostic->elsewhere = str_from(file, sizeof(" at ") - 1);
    diagnostic->elsewhere_line.n = (uint32_t)number;
}

/* Of a kernel those of this rank; of a line, which a rule may mark twice, those not repeated. */
static void notes_of_rank(ViewMaker *maker, FileView *out, uint32_t rank)
{
    for (size_t i = 0; i < maker->heat->n_notes; i++) {
        const HotNote *note = &maker->heat->notes[i];
        if (note->rank != rank || (rank && !note->is_function) || !is_worth_it(maker, out, note))
            continue;
        bool waits = note->kind == FINDING_WAIT;
        ViewDiagnostic *diagnostic =
            view_push(maker, out, note->now, waits ? S("gpu-wait") : S("gpu-rule"));
        if (!diagnostic)
            return;
        diagnostic->message = words_note(maker->arena, note, GIST_BYTES);
        if (waits)
            set_elsewhere(note, diagnostic);
    }
}

void view_notes(ViewMaker *maker, FileView *out)
{
    for (uint32_t rank = 0; rank < RULES_OF_KERNEL; rank++)
        notes_of_rank(maker, out, rank);
}

/* ------------------------------------------------------------------ at the end of the line */

/* "waits for kernel reduce at reduce.cu:5", as much of it as there is room for. */
static Str wait_label(const ViewMaker *maker, const HotNote *note)
{
    Arena *arena = maker->arena;
    Str name = kernel_plain_name(note->rule), place = place_of(note);
    Str label = str_fmt(arena, "waits for kernel " STR_FMT STR_FMT, STR_ARG(name), STR_ARG(place));
    if (words_width(label) > VIEW_HINT_GPU_MAX)
        label = str_fmt(arena, "waits for " STR_FMT STR_FMT, STR_ARG(name), STR_ARG(place));
    if (words_width(label) > VIEW_HINT_GPU_MAX)
        label = str_fmt(arena, "waits for " STR_FMT, STR_ARG(name));
    return words_width(label) > VIEW_HINT_GPU_MAX ? S("waits for a kernel") : label;
}

/* "launches reduce: 12.3 ms, 40 %" */
static Str launch_label(const ViewMaker *maker, const HotNote *note)
{
    Str label = str_head(note->message, str_find(note->message, S(" of GPU time"), 0)), name, cost;
    if (words_width(label) <= VIEW_HINT_GPU_MAX || !str_cut(label, ':', &name, &cost))
        return label;
    return str_fmt(maker->arena, "launches a kernel:" STR_FMT, STR_ARG(cost));
}

static Str label_of(const ViewMaker *maker, const HotNote *note)
{
    return note->kind == FINDING_WAIT ? wait_label(maker, note) : launch_label(maker, note);
}

static ViewHint *hint_at(FileView *out, LineNo line)
{
    for (size_t i = 0; i < out->hints.len; i++)
        if (out->hints.items[i].line.n == line.n)
            return &out->hints.items[i];
    return NULL;
}

/* One hint a line: a share that stands there already comes first. */
static void add_hint(ViewMaker *maker, FileView *out, const HotNote *note)
{
    Str label = label_of(maker, note), tooltip = words_note(maker->arena, note, GIST_BYTES);
    ViewHint *hint = hint_at(out, note->now);
    if (!hint) {
        *array_push(maker->arena, &out->hints) =
            (ViewHint){.line = note->now, .label = label, .tooltip = tooltip};
        return;
    }
    Str share = hint->label, rest, both;
    (void)str_cut(hint->label, ',', &share, &rest); /* without what it is in callees */
    both = str_fmt(maker->arena, STR_FMT "; " STR_FMT, STR_ARG(share), STR_ARG(label));
    hint->label = words_width(both) <= VIEW_HINT_GPU_MAX ? both : label;
    hint->tooltip =
        str_fmt(maker->arena, STR_FMT "; " STR_FMT, STR_ARG(hint->tooltip), STR_ARG(tooltip));
}

void view_note_hints(ViewMaker *maker, FileView *out)
{
    for (size_t i = 0; maker->heat && i < maker->heat->n_notes; i++) {
        const HotNote *note = &maker->heat->notes[i];
        bool shown = note->kind == FINDING_WAIT || note->kind == FINDING_LAUNCH;
        if (shown && note->now.n && (note->state == ANCHOR_EXACT || note->state == ANCHOR_MOVED))
            add_hint(maker, out, note);
    }
}
