#include "analysis/profile/perf/perf_look.h"

#include <string.h>

#include "analysis/profile/perf/perf_file.h"
#include "base/strbuf.h"
#include "tests/lib/check.h"

enum {
    ATTR_BYTES = 136,
    SECTION = 16,
};

static void add_number(StrBuf *out, uint64_t value, size_t len)
{
    char bytes[8];
    memcpy(bytes, &value, sizeof(bytes));
    strbuf_add(out, (Str){bytes, len});
}

/* struct perf_event_attr with nothing but its sizes and what a sample holds. */
static void add_attr(StrBuf *out, uint64_t sample_type)
{
    size_t start = out->len;
    add_number(out, 1, 4);
    add_number(out, ATTR_BYTES, 4);
    add_number(out, 0, 8);
    add_number(out, 0, 8);
    add_number(out, sample_type, 8);
    while (out->len < start + ATTR_BYTES)
        strbuf_char(out, 0);
}

static Str file_of(Arena *arena, const uint64_t *types, size_t len)
{
    StrBuf out = strbuf_new(arena);
    strbuf_add(&out, S("PERFILE2"));
    add_number(&out, 104, 8);
    add_number(&out, ATTR_BYTES + SECTION, 8);
    add_number(&out, 104, 8);
    add_number(&out, len * (ATTR_BYTES + SECTION), 8);
    while (out.len < 104)
        strbuf_char(&out, 0);
    for (size_t i = 0; i < len; i++) {
        add_attr(&out, types[i]);
        add_number(&out, 0, 8);
        add_number(&out, 0, 8);
    }
    return strbuf_str(&out);
}

static Str pipe_of(Arena *arena, const uint64_t *types, size_t len)
{
    StrBuf out = strbuf_new(arena);
    strbuf_add(&out, S("PERFILE2"));
    add_number(&out, 16, 8);
    for (size_t i = 0; i < len; i++) {
        add_number(&out, 64, 4);
        add_number(&out, 0, 2);
        add_number(&out, 8 + ATTR_BYTES, 2);
        add_attr(&out, types[i]);
    }
    return strbuf_str(&out);
}

static const uint64_t PLAIN = PERF_HAS_IP | PERF_HAS_TID | PERF_HAS_CALLCHAIN;

static void copied_stacks_are_seen_in_a_file_and_in_a_pipe(void **state)
{
    Arena *arena = test_arena(state);
    const uint64_t copied[] = {PLAIN, PLAIN | PERF_HAS_PERIOD | PERF_HAS_STACK_USER};
    PerfLook look;
    assert_true(perf_look(file_of(arena, copied, 2), &look));
    assert_true(look.copied_stacks);
    assert_int_equal(look.sample_type, PLAIN);
    assert_true(perf_look(pipe_of(arena, copied, 2), &look));
    assert_true(look.copied_stacks);
    assert_int_equal(look.sample_type, PLAIN);
    assert_true(perf_look(file_of(arena, copied, 1), &look));
    assert_false(look.copied_stacks);
    assert_false(perf_look(S("perf script text"), &look));
    assert_false(perf_look(file_of(arena, copied, 0), &look));
}

/* Each copy ends where its memory does, so that the sanitizer sees a byte read behind it. */
static void a_cut_file_is_survived(void **state)
{
    Arena *arena = test_arena(state);
    const uint64_t copied[] = {PLAIN | PERF_HAS_STACK_USER};
    Str whole[] = {file_of(arena, copied, 1), pipe_of(arena, copied, 1)};
    for (size_t k = 0; k < 2; k++)
        for (size_t len = 0; len < whole[k].len; len++) {
            PerfLook look = {0};
            bool known = perf_look(str_copy(arena, str_head(whole[k], len)), &look);
            assert_true(!known || look.copied_stacks);
        }
}

TEST_MAIN(TEST(copied_stacks_are_seen_in_a_file_and_in_a_pipe), TEST(a_cut_file_is_survived))
