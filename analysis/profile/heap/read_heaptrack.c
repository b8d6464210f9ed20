/*
 * heaptrack's file, as heaptrack_interpret writes it (versions 1 to 3; heaptrack 1.0 and later): a
 * record per line, all numbers hexadecimal, indices from 1, 0 for none:
 *
 *     v 10400 3                 version of heaptrack, of the file
 *     s 4 main                  a text; its length from file version 3 on
 *     i IP MODULE [FUNCTION [FILE LINE [FUNCTION FILE LINE]...]]    an address: the function it
 *                               lies in, after those that were inlined there, innermost first
 *     t IP PARENT               a node of the tree of stacks
 *     a SIZE TRACE              a kind of allocation, counted from 0
 *     + ALLOCATION              it happens,  - ALLOCATION  it is freed
 *     A                         attached: what came before was not measured
 *
 * An allocation freed by the very next event is temporary; as in heaptrack_print, whose figures
 * ours equal, number 0 is also when the event before was a release (its "none" is 0). The peak is
 * the first moment with the most bytes alive; it is known only at the end, so the events up to it
 * are walked again. Leaked is what was never freed; heaptrack_print subtracts suppressions (S) from
 * it, we do not.
 */

#include "analysis/profile/heap/allocator.h"
#include "analysis/profile/readers.h"
#include "base/array.h"

enum {
    PEAK, /* metrics, in the order they are added */
    ALLOCATED,
    ALLOCATIONS,
    TEMPORARY,
    LEAKED,
    METRICS,

    VERSION_MAX = 3,
    INLINED_MAX = 200, /* frames at one address */
};

/* What is at an address: frames first..first + len of the list, innermost first. */
typedef struct Place {
    uint32_t first;
    uint32_t len;
} Place;

typedef struct Trace {
    uint32_t stack;
    uint32_t inner; /* the same without allocators at its end */
} Trace;

typedef struct Allocation {
    uint64_t size;
    uint32_t stack;
    uint64_t alive; /* now; counts, not bytes */
    uint64_t at_peak;
    uint64_t count;
    uint64_t temporary;
} Allocation;

typedef struct Heap {
    Arena *arena;
    ProfileBuilder *build;
    Str bytes;
    Array(uint32_t) texts; /* of the file to ours */
    Array(uint32_t) frames;
    Array(bool) allocators; /* by frame of the list: hands memory out, no more */
    Array(Place) places;
    Array(Trace) traces;
    Array(Allocation) allocations;
    uint64_t version;
    uint64_t last;   /* allocation of the event before when it was a '+', else 0 */
    uint64_t events; /* so far */
    uint64_t peak_event;
    int64_t alive, peak; /* bytes */
    size_t first_event;  /* where the events begin that count */
    size_t nodes_left;   /* frames of stacks to make: a hostile file may repeat long ones */
    size_t bad;
    size_t suppressions;
    size_t shortened;
    bool raw;
} Heap;

/* ------------------------------------------------------------------ numbers */

static int digit_of(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The next number of the line; false when there is none. */
static bool take_hex(Str *line, uint64_t *out)
{
    size_t at = 0, digits = 0;
    uint64_t value = 0;
    while (at < line->len && line->ptr[at] == ' ')
        at++;
    for (int digit; at < line->len && (digit = digit_of(line->ptr[at])) >= 0; at++, digits++)
        value = value << 4 | (uint64_t)digit;
    if (digits == 0 || digits > 16)
        return false;
    *line = str_from(*line, at);
    *out = value;
    return true;
}

/* ------------------------------------------------------------------ texts, places, stacks */

/* From version 3 on a text may hold a line break: the file goes on behind its length. */
static bool read_text(Heap *in, Str line, Str *rest)
{
    uint64_t len;
    Str text = str_from(line, 1);
    if (in->version >= 3) {
        if (!take_hex(&text, &len))
            return false;
        Str all = {text.ptr, (size_t)(in->bytes.ptr + in->bytes.len - text.ptr)};
        if (len + 1 > all.len || len > INT32_MAX)
            return false;
        text = str_head(str_from(all, 1), len);
        if (text.ptr + text.len > line.ptr + line.len) {
            *rest = str_from(all, 1 + len);
            if (rest->len && rest->ptr[0] == '\n')
                *rest = str_from(*rest, 1);
        }
    }
    *array_push(in->arena, &in->texts) = profile_add_text(in->build, str_trim(text));
    return true;
}

static bool text_of(const Heap *in, uint64_t index, uint32_t *out)
{
    *out = index && index <= in->texts.len ? in->texts.items[index - 1] : 0;
    return index <= in->texts.len;
}

static void add_frame(Heap *in, ProfileFrame frame)
{
    Str name = profile_added_text(in->build, frame.function);
    *array_push(in->arena, &in->allocators) = is_allocator(name);
    if (!frame.file)
        frame.kind = FRAME_NATIVE;
    *array_push(in->arena, &in->frames) = profile_add_frame(in->build, frame);
}

static bool read_place(Heap *in, Str line)
{
    uint64_t address, module, function, file, number;
    Place place = {.first = (uint32_t)in->frames.len};
    ProfileFrame frame = {0}, next;
    if (!take_hex(&line, &address) || !take_hex(&line, &module) ||
        !text_of(in, module, &frame.module))
        return false;
    next = frame;
    bool named = take_hex(&line, &function) && function && text_of(in, function, &next.function);
    if (!named)
        next.function =
            profile_add_text(in->build, str_fmt(in->arena, "0x%llx", (unsigned long long)address));
    for (bool more = true; more && place.len < INLINED_MAX; place.len++) {
        if (take_hex(&line, &file) && take_hex(&line, &number)) {
            text_of(in, file, &next.file);
            next.line = number < UINT32_MAX ? (uint32_t)number : 0;
        }
        ProfileFrame now = next;
        next = frame;
        more = take_hex(&line, &function) && text_of(in, function, &next.function);
        now.inlined = more;
        add_frame(in, now);
    }
    *array_push(in->arena, &in->places) = place;
    return true;
}

static Trace deeper(Heap *in, Trace trace, const Place *place)
{
    uint32_t len = place->len;
    if (in->nodes_left < len) {
        len = 1; /* the outermost: the function that was not inlined */
        in->shortened++;
    } else {
        in->nodes_left -= len;
    }
    for (uint32_t i = place->first + place->len; len > 0; len--) {
        i--;
        trace.stack = profile_add_stack(in->build, trace.stack, in->frames.items[i]);
        if (!in->allocators.items[i])
            trace.inner = trace.stack;
    }
    return trace;
}

static bool read_trace(Heap *in, Str line)
{
    uint64_t place, parent;
    Trace trace = {0};
    if (!take_hex(&line, &place) || !take_hex(&line, &parent) || parent > in->traces.len ||
        place > in->places.len)
        return false;
    if (parent)
        trace = in->traces.items[parent - 1];
    if (place)
        trace = deeper(in, trace, &in->places.items[place - 1]);
    *array_push(in->arena, &in->traces) = trace;
    return true;
}

/* ------------------------------------------------------------------ events */

static bool read_allocation(Heap *in, Str line)
{
    uint64_t size, trace;
    if (!take_hex(&line, &size) || !take_hex(&line, &trace) || trace > in->traces.len ||
        size > INT64_MAX)
        return false;
    Allocation *out = array_push(in->arena, &in->allocations);
    out->size = size;
    if (trace) {
        const Trace *at = &in->traces.items[trace - 1];
        out->stack = at->inner ? at->inner : at->stack;
    }
    return true;
}

static Allocation *allocation_of(Heap *in, Str line, uint64_t *index)
{
    if (!take_hex(&line, index) || *index >= in->allocations.len)
        return NULL;
    return &in->allocations.items[*index];
}

static bool allocate(Heap *in, Str line)
{
    Allocation *at = allocation_of(in, line, &in->last);
    if (!at || __builtin_add_overflow(in->alive, (int64_t)at->size, &in->alive)) {
        in->last = 0;
        return false;
    }
    at->alive++;
    at->count++;
    in->events++;
    if (in->alive > in->peak) {
        in->peak = in->alive;
        in->peak_event = in->events;
    }
    return true;
}

static bool release(Heap *in, Str line)
{
    uint64_t index, last = in->last;
    Allocation *at = allocation_of(in, line, &index);
    in->last = 0;
    if (!at || at->alive == 0)
        return false;
    at->alive--;
    at->temporary += index == last;
    in->alive -= (int64_t)at->size;
    in->events++;
    return true;
}

/* Attached to a running process: what was counted before was only to learn what is there. */
static void start_again(Heap *in, const Str *rest)
{
    array_each (Allocation, at, &in->allocations)
        at->alive = at->count = at->temporary = 0;
    in->alive = in->peak = 0;
    in->events = in->peak_event = 0;
    in->last = 0;
    in->first_event = (size_t)(rest->ptr - in->bytes.ptr);
}

/* The events up to the peak once more, now that we know where it was. */
static void count_at_peak(Heap *in)
{
    Str rest = str_from(in->bytes, in->first_event), line;
    uint64_t events = 0, index;
    while (events < in->peak_event && str_next_line(&rest, &line)) {
        if (line.len < 3 || (line.ptr[0] != '+' && line.ptr[0] != '-') || line.ptr[1] != ' ')
            continue;
        Allocation *at = allocation_of(in, str_from(line, 1), &index);
        if (!at || (line.ptr[0] == '-' && at->at_peak == 0))
            continue;
        at->at_peak += line.ptr[0] == '+' ? 1 : (uint64_t)-1;
        events++;
    }
}

/* ------------------------------------------------------------------ the file */

static bool read_line(Heap *in, Str line, Str *rest)
{
    Str body = str_from(line, 1);
    switch (line.ptr[0]) {
    case '+':
        return allocate(in, body);
    case '-':
        return release(in, body);
    case 'a':
        return read_allocation(in, body);
    case 't':
        return read_trace(in, body);
    case 'i':
        return read_place(in, body);
    case 's':
        return read_text(in, line, rest);
    case 'A':
        start_again(in, rest);
        return true;
    case 'S':
        in->suppressions++;
        return true;
    case 'x': /* of a raw file: modules and memory maps */
    case 'm':
        in->raw = true;
        return true;
    default: /* v, X, I, c, R, # and what is to come */
        return true;
    }
}

static bool read_version(Heap *in, Err *err)
{
    Str rest = in->bytes, line;
    uint64_t tool;
    if (!str_next_line(&rest, &line) || !str_starts(line, S("v ")))
        return err_set(err, ERR_INPUT, "a heaptrack file without its version");
    line = str_from(line, 1);
    if (!take_hex(&line, &tool) || !take_hex(&line, &in->version) || in->version == 0)
        return err_set(err, ERR_UNSUPPORTED, "written by a heaptrack before 1.0");
    if (in->version > VERSION_MAX)
        return err_set(err, ERR_UNSUPPORTED,
                       "a heaptrack file of version %llu; perfloop reads versions 1 to %d",
                       (unsigned long long)in->version, VERSION_MAX);
    return true;
}

static int64_t bytes_of(uint64_t count, uint64_t size)
{
    int64_t bytes;
    return __builtin_mul_overflow(count, size, &bytes) ? INT64_MIN : bytes; /* noted, left out */
}

static void add_samples(Heap *in)
{
    static const char *const NAMES[] = {"peak", "allocated", "allocations", "temporary", "leaked"};
    for (size_t m = 0; m < METRICS; m++)
        profile_add_metric(in->build, str_from_c(NAMES[m]),
                           m == ALLOCATIONS || m == TEMPORARY ? S("count") : S("bytes"), false);
    array_each (Allocation, at, &in->allocations) {
        int64_t weights[METRICS] = {
            [PEAK] = bytes_of(at->at_peak, at->size), [ALLOCATED] = bytes_of(at->count, at->size),
            [ALLOCATIONS] = (int64_t)at->count,       [TEMPORARY] = (int64_t)at->temporary,
            [LEAKED] = bytes_of(at->alive, at->size),
        };
        if (at->count)
            profile_add_sample(in->build, (ProfileSample){.stack = at->stack, .count = at->count},
                               weights);
    }
}

static void add_notes(Heap *in)
{
    profile_note_count(in->build, in->bad, "line is not as", "lines are not as",
                       "heaptrack writes them");
    if (in->suppressions)
        profile_note(in->build,
                     "leaked memory counts everything: %zu suppressions of the program are not "
                     "applied",
                     in->suppressions);
    if (in->shortened)
        profile_note(in->build, "inlined functions were left out of %zu stacks", in->shortened);
}

bool is_heaptrack(Str bytes)
{
    Str line, rest = bytes;
    uint64_t number;
    if (!str_next_line(&rest, &line) || !str_starts(line, S("v ")))
        return false;
    line = str_from(line, 1);
    return take_hex(&line, &number) && (line.len == 0 || line.ptr[0] == ' ');
}

bool read_heaptrack(Arena *arena, Str bytes, Profile *out, Err *err)
{
    size_t whole = bytes.len;
    while (whole && bytes.ptr[whole - 1] != '\n')
        whole--;
    bool cut = whole < bytes.len;
    bytes = str_head(bytes, whole);
    Heap in = {.arena = arena, .bytes = bytes, .nodes_left = bytes.len};
    Str rest = bytes, line;
    if (!read_version(&in, err))
        return false;
    in.build = profile_builder_new(arena);
    while (!in.raw && str_next_line(&rest, &line))
        if (line.len && !read_line(&in, line, &rest))
            in.bad++;
    if (in.raw)
        return err_set(err, ERR_UNSUPPORTED,
                       "a raw heaptrack file: run it through heaptrack_interpret first");
    if (!in.allocations.len && in.bad)
        return err_set(err, ERR_INPUT, "a heaptrack file without allocations");
    count_at_peak(&in);
    add_samples(&in);
    add_notes(&in);
    if (cut)
        profile_note(in.build, "the file ends inside a line: what the program did from there on is "
                               "not in it, and what it would have freed counts as leaked");
    *out = profile_build(in.build, S("heaptrack"), S("heaptrack"));
    return true;
}
