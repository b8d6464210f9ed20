/*
 * gperftools' CPU profile, pprof's format before it had protobuf: machine words of 4 or 8 bytes
 * in either order,
 *
 *     0, 3, 0, period in microseconds, 0
 *     samples, depth, address of the leaf, address of its caller, ...    any number of these
 *     0, 1, 0
 *
 * and the text of /proc/self/maps. It has no names: a frame is called after what was mapped at
 * its address, and looked up there later (address.h). As in pprof, a return address is moved back into the call, and a
 * second frame that nearly all stacks share, the signal handler's, is left out.
 */

#include <inttypes.h>
#include <stdio.h>

#include "analysis/profile/address.h"
#include "analysis/profile/readers.h"
#include "base/array.h"
#include "base/idmap.h"

enum {
    HEADER_WORDS = 5,
    SIMILAR = 32, /* one sample of so many may lack the handler's frame */
    HANDLER_FRAMES_MAX = 2,
    DEPTH_MAX = 10000,
};

typedef struct Layout {
    size_t word; /* bytes; 0: not such a file */
    bool big;
} Layout;

typedef struct Sample {
    uint64_t count;
    size_t first; /* in `addresses` */
    size_t depth;
    size_t skip; /* frames after the leaf that are left out */
} Sample;

typedef struct Gperf {
    Arena *arena;
    ProfileBuilder *build;
    Str bytes;
    Layout layout;
    size_t at; /* byte */
    uint64_t period_us;
    Array(uint64_t) addresses;
    Array(Sample) samples;
    Array(AddressRange) ranges;
    IdMap frames; /* address to frame + 1 */
    bool cut;
} Gperf;

static uint64_t word_at(Str bytes, Layout layout, size_t at)
{
    uint64_t value = 0;
    for (size_t i = 0; i < layout.word; i++) {
        size_t shift = 8 * (layout.big ? layout.word - 1 - i : i);
        value |= (uint64_t)(unsigned char)bytes.ptr[at + i] << shift;
    }
    return value;
}

static bool has_layout(Str bytes, Layout layout)
{
    if (bytes.len < HEADER_WORDS * layout.word)
        return false;
    uint64_t header[HEADER_WORDS];
    for (size_t i = 0; i < HEADER_WORDS; i++)
        header[i] = word_at(bytes, layout, i * layout.word);
    return header[0] == 0 && header[1] == 3 && header[2] == 0 && header[3] > 0 &&
           header[3] < 1000000000 && header[4] == 0;
}

static Layout layout_of(Str bytes)
{
    static const Layout LAYOUTS[] = {{8, false}, {4, false}, {8, true}, {4, true}};
    for (size_t i = 0; i < sizeof(LAYOUTS) / sizeof(LAYOUTS[0]); i++)
        if (has_layout(bytes, LAYOUTS[i]))
            return LAYOUTS[i];
    return (Layout){0};
}

bool is_gperftools(Str bytes)
{
    return layout_of(bytes).word != 0;
}

/* ------------------------------------------------------------------ samples */

static bool take_word(Gperf *in, uint64_t *out)
{
    if (in->bytes.len - in->at < in->layout.word)
        return false;
    *out = word_at(in->bytes, in->layout, in->at);
    in->at += in->layout.word;
    return true;
}

/* False behind the last; in->cut tells whether the end mark was there. */
static bool read_sample(Gperf *in)
{
    uint64_t count, depth, address = 0;
    in->cut = true;
    if (!take_word(in, &count) || !take_word(in, &depth) || depth == 0 ||
        depth > (in->bytes.len - in->at) / in->layout.word)
        return false;
    Sample sample = {.count = count, .first = in->addresses.len, .depth = (size_t)depth};
    for (size_t i = 0; i < depth && take_word(in, &address); i++)
        *array_push(in->arena, &in->addresses) = i ? address - 1 : address;
    in->cut = false;
    if (count == 0 && depth == 1 && address == 0)
        return false;
    *array_push(in->arena, &in->samples) = sample;
    return true;
}

static uint64_t second_of(const Gperf *in, const Sample *sample)
{
    size_t at = 1 + sample->skip;
    return at < sample->depth ? in->addresses.items[sample->first + at] : 0;
}

/* The second frame that nearly all samples have (Boyer and Moore's vote, then a count). */
static bool skip_handler(Gperf *in)
{
    uint64_t candidate = 0;
    size_t votes = 0, count = 0, len = in->samples.len;
    array_each (Sample, sample, &in->samples) {
        uint64_t second = second_of(in, sample);
        if (votes == 0)
            candidate = second;
        votes = candidate == second ? votes + 1 : votes - 1;
    }
    array_each (Sample, sample, &in->samples)
        count += second_of(in, sample) == candidate;
    if (!candidate || count < len - len / SIMILAR)
        return false;
    array_each (Sample, sample, &in->samples)
        if (second_of(in, sample) == candidate)
            sample->skip++;
    return true;
}

/* ------------------------------------------------------------------ maps */

/* "00400000-0040b000 r-xp 00001000 08:01 1234   /usr/bin/x": only what may be executed. */
static void read_map(Gperf *in, Str line)
{
    AddressRange range = {0};
    int rights = 0, name = 0;
    char text[100] = {0};
    Str head = str_head(line, sizeof(text) - 1);
    for (size_t i = 0; i < head.len; i++)
        text[i] = head.ptr[i];
    int found = sscanf(text, "%16" SCNx64 "-%16" SCNx64 " %n%*4s %16" SCNx64 " %*x:%*x %*d %n",
                       &range.start, &range.end, &rights, &range.offset, &name);
    if (found != 3 || !name || range.end <= range.start ||
        !str_has(str_head(str_from(line, (size_t)rights), 4), S("x")))
        return;
    range.file = str_trim(str_from(line, (size_t)name));
    *array_push(in->arena, &in->ranges) = range;
}

static uint32_t frame_at(Gperf *in, uint64_t address)
{
    uint32_t *slot = idmap_slot(&in->frames, address);
    const AddressRange *range = NULL;
    if (*slot)
        return *slot - 1;
    for (size_t i = 0; i < in->ranges.len && !range; i++)
        if (address >= in->ranges.items[i].start && address < in->ranges.items[i].end)
            range = &in->ranges.items[i];
    *slot = profile_add_frame(in->build, address_frame(in->build, range, address, 0)) + 1;
    return *slot - 1;
}

/* ------------------------------------------------------------------ to Profile */

static void add_sample(Gperf *in, const Sample *sample)
{
    uint32_t stack = 0;
    int64_t weights[2], count = sample->count < INT64_MAX ? (int64_t)sample->count : INT64_MAX;
    size_t from = sample->depth < DEPTH_MAX ? sample->depth : DEPTH_MAX;
    for (; from-- > 0;)
        if (from == 0 || from > sample->skip)
            stack = profile_add_stack(in->build, stack,
                                      frame_at(in, in->addresses.items[sample->first + from]));
    weights[1] = count;
    if (__builtin_mul_overflow(count, (int64_t)in->period_us * 1000, &weights[0]))
        weights[0] = INT64_MAX;
    profile_add_sample(in->build, (ProfileSample){.stack = stack, .count = sample->count}, weights);
}

bool read_gperftools(Arena *arena, Str bytes, Profile *out, Err *err)
{
    Gperf *in = NEW(arena, Gperf);
    *in = (Gperf){.arena = arena,
                  .build = profile_builder_new(arena),
                  .bytes = bytes,
                  .layout = layout_of(bytes),
                  .frames = idmap_new(arena)};
    if (!in->layout.word)
        return err_set(err, ERR_INPUT, "not a CPU profile of gperftools");
    in->at = HEADER_WORDS * in->layout.word;
    in->period_us = word_at(bytes, in->layout, 3 * in->layout.word);
    while (read_sample(in))
        ;
    size_t end = in->at;
    if (in->samples.len == 0)
        return err_set(err, ERR_INPUT, "byte %zu: holds no sample", end);
    for (size_t i = 0; i < HANDLER_FRAMES_MAX && skip_handler(in); i++)
        ;
    Str maps = str_from(bytes, end);
    for (Str line; str_next_line(&maps, &line);)
        read_map(in, line);
    profile_add_metric(in->build, S("cpu"), S("ns"), true);
    profile_add_metric(in->build, S("samples"), S("count"), true);
    array_each (Sample, sample, &in->samples)
        add_sample(in, sample);
    if (in->cut)
        profile_note(in->build, "the file is cut after byte %zu", end);
    profile_note(in->build, "a legacy profile without names and build ids: functions and lines "
                            "are those of the programs that are there now");
    *out = profile_build(in->build, S("gperftools"), S("gperftools"));
    return true;
}
