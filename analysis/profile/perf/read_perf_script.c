/*
 * Text of `perf script`: a line that says who was interrupted and by which event, then the stack,
 * innermost frame first, then an empty line.
 *
 *     work 12184/12184  1413.739596:    1003009 cpu-clock:
 *                 1212 hot+0x22 (/src/work)
 *       /src/work.c:6
 *                2724a __libc_start_call_main+0x7a (/usr/lib/libc.so.6)
 *
 * A place in the source has a line of its own, two blanks deep. Functions that the compiler put
 * into their caller come before it, with "(inlined)" where the module would stand, or behind the
 * place. Without a stack the one frame stands behind the event.
 *
 * How it is fast: one machine address (its line, its place and what was inlined there) is one
 * piece of text; stacks are looked up by the hashes of those pieces, outermost first, and the
 * longest known beginning is found by halving (prefix_table.h). A piece is taken apart only once,
 * when it is new.
 *
 * Addresses are kept with the frames that have no place, so that they can be looked up later
 * (symbols/symbolize.h). A caller's address is that of the instruction after the call; it is
 * moved one byte back, into the call.
 */

#include <string.h>

#include "analysis/profile/perf/perf_event_line.h"
#include "analysis/profile/perf/perf_generated.h"
#include "analysis/profile/perf/perf_parts.h"
#include "analysis/profile/prefix_table.h"
#include "analysis/profile/readers.h"
#include "base/hash64.h"
#include "base/intern.h"

enum {
    DEPTH_MAX = 10000,
    LOOK_LINES = 2000, /* that are searched for the first sample */
};

/* Frames of one piece of text, outermost first: a part of Script.frames. */
typedef struct Span {
    uint32_t first;
    uint32_t len;
} Span;

typedef struct Piece {
    Str text;
    uint64_t hash;   /* of the text */
    uint64_t prefix; /* of the stack up to here */
    bool open;       /* inlined functions, whose caller has not come yet */
} Piece;

typedef struct Script {
    Arena *arena;
    ProfileBuilder *build;
    PerfTotals totals;
    Intern pieces[2];     /* 0: callers, 1: where the event happened */
    Array(Span) spans[2]; /* by piece */
    Array(uint32_t) frames;
    PrefixTable stacks;
    Intern who; /* "work 12184/12184" */
    Array(uint32_t) thread_of;
    Str last_who;
    uint32_t last_thread;
    Str last_event;
    uint32_t last_event_id;

    bool in_sample;
    bool one_line; /* the frame stood behind the event */
    PerfSample sample;
    Array(Piece) stack; /* innermost first */
    size_t line;
    size_t bad_lines;
    size_t deep_stacks;
    size_t samples;
} Script;

/* ------------------------------------------------------------------ who it was */

static uint32_t new_thread(Script *in, const PerfEventLine *line)
{
    Str pid = {0}, tid = line->ids;
    ProfileThread thread = {.name = profile_add_text(in->build, line->comm)};
    if (str_cut(line->ids, '/', &pid, &tid) && !str_to_u64(pid, &thread.pid))
        thread.pid = 0;
    if (!str_to_u64(tid, &thread.tid))
        thread.tid = 0;
    return profile_add_thread(in->build, thread);
}

static uint32_t thread_of(Script *in, const PerfEventLine *line)
{
    if (in->samples && str_eq(line->who, in->last_who))
        return in->last_thread;
    uint32_t id = intern_id(&in->who, line->who);
    while (in->thread_of.len <= id)
        *array_push(in->arena, &in->thread_of) = UINT32_MAX;
    if (in->thread_of.items[id] == UINT32_MAX)
        in->thread_of.items[id] = new_thread(in, line);
    in->last_who = line->who;
    in->last_thread = in->thread_of.items[id];
    return in->last_thread;
}

static uint32_t event_of(Script *in, const PerfEventLine *line)
{
    if (in->last_event.len && str_eq(line->event, in->last_event))
        return in->last_event_id;
    in->last_event = line->event;
    in->last_event_id = perf_totals_event(&in->totals, line->event, line->has_period);
    return in->last_event_id;
}

/* ------------------------------------------------------------------ the line of a frame */

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* A hexadecimal number and, behind a blank, what is known about it. */
static bool cut_address(Str line, uint64_t *address, Str *rest)
{
    size_t at = 0, start;
    uint64_t value = 0;
    while (at < line.len && (line.ptr[at] == ' ' || line.ptr[at] == '\t'))
        at++;
    for (start = at; at < line.len && hex_digit(line.ptr[at]) >= 0; at++)
        value = value << 4 | (unsigned)hex_digit(line.ptr[at]);
    if (at == start || at - start > 16 || (at < line.len && line.ptr[at] != ' '))
        return false;
    *address = value;
    *rest = str_from(line, at);
    return true;
}

/* "sym (module)": the last parenthesis that closes at the end; modules hold "(deleted)". */
static bool cut_module(Str text, Str *symbol, Str *module)
{
    size_t at = text.len, depth = 0;
    if (!str_ends(text, S(")")))
        return false;
    do {
        at--;
        depth += text.ptr[at] == ')';
        depth -= text.ptr[at] == '(';
    } while (depth && at);
    if (depth || (at && text.ptr[at - 1] != ' '))
        return false;
    *module = (Str){text.ptr + at + 1, text.len - at - 2};
    *symbol = perf_trim_end(str_head(text, at));
    return true;
}

static Str without_offset(Str symbol)
{
    size_t at = symbol.len;
    while (at && hex_digit(symbol.ptr[at - 1]) >= 0)
        at--;
    bool offset = at < symbol.len && at >= 3 && !memcmp(symbol.ptr + at - 3, "+0x", 3);
    return offset ? str_head(symbol, at - 3) : symbol;
}

/* "src/main.rs:7 (inlined)", "??:0", "libc.so[1a2b]". */
static void read_place(Script *in, Str text, ProfileFrame *frame)
{
    Str before, after;
    uint64_t line;
    text = str_trim(text);
    if (str_ends(text, S(" (inlined)"))) {
        frame->inlined = 1;
        text = str_head(text, text.len - S(" (inlined)").len);
    }
    if (str_ends(text, S(")")) && str_cut_last(text, '(', &before, &after) &&
        str_starts(after, S("discriminator ")))
        text = str_trim(before);
    if (!str_cut_last(text, ':', &before, &after) || !str_to_u64(after, &line) || !line ||
        line > UINT32_MAX || !before.len || str_eq(before, S("??")))
        return;
    frame->file = profile_add_text(in->build, before);
    frame->line = (uint32_t)line;
    frame->kind = FRAME_USER;
}

static void push_frame(Script *in, ProfileFrame frame)
{
    *array_push(in->arena, &in->frames) = profile_add_frame(in->build, frame);
}

static void push_generated(Script *in, Str name, ProfileFrame frame)
{
    uint32_t frames[PERF_GENERATED_MAX];
    size_t len = perf_generated_frames(in->build, name, frame, frames);
    for (size_t i = 0; i < len; i++)
        *array_push(in->arena, &in->frames) = frames[i];
}

/* One frame; the module is that of the address, which inlined functions do not name. */
static void add_frame(Script *in, Str line, Str place, Str module, bool leaf)
{
    uint64_t address = 0;
    Str text = {0}, symbol, own;
    if (!cut_address(line, &address, &text))
        return;
    text = str_trim(text);
    ProfileFrame frame = {0};
    if (cut_module(text, &symbol, &own)) {
        frame.inlined = str_eq(own, S("inlined"));
        if (!frame.inlined)
            module = own;
    } else {
        symbol = text;
    }
    symbol = without_offset(symbol);
    bool known = symbol.len && !str_eq(symbol, S("[unknown]"));
    if (str_eq(module, S("[unknown]")))
        module = (Str){0};
    bool kernel = perf_is_kernel(address, module);
    frame.module = profile_add_text(in->build, module);
    frame.kind = (uint16_t)(kernel  ? FRAME_KERNEL
                            : known ? perf_module_kind(module)
                                    : FRAME_NATIVE);
    if (!kernel && str_starts(module, S("/")) && (!known || frame.kind != FRAME_GENERATED))
        frame.address = leaf || !address ? address : address - 1;
    if (place.len)
        read_place(in, place, &frame);
    if (frame.line)
        frame.address = 0;
    if (known && frame.kind == FRAME_GENERATED) {
        push_generated(in, symbol, frame);
    } else {
        frame.function =
            profile_add_text(in->build, known ? symbol : perf_unknown_name(in->arena, module));
        push_frame(in, frame);
    }
}

static Str module_of_line(Str line)
{
    uint64_t address;
    Str text, symbol, module = {0};
    if (cut_address(line, &address, &text) && cut_module(str_trim(text), &symbol, &module) &&
        str_eq(module, S("inlined")))
        module = (Str){0};
    return module;
}

/* A new piece: its frames come innermost first and are kept outermost first. */
static Span read_piece(Script *in, Str text, bool leaf)
{
    Span span = {.first = (uint32_t)in->frames.len};
    Str rest = text, line, next, after, module = {0};
    uint64_t address;
    while (str_next_line(&rest, &line))
        if (cut_address(line, &address, &next))
            module = module_of_line(perf_trim_end(line));
    for (rest = text; str_next_line(&rest, &line);) {
        after = rest;
        Str place = {0};
        if (str_next_line(&after, &next) && !cut_address(next, &address, &(Str){0})) {
            place = next;
            rest = after;
        }
        add_frame(in, perf_trim_end(line), place, module, leaf);
    }
    span.len = (uint32_t)in->frames.len - span.first;
    for (uint32_t i = 0; i < span.len / 2; i++) {
        uint32_t *front = &in->frames.items[span.first + i];
        uint32_t *back = &in->frames.items[span.first + span.len - 1 - i];
        uint32_t swap = *front;
        *front = *back;
        *back = swap;
    }
    return span;
}

/* ------------------------------------------------------------------ stacks */

/* Whether the event happened at this address itself: the innermost, or the one that the kernel
 * interrupted. The kernel's addresses have all 16 digits. */
static bool is_leaf(const Script *in, size_t piece)
{
    return piece == 0 || str_starts(in->stack.items[piece - 1].text, S("ffff"));
}

/* By the hashes of all pieces and of this one; comparing texts too would wait for memory. */
static bool is_known(const Script *in, size_t piece, uint32_t *node)
{
    const PrefixCell *cell = prefix_find(&in->stacks, in->stack.items[piece].prefix);
    if (!cell || cell->item != (uint32_t)in->stack.items[piece].hash)
        return false;
    *node = cell->node;
    return true;
}

static uint32_t push_piece(Script *in, uint32_t parent, size_t piece)
{
    const Piece *from = &in->stack.items[piece];
    bool leaf = is_leaf(in, piece);
    uint32_t id = intern_id(&in->pieces[leaf], from->text);
    while (in->spans[leaf].len < id)
        array_push(in->arena, &in->spans[leaf]);
    if (in->spans[leaf].len == id) {
        Span made = read_piece(in, from->text, leaf);
        *array_push(in->arena, &in->spans[leaf]) = made;
    }
    Span span = in->spans[leaf].items[id];
    for (uint32_t i = 0; i < span.len; i++)
        parent = profile_add_stack(in->build, parent, in->frames.items[span.first + i]);
    if (parent)
        prefix_add(&in->stacks, from->prefix, (uint32_t)from->hash, parent);
    return parent;
}

static uint32_t stack_of(Script *in)
{
    size_t depth = in->stack.len;
    uint64_t prefix = 0;
    for (size_t i = depth; i-- > 0;) {
        Piece *piece = &in->stack.items[i];
        prefix = prefix_hash(prefix, piece->hash + is_leaf(in, i));
        piece->prefix = prefix;
        prefix_prefetch(&in->stacks, prefix);
    }
    uint32_t node = 0, found;
    size_t known = 0, beyond = depth + 1; /* known frames from the outside, and too many of them */
    if (depth && is_known(in, 0, &found))
        return found;
    while (known + 1 < beyond) {
        size_t middle = known + (beyond - known) / 2;
        if (is_known(in, depth - middle, &found)) {
            node = found;
            known = middle;
        } else {
            beyond = middle;
        }
    }
    for (; known < depth; known++)
        node = push_piece(in, node, depth - 1 - known);
    return node;
}

static void close_sample(Script *in)
{
    if (!in->in_sample)
        return;
    in->in_sample = false;
    for (size_t i = 0; i < in->stack.len; i++)
        in->stack.items[i].hash =
            hash64_bytes(in->stack.items[i].text.ptr, in->stack.items[i].text.len);
    in->sample.stack = stack_of(in);
    perf_totals_add(&in->totals, in->sample);
    in->samples++;
}

/* ------------------------------------------------------------------ lines */

static void bad_line(Script *in)
{
    if (++in->bad_lines <= 3)
        profile_note(in->build, "line %zu is neither an event nor a frame", in->line);
}

static Piece *last_piece(Script *in)
{
    return in->stack.len ? &in->stack.items[in->stack.len - 1] : NULL;
}

static void extend(Piece *piece, Str line)
{
    piece->text.len = (size_t)(line.ptr + line.len - piece->text.ptr);
    if (str_ends(line, S("(inlined)")))
        piece->open = true;
}

static void frame_line(Script *in, Str line)
{
    Piece *last = last_piece(in);
    if (last && last->open) {
        last->open = false;
        extend(last, line);
        return;
    }
    if (in->stack.len == DEPTH_MAX) {
        in->deep_stacks++;
        return;
    }
    *array_push(in->arena, &in->stack) =
        (Piece){.text = line, .open = str_ends(line, S("(inlined)"))};
}

static bool event_line(Script *in, Str line)
{
    PerfEventLine event;
    uint64_t address;
    Str rest;
    if (!perf_event_line(line, &event))
        return false;
    close_sample(in);
    if (str_starts(event.event, S("PERF_RECORD_")))
        return true; /* perf script --show-mmap-events and the like */
    in->sample = (PerfSample){.weight = event.has_period ? event.period : 1};
    in->sample.thread = thread_of(in, &event);
    in->sample.event = event_of(in, &event);
    in->in_sample = true;
    in->stack.len = 0;
    in->one_line = event.rest.len && cut_address(event.rest, &address, &rest);
    if (in->one_line)
        frame_line(in, event.rest);
    return true;
}

/* Two blanks and a place; frames are set deeper, or with a tab. */
static bool is_place(Str line)
{
    return line.len > 2 && line.ptr[0] == ' ' && line.ptr[1] == ' ' && line.ptr[2] != ' ' &&
           line.ptr[2] != '\t';
}

static void read_line(Script *in, Str line)
{
    uint64_t address;
    Str rest;
    line = perf_trim_end(line);
    if (line.len == 0) {
        close_sample(in);
        return;
    }
    if (line.ptr[0] == '#')
        return;
    if (!in->in_sample || in->one_line) {
        if (event_line(in, line))
            return;
    }
    if (in->in_sample && cut_address(line, &address, &rest)) {
        frame_line(in, perf_trim_start(line));
        return;
    }
    if (in->in_sample && last_piece(in) && is_place(line)) {
        extend(last_piece(in), line);
        return;
    }
    if (!in->in_sample || line.ptr[0] == '\t' || in->one_line || !event_line(in, line))
        bad_line(in);
}

bool is_perf_script(Str bytes)
{
    PerfEventLine event = {0};
    bool after_event = false;
    Str line;
    for (size_t i = 0; i < LOOK_LINES && str_next_line(&bytes, &line); i++) {
        uint64_t address;
        Str rest;
        line = perf_trim_end(line);
        if (after_event && ((!line.len && event.has_time) || cut_address(line, &address, &rest)))
            return true;
        if (!line.len || line.ptr[0] == '#')
            continue;
        if (!perf_event_line(line, &event) || (!event.ids.len && i))
            return false;
        if (event.rest.len && cut_address(event.rest, &address, &rest))
            return true;
        after_event = true;
    }
    return false;
}

bool perf_script_into(Arena *arena, Str bytes, ProfileBuilder *build, Err *err)
{
    Script in = {.arena = arena, .build = build, .who = intern_new(arena)};
    in.totals = perf_totals_new(arena, in.build);
    in.stacks = prefix_table_new(arena);
    for (int i = 0; i < 2; i++)
        in.pieces[i] = intern_new(arena);
    for (Str line; str_next_line(&bytes, &line);) {
        in.line++;
        read_line(&in, line);
    }
    close_sample(&in);
    if (!in.samples)
        return err_set(err, ERR_INPUT, "no sample in it: `comm pid time: period event:`");
    if (in.bad_lines > 3)
        profile_note_count(in.build, in.bad_lines, "line is neither", "lines are neither",
                           "an event nor a frame");
    profile_note_count(in.build, in.deep_stacks, "frame was", "frames were",
                       "left out: deeper than %d", DEPTH_MAX);
    perf_totals_finish(&in.totals);
    return true;
}

bool read_perf_script(Arena *arena, Str bytes, Profile *out, Err *err)
{
    ProfileBuilder *build = profile_builder_new(arena);
    if (!perf_script_into(arena, bytes, build, err))
        return false;
    *out = profile_build(build, S("perf"), S("perf script"));
    return true;
}
