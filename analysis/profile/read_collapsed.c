/*
 * Folded stacks: one stack per line, frames from the outermost, `;` between them, a count at the
 * end: `main;run;step 12`. py-spy's raw format is the same with frames `name (file:line)`.
 *
 * How it is fast: a line mostly begins like the line before it (tools sort them), so the frames
 * they share are taken over without a look. Of the rest the longest known beginning is found by
 * the hash of its text (prefix_table.h), and only what lies behind it is new. A frame's text is
 * taken apart only once, when it is new.
 *
 * The count may be samples or, from perf through a collapser, the sum of sampling periods. The
 * file does not say. Counts of which the smallest is over a thousand are taken for periods, and
 * the number of samples behind them is then estimated, rather too low than too high.
 */

#include <string.h>

#include "analysis/profile/prefix_table.h"
#include "analysis/profile/readers.h"
#include "base/array.h"
#include "base/hash64.h"
#include "base/intern.h"

enum {
    DEPTH_MAX = 10000,
    PERIOD_MIN = 1000,
    DIFFERENCE_LINES = 100, /* lines that must agree that this is a difference of two profiles */
};

/* A frame of the line before: where it ends, and the stack up to it; 0 while nobody asked. */
typedef struct Border {
    size_t end;
    uint64_t hash;
    uint32_t stack;
} Border;

typedef struct Folded {
    Arena *arena;
    ProfileBuilder *build;
    Intern raws;
    Array(uint32_t) frame_of; /* by raw */
    PrefixTable stacks;
    Str last; /* stack of the line before */
    Array(Border) borders;
    size_t metrics; /* 2 for a difference */
    size_t line;
    size_t bad_lines;
    size_t deep_lines;
    size_t good_lines;
    uint64_t smallest;
    uint64_t sizes[64]; /* lines by the highest bit of their count */
    bool python;
    size_t nul_line; /* a frame with a NUL byte was met here */
} Folded;

/* ------------------------------------------------------------------ frames */

/* `name (file:line)` or `name (file)`, from the right: names hold anything. */
static bool cut_place(Str raw, Str *name, Str *file, uint32_t *line)
{
    if (!str_ends(raw, S(")")))
        return false;
    Str inside, number;
    size_t open = raw.len;
    while (open > 1 && !(raw.ptr[open - 1] == '(' && raw.ptr[open - 2] == ' '))
        open--;
    if (open <= 1)
        return false;
    *name = str_head(raw, open - 2);
    inside = (Str){raw.ptr + open, raw.len - open - 1};
    uint64_t value = 0;
    if (str_cut_last(inside, ':', file, &number) && str_to_u64(number, &value) &&
        value <= UINT32_MAX) {
        *line = (uint32_t)value;
        return file->len > 0;
    }
    *file = inside;
    *line = 0;
    return str_has(inside, S("/")) || str_ends(inside, S(".py")) || str_ends(inside, S(".so"));
}

/* Suffixes of stackcollapse-perf and inferno: _[k] kernel, _[i] inlined, _[j] made at run time. */
static Str cut_suffix(Str raw, ProfileFrame *frame)
{
    if (!str_ends(raw, S("]")) || raw.len < 5 || memcmp(raw.ptr + raw.len - 4, "_[", 2) != 0)
        return raw;
    switch (raw.ptr[raw.len - 2]) {
    case 'k':
        frame->kind = FRAME_KERNEL;
        break;
    case 'i':
        frame->inlined = 1;
        break;
    case 'j':
        frame->kind = FRAME_GENERATED;
        break;
    default:
        return raw;
    }
    return str_head(raw, raw.len - 4);
}

static uint32_t new_frame(Folded *in, Str raw)
{
    Str name, file;
    ProfileFrame frame = {.kind = FRAME_USER};
    if (memchr(raw.ptr, 0, raw.len) && !in->nul_line)
        in->nul_line = in->line;
    if (frame_kind_of(raw, (Str){0}) == FRAME_LABEL) {
        name = raw;
        file = (Str){0};
    } else if (!cut_place(raw, &name, &file, &frame.line)) {
        name = cut_suffix(raw, &frame);
        file = (Str){0};
    }
    if (frame.kind == FRAME_USER)
        frame.kind = (uint16_t)frame_kind_of(name, file);
    in->python = in->python || str_ends(file, S(".py"));
    frame.function = profile_add_text(in->build, name);
    frame.file = profile_add_text(in->build, file);
    return profile_add_frame(in->build, frame);
}

/* ------------------------------------------------------------------ stacks */

/* How many bytes the two begin with in common. */
static size_t common_bytes(Str a, Str b)
{
    size_t len = a.len < b.len ? a.len : b.len, at = 0;
    for (; len - at >= 8; at += 8) {
        uint64_t differ = hash64_load(a.ptr + at, 8) ^ hash64_load(b.ptr + at, 8);
        if (differ)
            return at + (size_t)__builtin_ctzll(differ) / 8;
    }
    while (at < len && a.ptr[at] == b.ptr[at])
        at++;
    return at;
}

/* Leaves those frames of the line before that this stack begins with. */
static void keep_shared(Folded *in, Str stack)
{
    size_t common = common_bytes(in->last, stack);
    while (in->borders.len) {
        size_t end = in->borders.items[in->borders.len - 1].end;
        if (end < common || (end == common && (end == stack.len || stack.ptr[end] == ';')))
            return;
        in->borders.len--;
    }
}

/* The borders of all frames behind those that are kept; empty frames are none. */
static void find_borders(Folded *in, Str text)
{
    size_t depth = in->borders.len;
    size_t at = depth ? in->borders.items[depth - 1].end + 1 : 0;
    uint64_t hash = depth ? in->borders.items[depth - 1].hash : 0;
    while (at < text.len) {
        const char *found = memchr(text.ptr + at, ';', text.len - at);
        size_t end = found ? (size_t)(found - text.ptr) : text.len;
        if (in->borders.len == DEPTH_MAX) {
            in->deep_lines++;
            return;
        }
        if (end > at) {
            hash = prefix_hash(hash, hash64_bytes(text.ptr + at, end - at));
            prefix_prefetch(&in->stacks, hash);
            *array_push(in->arena, &in->borders) = (Border){.end = end, .hash = hash};
        }
        at = end + 1;
    }
}

/* The text of a frame: from behind the `;` before it, which need not be where the last one ends. */
static Str frame_text(const Folded *in, Str text, size_t depth)
{
    size_t end = in->borders.items[depth].end;
    size_t start = depth ? in->borders.items[depth - 1].end + 1 : 0;
    while (text.ptr[start] == ';')
        start++;
    return (Str){text.ptr + start, end - start};
}

static bool is_known(Folded *in, Str text, size_t depth)
{
    const PrefixCell *cell = prefix_find(&in->stacks, in->borders.items[depth].hash);
    if (!cell || !str_eq(intern_str(&in->raws, cell->item), frame_text(in, text, depth)))
        return false;
    in->borders.items[depth].stack = cell->node;
    return true;
}

/* How many frames from the outside make a stack that was met before; at least `low`. */
static size_t known_depth(Folded *in, Str text, size_t low)
{
    size_t high = in->borders.len;
    if (low < high && !is_known(in, text, low))
        return low; /* in a sorted file nothing more is known than the line before had */
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (is_known(in, text, middle))
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* Halving leaves out those in between; they are in the table all the same. */
static uint32_t stack_at(Folded *in, size_t depth)
{
    if (depth == 0)
        return 0;
    Border *border = &in->borders.items[depth - 1];
    const PrefixCell *cell = border->stack ? NULL : prefix_find(&in->stacks, border->hash);
    if (cell)
        border->stack = cell->node;
    return border->stack;
}

static uint32_t new_stack(Folded *in, uint32_t parent, Str raw, uint64_t hash)
{
    uint32_t id = intern_id(&in->raws, raw);
    if (id == in->frame_of.len)
        *array_push(in->arena, &in->frame_of) = new_frame(in, raw);
    uint32_t stack = profile_push_stack(in->build, parent, in->frame_of.items[id]);
    prefix_add(&in->stacks, hash, id, stack);
    return stack;
}

static uint32_t stack_of(Folded *in, Str text)
{
    keep_shared(in, text);
    size_t kept = in->borders.len;
    find_borders(in, text);
    size_t depth = known_depth(in, text, kept);
    uint32_t stack = stack_at(in, depth);
    for (; depth < in->borders.len; depth++) {
        Border *border = &in->borders.items[depth];
        stack = border->stack = new_stack(in, stack, frame_text(in, text, depth), border->hash);
    }
    in->last = text;
    return stack;
}

/* ------------------------------------------------------------------ lines */

/* The number at the end; rest is what stands before it. */
static bool cut_number(Str text, Str *rest, int64_t *out)
{
    size_t at = text.len;
    uint64_t value = 0, place = 1;
    while (at && (unsigned)(text.ptr[at - 1] - '0') < 10) {
        at--;
        if (text.len - at > 18)
            return false;
        value += place * (unsigned)(text.ptr[at] - '0');
        place *= 10;
    }
    if (at < text.len && at && (text.ptr[at - 1] == ' ' || text.ptr[at - 1] == '\t')) {
        *out = (int64_t)value;
        *rest = str_head(text, at - 1);
        return true;
    }
    Str number;
    double real;
    if (!str_cut_last(text, ' ', rest, &number) || !str_to_double(number, &real) || real < 0 ||
        real > 9e18)
        return false;
    *out = (int64_t)(real + 0.5);
    return true;
}

static Str trim_end(Str text)
{
    while (text.len && (text.ptr[text.len - 1] == ' ' || text.ptr[text.len - 1] == '\r' ||
                        text.ptr[text.len - 1] == '\t'))
        text.len--;
    return text;
}

static void bad_line(Folded *in, const char *what)
{
    if (++in->bad_lines <= 3)
        profile_note(in->build, "line %zu: %s", in->line, what);
}

static void read_line(Folded *in, Str line)
{
    int64_t weights[2] = {0};
    Str stack;
    line = trim_end(line);
    if (line.len == 0 || line.ptr[0] == '#')
        return;
    if (!cut_number(line, &stack, &weights[in->metrics - 1])) {
        bad_line(in, "no count at the end");
        return;
    }
    if (in->metrics == 2 && !cut_number(trim_end(stack), &stack, &weights[0])) {
        bad_line(in, "one count where the others have two");
        return;
    }
    uint64_t weight = (uint64_t)weights[in->metrics - 1];
    if (weight && weight < in->smallest)
        in->smallest = weight;
    in->sizes[weight ? 63 - __builtin_clzll(weight) : 0]++;
    in->good_lines++;
    ProfileSample sample = {.stack = stack_of(in, trim_end(stack)), .count = weight};
    profile_add_sample(in->build, sample, weights);
}

/* Two numbers at the end of every one of the first lines, as difffolded.pl writes them. */
static bool is_difference(Str bytes)
{
    size_t lines = 0;
    int64_t number;
    for (Str line; lines < DIFFERENCE_LINES && str_next_line(&bytes, &line);) {
        Str rest;
        line = trim_end(line);
        if (line.len == 0 || line.ptr[0] == '#')
            continue;
        if (!cut_number(line, &rest, &number) || !cut_number(trim_end(rest), &rest, &number))
            return false;
        lines++;
    }
    return lines > 1;
}

/* ------------------------------------------------------------------ the file */

/* The median count, rounded down to a power of two: one sample's period, or a few of them. */
static uint64_t usual_size(const Folded *in)
{
    size_t seen = 0, bit = 0;
    for (; bit < 63; bit++) {
        seen += in->sizes[bit];
        if (seen * 2 >= in->good_lines)
            break;
    }
    return (uint64_t)1 << bit;
}

static void estimate_counts(Folded *in, Profile *out)
{
    if (in->smallest < PERIOD_MIN || in->smallest == UINT64_MAX)
        return;
    uint64_t period = usual_size(in);
    uint64_t *counts = NEW_ARRAY(in->arena, uint64_t, out->samples_len + 1);
    for (size_t i = 0; i < out->samples_len; i++)
        counts[i] = out->sample_count[i] / period + (out->sample_count[i] < period);
    out->sample_count = counts;
}

bool read_collapsed(Arena *arena, Str bytes, Profile *out, Err *err)
{
    Folded in = {.arena = arena, .build = profile_builder_new(arena), .raws = intern_new(arena)};
    in.stacks = prefix_table_new(arena);
    in.smallest = UINT64_MAX;
    array_push(arena, &in.frame_of);
    in.metrics = is_difference(bytes) ? 2 : 1;
    if (in.metrics == 2)
        profile_add_metric(in.build, S("before"), S("count"), true);
    profile_add_metric(in.build, in.metrics == 2 ? S("after") : S("samples"), S("count"), true);
    for (Str line; str_next_line(&bytes, &line);) {
        in.line++;
        read_line(&in, line);
    }
    if (in.nul_line)
        return err_set(err, ERR_INPUT, "line %zu: a NUL byte; this is no text", in.nul_line);
    if (in.good_lines == 0)
        return err_set(err, ERR_INPUT, "no line of it is a folded stack: `a;b;c 12`");
    if (in.bad_lines > 3)
        profile_note_count(in.build, in.bad_lines, "line without a count was",
                           "lines without a count were", "left out");
    profile_note_count(in.build, in.deep_lines, "stack was cut: it is", "stacks were cut: they are",
                       "deeper than %d frames", DEPTH_MAX);
    if (in.smallest >= PERIOD_MIN && in.smallest != UINT64_MAX)
        profile_note(in.build, "the counts look like sampling periods, not samples: how many "
                               "samples there were is estimated");
    *out = profile_build(in.build, in.python ? S("py-spy") : S(""), S("folded"));
    estimate_counts(&in, out);
    return true;
}
