/* Messages on their way to the client. ctest-labels: threads */

#include "lsp/outbox.h"

#include <string.h>
#include <uv.h>

#include "base/strbuf.h"
#include "tests/lib/check.h"

static Str drain(Arena *arena, Outbox *outbox)
{
    StrBuf out = strbuf_new(arena);
    for (Str body; outbox_pop(outbox, arena, &body);)
        strbuf_fmt(&out, "%s" STR_FMT, out.len ? " " : "", STR_ARG(body));
    assert_int_equal(outbox_bytes(outbox), 0);
    return strbuf_str(&out);
}

static void urgent_lanes_go_first_in_order(void **state)
{
    Outbox *outbox = outbox_new();
    outbox_push(outbox, LANE_PROGRESS, S("t"), S("p1"));
    outbox_push(outbox, LANE_DIAGNOSTICS, S("a"), S("d1"));
    outbox_push(outbox, LANE_RESPONSE, S(""), S("r1"));
    outbox_push(outbox, LANE_REQUEST, S(""), S("q1"));
    outbox_push(outbox, LANE_RESPONSE, S(""), S("r2"));
    assert_str(drain(test_arena(state), outbox), S("r1 r2 q1 d1 p1"));
    outbox_free(outbox);
}

static void newer_diagnostics_replace_older_ones_of_the_file(void **state)
{
    Outbox *outbox = outbox_new();
    outbox_push(outbox, LANE_DIAGNOSTICS, S("a"), S("a1"));
    outbox_push(outbox, LANE_DIAGNOSTICS, S("b"), S("b1"));
    outbox_push(outbox, LANE_DIAGNOSTICS, S("a"), S("a2 longer"));
    outbox_push(outbox, LANE_PROGRESS, S("a"), S("p1"));
    assert_str(drain(test_arena(state), outbox), S("a2 longer b1 p1"));
    outbox_free(outbox);
}

static void the_end_of_a_progress_never_replaces_and_is_never_dropped(void **state)
{
    Arena *arena = test_arena(state);
    Outbox *outbox = outbox_new();
    char *filler = NEW_ARRAY(arena, char, OUTBOX_DROP_BYTES);
    memset(filler, 'x', OUTBOX_DROP_BYTES);
    outbox_push(outbox, LANE_PROGRESS, S(""), S("begin"));
    outbox_push(outbox, LANE_PROGRESS, S("t"), S("report"));
    outbox_push(outbox, LANE_RESPONSE, S(""), (Str){filler, OUTBOX_DROP_BYTES});
    outbox_push(outbox, LANE_PROGRESS, S("u"), S("dropped"));
    outbox_push(outbox, LANE_PROGRESS, S("t"), S("newer report"));
    outbox_push(outbox, LANE_PROGRESS, S(""), S("end"));
    Str body;
    assert_true(outbox_pop(outbox, arena, &body));
    assert_str(drain(arena, outbox), S("begin newer report end"));
    outbox_free(outbox);
}

static void a_slow_client_with_many_updates_costs_bounded_memory(void **state)
{
    Arena *arena = test_arena(state);
    Outbox *outbox = outbox_new();
    for (int i = 0; i < 100000; i++) {
        char token = (char)('a' + i % 26);
        outbox_push(outbox, LANE_PROGRESS, (Str){&token, 1}, S("{\"kind\":\"report\"}"));
        outbox_push(outbox, LANE_DIAGNOSTICS, (Str){&token, 1}, S("{\"diagnostics\":[]}"));
    }
    assert_true(outbox_bytes(outbox) < 2000);
    assert_false(outbox_is_full(outbox));
    (void)arena;
    outbox_free(outbox);
}

static void fullness_is_told(void **state)
{
    Arena *arena = test_arena(state);
    Outbox *outbox = outbox_new();
    char *filler = NEW_ARRAY(arena, char, OUTBOX_FULL_BYTES + 1);
    outbox_push(outbox, LANE_RESPONSE, S(""), (Str){filler, OUTBOX_FULL_BYTES + 1});
    assert_true(outbox_is_full(outbox));
    outbox_discard(outbox);
    assert_false(outbox_is_full(outbox));
    outbox_free(outbox);
}

typedef struct Reader {
    Outbox *outbox;
    size_t count;
} Reader;

static void read_all(void *argument)
{
    Reader *reader = argument;
    Arena *arena = arena_new("reader");
    for (Str body; outbox_wait(reader->outbox, arena, &body);)
        reader->count++;
    arena_free(arena);
}

static void a_waiting_reader_gets_everything_and_then_the_end(void **state)
{
    (void)state;
    Reader reader = {.outbox = outbox_new()};
    uv_thread_t thread;
    assert_int_equal(uv_thread_create(&thread, read_all, &reader), 0);
    for (int i = 0; i < 1000; i++)
        outbox_push(reader.outbox, (Lane)(i % LANE_COUNT), S(""), S("x"));
    outbox_close(reader.outbox);
    outbox_push(reader.outbox, LANE_RESPONSE, S(""), S("too late"));
    uv_thread_join(&thread);
    assert_int_equal(reader.count, 1000);
    outbox_free(reader.outbox);
}

TEST_MAIN(TEST(urgent_lanes_go_first_in_order),
          TEST(newer_diagnostics_replace_older_ones_of_the_file),
          TEST(the_end_of_a_progress_never_replaces_and_is_never_dropped),
          TEST(a_slow_client_with_many_updates_costs_bounded_memory), TEST(fullness_is_told),
          TEST(a_waiting_reader_gets_everything_and_then_the_end))
