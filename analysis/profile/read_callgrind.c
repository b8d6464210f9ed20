/*
 * Callgrind's text format (valgrind's manual, "Callgrind Format Specification"), as valgrind,
 * xdebug and pprof write it: a call graph with the own cost of every line and the inclusive cost
 * of every call.
 *
 *     fl=(1) /src/a.c        file and function that the following costs belong to; a name stands
 *     fn=(2) main            once, then its number alone
 *     16 400                 line and costs, one per event; in a line, +3, -3 and * are relative to
 *     +1 20                  the line before
 *     fi=(3) /usr/x.h        code from another file, inlined into main; fe= goes back
 *     cfn=(4) work           the call that comes next: function, file (cfi, cfl), object (cob)
 *     calls=7 50             how often, and where the function begins
 *     18 9000                line of the call and what it cost in all
 *
 * The Profile is a graph: a frame without a line for each function, with what it cost in all, and
 * a frame for each of its lines (profile.h). What a function costs below itself is counted once;
 * functions that call each other in a circle are counted more than once by the format itself,
 * but never with more than everything.
 */

#include "analysis/profile/readers.h"
#include "base/array.h"
#include "base/hash64.h"
#include "base/idmap.h"

enum {
    POSITIONS_MAX = 3, /* instr, bb, line */
};

typedef struct Function {
    uint32_t name; /* texts */
    uint32_t file;
    uint32_t object;
    uint32_t frame; /* the one without a line */
    uint64_t calls;
    int64_t total[PROFILE_METRICS_MAX];
} Function;

/* A numbered name: "(12) main", later "(12)". */
typedef struct Names {
    IdMap texts; /* number to text + 1 */
} Names;

typedef struct Event {
    size_t metric; /* SIZE_MAX: left out */
    int64_t scale;
} Event;

typedef struct Callgrind {
    Arena *arena;
    ProfileBuilder *build;
    Names objects, files, functions;
    Array(Event) events;
    Array(Function) all;
    IdMap function_ids; /* hash of name, file and object to place in `all` + 1 */
    size_t positions;
    size_t line_position; /* which of them is the line; SIZE_MAX for none */
    uint64_t position[POSITIONS_MAX];
    uint64_t cost[PROFILE_METRICS_MAX]; /* of the line before */
    uint32_t object, file;
    uint32_t function; /* in `all`, + 1 */
    uint32_t called_object, called_file, called_name;
    bool has_called_object, has_called_file, has_called;
    uint64_t calls; /* of the next line */
    bool next_is_call;
    bool next_is_jump;
    int64_t total[PROFILE_METRICS_MAX]; /* of all lines */
    /* The first metric's sum, as the file says it before its costs and behind them. */
    int64_t summary, totals;
    bool has_totals;
    Str tool;
    size_t bad;
    size_t first_bad;
    size_t line_number; /* of the file */
} Callgrind;

static void add_to(int64_t *sum, int64_t value)
{
    if (__builtin_add_overflow(*sum, value, sum))
        *sum = INT64_MAX;
}

static void bad_line(Callgrind *in)
{
    if (in->bad++ == 0)
        in->first_bad = in->line_number;
}

/* ------------------------------------------------------------------ numbers */

/* A number in decimal or, behind 0x, hexadecimal; takes it off the text. */
static bool take_digits(Str *text, uint64_t *out)
{
    size_t at = 0;
    uint64_t value = 0;
    bool hex = str_starts(*text, S("0x"));
    for (at = hex ? 2 : 0; at < text->len; at++) {
        char c = text->ptr[at];
        uint64_t digit;
        if (c >= '0' && c <= '9')
            digit = (uint64_t)(c - '0');
        else if (hex && c >= 'a' && c <= 'f')
            digit = (uint64_t)(c - 'a' + 10);
        else if (hex && c >= 'A' && c <= 'F')
            digit = (uint64_t)(c - 'A' + 10);
        else
            break;
        if (__builtin_mul_overflow(value, hex ? 16u : 10u, &value) ||
            __builtin_add_overflow(value, digit, &value))
            return false;
    }
    if (at == (hex ? 2u : 0u))
        return false;
    *text = str_from(*text, at);
    *out = value;
    return true;
}

static void skip_blanks(Str *text)
{
    size_t at = 0;
    while (at < text->len && (text->ptr[at] == ' ' || text->ptr[at] == '\t'))
        at++;
    *text = str_from(*text, at);
}

/* A number, or one relative to `before`: +n, -n, *. */
static bool take_number(Str *text, uint64_t before, uint64_t *out)
{
    skip_blanks(text);
    if (!text->len)
        return false;
    char sign = text->ptr[0];
    if (sign != '*' && sign != '+' && sign != '-')
        return take_digits(text, out);
    *text = str_from(*text, 1);
    *out = before;
    if (sign == '*')
        return true;
    uint64_t by;
    if (!take_digits(text, &by))
        return false;
    *out = sign == '+' ? before + by : before - by;
    return true;
}

/* ------------------------------------------------------------------ names */

/* Text of "(12) main", "(12)" or "main"; false when the number was not given a name before. */
static bool read_name(Callgrind *in, Names *names, Str value, uint32_t *text)
{
    Str number, rest;
    uint64_t id;
    value = str_trim(value);
    if (!str_starts(value, S("(")) || !str_cut(str_from(value, 1), ')', &number, &rest) ||
        !str_to_u64(number, &id)) {
        *text = profile_add_text(in->build, str_eq(value, S("???")) ? S("") : value);
        return true;
    }
    rest = str_trim(rest);
    uint32_t *slot = idmap_slot(&names->texts, id);
    if (rest.len)
        *slot = profile_add_text(in->build, str_eq(rest, S("???")) ? S("") : rest) + 1;
    *text = *slot ? *slot - 1 : 0;
    return *slot != 0;
}

static ProfileFrame frame_of(Callgrind *in, const Function *function, uint32_t file, uint32_t line)
{
    Str path = profile_added_text(in->build, file);
    return (ProfileFrame){
        .function = function->name,
        .file = file,
        .module = function->object,
        .line = line,
        .kind = path.len ? FRAME_USER : FRAME_NATIVE,
        .inlined = file != function->file,
    };
}

/* Place in `all`, + 1. */
static uint32_t function_of(Callgrind *in, uint32_t name, uint32_t file, uint32_t object)
{
    uint32_t key[3] = {name, file, object};
    uint32_t *slot = idmap_slot(&in->function_ids, hash64_bytes((const char *)key, sizeof(key)));
    const Function *old = *slot ? &in->all.items[*slot - 1] : NULL;
    if (!old || old->name != name || old->file != file || old->object != object) {
        Function function = {.name = name, .file = file, .object = object};
        function.frame = profile_add_frame(in->build, frame_of(in, &function, file, 0));
        *array_push(in->arena, &in->all) = function;
        *slot = (uint32_t)in->all.len;
    }
    return *slot;
}

/* ------------------------------------------------------------------ costs */

static bool read_positions(Callgrind *in, Str *line)
{
    for (size_t i = 0; i < in->positions; i++)
        if (!take_number(line, in->position[i], &in->position[i]))
            return false;
    return true;
}

/* What is missing at the end is zero. */
static bool read_costs(Callgrind *in, Str line, int64_t *costs)
{
    for (size_t i = 0; i < in->events.len; i++) {
        const Event *event = &in->events.items[i];
        int64_t cost;
        skip_blanks(&line);
        if (!line.len)
            in->cost[i] = 0;
        else if (!take_number(&line, in->cost[i], &in->cost[i]) || in->cost[i] > INT64_MAX)
            return false;
        if (event->metric == SIZE_MAX)
            continue;
        if (__builtin_mul_overflow((int64_t)in->cost[i], event->scale, &cost))
            return false;
        costs[event->metric] = cost;
    }
    return true;
}

static uint32_t source_line(const Callgrind *in)
{
    if (in->line_position == SIZE_MAX)
        return 0;
    uint64_t line = in->position[in->line_position];
    return line < UINT32_MAX ? (uint32_t)line : 0;
}

/* Cost without a line is the function's own, or an inlined file's. */
static uint32_t line_frame(Callgrind *in, const Function *function)
{
    return profile_add_frame(in->build, frame_of(in, function, in->file, source_line(in)));
}

static void take_own_cost(Callgrind *in, const int64_t *costs)
{
    Function *function = &in->all.items[in->function - 1];
    uint32_t frame = line_frame(in, function);
    profile_add_sample(in->build, (ProfileSample){.stack = profile_add_stack(in->build, 0, frame)},
                       costs);
    if (frame != function->frame)
        profile_add_total(in->build, frame, costs);
    for (size_t m = 0; m < PROFILE_METRICS_MAX; m++) {
        add_to(&function->total[m], costs[m]);
        add_to(&in->total[m], costs[m]);
    }
}

static void take_call(Callgrind *in, const int64_t *costs)
{
    uint32_t file = in->has_called_file ? in->called_file : in->file;
    uint32_t object = in->has_called_object ? in->called_object : in->object;
    uint32_t callee = function_of(in, in->called_name, file, object);
    Function *function = &in->all.items[in->function - 1];
    Function *called = &in->all.items[callee - 1];
    uint32_t frame = line_frame(in, function);
    ProfileCall call = {.caller = function->frame,
                        .callee = called->frame,
                        .line = source_line(in),
                        .count = in->calls};
    profile_add_call(in->build, call, costs);
    called->calls += in->calls;
    if (called == function)
        return; /* counted where it was entered from outside */
    if (frame != function->frame) {
        profile_add_sample(in->build,
                           (ProfileSample){.stack = profile_add_stack(in->build, 0, frame)},
                           (int64_t[PROFILE_METRICS_MAX]){0});
        profile_add_total(in->build, frame, costs);
    }
    for (size_t m = 0; m < PROFILE_METRICS_MAX; m++)
        add_to(&function->total[m], costs[m]);
}

static void read_cost_line(Callgrind *in, Str line)
{
    int64_t costs[PROFILE_METRICS_MAX] = {0};
    bool is_call = in->next_is_call, is_jump = in->next_is_jump;
    in->next_is_call = in->next_is_jump = false;
    if (!read_positions(in, &line) || (!is_jump && !read_costs(in, line, costs))) {
        bad_line(in);
        return;
    }
    if (is_jump)
        return;
    if (!in->function || !in->events.len) {
        bad_line(in);
        return;
    }
    if (is_call)
        take_call(in, costs);
    else
        take_own_cost(in, costs);
    if (is_call)
        in->has_called = in->has_called_file = in->has_called_object = false;
}

/* ------------------------------------------------------------------ header */

typedef struct Unit {
    Str name;
    Str ours;
    int64_t scale;
} Unit;

/* "Time_(10ns)", "cpu(ms)", "Memory_(bytes)": a unit in brackets, with what it is counted in. */
static Str split_unit(Str event, Str *unit, int64_t *scale)
{
    static const Unit UNITS[] = {
        {STR_CONST("ns"), STR_CONST("ns"), 1},       {STR_CONST("us"), STR_CONST("ns"), 1000},
        {STR_CONST("ms"), STR_CONST("ns"), 1000000}, {STR_CONST("s"), STR_CONST("ns"), 1000000000},
        {STR_CONST("bytes"), STR_CONST("bytes"), 1},
    };
    Str name, inside;
    uint64_t factor = 1;
    *unit = S("count");
    *scale = 1;
    if (!str_ends(event, S(")")) || !str_cut(str_head(event, event.len - 1), '(', &name, &inside))
        return event;
    Str word = inside;
    if (!take_digits(&word, &factor) || factor > 1000000)
        factor = 1;
    for (size_t i = 0; i < sizeof(UNITS) / sizeof(UNITS[0]); i++) {
        if (!str_eq(word, UNITS[i].name))
            continue;
        *unit = UNITS[i].ours;
        *scale = UNITS[i].scale * (int64_t)factor;
        return str_ends(name, S("_")) ? str_head(name, name.len - 1) : name;
    }
    return event;
}

/* A second part of the file says them again. */
static void read_events(Callgrind *in, Str value)
{
    if (in->events.len)
        return;
    for (Str word; value.len; value = str_trim(value)) {
        Str rest = {0}, unit;
        Event event;
        value = str_trim(value);
        if (!str_cut(value, ' ', &word, &rest))
            word = value;
        value = rest;
        if (!word.len)
            continue;
        if (in->events.len == PROFILE_METRICS_MAX) {
            profile_note(in->build, "only the first %d kinds of events are kept",
                         PROFILE_METRICS_MAX);
            return;
        }
        Str name = split_unit(word, &unit, &event.scale);
        if (str_eq(name, S("Ir")) || str_eq(name, S("Instructions")))
            name = S("instructions");
        event.metric = profile_add_metric(in->build, name, unit, false);
        *array_push(in->arena, &in->events) = event;
    }
}

static void read_position_kinds(Callgrind *in, Str value)
{
    in->positions = 0;
    in->line_position = SIZE_MAX;
    for (Str word, rest; value.len && in->positions < POSITIONS_MAX; value = str_trim(rest)) {
        value = str_trim(value);
        if (!str_cut(value, ' ', &word, &rest)) {
            word = value;
            rest = (Str){0};
        }
        if (str_eq(word, S("line")))
            in->line_position = in->positions;
        in->positions += word.len > 0;
    }
    if (!in->positions) {
        in->positions = 1;
        in->line_position = 0;
    }
}

/* Each part of a file has its own. */
static void read_sum(const Callgrind *in, Str value, int64_t *sum)
{
    uint64_t number;
    int64_t cost;
    if (in->events.len && take_number(&value, 0, &number) && number <= INT64_MAX &&
        !__builtin_mul_overflow((int64_t)number, in->events.items[0].scale, &cost))
        add_to(sum, cost);
}

static void read_header(Callgrind *in, Str key, Str value)
{
    value = str_trim(value);
    if (str_eq(key, S("events")))
        read_events(in, value);
    else if (str_eq(key, S("positions")))
        read_position_kinds(in, value);
    else if (str_eq(key, S("summary")))
        read_sum(in, value, &in->summary);
    else if (str_eq(key, S("totals"))) {
        in->has_totals = true;
        read_sum(in, value, &in->totals);
    } else if (str_eq(key, S("creator")))
        in->tool = value;
}

/* ------------------------------------------------------------------ body */

static bool read_calls(Callgrind *in, Str value)
{
    if (!in->has_called || !take_number(&value, 0, &in->calls))
        return false;
    in->next_is_call = true; /* where the callee begins is of no use here */
    return true;
}

static bool read_function(Callgrind *in, Str value)
{
    uint32_t name;
    bool found = read_name(in, &in->functions, value, &name);
    in->function = found ? function_of(in, name, in->file, in->object) : 0;
    in->has_called = in->has_called_file = in->has_called_object = false;
    return found;
}

static bool read_called(Callgrind *in, Names *names, Str value, uint32_t *text, bool *has)
{
    *has = read_name(in, names, value, text);
    return *has;
}

static bool read_assignment(Callgrind *in, Str key, Str value)
{
    uint32_t ignored;
    if (str_eq(key, S("fn")))
        return read_function(in, value);
    if (str_eq(key, S("fl")) || str_eq(key, S("fi")) || str_eq(key, S("fe")))
        return read_name(in, &in->files, value, &in->file);
    if (str_eq(key, S("ob")))
        return read_name(in, &in->objects, value, &in->object);
    if (str_eq(key, S("cfn")))
        return read_called(in, &in->functions, value, &in->called_name, &in->has_called);
    if (str_eq(key, S("cfi")) || str_eq(key, S("cfl")))
        return read_called(in, &in->files, value, &in->called_file, &in->has_called_file);
    if (str_eq(key, S("cob")))
        return read_called(in, &in->objects, value, &in->called_object, &in->has_called_object);
    if (str_eq(key, S("calls")))
        return read_calls(in, value);
    if (str_eq(key, S("jump")) || str_eq(key, S("jcnd"))) {
        in->next_is_jump = true;
        return true;
    }
    /* A jump may be the first to name a file. */
    if (str_eq(key, S("jfi")))
        return read_name(in, &in->files, value, &ignored);
    if (str_eq(key, S("jfn")))
        return read_name(in, &in->functions, value, &ignored);
    return str_eq(key, S("rcalls")) || str_eq(key, S("frfn"));
}

static void read_line(Callgrind *in, Str line)
{
    Str key, value;
    char c = line.ptr[0];
    if ((c >= '0' && c <= '9') || c == '+' || c == '-' || c == '*') {
        read_cost_line(in, line);
        return;
    }
    size_t equals = str_find(line, S("="), 0), colon = str_find(line, S(":"), 0);
    if (equals < colon && str_cut(line, '=', &key, &value)) {
        if (!read_assignment(in, key, value))
            bad_line(in);
    } else if (str_cut(line, ':', &key, &value)) {
        read_header(in, key, value);
    } else {
        bad_line(in);
    }
}

/* ------------------------------------------------------------------ to Profile */

static void add_functions(Callgrind *in)
{
    array_each (Function, function, &in->all) {
        for (size_t m = 0; m < PROFILE_METRICS_MAX; m++)
            if (function->total[m] > in->total[m])
                function->total[m] = in->total[m];
        profile_add_total(in->build, function->frame, function->total);
        profile_add_sample(
            in->build,
            (ProfileSample){.stack = profile_add_stack(in->build, 0, function->frame),
                            .count = function->calls},
            (int64_t[PROFILE_METRICS_MAX]){0});
    }
}

static void add_notes(Callgrind *in)
{
    profile_note_count(in->build, in->bad, "line could not be read, the first is",
                       "lines could not be read, the first is", "line %zu", in->first_bad);
    /* valgrind's summary has been seen 2 instructions above its totals; the lines have the latter. */
    int64_t said = in->has_totals ? in->totals : in->summary;
    if (said > in->total[0])
        profile_note(in->build, "the costs add up to %lld of the %lld that the file announces",
                     (long long)in->total[0], (long long)said);
}

bool read_callgrind(Arena *arena, Str bytes, Profile *out, Err *err)
{
    Callgrind *in = NEW(arena, Callgrind);
    *in = (Callgrind){.arena = arena,
                      .build = profile_builder_new(arena),
                      .objects = {idmap_new(arena)},
                      .files = {idmap_new(arena)},
                      .functions = {idmap_new(arena)},
                      .function_ids = idmap_new(arena),
                      .positions = 1};
    for (Str line; str_next_line(&bytes, &line);) {
        in->line_number++;
        line = str_trim(line);
        if (line.len && line.ptr[0] != '#')
            read_line(in, line);
    }
    if (in->events.len == 0)
        return err_set(err, ERR_INPUT, "says nothing of what it measures: no line \"events:\"");
    if (in->all.len == 0)
        return err_set(err, ERR_INPUT, "line %zu: ends without a function", in->line_number);
    add_functions(in);
    add_notes(in);
    Str tool = in->tool, version;
    if (str_cut(in->tool, '-', &tool, &version) || str_cut(in->tool, ' ', &tool, &version))
        in->tool = tool;
    *out = profile_build(in->build, in->tool, S("callgrind"));
    return true;
}
