/*
 * What one keystroke costs before anything is shown: a new text, the reparsed tree, the updated
 * outline, the carried anchors; every line of a generated Python file is hot.
 *
 *     build/release/edit_latency [LINES] [KEYS]        10000 lines, 2000 keys
 *
 * Keys come in words, as people type: at a random place inside a line ten letters or a call with
 * its brackets, then Enter or all of it taken back.
 */

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "analysis/hotspots/anchor.h"

#include "base/strbuf.h"
#include "tests/lib/edit_script.h"

enum {
    PHASE_TEXT,
    PHASE_PARSE,
    PHASE_OUTLINE,
    PHASE_CARRY,
    PHASE_TOTAL,
    PHASES,
};

static const char *const PHASE_NAMES[PHASES] = {"text", "parse", "outline", "carry", "total"};

typedef struct State {
    Arena *arena;
    const Text *text;
    Syntax *syntax;
    Outline outline;
    Anchors anchors;
    double *micros[PHASES];
    size_t keys;
    size_t stale; /* keys after which the old tree stood in */
    size_t room;
} State;

/* Processor time, so that whatever else runs does not count. */
static uint64_t cpu_now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static Str generate(Arena *arena, uint32_t lines)
{
    StrBuf out = strbuf_new(arena);
    for (uint32_t line = 0, number = 0; line + 14 < lines; number++, line += 14)
        strbuf_fmt(&out,
                   "class Stage%u:\n"
                   "    def run(self, values, table, limit=%u):\n"
                   "        total = 0\n"
                   "        for value in values:\n"
                   "            if value > limit and table.get(value) is not None:\n"
                   "                total += self.scale(table[value], value) * %u\n"
                   "            else:\n"
                   "                total -= sum(x * x for x in range(value))\n"
                   "        return total\n"
                   "\n"
                   "    def scale(self, x, y):\n"
                   "        return {'x': x, 'y': y}.get('x', %u)\n"
                   "\n\n",
                   number, number, number, number);
    return strbuf_str(&out);
}

static void open_text(State *state, Str bytes)
{
    state->text = text_new(state->arena, bytes);
    state->syntax = syntax_parse(LANG_PYTHON, state->text, NULL, NULL, 0, NULL);
    state->outline = outline_of(state->arena, state->syntax, state->text);
    AnchorSide side = {state->text, &state->outline};
    uint32_t count = text_lines(state->text);
    LineNo *lines = NEW_ARRAY(state->arena, LineNo, count);
    for (uint32_t i = 0; i < count; i++)
        lines[i].n = i + 1;
    state->anchors = anchors_find(state->arena, &side, &side, lines, count);
}

/* Every version has its own arena, as in the server; the old one goes when the new one stands. */
static void press(State *state, uint32_t at, uint32_t drop, Str text)
{
    Arena *arena = arena_new("version");
    TextChange change;
    uint64_t times[PHASES];
    times[0] = cpu_now_ns();
    const Text *now = text_edit(arena, state->text, (ByteRange){{at}, {at + drop}}, text, &change);
    times[1] = cpu_now_ns();
    Syntax *syntax = syntax_follow(now, state->syntax, &change, 1, NULL);
    state->stale += syntax_is_stale(syntax);
    times[2] = cpu_now_ns();
    state->outline = outline_update(arena, &state->outline, syntax, now);
    times[3] = cpu_now_ns();
    state->anchors = anchors_carry(arena, &state->anchors, &change, now);
    times[4] = cpu_now_ns();
    for (int phase = 0; phase < PHASE_TOTAL; phase++)
        state->micros[phase][state->keys] = (double)(times[phase + 1] - times[phase]) / 1000;
    state->micros[PHASE_TOTAL][state->keys++] = (double)(times[4] - times[0]) / 1000;
    syntax_free(state->syntax);
    arena_free(state->arena);
    state->arena = arena;
    state->syntax = syntax;
    state->text = now;
}

/* What the server does in a job when the user pauses. */
static void rest_a_while(State *state)
{
    if (!syntax_is_stale(state->syntax))
        return;
    syntax_free(state->syntax);
    state->syntax = syntax_parse(LANG_PYTHON, state->text, NULL, NULL, 0, NULL);
    state->outline = outline_of(state->arena, state->syntax, state->text);
}

static void type_word(State *state, uint64_t *seed)
{
    static const Str WORDS[] = {STR_CONST("abcdefghij"), STR_CONST("f(x, y[0])"),
                                STR_CONST(" + 12 * xy")};
    Str word = WORDS[edit_random_below(seed, 3)];
    LineNo line = {1 + edit_random_below(seed, text_lines(state->text) - 1)};
    ByteRange range = text_line_range(state->text, line);
    uint32_t length = range.end.n - range.start.n;
    uint32_t at = range.start.n + (length ? edit_random_below(seed, length + 1) : 0);
    size_t typed = 0;
    for (; typed < word.len && state->keys < state->room; typed++)
        press(state, at + (uint32_t)typed, 0, str_head(str_from(word, typed), 1));
    rest_a_while(state);
    if (state->keys < state->room)
        press(state, at + (uint32_t)typed, 0, S("\n    "));
    for (typed += 5; typed > 0 && state->keys < state->room; typed--)
        press(state, at + (uint32_t)typed - 1, 1, S(""));
    rest_a_while(state);
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void print(State *state)
{
    printf("%-8s %10s %10s %10s\n", "us", "p50", "p99", "max");
    for (int phase = 0; phase < PHASES; phase++) {
        double *micros = state->micros[phase];
        qsort(micros, state->keys, sizeof(double), compare);
        printf("%-8s %10.0f %10.0f %10.0f\n", PHASE_NAMES[phase], micros[state->keys / 2],
               micros[state->keys * 99 / 100], micros[state->keys - 1]);
    }
}

int main(int argc, char **argv)
{
    uint32_t lines = argc > 1 ? (uint32_t)strtoul(argv[1], NULL, 10) : 10000;
    CLEANUP(arena_cleanup) Arena *keep = arena_new("bench");
    State state = {.arena = arena_new("version"),
                   .room = argc > 2 ? strtoul(argv[2], NULL, 10) : 2000};
    for (int phase = 0; phase < PHASES; phase++)
        state.micros[phase] = NEW_ARRAY(keep, double, state.room + 1);
    open_text(&state, generate(keep, lines));
    printf("%u lines, %zu bytes, %zu outline items, %zu anchors, %zu keys\n",
           text_lines(state.text), text_bytes(state.text).len, state.outline.len, state.anchors.len,
           state.room);
    uint64_t seed = 20261122;
    while (state.keys < state.room)
        type_word(&state, &seed);
    print(&state);
    printf("%zu keys left the tree to be parsed later\n", state.stale);
    syntax_free(state.syntax);
    arena_free(state.arena);
    return 0;
}
