/*
 * Memory by stack as csv: memray's own, and ours.
 *
 * memray transform csv (1.4 and later): a row per stack,
 *
 *     allocator,num_allocations,size,tid,thread_name,stack_trace
 *     MALLOC,3,4096,1,0x1,leaf;work.py;9|caller;work.py;30
 *
 * Without --leaks or --temporary-allocations, which the file does not tell, the rows are what was
 * alive when the process used the most memory. The .bin of memray is private to each version of
 * it; memray itself makes the csv of it.
 *
 * With --native a function's name may hold any of ; | , and quotes (operator|), so a stack is cut
 * where a line number ends, and a frame is split from its end.
 *
 * Ours comes from the scripts that run memray and tracemalloc (runners/profiling/capture/memory_stacks.py):
 * it names the tool and any number of metrics, and a row has one weight for each,
 *
 *     perfloop stacks,memray,peak:bytes,leaked:bytes,allocations:count
 *     note,"a sentence"
 *     4096,0,3,leaf;work.py;9|caller;work.py;30
 */

#include "analysis/profile/readers.h"
#include "base/array.h"
#include "base/strbuf.h"

enum {
    COLUMNS = 6,     /* of memray's rows */
    OURS_BEFORE = 2, /* columns of our header before the metrics */
    OURS_MAX = OURS_BEFORE + PROFILE_METRICS_MAX,
    DEPTH_MAX = 10000,
};

typedef struct Rows {
    Arena *arena;
    ProfileBuilder *build;
    Array(uint32_t) frames; /* of the row, leaf first */
    size_t keep;            /* of them: what lies further out is memray's own */
    bool cutting;           /* frames of runpy belong to memray, too, beside its own */
    size_t rows;
    size_t bad;
    size_t deep;
} Rows;

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* ------------------------------------------------------------------ stacks */

/* Takes the first frame off the stack: up to a '|' behind ";123", or all. */
static Str next_frame(Str *stack)
{
    size_t at = 0;
    for (; at < stack->len; at++) {
        size_t digits = at;
        if (stack->ptr[at] != '|')
            continue;
        while (digits > 0 && is_digit(stack->ptr[digits - 1]))
            digits--;
        if (digits < at && digits > 0 && stack->ptr[digits - 1] == ';')
            break;
    }
    Str frame = str_head(*stack, at);
    *stack = str_from(*stack, at < stack->len ? at + 1 : at);
    return frame;
}

static bool add_frame(Rows *in, Str text)
{
    Str rest, number, function, file;
    uint64_t line;
    if (!str_cut_last(text, ';', &rest, &number) || !str_to_u64(number, &line) ||
        !str_cut_last(rest, ';', &function, &file))
        return false;
    bool own = str_ends(file, S("memray/commands/run.py")) ||
               str_ends(file, S("memray/commands/common.py"));
    bool runner = str_eq(file, S("<frozen runpy>")) || str_ends(file, S("/runpy.py"));
    if (own && !in->cutting) {
        in->cutting = true;
    } else if (!runner && !in->cutting) {
        in->keep = in->frames.len + 1;
    }
    *array_push(in->arena, &in->frames) = profile_add_frame(
        in->build, (ProfileFrame){
                       .function = profile_add_text(in->build, function),
                       .file = profile_add_text(in->build, file),
                       .line = line < UINT32_MAX ? (uint32_t)line : 0,
                       .kind = (uint16_t)(file.len ? frame_kind_of(function, file) : FRAME_NATIVE),
                   });
    return true;
}

/* What memray needs to start the program is left out, unless it is all there is. */
static uint32_t stack_of(Rows *in, Str text)
{
    uint32_t stack = 0;
    in->frames.len = in->keep = 0;
    in->cutting = false;
    while (text.len && in->frames.len < DEPTH_MAX)
        if (!add_frame(in, next_frame(&text)))
            in->bad++;
    in->deep += text.len > 0;
    size_t depth = in->cutting && in->keep ? in->keep : in->frames.len;
    for (size_t i = depth; i-- > 0;)
        stack = profile_add_stack(in->build, stack, in->frames.items[i]);
    return stack;
}

/* ------------------------------------------------------------------ rows */

/* A field with "" for a quote inside; it may run over several lines. */
static void quoted(Rows *in, Str *rest, Str *field)
{
    StrBuf text = strbuf_new(in->arena);
    size_t at = 1;
    for (; at < rest->len; at++) {
        if (rest->ptr[at] == '"' && !(at + 1 < rest->len && rest->ptr[++at] == '"'))
            break;
        strbuf_char(&text, rest->ptr[at]);
    }
    *field = strbuf_str(&text);
    *rest = str_from(*rest, at < rest->len ? at : rest->len);
    if (rest->len && rest->ptr[0] == '"')
        *rest = str_from(*rest, 1);
}

/* False at the end of the row, which is taken, too. */
static bool next_field(Rows *in, Str *rest, Str *field)
{
    size_t at = 0;
    if (rest->len && rest->ptr[0] == '"') {
        quoted(in, rest, field);
    } else {
        while (at < rest->len && rest->ptr[at] != ',' && rest->ptr[at] != '\n')
            at++;
        *field = str_trim(str_head(*rest, at));
        *rest = str_from(*rest, at);
    }
    while (rest->len && rest->ptr[0] == '\r')
        *rest = str_from(*rest, 1);
    bool more = rest->len && rest->ptr[0] == ',';
    if (rest->len)
        *rest = str_from(*rest, 1);
    return more;
}

/* Gives the number of fields in the row; the first `room` of them. */
static size_t next_row(Rows *in, Str *rest, Str *fields, size_t room)
{
    size_t len = 0;
    for (bool more = true; more;) {
        Str field;
        more = next_field(in, rest, &field);
        if (len < room)
            fields[len] = field;
        len++;
    }
    return len;
}

static void add_row(Rows *in, const Str fields[COLUMNS])
{
    uint64_t count;
    int64_t size, tid = 0;
    if (!str_to_u64(fields[1], &count) || count > INT64_MAX || !str_to_i64(fields[2], &size) ||
        size < 0) {
        in->bad++;
        return;
    }
    in->rows++;
    bool named = str_to_i64(fields[3], &tid) && tid > 0;
    uint32_t thread =
        profile_add_thread(in->build, (ProfileThread){
                                          .name = profile_add_text(in->build, fields[4]),
                                          .tid = named ? (uint64_t)tid : 0,
                                      });
    ProfileSample sample = {.stack = stack_of(in, fields[5]), .thread = thread, .count = count};
    profile_add_sample(in->build, sample, (int64_t[]){size, (int64_t)count});
}

static void add_notes(Rows *in, Str writer)
{
    profile_note_count(in->build, in->bad, "row or frame is not", "rows or frames are not",
                       "as " STR_FMT " writes them", STR_ARG(writer));
    profile_note_count(in->build, in->deep, "stack was cut: it is", "stacks were cut: they are",
                       "deeper than %d frames", DEPTH_MAX);
}

bool is_memray_csv(Str bytes)
{
    return str_starts(bytes, S("allocator,num_allocations,size,tid,thread_name,stack_trace"));
}

bool read_memray_csv(Arena *arena, Str bytes, Profile *out, Err *err)
{
    Rows in = {.arena = arena, .build = profile_builder_new(arena)};
    profile_add_metric(in.build, S("peak"), S("bytes"), false);
    profile_add_metric(in.build, S("allocations"), S("count"), false);
    Str fields[COLUMNS], header;
    str_next_line(&bytes, &header);
    while (bytes.len) {
        size_t len = next_row(&in, &bytes, fields, COLUMNS);
        if (len == COLUMNS)
            add_row(&in, fields);
        else if (len > 1 || fields[0].len)
            in.bad++;
    }
    if (!in.rows && in.bad)
        return err_set(err, ERR_INPUT, "a csv with memray's header, but without its rows");
    profile_note(in.build, "memray's csv does not say what it holds; taken as memory at its peak, "
                           "not as --leaks or --temporary-allocations");
    add_notes(&in, S("memray"));
    *out = profile_build(in.build, S("memray"), S("memray csv"));
    return true;
}

/* ------------------------------------------------------------------ ours */

bool is_memory_stacks(Str bytes)
{
    return str_starts(bytes, S("perfloop stacks,"));
}

/* A weight for each metric, then the stack. What counts blocks counts for the row, too. */
static void add_our_row(Rows *in, const Str *fields, size_t metrics, size_t counting)
{
    int64_t weights[PROFILE_METRICS_MAX];
    for (size_t m = 0; m < metrics; m++)
        if (!str_to_i64(fields[m], &weights[m]) || weights[m] < 0) {
            in->bad++;
            return;
        }
    in->rows++;
    ProfileSample sample = {
        .stack = stack_of(in, fields[metrics]),
        .count = counting < metrics ? (uint64_t)weights[counting] : 1,
    };
    profile_add_sample(in->build, sample, weights);
}

/* Gives the metric that is a number of blocks; SIZE_MAX when there is none. */
static size_t add_our_metrics(Rows *in, const Str *fields, size_t metrics)
{
    size_t counting = SIZE_MAX;
    for (size_t m = 0; m < metrics; m++) {
        Str name = fields[m], unit = S("count");
        str_cut(fields[m], ':', &name, &unit);
        profile_add_metric(in->build, name, unit, false);
        if (str_eq(unit, S("count")))
            counting = m;
    }
    return counting;
}

bool read_memory_stacks(Arena *arena, Str bytes, Profile *out, Err *err)
{
    Rows in = {.arena = arena, .build = profile_builder_new(arena)};
    Str fields[OURS_MAX];
    size_t columns = next_row(&in, &bytes, fields, OURS_MAX);
    if (columns <= OURS_BEFORE || columns > OURS_MAX)
        return err_set(err, ERR_INPUT, "stacks with %zu metrics; there can be 1 to %d",
                       columns > OURS_BEFORE ? columns - OURS_BEFORE : 0, PROFILE_METRICS_MAX);
    Str tool = fields[1];
    size_t metrics = columns - OURS_BEFORE;
    size_t counting = add_our_metrics(&in, fields + OURS_BEFORE, metrics);
    while (bytes.len) {
        size_t len = next_row(&in, &bytes, fields, OURS_MAX);
        if (len == 2 && str_eq(fields[0], S("note")))
            profile_note(in.build, STR_FMT, STR_ARG(fields[1]));
        else if (len == metrics + 1)
            add_our_row(&in, fields, metrics, counting);
        else if (len > 1 || fields[0].len)
            in.bad++;
    }
    if (!in.rows && in.bad)
        return err_set(err, ERR_INPUT, "stacks without a row that can be read");
    add_notes(&in, S("perfloop"));
    *out = profile_build(in.build, tool, S("memory stacks"));
    return true;
}
